/**
 * Builds the demo page into `demo/dist`, from the package as it is published: run `npm run build` first.
 *
 * @module
 */
import { cpSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

/** Where the page is built, and what is served. */
export const DIST = fileURLToPath(new URL("dist", import.meta.url));

/** Builds the page. */
export async function buildDemo(): Promise<void> {
  const here = fileURLToPath(new URL(".", import.meta.url));
  rmSync(DIST, { recursive: true, force: true });
  const common = {
    absWorkingDir: here,
    bundle: true,
    outdir: "dist",
    minify: true,
    target: "es2022",
    logLevel: "warning",
    loader: { ".woff2": "file" },
    legalComments: "none",
  } as const;
  await build({ ...common, entryPoints: ["src/main.ts"], format: "esm", splitting: true, chunkNames: "chunk-[hash]" });
  await build({ ...common, entryPoints: ["src/theme.ts"], format: "iife" });
  await build({ ...common, entryPoints: ["style.css"], assetNames: "[name]" });
  for (const file of ["index.html", "icon.svg"]) cpSync(`${here}/${file}`, `${DIST}/${file}`);
}

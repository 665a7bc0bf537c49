/**
 * Builds the demo page from the package as it is published: run `npm run build` first.
 *
 * @module
 */
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

/** Where the page is built unless it is said otherwise. */
export const DIST = fileURLToPath(new URL("dist", import.meta.url));

/** Builds the page into a folder, which has nothing else in it afterwards. */
export async function buildDemo(folder = DIST): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  await bundle("src/main.ts", folder, "esm");
  await bundle("src/theme.ts", folder, "iife");
  await bundle("style.css", folder);
  for (const file of ["index.html", "icon.svg"]) cpSync(join(HERE, file), join(folder, file));
}

/** Builds one script or style sheet. */
export async function bundle(entry: string, folder: string, format?: "esm" | "iife"): Promise<void> {
  await build({
    absWorkingDir: HERE,
    entryPoints: [entry],
    outdir: folder,
    bundle: true,
    minify: true,
    target: "es2022",
    loader: { ".woff2": "file" },
    assetNames: "[name]",
    chunkNames: "chunk-[hash]",
    legalComments: "none",
    logLevel: "warning",
    ...(format && { format, splitting: format === "esm" }),
  });
}

const HERE = fileURLToPath(new URL(".", import.meta.url));

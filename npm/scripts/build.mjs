// Builds dist/ from src/: once as ESM, once as CommonJS, with shared chunks in both, and the declarations of both.
//
// In Node, `import` gets a wrapper (.mjs) over the CommonJS files: `import` and `require` share one instance of the module and one of
// each class. Browsers and bundlers get the ESM files.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

import "./inline.mjs";
import { toCommonJs } from "./commonjs.mjs";
import { declarations } from "./declarations.mjs";
import { ENTRIES } from "./entries.mjs";
import { variants } from "./variants.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
rmSync("dist", { recursive: true, force: true });

const { outputFiles, metafile } = await build({
  entryPoints: Object.keys(ENTRIES).map((entry) => ({ in: `entry:${entry}`, out: entry })),
  outdir: "dist",
  chunkNames: "chunks/[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "neutral",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  external: ["node:*", "better-sqlite3"],
  plugins: [separateWasm(), variants(ENTRIES)],
  metafile: true,
  write: false,
  logLevel: "warning",
});

for (const { path, text } of outputFiles) {
  const name = path.slice(join(process.cwd(), "dist/").length);
  const inlined = name.startsWith("chunks/") ? '"./inline.js"' : '"./chunks/inline.js"';
  // An import for its effects alone: there are none, and bundlers warn of it.
  const esm = text.replaceAll('"@inline"', inlined).replace(/^import "\.[^"]*";\n/gm, "");
  emit(name, esm);
  emit(name.replace(/\.js$/, ".cjs"), await toCommonJs(esm));
}
const inline = readFileSync("src/wasm/inline.js", "utf8");
emit("chunks/inline.js", inline);
emit("chunks/inline.cjs", await toCommonJs(inline));
for (const entry of Object.keys(ENTRIES)) {
  const names = metafile.outputs[`dist/${entry}.js`].exports;
  emit(`${entry}.mjs`, `export { ${names.join(", ")} } from "./${entry}.cjs";\n`);
}
copyFileSync("src/wasm/invreq_bg.wasm", "dist/invreq.wasm");
for (const licence of ["LICENSE-APACHE", "LICENSE-MIT"]) copyFileSync(`../${licence}`, licence);
declarations(new Set(Object.values(ENTRIES).map(({ from }) => from)));

/** The base64 of the module stays a file of its own, one for each format. */
function separateWasm() {
  return {
    name: "separate-wasm",
    setup({ onResolve }) {
      onResolve({ filter: /\/wasm\/inline\.js$/ }, () => ({ path: "@inline", external: true }));
    },
  };
}

function emit(name, text) {
  const path = join("dist", name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

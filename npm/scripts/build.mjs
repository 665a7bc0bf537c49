// Builds dist/ from src/: once as ESM, once as CommonJS, with shared chunks in both, and the declarations of both.
//
// In Node, `import` gets a wrapper (.mjs) over the CommonJS files: `import` and `require` share one instance of the module and one of
// each class. Browsers and bundlers get the ESM files.
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

import "./inline.mjs";
import { toCommonJs } from "./commonjs.mjs";
import { declarations } from "./declarations.mjs";
import { ENTRIES } from "./entries.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
rmSync("dist", { recursive: true, force: true });

const entries = ENTRIES.filter((entry) => existsSync(`src/${entry}.ts`));
const { outputFiles, metafile } = await build({
  entryPoints: entries.map((entry) => `src/${entry}.ts`),
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
  plugins: [separateWasm()],
  metafile: true,
  write: false,
  logLevel: "warning",
});

const exportsOf = (name) => metafile.outputs[`dist/${name}`].exports;
for (const { path, text } of outputFiles) {
  const name = path.slice(join(process.cwd(), "dist/").length);
  const esm = ENTRIES.includes(name.replace(/\.js$/, "")) ? ownBindings(text) : text;
  emit(name, esm);
  emit(name.replace(/\.js$/, ".cjs"), await toCommonJs(esm));
}
const inline = readFileSync("src/wasm/inline.js", "utf8");
emit("inline.js", inline);
emit("inline.cjs", await toCommonJs(inline));
for (const entry of entries) {
  emit(`${entry}.mjs`, `export { ${exportsOf(`${entry}.js`).join(", ")} } from "./${entry}.cjs";\n`);
}
copyFileSync("src/wasm/invreq_bg.wasm", "dist/invreq.wasm");
for (const licence of ["LICENSE-APACHE", "LICENSE-MIT"]) copyFileSync(`../${licence}`, licence);
declarations(entries);

/** The base64 of the module stays a file of its own, one for each format. */
function separateWasm() {
  return {
    name: "separate-wasm",
    setup({ onResolve }) {
      onResolve({ filter: /\/wasm\/inline\.js$/ }, () => ({ path: "./inline.js", external: true }));
    },
  };
}

/**
 * Makes every export of an entry a binding of that file.
 *
 * With `sideEffects: false` a bundler passes over a file that only hands on what others export, and with it over its statement that says
 * where the module comes from. A file that owns what is used of it is kept whole.
 */
function ownBindings(text) {
  const list = /^export \{\n([\s\S]*?)\n\};\n/m.exec(text);
  if (!list) return text;
  const names = list[1].split(",").map((name) => name.trim().split(" as "));
  const own = names.map(([local, exported = local]) => ({ local, exported }));
  const lines = own.map(({ local, exported }) => `const ${exported}_own = ${local};`);
  const handed = own.map(({ exported }) => `  ${exported}_own as ${exported}`);
  return text.replace(list[0], `${lines.join("\n")}\nexport {\n${handed.join(",\n")}\n};\n`);
}

function emit(name, text) {
  const path = join("dist", name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

// Builds dist/ from src/: once as ESM, once as CommonJS, with shared chunks in both, and the declarations of both.
//
// In Node, `import` gets a wrapper (.mjs) over the CommonJS files: `import` and `require` share one instance of the module and one of
// each class. Browsers and bundlers get the ESM files.
//
// For `import`, Node looks through the CommonJS file for the names of its exports before it runs it. So that file is a list of names, and
// what they stand for is in another one beside it.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

import "./inline.mjs";
import { withBuildId } from "./build-id.mjs";
import { joinedCommonJs, listOf, toCommonJs } from "./commonjs.mjs";
import { declarations } from "./declarations.mjs";
import { ENTRIES } from "./entries.mjs";
import { fromFile } from "./from-file.mjs";
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
  legalComments: "none",
  external: ["node:*", "better-sqlite3"],
  plugins: [separateWasm(), variants(ENTRIES)],
  metafile: true,
  write: false,
  logLevel: "warning",
});

const inline = readFileSync("src/wasm/inline.js", "utf8");
emit("chunks/inline.js", inline);
emit("chunks/base64.cjs", await toCommonJs(inline));
const module = withBuildId(readFileSync("src/wasm/invreq_bg.wasm"));
emit("invreq.wasm", module);
emit("chunks/inline.cjs", fromFile(module));

const files = new Map();
for (const { path, text } of outputFiles) {
  const name = path.slice(join(process.cwd(), "dist/").length);
  const inlined = name.startsWith("chunks/") ? '"./inline.js"' : '"./chunks/inline.js"';
  // An import for its effects alone: there are none, and bundlers warn of it.
  files.set(name, text.replaceAll('"@inline"', inlined).replace(/^import "\.[^"]*";\n/gm, ""));
  emit(name, files.get(name));
}

// What `.` leads to is one CommonJS file: each file takes Node half a millisecond.
const parts = [...reached("index.js")];
emit("code.cjs", await joinedCommonJs(parts, "dist"));
for (const [name, text] of files) {
  const base = name.replace(/\.js$/, "");
  const part = parts.indexOf(name);
  if (name.startsWith("chunks/")) {
    const code = part < 0 ? await toCommonJs(text) : `module.exports = require("../code.cjs").part${part};\n`;
    emit(`${base}.cjs`, code);
    continue;
  }
  if (part < 0) emit(`${base}-code.cjs`, await toCommonJs(text));
  const names = metafile.outputs[`dist/${name}`].exports;
  emit(
    `${base}.cjs`,
    listOf(names, part < 0 ? `require("./${base}-code.cjs")` : `require("./code.cjs").part${part}`),
  );
  emit(`${base}.mjs`, `export { ${names.join(", ")} } from "./${base}.cjs";\n`);
}
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

/** This file of the build, and all it leads to. */
function reached(name, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  for (const { path, external } of metafile.outputs[`dist/${name}`].imports) {
    if (!external) reached(path.slice("dist/".length), found);
  }
  return found;
}

function emit(name, text) {
  const path = join("dist", name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

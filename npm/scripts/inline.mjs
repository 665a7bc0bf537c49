// Writes src/wasm/inline.js: the module as base64, for the entries that bring it along. It needs nothing but Node.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const file = (name) => fileURLToPath(new URL(`../src/wasm/${name}`, import.meta.url));

/** Writes a file only if it changes, so that watchers and caches stay quiet. */
function write(name, text) {
  if (!existsSync(file(name)) || readFileSync(file(name), "utf8") !== text) writeFileSync(file(name), text);
}

if (!existsSync(file("invreq_bg.wasm"))) {
  console.error("src/wasm/ is empty: run `cargo xtask build wasm` first");
  process.exit(1);
}
const base64 = readFileSync(file("invreq_bg.wasm")).toString("base64");
write("inline.js", `export const wasm =\n  "${base64}";\n`);
write("inline.d.ts", "/** The WebAssembly module as base64. */\nexport declare const wasm: string;\n");

// Writes src/wasm/inline.js: the module as text, for the entries that bring it along. It needs nothing but Node.
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

// A plain loop over `atob` is three times as fast as `Uint8Array.from` with a function, and Node's Buffer is faster still.
write(
  "inline.js",
  `const BASE64 =
  "${base64}";

export function bytes() {
  const { Buffer } = globalThis;
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(BASE64);
  if (typeof Buffer === "function" && Buffer.from) return Buffer.from(BASE64, "base64");
  const text = atob(BASE64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
`,
);
write(
  "inline.d.ts",
  `/** The bytes of the WebAssembly module. */
export declare function bytes(): Uint8Array<ArrayBuffer>;
`,
);

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

const wasm = readFileSync(new URL("../src/wasm/invreq_bg.wasm", import.meta.url));
const { fromFile } = (await import(new URL("../scripts/from-file.mjs", import.meta.url).href)) as {
  fromFile(module: Uint8Array): string;
};

const root = mkdtempSync(join(tmpdir(), "invreq-from-file-"));
after(() => rmSync(root, { recursive: true }));

/** What a package gives that lies in a folder of its own, with this file as its module. */
function bytes(name: string, file: Uint8Array | undefined): unknown {
  const folder = join(root, name);
  mkdirSync(join(folder, "chunks"), { recursive: true });
  if (file !== undefined) writeFileSync(join(folder, "invreq.wasm"), file);
  writeFileSync(join(folder, "chunks/inline.cjs"), fromFile(wasm));
  writeFileSync(join(folder, "chunks/base64.cjs"), 'exports.bytes = () => "the text";');
  const require = createRequire(import.meta.url);
  return (require(join(folder, "chunks/inline.cjs")) as { bytes(): unknown }).bytes();
}

test("Node takes the module from the file in the package", () => {
  assert.deepEqual(bytes("whole", wasm), wasm);
});

test("where the file is missing, cut short, longer or another one, it is the text", () => {
  const other = Uint8Array.from(wasm);
  other.copyWithin(100_000, 100_001);
  const wrong = {
    missing: undefined,
    empty: new Uint8Array(),
    short: wasm.subarray(1),
    long: Buffer.concat([wasm, new Uint8Array(1)]),
    other,
  };
  for (const [name, file] of Object.entries(wrong)) assert.equal(bytes(name, file), "the text", name);
});

test("Deno is not made to ask whether the file may be read", () => {
  Object.defineProperty(globalThis, "Deno", { value: {}, configurable: true });
  try {
    assert.equal(bytes("deno", wasm), "the text");
  } finally {
    Reflect.deleteProperty(globalThis, "Deno");
  }
});

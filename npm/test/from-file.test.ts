import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

interface Scripts {
  fromFile(module: Uint8Array): string;
  withBuildId(module: Uint8Array): Buffer<ArrayBuffer>;
}

const script = (name: string) => import(new URL(`../scripts/${name}`, import.meta.url).href);
const { fromFile } = (await script("from-file.mjs")) as Scripts;
const { withBuildId } = (await script("build-id.mjs")) as Scripts;
const built = readFileSync(new URL("../src/wasm/invreq_bg.wasm", import.meta.url));
const wasm = withBuildId(built);

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
  // A build of the same length that is different in one letter of a text: two of its digits change places.
  const other = Buffer.from(built);
  const digits = other.indexOf("0123456789abcdef");
  other.write("10", digits, "latin1");
  const wrong = {
    missing: undefined,
    empty: new Uint8Array(),
    short: wasm.subarray(1),
    long: Buffer.concat([wasm, new Uint8Array(1)]),
    "without an id": built,
    other: withBuildId(other),
  };
  assert.equal(wrong.other.length, wasm.length);
  for (const [name, file] of Object.entries(wrong)) assert.equal(bytes(name, file), "the text", name);
});

test("the build id is the hash of the module, in a section that every tool passes over", async () => {
  const [id] = WebAssembly.Module.customSections(await WebAssembly.compile(wasm), "build_id");
  const hash = createHash("sha256").update(built).digest();
  assert.deepEqual(Buffer.from(id ?? new ArrayBuffer(0)), Buffer.concat([Buffer.of(32), hash]));
  assert.deepEqual(wasm.subarray(0, built.length), built);
  assert.throws(() => withBuildId(wasm), /already/);
  assert.throws(() => fromFile(built), /build id/);
});

test("Deno is not made to ask whether the file may be read", () => {
  Object.defineProperty(globalThis, "Deno", { value: {}, configurable: true });
  try {
    assert.equal(bytes("deno", wasm), "the text");
  } finally {
    Reflect.deleteProperty(globalThis, "Deno");
  }
});

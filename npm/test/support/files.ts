/**
 * Folders of file stores, and what is done with them.
 *
 * @module
 */

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { after, type TestContext } from "node:test";

import { type Batch, type Store, StoreError } from "../../src/host.js";
import { FileStore } from "../../src/stores/file.js";

export const root = mkdtempSync(join(tmpdir(), "invreq-files-"));
after(() => rmSync(root, { recursive: true, force: true }));

export function folder(name: string): string {
  return join(root, name);
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function batch(number: number): Batch {
  const value = new Uint8Array(8);
  new DataView(value.buffer).setBigUint64(0, BigInt(number));
  return {
    puts: [{ key: bytes("a"), value }],
    deletes: [bytes("b")],
    absent: [],
    revisionKey: bytes("r"),
    revision: BigInt(number),
  };
}

export async function revision(store: Store): Promise<number> {
  const [entry] = await store.range(bytes("r"), bytes("s"), 1);
  return entry ? Number(new DataView(entry.value.buffer).getBigUint64(0)) : 0;
}

export async function use(path: string, work: (store: Store) => Promise<void>): Promise<void> {
  const store = await FileStore.open(path);
  await work(store).finally(() => store.close());
}

/** Writes until the log is long enough to be written anew, and says the last revision. */
export async function fill(store: Store, from = 0): Promise<number> {
  const value = new Uint8Array(100_000);
  const last = from + 13;
  for (let next = from + 1; next <= last; next++) {
    await store.write({ ...batch(next), puts: [{ key: bytes("k"), value }] });
  }
  return last;
}

/** What a process that takes the folder over does. */
export function takeOver(path: string): void {
  const number = Number(locksOf(path)[0]?.slice("lock-".length));
  writeFileSync(join(path, `lock-${number + 1}`), JSON.stringify({ host: hostname(), pid: 1, start: "" }));
}

/** Puts another function in the place of one of Node's for the rest of the test, or until it is called off. */
export function replace(
  t: TestContext,
  module: object,
  name: string,
  by: (...words: never[]) => unknown,
): () => void {
  const before: unknown = Reflect.get(module, name);
  const restore = (): void => {
    Reflect.set(module, name, before);
    syncBuiltinESMExports();
  };
  Reflect.set(module, name, by);
  syncBuiltinESMExports();
  t.after(restore);
  return restore;
}

export function errno(code: string): Error {
  return Object.assign(new Error(code), { code });
}

export function countOpenFiles(): number {
  return readdirSync("/proc/self/fd").length;
}

export function locksOf(path: string): string[] {
  return readdirSync(path).filter((name) => name.startsWith("lock-"));
}

export async function rejects(call: Promise<unknown>, kind: string, message = /./): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof StoreError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, message);
    return true;
  });
}

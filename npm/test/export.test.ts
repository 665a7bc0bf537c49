import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { runInNewContext } from "node:vm";

import { type Batch, type Entry, type Store, StoreError } from "../src/host.js";
import { exportWallet, importWallet } from "../src/stores/export.js";
import { MemoryStore } from "../src/stores/memory.js";

const PREFIX = "invreq/main/";

test("a dump has the bytes of the Rust library", async () => {
  const dump = await exportWallet(await small());
  // As in core/tests/export.rs.
  const content = Buffer.concat([
    Buffer.from("invreq dump\0\0\x01\0\0\0\0\0\0\0\x02\0\x01\0\0\0\x05aapple\0\x03\0\0\0\0b\0", "latin1"),
    Buffer.of(0xff),
  ]);
  const checksum = createHash("sha256").update(content).digest();
  assert.deepEqual(Buffer.from(dump), Buffer.concat([content, checksum]));
});

test("a wallet of every state moves to another store and goes on there", async () => {
  const url = new URL("../../tests/vectors/store/v1.json", import.meta.url);
  const { entries } = JSON.parse(readFileSync(url, "utf8")) as { entries: [string, string][] };
  const from = new MemoryStore();
  const puts = entries.map(([key, value]) => ({
    key: Buffer.from(key, "hex"),
    value: Buffer.from(value, "hex"),
  }));
  await from.write({ ...batch("other", 1n), puts });
  const dump = await exportWallet(from);
  const to = new MemoryStore();
  await importWallet(to, dump);
  const whole = (await all(from)).filter(({ key }) => Buffer.from(key).toString() !== "other");
  const isRevision = (entry: Entry): boolean => Buffer.from(entry.key).toString() === `${PREFIX}v`;
  assert.deepEqual(
    (await all(to)).filter((entry) => !isRevision(entry)),
    whole.filter((entry) => !isRevision(entry)),
  );
  assert.equal(puts.length, whole.length);
  await to.write(batch(`${PREFIX}v`, 2n));
  assert.deepEqual(await exportWallet(to), dump);
  await importWallet(to, dump, { walletId: "second" });
  assert.deepEqual(await exportWallet(to, { walletId: "second" }), dump);
});

test("a wallet that is not there has no dump", async () => {
  await rejects(exportWallet(await small(), { walletId: "typo" }), "foreign");
});

test("what is null is left out, and what is no store, no dump or no wallet id is told", async () => {
  const store = await small();
  const dump = await exportWallet(store);
  const wrong = (value: unknown): never => value as never;
  assert.deepEqual(await exportWallet(store, { walletId: wrong(null) }), dump);
  assert.deepEqual(await exportWallet(store, wrong(null)), dump);
  await importWallet(new MemoryStore(), dump, { walletId: wrong(null) });
  for (const none of [null, undefined, 5, {}, { range: () => [] }]) {
    await rejects(exportWallet(wrong(none)), "invalid");
    await rejects(importWallet(wrong(none), dump), "invalid");
  }
  for (const none of [null, undefined, "dump", [...dump], dump.buffer, new DataView(dump.buffer)]) {
    await rejects(importWallet(new MemoryStore(), wrong(none)), "invalid");
  }
  for (const walletId of [5, {}, ["main"], "", "a/b"]) {
    await rejects(exportWallet(store, { walletId: wrong(walletId) }), "invalid");
    await rejects(importWallet(new MemoryStore(), dump, { walletId: wrong(walletId) }), "invalid");
  }
  await rejects(exportWallet(store, wrong("second")), "invalid");
  // The bytes may come from another realm.
  const to = new MemoryStore();
  const elsewhere = runInNewContext("Uint8Array.from(bytes)", { bytes: dump }) as Uint8Array;
  assert.ok(!(elsewhere instanceof Uint8Array));
  await importWallet(to, elsewhere);
  assert.deepEqual(await exportWallet(to), dump);
});

test("nothing is imported over something", async () => {
  const dump = await exportWallet(await small());
  for (const key of ["", "a", "zzz", "v"]) {
    const to = new MemoryStore();
    await to.write({
      ...batch("other", 1n),
      puts: [{ key: Buffer.from(PREFIX + key), value: Buffer.from("first") }],
    });
    const before = await all(to);
    await rejects(importWallet(to, dump), "conflict");
    assert.deepEqual(await all(to), before);
  }
});

test("a damaged dump is refused as a whole", async () => {
  const dump = Buffer.from(await exportWallet(await small()));
  const to = new MemoryStore();
  const refused = (bytes: Buffer): Promise<void> => rejects(importWallet(to, bytes), "corrupt", "foreign");
  for (let at = 0; at < dump.length; at++) {
    const altered = Buffer.from(dump);
    altered[at] = (altered[at] ?? 0) ^ 0x81;
    await refused(altered);
    await refused(dump.subarray(0, at));
    await refused(dump.subarray(at + 1));
  }
  await refused(Buffer.concat([dump, Buffer.of(0)]));
  await refused(Buffer.concat([dump, dump]));
  // Right checksums, wrong contents.
  for (const [at, byte] of [
    [13, 2],
    [21, 3],
    [23, 9],
    [27, 0xff],
    [40, 0],
  ] as const) {
    const content = Buffer.from(dump.subarray(0, -32));
    content[at] = byte;
    await refused(Buffer.concat([content, createHash("sha256").update(content).digest()]));
  }
  const revision = Buffer.from(dump.subarray(0, -32));
  revision[28] = "v".charCodeAt(0);
  revision[40] = "w".charCodeAt(0);
  const checksum = createHash("sha256").update(revision).digest();
  await rejects(importWallet(to, Buffer.concat([revision, checksum])), "invalid");
  await rejects(importWallet(to, dump, { walletId: "" }), "invalid");
  await rejects(exportWallet(to, { walletId: "a/b" }), "invalid");
  assert.deepEqual(await all(to), []);
});

test("an interrupted import is taken up again", async () => {
  const from = new MemoryStore();
  for (let part = 1; part <= 12; part++) {
    const puts = Array.from({ length: 30 }, (_, at) => ({
      key: Buffer.from(`${PREFIX}${String.fromCharCode(96 + part)}${at}`),
      value: new Uint8Array(100_000).fill(part),
    }));
    await from.write({ ...batch(`${PREFIX}v`, BigInt(part)), puts });
  }
  const dump = await exportWallet(from);
  const other = await exportWallet(await small());
  let interruptions = 0;
  for (let writes = 0; ; writes++) {
    const memory = new MemoryStore();
    const done = await importWallet(failing(memory, writes), dump).then(
      () => true,
      () => false,
    );
    if (done) break;
    interruptions++;
    if (writes > 0) {
      await rejects(exportWallet(memory), "corrupt");
      await rejects(importWallet(memory, other), "conflict");
    }
    await importWallet(memory, dump);
    assert.deepEqual(await exportWallet(memory), dump);
  }
  assert.ok(interruptions > 10, `${interruptions}`);
});

test("an export shows one moment", async () => {
  const store = await small();
  let [reads, until] = [0, Infinity];
  const restless: Store = {
    async range(start, end, limit) {
      const found = await store.range(start, end, limit);
      if (++reads <= until) await store.write(batch(`${PREFIX}v`, BigInt(reads + 1)));
      return found;
    },
    write: (next) => store.write(next),
    close: () => store.close(),
  };
  await rejects(exportWallet(restless), "conflict");
  until = reads + 2;
  assert.deepEqual(await exportWallet(restless), await exportWallet(store));
});

async function small(): Promise<MemoryStore> {
  const store = new MemoryStore();
  const puts = [
    { key: Buffer.from(`${PREFIX}a`), value: Buffer.from("apple") },
    { key: Buffer.concat([Buffer.from(`${PREFIX}b\0`), Buffer.of(0xff)]), value: Buffer.alloc(0) },
  ];
  await store.write({ ...batch(`${PREFIX}v`, 1n), puts });
  return store;
}

function batch(revisionKey: string, revision: bigint): Batch {
  return { puts: [], deletes: [], absent: [], revisionKey: Buffer.from(revisionKey), revision };
}

function all(store: Store): Promise<Entry[]> {
  return store.range(new Uint8Array(), Uint8Array.of(0xff), 10_000);
}

/** A store that fails after so many writes. */
function failing(store: Store, writes: number): Store {
  let left = writes;
  return {
    range: (start, end, limit) => store.range(start, end, limit),
    async write(next) {
      if (left-- === 0) throw new StoreError("failed", "no more");
      await store.write(next);
    },
    close: () => store.close(),
  };
}

async function rejects(call: Promise<unknown>, ...kinds: string[]): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof StoreError && kinds.includes(error.kind), String(error));
    return true;
  });
}

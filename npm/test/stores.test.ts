import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import type { Batch, Entry, Store } from "../src/host.js";
import { IndexedDbStore } from "../src/stores/indexed-db.js";
import { MemoryStore } from "../src/stores/memory.js";
import { CONFORMANCE_CHECKS, storeConformance, type StoreHarness } from "../src/testing.js";

test("the suite has the checks of the Rust suite, in its order", () => {
  const rust = readFileSync(new URL("../../core/src/store/conformance/mod.rs", import.meta.url), "utf8");
  const names = Array.from(rust.matchAll(/^ {4}"([a-z-]+)" => [a-z]+::/gm), ([, name]) => name);
  assert.ok(names.length > 30);
  const added = ["bytes-are-copied", "watch-tells-of-others", "one-leads"];
  assert.deepEqual(
    CONFORMANCE_CHECKS.filter((name) => !added.includes(name)),
    names,
  );
});

test("where there is no IndexedDB, a store says so, whatever it is opened with", async () => {
  for (const options of [undefined, null, {}] as never[])
    await assert.rejects(IndexedDbStore.open(options), { name: "StoreError", kind: "failed" });
});

test("MemoryStore keeps the contract", async () => {
  const report = await storeConformance(inMemory((store) => store));
  report.assertPassed();
  const skipped = report.checks.filter((check) => check.outcome === "skipped").map((check) => check.name);
  assert.deepEqual(skipped, ["survives-closing", "survives-dropping"]);
});

/** Stores that are broken in one way each, and a check that has to notice. */
const faults: Record<string, { check: string; fault: (store: MemoryStore) => Store }> = {
  "forgets the limit": {
    check: "range-limit",
    fault: (store) => but(store, { range: (start, end) => store.range(start, end, 1_000_000) }),
  },
  "includes the end": {
    check: "range-bounds",
    fault: (store) =>
      but(store, { range: (start, end, limit) => store.range(start, Uint8Array.of(...end, 0), limit) }),
  },
  "takes an empty end for none": {
    check: "range-bounds",
    fault: (store) =>
      but(store, {
        range: (start, end, limit) => store.range(start, end.length > 0 ? end : Uint8Array.of(0xff), limit),
      }),
  },
  "answers in the wrong order": {
    check: "range-order",
    fault: (store) =>
      but(store, { range: async (start, end, limit) => (await store.range(start, end, limit)).reverse() }),
  },
  "takes keys for text": {
    check: "keys-are-bytes",
    fault: (store) => {
      const text = (key: Uint8Array): Uint8Array => new TextEncoder().encode(new TextDecoder().decode(key));
      const write = (batch: Batch): Promise<void> =>
        store.write({ ...batch, puts: batch.puts.map(({ key, value }) => ({ key: text(key), value })) });
      return but(store, { write });
    },
  },
  "ignores deletes": {
    check: "delete-removes",
    fault: (store) => but(store, { write: (batch) => store.write({ ...batch, deletes: [] }) }),
  },
  "ignores conditions": {
    check: "absent-refuses",
    fault: (store) => but(store, { write: (batch) => store.write({ ...batch, absent: [] }) }),
  },
  "names the last key that is present": {
    check: "absent-names-the-key",
    fault: (store) =>
      but(store, { write: (batch) => store.write({ ...batch, absent: [...batch.absent].reverse() }) }),
  },
  "writes in pieces": {
    check: "race-of-reads-and-writes",
    fault: (store) =>
      but(store, {
        async write(batch) {
          const [first, ...rest] = batch.puts;
          await store.write({ ...batch, puts: first ? [first] : [] });
          await new Promise((resolve) => setImmediate(resolve));
          const extra = { ...batch, revisionKey: Uint8Array.of(1, 1), puts: rest, deletes: [], absent: [] };
          const [side] = await store.range(Uint8Array.of(1, 1), Uint8Array.of(1, 2), 1);
          await store.write({ ...extra, revision: BigInt((side?.value.at(-1) ?? 0) + 1) });
        },
      }),
  },
  "keeps the caller's bytes": {
    check: "bytes-are-copied",
    fault: (store) =>
      but(store, {
        async write(batch) {
          await Promise.resolve();
          await store.write(batch);
        },
      }),
  },
  "reads after close": {
    check: "closed-refuses",
    fault: (store) => but(store, { range: (start, end, limit) => store.clone().range(start, end, limit) }),
  },
  "tells of its own writes": {
    check: "watch-tells-of-others",
    fault: (store) => but(store, { watch: (key, changed) => store.clone().watch(key, changed) }),
  },
  "lets everybody lead": {
    check: "one-leads",
    fault: (store) => but(store, { lead: async () => {} }),
  },
};

for (const [name, { check, fault }] of Object.entries(faults)) {
  test(`a store that ${name} is found out`, async () => {
    const report = await storeConformance(inMemory(fault));
    assert.ok(
      report.failed.some((failed) => failed.name === check),
      report.toString(),
    );
    assert.throws(() => report.assertPassed(), /breaks the contract/);
  });
}

function inMemory(fault: (store: MemoryStore) => Store): StoreHarness {
  const data = new Map<string, MemoryStore>();
  return {
    durable: false,
    async open(name) {
      const store = data.get(name) ?? new MemoryStore();
      data.set(name, store);
      return fault(store.clone());
    },
  };
}

/** The store, with other methods in place of some. */
function but(store: MemoryStore, methods: Partial<Store>): Store {
  return {
    range: (start: Uint8Array, end: Uint8Array, limit: number): Promise<Entry[]> =>
      store.range(start, end, limit),
    write: (batch: Batch): Promise<void> => store.write(batch),
    close: () => store.close(),
    watch: (key, changed) => store.watch(key, changed),
    lead: (key, options) => store.lead(key, options),
    ...methods,
  };
}

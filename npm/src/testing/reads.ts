/**
 * Checks of what a store reads.
 *
 * @module
 */

import type { Entry } from "../host.js";
import { MAX_KEY_LEN, MAX_VALUE_LEN, prefixEnd } from "../stores/batch.js";
import { compare, same } from "../stores/bytes.js";
import {
  all,
  batch,
  bytes,
  Draft,
  entries,
  equal,
  holds,
  range,
  require,
  type Space,
  u32,
  write,
} from "./expect.js";

export async function rangeOfNothing(space: Space): Promise<void> {
  const store = await space.open();
  await range(store, "", prefixEnd(bytes("")), 10, []);
  await range(store, "a", "b", 10, []);
}

export async function rangeOrder(space: Space): Promise<void> {
  const store = await space.open();
  const tails = [[], [0], [0, 0], [0, 255], [1], [49, 48], [50], [127], [128], [255], [255, 0], [255, 255]];
  const sorted = entries(tails.map((tail) => Uint8Array.of(0x6b, ...tail)));
  // Written in another order, in two writes.
  const half = (odd: number): Entry[] => sorted.filter((_, at) => at % 2 === odd).reverse();
  await write(store, batch(1).putAll(half(1)));
  await write(store, batch(2).putAll(half(0)));
  await range(store, "k", "l", 100, sorted);
}

export async function rangeBounds(space: Space): Promise<void> {
  const store = await space.open();
  await write(store, batch(1).putAll(entries(["b", "d", "f"])));
  const cases: [string, string, string[]][] = [
    ["b", "f", ["b", "d"]],
    ["b", "f\0", ["b", "d", "f"]],
    ["b\0", "f", ["d"]],
    ["a", "c", ["b"]],
    ["a", "g", ["b", "d", "f"]],
    ["c", "e", ["d"]],
    ["d", "d\0", ["d"]],
    ["d", "d", []],
    ["f", "b", []],
    ["e", "f", []],
    ["", "b", []],
    ["", "", []],
  ];
  for (const [start, end, keys] of cases) await range(store, start, end, 100, entries(keys));
}

export async function rangeLimit(space: Space): Promise<void> {
  const store = await space.open();
  const stored = entries(["a", "b", "c", "d"]);
  await write(store, batch(1).putAll(stored));
  for (const limit of [0, 1, 3, 4, 5, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
    await range(store, "a", "e", limit, stored.slice(0, limit));
  }
  await range(store, "b", "d", 1, stored.slice(1, 2));
}

export async function rangePages(space: Space): Promise<void> {
  const store = await space.open();
  const stored = entries(Array.from({ length: 1_000 }, (_, number) => u32(number)));
  await write(store, batch(1).putAll(stored));
  const found: Entry[] = [];
  let start: Uint8Array = bytes("");
  for (;;) {
    const page = await store.range(start, Uint8Array.of(1), 64);
    const last = page.at(-1);
    if (last) start = Uint8Array.of(...last.key, 0);
    found.push(...page);
    // The second condition stops at a store that never gets on.
    if (page.length < 64 || found.length > stored.length) break;
  }
  require(equal(found, stored), "1,000 entries read in pages of 64 are not each there once, in order");
}

export async function keysAreBytes(space: Space): Promise<void> {
  const store = await space.open();
  const keys: Uint8Array[] = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(0x31, byte));
  // What text would fold together, cut short or refuse: case, spaces at the end, NUL, two ways to write an e with an acute, and
  // bytes that are no UTF-8.
  for (const tail of ["a", "A", "a ", "a\0", "a\0b", "a\0c", "\u{e9}", "e\u{301}", "%", "_"]) {
    keys.push(bytes(`2${tail}`));
  }
  keys.push(Uint8Array.of(0x32, 0xc3, 0x28));
  const stored = entries(keys.sort(compare));
  await write(store, batch(1).putAll(stored));
  await range(store, "1", "3", 1_000, stored);
  // Each is found by itself, too, and can be told from its neighbours by a condition.
  for (const entry of stored) await holds(store, entry.key, entry.value);
  await write(store, batch(2).requireAbsent("2b", "2a\0d", "2A "));
}

export async function keysOfEveryLength(space: Space): Promise<void> {
  const store = await space.open();
  const revisionKey = Uint8Array.of(0xff, 0);
  const stored: Entry[] = [0x00, 0x6b, 0xff].flatMap((byte) =>
    [1, 2, 255, 256, MAX_KEY_LEN - 1, MAX_KEY_LEN].map((length) => ({
      key: new Uint8Array(length).fill(byte),
      value: Uint8Array.of(byte),
    })),
  );
  await write(store, new Draft(revisionKey, 1).putAll(stored));
  const found = (await all(store)).filter((entry) => !same(entry.key, revisionKey));
  require(equal(found, stored), "not every key of 1 to 512 bytes is there, in order");
}

export async function valuesOfEverySize(space: Space): Promise<void> {
  const store = await space.open();
  let revision = 0;
  for (const length of [0, 1, 255, 4_096, 65_536, MAX_VALUE_LEN]) {
    const value = new Uint8Array(length).map((_, at) => at % 256);
    await write(store, batch(++revision).put("value", value));
    await holds(store, "value", value);
  }
  // A whole batch of them at once, and in one page.
  const stored = [1, 2, 3, 4].map((key) => ({
    key: Uint8Array.of(key),
    value: new Uint8Array(MAX_VALUE_LEN - 100).fill(key),
  }));
  await write(store, batch(7).putAll(stored));
  const found = await store.range(Uint8Array.of(1), Uint8Array.of(5), 4);
  require(equal(found, stored), "four values of almost 1 MiB did not come back as they were written");
}

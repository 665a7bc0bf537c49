/**
 * Checks of what a store writes.
 *
 * @module
 */

import { MAX_KEY_LEN, MAX_VALUE_LEN } from "../stores/batch.js";
import {
  all,
  batch,
  bytes,
  Draft,
  equal,
  holds,
  refuse,
  require,
  REVISION,
  type Refusal,
  type Space,
  u32,
  u64,
  write,
} from "./expect.js";

export async function putReplaces(space: Space): Promise<void> {
  const store = await space.open();
  await write(store, batch(1).put("a", "long first value").put("b", "other"));
  await write(store, batch(2).put("a", "second"));
  await holds(store, "a", "second");
  await holds(store, "b", "other");
  await write(store, batch(3).put("a", ""));
  await holds(store, "a", "");
  require((await all(store)).length === 3, "a put of a key that exists made another entry");
}

export async function deleteRemoves(space: Space): Promise<void> {
  const store = await space.open();
  await write(store, batch(1).put("a", "1").put("a\0", "2").put("b", "3"));
  await write(store, batch(2).delete("a").delete("never there"));
  await holds(store, "a", undefined);
  await holds(store, "a\0", "2");
  await holds(store, "b", "3");
  // A deleted key is absent, and can come back.
  await write(store, batch(3).requireAbsent("a").put("a", "4").delete("b"));
  await holds(store, "a", "4");
  await holds(store, "b", undefined);
}

export async function readYourWrites(space: Space): Promise<void> {
  const store = await space.open();
  for (let revision = 1; revision <= 50; revision++) {
    const value = u64(revision);
    const more = batch(revision).put("same", value).put(value, value);
    if (revision > 1) more.delete(u64(revision - 1));
    await write(store, more);
    await holds(store, "same", value);
    require((await all(store)).length === 3, "a read after a write shows what was there before it");
  }
}

export async function largeBatch(space: Space): Promise<void> {
  const store = await space.open();
  const keys = Array.from({ length: 2_000 }, (_, number) => u32(number));
  const puts = batch(1);
  for (const key of keys) puts.requireAbsent(key).put(key, key);
  await write(store, puts);
  require((await all(store)).length === 2_001, "a batch of 2,000 puts is not there as a whole");
  const deletes = batch(2);
  for (const key of keys) deletes.delete(key);
  await write(store, deletes);
  require((await all(store)).length === 1, "a batch of 2,000 deletes was not done as a whole");
}

export async function absentRefuses(space: Space): Promise<void> {
  const store = await space.open();
  await write(store, batch(1).requireAbsent("taken").put("taken", "first"));
  const second = batch(2).requireAbsent("taken").put("taken", "second").put("more", "");
  await refuse(store, second, { present: "taken" });
  // It need not be one of the puts.
  await refuse(store, batch(2).requireAbsent("taken").put("more", ""), { present: "taken" });
  await holds(store, "taken", "first");
  await holds(store, "more", undefined);
  // The key itself is meant, not those around it.
  await write(store, batch(2).requireAbsent("take", "taken\0", "takem"));
}

export async function absentNamesTheKey(space: Space): Promise<void> {
  const store = await space.open();
  const binary = Uint8Array.of(0x62, 0, 0xff);
  await write(store, batch(1).put("x", "").put(binary, ""));
  await refuse(store, batch(2).requireAbsent("a", "x", "c"), { present: "x" });
  await refuse(store, batch(2).requireAbsent("b", binary, "x"), { present: binary });
  await refuse(store, batch(2).requireAbsent("x", "b\0", binary), { present: "x" });
  await write(store, batch(2).requireAbsent("a", "b", "b\0"));
}

export async function absentLooksBeforeTheWrite(space: Space): Promise<void> {
  const store = await space.open();
  // The put of the same batch does not make its own key present ...
  await write(store, batch(1).put("a", "1").requireAbsent("a"));
  // ... and its delete does not make the key absent.
  await refuse(store, batch(2).delete("a").requireAbsent("a"), { present: "a" });
  await holds(store, "a", "1");
}

export async function conflictWritesNothing(space: Space): Promise<void> {
  const store = await space.open();
  await write(store, batch(1).put("kept", "1").put("replaced", "2").put("taken", "3"));
  const before = await all(store);
  const changes = (revision: number): Draft =>
    batch(revision).put("added", "").put("replaced", "").delete("kept");
  const cases: [Draft, Refusal][] = [
    [changes(1), "revision"],
    [changes(3), "revision"],
    [changes(2).requireAbsent("free", "taken"), { present: "taken" }],
  ];
  for (const [draft, why] of cases) {
    await refuse(store, draft, why);
    require(equal(await all(store), before), "a write that was refused changed something");
  }
  // The refusals left no trace on the revision either.
  await write(store, changes(2));
}

export async function invalidWritesNothing(space: Space): Promise<void> {
  const store = await space.open();
  await write(store, batch(1).put("a", "1"));
  const before = await all(store);
  const tooLong = new Uint8Array(MAX_KEY_LEN + 1).fill(0x6b);
  const next = (): Draft => batch(2).put("b", "2");
  for (const draft of [
    batch(0).put("b", "2"),
    batch(2n ** 64n).put("b", "2"),
    new Draft("another wallet", 0).put("b", "2"),
    new Draft("", 1).put("b", "2"),
    next().put("", "empty key"),
    next().put(tooLong, "long key"),
    next().delete(tooLong),
    next().requireAbsent(tooLong),
    next().put("c", new Uint8Array(MAX_VALUE_LEN + 1)),
    next().put("b", "twice"),
    next().delete("b"),
    next().delete(REVISION),
    next().requireAbsent(REVISION),
  ]) {
    await refuse(store, draft, "invalid");
    require(equal(await all(store), before), "a write outside the contract changed something");
  }
  await write(store, next());
}

/** JavaScript only: bytes are objects that their owner goes on changing. */
export async function bytesAreCopied(space: Space): Promise<void> {
  const store = await space.open();
  const memory = bytes("key value other");
  const [key, value] = [memory.subarray(0, 3), memory.subarray(4, 9)];
  const writing = store.write(batch(1).put(key, value));
  memory.fill(0x78);
  await writing;
  await holds(store, "key", "value");
  // What was read belongs to the reader.
  const [entry] = await store.range(bytes("key"), bytes("kez"), 1);
  entry?.key.fill(0x78);
  entry?.value.fill(0x78);
  await holds(store, "key", "value");
}

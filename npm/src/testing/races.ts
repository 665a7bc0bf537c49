/**
 * Checks of calls at the same time.
 *
 * @module
 */

import type { Store } from "../host.js";
import { same } from "../stores/bytes.js";
import {
  all,
  batch,
  bytes,
  concat,
  Draft,
  Failure,
  holds,
  isRefusal,
  outcome,
  require,
  REVISION,
  type Space,
  u64,
  write,
} from "./expect.js";

const WRITERS = 8;
const ROUNDS = 20;

export async function onARevision(space: Space): Promise<void> {
  await race([await space.open()]);
}

export async function ofHandles(space: Space): Promise<void> {
  space.needsShared();
  const [first, second] = [await space.open(), await space.open()];
  await race([first, second]);
  // What one handle wrote, the other reads at once.
  let revision = ROUNDS;
  for (const [writer, reader] of [
    [first, second],
    [second, first],
  ] as const) {
    await write(writer, batch(++revision).put("seen", u64(revision)));
    await holds(reader, "seen", u64(revision));
  }
}

/** In each round all writers write the same revision, and exactly one may win. */
async function race(stores: readonly Store[]): Promise<void> {
  const mark = (writer: number): Uint8Array => Uint8Array.of(writer, writer, writer);
  for (let revision = 1; revision <= ROUNDS; revision++) {
    const writes = Array.from({ length: WRITERS }, (_, writer) => {
      const draft = batch(revision)
        .put("winner", mark(writer))
        .put(Uint8Array.of(0x77, writer), u64(revision));
      return outcome(pick(stores, writer).write(draft));
    });
    const results = await Promise.all(writes);
    const odd = results.find((result) => result !== undefined && !isRefusal(result, "revision"));
    if (odd) throw new Failure(`a writer that was too late got ${String(odd)}`);
    const winner = results.indexOf(undefined);
    const won = results.filter((result) => result === undefined).length;
    require(won === 1, `of ${WRITERS} writers of revision ${revision}, ${won} won`);
    for (const store of stores) {
      await holds(store, "winner", mark(winner));
      await holds(store, Uint8Array.of(0x77, winner), u64(revision));
      await holds(store, REVISION, u64(revision));
    }
  }
}

/** The handles in turns. */
function pick(stores: readonly Store[], turn: number): Store {
  const store = stores[turn % stores.length];
  if (!store) throw new Failure("there is no handle");
  return store;
}

export async function onAnAbsentKey(space: Space): Promise<void> {
  const store = await space.open();
  // Each writer is a wallet of its own, so that only the condition on the key can stop it.
  const revisions = new Array<number>(WRITERS).fill(1);
  for (let round = 0; round < ROUNDS; round++) {
    const claimed = concat("claimed ", u64(round));
    const writes = revisions.map((revision, writer) => {
      const draft = new Draft(Uint8Array.of(0x72, writer), revision);
      return outcome(store.write(draft.requireAbsent(claimed).put(claimed, Uint8Array.of(writer))));
    });
    const results = await Promise.all(writes);
    const won = results.filter((result) => result === undefined).length;
    require(won === 1, `${won} of ${WRITERS} writers found the same key absent`);
    for (const [writer, result] of results.entries()) {
      if (result === undefined) {
        revisions[writer] = (revisions[writer] ?? 0) + 1;
        await holds(store, claimed, Uint8Array.of(writer));
      } else if (!isRefusal(result, { present: claimed })) {
        throw new Failure(`a writer that was too late got ${String(result)}`);
      }
    }
  }
}

export async function ofReadsAndWrites(space: Space): Promise<void> {
  const store = await space.open();
  // Every write gives all keys the same new value, in another order each time.
  const keys = ["a", "b", "c", "d"];
  const putAll = (revision: number): Draft => {
    const draft = batch(revision);
    for (const key of revision % 2 === 0 ? [...keys].reverse() : keys) draft.put(key, u64(revision));
    return draft;
  };
  await write(store, putAll(1));
  // Several times over, for a write may take longer than a read.
  const read = async (): Promise<void> => {
    for (let time = 0; time < 8; time++) {
      const page = await store.range(bytes("a"), bytes("e"), 10);
      const first = page[0]?.value ?? bytes("");
      const isWhole = page.length === keys.length && page.every(({ value }) => same(value, first));
      require(isWhole, "a read saw a part of a write");
    }
  };
  for (let revision = 2; revision <= ROUNDS; revision++) {
    await Promise.all([read(), read(), store.write(putAll(revision)), read(), read()]);
  }
}

/** A promise cannot be dropped, but nobody has to wait for it. */
export async function droppedWrite(space: Space): Promise<void> {
  const store = await space.open();
  const keys = ["a", "b", "c"];
  const putAll = (revision: number): Draft => {
    const draft = batch(revision);
    for (const key of keys) draft.put(key, u64(revision));
    return draft;
  };
  await write(store, putAll(1));
  for (let last = 1; last <= 8; last++) {
    const next = putAll(last + 1);
    const dropped = outcome(store.write(next));
    // Each is left alone a little longer than the one before.
    for (let turn = 1; turn < last; turn++) await Promise.resolve();
    // It may be done, or not done, or still be done later, but a reader never sees half of it.
    const found = (await all(store)).map((entry) => entry.value);
    const isWhole = [last, last + 1].some(
      (revision) => found.length === 4 && found.every((value) => same(value, u64(revision))),
    );
    require(isWhole, "a dropped write was done in part");
    // The same batch once more settles what became of it.
    const again = await outcome(store.write(next));
    if (again !== undefined && !isRefusal(again, "revision")) {
      throw new Failure(`after a dropped write the next one got ${String(again)}`);
    }
    for (const key of keys) await holds(store, key, u64(last + 1));
    await dropped;
  }
}

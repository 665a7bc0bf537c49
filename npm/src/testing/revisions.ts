/**
 * Checks of the revision.
 *
 * @module
 */

import { prefixEnd } from "../stores/batch.js";
import {
  all,
  batch,
  bytes,
  Draft,
  holds,
  range,
  refuse,
  require,
  REVISION,
  type Space,
  u64,
  write,
} from "./expect.js";

const LAST = 0xffff_ffff_ffff_ffffn;

export async function beginsAtOne(space: Space): Promise<void> {
  const store = await space.open();
  for (const revision of [2n, 3n, 256n, LAST]) await refuse(store, batch(revision).put("a", ""), "revision");
  await write(store, batch(1));
  await holds(store, REVISION, u64(1));
}

export async function isTheNext(space: Space): Promise<void> {
  const store = await space.open();
  for (let revision = 1n; revision <= 10n; revision++) {
    await write(store, batch(revision).put("a", u64(revision)));
    for (const wrong of [1n, revision, revision + 2n, LAST]) {
      await refuse(store, batch(wrong).put("a", "wrong"), "revision");
    }
    await holds(store, "a", u64(revision));
    await holds(store, REVISION, u64(revision));
  }
}

/** The revision is 8 bytes like those of any other entry, so another wallet's batch can set the scene. */
export async function encoding(space: Space): Promise<void> {
  const store = await space.open();
  let scene = 0;
  // The last number before each border that some kind of integer has.
  const lasts = [8n, 16n, 31n, 32n, 53n, 63n].map((shift) => (1n << shift) - 1n);
  for (const last of [...lasts, LAST - 1n]) {
    await write(store, new Draft("scene", ++scene).put(REVISION, u64(last)));
    await refuse(store, batch(last), "revision");
    await write(store, batch(last + 1n));
    await holds(store, REVISION, u64(last + 1n));
  }
  for (const odd of [
    [],
    [49],
    [0, 0, 0, 1],
    [1, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 1, 0],
    [...u64(0)],
  ]) {
    await write(store, new Draft("scene", ++scene).put(REVISION, Uint8Array.from(odd)));
    for (const revision of [1, 2]) await refuse(store, batch(revision), "revision");
  }
}

export async function comesFirst(space: Space): Promise<void> {
  const store = await space.open();
  await write(store, batch(1).put("taken", ""));
  await refuse(store, batch(1).requireAbsent("taken"), "revision");
  await refuse(store, batch(3).requireAbsent("taken"), "revision");
}

export async function staleWriter(space: Space): Promise<void> {
  const store = await space.open();
  await write(store, batch(1).put("balance", "0"));
  // Both have seen revision 1, and the first to write wins.
  await write(store, batch(2).put("balance", "by the first"));
  await refuse(store, batch(2).put("balance", "by the second").delete("other"), "revision");
  await holds(store, "balance", "by the first");
  // Having read again, the second can go on, and the first has to read again.
  await write(store, batch(3).put("balance", "by the second"));
  await refuse(store, batch(3).put("balance", "by the first"), "revision");
  await holds(store, "balance", "by the second");
}

export async function walletsApart(space: Space): Promise<void> {
  const store = await space.open();
  const next = (wallet: string, revision: number): Draft =>
    new Draft(`${wallet}/revision`, revision).put(`${wallet}/data`, `${revision}`);
  // One name is the beginning of the other.
  await write(store, next("w1", 1));
  await write(store, next("w10", 1));
  for (let revision = 2; revision <= 5; revision++) await write(store, next("w1", revision));
  await write(store, next("w10", 2).delete("w10/none"));
  await refuse(store, next("w10", 5), "revision");
  await refuse(store, next("w1", 3), "revision");
  for (const [prefix, revision] of [
    ["w1/", 5],
    ["w10/", 2],
  ] as const) {
    await range(store, prefix, prefixEnd(bytes(prefix)), 10, [
      { key: bytes(`${prefix}data`), value: bytes(`${revision}`) },
      { key: bytes(`${prefix}revision`), value: u64(revision) },
    ]);
  }
  // A condition of one wallet is about all keys, not only its own.
  await refuse(store, next("w1", 6).requireAbsent("w10/data"), { present: "w10/data" });
  require((await all(store)).length === 4, "two wallets of two entries each are not four entries");
}

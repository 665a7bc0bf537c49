/**
 * Checks of what handles on the same data tell each other.
 *
 * @module
 */

import type { Store } from "../host.js";
import { batch, bytes, Draft, outcome, require, REVISION, Skip, type Space, write } from "./expect.js";

/** How long news of another handle's write may take, in milliseconds, and how long it is waited for where none may come. */
const NEWS_MS = 5_000;
const QUIET_MS = 300;

export async function watchTellsOfOthers(space: Space): Promise<void> {
  space.needsShared();
  const [mine, other] = [await space.open(), await space.open()];
  if (!mine.watch) throw new Skip("it does not watch");
  let calls = 0;
  const stop = mine.watch(REVISION, () => calls++);
  await pause(QUIET_MS);
  calls = 0;
  await write(other, batch(1));
  require(await within(NEWS_MS, () => calls > 0), "it was not told that another handle wrote");
  await pause(QUIET_MS);
  calls = 0;
  await write(mine, batch(2));
  await write(other, new Draft("another wallet", 1));
  await pause(QUIET_MS);
  require(calls === 0, "it was told of its own write, or of another wallet's");
  stop();
  await write(other, batch(3));
  await pause(QUIET_MS);
  require(calls === 0, "it was told of a write after it stopped to watch");
}

export async function oneLeads(space: Space): Promise<void> {
  space.needsShared();
  const [first, second] = [await space.open(), await space.open()];
  if (!first.lead || !second.lead) throw new Skip("it does not elect a leader");
  const ends = Array.from({ length: 4 }, () => new AbortController());
  const leading: number[] = [];
  const lead = async (store: Store, who: number): Promise<void> => {
    const { signal } = ends[who] ?? new AbortController();
    await store.lead?.(REVISION, { signal });
    leading.push(who);
  };
  await lead(first, 0);
  const waiting = outcome(lead(second, 1));
  const givesUp = outcome(lead(second, 2));
  await pause(QUIET_MS);
  require(leading.length === 1, "two handles lead at the same time");
  // Another wallet has a leader of its own.
  const another = new AbortController();
  await second.lead(bytes("another wallet"), { signal: another.signal });
  another.abort();
  ends[2]?.abort();
  require((await givesUp) !== undefined, "it leads although it gave up before its turn came");
  ends[0]?.abort();
  require(await within(NEWS_MS, () => leading.includes(1)), "nobody leads after the first one stopped");
  require((await waiting) === undefined, "the second one could not lead");
  ends[1]?.abort();
  await lead(first, 3);
  ends[3]?.abort();
}

async function within(ms: number, isSo: () => boolean): Promise<boolean> {
  for (let waited = 0; waited < ms && !isSo(); waited += 20) await pause(20);
  return isSo();
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

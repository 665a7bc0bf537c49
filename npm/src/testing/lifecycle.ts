/**
 * Checks of opening and closing.
 *
 * @module
 */

import {
  all,
  batch,
  bytes,
  equal,
  Failure,
  holds,
  isRefusal,
  outcome,
  refuse,
  require,
  Skip,
  type Space,
  u64,
  write,
} from "./expect.js";

export async function survivesClosing(space: Space): Promise<void> {
  space.needsDurable();
  for (let revision = 1; revision <= 3; revision++) {
    let store = await space.open();
    const last = u64(revision - 1);
    if (revision > 1) {
      await holds(store, "kept", last);
      await holds(store, last, "");
    }
    const value = u64(revision);
    await write(store, batch(revision).put("kept", value).put(value, "").delete(last));
    const before = await all(store);
    await store.close();
    store = await space.open();
    require(equal(await all(store), before), "it holds something else when it is opened again");
    await store.close();
  }
}

/** Nothing is dropped in JavaScript; what comes closest is another handle, or what the harness finds after a crash. */
export async function survivesDropping(space: Space): Promise<void> {
  space.needsDurable();
  const { crash } = space.harness;
  if (!space.isShared && !crash) throw new Skip("its data cannot be open twice");
  for (let revision = 1; revision <= 3; revision++) {
    const dropped = await space.open();
    await write(dropped, batch(revision).put("kept", u64(revision)));
    await crash?.(space.name, dropped);
    const store = await space.open();
    await holds(store, "kept", u64(revision));
    if (!space.isShared) await store.close();
  }
}

export async function closedRefuses(space: Space): Promise<void> {
  const store = await space.open();
  await write(store, batch(1).put("a", "1"));
  await store.close();
  const read = await outcome(store.range(bytes("a"), bytes("b"), 1));
  if (!isRefusal(read, "closed")) {
    throw new Failure(`a read after close has to be refused (closed), but the answer was ${String(read)}`);
  }
  await refuse(store, batch(2).put("a", "2"), "closed");
  const again = await outcome(store.close());
  require(again === undefined, `closing again is no error, but the answer was ${String(again)}`);
  if (space.isDurable) await holds(await space.open(), "a", "1");
}

export async function closeWaits(space: Space): Promise<void> {
  const store = await space.open();
  await write(store, batch(1).put("a", "1"));
  const writing = outcome(store.write(batch(2).put("a", "2")));
  const reading = outcome(store.range(bytes("a"), bytes("b"), 1));
  await store.close();
  // Once it is closed, what was begun before is over.
  if (space.isDurable && space.isShared) await holds(await space.open(), "a", "2");
  const written = await writing;
  require(written === undefined, `a write begun before close got ${String(written)}`);
  const read = await reading;
  require(read === undefined, `a read begun before close got ${String(read)}`);
}

export async function closeIsForOneHandle(space: Space): Promise<void> {
  space.needsShared();
  const [first, second] = [await space.open(), await space.open()];
  await write(first, batch(1).put("a", "1"));
  await first.close();
  await holds(second, "a", "1");
  await write(second, batch(2).put("a", "2"));
  await holds(second, "a", "2");
}

import assert from "node:assert/strict";
import { test } from "node:test";

import { StoreError } from "../src/index.js";
import { settle, TestClock, TestStore, TestTransport } from "./host.js";
import { open, watched } from "./open.js";

/** A store of which each payee has a handle, as each tab has: one of them leads. */
class SharedStore extends TestStore {
  static readonly #watchers = new Map<object, Set<() => void>>();
  static readonly #queues = new Map<object, Promise<void>>();

  constructor(readonly shared: TestStore) {
    super();
  }

  override range = (...args: Parameters<TestStore["range"]>) => this.shared.range(...args);

  override write = async (batch: Parameters<TestStore["write"]>[0]): Promise<void> => {
    await this.shared.write(batch);
    for (const [changed] of [...this.others()]) changed();
  };

  private *others(): Iterable<[() => void]> {
    for (const changed of SharedStore.#watchers.get(this.shared) ?? []) {
      if (changed !== this.own) yield [changed];
    }
  }

  private own: (() => void) | undefined;

  watch(_: Uint8Array, changed: () => void): () => void {
    this.own = changed;
    const all = SharedStore.#watchers.get(this.shared) ?? new Set();
    SharedStore.#watchers.set(this.shared, all.add(changed));
    return () => void all.delete(changed);
  }

  lead(_: Uint8Array, { signal }: { signal: AbortSignal }): Promise<void> {
    const before = SharedStore.#queues.get(this.shared) ?? Promise.resolve();
    const over = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    SharedStore.#queues.set(
      this.shared,
      before.then(() => over),
    );
    return before;
  }
}

test("of two tabs one sends, and a wait in one resolves for a payment in the other", async () => {
  const shared = new TestStore();
  const clock = new TestClock();
  const first = await open({ store: new SharedStore(shared), clock });
  const second = await open({ store: new SharedStore(shared), clock });
  const call = await second.send("a", { expiry: 3600 });
  assert.deepEqual([first.transport.sent.length, second.transport.sent.length], [1, 0]);
  assert.equal((await second.get("a")).delivery.state, "sent");
  assert.deepEqual(second.kinds(), ["created", "delivery"]);
  await first.pay("a");
  await settle();
  assert.equal((await call.result).status, "paid");
  // Then the first tab is closed, and the second takes over.
  const next = await second.send("b", { expiry: 3600 });
  assert.equal(first.transport.sent.length, 2);
  await first.payee.close();
  await settle();
  assert.equal(next.isOver(), false);
  await second.send("c", { expiry: 3600 });
  assert.deepEqual(
    second.transport.sent.map(({ label }) => label),
    ["c"],
  );
  await second.payee.close();
});

test("what a tab that is closed did not send, the next one sends", async () => {
  const shared = new TestStore();
  const clock = new TestClock();
  const silent = Object.assign(new TestTransport(), { send: () => new Promise<never>(() => {}) });
  const first = await open({ store: new SharedStore(shared), clock, transport: silent });
  const second = await open({ store: new SharedStore(shared), clock });
  await second.send("a", { expiry: 3600 });
  assert.equal(second.transport.sent.length, 0);
  await first.payee.close();
  await settle();
  await clock.go(250);
  assert.deepEqual(
    second.transport.sent.map(({ label }) => label),
    ["a"],
  );
  await second.payee.close();
});

test("what another tab writes while this one opens is not overlooked", async () => {
  const first = await open();
  await first.send("a", { expiry: 3600 });
  // Nobody tells of a write that comes before one watches: it is there when the watch begins.
  const store = Object.assign(new TestStore(), {
    watch() {
      for (const [key, value] of first.store.data) store.data.set(key, value);
      return () => {};
    },
    lead: () => new Promise<void>(() => {}),
  });
  const second = await open({ store, clock: first.clock });
  assert.deepEqual(second.kinds(), ["created"]);
  await Promise.all([first.payee.close(), second.payee.close()]);
});

test("however often there is news of a store that fails, one tries again", async () => {
  let tell = (): void => {};
  let isFailing = false;
  let reads = 0;
  class News extends TestStore {
    override range = (...args: Parameters<TestStore["range"]>) => {
      reads += 1;
      return isFailing ? Promise.reject(new Error("not now")) : super.range(...args);
    };
    watch = (_: Uint8Array, changed: () => void) => ((tell = changed), () => {});
    lead = () => new Promise<void>(() => {});
  }
  const { payee, clock, events } = await open({ store: new News() });
  isFailing = true;
  reads = 0;
  for (let news = 0; news < 5; news += 1) {
    tell();
    await settle();
  }
  const before = [reads, events.length];
  assert.equal(events.filter(({ kind }) => kind === "trouble").length, 1);
  const tries: number[] = [];
  for (const pause of [500, 1000, 2000]) {
    await clock.go(pause);
    tries.push(reads);
  }
  assert.deepEqual(
    [before, tries],
    [
      [5, 1],
      [6, 7, 8],
    ],
  );
  isFailing = false;
  await clock.go(4000);
  const read = reads;
  assert.ok(read > 8, "it is tried once more");
  await clock.go(8000);
  assert.equal(reads, read, "that was all");
  await payee.close();
});

test("a store that cannot be watched at first is watched later, and what it missed is read", async () => {
  let tries = 0;
  const store = Object.assign(new TestStore(), {
    watch() {
      tries += 1;
      if (tries === 1) throw new StoreError("failed", "not now");
      return () => {};
    },
    lead: () => new Promise<void>(() => {}),
  });
  const { payee, events, clock } = await open({ store });
  const troubles = () => events.flatMap((event) => (event.kind === "trouble" ? [event.error.code] : []));
  assert.deepEqual([tries, troubles()], [1, ["store_failed"]]);
  const { reads } = store;
  await clock.go(500);
  assert.deepEqual([tries, troubles()], [2, ["store_failed"]]);
  assert.ok(store.reads > reads);
  await clock.go(60_000);
  assert.equal(tries, 2);
  await payee.close();
});

test("a store that cannot stop to watch keeps nothing from its end", async () => {
  const watch = () => () => {
    throw new Error("it still watches");
  };
  const store = Object.assign(new TestStore(), { watch, lead: () => new Promise<void>(() => {}) });
  const { payee, events, clock } = await open({ store });
  const sleeping = watched(payee.waitAnyInvoice());
  await payee.close();
  assert.equal((await sleeping.error()).code, "cancelled");
  assert.equal(store.closed, true);
  assert.ok(events.some((event) => event.kind === "trouble" && /it still watches/.test(event.error.message)));
  const { reads } = store;
  await clock.go(60_000);
  assert.equal(store.reads, reads);
});

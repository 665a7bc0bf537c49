import assert from "node:assert/strict";
import { test } from "node:test";

import { InvreqError, StoreError, type Delivery, type SendOutcome } from "../src/index.js";
import {
  dice,
  payment,
  REFUND,
  settle,
  TestClock,
  TestSource,
  TestStore,
  TestTransport,
  until,
} from "./host.js";
import { open, watched } from "./open.js";

/** A promise that somebody else fulfils. */
function later<T>(): { promise: Promise<T>; give: (value: T) => void } {
  let give: (value: T) => void = () => {};
  const promise = new Promise<T>((resolve) => (give = resolve));
  return { promise, give };
}

test("another writer is noticed, and its changes are read", async () => {
  const ours = await open();
  const theirs = await open({ store: ours.store, clock: ours.clock });
  await theirs.send("theirs", { expiry: 3600 });
  ours.kinds();
  await ours.send("ours", { expiry: 3600 });
  assert.deepEqual(ours.kinds().slice(0, 2), ["created", "created"], "theirs first, then ours");
  assert.equal((await ours.get("ours")).createdIndex, 2);
  assert.equal(ours.source.asked.length, 1, "what the source answered is good after a conflict as well");
  // A payment they report ends a wait here, once we look.
  const wait = watched(ours.payee.waitInvoice("theirs"));
  await settle();
  await theirs.pay("theirs");
  assert.equal(wait.isOver(), false);
  await ours.payee.resume();
  assert.equal((await wait.result).status, "paid");
  await Promise.all([ours.payee.close(), theirs.payee.close()]);
});

test("a store in which others are always faster", async () => {
  const { payee, store } = await open();
  const before = store.writes.length;
  let tries = 0;
  store.before = () => {
    tries += 1;
    throw new StoreError("conflict", "too late", "revision");
  };
  await assert.rejects(payee.sendInvoice({ invreq: REFUND, label: "a" }), {
    code: "store_conflict",
    retryable: true,
  });
  assert.equal(tries, 16);
  assert.equal(store.writes.length, before);
  store.before = () => {};
  await payee.close();
});

test("a crash between any two lines loses nothing", async () => {
  // The process ends with the n-th thing that reaches outside: each time, what is stored is taken up again.
  for (let diesAt = 1; ; diesAt += 1) {
    const store = new TestStore();
    const sent: string[] = [];
    let points = 0;
    const never = new Promise<never>(() => {});
    const alive = (): void | Promise<never> => {
      points += 1;
      if (points >= diesAt) return never;
    };
    const source = new TestSource();
    const dying = {
      createInboundPayment: async (request: Parameters<TestSource["createInboundPayment"]>[0]) => (
        await alive(),
        source.createInboundPayment(request)
      ),
    };
    const transport = {
      async send(delivery: Delivery): Promise<SendOutcome> {
        await alive();
        sent.push(Buffer.from(delivery.invoice).toString("hex"));
        await alive();
        return "accepted";
      },
    };
    const { write } = store;
    store.write = async (batch) => (await alive(), await write.call(store, batch), await alive());
    const clock = new TestClock();
    let end = (): void => {};
    void open({ store, source: dying, transport, clock }).then(({ payee, send }) => {
      end = () => void payee.close();
      void send("a", { expiry: 3600 });
    });
    await settle();
    await clock.go(250);
    await settle();

    // A new process on the same data. The old one is still there, as little as it can do.
    const again = await open({ store: store.reopened(), clock });
    const call = watched(
      again.payee.sendInvoice({ invreq: REFUND, label: "a", expiry: 3600, existing: "join" }),
    );
    await settle();
    const record = await again.pay("a");
    assert.equal((await call.result).status, "paid", `died at ${diesAt}`);
    const copies = again.transport.sent.map(({ invoice }) => Buffer.from(invoice).toString("hex"));
    assert.ok(copies.length > 0 || sent.length > 0, `sent at ${diesAt}`);
    const made = new Set([...copies, ...sent]);
    assert.equal(made.size, 1, `one invoice, byte for byte, at ${diesAt}`);
    assert.equal(record.createdIndex, 1);
    await again.payee.close();
    end();
    if (points < diesAt) {
      assert.ok(diesAt > 6, `there were only ${points} places to die`);
      break;
    }
  }
});

test("a host that takes too long is told, and not waited for", async () => {
  const signals: AbortSignal[] = [];
  const answer = later<ReturnType<typeof payment>>();
  const source = {
    createInboundPayment: (_: unknown, { signal }: { signal: AbortSignal }) => (
      signals.push(signal),
      answer.promise
    ),
  };
  const { clock, send, payee } = await open({ source });
  const call = await send("a");
  await clock.go(59_000);
  assert.deepEqual([call.isOver(), signals[0]?.aborted], [false, false]);
  await clock.go(1_000);
  const error = await call.error();
  assert.deepEqual([error.code, error.retryable, signals[0]?.aborted], ["source_failed", true, true]);
  assert.match(error.message, /no answer in time/);
  answer.give(payment(20_000_001n));
  await settle();
  assert.deepEqual((await payee.listInvoices().page()).records, []);
  await payee.close();
});

test("others get on while the host thinks", async () => {
  const answer = later<ReturnType<typeof payment>>();
  const source = { createInboundPayment: () => answer.promise };
  const { payee, send, get, pay } = await open({ source });
  const call = await send("a", { expiry: 3600 });
  assert.deepEqual((await payee.listInvoices().page()).records, []);
  answer.give(payment(20_000_001n));
  await settle();
  assert.equal((await get("a")).status, "unpaid");
  await pay("a");
  assert.equal((await call.result).status, "paid");
  await payee.close();
});

test("what the host throws is in the error of the call", async () => {
  const wrong: [unknown, RegExp][] = [
    [() => Promise.reject(new Error("no channels")), /no channels/],
    [
      () => {
        throw "a bare string";
      },
      /a bare string/,
    ],
    [() => undefined, /the inbound payment has to be an object, not undefined/],
    [() => ({ ...payment(1n), paths: "none" }), /paths has to be an array/],
    [() => ({ ...payment(1n), preimage: new Uint8Array(31) }), /preimage has to be 32 bytes/],
    [
      () => ({
        paths: [
          {
            ...payment(1n).paths[0],
            path: { introduction: "02".repeat(33), pathKey: "05".repeat(33), hops: [] },
          },
        ],
      }),
      /no path key|no node id/,
    ],
  ];
  for (const [createInboundPayment, message] of wrong) {
    const { payee } = await open({ source: { createInboundPayment } as never });
    await assert.rejects(payee.sendInvoice({ invreq: REFUND, label: "a" }), (error: unknown) => {
      assert.ok(InvreqError.is(error));
      assert.equal(error.code, "source_failed", error.message);
      assert.match(error.message, message);
      return true;
    });
    await payee.close();
  }
});

test("an aborted call ends, and its invoice does not", async () => {
  const { payee, get, send, pay } = await open();
  const reason = new Error("the user went back");
  const abort = new AbortController();
  const call = watched(
    payee.sendInvoice({ invreq: REFUND, label: "a", expiry: 3600 }, { signal: abort.signal }),
  );
  await settle();
  abort.abort(reason);
  const error = await call.error();
  assert.deepEqual([error.code, error.cause, error.retryable], ["cancelled", reason, true]);
  assert.equal((await get("a")).status, "unpaid");
  // Aborted before it began, nothing is begun.
  const late = payee.sendInvoice({ invreq: REFUND, label: "b", again: true }, { signal: abort.signal });
  await assert.rejects(late, { code: "cancelled" });
  assert.equal((await payee.listInvoices({ label: "b" }).page()).records.length, 0);
  const waits = [
    payee.waitInvoice("a", { signal: AbortSignal.timeout(20) }),
    payee.waitAnyInvoice(0, { signal: AbortSignal.timeout(20) }),
  ];
  for (const wait of waits) await assert.rejects(wait, { code: "cancelled" });
  const joined = await send("a", { existing: "join" });
  await pay("a");
  assert.equal((await joined.result).status, "paid");
  await payee.close();
});

test("a call that is aborted while its source thinks leaves no wait", async () => {
  const [throwDice, answer] = [dice(), later<ReturnType<typeof payment>>()];
  let inputs = 0;
  const entropy = (): Uint8Array => ((inputs += 1), throwDice());
  const source = { createInboundPayment: () => answer.promise };
  const { payee, clock, transport } = await open({ source, entropy });
  const abort = new AbortController();
  const params = { invreq: REFUND, label: "a", expiry: 600, timeout: 30 };
  const call = watched(payee.sendInvoice(params, { signal: abort.signal }));
  await settle();
  abort.abort();
  assert.equal((await call.error()).code, "cancelled");
  answer.give(payment(20_000_001n));
  await settle();
  assert.equal(transport.sent.length, 1);
  const before = inputs;
  // At the end of a wait there would be a tick.
  await clock.go(30_000);
  assert.equal(inputs, before);
  await payee.close();
});

test("a signal of somebody else's making", async () => {
  const { payee, send, pay, transport } = await open();
  const heard = new Set<() => void>();
  const signal = {
    aborted: false,
    addEventListener: (_: string, hear: () => void) => void heard.add(hear),
    removeEventListener(): void {
      throw new Error("once heard, always heard");
    },
  };
  const wait = (signal: unknown) => watched(payee.waitInvoice("a", { signal: signal as AbortSignal }));
  await send("a", { expiry: 3600 });
  const waits = [wait(signal), wait(undefined), wait({ ...signal })];
  await settle();
  await pay("a");
  // Whatever becomes of one signal, every wait ends, and what comes next is done.
  for (const { result } of waits) assert.equal((await result).status, "paid");
  await send("b", { expiry: 3600 });
  assert.deepEqual(
    transport.sent.map(({ label }) => label),
    ["a", "b"],
  );
  const ended = watched(payee.waitAnyInvoice(1, { signal: signal as never }));
  await settle();
  for (const hear of heard) hear();
  assert.equal((await ended.error()).code, "cancelled");
  const unfit = [
    { ...signal, removeEventListener: undefined },
    {
      ...signal,
      addEventListener() {
        throw new Error("not for you");
      },
    },
  ];
  for (const one of unfit) {
    assert.equal((await wait(one).error()).code, "invalid_parameter");
    assert.throws(() => payee.events({ signal: one as never }), { code: "invalid_parameter" });
  }
  await payee.close();
});

test("one signal may end many calls", async () => {
  const warnings: Error[] = [];
  const warn = (warning: Error): void => void warnings.push(warning);
  process.on("warning", warn);
  const { payee } = await open();
  const abort = new AbortController();
  const waits = Array.from({ length: 30 }, () => watched(payee.waitAnyInvoice(0, { signal: abort.signal })));
  await settle();
  abort.abort();
  for (const wait of waits) assert.equal((await wait.error()).code, "cancelled");
  process.off("warning", warn);
  assert.deepEqual(warnings, []);
  await payee.close();
});

test("what became of a copy is written, however long the store fails", async () => {
  const { store, clock, events, send, get, payee } = await open();
  let failing = true;
  store.before = ({ puts }) => {
    // The invoice itself gets through.
    if (failing && store.writes.length > 1 && puts.length > 0) throw new Error("the disk is full of cats");
  };
  await send("a", { expiry: 3600 });
  for (const pause of [500, 1000, 2000, 4000]) await clock.go(pause);
  const troubles = events.flatMap((event) => (event.kind === "trouble" ? [event.error] : []));
  assert.ok(troubles.length >= 4, `${troubles.length} times told`);
  assert.ok(troubles.every((error) => error.code === "store_failed" && /full of cats/.test(error.message)));
  assert.equal((await get("a")).delivery.state, "sending");
  failing = false;
  await clock.go(30_000);
  assert.equal((await get("a")).delivery.state, "sent");
  await payee.close();
});

test("a write that came through although the store said it failed", async () => {
  const { store, payee, get } = await open();
  store.after = () => {
    store.after = () => {};
    throw new StoreError("failed", "the connection broke");
  };
  await assert.rejects(payee.sendInvoice({ invreq: REFUND, label: "a" }), {
    code: "store_failed",
    retryable: true,
  });
  // Calling again finds what the first call made.
  const again = watched(payee.sendInvoice({ invreq: REFUND, label: "a", existing: "join" }));
  await settle();
  assert.equal(again.isOver(), false);
  assert.equal((await get("a")).createdIndex, 1);
  await payee.close();
});

test("a clock that is set back holds up nothing", async () => {
  const { clock, transport, send, payee } = await open();
  transport.outcome = "offline";
  await send("a", { expiry: 3600 });
  const tried = transport.sent.length;
  await clock.go(-3_600_000);
  for (let second = 0; second < 5; second += 1) await clock.go(1000);
  assert.ok(transport.sent.length > tried, "it is tried again as soon as before");
  await payee.close();
});

test("a clock that fails once, whenever it is, holds up nothing", async () => {
  for (let failsAt = 1; ; failsAt += 1) {
    const clock = new TestClock();
    let asked = -Infinity;
    clock.nowMs = () => {
      asked += 1;
      if (asked === failsAt) throw new Error("no time");
      return clock.ms;
    };
    const { payee, events, send } = await open({ clock });
    asked = 0;
    await send("a", { expiry: 100 });
    await send("a", { expiry: 100, existing: "join" });
    for (let times = 0; times < 5; times += 1) await clock.go(30_000);
    const states = events.flatMap((event) => (event.kind === "delivery" ? event.record.delivery.state : []));
    assert.equal(states.at(-1), "sent", `it failed at ${failsAt}`);
    assert.ok(
      events.some(({ kind }) => kind === "expired"),
      `it failed at ${failsAt}`,
    );
    await payee.close();
    if (asked < failsAt) {
      assert.ok(failsAt > 10, `it was asked ${asked} times`);
      break;
    }
  }
});

test("a machine that slept catches up within half a minute of waking", async () => {
  const { clock, send, payee } = await open();
  const call = await send("a", { timeout: 300, expiry: 100 });
  // The timer of half a minute is what wakes; by then hours have passed.
  clock.ms += 7_200_000;
  await clock.go(30_000);
  assert.equal((await call.error()).code, "invoice_expired");
  await payee.close();
});

test("what comes in at the transport is taken in, one message at a time", async () => {
  const waiting: ((received: unknown) => void)[] = [];
  const transport = Object.assign(new TestTransport(), {
    findRoute: async () => ({ reply: { kind: "host" as const } }),
    receive: () => new Promise<never>((give) => waiting.push(give as (received: unknown) => void)),
  });
  const { payee, send, events } = await open({ transport });
  const call = await send("a", { expiry: 3600 });
  const replyPathId = transport.sent[0]?.replyPathId ?? assert.fail("the host makes the reply path");
  assert.equal(waiting.length, 1);
  waiting[0]?.({ kind: "onionMessage", bytes: new Uint8Array(1300) });
  await until("the next one is waited for", () => waiting.length > 1);
  assert.equal(await payee.ignoredReplies(), 1, "when this one is dealt with");
  waiting[1]?.({ kind: "wrong" });
  const troubles = () => events.flatMap((event) => (event.kind === "trouble" ? [event.error.code] : []));
  await until("what is nothing is told", () => troubles().length > 0);
  await settle();
  assert.deepEqual(
    [troubles(), waiting.length],
    [["missing_answer"], 2],
    "once, and the next one comes after a pause",
  );
  await payee.receiveInvoiceError({ replyPathId: new Uint8Array(32), bytes: new Uint8Array(0) });
  assert.equal(await payee.ignoredReplies(), 2);
  const said = Buffer.from("050d496e76616c69642076616c7565", "hex");
  await payee.receiveInvoiceError({ replyPathId, bytes: said });
  const error = await call.error();
  assert.deepEqual(
    [error.code, error.rpcCode, error.record?.delivery.error?.message],
    ["payer_error", 1004, "Invalid value"],
  );
  await payee.close();
});

import assert from "node:assert/strict";
import { inspect } from "node:util";
import { test } from "node:test";

import {
  InvreqError,
  Payee,
  StoreError,
  type Delivery,
  type InvoiceRecord,
  type PayeeEvent,
  type SendOutcome,
} from "../src/index.js";
import { Events } from "../src/payee/events.js";
import { NODE, payment, REFUND, settle, TestClock, TestStore, TestTransport, until } from "./host.js";
import { open, watched } from "./open.js";

test("an invoice is sent, claimed and paid", async () => {
  const { payee, source, transport, kinds, clock, send } = await open();
  const call = await send("refund 1", { expiry: 3600 });
  assert.equal(source.asked.length, 1);
  assert.deepEqual(
    transport.sent.map(({ label, nodeId, packet }) => [
      label,
      nodeId === packet.firstHop,
      packet.message.length > 1000,
    ]),
    [["refund 1", true, true]],
  );
  const { paymentHash, amountMsat } = source.asked[0] ?? assert.fail();
  const now = clock.now;
  const claim = { paymentHash, totalMsat: amountMsat, firstHtlcAt: now };
  const verdict = await payee.judge(claim);
  assert.ok(verdict.kind === "settle" && verdict.preimage !== undefined);
  assert.deepEqual(await payee.judge(claim), verdict, "asking again gives the same answer");
  assert.equal((await payee.judge({ ...claim, paymentHash: "00".repeat(32) })).kind, "unknown");
  assert.equal(call.isOver(), false);
  const paid = await payee.paymentReceived({ paymentHash, amountMsat, paidAt: now });
  const record = await call.result;
  assert.deepEqual(record, paid);
  assert.equal(record.payment?.paymentPreimage, verdict.preimage);
  assert.deepEqual([record.amountMsat, record.status, record.createdIndex], [20_000_001n, "paid", 1]);
  assert.deepEqual(kinds(), ["created", "delivery", "delivery", "claiming", "paid"]);
  assert.deepEqual(await payee.waitAnyInvoice(), record);
  assert.deepEqual(await payee.waitInvoice("refund 1"), record);
  assert.deepEqual(await payee.judge(claim), verdict, "whoever forgot settles again");
  assert.deepEqual(await payee.delInvoice("refund 1", "paid"), record);
  await assert.rejects(payee.waitInvoice("refund 1"), { code: "not_found", rpcCode: 905 });
  await payee.close();
});

test("the host may keep the preimage", async () => {
  const preimage = new Uint8Array(32).fill(5);
  const paymentHash = Buffer.from(await crypto.subtle.digest("SHA-256", preimage)).toString("hex");
  const source = { createInboundPayment: async () => ({ ...payment(20_000_001n), paymentHash }) };
  const { payee, clock, send } = await open({ source });
  const call = await send("a");
  const paidAt = clock.now;
  const verdict = await payee.judge({ paymentHash, totalMsat: 20_000_001, firstHtlcAt: paidAt });
  assert.deepEqual(verdict, { kind: "settle" });
  const money = { paymentHash, amountMsat: 20_000_001, paidAt };
  await assert.rejects(payee.paymentReceived(money), { code: "preimage_required" });
  await assert.rejects(payee.paymentReceived({ ...money, preimage: "00".repeat(32) }), {
    code: "preimage_mismatch",
  });
  await payee.paymentReceived({ ...money, preimage });
  assert.equal((await call.result).payment?.paymentPreimage, "05".repeat(32));
  await payee.close();
});

test("a verdict for every answer to a claim", async () => {
  const { payee, store, clock, send, get } = await open();
  await send("a", { expiry: 60 });
  const { paymentHash } = await get("a");
  const judge = (totalMsat: number, at = 0) =>
    payee.judge({ paymentHash, totalMsat, firstHtlcAt: clock.now + at });
  for (const [total, at, code] of [
    [1, 0, "amount_too_low"],
    [50_000_000, 0, "amount_too_high"],
    [20_000_001, 61, "claim_too_late"],
  ] as const) {
    const verdict = await judge(total, at);
    assert.ok(verdict.kind === "fail" && verdict.error.code === code, inspect(verdict));
  }
  store.before = () => Promise.reject(new StoreError("failed", "the disk is gone"));
  const verdict = await judge(20_000_001);
  assert.ok(verdict.kind === "hold" && verdict.error.code === "store_failed", inspect(verdict));
  store.before = () => {};
  assert.equal((await judge(20_000_001)).kind, "settle");
  // Who asks again with what cannot be read would hold the payment for ever.
  const claim = { paymentHash, totalMsat: 20_000_001, firstHtlcAt: clock.now };
  for (const wrong of [
    { paymentHash: `0x${paymentHash}` },
    { totalMsat: 20_000_001.5 },
    { totalMsat: "20000001" as never },
    { firstHtlcAt: undefined as never },
  ])
    await assert.rejects(payee.judge({ ...claim, ...wrong }), { code: "invalid_parameter" }, inspect(wrong));
  await assert.rejects(payee.judge(undefined as never), { code: "invalid_parameter" });
  // A clock that is broken for a while is no fault of the claim.
  const { ms } = clock;
  clock.ms = NaN;
  const late = await payee.judge(claim);
  assert.ok(late.kind === "hold" && late.error.code === "invalid_parameter", inspect(late));
  clock.ms = ms;
  await payee.claimFailed(paymentHash);
  assert.equal((await get("a")).claiming, false);
  await payee.close();
});

test("the errors of a call", async () => {
  const { payee, transport, clock, send, source } = await open();
  await send("a", { expiry: 3600, timeout: 10 });
  const taken = await payee
    .sendInvoice({ invreq: REFUND, label: "a", again: true })
    .catch((error: unknown) => error);
  assert.ok(InvreqError.is(taken));
  assert.deepEqual([taken.code, taken.rpcCode, taken.record?.label], ["label_in_use", 900, "a"]);
  await assert.rejects(payee.sendInvoice({ invreq: REFUND, label: "b" }), { code: "already_answered" });
  assert.equal(source.asked.length, 1, "nothing is asked for what is refused");
  const joined = watched(
    payee.sendInvoice({ invreq: REFUND, label: "a", again: true, existing: "join", timeout: 60 }),
  );
  await settle();
  transport.outcome = "no_route";
  const lost = await (await send("c")).error();
  assert.deepEqual([lost.code, lost.rpcCode, lost.record?.delivery.state], ["no_route", 1003, "unreachable"]);
  transport.outcome = "accepted";
  assert.equal((await payee.resend("c")).delivery.state, "stored");
  const late = await send("d", { timeout: 5, expiry: 100 });
  await clock.go(5000);
  const error = await late.error();
  assert.deepEqual([error.code, error.rpcCode, error.record?.status], ["wait_timeout", 1005, "unpaid"]);
  await assert.rejects(payee.waitAnyInvoice(0, { timeout: 0 }), {
    code: "wait_any_timeout",
    retryable: true,
  });
  assert.equal(joined.isOver(), false);
  await clock.go(60_000);
  assert.equal((await joined.error()).code, "wait_timeout");
  await assert.rejects(payee.sendInvoice({ invreq: REFUND, label: "e", quantity: 1 }), {
    code: "quantity_not_allowed",
  });
  await payee.close();
});

test("an invoice expires, and its money may still come", async () => {
  const { payee, clock, kinds, send, get } = await open();
  const call = await send("a", { expiry: 5, timeout: 10 });
  await clock.go(6000);
  const error = await call.error();
  assert.deepEqual([error.code, error.rpcCode, error.record?.status], ["invoice_expired", 903, "expired"]);
  const { paymentHash, amountMsat } = await get("a");
  const record = await payee.paymentReceived({ paymentHash, amountMsat, paidAt: clock.now });
  assert.equal(record.status, "paid");
  assert.deepEqual(kinds().slice(-2), ["expired", "paid"]);
  await payee.close();
});

test("a list has pages", async () => {
  const { payee, send, pay } = await open();
  for (let number = 1; number <= 5; number += 1) await send(`${number}`, { expiry: 3600 });
  await pay("4");
  await pay("2");
  const all = async (query: Parameters<Payee["listInvoices"]>[0]): Promise<string[]> => {
    const labels: string[] = [];
    for await (const { label } of payee.listInvoices(query)) labels.push(label);
    return labels;
  };
  assert.deepEqual(await all({ limit: 2 }), ["1", "2", "3", "4", "5"]);
  assert.deepEqual(await all({ limit: 2, start: 3 }), ["3", "4", "5"]);
  assert.deepEqual(await all({ index: "updated", limit: 1 }), ["4", "2"]);
  assert.deepEqual(await all({ status: "paid", limit: 2 }), ["2", "4"]);
  assert.deepEqual(await all({ label: 3 }), ["3"]);
  const page = await payee.listInvoices({ limit: 2 }).page();
  assert.deepEqual([page.records.length, page.next], [2, 3]);
  assert.equal((await payee.listInvoices({ start: 4 }).page()).next, undefined);
  const refused = payee.listInvoices({ limit: 0 });
  await assert.rejects(refused.page(), { code: "invalid_parameter" });
  await assert.rejects(all({ limit: 0 }), { code: "invalid_parameter" });
  await payee.close();
});

test("a preview changes nothing", async () => {
  const receivable = [true, false, undefined];
  const asked: bigint[] = [];
  const source = {
    createInboundPayment: () => Promise.reject(new Error("not asked")),
    canReceive: async (amountMsat: bigint) => (asked.push(amountMsat), receivable.shift()),
  };
  const { payee, store } = await open({ source });
  const writes = store.writes.length;
  const preview = await payee.preview(REFUND);
  assert.deepEqual(
    [
      preview.amountMsat,
      preview.description,
      preview.issuer,
      preview.answerable,
      preview.receivable,
      preview.signed,
    ],
    [20_000_001n, "ATM withdrawal", "atm@example.com", true, true, false],
  );
  assert.equal((await payee.preview(REFUND)).receivable, false);
  assert.equal("receivable" in (await payee.preview(REFUND)), false);
  assert.deepEqual(asked, [20_000_001n, 20_000_001n, 20_000_001n]);
  assert.equal(store.writes.length, writes);
  const elsewhere = await open({ network: "regtest" });
  const { answerable, error } = await elsewhere.payee.preview(REFUND);
  assert.ok(!answerable && InvreqError.is(error) && error.code === "wrong_chain");
  await assert.rejects(payee.preview("lnr1"), InvreqError);
  await Promise.all([payee.close(), elsewhere.payee.close()]);
});

test("an invoice is signed by a key of the host's", async () => {
  const asked: unknown[] = [];
  const signer = {
    sign: async (request: { digest: Uint8Array; tag: string; invoice: Uint8Array; nodeId: string }) => {
      asked.push(request.tag, request.nodeId, request.digest.length, request.invoice.length > 100);
      return new Uint8Array(64).fill(1);
    },
  };
  const { payee } = await open({ signer });
  const params = { invreq: REFUND, label: "a", invoiceNodeId: NODE };
  await assert.rejects(payee.sendInvoice(params), { code: "signer_failed" });
  assert.deepEqual(asked, ["lightninginvoicesignature", NODE, 32, true]);
  const without = await open();
  await assert.rejects(without.payee.sendInvoice(params), { code: "signer_failed" });
  await Promise.all([payee.close(), without.payee.close()]);
});

test("nothing shows a secret", async () => {
  const seed = new Uint8Array(32).fill(0xab);
  const { payee, source, send } = await open({ seed });
  assert.deepEqual(seed, new Uint8Array(32).fill(0xab), "the caller's seed stays as it is");
  await send("a");
  const { paymentHash, amountMsat } = source.asked[0] ?? assert.fail();
  const verdict = await payee.judge({ paymentHash, totalMsat: amountMsat, firstHtlcAt: 1_800_000_000 });
  assert.ok(verdict.kind === "settle");
  const shown = inspect(payee, { depth: 10, showHidden: true });
  for (const secret of ["abab", "171, 171", verdict.preimage ?? ""])
    assert.ok(!shown.includes(secret), secret);
  await payee.close();
});

test("eight tasks on one payee come to the end they would come to one by one", async () => {
  const { payee, store, clock, get } = await open();
  const paid = await Promise.all(
    Array.from({ length: 8 }, async (_, task) => {
      const records: InvoiceRecord[] = [];
      for (let number = 0; number < 5; number += 1) {
        const label = `${task}-${number}`;
        const call = watched(payee.sendInvoice({ invreq: REFUND, label, again: true, expiry: 3600 }));
        await until(`${label} is made`, async () => {
          await clock.go(250);
          return (await payee.listInvoices({ label }).page()).records.length === 1;
        });
        const { paymentHash, amountMsat } = await get(label);
        await payee.claim({ paymentHash, totalMsat: amountMsat, firstHtlcAt: clock.now });
        await payee.paymentReceived({ paymentHash, amountMsat, paidAt: clock.now });
        records.push(await call.result);
      }
      return records;
    }),
  );
  const indexes = paid.flat().map((record) => [record.createdIndex, record.payment?.payIndex]);
  for (const column of [0, 1]) {
    const sorted = indexes.map((row) => row[column]).sort((a, b) => Number(a) - Number(b));
    assert.deepEqual(
      sorted,
      Array.from({ length: 40 }, (_, at) => at + 1),
    );
  }
  assert.equal(new Set(paid.flat().map((record) => record.paymentHash)).size, 40);
  assert.ok(store.writes.length >= 120, "each was written when it was made, claimed and paid");
  await payee.close();
});

test("events reach listeners and readers", async () => {
  const { payee, send, pay } = await open();
  const heard: string[] = [];
  const stop = payee.on("paid", ({ record }) => void heard.push(record.label));
  payee.on("created", ({ kind, record }) => void heard.push(`${kind} ${record.label}`));
  const leave = new AbortController();
  const readers = [payee.events(), payee.events({ signal: leave.signal })];
  const read = readers.map(async (events) => {
    const kinds: string[] = [];
    for await (const event of events) kinds.push(event.kind);
    return kinds;
  });
  await send("a", { expiry: 3600 });
  leave.abort();
  await pay("a");
  stop();
  await send("b", { expiry: 3600 });
  await pay("b");
  assert.deepEqual(heard, ["created a", "a", "created b"]);
  await payee.close();
  const once = ["created", "delivery", "delivery", "claiming", "paid"];
  assert.deepEqual(await Promise.all(read), [[...once, ...once], once.slice(0, 3)]);
  assert.deepEqual((await payee.events().next()).done, true, "nothing more comes");
});

test("the first reader gets what happened while the payee was opened", async () => {
  const before = await open();
  await before.send("a", { expiry: 3600 });
  const store = new TestStore();
  for (const [key, value] of before.store.data) store.data.set(key, value);
  await before.payee.close();
  const { payee } = await open({ store, clock: new TestClock(before.clock.ms - 5_000) });
  assert.equal((await payee.events({ signal: AbortSignal.abort() }).next()).done, true, "nobody reads it");
  const readers = [payee.events(), payee.events()];
  await payee.close();
  const read = readers.map(async (events) => {
    const kinds: string[] = [];
    for await (const { kind } of events) kinds.push(kind);
    return kinds;
  });
  assert.deepEqual(await Promise.all(read), [["clockBehind"], []]);
});

test("a reader who falls behind is told how much it missed", async () => {
  const events = new Events();
  const reader = events.read(undefined);
  for (let nowMs = 0; nowMs < 1030; nowMs += 1) events.tell({ kind: "clockBehind", storedMs: 0, nowMs });
  events.end();
  const read: PayeeEvent[] = [];
  for await (const event of reader) read.push(event);
  assert.deepEqual(read[0], { kind: "missed", count: 6 });
  assert.deepEqual(read[1], { kind: "clockBehind", storedMs: 0, nowMs: 6 });
  assert.equal(read.length, 1025);
});

test("closing ends what waits, and gives everything back", async () => {
  let closed = 0;
  const transport = Object.assign(new TestTransport(), { close: async () => void (closed += 1) });
  const { payee, store, send } = await open({ transport });
  const waits = [await send("a"), watched(payee.waitInvoice("a")), watched(payee.waitAnyInvoice())];
  await settle();
  await Promise.all([payee.close(), payee.close()]);
  for (const wait of waits) {
    const { code, retryable } = await wait.error();
    assert.deepEqual([code, retryable], ["cancelled", false]);
  }
  assert.deepEqual([store.closed, closed], [true, 1]);
  await assert.rejects(payee.resume(), { code: "cancelled" });
  await assert.rejects(payee.replyNodeId(), { code: "cancelled" });
  await assert.rejects(payee.listInvoices().page(), { code: "cancelled" });
  const stuck = new TestStore();
  const stays = Object.assign(new TestTransport(), { close: () => Promise.reject(new Error("busy")) });
  const left = await open({ store: stuck, transport: stays });
  await assert.rejects(left.payee.close(), { code: "missing_answer", message: /cannot be closed: busy$/ });
  assert.equal(stuck.closed, true);
  const disposed = await open();
  await disposed.payee[Symbol.asyncDispose]();
  assert.equal(disposed.store.closed, true);
});

test("a payee for another wallet does not open the store", async () => {
  const { payee, store, send } = await open();
  await send("a");
  await payee.close();
  await assert.rejects(open({ store: store.reopened(), seed: new Uint8Array(32).fill(8) }), {
    code: "wrong_store",
  });
  await assert.rejects(open({ store: store.reopened(), network: "regtest" }), { code: "wrong_store" });
  const other = await open({ store: store.reopened(), walletId: "other" });
  assert.deepEqual((await other.payee.listInvoices().page()).records, []);
  await other.payee.close();
});

test("a payee that cannot be opened closes the store and the transport", async () => {
  for (const wrong of [{ network: "mainnet" }, { seed: new Uint8Array(31) }, { clock: {} }]) {
    let closed = 0;
    const transport = Object.assign(new TestTransport(), { close: async () => void (closed += 1) });
    const store = new TestStore();
    await assert.rejects(open({ store, transport, ...wrong } as never), { code: "invalid_parameter" });
    assert.deepEqual([closed, store.closed], [1, true]);
  }
  const store = new TestStore();
  store.before = () => {
    throw new StoreError("full", "no room");
  };
  await assert.rejects(open({ store }), { code: "store_failed" });
  assert.equal(store.closed, true);
  const leads = Object.assign(new TestStore(), { lead: () => new Promise<void>(() => {}) });
  await assert.rejects(open({ store: leads }), { code: "invalid_parameter" });
});

test("what a transport says decides what comes next", async () => {
  const sent: Delivery[] = [];
  const outcomes: unknown[] = ["offline", "gone", new Error("broken"), "accepted"];
  const transport = {
    async send(delivery: Delivery): Promise<SendOutcome> {
      sent.push(delivery);
      const outcome = outcomes.shift();
      if (outcome instanceof Error) throw outcome;
      return outcome as SendOutcome;
    },
  };
  const { clock, events, send, get, payee } = await open({ transport });
  await send("a", { expiry: 3600 });
  for (let second = 0; second < 30; second += 1) await clock.go(1000);
  // The copy that was offline comes again as it was; one that may have left is followed by another.
  assert.deepEqual(
    sent.map(({ id }) => id),
    ["1-0", "1-0", "1-1", "1-2"],
  );
  assert.equal((await get("a")).delivery.state, "sent");
  const told = events.flatMap((event) => (event.kind === "trouble" ? [event.error] : []));
  assert.deepEqual(
    told.map(({ code, message }) => [code, message]),
    [
      [
        "missing_answer",
        "what the transport says of a delivery has to be one of accepted, no_route, offline, failed",
      ],
      ["missing_answer", "the transport cannot send: broken"],
    ],
  );
  await payee.close();
});

test("what a transport cannot look up is told, and why", async () => {
  const transport = {
    send: async (): Promise<SendOutcome> => "accepted",
    findRoute: () => Promise.reject(new Error("401 from the directory")),
  };
  const { clock, events, send, payee } = await open({ transport });
  await send("a", { expiry: 3600 });
  for (let second = 0; second < 5; second += 1) await clock.go(1000);
  const told = events.flatMap((event) => (event.kind === "trouble" ? [event.error] : []));
  assert.equal(told.length, 1, "once, however often it is asked again");
  const [error] = told;
  assert.ok(error instanceof InvreqError);
  assert.deepEqual([error.code, error.retryable], ["missing_answer", true]);
  assert.match(error.message, /^no route to 0[23][0-9a-f]{64} could be looked up: 401 from the directory$/);
  await payee.close();
});

test("a payee with the clock and the dice of the system", async () => {
  const { payee, transport, send, pay } = await open({ clock: undefined, entropy: undefined });
  const call = await send("a");
  await until("it is sent", () => transport.sent.length > 0);
  assert.equal(transport.sent.length, 1);
  await pay("a");
  assert.equal((await call.result).status, "paid");
  await payee.close();
});

test("a page that comes back reads what others changed", async () => {
  const page = new EventTarget();
  const scope = globalThis as { addEventListener?: unknown };
  scope.addEventListener = page.addEventListener.bind(page);
  const { payee, store } = await open();
  delete scope.addEventListener;
  for (const event of ["online", "pageshow"]) {
    const before = store.reads;
    page.dispatchEvent(new Event(event));
    await settle();
    assert.ok(store.reads > before, event);
  }
  await payee.close();
  const before = store.reads;
  page.dispatchEvent(new Event("online"));
  await settle();
  assert.equal(store.reads, before, "and no more once it is closed");
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { decode, InvreqError, Payee, type PayeeEvent } from "../src/index.js";
import { dice, REFUND, settle, TestClock, TestSource, TestStore, TestTransport } from "./host.js";

async function open(over: Partial<Parameters<typeof Payee.open>[0]> = {}) {
  const store = new TestStore();
  const source = new TestSource();
  const transport = new TestTransport();
  const clock = new TestClock();
  const events: PayeeEvent[] = [];
  const payee = await Payee.open({
    network: "bitcoin",
    store,
    source,
    transport,
    clock,
    seed: new Uint8Array(32).fill(7),
    entropy: dice(),
    onEvent: (event) => events.push(event),
    ...over,
  });
  return { payee, store, source, transport, clock, events };
}

test("an invoice is sent, claimed and paid", async () => {
  const { payee, source, transport, events, clock } = await open();
  const call = payee.sendInvoice({ invreq: REFUND, label: "refund 1", expiry: 3600 });
  await settle();
  assert.equal(source.asked.length, 1);
  assert.equal(transport.sent.length, 1);
  const paymentHash = source.asked[0]!.paymentHash;
  const verdict = await payee.judge({
    paymentHash,
    totalMsat: source.asked[0]!.amountMsat,
    firstHtlcAt: clock.ms / 1000,
  });
  assert.equal(verdict.kind, "settle");
  await payee.paymentReceived({
    paymentHash,
    amountMsat: source.asked[0]!.amountMsat,
    paidAt: clock.ms / 1000,
  });
  const record = await call;
  assert.equal(record.status, "paid");
  assert.equal(JSON.parse(record.toRpc()).status, "paid");
  console.log(
    record,
    events.map((e) => e.kind),
  );
  for await (const listed of payee.listInvoices()) assert.deepEqual(listed, record);
  await payee.close();
});

test("decode", () => {
  console.log(decode(REFUND));
  assert.throws(() => decode("lnr1zzz"), InvreqError);
});

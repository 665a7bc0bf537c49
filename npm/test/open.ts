/** A payee with a host of its own. */

import assert from "node:assert/strict";
import { after } from "node:test";

import { InvreqError, Payee, type InvoiceRecord, type PayeeEvent, type PayeeOptions } from "../src/index.js";
import { dice, REFUND, settle, TestClock, TestSource, TestStore, TestTransport } from "./host.js";

export interface Opened {
  readonly payee: Payee;
  readonly store: TestStore;
  readonly source: TestSource;
  readonly transport: TestTransport;
  readonly clock: TestClock;
  readonly events: PayeeEvent[];
  /** The kinds of the events so far, which are then forgotten. */
  kinds(): string[];
  /** Begins a `sendInvoice` and lets it get on. */
  send(label: string, params?: object): Promise<Call>;
  /** Reports that all of an invoice was received. */
  pay(label: string): Promise<InvoiceRecord>;
  get(label: string): Promise<InvoiceRecord>;
}

/** A call under way; its rejection is awaited by nobody else. */
export interface Call {
  readonly result: Promise<InvoiceRecord>;
  /** The error it ends with. */
  error(): Promise<InvreqError>;
  isOver(): boolean;
}

let throws = 0;

// Calls that still wait would keep the process, and with it the whole run.
const all: Payee[] = [];
after(() => all.forEach((payee) => void payee.close().catch(() => {})));

export async function open(over: Partial<PayeeOptions> = {}): Promise<Opened> {
  const events: PayeeEvent[] = [];
  const given = {
    network: "bitcoin",
    store: new TestStore(),
    source: new TestSource(),
    transport: new TestTransport(),
    clock: new TestClock(),
    seed: new Uint8Array(32).fill(7),
    entropy: dice((throws += 1)),
    onEvent: (event: PayeeEvent) => void events.push(event),
    ...over,
  } satisfies PayeeOptions;
  const clock = given.clock as TestClock | undefined;
  const payee = await Payee.open(given);
  all.push(payee);
  await settle();
  const opened: Opened = {
    payee,
    store: given.store as TestStore,
    source: given.source as TestSource,
    transport: given.transport as TestTransport,
    clock: given.clock as TestClock,
    events,
    kinds: () => events.splice(0).map(({ kind }) => kind),
    async send(label, params = {}) {
      const call = watched(payee.sendInvoice({ invreq: REFUND, label, again: true, ...params }));
      await settle();
      // Copies for one peer leave 250 ms apart.
      if (given.clock instanceof TestClock) await given.clock.go(250);
      return call;
    },
    async pay(label) {
      const { paymentHash, amountMsat } = await opened.get(label);
      const paidAt = clock?.now ?? Math.floor(Date.now() / 1000);
      await payee.claim({ paymentHash, totalMsat: amountMsat, firstHtlcAt: paidAt });
      return payee.paymentReceived({ paymentHash, amountMsat, paidAt });
    },
    async get(label) {
      const { records } = await payee.listInvoices({ label }).page();
      assert.ok(records[0], label);
      return records[0];
    },
  };
  return opened;
}

/** Keeps an eye on a call, so that it may reject whenever it likes. */
export function watched(result: Promise<InvoiceRecord>): Call {
  let over = false;
  const end = (): void => void (over = true);
  result.then(end, end);
  return {
    result,
    isOver: () => over,
    async error() {
      try {
        await result;
      } catch (error) {
        assert.ok(InvreqError.is(error), String(error));
        return error;
      }
      return assert.fail("it did not reject");
    },
  };
}

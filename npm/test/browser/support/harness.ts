/**
 * The wallet of the demo without its page, for tests that look at the payee itself. It runs in the browser.
 *
 * @module
 */
import { IndexedDbStore, InvreqError, Payee, WebSocketTransport, type InvoiceRecord } from "invreq";

import { Keepsakes } from "../../../demo/src/keys.js";
import { TestNetwork } from "../../../demo/src/network.js";
import { directory, paymentSource, servePayments } from "../../../demo/src/node.js";

/** What a test sees of a record: what can go from the page to Node. */
export interface Seen {
  label: string;
  status: string;
  state: string;
  attempts: number;
  claiming: boolean;
}

/** What a test sees of a call: a record, or the error. */
export type Result =
  { record: Seen } | { error: { code: string; rpcCode: number; message: string; retryable: boolean } };

/** What a test can do with a page. */
export interface Harness {
  /** Opens the wallet; with `serve` this page is the one the node talks to. */
  open(options: { serve: boolean }): Promise<void>;
  sendInvoice(invreq: string, label: string, timeout?: number): Promise<Result>;
  waitInvoice(label: string): Promise<Result>;
  list(): Promise<Seen[]>;
  /** The seed, as hex: what must be found nowhere. */
  seed(): Promise<string>;
}

class Page implements Harness {
  #payee: Payee | undefined;

  async open({ serve }: { serve: boolean }): Promise<void> {
    const store = await IndexedDbStore.open({ name: "invreq-demo-wallet" });
    const network = await TestNetwork.open();
    const payee = await Payee.open({
      network: "regtest",
      store,
      seed: await (await Keepsakes.open()).seed(),
      source: paymentSource(network),
      transport: new WebSocketTransport({ network: "regtest", directory: directory(network) }),
    });
    if (serve) servePayments(network, payee);
    this.#payee = payee;
  }

  sendInvoice(invreq: string, label: string, timeout = 60): Promise<Result> {
    return result(() => this.#open.sendInvoice({ invreq, label, timeout, expiry: 3600 }));
  }

  waitInvoice(label: string): Promise<Result> {
    return result(() => this.#open.waitInvoice(label));
  }

  async list(): Promise<Seen[]> {
    const records: Seen[] = [];
    for await (const record of this.#open.listInvoices()) records.push(seen(record));
    return records;
  }

  async seed(): Promise<string> {
    const bytes = await (await Keepsakes.open()).seed();
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  get #open(): Payee {
    if (!this.#payee) throw new Error("the wallet is not open");
    return this.#payee;
  }
}

async function result(call: () => Promise<InvoiceRecord>): Promise<Result> {
  try {
    return { record: seen(await call()) };
  } catch (error) {
    if (!InvreqError.is(error)) throw error;
    const { code, rpcCode, message, retryable } = error;
    return { error: { code, rpcCode, message, retryable } };
  }
}

function seen({ label, status, claiming, delivery }: InvoiceRecord): Seen {
  return { label, status, claiming, state: delivery.state, attempts: delivery.attempts };
}

Object.assign(globalThis, { harness: new Page() });

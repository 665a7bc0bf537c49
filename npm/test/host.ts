/** A host for tests: everything it does can be told, and everything it is told can be read. */

import {
  StoreError,
  type Batch,
  type Clock,
  type Delivery,
  type Entry,
  type InboundPayment,
  type PaymentSource,
  type SendOutcome,
  type Store,
  type Transport,
} from "../src/host.js";

/** Some point of the curve. */
export const NODE = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";

/** A refund of an LDK node on bitcoin, without an end. */
export const REFUND =
  "lnr1qqsqzqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqg2peq4gnfqwa5hg6rywfshwctvp" +
  "czwu6egqqfq7ct5d4qx27rpd4cxcefwvdhk65syqycj6q2cyypjgef743p5fzqq9nqxh0ah7y87rzv3ud0eleps9kl2d5348hq2k8zeqe6xsctwddes";

export class TestStore implements Store {
  readonly data = new Map<string, Uint8Array>();
  readonly writes: Batch[] = [];
  closed = false;
  /** Called before each write; it may throw. */
  before: (batch: Batch) => void | Promise<void> = () => {};
  /** Called after each write; it may throw. */
  after: () => void | Promise<void> = () => {};
  reads = 0;

  async range(start: Uint8Array, end: Uint8Array, limit: number): Promise<Entry[]> {
    if (this.closed) throw new StoreError("closed", "the store is closed");
    this.reads += 1;
    const [from, to] = [key(start), key(end)];
    return [...this.data]
      .filter(([at]) => at >= from && at < to)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, limit)
      .map(([at, value]) => ({ key: Uint8Array.from(Buffer.from(at, "latin1")), value: value.slice() }));
  }

  async write(batch: Batch): Promise<void> {
    if (this.closed) throw new StoreError("closed", "the store is closed");
    await this.before(batch);
    const found = this.data.get(key(batch.revisionKey));
    const revision = found === undefined ? 0n : Buffer.from(found).readBigUInt64BE();
    if (revision !== batch.revision - 1n)
      throw new StoreError("conflict", "another writer was first", "revision");
    for (const absent of batch.absent) {
      if (this.data.has(key(absent))) throw new StoreError("conflict", "it is there", { present: absent });
    }
    for (const { key: at, value } of batch.puts) this.data.set(key(at), value.slice());
    for (const at of batch.deletes) this.data.delete(key(at));
    const next = Buffer.alloc(8);
    next.writeBigUInt64BE(batch.revision);
    this.data.set(key(batch.revisionKey), Uint8Array.from(next));
    this.writes.push(batch);
    await this.after();
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  /** The same data for another payee, as after a crash. */
  reopened(): TestStore {
    const store = new TestStore();
    for (const [at, value] of this.data) store.data.set(at, value);
    return store;
  }
}

function key(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

export function payment(amountMsat: bigint): InboundPayment {
  return {
    paths: [
      {
        path: {
          introduction: NODE,
          pathKey: NODE,
          hops: [{ blindedNodeId: NODE, encryptedRecipientData: new Uint8Array(50) }],
        },
        payinfo: {
          feeBaseMsat: 0,
          feeProportionalMillionths: 0,
          cltvExpiryDelta: 0,
          htlcMinimumMsat: 0,
          htlcMaximumMsat: amountMsat,
        },
      },
    ],
  };
}

export class TestSource implements PaymentSource {
  readonly asked: Parameters<PaymentSource["createInboundPayment"]>[0][] = [];
  async createInboundPayment(
    request: Parameters<PaymentSource["createInboundPayment"]>[0],
  ): Promise<InboundPayment> {
    this.asked.push(request);
    return payment(request.amountMsat);
  }
}

export class TestTransport implements Transport {
  readonly sent: Delivery[] = [];
  outcome: SendOutcome = "accepted";
  async send(delivery: Delivery): Promise<SendOutcome> {
    this.sent.push(delivery);
    return this.outcome;
  }
}

/** A clock that stands still until it is told to go. */
export class TestClock implements Clock {
  readonly #sleepers = new Set<{ at: number; wake: () => void }>();
  constructor(public ms = 1_800_000_000_000) {}

  nowMs(): number {
    return this.ms;
  }

  /** The time, in Unix seconds. */
  get now(): number {
    return Math.floor(this.ms / 1000);
  }

  sleepUntil(at: number, { signal }: { signal: AbortSignal }): Promise<void> {
    return new Promise((wake) => {
      const sleeper = { at, wake };
      this.#sleepers.add(sleeper);
      signal.addEventListener("abort", () => (this.#sleepers.delete(sleeper), wake()));
    });
  }

  /** So much time goes by, or comes back. */
  async go(ms: number): Promise<void> {
    this.ms += ms;
    for (const sleeper of [...this.#sleepers]) {
      if (sleeper.at <= this.ms || ms < 0) {
        this.#sleepers.delete(sleeper);
        sleeper.wake();
      }
    }
    await settle();
  }
}

/** Lets everything that is ready get on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Waits until it is so, however slow the machine is. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`it never came about: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Dice that fall the same way every time they begin with the same number, and never twice alike. */
export function dice(first = 0): () => Uint8Array {
  let throws = 0;
  return () => {
    throws += 1;
    const bytes = new Uint8Array(32).fill(9);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, first);
    view.setUint32(4, throws);
    return bytes;
  };
}

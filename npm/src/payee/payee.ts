/// <reference lib="esnext.disposable" preserve="true" />
/**
 * The handle: what a wallet calls.
 *
 * @module
 */

import * as check from "../check.js";
import { invalid, InvreqError } from "../error.js";
import type { Clock, Entropy, NodeId, PaymentSource, Signer, Store, Transport } from "../host.js";
import { call, onDeath, ready } from "../module.js";
import type { InvoiceRecord, Status } from "../record.js";
import { network } from "../text.js";
import type {
  Claim,
  ClaimApproval,
  EventOf,
  ListInvoicesQuery,
  Network,
  Page,
  PayeeEvent,
  PaymentReceived,
  Preview,
  SendInvoiceParams,
  Verdict,
} from "../types.js";
import { onAbort } from "./abort.js";
import { Background } from "./background.js";
import { Calls } from "./calls.js";
import { type Effects, Engine, type Hosts, type MakeInput, restore } from "./engine.js";
import { EVENT_KINDS, Events } from "./events.js";
import { hostError, readSigner, readSource, readStore, readTransport, TimeAndDice } from "./host.js";
import * as inputs from "./inputs.js";
import { verdict } from "./verdict.js";

// Where the symbols are missing, as compilers name them there.
const asyncDispose: typeof Symbol.asyncDispose =
  Symbol.asyncDispose ?? /* @__PURE__ */ Symbol.for("Symbol.asyncDispose");
const dispose: typeof Symbol.dispose = Symbol.dispose ?? /* @__PURE__ */ Symbol.for("Symbol.dispose");

/** What a payee is opened with. */
export interface PayeeOptions {
  /** The network the wallet lives on. */
  readonly network: Network;
  /** Where invoices are kept. */
  readonly store: Store;
  /** Where money comes in. */
  readonly source: PaymentSource;
  /** How messages go out. */
  readonly transport: Transport;
  /** 32 bytes that the wallet uses for nothing else: a sub-key, never its root. They are copied. */
  readonly seed: Uint8Array;
  /** Signs with keys the host keeps, where a call names one. */
  readonly signer?: Signer | undefined;
  /** Tells wallets in one store apart: 1 to 64 letters, digits, `-`, `_` or `.`; `main` where it is left out. */
  readonly walletId?: string | undefined;
  /** The time; the system's where it is left out. */
  readonly clock?: Clock | undefined;
  /** The dice; the system's where it is left out. */
  readonly entropy?: Entropy | undefined;
  /** Hears every event from the very first one on, as `on("*", …)` does later. */
  readonly onEvent?: ((event: PayeeEvent) => void) | undefined;
}

/** What a call that can wait takes beside its parameters. */
export interface WaitOptions {
  /** Ends the wait, never the invoice: the call rejects with `cancelled`, whose `cause` is the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Invoices for `for await`: page after page, as they are read. */
export interface InvoiceList extends AsyncIterable<InvoiceRecord> {
  /** The first page, and where the next one starts. */
  page(): Promise<Page>;
}

/**
 * Answers invoice requests and tracks the answers.
 *
 * A method rejects with an {@link InvreqError}, whatever it was passed. While a call waits, it keeps a Node process alive; timers in
 * the background alone do not.
 */
export class Payee {
  readonly #engine: Engine;
  readonly #hosts: Hosts;
  readonly #background: Background;
  readonly #calls = new Calls();
  readonly #events = new Events();
  readonly #closing = new AbortController();
  #closed: Promise<void> | undefined;

  /**
   * Reads the store and takes up where it left off. Where it fails, it closes the store and the transport: both are the payee's.
   *
   * @throws {@link InvreqError} `wrong_store`, `store_corrupt`, `store_failed`; `invalid_parameter` for the options.
   */
  static async open(options: PayeeOptions): Promise<Payee> {
    const given = check.read(options, "options", [
      "network",
      "store",
      "source",
      "transport",
      "seed",
      "signer",
      "walletId",
      "clock",
      "entropy",
      "onEvent",
    ]);
    try {
      return await Payee.#open(given);
    } catch (error) {
      for (const what of ["transport", "store"] as const) {
        try {
          await check.method(given[what], what, "close")?.();
        } catch {
          // Why it could not be opened says more.
        }
      }
      throw error;
    }
  }

  static async #open(given: check.Unknowns<keyof PayeeOptions>): Promise<Payee> {
    const chain = network(given.network);
    const walletId = check.optional(given.walletId, check.text, "walletId") ?? "main";
    const hosts: Hosts = {
      store: readStore(given.store),
      source: readSource(given.source),
      transport: readTransport(given.transport),
      signer: check.optional(given.signer, readSigner, "signer"),
      time: new TimeAndDice(given.clock, given.entropy),
    };
    const onEvent = given.onEvent;
    if (onEvent !== undefined && typeof onEvent !== "function") throw invalid("onEvent has to be a function");
    const seed = check.bytes(given.seed, "seed", 32);
    try {
      await ready();
      const handle = call((glue) => new glue.Engine(chain, walletId, seed));
      const payee = new Payee(handle, hosts);
      if (onEvent !== undefined) payee.on("*", (event) => void Reflect.apply(onEvent, undefined, [event]));
      await payee.#start();
      return payee;
    } finally {
      seed.fill(0);
    }
  }

  /** Use {@link Payee.open}. */
  private constructor(handle: ConstructorParameters<typeof Engine>[0], hosts: Hosts) {
    const { signal } = this.#closing;
    this.#hosts = hosts;
    this.#engine = new Engine(handle, hosts, signal, (effects) => this.#handOn(effects));
    this.#background = new Background(this.#engine, hosts, signal, (error) =>
      this.#events.tell({ kind: "trouble", error }),
    );
  }

  /**
   * Answers a request, has the invoice sent, and waits until it is paid.
   *
   * While nothing is heard of the payer, the same invoice goes over one path of the request after the other.
   *
   * @throws {@link InvreqError} Those of the request and the terms before anything is written; then `no_route` (1003), `payer_error`
   * (1004), `wait_timeout` (1005), `invoice_expired` (903), each with the record.
   */
  async sendInvoice(params: SendInvoiceParams, options: WaitOptions = {}): Promise<InvoiceRecord> {
    return this.#call(inputs.sendInvoice(params), options);
  }

  /**
   * Sends the same invoice once more, and does not wait.
   *
   * @throws {@link InvreqError} `not_found`, `invoice_expired`, `already_paid`, `claiming`, `request_expired`.
   */
  async resend(label: string | number): Promise<InvoiceRecord> {
    return this.#call(inputs.resend(label));
  }

  /**
   * Waits until this invoice is paid.
   *
   * @throws {@link InvreqError} `not_found`; `invoice_expired` (903).
   */
  async waitInvoice(label: string | number, options: WaitOptions = {}): Promise<InvoiceRecord> {
    return this.#call(inputs.waitInvoice(label), options);
  }

  /**
   * Waits for the next payment after `lastPayIndex` (0 for the first), for at most `timeout` seconds where that is given.
   *
   * @throws {@link InvreqError} `wait_any_timeout` (904).
   */
  async waitAnyInvoice(
    lastPayIndex = 0,
    options: WaitOptions & { readonly timeout?: number | undefined } = {},
  ): Promise<InvoiceRecord> {
    const { timeout } = check.read(options, "options", ["timeout"]);
    return this.#call(inputs.waitAnyInvoice(lastPayIndex, timeout), options);
  }

  /**
   * Lists invoices: for `for await`, or page by page.
   *
   * @throws {@link InvreqError} `invalid_parameter`.
   */
  listInvoices(query: ListInvoicesQuery = {}): InvoiceList {
    // Read now, as every other parameter is, and refused where the list is awaited.
    const asked = settled(() => inputs.listInvoices(query));
    const read = async (from?: number): Promise<Page> => {
      const { start, page } = asked();
      return this.#call<Page>(page(from ?? start));
    };
    return {
      page: () => read(),
      async *[Symbol.asyncIterator]() {
        let page = await read();
        yield* page.records;
        while (page.next !== undefined) {
          page = await read(page.next);
          yield* page.records;
        }
      },
    };
  }

  /**
   * Forgets an invoice, if it has this status.
   *
   * @throws {@link InvreqError} `not_found` (905), `status_mismatch` (906), `claiming`.
   */
  async delInvoice(label: string | number, status: Status): Promise<InvoiceRecord> {
    return this.#call(inputs.delInvoice(label, status));
  }

  /**
   * Says what answering a request would mean, and changes nothing.
   *
   * @throws {@link InvreqError} Those of a text that is no invoice request.
   */
  async preview(invreq: string, options: WaitOptions = {}): Promise<Preview> {
    return this.#call(inputs.preview(invreq), options);
  }

  /**
   * Asks for the preimage of a payment that waits to be claimed. When it resolves, the claim is written down. {@link judge} sorts the
   * errors for you.
   *
   * @throws {@link InvreqError} Only `not_found`, `amount_too_low`, `amount_too_high` and `claim_too_late` are a reason to fail the
   * payment. After `already_paid` settle again with the preimage of the record; after any other, hold the payment and ask again.
   */
  async claim(claim: Claim): Promise<ClaimApproval> {
    return this.#call(inputs.claim(claim));
  }

  /**
   * Decides about a payment whose HTLCs the node holds: {@link Payee.claim}, with its errors sorted into what a node can do.
   *
   * @throws {@link InvreqError} Only `invalid_parameter`, for a claim that is none: to hold and ask again would end the same way.
   */
  async judge(claim: Claim): Promise<Verdict> {
    return verdict(() => this.claim(claim));
  }

  /**
   * Reports that a claimed payment failed after all: no part of it was received, and none will be. While a part may still settle, do
   * not call it.
   *
   * @throws {@link InvreqError} `not_found`, `already_paid`.
   */
  async claimFailed(paymentHash: string): Promise<InvoiceRecord> {
    return this.#call(inputs.claimFailed(paymentHash));
  }

  /**
   * Reports money that arrived for good. Report it again after every restart, if in doubt: nothing counts twice.
   *
   * @throws {@link InvreqError} `not_found`, `amount_too_low`, `preimage_mismatch`, `preimage_required`.
   */
  async paymentReceived(payment: PaymentReceived): Promise<InvoiceRecord> {
    return this.#call(inputs.paymentReceived(payment));
  }

  /**
   * Hands over an onion message: the payload of message 513, without its type, at most 65,536 bytes. It came for
   * {@link replyNodeId}, or for the `nodeId` at which a reply path ends. A message that answers nothing of ours is no error.
   *
   * @throws {@link InvreqError} Those of the store.
   */
  async receiveOnionMessage(
    bytes: Uint8Array,
    options: { readonly nodeId?: NodeId | undefined } = {},
  ): Promise<void> {
    const { nodeId } = check.read(options, "options", ["nodeId"]);
    await this.#tell(inputs.onionMessage(bytes, nodeId));
  }

  /**
   * Hands over an `invoice_error` that the host's own messenger opened, with the delivery's `replyPathId`. One that answers nothing
   * of ours is no error.
   *
   * @throws {@link InvreqError} Those of the store.
   */
  async receiveInvoiceError(reply: {
    readonly replyPathId: Uint8Array;
    readonly bytes: Uint8Array;
  }): Promise<void> {
    const given = check.read(reply, "reply", ["replyPathId", "bytes"]);
    await this.#tell(inputs.invoiceError(given.replyPathId, given.bytes));
  }

  /**
   * Catches up after the machine slept or another process wrote to the store. A page does it by itself when it is shown again, goes
   * online or wakes up.
   *
   * @throws {@link InvreqError} Those of the store.
   */
  async resume(): Promise<void> {
    this.#closing.signal.throwIfAborted();
    await this.#background.catchUp();
  }

  /** The node id that replies over the engine's own reply paths are for; whoever hosts the payee hands it what comes for it. */
  async replyNodeId(): Promise<NodeId> {
    return this.#engine.look((handle) => handle.replyNodeId());
  }

  /** How many replies came that answer nothing of ours. */
  async ignoredReplies(): Promise<number> {
    return Number(await this.#engine.look((handle) => handle.ignoredReplies()));
  }

  /** Calls back at every event of this kind, `*` for all; returns how to stop. What a listener throws is reported as uncaught. */
  on<Kind extends Exclude<PayeeEvent["kind"], "missed"> | "*">(
    kind: Kind,
    listener: (event: EventOf<Kind>) => void,
  ): () => void {
    if (typeof listener !== "function") throw invalid("listener has to be a function");
    return this.#events.on(check.word(kind, "kind", EVENT_KINDS) as Kind, listener);
  }

  /**
   * Everything that happens from now on, for `for await`. It ends when the payee is closed or `signal` is aborted. The first reader gets
   * also what happened since the payee was opened. A reader that falls more than 1,024 behind misses the oldest ones, and gets a
   * `missed` event in their place.
   */
  events(options: WaitOptions = {}): AsyncIterableIterator<PayeeEvent> {
    return this.#events.read(readSignal(options));
  }

  /**
   * Ends everything, and closes the store and the transport. Calls that still wait reject with `cancelled`.
   *
   * @throws {@link InvreqError} Those of the store; `missing_answer` where the transport cannot be closed.
   */
  async close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** {@link close}, for `await using`. */
  [asyncDispose](): Promise<void> {
    return this.close();
  }

  /** {@link close}, for `using`; its errors are passed over. */
  [dispose](): void {
    this.close().catch(() => {});
  }

  async #start(): Promise<void> {
    const gone = onDeath((error) => this.#end(error));
    onAbort(this.#closing.signal, gone);
    try {
      if (this.#hosts.store.lead !== undefined)
        await this.#engine.look((handle) => handle.setSending("none"));
      await this.#engine.perform(restore);
      this.#background.start(await this.#engine.look((handle) => handle.revisionKey()));
    } catch (error) {
      this.#end(error as InvreqError);
      await this.#engine.end();
      throw error;
    }
  }

  async #close(): Promise<void> {
    this.#end(closed());
    // Under the lock, so that a write that is under way is done or not begun.
    await this.#engine.end();
    try {
      await this.#hosts.transport.close?.();
    } catch (error) {
      throw hostError("the transport cannot be closed", error);
    } finally {
      await this.#hosts.store.close();
    }
  }

  #end(error: InvreqError): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(error);
    this.#calls.end(error);
    this.#events.end();
  }

  /** A call that has a reply. */
  async #call<T>(make: inputs.MakeCall, options: WaitOptions = {}): Promise<T> {
    const signal = readSignal(options);
    this.#closing.signal.throwIfAborted();
    // Only what the engine knows of can be ended.
    let performed = Promise.resolve();
    const leave = (): void =>
      void performed.then(() => this.#background.performForGood(inputs.cancel(number)));
    const { number, reply } = this.#calls.begin(signal, leave);
    if (!this.#calls.isOver(number)) {
      performed = this.#engine
        .perform(make(number))
        .catch((error: unknown) => this.#calls.reply({ call: number, error: error as InvreqError }));
    }
    return reply as Promise<T>;
  }

  /** An input that has no reply. */
  async #tell(make: MakeInput): Promise<void> {
    this.#closing.signal.throwIfAborted();
    await this.#engine.perform(make);
  }

  /** Hands on what a committed step let out. */
  #handOn({ events, replies, deliveries, wakeAt }: Effects): void {
    // Events first: whoever learns that its call has ended finds what led to it among the events.
    for (const event of events) this.#events.tell(event);
    for (const reply of replies) this.#calls.reply(reply);
    for (const delivery of deliveries) void this.#background.send(delivery);
    this.#background.schedule(wakeAt);
  }
}

/** Does something now, and says later what came of it. */
function settled<T>(work: () => T): () => T {
  try {
    const value = work();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

function readSignal(options: unknown): AbortSignal | undefined {
  const { signal } = check.read(options, "options", ["signal"]);
  return check.optional(signal, abortSignal, "signal");
}

function abortSignal(value: unknown, what: string): AbortSignal {
  const { aborted, ...methods } = check.read(value, what, [
    "aborted",
    "addEventListener",
    "removeEventListener",
  ]);
  if (
    typeof aborted !== "boolean" ||
    !Object.values(methods).every((method) => typeof method === "function")
  ) {
    throw invalid(`${what} has to be an AbortSignal, not ${check.kindOf(value)}`);
  }
  return value as AbortSignal;
}

function closed(): InvreqError {
  // Calling again would end the same way.
  return new InvreqError({ code: "cancelled", message: "the payee was closed", retryable: false });
}

/**
 * What goes on in the background: timers, deliveries, what comes in, other tabs.
 *
 * @module
 */

import * as check from "../check.js";
import { invalid, InvreqError, fail } from "../error.js";
import type { Delivery, SendOutcome } from "../host.js";
import { onAbort } from "./abort.js";
import { LATE, PATIENCE_MS, within } from "./ask.js";
import { breathe, LONGEST_SLEEP_MS } from "./clock.js";
import { type Engine, type Hosts, type MakeInput, restore, tick } from "./engine.js";
import { hostError, reasonOf, storeCall, storeError } from "./host.js";
import { invoiceError, onionMessage } from "./inputs.js";

/** The pause after something in the background failed; it doubles up to half a minute. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

const OUTCOMES = ["accepted", "no_route", "offline", "failed"] as const;

/** What a payee does without being called. */
export class Background {
  readonly #engine: Engine;
  readonly #hosts: Hosts;
  readonly #closing: AbortSignal;
  readonly #trouble: (error: InvreqError) => void;
  #started = false;
  #wakeAt: number | undefined;
  #sleeping: AbortController | undefined;
  #ticking = false;
  #pause = FIRST_PAUSE_MS;
  #seenMs = 0;
  #setBack = false;
  #catchingUp: Promise<void> | undefined;
  #catchUpAgain = false;
  #catchUpPause = FIRST_PAUSE_MS;
  #isWanted = false;
  #isLater = false;

  constructor(engine: Engine, hosts: Hosts, closing: AbortSignal, trouble: (error: InvreqError) => void) {
    this.#engine = engine;
    this.#hosts = hosts;
    this.#closing = closing;
    this.#trouble = trouble;
  }

  /** Begins, once the engine has read its store. */
  start(revisionKey: Uint8Array): void {
    this.#started = true;
    this.schedule(this.#wakeAt);
    void this.#receiveAll();
    this.#listen();
    void this.#watch(revisionKey);
    void this.#lead(revisionKey);
  }

  /** The engine wants its next tick at this time. */
  schedule(wakeAt: number | undefined): void {
    this.#wakeAt = wakeAt;
    if (!this.#started || this.#closing.aborted) return;
    let now: number | undefined;
    try {
      now = this.#hosts.time.nowMs();
      // A clock that was set back moves every timer away, so the engine has to see it.
      this.#setBack ||= now < this.#seenMs;
      this.#seenMs = now;
    } catch {
      // The tick finds the same, tells of it, and comes back here after a pause.
    }
    if (this.#ticking) return;
    this.#sleeping?.abort();
    if (now === undefined || this.#setBack || (wakeAt !== undefined && wakeAt <= now)) void this.#tick();
    else if (wakeAt !== undefined) void this.#sleep(now, wakeAt);
  }

  /** Hands a copy to the transport, and does not rest until what became of it is written. */
  async send(delivery: Delivery): Promise<void> {
    let outcome: SendOutcome;
    try {
      const { transport } = this.#hosts;
      const said = await within(this.#hosts, PATIENCE_MS, this.#closing, (signal) =>
        transport.send(delivery, { signal }),
      );
      outcome = answered(() => check.word(said, "what the transport says of a delivery", OUTCOMES));
    } catch (error) {
      outcome = "failed";
      if (error !== LATE && !this.#closing.aborted)
        this.#trouble(hostError("the transport cannot send", error));
    }
    await this.performForGood((glue) => glue.Input.delivered(delivery.id, outcome));
  }

  /** Reads what other writers changed, and catches up with the time. */
  catchUp(): Promise<void> {
    // What changed since it began needs another look.
    this.#catchUpAgain = true;
    this.#catchingUp ??= this.#catchUp();
    return this.#catchingUp;
  }

  async #catchUp(): Promise<void> {
    try {
      while (this.#catchUpAgain) {
        this.#catchUpAgain = false;
        await this.#engine.perform(restore);
        await this.#engine.perform(tick);
      }
    } finally {
      this.#catchingUp = undefined;
    }
  }

  /** Carries out an input nobody waits for, again and again where the store fails for a while. */
  performForGood(make: MakeInput): Promise<void> {
    return this.#untilDone(() => this.#engine.perform(make));
  }

  /** Does it again and again while it fails for a while, and tells of every failure. */
  async #untilDone(work: () => Promise<void>): Promise<void> {
    let pause = FIRST_PAUSE_MS;
    while (!this.#closing.aborted) {
      try {
        return await work();
      } catch (error) {
        if (this.#closing.aborted) return;
        const known = this.#known(error);
        this.#trouble(known);
        if (!known.retryable) return;
        pause = await this.#rest(pause);
      }
    }
  }

  async #sleep(now: number, wakeAt: number): Promise<void> {
    const sleeping = new AbortController();
    this.#sleeping = sleeping;
    const stop = onAbort(this.#closing, () => sleeping.abort());
    try {
      await this.#hosts.time.waitUntil(now, Math.min(wakeAt, now + LONGEST_SLEEP_MS), sleeping.signal);
    } catch (error) {
      if (!sleeping.signal.aborted) this.#trouble(this.#known(error));
      await this.#rest(FIRST_PAUSE_MS);
    } finally {
      stop();
    }
    if (!sleeping.signal.aborted) this.schedule(this.#wakeAt);
  }

  /** There is one tick at a time. */
  async #tick(): Promise<void> {
    this.#ticking = true;
    this.#setBack = false;
    try {
      await this.#engine.perform(tick);
      this.#pause = FIRST_PAUSE_MS;
    } catch (error) {
      if (this.#closing.aborted) return;
      this.#trouble(this.#known(error));
      this.#pause = await this.#rest(this.#pause);
    } finally {
      this.#ticking = false;
    }
    this.schedule(this.#wakeAt);
  }

  /** Takes in what comes at the transport by itself, one message at a time. */
  async #receiveAll(): Promise<void> {
    const { receive } = this.#hosts.transport;
    if (receive === undefined) return;
    let pause = FIRST_PAUSE_MS;
    while (!this.#closing.aborted) {
      try {
        const received = await receive({ signal: this.#closing });
        if (this.#closing.aborted) return;
        await this.performForGood(answered(() => readReceived(received)));
        pause = FIRST_PAUSE_MS;
        await breathe();
      } catch (error) {
        if (this.#closing.aborted) return;
        this.#trouble(hostError("the transport cannot receive", error));
        pause = await this.#rest(pause);
      }
    }
  }

  /** A page that was out of sight or offline, or a machine that slept, catches up as soon as it is back. */
  #listen(): void {
    const page = typeof document === "undefined" ? undefined : document;
    const back = ({ type }: Event): void => {
      if (type !== "visibilitychange" || page?.visibilityState === "visible") this.#catchUpQuietly();
    };
    const listen = (target: Partial<EventTarget> | undefined, events: readonly string[]): void => {
      for (const event of events) target?.addEventListener?.(event, back, { signal: this.#closing });
    };
    listen(globalThis, ["pageshow", "online"]);
    listen(page, ["visibilitychange", "resume"]);
  }

  /** Hears of what others write. */
  async #watch(revisionKey: Uint8Array): Promise<void> {
    const { watch } = this.#hosts.store;
    if (watch === undefined) return;
    // Without a pause in between: after the end nobody would stop it any more.
    await this.#untilDone(async () => {
      const stop = watching(() => watch(revisionKey.slice(), () => this.#catchUpQuietly()));
      if (typeof stop !== "function") throw invalid("store.watch has to return a function");
      onAbort(this.#closing, () => {
        try {
          Reflect.apply(stop, undefined, []);
        } catch (error) {
          this.#trouble(fail("store_failed", `the store cannot stop to watch: ${reasonOf(error)}`, error));
        }
      });
    });
    // What was written after the engine read the store and before it was watched, nobody tells us of.
    this.#catchUpQuietly();
  }

  /** Of several tabs or processes, one sends: this one, from now on. */
  async #lead(revisionKey: Uint8Array): Promise<void> {
    const { lead } = this.#hosts.store;
    if (lead === undefined) return;
    await this.#untilDone(async () => {
      await storeCall(() => lead(revisionKey.slice(), { signal: this.#closing }));
      if (this.#closing.aborted) return;
      await this.#engine.look((handle) => handle.setSending("only"));
      this.#catchUpQuietly();
    });
  }

  /** Nobody waits for it; where it fails, it is tried again. */
  #catchUpQuietly(): void {
    this.#isWanted = true;
    this.catchUp().then(
      () => void (this.#catchUpPause = FIRST_PAUSE_MS),
      (error: unknown) => this.#catchUpLater(error),
    );
  }

  /** Of all who wanted what failed, one tries again. */
  async #catchUpLater(error: unknown): Promise<void> {
    if (!this.#isWanted || this.#isLater || this.#closing.aborted) return;
    this.#isWanted = false;
    const known = this.#known(error);
    this.#trouble(known);
    if (!known.retryable) return;
    this.#isLater = true;
    this.#catchUpPause = await this.#rest(this.#catchUpPause);
    this.#isLater = false;
    this.#catchUpQuietly();
  }

  /** Waits, and gives the next pause. */
  async #rest(pause: number): Promise<number> {
    try {
      await this.#hosts.time.wait(pause, this.#closing);
    } catch {
      // A clock that cannot wait is no reason to try without a pause.
      await breathe(pause);
    }
    return Math.min(pause * 2, LONGEST_PAUSE_MS);
  }

  #known(error: unknown): InvreqError {
    return InvreqError.is(error)
      ? error
      : fail("internal", `something unexpected: ${reasonOf(error)}`, error);
  }
}

/** Begins to watch; what a store throws is an error of the library from here on. */
function watching(begin: () => unknown): unknown {
  try {
    return begin();
  } catch (error) {
    throw storeError(error);
  }
}

/** Reads what the host gave; something else is as good as no answer. */
function answered<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw fail("missing_answer", reasonOf(error), error);
  }
}

function readReceived(value: unknown): MakeInput {
  const given = check.read(value, "what the transport received", ["kind", "nodeId", "replyPathId", "bytes"]);
  const kind = check.word(given.kind, "kind", ["onionMessage", "invoiceError"] as const);
  return kind === "onionMessage"
    ? onionMessage(given.bytes, given.nodeId)
    : invoiceError(given.replyPathId, given.bytes);
}

/**
 * One input from beginning to end: questions, the write, the commit, and what follows.
 *
 * @module
 */

import { fromWasm } from "../convert.js";
import { fail, InvreqError } from "../error.js";
import type { Batch, Delivery } from "../host.js";
import { call, free, type Glue } from "../module.js";
import type { PayeeEvent } from "../types.js";
import type { Answers, Engine as Handle, Input } from "../wasm/invreq.js";
import { ask, type Need } from "./ask.js";
import type { HostSigner, HostSource, HostStore, HostTransport, TimeAndDice } from "./host.js";

/** How often an input begins again because another writer was faster. */
const MAX_CONFLICTS = 16;

/** What the host supplied. */
export interface Hosts {
  readonly store: HostStore;
  readonly source: HostSource;
  readonly transport: HostTransport;
  readonly signer: HostSigner | undefined;
  readonly time: TimeAndDice;
}

/** Makes an input in the module. */
export type MakeInput = (glue: Glue) => Input;

/** What a committed step lets out. */
export interface Effects {
  readonly deliveries: readonly Delivery[];
  readonly replies: readonly Reply[];
  readonly events: readonly PayeeEvent[];
  readonly wakeAt: number | undefined;
}

const NOTHING: Effects = { deliveries: [], replies: [], events: [], wakeAt: undefined };

/** The reply to a call: one of `outcome` and `error`. */
export interface Reply {
  readonly call: bigint;
  readonly outcome?: unknown;
  readonly error?: InvreqError;
}

/** The engine, and the lock that keeps its inputs in order. */
export class Engine {
  readonly #handle: Handle;
  readonly #hosts: Hosts;
  readonly #closing: AbortSignal;
  readonly #handOn: (effects: Effects) => void;
  readonly #inputs = new Turns();
  readonly #ticks = new Turns();

  constructor(handle: Handle, hosts: Hosts, closing: AbortSignal, handOn: (effects: Effects) => void) {
    this.#handle = handle;
    this.#hosts = hosts;
    this.#closing = closing;
    this.#handOn = handOn;
  }

  /** Carries out an input. When it resolves, everything the input led to is written and handed on. */
  async perform(make: MakeInput): Promise<void> {
    // A tick that began before another and ends after it would look like a clock that was set back.
    return make === tick ? this.#ticks.take(() => this.#perform(make)) : this.#perform(make);
  }

  /** Looks at the engine between two inputs. */
  look<T>(at: (handle: Handle) => T): Promise<T> {
    return this.#inputs.take(() => {
      this.#closing.throwIfAborted();
      return call(() => at(this.#handle));
    });
  }

  /** Waits for the input that is under way, and gives the engine back. */
  end(): Promise<void> {
    return this.#inputs.take(() => free(this.#handle));
  }

  async #perform(make: MakeInput): Promise<void> {
    const attempt = this.#begin(make);
    try {
      for (;;) {
        const questions = await this.#inputs.take(() => this.#settleOrWake(attempt));
        if (questions.length === 0) return;
        // The host may take its time, so others go on meanwhile. What was read of the store may be out of date when it is done.
        const given = await Promise.all(questions.map((need) => ask(this.#hosts, need, this.#closing)));
        this.#closing.throwIfAborted();
        given.forEach((give, at) => give(attempt.answers, at));
        call(() => attempt.answers.forgetReads());
      }
    } finally {
      end(attempt);
    }
  }

  async #settleOrWake(attempt: Attempt): Promise<readonly Need[]> {
    this.#closing.throwIfAborted();
    try {
      return await this.#settle(attempt);
    } catch (error) {
      // What was written all the same is found when the engine looks for it.
      this.#handOn({ ...NOTHING, wakeAt: call(() => this.#handle.wakeAt()) });
      throw error;
    }
  }

  /**
   * Goes on until the input is done, or until only the host can say more: then it gives what to ask.
   *
   * All of it happens under the lock, so that what follows from two inputs comes in the order of the inputs.
   */
  async #settle(attempt: Attempt): Promise<readonly Need[]> {
    for (;;) {
      const advance = await this.#advance(attempt);
      if (advance === "done") return [];
      if (advance !== "conflict") return advance;
      beginAgain(attempt);
      this.#closing.throwIfAborted();
      if (attempt.make !== restore) await this.#reload();
    }
  }

  /** Reads what another writer changed. */
  async #reload(): Promise<void> {
    const attempt = this.#begin(restore);
    try {
      while ((await this.#advance(attempt)) === "conflict") beginAgain(attempt);
    } finally {
      end(attempt);
    }
  }

  #begin(make: MakeInput): Attempt {
    const { time } = this.#hosts;
    const input = call(make);
    try {
      const nowMs = time.nowMs();
      const entropy = time.entropy();
      return { make, input, nowMs, entropy, answers: call((glue) => new glue.Answers()), conflicts: 0 };
    } catch (error) {
      free(input);
      throw error;
    }
  }

  /** Begins the input and, once there is nothing to ask but the store, writes, commits and hands on. */
  async #advance({
    input,
    nowMs,
    entropy,
    answers,
  }: Attempt): Promise<"done" | "conflict" | readonly Need[]> {
    for (;;) {
      let begun: Begun;
      try {
        begun = fromWasm.value(call(() => this.#handle.begin(input, nowMs, entropy, answers)));
      } catch (error) {
        if (InvreqError.is(error) && error.code === "store_conflict") return "conflict";
        throw error;
      }
      const { step, needs = [] } = begun;
      if (step !== undefined) {
        if (step.batch !== undefined && !(await this.#hosts.store.write(step.batch))) return "conflict";
        this.#handOn(readEffects(call(() => this.#handle.commit(step.id))));
        return "done";
      }
      if (!(await this.#readAll(needs, answers))) return needs;
    }
  }

  /** Asks the store for all of it at once; `false` where there is nothing to read. */
  async #readAll(needs: readonly Need[], answers: Answers): Promise<boolean> {
    const reads = needs.flatMap(({ range }, at) => (range === undefined ? [] : [{ range, at }]));
    const found = await Promise.all(
      reads.map(async ({ range: { start, end, limit }, at }) => ({
        at,
        entries: await this.#hosts.store.range(start, end, limit),
      })),
    );
    call(() => found.forEach(({ at, entries }) => answers.entries(at, entries)));
    return reads.length > 0;
  }
}

/** Lets one after another have its turn, in the order in which they came. */
class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Does something when its turn has come. */
  take<T>(work: () => Promise<T> | T): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }
}

export const restore: MakeInput = (glue) => glue.Input.restore();
export const tick: MakeInput = (glue) => glue.Input.tick();

/**
 * One input on its way: it keeps its moment, its dice and what the host answered, so that the host is asked once however often
 * other writers are faster.
 */
interface Attempt {
  readonly make: MakeInput;
  readonly input: Input;
  readonly nowMs: number;
  readonly entropy: Uint8Array;
  readonly answers: Answers;
  conflicts: number;
}

/** After a conflict: what was read of the store is out of date. */
function beginAgain(attempt: Attempt): void {
  attempt.conflicts += 1;
  if (attempt.conflicts >= MAX_CONFLICTS) throw busy();
  call(() => attempt.answers.forgetReads());
}

function end({ input, entropy, answers }: Attempt): void {
  entropy.fill(0);
  free(input);
  free(answers);
}

interface Begun {
  readonly needs?: readonly Need[];
  readonly step?: { readonly id: bigint; readonly batch?: Batch };
}

/** An enum of the core: an object whose one property names the variant. */
function variant(value: object): [string, unknown] {
  const [first] = Object.entries(value);
  if (first === undefined) throw fail("internal", "the engine gave nothing where it has to give something");
  return first;
}

interface RawEffects {
  readonly deliveries: readonly unknown[];
  readonly replies: readonly { readonly call: bigint; readonly result: object }[];
  readonly events: readonly object[];
  readonly wakeAt: bigint | undefined;
}

function readEffects(raw: RawEffects): Effects {
  return {
    deliveries: raw.deliveries.map((delivery) => Object.freeze(fromWasm.value<Delivery>(delivery))),
    replies: raw.replies.map(({ call, result }) => {
      const [kind, value] = variant(result);
      if (kind === "Err") return { call, error: errorOf(value) };
      const [what, outcome] = variant(value as object);
      return { call, outcome: what === "record" ? fromWasm.record(outcome) : fromWasm.value(outcome) };
    }),
    events: raw.events.map((event) => {
      const [kind, value] = variant(event);
      return Object.freeze({ kind, ...aboutEvent(kind, value) }) as PayeeEvent;
    }),
    wakeAt: raw.wakeAt === undefined ? undefined : Number(raw.wakeAt),
  };
}

function aboutEvent(kind: string, value: unknown): object {
  switch (kind) {
    case "underpaid":
    case "clockBehind":
      return fromWasm.value<object>(value);
    case "trouble":
      return { error: errorOf(value) };
    default:
      return { record: fromWasm.record(value) };
  }
}

function errorOf(details: unknown): InvreqError {
  return fromWasm.error(details) ?? fail("internal", "the engine gave an error without a code");
}

function busy(): InvreqError {
  return fail("store_conflict", "other writers keep changing the store");
}

/**
 * The host as the payee sees it: its methods read once, what they give checked.
 *
 * @module
 */

import * as check from "../check.js";
import { fail, invalid, InvreqError } from "../error.js";
import type { Batch, Clock, Entry, StoreErrorKind } from "../host.js";
import { breathe, LONGEST_SLEEP_MS, systemClock, systemEntropy } from "./clock.js";

/** A method of the host. It may return anything, at once or later, or throw. */
type Method = (...args: unknown[]) => unknown;

/** Reads the methods of an object; those that are required have to be there. */
export function methods<Required extends string, Optional extends string>(
  value: unknown,
  what: string,
  required: readonly Required[],
  optional: readonly Optional[],
): { readonly [K in Required]: Method } & { readonly [K in Optional]?: Method } {
  const found: { [key: string]: Method } = {};
  for (const name of [...required, ...optional]) {
    const method = check.method(value, what, name) as Method | undefined;
    if (method !== undefined) found[name] = method;
    else if (required.includes(name as Required)) throw invalid(`${what}.${name} has to be a function`);
  }
  return found as { readonly [K in Required]: Method } & { readonly [K in Optional]?: Method };
}

export type HostStore = ReturnType<typeof readStore>;
export type HostSource = ReturnType<typeof readSource>;
export type HostTransport = ReturnType<typeof readTransport>;
export type HostSigner = ReturnType<typeof readSigner>;

export const readSource = (value: unknown) =>
  methods(value, "source", ["createInboundPayment"], ["canReceive"]);
export const readSigner = (value: unknown) => methods(value, "signer", ["sign"], []);
export const readTransport = (value: unknown) =>
  methods(value, "transport", ["send"], ["resolveScid", "findRoute", "ecdh", "receive", "close"]);

/** The store; what it rejects with is an {@link InvreqError} from here on. */
export function readStore(value: unknown) {
  const given = methods(value, "store", ["range", "write", "close"], ["watch", "lead"]);
  // One that waits to lead has to hear of what the leader does.
  if ((given.watch === undefined) !== (given.lead === undefined))
    throw invalid("store.watch and store.lead go together");
  return {
    ...given,
    async range(start: Uint8Array, end: Uint8Array, limit: number): Promise<Uint8Array[]> {
      const entries = await storeCall(() => given.range(start, end, limit));
      return keysAndValues(entries, limit);
    },
    /** Whether it was written; `false` after a conflict. */
    async write(batch: Batch): Promise<boolean> {
      try {
        await given.write(batch);
        return true;
      } catch (error) {
        if (storeErrorKind(error) === "conflict") return false;
        throw storeError(error);
      }
    },
    close: (): Promise<unknown> => storeCall(() => given.close()),
  };
}

/** Does something with the store, and says in the library's words why it failed. */
export async function storeCall(work: () => unknown): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    throw storeError(error);
  }
}

/** Keys and values in turns, as the module takes them. */
function keysAndValues(value: unknown, limit: number): Uint8Array[] {
  try {
    const entries = check.list(value, "the store's answer", limit, (entry, what) => {
      const { key, value } = check.read(entry, what, ["key", "value"] satisfies (keyof Entry)[]);
      return [check.bytes(key, `${what}.key`), check.bytes(value, `${what}.value`, undefined, 1 << 20)];
    });
    return entries.flat();
  } catch (error) {
    throw fail("store_failed", `the store failed: ${(error as InvreqError).message}`, error);
  }
}

const STORE_ERRORS: {
  readonly [Kind in StoreErrorKind]: readonly [
    "store_conflict" | "store_failed" | "store_corrupt" | "wrong_store" | "internal",
    string,
  ];
} = {
  conflict: ["store_conflict", "another writer changed the store first"],
  full: ["store_failed", "the store is full: "],
  read_only: ["store_failed", "the store cannot be written: "],
  failed: ["store_failed", "the store failed: "],
  corrupt: ["store_corrupt", "the store is damaged: "],
  foreign: ["wrong_store", "this is not a store of this library: "],
  invalid: ["internal", "the store was used wrongly: "],
  closed: ["store_failed", "the store is closed"],
};

/** The kind of a store's error, whichever copy of the library it comes from. */
function storeErrorKind(error: unknown): StoreErrorKind | undefined {
  try {
    const { name, kind } = error as { name?: unknown; kind?: unknown };
    const known = name === "StoreError" && typeof kind === "string" && Object.hasOwn(STORE_ERRORS, kind);
    return known ? (kind as StoreErrorKind) : undefined;
  } catch {
    return undefined;
  }
}

/** What a store threw, in the library's words. Anything but a store's own error counts as `failed`. */
export function storeError(error: unknown): InvreqError {
  const kind = storeErrorKind(error) ?? "failed";
  const [code, sentence] = STORE_ERRORS[kind];
  const reason = reasonOf(error);
  // Our own stores say the first half already.
  const told = sentence.endsWith(" ") ? sentence + reason : sentence;
  const message = reason.startsWith(sentence.trimEnd()) ? reason : told;
  // A caller that retries on `retryable` must not spin on a store that will never come back.
  const lost = kind === "read_only" || kind === "closed";
  return new InvreqError({ code, message, ...(lost ? { retryable: false } : {}) }, { cause: error });
}

/** What the transport threw, as an error of the library. */
export function hostError(what: string, error: unknown): InvreqError {
  return InvreqError.is(error) ? error : fail("missing_answer", `${what}: ${reasonOf(error)}`, error);
}

/** What a host threw, as a part of the sentence for a person. */
export function reasonOf(error: unknown): string {
  try {
    const said = typeof error === "object" && error !== null && "message" in error ? error.message : error;
    const text = String(said).slice(0, 1024);
    return check.isWellFormed(text) ? text : text.replace(/[\ud800-\udfff]/gu, "\ufffd");
  } catch {
    return "for a reason that cannot be told";
  }
}

/** The time and the dice. */
export class TimeAndDice {
  readonly #now: Method;
  readonly #sleep: Method;
  readonly #dice: Method | undefined;

  constructor(clock: unknown, entropy: unknown) {
    const given: { [K in keyof Clock]: Method } = methods(
      clock ?? systemClock,
      "clock",
      ["nowMs", "sleepUntil"],
      [],
    );
    if (entropy !== undefined && entropy !== null && typeof entropy !== "function")
      throw invalid("entropy has to be a function");
    this.#now = given.nowMs;
    this.#sleep = given.sleepUntil;
    this.#dice = (entropy ?? undefined) as Method | undefined;
  }

  /** The time, in Unix milliseconds. */
  nowMs(): number {
    try {
      return check.safe(Math.floor(Number(this.#now())), "the clock's time");
    } catch (error) {
      throw mayPass(`the clock does not tell the time: ${reasonOf(error)}`, error);
    }
  }

  /** 32 fresh bytes. */
  entropy(): Uint8Array {
    try {
      // The system's are nobody else's: a copy would leave them behind.
      return this.#dice === undefined ? systemEntropy() : check.bytes(this.#dice(), "entropy", 32);
    } catch (error) {
      throw mayPass(`there is no entropy: ${reasonOf(error)}`, error);
    }
  }

  /** Waits so long from now on, or until it is earlier than now: a clock that is set back must not make a wait longer. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    const from = this.nowMs();
    await this.waitUntil(from, from + ms, signal);
  }

  /** Waits until it is this late, or earlier than `from`. */
  async waitUntil(from: number, at: number, signal: AbortSignal): Promise<void> {
    for (let now = this.nowMs(); now >= from && now < at && !signal.aborted;) {
      await this.#sleep(Math.min(at, now + LONGEST_SLEEP_MS), { signal });
      const later = this.nowMs();
      // A clock that wakes at once, again and again, must not keep everything else from its turn.
      if (later === now) await breathe();
      now = later;
    }
  }
}

/** What fails once may work the next time; what became of a copy, for one, is not to be lost for it. */
function mayPass(message: string, cause: unknown): InvreqError {
  return new InvreqError({ code: "invalid_parameter", message, retryable: true }, { cause });
}

/**
 * Who waits for the reply to which call.
 *
 * @module
 */

import { fail, type InvreqError } from "../error.js";
import { onAbort } from "./abort.js";
import { KeepAlive } from "./clock.js";
import type { Reply } from "./engine.js";

interface Caller {
  readonly resolve: (outcome: unknown) => void;
  readonly reject: (error: InvreqError) => void;
}

/** The calls under way. */
export class Calls {
  readonly #callers = new Map<bigint, Caller>();
  readonly #keepAlive = new KeepAlive();
  #last = 0n;

  /** Begins a call. `leave` is called if its caller stops waiting while the engine may be at it. */
  begin(signal: AbortSignal | undefined, leave: () => void): { number: bigint; reply: Promise<unknown> } {
    const number = (this.#last += 1n);
    const reply = new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(cancelled(signal));
      const abort = (): void => {
        if (!this.#callers.has(number)) return;
        this.reply({ call: number, error: cancelled(signal) });
        leave();
      };
      const stop = signal === undefined ? undefined : onAbort(signal, abort);
      const done = (): void => {
        stop?.();
        this.#keepAlive.end();
      };
      this.#keepAlive.begin();
      this.#callers.set(number, {
        resolve: (outcome) => (resolve(outcome), done()),
        reject: (error) => (reject(error), done()),
      });
    });
    return { number, reply };
  }

  /** Whether nobody waits for it any more. */
  isOver(number: bigint): boolean {
    return !this.#callers.has(number);
  }

  /** Ends a call, if its caller is still there. */
  reply({ call, outcome, error }: Reply): void {
    const caller = this.#callers.get(call);
    this.#callers.delete(call);
    if (error === undefined) caller?.resolve(outcome);
    else caller?.reject(error);
  }

  /** Ends all of them. */
  end(error: InvreqError): void {
    for (const call of [...this.#callers.keys()]) this.reply({ call, error });
  }
}

function cancelled(signal: AbortSignal | undefined): InvreqError {
  return fail("cancelled", "the caller ended the wait", signal?.reason);
}

/**
 * The system's clock and dice, and waiting.
 *
 * @module
 */

import type { Clock } from "../host.js";
import { onAbort } from "./abort.js";

/** No timer runs longer at a time, so that a clock that was set back and a machine that slept are noticed. */
export const LONGEST_SLEEP_MS = 30_000;

/** The clock of the system. Its timers alone keep no Node process alive. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleepUntil: (atMs, { signal }) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const timer = setTimeout(done, Math.min(Math.max(atMs - Date.now(), 0), LONGEST_SLEEP_MS));
      letGo(timer);
      const stop = onAbort(signal, done);
      function done(): void {
        clearTimeout(timer);
        stop();
        resolve();
      }
    }),
};

/** The dice of the system. */
export function systemEntropy(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(32));
}

/** Keeps a Node process alive while somebody waits for a call. Elsewhere it does nothing. */
export class KeepAlive {
  #waiting = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  begin(): void {
    this.#waiting += 1;
    if (this.#waiting === 1 && isNode()) this.#timer = setInterval(() => {}, 2 ** 30);
  }

  end(): void {
    this.#waiting -= 1;
    if (this.#waiting === 0) clearInterval(this.#timer);
  }
}

/** Lets the host's other work go on: a flood that is always ready must not keep it from its timers. */
export function breathe(ms = 0): Promise<void> {
  return new Promise((resolve) => letGo(setTimeout(resolve, ms)));
}

function letGo(timer: unknown): void {
  if (typeof timer === "object" && timer !== null && "unref" in timer && typeof timer.unref === "function") {
    timer.unref();
  }
}

function isNode(): boolean {
  return (
    typeof (globalThis as { process?: { versions?: { node?: unknown } } }).process?.versions?.node ===
    "string"
  );
}

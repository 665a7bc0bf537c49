/**
 * The time, and waiting for it or for something to happen.
 *
 * @module
 */

import type { Clock } from "../host.js";

/** The longest wait at once, in milliseconds: clocks can be set back, and timers cannot be arbitrarily long. */
const LONGEST_WAIT_MS = 30_000;

/** The time of the system. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleepUntil: (atMs, { signal }) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const wait = Math.min(Math.max(atMs - Date.now(), 0), LONGEST_WAIT_MS);
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, wait);
      signal.addEventListener("abort", done);
    }),
};

/** Lets one loop wait until it is poked or it is late enough. */
export class Alarm {
  #poked = false;
  #wake: (() => void) | undefined;

  /** An alarm by this clock. */
  constructor(private readonly clock: Clock) {}

  /** Ends the wait, or the next one where nobody waits. */
  poke(): void {
    this.#poked = true;
    this.#wake?.();
  }

  /** Waits until it is poked, or until this time; it may wake early. */
  async wait(untilMs: number): Promise<void> {
    if (!this.#poked) {
      const stop = new AbortController();
      const poked = new Promise<void>((resolve) => (this.#wake = resolve));
      const slept =
        untilMs === Infinity
          ? poked
          : this.clock.sleepUntil(untilMs, { signal: stop.signal }).catch(() => poked);
      await Promise.race([poked, slept]);
      stop.abort();
      this.#wake = undefined;
    }
    this.#poked = false;
  }
}

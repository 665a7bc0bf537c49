/**
 * Waiting for a time, or for something to happen.
 *
 * @module
 */

import type { Clock } from "../host.js";

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

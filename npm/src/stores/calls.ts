/**
 * The calls of a store that are under way.
 *
 * @module
 */

import { closedError } from "./batch.js";

/** Knows which calls are under way, so that `close` can wait for them, and refuses those that come after it. */
export class Calls {
  readonly #running = new Set<Promise<unknown>>();
  #isClosed = false;
  #closing: Promise<void> | undefined;

  /** Whether the store was closed. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Makes a call at once, unless the store was closed. */
  run<T>(call: () => Promise<T>): Promise<T> {
    if (this.#isClosed) return Promise.reject(closedError());
    const running = call();
    this.#running.add(running);
    const over = (): void => void this.#running.delete(running);
    running.then(over, over);
    return running;
  }

  /** Lets no more calls in, waits for those under way, and then lets go of what the store holds, once. */
  close(release: () => void | Promise<void>): Promise<void> {
    this.#isClosed = true;
    this.#closing ??= Promise.allSettled(this.#running).then(release);
    return this.#closing;
  }
}

/** Makes calls one after another. */
export class Queue {
  #last: Promise<unknown> = Promise.resolve();

  /** Makes a call after all that were asked for before. */
  run<T>(call: () => T | Promise<T>): Promise<T> {
    const next = this.#last.then(call);
    this.#last = next.catch(() => {});
    return next;
  }
}

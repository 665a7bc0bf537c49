/**
 * Who writes and who leads, among the handles of one process on the same data.
 *
 * @module
 */

import { textOf } from "./bytes.js";

interface Watcher {
  readonly key: string;
  /** The handle that watches; it is not told of its own writes. */
  readonly handle: object;
  readonly changed: () => void;
}

/** Tells handles of each other's writes, and lets one of them lead. */
export class Signals {
  readonly #watchers = new Set<Watcher>();
  readonly #leaders = new Map<string, Promise<void>>();

  /** Tells all other handles that this one wrote, once the writer's own call is over. */
  wrote(revisionKey: Uint8Array, handle: object): void {
    const key = textOf(revisionKey);
    for (const watcher of this.#watchers) {
      if (watcher.key === key && watcher.handle !== handle) {
        queueMicrotask(() => {
          if (this.#watchers.has(watcher)) watcher.changed();
        });
      }
    }
  }

  /** Calls back after every write of another handle, and returns how to stop. */
  watch(revisionKey: Uint8Array, handle: object, changed: () => void): () => void {
    const watcher = { key: textOf(revisionKey), handle, changed };
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /** Resolves when nobody else leads; from then on the caller does, until the signal is aborted. */
  async lead(revisionKey: Uint8Array, signal: AbortSignal): Promise<void> {
    const key = textOf(revisionKey);
    const before = this.#leaders.get(key) ?? Promise.resolve();
    const over = aborted(signal);
    // Whoever gives up while it waits does not hold up those behind it.
    const mine = before.then(() => over);
    this.#leaders.set(key, mine);
    void mine.then(() => {
      if (this.#leaders.get(key) === mine) this.#leaders.delete(key);
    });
    await Promise.race([before, over]);
    signal.throwIfAborted();
  }
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

import type { Batch, Entry, Store } from "../host.js";
import { checkBatch, closedError } from "./batch.js";
import { Entries } from "./entries.js";
import { Signals } from "./signals.js";

/** What all handles on the same data have in common. */
interface Shared {
  readonly entries: Entries;
  readonly signals: Signals;
}

/**
 * A store that lives as long as the page or process: for tests, and for a host that keeps nothing.
 *
 * A wallet in it forgets its invoices when the process ends, and with them the preimages of payments that are still to come. Its
 * writes are as atomic as those of any store, but they are not durable.
 *
 * @example
 * ```ts
 * const store = new MemoryStore();
 * const again = store.clone(); // another handle on the same entries, as if one file were opened twice
 * ```
 */
export class MemoryStore implements Store {
  #shared: Shared = { entries: new Entries(), signals: new Signals() };
  #closed = false;

  /** Another handle on the same entries: it is closed for itself, and the clone of a closed handle is open. */
  clone(): MemoryStore {
    const clone = new MemoryStore();
    clone.#shared = this.#shared;
    return clone;
  }

  /** The first `limit` entries with `start <= key < end`, in ascending order. */
  async range(start: Uint8Array, end: Uint8Array, limit: number): Promise<Entry[]> {
    this.#check();
    return this.#shared.entries.range(start, end, limit);
  }

  /** Does everything in the batch, or nothing. */
  async write(batch: Batch): Promise<void> {
    this.#check();
    checkBatch(batch);
    this.#shared.entries.checkConditions(batch);
    this.#shared.entries.apply(batch);
    this.#shared.signals.wrote(batch.revisionKey, this);
  }

  /** Closes this handle; others on the same data stay open. */
  async close(): Promise<void> {
    this.#closed = true;
  }

  /** Calls back when another handle has written for the wallet of this revision key, and returns how to stop. */
  watch(revisionKey: Uint8Array, changed: () => void): () => void {
    return this.#shared.signals.watch(revisionKey, this, changed);
  }

  /** Resolves when no other handle holds the right to send; from then on this one does, until `signal` is aborted. */
  lead(revisionKey: Uint8Array, options: { signal: AbortSignal }): Promise<void> {
    return this.#shared.signals.lead(revisionKey, options.signal);
  }

  #check(): void {
    if (this.#closed) throw closedError();
  }
}

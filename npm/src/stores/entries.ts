/**
 * Entries in memory, in order.
 *
 * @module
 */

import type { Batch, Entry } from "../host.js";
import { isNext, presentConflict, revisionBytes, revisionConflict } from "./batch.js";
import { bytesOf, compare, copyOf, textOf } from "./bytes.js";

/** An ordered map from keys to values. What goes in and comes out are copies. */
export class Entries {
  readonly #values = new Map<string, Uint8Array>();
  #sorted: string[] = [];
  /** New keys that are not among the sorted ones yet: a large batch is sorted once, not key by key. */
  #unsorted: string[] = [];
  #bytes = 0;

  /** How many entries there are. */
  get size(): number {
    return this.#values.size;
  }

  /** How many bytes their keys and values have. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The first `limit` entries with `start <= key < end`. */
  range(start: Uint8Array, end: Uint8Array, limit: number): Entry[] {
    if (compare(start, end) >= 0) return [];
    const sorted = this.#sort();
    const from = place(sorted, textOf(start));
    const to = Math.min(place(sorted, textOf(end)), from + limit);
    return sorted.slice(from, to).map((text) => ({ key: bytesOf(text), value: copyOf(this.#value(text)) }));
  }

  /** Every entry, in order. Neither keys nor values are to be changed. */
  *all(): Generator<Entry> {
    for (const text of this.#sort()) yield { key: bytesOf(text), value: this.#value(text) };
  }

  /** Throws the conflict of a batch whose conditions do not hold. */
  checkConditions(batch: Batch): void {
    if (!isNext(batch, this.#values.get(textOf(batch.revisionKey)))) throw revisionConflict();
    const present = batch.absent.find((key) => this.#values.has(textOf(key)));
    if (present) throw presentConflict(present);
  }

  /** Makes the changes of a batch whose conditions hold. */
  apply(batch: Batch): void {
    for (const key of batch.deletes) this.delete(key);
    for (const { key, value } of batch.puts) this.put(key, value);
    this.put(batch.revisionKey, revisionBytes(batch.revision));
  }

  /** Sets one entry. */
  put(key: Uint8Array, value: Uint8Array): void {
    const text = textOf(key);
    const before = this.#values.get(text);
    if (before === undefined) {
      this.#unsorted.push(text);
      this.#bytes += key.length;
    }
    this.#bytes += value.length - (before?.length ?? 0);
    this.#values.set(text, copyOf(value));
  }

  /** Removes one entry, if it exists. */
  delete(key: Uint8Array): void {
    const text = textOf(key);
    const before = this.#values.get(text);
    if (before === undefined) return;
    this.#values.delete(text);
    this.#bytes -= key.length + before.length;
    const sorted = this.#sort();
    sorted.splice(place(sorted, text), 1);
  }

  #value(text: string): Uint8Array {
    return this.#values.get(text) ?? new Uint8Array();
  }

  #sort(): string[] {
    const added = this.#unsorted;
    if (added.length > 16) {
      this.#sorted = [...this.#sorted, ...added].sort();
    } else {
      for (const text of added) this.#sorted.splice(place(this.#sorted, text), 0, text);
    }
    if (added.length > 0) this.#unsorted = [];
    return this.#sorted;
  }
}

/** Where a key is, or would be. */
function place(sorted: readonly string[], text: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? "") < text) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The rules of a batch, which every store asks first.
 *
 * @module
 */

import { type Batch, StoreError } from "../host.js";
import { copyOf, same, textOf } from "./bytes.js";

/** The longest key, in bytes. */
export const MAX_KEY_LEN = 512;

/** The longest value, in bytes: 1 MiB. */
export const MAX_VALUE_LEN = 1 << 20;

/** The most bytes that the keys and values of one batch can have together: 4 MiB. */
export const MAX_BATCH_LEN = 4 << 20;

const MAX_REVISION = 0xffff_ffff_ffff_ffffn;

/**
 * Throws a {@link StoreError} of the kind `invalid` unless the batch is one that a store has to accept.
 *
 * It is not one where the revision is 0 or has more than 64 bits, a key is empty or longer than {@link MAX_KEY_LEN}, a value
 * longer than {@link MAX_VALUE_LEN}, the whole longer than {@link MAX_BATCH_LEN}, a key is named twice among the puts, the
 * deletes and the revision key, or the revision key is to be absent.
 */
export function checkBatch(batch: Batch): void {
  if (batch.revision < 1n || batch.revision > MAX_REVISION) throw invalid("revisions begin at 1");
  const changed = [...batch.puts.map((put) => put.key), ...batch.deletes, batch.revisionKey];
  const keys = [...changed, ...batch.absent];
  if (keys.some((key) => key.length === 0)) throw invalid("a key is empty");
  if (keys.some((key) => key.length > MAX_KEY_LEN)) throw invalid("a key is longer than 512 bytes");
  const values = batch.puts.map((put) => put.value);
  if (values.some((value) => value.length > MAX_VALUE_LEN)) throw invalid("a value is longer than 1 MiB");
  const length = [...keys, ...values].reduce((sum, bytes) => sum + bytes.length, 0);
  if (length > MAX_BATCH_LEN) throw invalid("the batch is larger than 4 MiB");
  if (new Set(changed.map(textOf)).size < changed.length) throw invalid("a key is changed twice");
  if (batch.absent.some((key) => same(key, batch.revisionKey)))
    throw invalid("the revision key is to be absent");
}

/** The same batch in memory of its own, so that what the caller does to the bytes afterwards changes nothing. */
export function copyBatch(batch: Batch): Batch {
  return {
    puts: batch.puts.map(({ key, value }) => ({ key: copyOf(key), value: copyOf(value) })),
    deletes: batch.deletes.map(copyOf),
    absent: batch.absent.map(copyOf),
    revisionKey: copyOf(batch.revisionKey),
    revision: batch.revision,
  };
}

/** A revision as it is stored: 8 bytes, big-endian. */
export function revisionBytes(revision: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, revision);
  return bytes;
}

/** Whether what is at the revision key is what the batch has to find there: nothing for revision 1, else the one before it. */
export function isNext(batch: Batch, stored: Uint8Array | undefined): boolean {
  if (batch.revision === 1n) return stored === undefined;
  return stored !== undefined && same(stored, revisionBytes(batch.revision - 1n));
}

/**
 * The end of the range of all keys with this prefix: the smallest bound above every one of them.
 *
 * For the empty prefix, and for one of nothing but `0xff`, it is a bound above every key there can be.
 */
export function prefixEnd(prefix: Uint8Array): Uint8Array {
  for (let length = prefix.length; length > 0; length--) {
    const last = prefix[length - 1] ?? 0xff;
    if (last === 0xff) continue;
    const end = prefix.slice(0, length);
    end[length - 1] = last + 1;
    return end;
  }
  return new Uint8Array(MAX_KEY_LEN + 1).fill(0xff);
}

/** The error of a batch whose revision is not the next one. */
export function revisionConflict(): StoreError {
  return new StoreError("conflict", "another writer changed the store first", "revision");
}

/** The error of a batch that needs this key to be absent. */
export function presentConflict(key: Uint8Array): StoreError {
  const message = "the store already holds a key that has to be new";
  return new StoreError("conflict", message, { present: copyOf(key) });
}

/** The error of calls after `close`. */
export function closedError(): StoreError {
  return new StoreError("closed", "the store is closed");
}

/** The error of a call that breaks the contract. */
export function invalid(why: string): StoreError {
  return new StoreError("invalid", `the store was used wrongly: ${why}`);
}

/**
 * What checks are made of.
 *
 * @module
 */

import type { Batch, Entry, Store, StoreError } from "../host.js";
import { prefixEnd } from "../stores/batch.js";
import { same } from "../stores/bytes.js";
import type { StoreHarness } from "./suite.js";

/** Ends a check: the store broke the contract, in this way. */
export class Failure extends Error {}

/** Ends a check: it does not apply to this store. */
export class Skip extends Error {}

/** Bytes, or text that stands for its UTF-8. */
export type Bytes = Uint8Array | string;

/** Where the checks keep the revision, unless they are about several wallets. It sorts after the keys they use. */
export const REVISION = bytes("~revision");

/** The error a write has to be refused with. */
export type Refusal = "revision" | "invalid" | "closed" | { readonly present: Bytes };

/** The data of one check, and the handles it opened. */
export class Space {
  readonly #opened: Store[] = [];

  /** The data of this name. */
  constructor(
    readonly harness: StoreHarness,
    readonly name: string,
  ) {}

  /** A handle on it. */
  async open(): Promise<Store> {
    const store = await this.harness.open(this.name).catch((error: unknown) => {
      throw new Failure(`it does not open: ${String(error)}`);
    });
    this.#opened.push(store);
    return store;
  }

  /** Closes what the check left open. */
  async closeAll(): Promise<void> {
    for (const store of this.#opened) await store.close().catch(() => {});
  }

  /** Whether data outlives the last handle. */
  get isDurable(): boolean {
    return this.harness.durable ?? true;
  }

  /** Whether the data can be open twice. */
  get isShared(): boolean {
    return this.harness.shared ?? true;
  }

  /** Skips the check unless data outlives the last handle. */
  needsDurable(): void {
    if (!this.isDurable) throw new Skip("its data does not outlive the last handle");
  }

  /** Skips the check unless the data can be open twice. */
  needsShared(): void {
    if (!this.isShared) throw new Skip("its data cannot be open twice");
  }
}

/** A batch in the making. */
export class Draft implements Batch {
  readonly puts: Entry[] = [];
  readonly deletes: Uint8Array[] = [];
  readonly absent: Uint8Array[] = [];
  readonly revisionKey: Uint8Array;
  readonly revision: bigint;

  /** A batch that changes nothing but the revision. */
  constructor(revisionKey: Bytes, revision: bigint | number) {
    this.revisionKey = bytes(revisionKey);
    this.revision = BigInt(revision);
  }

  /** Also writes this entry. */
  put(key: Bytes, value: Bytes): this {
    this.puts.push({ key: bytes(key), value: bytes(value) });
    return this;
  }

  /** Also writes these entries. */
  putAll(entries: Iterable<Entry>): this {
    for (const { key, value } of entries) this.put(key, value);
    return this;
  }

  /** Also removes this key. */
  delete(key: Bytes): this {
    this.deletes.push(bytes(key));
    return this;
  }

  /** Under the condition that this key does not exist. */
  requireAbsent(...keys: Bytes[]): this {
    this.absent.push(...keys.map(bytes));
    return this;
  }
}

/** A batch of the only wallet of a check. */
export function batch(revision: bigint | number): Draft {
  return new Draft(REVISION, revision);
}

/** A write that the contract demands to be done. */
export async function write(store: Store, draft: Batch): Promise<void> {
  await store.write(draft).catch((error: unknown) => {
    throw new Failure(`it refused the write of ${show(draft)}: ${String(error)}`);
  });
}

/** A write that the contract demands to be refused, with this error. */
export async function refuse(store: Store, draft: Batch, why: Refusal): Promise<void> {
  const found = await outcome(store.write(draft));
  if (isRefusal(found, why)) return;
  const answer = found === undefined ? "it was done" : `the answer was ${String(found)}`;
  throw new Failure(`the write of ${show(draft)} has to be refused (${refusal(why)}), but ${answer}`);
}

/** Whether this is the error of such a refusal. */
export function isRefusal(error: unknown, why: Refusal): boolean {
  if (!isStoreError(error)) return false;
  if (why === "invalid" || why === "closed") return error.kind === why;
  if (error.kind !== "conflict" || error.conflict === undefined) return false;
  if (why === "revision") return error.conflict === "revision";
  return error.conflict !== "revision" && same(error.conflict.present, bytes(why.present));
}

/** By its name: a store may have the class from another copy of this package. */
function isStoreError(error: unknown): error is StoreError {
  return error instanceof Error && error.name === "StoreError" && "kind" in error;
}

/** What a call was refused with; `undefined` where it was not. */
export function outcome(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => error ?? new Error("nothing was thrown"),
  );
}

/** The entries that the contract demands in this range. */
export async function range(
  store: Store,
  start: Bytes,
  end: Bytes,
  limit: number,
  expected: readonly Entry[],
): Promise<void> {
  const found = await store.range(bytes(start), bytes(end), limit);
  if (equal(found, expected)) return;
  const asked = `the range from ${escape(bytes(start))} to ${escape(bytes(end))} with limit ${limit}`;
  throw new Failure(`${asked} holds ${list(expected)}, but the answer was ${list(found)}`);
}

/** Everything the store holds. */
export function all(store: Store): Promise<Entry[]> {
  return store.range(new Uint8Array(), prefixEnd(new Uint8Array()), 10_000);
}

/** The one value at this key, if it exists. */
export async function value(store: Store, key: Bytes): Promise<Uint8Array | undefined> {
  const start = bytes(key);
  const [entry] = await store.range(start, Uint8Array.of(...start, 0), 1);
  return entry?.value;
}

/** The value that the contract demands at this key. */
export async function holds(store: Store, key: Bytes, expected: Bytes | undefined): Promise<void> {
  const found = await value(store, key);
  const wanted = expected === undefined ? undefined : bytes(expected);
  if (found === undefined ? wanted === undefined : wanted !== undefined && same(found, wanted)) return;
  throw new Failure(`at ${escape(bytes(key))} there is ${showValue(found)} in place of ${showValue(wanted)}`);
}

/** Fails unless it holds. */
export function require(isSo: boolean, otherwise: string): void {
  if (!isSo) throw new Failure(otherwise);
}

/** Whether both are the same entries, in the same order. */
export function equal(some: readonly Entry[], others: readonly Entry[]): boolean {
  const isSame = (one: Entry, other: Entry | undefined): boolean =>
    other !== undefined && same(one.key, other.key) && same(one.value, other.value);
  return some.length === others.length && some.every((entry, at) => isSame(entry, others[at]));
}

/** Entries of these keys, each with a value that names it. */
export function entries(keys: Iterable<Bytes>): Entry[] {
  return Array.from(keys, (key) => ({ key: bytes(key), value: concat("value of ", key) }));
}

/** The bytes of a text, or the bytes themselves. */
export function bytes(from: Bytes): Uint8Array {
  return typeof from === "string" ? new TextEncoder().encode(from) : from;
}

/** One after the other. */
export function concat(...parts: Bytes[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...bytes(part)]));
}

/** A number in 8 bytes, big-endian. */
export function u64(number: bigint | number): Uint8Array {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt(number));
  return out;
}

/** A number in 4 bytes, big-endian. */
export function u32(number: number): Uint8Array {
  return u64(number).slice(4);
}

function escape(raw: Uint8Array): string {
  const shown = Array.from(raw.slice(0, 48), (byte) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`,
  );
  return `"${shown.join("")}${raw.length > 48 ? "..." : ""}"`;
}

function show({ puts, deletes, absent, revisionKey, revision }: Batch): string {
  const keys = (all: readonly Uint8Array[]): string => {
    const more = all.length > 8 ? `, and ${all.length - 8} more` : "";
    return `[${all.slice(0, 8).map(escape).join(", ")}${more}]`;
  };
  const put = keys(puts.map((entry) => entry.key));
  return `puts ${put}, deletes ${keys(deletes)}, absent ${keys(absent)}, ${escape(revisionKey)} = ${revision}`;
}

function showValue(found: Uint8Array | undefined): string {
  if (found === undefined) return "nothing";
  return found.length <= 32 ? escape(found) : `${found.length} bytes`;
}

function list(some: readonly Entry[]): string {
  const shown = some.slice(0, 12).map(({ key, value: held }) => `${escape(key)} = (${held.length} bytes)`);
  return `${some.length} entries [${shown.join(", ")}${some.length > 12 ? ", ..." : ""}]`;
}

function refusal(why: Refusal): string {
  if (typeof why !== "string") return `conflict: ${escape(bytes(why.present))} is present`;
  return why === "revision" ? "conflict: revision" : why;
}

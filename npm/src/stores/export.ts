/**
 * A wallet as one run of bytes: for a backup, or to move it to another store. The format is that of the Rust library.
 *
 * After the magic come the version and the number of entries; then, of each entry, the lengths of key and value, the key without the
 * wallet's prefix, and the value; at the end the SHA-256 of everything before it. Numbers are big-endian.
 *
 * @module
 */

import { type Batch, type Entry, type Store, StoreError } from "../host.js";
import { MAX_KEY_LEN, MAX_VALUE_LEN, prefixEnd, presentConflict, revisionConflict } from "./batch.js";
import { compare, same } from "./bytes.js";

const MAGIC = new TextEncoder().encode("invreq dump\0");
const VERSION = 1;
const HEAD_LEN = MAGIC.length + 2 + 8;
const CHECKSUM_LEN = 32;

/** The entries read and written at once, and the bytes: with one more entry still less than a batch can have. */
const PAGE = 100;
const CHUNK_LEN = 2 << 20;

/** How often an export begins again because the wallet was written meanwhile. */
const ATTEMPTS = 3;

/** Which wallet of a store is meant. */
export interface WalletOptions {
  /** As for `Payee.open`; `main` where it is left out. */
  walletId?: string | undefined;
}

/**
 * Everything a store holds of a wallet, for {@link importWallet}.
 *
 * The dump is checksummed, and as secret as the store: it is not encrypted. It shows one moment. Where the wallet is written meanwhile
 * it is read again, and after three times it rejects with `conflict`; so it is best made while the wallet is closed. A wallet whose own
 * import is unfinished is `corrupt`, and one that is not there `foreign`. An older dump loses what came after it, and nothing else: no secret is ever used twice.
 *
 * Rejects with a {@link StoreError}; what is no store or no wallet id is `invalid`.
 */
export async function exportWallet(store: Store, options: WalletOptions = {}): Promise<Uint8Array> {
  checkStore(store);
  const { prefix, revisionKey, mark } = placeOf(options);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = await valueAt(store, revisionKey);
    // A backup of nothing would be found out when it is needed.
    if (!before)
      throw new StoreError("foreign", "this is not a store of this library: it holds no such wallet");
    if (await valueAt(store, mark)) throw corrupt("an import into it was not finished");
    const entries = await readAll(store, prefix);
    const after = await valueAt(store, revisionKey);
    if (after && same(before, after))
      return write(
        entries.filter(({ key }) => !same(key, revisionKey)),
        prefix.length,
      );
  }
  throw revisionConflict();
}

/**
 * Writes a dump of {@link exportWallet} into a store that holds nothing of the wallet yet.
 *
 * The dump is examined as a whole before anything is written: a damaged one is `corrupt`, one of another format or a later version
 * `foreign`. Where the store holds something of the wallet, it rejects with `conflict`. A large dump takes several writes; where one of
 * them fails, the wallet cannot be opened until the same dump is imported once more, which then takes it up.
 *
 * Rejects with a {@link StoreError}.
 */
export async function importWallet(
  store: Store,
  dump: Uint8Array,
  options: WalletOptions = {},
): Promise<void> {
  checkStore(store);
  const { prefix, revisionKey, mark } = placeOf(options);
  const { entries, checksum } = await read(bytesOfDump(dump), prefix);
  // Before the first write, so that a dump which does not fit here leaves nothing behind.
  if (entries.some((entry) => !fits(entry, revisionKey, mark))) {
    throw invalid("the dump does not fit under this wallet id");
  }
  let revision = await begunAt(store, prefix, revisionKey, mark, checksum);
  let isMarked = revision > 0n;
  const parts = chunks(entries);
  for (const [at, puts] of parts.entries()) {
    const isLast = at === parts.length - 1;
    const batch: Batch = { puts, deletes: [], absent: [], revisionKey, revision: ++revision };
    // A dump that fits into one batch is never seen unfinished, and needs no mark.
    if (!isMarked && !isLast)
      await store.write({ ...batch, puts: [...puts, { key: mark, value: checksum }] });
    else await store.write({ ...batch, deletes: isMarked && isLast ? [mark] : [] });
    isMarked = true;
  }
}

/** Where a wallet's entries lie: docs/STORE.md. */
function placeOf(options: WalletOptions): Record<"prefix" | "revisionKey" | "mark", Uint8Array> {
  if (typeof (options ?? {}) !== "object") throw invalid("the options have to be an object");
  // What is null is left out, as everywhere.
  const walletId: unknown = (options as WalletOptions | null)?.walletId ?? "main";
  if (typeof walletId !== "string" || !/^[A-Za-z0-9._-]{1,64}$/.test(walletId)) {
    throw invalid("this is no wallet id");
  }
  const prefix = new TextEncoder().encode(`invreq/${walletId}/`);
  const mark = Uint8Array.of(...prefix, 0xff, ...new TextEncoder().encode("import"));
  return { prefix, revisionKey: Uint8Array.of(...prefix, 0x76), mark };
}

/** Throws unless there is a store: what calls these functions may be JavaScript. */
function checkStore(store: unknown): void {
  const { range, write } = (store ?? {}) as { readonly [method: string]: unknown };
  if (typeof range !== "function" || typeof write !== "function") throw invalid("this is no store");
}

/** The dump, wherever its bytes were made: an array of another frame is one, too. */
function bytesOfDump(dump: unknown): Uint8Array {
  if (!ArrayBuffer.isView(dump) || Object.prototype.toString.call(dump) !== "[object Uint8Array]") {
    throw invalid("a dump has to be a Uint8Array");
  }
  return dump as Uint8Array;
}

async function readAll(store: Store, prefix: Uint8Array): Promise<Entry[]> {
  const [entries, end] = [[] as Entry[], prefixEnd(prefix)];
  for (let start = prefix; ;) {
    const page = await store.range(start, end, PAGE);
    entries.push(...page);
    const last = page.at(-1);
    if (!last || page.length < PAGE) return entries;
    start = Uint8Array.of(...last.key, 0);
  }
}

async function write(entries: readonly Entry[], prefixLength: number): Promise<Uint8Array> {
  const length = entries.reduce(
    (sum, { key, value }) => sum + 6 + key.length - prefixLength + value.length,
    HEAD_LEN,
  );
  const dump = new Uint8Array(length + CHECKSUM_LEN);
  const view = new DataView(dump.buffer);
  dump.set(MAGIC);
  view.setUint16(MAGIC.length, VERSION);
  view.setBigUint64(MAGIC.length + 2, BigInt(entries.length));
  let at = HEAD_LEN;
  for (const { key, value } of entries) {
    const short = key.subarray(prefixLength);
    view.setUint16(at, short.length);
    view.setUint32(at + 2, value.length);
    dump.set(short, at + 6);
    dump.set(value, at + 6 + short.length);
    at += 6 + short.length + value.length;
  }
  dump.set(await sha256(dump.subarray(0, length)), length);
  return dump;
}

async function read(
  dump: Uint8Array,
  prefix: Uint8Array,
): Promise<{ entries: Entry[]; checksum: Uint8Array }> {
  if (!same(dump.subarray(0, MAGIC.length), MAGIC)) throw foreign("it is no dump");
  const view = new DataView(dump.buffer, dump.byteOffset, dump.byteLength);
  if (dump.length >= MAGIC.length + 2 && view.getUint16(MAGIC.length) !== VERSION) {
    throw foreign("the dump is of a version that this library does not know");
  }
  const end = dump.length - CHECKSUM_LEN;
  if (end < HEAD_LEN) throw damaged();
  const checksum = dump.slice(end);
  if (!same(await sha256(dump.subarray(0, end)), checksum)) throw damaged();
  const entries: Entry[] = [];
  let at = HEAD_LEN;
  while (at < end) {
    if (end - at < 6) throw damaged();
    const [key, value] = [at + 6, at + 6 + view.getUint16(at)];
    at = value + view.getUint32(at + 2);
    if (at > end) throw damaged();
    entries.push({
      key: Uint8Array.of(...prefix, ...dump.subarray(key, value)),
      value: dump.slice(value, at),
    });
  }
  const isOrdered = entries.every(
    ({ key }, at) => compare(entries[at - 1]?.key ?? new Uint8Array(), key) < 0,
  );
  if (BigInt(entries.length) !== view.getBigUint64(MAGIC.length + 2) || !isOrdered) throw damaged();
  return { entries, checksum };
}

function fits({ key, value }: Entry, ...others: Uint8Array[]): boolean {
  const isShort = key.length <= MAX_KEY_LEN && value.length <= MAX_VALUE_LEN;
  return isShort && !others.some((other) => same(key, other));
}

/** The revision of an unfinished import of the same dump; 0 where there is nothing of the wallet. */
async function begunAt(
  store: Store,
  prefix: Uint8Array,
  revisionKey: Uint8Array,
  mark: Uint8Array,
  checksum: Uint8Array,
): Promise<bigint> {
  const [first] = await store.range(prefix, prefixEnd(prefix), 1);
  if (!first) return 0n;
  const begun = await valueAt(store, mark);
  if (!begun || !same(begun, checksum)) throw presentConflict(first.key);
  const revision = await valueAt(store, revisionKey);
  if (revision?.length !== 8) throw corrupt("the revision of an unfinished import is missing");
  return new DataView(revision.buffer, revision.byteOffset).getBigUint64(0);
}

/** The entries in parts that each fit into a batch; one empty part where there are none. */
function chunks(entries: readonly Entry[]): Entry[][] {
  const parts: Entry[][] = [[]];
  let bytes = 0;
  for (const entry of entries) {
    if (bytes >= CHUNK_LEN || (parts.at(-1)?.length ?? 0) >= PAGE) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(entry);
    bytes += entry.key.length + entry.value.length;
  }
  return parts;
}

async function valueAt(store: Store, key: Uint8Array): Promise<Uint8Array | undefined> {
  const [entry] = await store.range(key, Uint8Array.of(...key, 0), 1);
  return entry?.value;
}

async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  const subtle = (globalThis.crypto as Partial<Crypto> | undefined)?.subtle;
  if (!subtle) {
    const why = "this page may not compute checksums; serve it over https, or from localhost";
    throw new StoreError("failed", `the store failed: ${why}`);
  }
  return new Uint8Array(await subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
}

function corrupt(why: string): StoreError {
  return new StoreError("corrupt", `the store is damaged: ${why}`);
}

function damaged(): StoreError {
  return corrupt("the dump is cut short or altered");
}

function foreign(why: string): StoreError {
  return new StoreError("foreign", `this is not a store of this library: ${why}`);
}

function invalid(why: string): StoreError {
  return new StoreError("invalid", `the store was used wrongly: ${why}`);
}

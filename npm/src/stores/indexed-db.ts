import { type Batch, type Entry, type Store, StoreError } from "../host.js";
import { checkBatch, copyBatch, isNext, presentConflict, revisionBytes, revisionConflict } from "./batch.js";
import { compare, copyOf } from "./bytes.js";
import { Calls } from "./calls.js";
import { ENTRIES, openDatabase } from "./indexed-db-open.js";
import { Tabs } from "./tabs.js";

/** How an {@link IndexedDbStore} is opened. */
export interface IndexedDbStoreOptions {
  /** The name of the database; `invreq` by default. */
  name?: string | undefined;
  /**
   * Called where another tab holds the database in an older version, or it is being deleted: ask the user to close the other tabs. The
   * call goes on waiting. Without it, `open` rejects with `failed`.
   */
  onBlocked?: (() => void) | undefined;
}

/**
 * A durable store in the browser, in IndexedDB.
 *
 * Every write is one transaction with `durability: "strict"`, in which the conditions of the batch are checked: tabs and workers of
 * one origin can share a database, and none overwrites what it has not seen. They tell each other of their writes
 * (BroadcastChannel; the revision is looked up too, twice a minute, or once a second without it), and one of them sends (Web Locks; where there are none, as
 * on a page without TLS, each sends, so a payer may get the same invoice more than once, which does no harm).
 *
 * Where the database is deleted, cleared or upgraded under it, every later call rejects with `closed`, and another tab sends.
 *
 * A page that goes into the back/forward cache keeps the store open, and looks for changes when it comes back.
 *
 * Browsers delete what sites keep when room gets scarce, and Safari after seven days without a visit, unless the site was allowed to
 * persist: call {@link IndexedDbStore.persist} after the user did something that shows they want to keep it.
 *
 * @example
 * ```ts
 * const store = await IndexedDbStore.open();
 * ```
 */
export class IndexedDbStore implements Store {
  readonly #database: IDBDatabase;
  readonly #calls = new Calls();
  readonly #tabs: Tabs;
  /** Why the database is gone, once it is. */
  #lost: StoreError | undefined;

  private constructor(database: IDBDatabase) {
    this.#database = database;
    this.#tabs = new Tabs(database.name, (key) => this.range(key, after(key), 1));
    // Someone wants to delete the database, or a later version of the library to change it: they must not wait for us.
    database.onversionchange = () => {
      this.#lose("another tab deletes or upgrades the database; reload the page");
      database.close();
    };
    database.onclose = () =>
      this.#lose("the browser closed the database, as it does when site data is cleared");
  }

  /**
   * Opens the database, which is made where it does not exist.
   *
   * Rejects with a {@link StoreError}: `foreign` where a database of this name is not ours or of a later version, `full` where there is
   * no room, and `failed` where the browser offers no IndexedDB, as in some private windows, or it broke.
   */
  static async open(options: IndexedDbStoreOptions = {}): Promise<IndexedDbStore> {
    const { name, onBlocked } = (options as IndexedDbStoreOptions | null) ?? {};
    return new IndexedDbStore(await openDatabase(name ?? "invreq", onBlocked));
  }

  /**
   * Asks the browser not to delete what this site keeps when room gets scarce, and says whether it agreed. Some browsers ask the user,
   * others decide by how much the site is used.
   */
  static async persist(): Promise<boolean> {
    const storage = (globalThis.navigator as Partial<Navigator> | undefined)?.storage;
    return (await storage?.persist?.().catch(() => false)) ?? false;
  }

  /** The first `limit` entries with `start <= key < end`, in ascending order. */
  range(start: Uint8Array, end: Uint8Array, limit: number): Promise<Entry[]> {
    return this.#calls.run(async () => {
      // To IndexedDB an empty range is an error, and a limit of 0 is none.
      if (compare(start, end) >= 0 || limit < 1) return [];
      const transaction = this.#begin("readonly");
      const entries = transaction.objectStore(ENTRIES);
      const range = IDBKeyRange.bound(copyOf(start), copyOf(end), false, true);
      const count = Math.min(limit, 0xffff_ffff);
      const keys = entries.getAllKeys(range, count);
      const values = entries.getAll(range, count);
      await done(transaction);
      return keys.result.map((key, at) => toEntry(key, values.result[at]));
    });
  }

  /** Does everything in the batch, or nothing; durable when it resolves. */
  write(batch: Batch): Promise<void> {
    return this.#calls.run(async () => {
      checkBatch(batch);
      // What is asked of a transaction is copied later.
      const copy = copyBatch(batch);
      const transaction = this.#begin("readwrite");
      const over = done(transaction);
      const entries = transaction.objectStore(ENTRIES);
      let refused: unknown;
      check(entries, copy, (conflict) => {
        try {
          if (conflict) throw conflict;
          put(entries, copy);
        } catch (error) {
          refused = error;
          transaction.abort();
        }
      });
      await over.catch((error: unknown) => {
        throw refused ?? error;
      });
      this.#tabs.wrote(copy.revisionKey, copy.revision);
    });
  }

  /** Waits for the calls under way and closes the database. Others who have it open keep it. */
  close(): Promise<void> {
    return this.#calls.close(() => {
      this.#tabs.close();
      this.#database.close();
    });
  }

  /** Calls back when another tab or worker has written for the wallet of this revision key, and returns how to stop. */
  watch(revisionKey: Uint8Array, changed: () => void): () => void {
    return this.#tabs.watch(copyOf(revisionKey), changed);
  }

  /** Resolves when no other tab or worker holds the right to send; from then on this one does, until `signal` is aborted. */
  lead(revisionKey: Uint8Array, options: { signal: AbortSignal }): Promise<void> {
    return this.#tabs.lead(revisionKey, options.signal);
  }

  #begin(mode: "readonly" | "readwrite"): IDBTransaction {
    if (this.#lost) throw this.#lost;
    try {
      return this.#database.transaction(ENTRIES, mode, { durability: "strict" });
    } catch (cause) {
      throw failure(cause);
    }
  }

  #lose(why: string): void {
    // It never comes back: nobody should try again, and another tab should send.
    this.#lost ??= new StoreError("closed", `the store is closed: ${why}`);
    this.#tabs.lose(this.#lost);
  }
}

/** Looks at the conditions of a batch, and calls back with the conflict, or without one. */
function check(entries: IDBObjectStore, batch: Batch, decide: (conflict?: StoreError) => void): void {
  const revision: IDBRequest<unknown> = entries.get(batch.revisionKey as BufferSource);
  const looked = batch.absent.map((key) => entries.getKey(key as BufferSource));
  // Requests of a transaction are answered in their order.
  const last = looked.at(-1) ?? revision;
  last.onsuccess = () => {
    const stored = revision.result instanceof Uint8Array ? revision.result : undefined;
    const taken = batch.absent.find((_, at) => looked[at]?.result !== undefined);
    const isNew = revision.result === undefined;
    if (!isNext(batch, stored) || isNew !== (stored === undefined)) decide(revisionConflict());
    else if (taken) decide(presentConflict(taken));
    else decide();
  };
}

function put(entries: IDBObjectStore, batch: Batch): void {
  for (const key of batch.deletes) entries.delete(key as BufferSource);
  for (const { key, value } of batch.puts) entries.put(value, key as BufferSource);
  entries.put(revisionBytes(batch.revision), batch.revisionKey as BufferSource);
  entries.transaction.commit?.();
}

/** Resolves when a transaction is complete, and rejects with a {@link StoreError} where it was aborted. */
function done(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(failure(transaction.error));
  });
}

/** What a failed transaction means. */
function failure(cause: unknown): StoreError {
  const name = cause instanceof Error || cause instanceof DOMException ? cause.name : "";
  if (name === "QuotaExceededError") {
    const why = "the browser gives this site no more room; free some space on the device";
    return new StoreError("full", `the store is full: ${why}`, undefined, { cause });
  }
  const why = name === "" ? "the browser aborted the transaction" : `the browser reports ${name}`;
  return new StoreError("failed", `the store failed: ${why}`, undefined, { cause });
}

function toEntry(key: IDBValidKey, value: unknown): Entry {
  return { key: toBytes(key), value: toBytes(value) };
}

/** Keys come back as buffers, values as they were put. */
function toBytes(stored: unknown): Uint8Array {
  if (stored instanceof ArrayBuffer) return new Uint8Array(stored);
  if (stored instanceof Uint8Array) return stored;
  throw new StoreError("corrupt", "the store is damaged: something other than bytes is in it");
}

function after(key: Uint8Array): Uint8Array {
  return Uint8Array.of(...key, 0);
}

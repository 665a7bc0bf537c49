import { createHash } from "node:crypto";

import type { Batch, Entry, Store } from "../host.js";
import {
  checkBatch,
  copyBatch,
  invalid,
  isNext,
  presentConflict,
  revisionBytes,
  revisionConflict,
} from "./batch.js";
import { copyOf, hexOf } from "./bytes.js";
import { Calls, Queue } from "./calls.js";
import {
  type Database,
  failure,
  loadDriver,
  type OpenDatabase,
  resultCode,
  type SqliteDriver,
  type Statement,
} from "./sqlite-driver.js";
import { openFile, patiently } from "./sqlite-file.js";

/** How an {@link SqliteStore} is opened. */
export interface SqliteStoreOptions {
  /** The SQLite to use; by default `better-sqlite3` where it is installed, else `node:sqlite`. */
  driver?: SqliteDriver | undefined;
}

/** How often other processes' writes are looked for, and how often a process that waits to lead tries to, in milliseconds. */
const POLL_MS = 500;

/**
 * A durable store in one SQLite file, for Node and Deno: the same file that the Rust library writes.
 *
 * It takes the package `better-sqlite3` where the app has it, else Node's own `node:sqlite` (Node 22.13 or later). The file is in WAL
 * mode, so `-wal` and `-shm` files stand beside it while it is open; it belongs on a local disk, for network file systems do not lock
 * as SQLite needs it. Any number of processes can open the same file: the conditions of a batch hold between them too, they notice each
 * other's writes within half a second, and one of them sends.
 *
 * A write waits for the disk on the thread of the caller, a few milliseconds as a rule. Where another process keeps the file locked for
 * more than 5 seconds, a call rejects with `failed`.
 *
 * @example
 * ```ts
 * const store = await SqliteStore.open("wallet.invreq");
 * ```
 */
export class SqliteStore implements Store {
  readonly #database: Database;
  readonly #path: string;
  readonly #openDatabase: OpenDatabase;
  readonly #calls = new Calls();
  readonly #queue = new Queue();
  readonly #sql: Readonly<Record<"range" | "value" | "delete" | "put" | "version", Statement>>;
  readonly #watches = new Set<() => void>();
  /** The revision this handle wrote last, of each wallet. */
  readonly #own = new Map<string, string>();

  private constructor(database: Database, path: string, openDatabase: OpenDatabase) {
    this.#database = database;
    this.#path = path;
    this.#openDatabase = openDatabase;
    this.#sql = {
      range: database.prepare(
        "SELECT key, value FROM entries WHERE key >= ? AND key < ? ORDER BY key LIMIT ?",
      ),
      value: database.prepare("SELECT value FROM entries WHERE key = ?"),
      delete: database.prepare("DELETE FROM entries WHERE key = ?"),
      put: database.prepare(
        "INSERT INTO entries (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
      ),
      version: database.prepare("PRAGMA data_version"),
    };
  }

  /**
   * Opens the store in this file, which is made where it does not exist; its folder must exist.
   *
   * Rejects with a `StoreError`: `foreign`, and leaves the file as it is, where it holds something else; `read_only` where it may
   * not be written, `corrupt` where it is damaged, and `failed` otherwise, as where there is no SQLite.
   */
  static async open(path: string, options: SqliteStoreOptions = {}): Promise<SqliteStore> {
    if (typeof path !== "string") throw invalid("the path has to be a string");
    const openDatabase = await loadDriver((options as SqliteStoreOptions | null)?.driver);
    return new SqliteStore(await openFile(openDatabase, path), path, openDatabase);
  }

  /** The first `limit` entries with `start <= key < end`, in ascending order. */
  range(start: Uint8Array, end: Uint8Array, limit: number): Promise<Entry[]> {
    const count = Math.min(limit, 0x7fff_ffff);
    const [from, to] = [copyOf(start), copyOf(end)];
    return this.#run(() => this.#sql.range.all(from, to, count).map(toEntry));
  }

  /** Does everything in the batch, or nothing; durable when it resolves. */
  async write(batch: Batch): Promise<void> {
    checkBatch(batch);
    const copy = copyBatch(batch);
    return this.#run(() => this.#write(copy));
  }

  /** Waits for the calls under way and closes the file. Others who have it open keep it. */
  close(): Promise<void> {
    return this.#calls.close(() => {
      for (const stop of [...this.#watches]) stop();
      this.#database.close();
    });
  }

  /** Calls back when another process has written for the wallet of this revision key, and returns how to stop. */
  watch(revisionKey: Uint8Array, changed: () => void): () => void {
    const key = copyOf(revisionKey);
    // SQLite counts what others commit, whatever it is about; our own writes leave the count as it is.
    let version = this.#version();
    let revision = this.#revision(key);
    const look = (): void => {
      const now = this.#version();
      if (now === undefined || now === version) return;
      const found = this.#revision(key);
      if (found === undefined) return;
      version = now;
      if (found !== revision && found !== this.#own.get(hexOf(key))) changed();
      revision = found;
    };
    const timer = setInterval(look, POLL_MS).unref();
    const stop = (): void => {
      clearInterval(timer);
      this.#watches.delete(stop);
    };
    this.#watches.add(stop);
    return stop;
  }

  /**
   * Resolves when no other process holds the right to send; from then on this one does, until `signal` is aborted or the process ends.
   * The right is a lock of the operating system on a file of its own beside the store, which holds nothing.
   */
  async lead(revisionKey: Uint8Array, options: { signal: AbortSignal }): Promise<void> {
    const { signal } = options;
    const name = createHash("sha256").update(revisionKey).digest("hex").slice(0, 16);
    const lock = await openFile(this.#openDatabase, `${this.#path}-lead-${name}`);
    try {
      while (!tryLock(lock)) await pause(POLL_MS, signal);
      signal.throwIfAborted();
    } catch (error) {
      lock.close();
      throw error;
    }
    signal.addEventListener("abort", () => lock.close(), { once: true });
  }

  #run<T>(work: () => T): Promise<T> {
    return this.#calls.run(async () => {
      try {
        return await this.#queue.run(() => patiently(work));
      } catch (error) {
        throw failure(error);
      }
    });
  }

  /** The whole batch in one durable transaction, which holds the write lock before it looks at the conditions. */
  #write(batch: Batch): void {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      if (!isNext(batch, this.#value(batch.revisionKey))) throw revisionConflict();
      const present = batch.absent.find((key) => this.#value(key) !== undefined);
      if (present) throw presentConflict(present);
      for (const key of batch.deletes) this.#sql.delete.run(key);
      for (const { key, value } of batch.puts) this.#sql.put.run(key, value);
      this.#sql.put.run(batch.revisionKey, revisionBytes(batch.revision));
      this.#database.exec("COMMIT");
      this.#own.set(hexOf(batch.revisionKey), hexOf(revisionBytes(batch.revision)));
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  #rollBack(): void {
    try {
      this.#database.exec("ROLLBACK");
    } catch {
      // After some errors, such as a full disk, SQLite has done it by itself.
    }
  }

  #value(key: Uint8Array): Uint8Array | undefined {
    const row = this.#sql.value.get(key);
    return row && toBytes(row["value"]);
  }

  /** How often others have written, as SQLite counts it; `undefined` where it cannot be told now. */
  #version(): unknown {
    try {
      return this.#calls.isClosed ? undefined : this.#sql.version.get()?.["data_version"];
    } catch {
      return undefined;
    }
  }

  #revision(key: Uint8Array): string | undefined {
    try {
      return this.#calls.isClosed ? undefined : hexOf(this.#value(key) ?? new Uint8Array());
    } catch {
      return undefined;
    }
  }
}

function toEntry(row: Record<string, unknown>): Entry {
  return { key: toBytes(row["key"]), value: toBytes(row["value"]) };
}

/** A plain array of its own: a driver may answer with a view of a pool. */
function toBytes(stored: unknown): Uint8Array {
  return Uint8Array.from(stored as Uint8Array);
}

/** Takes the lock of a file, which goes with the process that has it. */
function tryLock(lock: Database): boolean {
  try {
    lock.exec("BEGIN EXCLUSIVE");
    return true;
  } catch (error) {
    if (resultCode(error) !== 5) throw failure(error);
    return false;
  }
}

/** Waits, but not for longer than the signal allows. It keeps no process alive. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms).unref();
    signal.addEventListener("abort", stop, { once: true });
  });
}

import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";

import { type Batch, type Entry, type Store, StoreError } from "../host.js";
import { checkBatch, copyBatch, invalid } from "./batch.js";
import { Calls, Queue } from "./calls.js";
import { Entries } from "./entries.js";
import { changesOf } from "./file-frames.js";
import { Lock } from "./file-lock.js";
import { errorOf, Log, syncFolder } from "./file-log.js";

/**
 * A durable store in a folder, for Node, Deno and Bun, with nothing but files: no native module is needed.
 *
 * Every write is appended to a log with a checksum, and synced; what a crash cut short is dropped when it is opened again, and
 * what was damaged otherwise is told (`corrupt`). Everything it holds is in memory too, about 2 KiB for each invoice, and is read when it
 * is opened: for some ten thousand invoices it is a good choice, for more take an {@link SqliteStore}.
 *
 * A write that fails is taken back. Where that fails too, or another process took the folder over, every call rejects with `failed`:
 * open it again to see what it holds.
 *
 * One process at a time has the folder. A lock whose process is gone is taken over; one of another machine, as on a network file
 * system, after a minute without a sign of life.
 *
 * @example
 * ```ts
 * const store = await FileStore.open("wallet");
 * ```
 */
export class FileStore implements Store {
  readonly #entries: Entries;
  readonly #log: Log;
  readonly #lock: Lock;
  readonly #calls = new Calls();
  readonly #queue = new Queue();

  private constructor(entries: Entries, log: Log, lock: Lock) {
    this.#entries = entries;
    this.#log = log;
    this.#lock = lock;
  }

  /**
   * Opens the store in this folder, which is made where it does not exist, readable by its owner alone.
   *
   * Rejects with a {@link StoreError}: `failed` where another process has it, `foreign` where something else is there, `corrupt` where it
   * is damaged, `read_only` where it may not be written, and `full` where there is no room.
   */
  static async open(folder: string): Promise<FileStore> {
    if (typeof folder !== "string") throw invalid("the folder has to be a string");
    const path = resolve(folder);
    try {
      const made = await mkdir(path, { recursive: true, mode: 0o700 });
      if (made !== undefined) await syncFolder(resolve(made, ".."));
      const lock = await Lock.take(path);
      try {
        const entries = new Entries();
        const log = await Log.open(path, entries, () => checkHeld(lock));
        return new FileStore(entries, log, lock);
      } catch (error) {
        await lock.release().catch(() => {});
        throw error;
      }
    } catch (error) {
      throw errorOf(error);
    }
  }

  /** The first `limit` entries with `start <= key < end`, in ascending order. */
  range(start: Uint8Array, end: Uint8Array, limit: number): Promise<Entry[]> {
    // Behind the writes that were asked for before.
    return this.#calls.run(() =>
      this.#queue.run(async () => {
        await this.#log.checkSound();
        return this.#entries.range(start, end, limit);
      }),
    );
  }

  /** Does everything in the batch, or nothing; durable when it resolves. */
  async write(batch: Batch): Promise<void> {
    checkBatch(batch);
    const copy = copyBatch(batch);
    return this.#calls.run(() => this.#queue.run(() => this.#write(copy)));
  }

  /** Waits for the calls under way and gives the folder back. */
  close(): Promise<void> {
    return this.#calls.close(() =>
      this.#queue.run(async () => {
        await this.#log.close();
        await this.#lock.release().catch((error: unknown) => {
          throw errorOf(error);
        });
      }),
    );
  }

  async #write(batch: Batch): Promise<void> {
    await this.#log.checkSound();
    this.#entries.checkConditions(batch);
    await this.#log.append(changesOf(batch));
    this.#entries.apply(batch);
    // Whoever waits for this write need not wait for it; the next call does.
    if (this.#log.isLong) void this.#queue.run(() => this.#log.compact());
  }
}

/** Rejects unless the folder is still ours. */
async function checkHeld(lock: Lock): Promise<void> {
  if (await lock.isHeld()) return;
  throw new StoreError("failed", "the store failed: another process took over the folder; open it again");
}

/**
 * The log of a FileStore: written to its end, and written anew when most of it is of the past.
 *
 * @module
 */

import { type FileHandle, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";

import { StoreError } from "../host.js";
import type { Entries } from "./entries.js";
import { type Change, frameOf, MAGIC, newHead, readFrames, saltOf } from "./file-frames.js";

/** A log is written anew when it is so many bytes longer than twice what it holds. */
const SLACK = 1 << 20;

/** The bytes of keys and values in one frame of a log that is written anew. */
const CHUNK_LEN = 1 << 20;

/** An open log. */
export class Log {
  /** Set after an error that leaves open what the medium holds: only opening it again tells. */
  #broken: unknown;
  /** A log that could not be written anew is tried again when it has grown by so much. */
  #triedAt = 0;

  private constructor(
    private readonly folder: string,
    private readonly entries: Entries,
    private file: FileHandle,
    private length: number,
    private frames: bigint,
    private salt: Buffer,
    private readonly checkHeld: () => Promise<void>,
  ) {}

  /**
   * Opens the log of a folder, makes it where there is none, and fills `entries`. `checkHeld` rejects when the folder is somebody
   * else's by now. Rejects with a {@link StoreError}.
   */
  static async open(folder: string, entries: Entries, checkHeld: () => Promise<void>): Promise<Log> {
    // What was written anew and not put in place is of no use.
    await rm(join(folder, NEW), { force: true });
    const bytes = await readFile(join(folder, NAME)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    });
    if (!bytes) return Log.#create(folder, entries, checkHeld);
    if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw foreign(bytes);
    const salt = saltOf(bytes);
    if (!salt) throw altered(MAGIC.length);
    const { frames, length, last, isDamaged } = readFrames(bytes, salt, ([key, value]) => {
      if (value) entries.put(key, value);
      else entries.delete(key);
    });
    if (isDamaged) throw altered(length);
    const file = await open(join(folder, NAME), "r+");
    try {
      await checkHeld();
      // A write that was cut short was never done. The last whole one may not be durable, nor the file's name, where a process was killed or
      // a sync failed. After a failed sync the system may take it for written: only writing it again makes sure.
      if (length < bytes.length) await file.truncate(length);
      await writeAll(file, bytes.subarray(last, length), last);
      await file.sync();
      await syncFolder(folder);
    } catch (error) {
      await file.close();
      throw error;
    }
    return new Log(folder, entries, file, length, frames, Buffer.from(salt), checkHeld);
  }

  /** Rejects where opening the log might tell something else than memory: it is broken, or the folder is somebody else's. */
  async checkSound(): Promise<void> {
    if (this.#broken !== undefined) throw failed("an earlier write failed; open it again", this.#broken);
    await this.checkHeld().catch((error: unknown) => {
      throw errorOf(error);
    });
  }

  /** Appends a frame; it is durable when this resolves. After a rejection it was not written, or {@link checkSound} rejects too. */
  async append(changes: readonly Change[]): Promise<void> {
    const frame = frameOf(this.salt, this.frames + 1n, changes);
    try {
      await writeAll(this.file, frame, this.length);
      await this.file.datasync();
      // A machine that slept in between has written into what another process has read, or replaced, by now.
      await this.checkHeld();
    } catch (error) {
      throw await this.#takeBack(error);
    }
    this.length += frame.length;
    this.frames++;
  }

  /** Whether most of the log is of the past. */
  get isLong(): boolean {
    return this.#broken === undefined && this.length > this.#triedAt + 2 * this.entries.bytes + SLACK;
  }

  /** Writes the log anew. Where that fails the old one stays, unless it cannot be opened again. */
  async compact(): Promise<void> {
    this.#triedAt = this.length;
    try {
      await this.checkHeld();
      const made = await writeNew(this.folder, this.entries);
      if (!(await this.#replace())) return;
      [this.length, this.frames, this.salt, this.#triedAt] = [made.length, made.frames, made.salt, 0];
    } catch {
      // It is tried again when the log has grown.
    }
  }

  /** Closes the file. */
  async close(): Promise<void> {
    // After a failure it may be closed already.
    await this.file.close().catch(() => {});
  }

  static async #create(folder: string, entries: Entries, checkHeld: () => Promise<void>): Promise<Log> {
    const { length, frames, salt } = await writeNew(folder, entries);
    await checkHeld();
    await rename(join(folder, NEW), join(folder, NAME));
    await syncFolder(folder);
    return new Log(folder, entries, await open(join(folder, NAME), "r+"), length, frames, salt, checkHeld);
  }

  /** Puts the new log in the place of the old one, and says whether it is there. */
  async #replace(): Promise<boolean> {
    try {
      // Some systems do not rename onto a file that is open.
      await this.file.close();
      await this.checkHeld();
      await rename(join(this.folder, NEW), join(this.folder, NAME));
    } catch {
      await this.#reopen();
      return false;
    }
    try {
      await syncFolder(this.folder);
      this.file = await open(join(this.folder, NAME), "r+");
    } catch (error) {
      this.#broken = error;
    }
    return true;
  }

  /** Opens the old log again, unless something else is in its place. */
  async #reopen(): Promise<void> {
    try {
      this.file = await open(join(this.folder, NAME), "r+");
      if ((await this.file.stat()).size !== this.length) throw failed(`${NAME} is not as it was left`);
    } catch (error) {
      this.#broken = error;
    }
  }

  /**
   * Cuts off what a failed write left, unless somebody else writes there by now, and says what to tell of it.
   *
   * A second sync may say that all is well after a failed one, as the system may have forgotten what was to be written. But what was
   * there before is durable, and to cut off is a change of its own: when its sync succeeds, the frame is gone for good.
   */
  async #takeBack(error: unknown): Promise<StoreError> {
    const told = errorOf(error);
    try {
      await this.checkHeld();
      // Where nothing was written, as on a disk that became read-only, nothing has to be cut off.
      if ((await this.file.stat()).size === this.length) return told;
      await this.file.truncate(this.length);
      await this.file.sync();
      await this.checkHeld();
      return told;
    } catch {
      this.#broken = error;
      // Any other kind would say that nothing was written.
      return told.kind === "failed" ? told : failed("a write could not be taken back; open it again", error);
    }
  }
}

const NAME = "entries.log";
const NEW = "entries.new";

/** What a new log is like. */
interface Made {
  readonly length: number;
  readonly frames: bigint;
  readonly salt: Buffer;
}

async function writeNew(folder: string, entries: Entries): Promise<Made> {
  const { head, salt } = newHead();
  const file = await open(join(folder, NEW), "w", 0o600);
  let [length, frames] = [head.length, 0n];
  try {
    await writeAll(file, head, 0);
    for (const chunk of chunks(entries)) {
      const frame = frameOf(salt, ++frames, chunk);
      await writeAll(file, frame, length);
      length += frame.length;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { length, frames, salt };
}

function* chunks(entries: Entries): Generator<Change[]> {
  let [chunk, bytes]: [Change[], number] = [[], 0];
  for (const { key, value } of entries.all()) {
    chunk.push([key, value]);
    bytes += key.length + value.length;
    if (bytes >= CHUNK_LEN) {
      yield chunk;
      [chunk, bytes] = [[], 0];
    }
  }
  if (chunk.length > 0) yield chunk;
}

async function writeAll(file: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}

/** Makes a new name in a folder durable. Windows has no such thing, and does not need it. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  await handle.sync().finally(() => handle.close());
}

/** What an error of the file system means for a store. */
export function errorOf(cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause;
  const code = (cause as NodeJS.ErrnoException).code ?? "no reason given";
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
    case "EFBIG":
      return new StoreError("full", `the store is full: the disk has no room (${code})`, undefined, {
        cause,
      });
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new StoreError(
        "read_only",
        `the store cannot be written: its folder may not be written (${code})`,
        undefined,
        { cause },
      );
    case "ENOTDIR":
    case "EEXIST":
      return new StoreError("foreign", "this is not a store of this library: it is no folder", undefined, {
        cause,
      });
    default:
      return failed(`the file system reports ${code}`, cause);
  }
}

function failed(why: string, cause?: unknown): StoreError {
  return new StoreError("failed", `the store failed: ${why}`, undefined, { cause });
}

function altered(at: number): StoreError {
  const why = `${NAME} is altered at byte ${at}, and more follows; put back a copy of the folder`;
  return new StoreError("corrupt", `the store is damaged: ${why}`);
}

function foreign(log: Buffer): StoreError {
  const isLater = log.subarray(0, MAGIC.length - 1).equals(MAGIC.subarray(0, -1));
  const why = isLater
    ? "it was made by a later version of this library"
    : `its ${NAME} is of another application`;
  return new StoreError("foreign", `this is not a store of this library: ${why}`);
}

/**
 * One process at a time has a folder.
 *
 * Lock files are numbered, and whoever makes the one with the highest number has the lock: two that find the same stale lock
 * try to make the same next file, and only one can. Nobody ever removes the file with the highest number, so whoever looked before
 * others had the lock, and was slow, finds a higher one than the one it makes.
 *
 * @module
 */

import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { access, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";

import { StoreError } from "../host.js";

/** How often the holder shows that it is alive, in milliseconds. */
const BEAT_MS = 10_000;

/** After so long without a sign of life, a holder on another machine is taken for dead, in milliseconds. */
const DEAD_MS = 60_000;

/** A lock file without contents is being made, or its maker was killed: so long it is left alone, in milliseconds. */
const MAKING_MS = 5_000;

/** Who holds a lock. */
interface Holder {
  readonly host: string;
  readonly pid: number;
  /** Which of the processes that ever had this number; empty where the system does not tell. */
  readonly start: string;
}

const RELEASED = "released\n";
const FASTER = "another process was faster";

/** The folders this process has. */
const held = new Set<string>();

/** A held lock. */
export class Lock {
  readonly #folder: string;
  readonly #number: number;
  readonly #beat: ReturnType<typeof setInterval>;

  private constructor(folder: string, number: number) {
    this.#folder = folder;
    this.#number = number;
    // A beat that fails is not the last one, and it must not keep the process alive.
    const beat = (): void => void utimes(this.#path, new Date(), new Date()).catch(() => {});
    this.#beat = setInterval(beat, BEAT_MS).unref();
  }

  /** Takes the lock of a folder. Rejects with `failed` where somebody has it. */
  static async take(folder: string): Promise<Lock> {
    if (held.has(folder)) throw busy("this process has it open already");
    held.add(folder);
    try {
      return await Lock.#take(folder);
    } catch (error) {
      held.delete(folder);
      throw error;
    }
  }

  /** Whether nobody took the lock away, as may happen to a machine that slept. Rejects where that cannot be told. */
  async isHeld(): Promise<boolean> {
    const isThere = await exists(this.#path);
    return isThere && !(await exists(lockPath(this.#folder, this.#number + 1)));
  }

  /** Gives the lock back. Where that cannot be written, the file says whose it was until this process ends. */
  async release(): Promise<void> {
    clearInterval(this.#beat);
    try {
      if (await this.isHeld()) await writeFile(this.#path, RELEASED);
    } finally {
      held.delete(this.#folder);
    }
  }

  get #path(): string {
    return lockPath(this.#folder, this.#number);
  }

  static async #take(folder: string): Promise<Lock> {
    const numbers = await numbersIn(folder);
    const last = Math.max(0, ...numbers);
    if (last > 0) await checkFree(lockPath(folder, last));
    const mine = last + 1;
    make(lockPath(folder, mine));
    // Others may have had this number, and later ones, since the folder was read: then what is in it is not ours.
    if (Math.max(...(await numbersIn(folder))) !== mine) {
      await rm(lockPath(folder, mine), { force: true });
      throw busy(FASTER);
    }
    for (const number of numbers) await rm(lockPath(folder, number), { force: true });
    return new Lock(folder, mine);
  }
}

/** The numbers of the lock files in a folder. */
async function numbersIn(folder: string): Promise<number[]> {
  return (await readdir(folder)).flatMap((name) => {
    const [, digits] = /^lock-([0-9]{1,15})$/.exec(name) ?? [];
    return digits === undefined ? [] : [Number(digits)];
  });
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
}

/** Throws unless the lock of this file was released or its holder is dead. */
async function checkFree(path: string): Promise<void> {
  const [text, { mtimeMs }] = await Promise.all([readFile(path, "utf8"), stat(path)]).catch(
    (error: unknown) => {
      throw codeOf(error) === "ENOENT" ? busy(FASTER) : error;
    },
  );
  if (text === RELEASED) return;
  const ageMs = Date.now() - mtimeMs;
  const holder = parse(text);
  if (!holder) {
    if (ageMs < MAKING_MS) throw busy("another process is opening it");
    return;
  }
  const isDead = holder.host === hostname() ? !isAlive(holder) : ageMs > DEAD_MS;
  if (!isDead) throw busy(`process ${holder.pid} on ${holder.host} has it open (${path})`);
}

/** Makes the file and fills it, without letting go of the thread in between. */
function make(path: string): void {
  const holder: Holder = { host: hostname(), pid: process.pid, start: startOf(process.pid) };
  let file: number;
  try {
    file = openSync(path, "wx", 0o600);
  } catch (error) {
    throw codeOf(error) === "EEXIST" ? busy(FASTER) : error;
  }
  try {
    writeSync(file, `${JSON.stringify(holder)}\n`);
  } catch (error) {
    // It was nobody's lock, and would keep others out for a while.
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

function isAlive({ pid, start }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // It may be somebody else's.
    if (codeOf(error) !== "EPERM") return false;
  }
  const now = startOf(pid);
  return start === "" || now === "" || start === now;
}

/** When a process began, on Linux: the boot, and the ticks since. A number of a process is used again. */
function startOf(pid: number): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    // The name of the program, in parentheses, can hold anything.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return `${boot}/${fields[19] ?? ""}`;
  } catch {
    return "";
  }
}

function parse(text: string): Holder | undefined {
  try {
    const { host, pid, start } = JSON.parse(text) as Partial<Holder>;
    const isHolder = typeof host === "string" && Number.isSafeInteger(pid) && typeof start === "string";
    return isHolder ? ({ host, pid, start } as Holder) : undefined;
  } catch {
    return undefined;
  }
}

function lockPath(folder: string, number: number): string {
  return join(folder, `lock-${number}`);
}

function busy(why: string): StoreError {
  return new StoreError("failed", `the store failed: ${why}`);
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

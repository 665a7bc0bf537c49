/**
 * The file of a SqliteStore: the same as that of the Rust library, so that both can open one.
 *
 * @module
 */

import { open } from "node:fs/promises";
import { resolve } from "node:path";

import { StoreError } from "../host.js";
import { type Database, failure, type OpenDatabase, resultCode } from "./sqlite-driver.js";

/** `invq`: tells our files from those of other applications. */
const APPLICATION_ID = 0x696e7671;

/** The version of the layout below. */
const LAYOUT_VERSION = 1;

const LAYOUT =
  "CREATE TABLE entries (key BLOB PRIMARY KEY NOT NULL, value BLOB NOT NULL) STRICT, WITHOUT ROWID";

const IDENTITY = `
  SELECT (SELECT application_id FROM pragma_application_id) AS application,
         (SELECT user_version FROM pragma_user_version) AS version,
         (SELECT count(*) FROM sqlite_schema) AS tables,
         (SELECT sql FROM sqlite_schema WHERE name = 'entries') AS layout`;

/** How every SQLite database begins. */
const HEAD = new TextEncoder().encode("SQLite format 3\0");

/** How long to wait for a lock of another process, in milliseconds, and how long between two tries at first and at most. */
const BUSY_MS = 5_000;
const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 50;

/** Opens the store in a file, which is made where it does not exist. Rejects with a {@link StoreError}. */
export async function openFile(openDatabase: OpenDatabase, path: string): Promise<Database> {
  // A name such as `:memory:` is a file, too.
  const full = resolve(path);
  await prepareFile(full);
  try {
    return await patiently(() => prepareDatabase(openDatabase, full));
  } catch (error) {
    throw failure(error);
  }
}

/** Does it again while another process is in the way. SQLite's own way to wait would hold up everything else here. */
export async function patiently<T>(work: () => T): Promise<T> {
  const untilMs = Date.now() + BUSY_MS;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return work();
    } catch (error) {
      if (resultCode(error) !== 5 || Date.now() >= untilMs) throw error;
    }
    await new Promise((done) => setTimeout(done, pauseMs));
  }
}

/** Makes the file where it does not exist, readable by its owner alone, and refuses one that is no database. */
async function prepareFile(path: string): Promise<void> {
  try {
    const made = await open(path, "wx", 0o600);
    return await made.close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw cannotOpen(error);
  }
  let head: Uint8Array;
  try {
    const file = await open(path, "r");
    const { bytesRead, buffer } = await file
      .read(new Uint8Array(HEAD.length), 0, HEAD.length, 0)
      .finally(() => file.close());
    head = buffer.subarray(0, bytesRead);
  } catch (error) {
    throw cannotOpen(error);
  }
  // Nothing but zeros is what a loss of power can leave of a new file; SQLite mends it from its journal.
  const isHead = head.length === HEAD.length && head.every((byte, at) => byte === HEAD[at]);
  if (!isHead && !head.every((byte) => byte === 0)) throw foreign("its file is no SQLite database");
  // SQLite would open it for reading alone, and say nothing.
  await open(path, "r+").then(
    (file) => file.close(),
    (error: unknown) => {
      throw cannotOpen(error);
    },
  );
}

/** Opens a database and makes it ready for use, or says why it is none of ours. A foreign one is not changed. */
function prepareDatabase(openDatabase: OpenDatabase, path: string): Database {
  // Looked at without the right to write: closing it must not even move its own log into the file.
  const looking = openDatabase(path, { readOnly: true });
  try {
    identify(looking);
  } finally {
    looking.close();
  }
  const database = openDatabase(path, { readOnly: false });
  try {
    for (const pragma of [
      "busy_timeout = 0",
      "synchronous = FULL",
      "fullfsync = ON",
      "checkpoint_fullfsync = ON",
    ]) {
      database.exec(`PRAGMA ${pragma}`);
    }
    if (identify(database) === "empty") create(database);
    // After the layout, so that the file itself says whose it is from the beginning, and not only its log.
    const mode = database.prepare("PRAGMA journal_mode = WAL").all()[0]?.["journal_mode"];
    if (mode !== "wal") {
      const why = `SQLite cannot keep a write-ahead log here (journal_mode is ${String(mode)})`;
      throw new StoreError("failed", `the store failed: ${why}`);
    }
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function create(database: Database): void {
  // Records of an invoice are 1 to 2 KiB; with the usual pages of 4,096 bytes the file would be three times as large.
  database.exec("PRAGMA page_size = 8192");
  database.exec("BEGIN IMMEDIATE");
  try {
    // Another process may have been faster since we looked.
    if (identify(database) === "empty") {
      database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
      database.exec(`PRAGMA user_version = ${LAYOUT_VERSION}`);
      database.exec(LAYOUT);
    }
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}

function identify(database: Database): "empty" | "ours" {
  const { application, version, tables, layout } = database.prepare(IDENTITY).get() ?? {};
  if (application === 0 && version === 0 && tables === 0) return "empty";
  if (application !== APPLICATION_ID) throw foreign("it is the database of another application");
  if (version !== LAYOUT_VERSION) {
    throw foreign(`its layout has version ${String(version)}, and this library knows ${LAYOUT_VERSION}`);
  }
  if (layout !== LAYOUT)
    throw new StoreError("corrupt", "the store is damaged: its table is missing or altered");
  return "ours";
}

function foreign(why: string): StoreError {
  return new StoreError("foreign", `this is not a store of this library: ${why}`);
}

function cannotOpen(cause: unknown): StoreError {
  const { code } = cause as NodeJS.ErrnoException;
  const message = `its file cannot be opened (${code ?? "no reason given"})`;
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") {
    return new StoreError("read_only", `the store cannot be written: ${message}`, undefined, { cause });
  }
  return new StoreError("failed", `the store failed: ${message}`, undefined, { cause });
}

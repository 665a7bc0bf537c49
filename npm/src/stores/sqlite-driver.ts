/**
 * SQLite in Node: whichever there is.
 *
 * @module
 */

import { StoreError } from "../host.js";

/** What a statement gives for each row, by column. */
export type Row = Record<string, unknown>;

/** A prepared statement. Blobs are bytes on both ways. */
export interface Statement {
  get(...parameters: unknown[]): Row | undefined;
  all(...parameters: unknown[]): Row[];
  run(...parameters: unknown[]): unknown;
}

/** An open database file. */
export interface Database {
  exec(sql: string): unknown;
  prepare(sql: string): Statement;
  close(): void;
}

/** Opens the database in a file that exists. */
export type OpenDatabase = (path: string, options: { readOnly: boolean }) => Database;

/** The drivers, in the order in which they are tried. */
export type SqliteDriver = "better-sqlite3" | "node:sqlite";

/** Loads a driver: the one asked for, else the package that the app has installed, else what comes with Node. */
export async function loadDriver(wanted: SqliteDriver | undefined): Promise<OpenDatabase> {
  const drivers = wanted ? [wanted] : (["better-sqlite3", "node:sqlite"] as const);
  const reasons: unknown[] = [];
  for (const driver of drivers) {
    try {
      return driver === "better-sqlite3" ? await betterSqlite3() : await nodeSqlite();
    } catch (reason) {
      reasons.push(reason);
    }
  }
  const advice = wanted
    ? `${wanted} cannot be loaded here`
    : "there is no SQLite here; install the package better-sqlite3, or take Node 22.13 or later, or a FileStore";
  throw new StoreError("failed", `the store failed: ${advice}`, undefined, { cause: reasons[0] });
}

async function betterSqlite3(): Promise<OpenDatabase> {
  type Constructor = new (path: string, options: object) => Database;
  const { default: Connection } = await load<{ default: Constructor }>("better-sqlite3");
  // Opening loads the native part, which can be missing although the package is there.
  new Connection(":memory:", {}).close();
  return (path, { readOnly }) =>
    new Connection(path, { readonly: readOnly, fileMustExist: true, timeout: 0 });
}

async function nodeSqlite(): Promise<OpenDatabase> {
  type Constructor = new (path: string, options: object) => Database;
  const { DatabaseSync } = await load<{ DatabaseSync: Constructor }>("node:sqlite");
  return (path, { readOnly }) => new DatabaseSync(path, { readOnly });
}

/** Neither needs to exist, so no bundler and no compiler is to look for it. */
function load<Module>(name: string): Promise<Module> {
  return import(/* webpackIgnore: true */ /* @vite-ignore */ name) as Promise<Module>;
}

/** The primary result code of SQLite behind an error, such as 5 for SQLITE_BUSY; `undefined` where it is none of SQLite's. */
export function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  if (typeof errcode === "number") return errcode & 0xff;
  const [, name] = /^SQLITE_([A-Z]+)/.exec(String(code)) ?? [];
  return name === undefined ? undefined : CODES[name];
}

const CODES: Readonly<Record<string, number>> = {
  BUSY: 5,
  LOCKED: 6,
  READONLY: 8,
  IOERR: 10,
  CORRUPT: 11,
  FULL: 13,
  CANTOPEN: 14,
  NOTADB: 26,
};

/** What an error of SQLite means for a store. */
export function failure(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const why = error instanceof Error ? error.message : "the database reports no reason";
  const options = { cause: error };
  switch (resultCode(error)) {
    case 5:
      return new StoreError(
        "failed",
        "the store failed: another process keeps its file locked",
        undefined,
        options,
      );
    case 8:
      return new StoreError("read_only", `the store cannot be written: ${why}`, undefined, options);
    case 11:
      return new StoreError("corrupt", `the store is damaged: ${why}`, undefined, options);
    case 13:
      return new StoreError("full", `the store is full: ${why}`, undefined, options);
    case 26:
      return new StoreError("foreign", `this is not a store of this library: ${why}`, undefined, options);
    default:
      return new StoreError("failed", `the store failed: ${why}`, undefined, options);
  }
}

/**
 * What the tests of `IndexedDbStore` do in a page or a worker.
 *
 * @module
 */

import { type Batch, StoreError } from "../../src/host.js";
import { IndexedDbStore } from "../../src/stores/indexed-db.js";
import { storeConformance } from "../../src/testing.js";

const KEY = new TextEncoder().encode("wallet/revision");
const DATA = ["a", "b", "c"].map((key) => new TextEncoder().encode(`wallet/${key}`));

let kept: IndexedDbStore | undefined;
let calls = 0;
let isLeader = false;

/** The outcome of the suite as plain data. */
export async function conformance(prefix: string) {
  const open = (name: string) => IndexedDbStore.open({ name: `${prefix}-${name}` });
  const report = await storeConformance({ open });
  const names = (outcome: string) =>
    report.checks.filter((check) => check.outcome === outcome).map((check) => check.name);
  return { failed: names("failed"), skipped: names("skipped"), text: report.toString() };
}

/** Calls a function of this file in a dedicated worker. */
export async function inWorker<Name extends "conformance" | "writeOne">(
  name: Name,
  argument: string,
): Promise<Awaited<ReturnType<(typeof functions)[Name]>>> {
  const worker = new Worker("/bench.js");
  const answer = new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
  worker.postMessage([name, argument]);
  const result = await answer;
  worker.terminate();
  return result as Awaited<ReturnType<(typeof functions)[Name]>>;
}

const functions = { conformance, writeOne };
if (typeof document === "undefined") {
  onmessage = async ({ data: [name, argument] }: MessageEvent<[keyof typeof functions, string]>) =>
    postMessage(await functions[name](argument));
}

/** Opens a store and watches it. */
export async function keep(name: string): Promise<void> {
  kept = await IndexedDbStore.open({ name });
  kept.watch(KEY, () => calls++);
}

/** The same, in a browser without BroadcastChannel. */
export async function keepWithoutChannel(name: string): Promise<void> {
  Reflect.deleteProperty(globalThis, "BroadcastChannel");
  await keep(name);
}

/** How often the watcher was called. */
export function heard(): number {
  return calls;
}

/** Writes until the revision is so high, against others. Says how often it was first. */
export async function compete(last: number): Promise<{ won: number }> {
  let won = 0;
  for (;;) {
    const next = (await revision()) + 1;
    if (next > last) return { won };
    try {
      await store().write(batch(next));
      won++;
    } catch (error) {
      if (kindOf(error) !== "conflict") throw error;
    }
  }
}

/** The revision that is stored. */
export async function revision(): Promise<number> {
  const [entry] = await store().range(KEY, Uint8Array.of(...KEY, 0), 1);
  return entry ? Number(new DataView(entry.value.buffer).getBigUint64(0)) : 0;
}

/** Tries to lead. */
export async function lead(): Promise<void> {
  await store().lead(KEY, { signal: new AbortController().signal });
  isLeader = true;
}

/** What trying to lead comes to. */
export function tryLead(): Promise<string> {
  return lead().then(() => "leads", kindOf);
}

/** The same, where the browser refuses to have locks. */
export async function leadWithoutPermission(name: string): Promise<string> {
  const { request } = LockManager.prototype;
  LockManager.prototype.request = () => Promise.reject(new DOMException("no locks here", name));
  const result = await tryLead();
  LockManager.prototype.request = request;
  return result;
}

/** Whether this tab leads. */
export function leads(): boolean {
  return isLeader;
}

/** Writes without an end, and says of each write that it was done. */
export async function writeForEver(): Promise<never> {
  for (;;) {
    const next = (await revision()) + 1;
    await store().write(batch(next));
    await (globalThis as unknown as { wrote(revision: number): Promise<void> }).wrote(next);
  }
}

/** What is stored, and whether it is all of one write. */
export async function contents(): Promise<{ revision: number; isWhole: boolean }> {
  const entries = await store().range(new Uint8Array(), Uint8Array.of(0xff), 100);
  const values = new Set(entries.map((entry) => entry.value.join()));
  return { revision: await revision(), isWhole: values.size === 1 && entries.length === DATA.length + 1 };
}

/** Writes more and more until there is an error. */
export async function fill(name: string): Promise<{ kind: string; message: string; isWhole: boolean }> {
  const full = await IndexedDbStore.open({ name });
  for (let next = 1n; ; next++) {
    const value = crypto.getRandomValues(new Uint8Array(65_536));
    const puts = Array.from({ length: 8 }, (_, at) => ({
      key: Uint8Array.of(Number(next >> 8n), Number(next & 255n), at),
      value,
    }));
    try {
      await full.write({ ...batch(Number(next)), puts });
    } catch (error) {
      const entries = await full.range(new Uint8Array(), Uint8Array.of(0x70), 10_000);
      await full.close();
      return {
        kind: kindOf(error),
        message: String(error),
        isWhole: entries.length === (Number(next) - 1) * 8,
      };
    }
  }
}

/** One write by a handle of its own. */
export async function writeOne(name: string): Promise<string> {
  const writer = await IndexedDbStore.open({ name });
  const [entry] = await writer.range(KEY, Uint8Array.of(...KEY, 0), 1);
  const last = entry ? Number(new DataView(entry.value.buffer).getBigUint64(0)) : 0;
  await writer.write(batch(last + 1));
  await writer.close();
  return "done";
}

/** The same, by a tab that does not come to tell the others. */
export async function writeSilently(name: string): Promise<string> {
  const { postMessage } = BroadcastChannel.prototype;
  BroadcastChannel.prototype.postMessage = () => {};
  const result = await writeOne(name);
  BroadcastChannel.prototype.postMessage = postMessage;
  return result;
}

/** What a read comes to. */
export async function tryRead(): Promise<string> {
  return store()
    .range(KEY, Uint8Array.of(...KEY, 0), 1)
    .then(() => "read", kindOf);
}

/** Deletes a database, and says whether others were in the way. */
export function deleteDatabase(name: string): Promise<string> {
  return new Promise((resolve) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = () => resolve("deleted");
    request.onblocked = () => resolve("blocked");
  });
}

/** Opens databases that are not ours. */
export async function foreign() {
  const make = (name: string, version: number, stores: string[]): Promise<IDBDatabase> =>
    new Promise((resolve, reject) => {
      const request = indexedDB.open(name, version);
      request.onupgradeneeded = () => stores.forEach((store) => request.result.createObjectStore(store));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  const attempt = (name: string): Promise<string> =>
    IndexedDbStore.open({ name }).then(() => "opened", kindOf);
  (await make("notes", 1, ["notes"])).close();
  (await make("later", 7, ["invreq-entries"])).close();
  (await make("empty", 1, [])).close();
  const cases = {
    anotherStore: await attempt("notes"),
    laterVersion: await attempt("later"),
    emptyDatabase: await attempt("empty"),
  };
  const notes = await make("notes", 1, []);
  return { ...cases, untouched: [...notes.objectStoreNames].join() === "notes" && notes.version === 1 };
}

/** Opens a store where there is no IndexedDB. */
export async function withoutIndexedDb(): Promise<{ kind: string; message: string }> {
  Object.defineProperty(globalThis, "indexedDB", { value: undefined, configurable: true });
  const error = await IndexedDbStore.open().catch((error: unknown) => error);
  Reflect.deleteProperty(globalThis, "indexedDB");
  return { kind: kindOf(error), message: String(error) };
}

/** Opens a store in a frame that may keep nothing. */
export function inSandbox(): Promise<{ kind: string; message: string }> {
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-scripts");
  const attempt = `bench.tryOpen().then((result) => parent.postMessage(result, "*"))`;
  frame.srcdoc = `<script src="${location.origin}/bench.js"></script><script>${attempt}</script>`;
  const answer = new Promise<{ kind: string; message: string }>((resolve) => {
    addEventListener("message", ({ data }) => resolve(data), { once: true });
  });
  document.body.append(frame);
  return answer;
}

/** What opening comes to. */
export async function tryOpen(): Promise<{ kind: string; message: string }> {
  const error = await IndexedDbStore.open().catch((error: unknown) => error);
  return { kind: kindOf(error), message: String(error) };
}

/** Opens a database that somebody holds back, without a word and with one. */
export async function blocked() {
  const older = await IndexedDbStore.open({ name: "blocked" });
  await older.close();
  // An upgrade that waits for somebody who does not let go.
  const holder = await new Promise<IDBDatabase>((resolve) => {
    const request = indexedDB.open("blocked");
    request.onsuccess = () => resolve(request.result);
  });
  const deleting = deleteDatabase("blocked");
  await deleting;
  // The browser makes `open` wait behind the deletion, and tells it nothing: it is told by a request of its own.
  const fake = blockedFactory();
  const without = await IndexedDbStore.open({ name: "blocked" }).then(() => "opened", kindOf);
  let called = 0;
  const opening = IndexedDbStore.open({ name: "blocked", onBlocked: () => called++ });
  while (called === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  holder.close();
  fake.restore();
  const store = await opening;
  await store.write(batch(1));
  return { without, called, opened: true };
}

/** Has every `open` be told that it is blocked, as it is when it upgrades a database that others have open. */
function blockedFactory(): { restore(): void } {
  const open = IDBFactory.prototype.open;
  IDBFactory.prototype.open = function (...args) {
    const request = open.apply(this, args);
    setTimeout(() => request.dispatchEvent(new IDBVersionChangeEvent("blocked")), 5);
    return request;
  };
  return { restore: () => void (IDBFactory.prototype.open = open) };
}

function store(): IndexedDbStore {
  if (!kept) throw new Error("call keep first");
  return kept;
}

function batch(revision: number): Batch {
  const value = new Uint8Array(8);
  new DataView(value.buffer).setBigUint64(0, BigInt(revision));
  const puts = DATA.map((key) => ({ key, value }));
  return { puts, deletes: [], absent: [], revisionKey: KEY, revision: BigInt(revision) };
}

function kindOf(error: unknown): string {
  return error instanceof StoreError ? error.kind : `no StoreError: ${String(error)}`;
}

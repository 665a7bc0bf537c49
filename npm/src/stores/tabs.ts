/**
 * Who writes and who leads, among the tabs and workers of one origin.
 *
 * @module
 */

import type { Entry } from "../host.js";
import { closedError, revisionBytes } from "./batch.js";
import { hexOf } from "./bytes.js";
import { aborted } from "./signals.js";

/** How often the revision is looked up where tabs cannot talk to each other, in milliseconds. */
const POLL_MS = 1_000;

/** The same where they can, in milliseconds: a tab may be killed after it wrote and before it told. */
const CHECK_MS = 30_000;

/** Reads the entry of a key. */
type Read = (key: Uint8Array) => Promise<Entry[]>;

/** What tabs tell each other: this wallet has a new revision. Both as hex. */
interface Note {
  readonly key: string;
  readonly revision: string;
}

/** Speaks for one handle on a database. */
export class Tabs {
  readonly #name: string;
  readonly #read: Read;
  readonly #channel: BroadcastChannel | undefined;
  readonly #watchers = new Map<() => void, string>();
  /** The latest revision known of each wallet, as hex of 8 bytes. */
  readonly #known = new Map<string, string>();
  readonly #polls = new Set<ReturnType<typeof setInterval>>();
  /** Aborted when the database is closed or lost: whoever cannot read and write must not lead. */
  readonly #gone = new AbortController();
  readonly #lookAgain = (event: Event): void => this.#cameBack(event);

  /** Speaks for a handle on the database of this name. */
  constructor(name: string, read: Read) {
    this.#name = `invreq/${name}`;
    this.#read = read;
    if (typeof BroadcastChannel === "function") {
      this.#channel = new BroadcastChannel(this.#name);
      this.#channel.onmessage = (event: MessageEvent<unknown>) => this.#heard(event.data);
    }
    // A page that slept or was in the back/forward cache may have missed something.
    globalThis.addEventListener?.("pageshow", this.#lookAgain);
    globalThis.document?.addEventListener("resume", this.#lookAgain);
  }

  /** Tells the others that this handle wrote. */
  wrote(revisionKey: Uint8Array, revision: bigint): void {
    const note: Note = { key: hexOf(revisionKey), revision: hexOf(revisionBytes(revision)) };
    this.#learn(note);
    this.#channel?.postMessage(note);
  }

  /** Calls back when another handle wrote for this wallet, and returns how to stop. */
  watch(revisionKey: Uint8Array, changed: () => void): () => void {
    const key = hexOf(revisionKey);
    // A function of its own for each call: the same callback may watch more than one wallet.
    const watcher = (): void => changed();
    this.#watchers.set(watcher, key);
    const look = (): void => void this.#poll(revisionKey, key);
    const poll = setInterval(look, this.#channel ? CHECK_MS : POLL_MS);
    this.#polls.add(poll);
    look();
    return () => {
      this.#watchers.delete(watcher);
      this.#polls.delete(poll);
      clearInterval(poll);
    };
  }

  /** Resolves when nobody else leads this wallet; from then on the caller does, until the signal is aborted. */
  lead(revisionKey: Uint8Array, signal: AbortSignal): Promise<void> {
    const over = either(signal, this.#gone.signal);
    if (over.aborted) return Promise.reject(over.reason as Error);
    const locks = (globalThis.navigator as Partial<Navigator> | undefined)?.locks;
    if (!locks) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const hold = (): Promise<void> => {
        resolve();
        return aborted(over);
      };
      locks.request(`${this.#name}/${hexOf(revisionKey)}`, { signal: over }, hold).catch((error: unknown) => {
        // A page that may have no locks is as one in a browser without them.
        if (error instanceof Error && error.name === "SecurityError") resolve();
        else reject(error);
      });
    });
  }

  /** Leads nothing any more, and never will. */
  lose(why: Error): void {
    this.#gone.abort(why);
    for (const poll of this.#polls) clearInterval(poll);
    this.#polls.clear();
  }

  /** Tells and hears nothing any more. */
  close(): void {
    this.lose(closedError());
    this.#channel?.close();
    this.#watchers.clear();
    globalThis.removeEventListener?.("pageshow", this.#lookAgain);
    globalThis.document?.removeEventListener("resume", this.#lookAgain);
  }

  #heard(note: unknown): void {
    if (!isNote(note)) return;
    this.#learn(note);
    this.#changed(note.key);
  }

  /** Revisions only grow, and what is told of them may come in any order. */
  #learn({ key, revision }: Note): void {
    if (revision > (this.#known.get(key) ?? "")) this.#known.set(key, revision);
  }

  #changed(key: string): void {
    for (const [watcher, watched] of [...this.#watchers]) {
      if (watched === key) watcher();
    }
  }

  async #poll(revisionKey: Uint8Array, key: string): Promise<void> {
    const before = this.#known.get(key);
    const found = await this.#read(revisionKey).catch(() => undefined);
    // What this handle wrote meanwhile is no news, and what could not be read is none either.
    if (!found || this.#known.get(key) !== before) return;
    const revision = hexOf(found[0]?.value ?? new Uint8Array());
    this.#known.set(key, revision);
    if (before !== undefined && revision !== before) this.#changed(key);
  }

  #cameBack(event: Event): void {
    if (event.type === "pageshow" && !(event as PageTransitionEvent).persisted) return;
    for (const watcher of [...this.#watchers.keys()]) watcher();
  }
}

function isNote(note: unknown): note is Note {
  if (typeof note !== "object" || note === null) return false;
  const { key, revision } = note as Partial<Note>;
  return typeof key === "string" && typeof revision === "string";
}

/** A signal that is aborted with the first of two. */
function either(one: AbortSignal, other: AbortSignal): AbortSignal {
  // AbortSignal.any is younger than the browsers we support.
  const first = new AbortController();
  for (const signal of [one, other]) {
    if (signal.aborted) first.abort(signal.reason);
    signal.addEventListener("abort", () => first.abort(signal.reason), { once: true, signal: first.signal });
  }
  return first.signal;
}

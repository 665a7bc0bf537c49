/**
 * Telling what happened.
 *
 * @module
 */

import type { EventOf, PayeeEvent } from "../types.js";
import { onAbort, uncaught } from "./abort.js";

/** How many events a reader can fall behind. */
const MOST_BEHIND = 1024;

/** What a listener can ask for. `missed` is for readers alone: a listener misses nothing. */
export const EVENT_KINDS = [
  "created",
  "delivery",
  "payerError",
  "claiming",
  "claimFailed",
  "paid",
  "expired",
  "deleted",
  "underpaid",
  "trouble",
  "clockBehind",
  "*",
] as const satisfies readonly (PayeeEvent["kind"] | "*")[];

type Listener = (event: PayeeEvent) => void;

/** Hands events to whoever wants them. */
export class Events {
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #readers = new Set<Reader>();
  /** What happened before anybody read. */
  #first: Reader | undefined = new Reader();
  #ended = false;

  /** Calls back at every event of this kind; returns how to stop. */
  on<Kind extends Exclude<PayeeEvent["kind"], "missed"> | "*">(
    kind: Kind,
    listener: (event: EventOf<Kind>) => void,
  ): () => void {
    // Of its own, so that the same function can listen twice.
    const own: Listener = (event) => listener(event as EventOf<Kind>);
    const listeners = this.#listeners.get(kind) ?? new Set();
    this.#listeners.set(kind, listeners.add(own));
    return () => void listeners.delete(own);
  }

  /** All events from now on; for the first reader all there were. */
  read(signal: AbortSignal | undefined): Reader {
    const reader = (signal?.aborted ? undefined : this.#first) ?? new Reader();
    if (reader === this.#first) this.#first = undefined;
    reader.onEnd(() => this.#readers.delete(reader));
    this.#readers.add(reader);
    if (this.#ended || signal?.aborted) reader.end();
    else if (signal !== undefined) reader.onEnd(onAbort(signal, () => reader.end()));
    return reader;
  }

  tell(event: PayeeEvent): void {
    this.#first?.push(event);
    for (const reader of this.#readers) reader.push(event);
    for (const kind of [event.kind, "*"]) {
      for (const listener of [...(this.#listeners.get(kind) ?? [])]) {
        try {
          listener(event);
        } catch (error) {
          uncaught(error);
        }
      }
    }
  }

  /** Nothing more comes. */
  end(): void {
    this.#ended = true;
    this.#listeners.clear();
    for (const reader of [...this.#readers]) reader.end();
  }
}

/** A queue of events, read with `for await`. */
export class Reader implements AsyncIterableIterator<PayeeEvent> {
  readonly #queue: PayeeEvent[] = [];
  readonly #waiting: ((result: IteratorResult<PayeeEvent>) => void)[] = [];
  readonly #atEnd: (() => void)[] = [];
  #missed = 0;
  #isOver = false;

  /** Calls back when it has ended. */
  onEnd(work: () => void): void {
    this.#atEnd.push(work);
  }

  push(event: PayeeEvent): void {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) return waiting({ done: false, value: event });
    this.#queue.push(event);
    if (this.#queue.length > MOST_BEHIND) {
      this.#queue.shift();
      this.#missed += 1;
    }
  }

  next(): Promise<IteratorResult<PayeeEvent>> {
    if (this.#missed > 0) {
      const value: PayeeEvent = { kind: "missed", count: this.#missed };
      this.#missed = 0;
      return Promise.resolve({ done: false, value });
    }
    const value = this.#queue.shift();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (this.#isOver) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  return(): Promise<IteratorResult<PayeeEvent>> {
    this.#queue.length = 0;
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** What is in the queue can still be read. */
  end(): void {
    this.#isOver = true;
    for (const work of this.#atEnd.splice(0)) work();
    for (const waiting of this.#waiting.splice(0)) waiting({ done: true, value: undefined });
  }
}

/**
 * Hearing of an abort.
 *
 * @module
 */

import { invalid } from "../error.js";

/** Those who wait for a signal, and the one listener it has of ours. */
interface Waiting {
  readonly all: Set<() => void>;
  readonly hear: () => void;
}

const waiting = new WeakMap<AbortSignal, Waiting>();

/**
 * Calls back when the signal is aborted; returns how to stop.
 *
 * The signal gets one listener of ours, however many wait for it: of more than ten, Node warns as of a leak.
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  const { all, hear } = waiting.get(signal) ?? begin(signal);
  // Of its own, so that the same function can wait twice.
  const own = (): void => listener();
  all.add(own);
  return () => {
    if (!all.delete(own) || all.size > 0) return;
    waiting.delete(signal);
    try {
      signal.removeEventListener("abort", hear);
    } catch {
      // A signal of somebody else's making; nobody waits for it any more.
    }
  };
}

function begin(signal: AbortSignal): Waiting {
  const all = new Set<() => void>();
  const hear = (): void => {
    for (const listener of [...all]) {
      try {
        listener();
      } catch (error) {
        uncaught(error);
      }
    }
  };
  try {
    signal.addEventListener("abort", hear);
  } catch (error) {
    throw invalid("the signal cannot be listened to", error);
  }
  const begun = { all, hear };
  waiting.set(signal, begun);
  return begun;
}

/** Somebody else's error: it must not end what we are at, and must not go unnoticed. */
export function uncaught(error: unknown): void {
  setTimeout(() => {
    throw error;
  });
}

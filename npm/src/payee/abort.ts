/**
 * Hearing of an abort.
 *
 * @module
 */

const listeners = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls back when the signal is aborted; returns how to stop.
 *
 * The signal gets one listener of ours, however many wait for it: of more than ten, Node warns as of a leak.
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  const all = listeners.get(signal) ?? new Set();
  if (all.size === 0) {
    listeners.set(signal, all);
    signal.addEventListener("abort", hear);
  }
  // Of its own, so that the same function can wait twice.
  const own = (): void => listener();
  all.add(own);
  return () => {
    if (all.delete(own) && all.size === 0) signal.removeEventListener("abort", hear);
  };
}

function hear({ target }: Event): void {
  const all = listeners.get(target as AbortSignal) ?? [];
  for (const listener of [...all]) listener();
}

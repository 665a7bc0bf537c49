/**
 * What the demo keeps beside the invoices: the wallet's key, and when each step was seen.
 *
 * @module
 */
import type { InvoiceRecord } from "invreq";

/** When each step of an invoice was first seen here, in Unix milliseconds. */
export interface Steps {
  sent?: number;
  claiming?: number;
  refused?: number;
}

/** The demo's own small database. */
export class Keepsakes {
  readonly #db: IDBDatabase;

  private constructor(db: IDBDatabase) {
    this.#db = db;
  }

  /** Opens it. */
  static async open(): Promise<Keepsakes> {
    const opening = indexedDB.open("invreq-demo", 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore("keys");
      opening.result.createObjectStore("steps");
    };
    return new Keepsakes(await done(opening));
  }

  /**
   * The seed of the wallet, the same every time. What is kept is a key the browser does not hand out, not even to this page:
   * the seed is computed from it, and never stored.
   */
  async seed(): Promise<Uint8Array<ArrayBuffer>> {
    const key = (await this.#get<CryptoKey>("keys", "wallet")) ?? (await this.#makeKey());
    const purpose = new TextEncoder().encode("invreq demo: seed of the payee");
    return new Uint8Array(await crypto.subtle.sign("HMAC", key, purpose));
  }

  /** When the steps of the invoices were seen, by label. */
  async steps(): Promise<Map<string, Steps>> {
    const store = this.#db.transaction("steps").objectStore("steps");
    const [labels, steps] = await Promise.all([done(store.getAllKeys()), done<Steps[]>(store.getAll())]);
    return new Map(labels.map((label, place) => [String(label), steps[place] ?? {}]));
  }

  /** Remembers when the steps of an invoice were seen. */
  async setSteps(label: string, steps: Steps): Promise<void> {
    await this.#put("steps", label, steps);
  }

  /** Forgets an invoice. */
  async forget(label: string): Promise<void> {
    await done(this.#db.transaction("steps", "readwrite").objectStore("steps").delete(label));
  }

  /** Closes it. */
  close(): void {
    this.#db.close();
  }

  /** Two tabs may come here at once: the first to write wins, and both read what it wrote. */
  async #makeKey(): Promise<CryptoKey> {
    const key = await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    const store = this.#db.transaction("keys", "readwrite", { durability: "strict" }).objectStore("keys");
    const there = await done<CryptoKey | undefined>(store.get("wallet"));
    if (there) return there;
    await done(store.put(key, "wallet"));
    return key;
  }

  async #get<T>(store: string, key: string): Promise<T | undefined> {
    return done<T | undefined>(this.#db.transaction(store).objectStore(store).get(key));
  }

  async #put(store: string, key: string, value: unknown): Promise<void> {
    await done(this.#db.transaction(store, "readwrite").objectStore(store).put(value, key));
  }
}

/** The steps, with what this record adds to them; the same object where it adds nothing. */
export function withSteps(steps: Steps, record: InvoiceRecord, now: number): Steps {
  const seen: Steps = {};
  if (record.delivery.state === "sent" && steps.sent === undefined) seen.sent = now;
  if (record.claiming && steps.claiming === undefined) seen.claiming = now;
  if (record.delivery.error && steps.refused === undefined) seen.refused = now;
  return Object.keys(seen).length === 0 ? steps : { ...steps, ...seen };
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the request failed"));
  });
}

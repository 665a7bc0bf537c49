/**
 * An origin without any room left, as on a device that is full.
 *
 * @module
 */
import type { BrowserContext, CDPSession, Page } from "playwright-core";

import { type Stage, until } from "./stage.js";

/** Room for a little more than the page needs by itself. */
const QUOTA = 1 << 20;

/** How much room an origin has. */
export class Room {
  private constructor(
    readonly session: CDPSession,
    readonly origin: string,
  ) {}

  /** Leaves a page little room. It comes before the page: the browser remembers for half a minute how much there was. */
  static async limit(stage: Stage, context: BrowserContext): Promise<Room> {
    const room = new Room(await context.newCDPSession(await context.newPage()), new URL(stage.url).origin);
    await room.session.send("Storage.overrideQuotaForOrigin", { origin: room.origin, quotaSize: QUOTA });
    return room;
  }

  /** Takes all of it away. */
  async fill(page: Page): Promise<void> {
    await until("there is no room", async () => (await page.evaluate(writeUntilFull)) === 0);
  }

  /** Gives back as much as there ever was. */
  async give(): Promise<void> {
    await this.session.send("Storage.overrideQuotaForOrigin", { origin: this.origin });
  }
}

/** Runs in the page: fills a database of its own, and says how many bytes still went in. */
async function writeUntilFull(): Promise<number> {
  const opening = indexedDB.open("filler", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("bytes", { autoIncrement: true });
  await new Promise((resolve, reject) => {
    opening.onsuccess = resolve;
    opening.onerror = () => reject(opening.error ?? new Error("it cannot be opened"));
  });
  const database = opening.result;
  let written = 0;
  for (let size = 1 << 18; size >= 256;) {
    const transaction = database.transaction("bytes", "readwrite");
    // What cannot be compressed.
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
    transaction.objectStore("bytes").put(bytes);
    const fits = await new Promise((resolve) => {
      transaction.oncomplete = () => resolve(true);
      transaction.onabort = () => resolve(false);
    });
    if (fits) written += size;
    else size /= 2;
  }
  database.close();
  return written;
}

/**
 * Opening a database of the browser, and saying why it cannot be opened.
 *
 * @module
 */

import { StoreError } from "../host.js";

/** The object store of the entries. Its name tells our databases from those of other applications. */
export const ENTRIES = "invreq-entries";

/** The version of the layout: one object store, whose keys and values are bytes. */
const LAYOUT_VERSION = 1;

/** Opens a database, and makes it where it does not exist. */
export function openDatabase(name: string, onBlocked: (() => void) | undefined): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = begin(name);
    let isOver = false;
    const refuse = (error: StoreError): void => {
      isOver = true;
      reject(error);
    };
    request.onupgradeneeded = ({ oldVersion }) => {
      // Version 0 is that of a database which did not exist; any other is none of ours, and stays as it is.
      if (oldVersion === 0 && !isOver) request.result.createObjectStore(ENTRIES);
      else request.transaction?.abort();
    };
    request.onblocked = () => {
      if (onBlocked) onBlocked();
      else refuse(failed("another tab holds the database back; close the other tabs of this site"));
    };
    request.onerror = (event) => {
      // An aborted upgrade is an error that the browser would report on the console.
      event.preventDefault();
      refuse(openFailure(request.error));
    };
    request.onsuccess = () => {
      const database = request.result;
      if (isOver) return database.close();
      const names = [...database.objectStoreNames];
      if (names.length === 1 && names[0] === ENTRIES) return resolve(database);
      database.close();
      refuse(foreign("it is the database of another application; give the store another name"));
    };
  });
}

function begin(name: string): IDBOpenDBRequest {
  const factory = (globalThis as { indexedDB?: IDBFactory }).indexedDB;
  const advice =
    "this browser offers no IndexedDB here; leave the private window, or allow this site to keep data";
  if (!factory) throw failed(advice);
  try {
    return factory.open(name, LAYOUT_VERSION);
  } catch (cause) {
    throw failed(advice, cause);
  }
}

function openFailure(cause: DOMException | null): StoreError {
  switch (cause?.name) {
    case "VersionError":
      return foreign("it was made by a later version of this library, or by another application", cause);
    case "QuotaExceededError": {
      const why = "the browser gives this site no room; free some space on the device";
      return new StoreError("full", `the store is full: ${why}`, undefined, { cause });
    }
    case "InvalidStateError":
    case "SecurityError":
    case "NotAllowedError": {
      const why =
        "the browser lets this page keep nothing; leave the private window, or allow this site to keep data";
      return new StoreError("read_only", `the store cannot be written: ${why}`, undefined, { cause });
    }
    default:
      return failed(`the browser could not open the database (${cause?.name ?? "no reason given"})`, cause);
  }
}

function failed(why: string, cause?: unknown): StoreError {
  return new StoreError("failed", `the store failed: ${why}`, undefined, { cause });
}

function foreign(why: string, cause?: unknown): StoreError {
  return new StoreError("foreign", `this is not a store of this library: ${why}`, undefined, { cause });
}

/**
 * A process that writes until it is killed, and says of each write that it was done.
 *
 * @module
 */

import type { Store } from "../../src/host.js";
import { FileStore } from "../../src/stores/file.js";
import { SqliteStore } from "../../src/stores/sqlite.js";
import type { SqliteDriver } from "../../src/stores/sqlite-driver.js";

const [, , kind, path = "", driver, length = "8"] = process.argv;
const store: Store =
  kind === "sqlite"
    ? await SqliteStore.open(path, { driver: driver as SqliteDriver | undefined })
    : await FileStore.open(path);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const [entry] = await store.range(bytes("revision"), bytes("revisioo"), 1);
let revision = entry ? new DataView(entry.value.buffer).getBigUint64(0) : 0n;
for (;;) {
  revision++;
  const value = new Uint8Array(Number(length));
  new DataView(value.buffer).setBigUint64(0, revision);
  const puts = ["a", "b", "c"].map((key) => ({ key: bytes(key), value }));
  await store.write({ puts, deletes: [], absent: [], revisionKey: bytes("revision"), revision });
  process.send?.(String(revision));
}

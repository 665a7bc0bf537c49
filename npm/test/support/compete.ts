/**
 * A process that writes revisions against others, and leads when it is told to.
 *
 * @module
 */

import { StoreError } from "../../src/host.js";
import { SqliteStore } from "../../src/stores/sqlite.js";

const [, , path = "", last] = process.argv;
const key = new TextEncoder().encode("r");
const store = await SqliteStore.open(path);
let [won, heard] = [0, 0];
store.watch(key, () => heard++);
for (;;) {
  const [entry] = await store.range(key, Uint8Array.of(...key, 0), 1);
  const next = (entry ? new DataView(entry.value.buffer).getBigUint64(0) : 0n) + 1n;
  if (next > BigInt(last ?? 0)) break;
  try {
    await store.write({ puts: [], deletes: [], absent: [], revisionKey: key, revision: next });
    won++;
  } catch (error) {
    if (!(error instanceof StoreError) || error.kind !== "conflict") throw error;
  }
}
process.send?.({ won, heard });
process.on("message", () => {
  void store.lead(key, { signal: new AbortController().signal }).then(() => process.send?.("leads"));
});

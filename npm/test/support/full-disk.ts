/**
 * A process that may write files of a few KiB only, and fills its store.
 *
 * @module
 */

import { StoreError } from "../../src/host.js";
import { FileStore } from "../../src/stores/file.js";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const store = await FileStore.open(process.argv[2] ?? "");
const batch = (revision: bigint, length: number) => ({
  puts: [{ key: bytes("a"), value: new Uint8Array(length) }],
  deletes: [],
  absent: [],
  revisionKey: bytes("r"),
  revision,
});
await store.write(batch(1n, 10));
const error: unknown = await store.write(batch(2n, 1 << 20)).catch((error: unknown) => error);
const [entry] = await store.range(bytes("r"), bytes("s"), 1);
const again = await store.write(batch(2n, 10)).then(() => "done", String);
await store.close();
const kind = error instanceof StoreError ? error.kind : String(error);
process.send?.({ kind, revision: entry?.value.at(-1), again });

/**
 * Where the bytes of the module come from: a file beside the code, which bundlers carry along.
 *
 * @module
 */

import type { Source } from "./source.js";

export const source: Source = { load: () => fetch(new URL("./invreq.wasm", import.meta.url)) };

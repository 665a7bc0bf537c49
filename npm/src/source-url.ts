/**
 * Where the bytes of the module come from: a file beside the code, which bundlers carry along.
 *
 * @module
 */

import type { Source } from "./source.js";

export const source: Source = {
  load: async () => {
    // Bundlers look for exactly this expression.
    const url = new URL("./invreq.wasm", import.meta.url);
    if (url.protocol !== "file:") return fetch(url);
    // Node has no `fetch` for files, and an import of its builtins would not get past a bundler for browsers.
    const fs = globalThis.process?.getBuiltinModule?.("node:fs/promises");
    return fs === undefined ? fetch(url) : fs.readFile(url);
  },
};

/**
 * Where the bytes of the module come from: here they are part of the package's own code.
 *
 * @module
 */

import { bytes } from "./wasm/inline.js";

/** A module, or its bytes. */
export type WasmInput = WebAssembly.Module | BufferSource;

/** Where the module comes from: at once, or after a while. */
export interface Source {
  /** The module or its bytes, where they are at hand. */
  readonly sync?: () => WasmInput;
  /** Fetches the module. */
  load(): Promise<WasmInput | Response>;
}

export const source: Source = { sync: bytes, load: async () => bytes() };

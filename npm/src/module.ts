/**
 * The WebAssembly module: compiled and instantiated when it is first used.
 *
 * Where its bytes come from is a matter of `source.ts`, of which each entry of the package has its own.
 *
 * @module
 */

import { fromWasm } from "./convert.js";
import { fail, InvreqError } from "./error.js";
import { source, type WasmInput } from "./source.js";
import * as glue from "./wasm/invreq.js";

export type Glue = typeof glue;

let loaded = false;
let loading: Promise<void> | undefined;
let inside = false;
let dead: InvreqError | undefined;
const mourners = new Set<(error: InvreqError) => void>();

/**
 * Calls into the module, which is instantiated now if it was not before. Calls do not nest.
 *
 * What it throws is an {@link InvreqError}. A trap ends the module for good: this call and all later ones end with `internal`.
 */
export function call<T>(work: (glue: Glue) => T): T {
  // A call that never came back left the module in the middle of something: there was no stack left even to say so.
  if (inside) die(undefined);
  if (dead !== undefined) throw dead;
  if (!loaded) {
    if (source.sync === undefined) throw notReady();
    instantiate(source.sync());
  }
  inside = true;
  try {
    const result = work(glue);
    inside = false;
    return result;
  } catch (thrown) {
    const error = fromWasm.error(thrown) ?? die(thrown);
    inside = false;
    throw error;
  }
}

/** Frees a handle. After a trap there is nothing to free. */
export function free(handle: { free(): void } | undefined): void {
  if (handle !== undefined && dead === undefined) call(() => handle.free());
}

/**
 * Compiles the module without holding up anything else, and loads it first where it is not at hand. Calling it again is no error;
 * `Payee.open` does it by itself.
 */
export async function ready(): Promise<void> {
  if (dead !== undefined) throw dead;
  if (loaded) return;
  loading ??= source.load().then(setModule);
  try {
    await loading;
  } catch (error) {
    loading = undefined;
    throw InvreqError.is(error)
      ? error
      : fail("internal", "the WebAssembly module could not be loaded", error);
  }
}

/**
 * Brings the module: a compiled `WebAssembly.Module`, the bytes of `invreq.wasm`, or the `Response` of a request for it.
 *
 * Once a module is at work, another one is passed over.
 */
export async function setModule(
  module: WasmInput | Response | PromiseLike<WasmInput | Response>,
): Promise<void> {
  const compiled = await compile(await module);
  if (!loaded && dead === undefined) instantiate(compiled);
}

/** Calls back when the module has trapped; returns how to stop. */
export function onDeath(mourner: (error: InvreqError) => void): () => void {
  mourners.add(mourner);
  return () => mourners.delete(mourner);
}

async function compile(module: WasmInput | Response): Promise<WebAssembly.Module> {
  try {
    if (module instanceof WebAssembly.Module) return module;
    if (typeof Response === "function" && module instanceof Response) {
      if (!module.ok) throw new Error(`HTTP status ${module.status}`);
      // Streaming needs the right media type, which not every server sends.
      const type = module.headers.get("content-type") ?? "";
      if (type.startsWith("application/wasm")) return await WebAssembly.compileStreaming(module);
      return await WebAssembly.compile(await module.arrayBuffer());
    }
    return await WebAssembly.compile(module as BufferSource);
  } catch (error) {
    throw notOurs(error);
  }
}

function instantiate(module: WebAssembly.Module | BufferSource): void {
  try {
    // On its main thread a page may compile so much at once: in Chromium 8 MB, which is twenty times what this takes.
    const compiled = module instanceof WebAssembly.Module ? module : new WebAssembly.Module(module);
    // The glue keeps what it once began with, so it must not begin with anything else.
    if (!WebAssembly.Module.exports(compiled).some(({ name }) => name === "engine_begin")) throw notOurs();
    glue.initSync({ module: compiled });
  } catch (error) {
    if (InvreqError.is(error)) throw error;
    throw fail("internal", "the WebAssembly module could not be compiled and instantiated here", error);
  }
  loaded = true;
}

function notOurs(cause?: unknown): InvreqError {
  return fail("invalid_parameter", "this is not the WebAssembly module of invreq", cause);
}

/** The end of the module: a trap, or an exception that went through frames of it. Nobody knows what state they left behind. */
function die(cause: unknown): InvreqError {
  const message =
    "the WebAssembly module has stopped and has to be loaded anew: reload the page, or start a new process";
  dead = fail("internal", message, cause);
  inside = false;
  for (const mourner of [...mourners]) mourner(dead);
  mourners.clear();
  return dead;
}

function notReady(): InvreqError {
  return fail(
    "internal",
    "the WebAssembly module is not loaded yet: await `ready()`, or `setModule(…)` first",
  );
}

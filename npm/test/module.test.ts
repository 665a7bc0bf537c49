import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { decode, ready, setModule } from "../src/index.js";
import { source as slim } from "../src/source-slim.js";
import { REFUND } from "./host.js";

const wasm = readFileSync(new URL("../src/wasm/invreq_bg.wasm", import.meta.url));

test("what is no module is refused, and changes nothing", async () => {
  const wrong: unknown[] = [
    undefined,
    "invreq.wasm",
    new Uint8Array(3),
    wasm.subarray(0, 1000),
    // A module, but of something else.
    Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0),
    new Response("not found", { status: 404 }),
    new Response("<html></html>", { headers: { "content-type": "application/wasm" } }),
    new Response("<html></html>"),
  ];
  for (const module of wrong) {
    await assert.rejects(setModule(module as Response), { name: "InvreqError", code: "invalid_parameter" });
  }
});

test("without a module of its own, an entry says what is missing", async () => {
  await assert.rejects(slim.load(), { name: "InvreqError", code: "internal", message: /setModule/ });
  assert.equal(slim.sync, undefined);
});

test("a module can be brought in every form, and the first one stays", async () => {
  await setModule(new Response(wasm, { headers: { "content-type": "application/wasm" } }));
  assert.equal(decode(REFUND).kind, "invoice_request");
  await setModule(Promise.resolve(new Response(wasm)));
  await setModule(wasm);
  await setModule(new WebAssembly.Module(wasm));
  await Promise.all([ready(), ready()]);
  assert.equal(decode(REFUND).kind, "invoice_request");
});

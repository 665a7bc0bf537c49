// In a process of its own: nothing works after a trap.

import assert from "node:assert/strict";
import { test } from "node:test";

import { decode, InvreqError, Payee } from "../src/index.js";
import { call } from "../src/module.js";
import { REFUND } from "./host.js";
import { open, watched } from "./open.js";

test("a trap ends the module, and everybody hears of it", async () => {
  const { payee, store, send } = await open();
  const waits = [await send("a"), watched(payee.waitAnyInvoice())];
  assert.equal(decode(REFUND).kind, "invoice_request");

  // The engine at an address that is no memory: what runs there is the module's own code, and it traps.
  const trap = (): unknown =>
    call(({ Engine }) =>
      Engine.prototype.revisionKey.call(
        Object.assign(Object.create(Engine.prototype), { __wbg_ptr: 0x7fff_fff8 }),
      ),
    );
  const trapped = await attempt(trap);
  assert.equal(trapped.code, "internal");
  assert.ok(trapped.cause instanceof WebAssembly.RuntimeError, String(trapped.cause));
  assert.match(trapped.message, /loaded anew/);

  // What waits, what is called from now on, and what is opened.
  for (const wait of waits) assert.equal(await wait.error(), trapped);
  assert.equal(await attempt(() => decode(REFUND)), trapped);
  assert.equal(await attempt(() => payee.resume()), trapped);
  assert.equal(await attempt(() => payee.sendInvoice({ invreq: REFUND, label: "b" })), trapped);
  assert.equal(await attempt(() => open()), trapped);
  // What there was to give back is given back.
  await payee.close();
  assert.equal(store.closed, true);
  assert.ok(payee instanceof Payee);
});

async function attempt(work: () => unknown): Promise<InvreqError> {
  try {
    await work();
  } catch (error) {
    assert.ok(InvreqError.is(error), String(error));
    return error;
  }
  return assert.fail("it did not throw");
}

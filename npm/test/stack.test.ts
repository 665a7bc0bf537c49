// In a process of its own: nothing works after a trap.

import assert from "node:assert/strict";
import { test } from "node:test";

import { decode, InvreqError } from "../src/index.js";
import { REFUND } from "./host.js";

test("a stack that overflows in the module is the end of it, and an error with a code", () => {
  decode(REFUND);
  let seen: unknown;
  // Down to where there is hardly any stack left, and from there up again until the module is reached.
  const deeper = (): void => {
    try {
      deeper();
    } catch {
      // There was no room for one more frame.
    }
    if (seen !== undefined) return;
    try {
      decode(REFUND);
      seen = "decoded";
    } catch (error) {
      if (InvreqError.is(error)) seen = error;
    }
  };
  deeper();
  if (seen === "decoded") {
    // The overflow came before the module was entered: then nothing has happened to it.
    assert.equal(decode(REFUND).kind, "invoice_request");
    return;
  }
  assert.ok(InvreqError.is(seen));
  assert.equal(seen.code, "internal");
  assert.throws(() => decode(REFUND), seen);
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { decode } from "../src/index.js";
import { call } from "../src/module.js";
import * as glue from "../src/wasm/invreq.js";
import { REFUND } from "./host.js";
import { open } from "./open.js";

/** How many bytes the module's memory has. */
function memory(): number {
  // To instantiate again is to get what was instantiated.
  return call(() => glue.initSync({ module: new Uint8Array() })).memory.buffer.byteLength;
}

/** How many bytes of the heap are in use. */
function heap(): number {
  assert.ok(globalThis.gc, "scripts/test.mjs runs with --expose-gc");
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

test("100,000 decodes in one synchronous loop: no growth, and no fall in rate", { timeout: 300_000 }, () => {
  const request = REFUND;
  for (let warm = 0; warm < 2000; warm += 1) decode(request);
  const [before, heapBefore] = [memory(), heap()];
  const times: number[] = [];
  for (let part = 0; part < 10; part += 1) {
    // The processor's time: that of the clock belongs to the machine's other work, too.
    const started = process.cpuUsage();
    for (let times = 0; times < 10_000; times += 1) decode(request);
    times.push(process.cpuUsage(started).user / 1000);
  }
  assert.equal(memory(), before, "the module's memory");
  const grown = heap() - heapBefore;
  assert.ok(grown < 2_000_000, `${grown} bytes of heap`);
  const half = (from: number): number => Math.min(...times.slice(from, from + 5));
  assert.ok(
    half(5) < half(0) * 1.5,
    `the best of the first and of the last five parts: ${half(0)} ms, ${half(5)} ms`,
  );
});

test("inputs and errors leave nothing behind in the module", { timeout: 120_000 }, async () => {
  const { payee } = await open();
  const round = async (): Promise<void> => {
    for (let times = 0; times < 300; times += 1) {
      await payee.preview(REFUND);
      await payee.listInvoices().page();
      await payee.waitInvoice("nobody").catch(() => {});
      await payee.receiveOnionMessage(new Uint8Array(1366));
      assert.throws(() => decode("lnr1qqqqqq"));
    }
  };
  await round();
  const before = memory();
  for (let rounds = 0; rounds < 5; rounds += 1) await round();
  assert.equal(memory(), before);
  await payee.close();
});

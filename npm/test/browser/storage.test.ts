// When the browser gives no room, or nothing to keep things in: a clear error with a code, and nothing lost.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { Room } from "./support/fill.js";
import { HarnessPage } from "./support/harness-page.js";
import { Stage } from "./support/stage.js";
import { WalletPage } from "./support/wallet-page.js";

let stage: Stage;
before(async () => void (stage = await Stage.set()));
afterEach(() => stage.clear());
after(() => stage.strike());

test("no room left: an answer fails before anything leaves, and works once there is room", async () => {
  const context = await stage.context();
  const room = await Room.limit(stage, context);
  const wallet = await WalletPage.open(stage, context);
  await wallet.read(await stage.request());
  await wallet.answer("before");
  await wallet.waitFor("Paid");
  await wallet.button("New request").click();

  await room.fill(wallet.page);
  const sent = stage.invoices;
  await wallet.read(await stage.request());
  await wallet.page.getByLabel("Label").fill("no room");
  await wallet.button(/^Send an invoice for/).click();
  await wallet.alert.getByText("store_failed").waitFor();
  assert.match(await wallet.alert.innerText(), /the store is full[\s\S]*free some space/i);
  assert.equal(stage.invoices, sent, "nothing left");
  assert.equal(await wallet.row("no room").count(), 0);

  await room.give();
  await wallet.answer("no room");
  await wallet.waitFor("Paid");
  await wallet.page.reload();
  await wallet.waitFor("Paid", "no room");
  await wallet.waitFor("Paid", "before");
  wallet.assertQuiet();
});

test("no room left while an invoice is on its way: its payment waits at the node until there is room", async () => {
  const context = await stage.context();
  const room = await Room.limit(stage, context);
  const wallet = await WalletPage.open(stage, context);
  const paid = stage.paid;
  stage.hold();
  await wallet.read(await stage.request());
  await wallet.answer("held");
  await wallet.waitFor("Sending");
  await room.fill(wallet.page);
  const claimable = stage.until("payment_claimable");
  stage.release();
  await claimable;
  await room.give();
  await wallet.waitFor("Paid");
  await stage.untilPaid(paid + 1);
  assert.equal(stage.control.events.filter(({ event }) => event === "payment_failed").length, 0);
});

for (const [how, without] of [
  [
    "there is no IndexedDB",
    () =>
      Reflect.deleteProperty(Window.prototype, "indexedDB") && Reflect.deleteProperty(window, "indexedDB"),
  ],
  [
    "IndexedDB refuses, as in some private windows",
    () => {
      IDBFactory.prototype.open = () => {
        throw new DOMException("refused", "SecurityError");
      };
    },
  ],
] as const) {
  test(`${how}: the page says so with a code`, async () => {
    const context = await stage.context();
    await context.addInitScript(without);
    const wallet = await WalletPage.openBroken(stage, context);
    const text = await wallet.alert.innerText();
    assert.match(text, /The wallet could not be opened[\s\S]*store_failed/);
    assert.match(text, /private window/);
    assert.equal(await wallet.button("Get a refund of 50,000 sat").isEnabled(), false);
    wallet.assertQuiet();
  });
}

test("an error of the store reaches the caller as one error, with what can be done about it", async () => {
  const context = await stage.context();
  const room = await Room.limit(stage, context);
  const page = await HarnessPage.open(stage, context);
  await room.fill(page.page);
  const result = await page.sendInvoice(await stage.request(), "full");
  assert.ok("error" in result);
  const { code, rpcCode, retryable } = result.error;
  assert.deepEqual({ code, rpcCode, retryable }, { code: "store_failed", rpcCode: -1, retryable: true });
  assert.deepEqual(await page.list(), []);
  page.assertQuiet();
});

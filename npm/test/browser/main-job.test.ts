// The main job in Chromium: a page answers the payer's request over a real WebSocket, is paid, and still is after a reload.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { Stage, until } from "./support/stage.js";
import { WalletPage } from "./support/wallet-page.js";

let stage: Stage;
before(async () => void (stage = await Stage.set()));
afterEach(() => stage.clear());
after(() => stage.strike());

test("answered, paid, and still paid after a reload", async () => {
  const context = await stage.context();
  const wallet = await WalletPage.open(stage, context);
  const before = stage.paid;
  await wallet.read(await stage.request("order 1"));
  await wallet.answer("refund 1");
  await wallet.waitFor("Paid");
  await stage.untilPaid(before + 1);
  const { page } = wallet;
  const steps = await page.locator(".timeline > li.done .step-title").allInnerTexts();
  assert.equal(steps.length, 4);
  for (const step of steps) assert.match(step, /\d\d:\d\d:\d\d/, "each step has its time");

  await page.reload();
  await wallet.waitFor("Paid", "refund 1");
  await wallet.row("refund 1").click();
  assert.deepEqual(
    await page.locator(".timeline > li.done .step-title").allInnerTexts(),
    steps,
    "the times are kept",
  );
  await page.getByText("The record, as Core Lightning writes it").click();
  const record = JSON.parse(await page.locator("pre").innerText());
  assert.equal(record.status, "paid");
  assert.equal(record.amount_received_msat, 50_000_000);
  assert.equal(stage.invoices, 1, "the invoice was sent once");
  wallet.assertQuiet();
});

test("with the keyboard alone, from the test payer to the paid invoice", async () => {
  const context = await stage.context();
  const wallet = await WalletPage.open(stage, context);
  const { page } = wallet;
  const tabTo = async (name: string | RegExp) => {
    const target = page.getByRole("button", { name }).first();
    for (let presses = 0; presses < 40; presses++) {
      if (await target.evaluate((element) => element === document.activeElement)) return;
      await page.keyboard.press("Tab");
    }
    assert.fail(`Tab never leads to ${String(name)}`);
  };
  await tabTo("Get a refund of 50,000 sat");
  await page.keyboard.press("Enter");
  await page.getByRole("img", { name: "The request as a QR code" }).waitFor();
  await until("the focus is at what was read", () =>
    page.evaluate(() => document.activeElement?.id === "preview-title"),
  );
  await tabTo(/^Send an invoice for/);
  await page.keyboard.press("Enter");
  await wallet.waitFor("Paid");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "invoice-title");
  await tabTo("Delete");
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  assert.equal(await page.locator(".row").count(), 1, "Escape keeps it");
  await tabTo("Delete");
  await page.keyboard.press("Enter");
  await dialog.getByRole("button", { name: "Delete" }).press("Enter");
  await page.getByText("None yet.").waitFor();
  wallet.assertQuiet();
});

test("a payer that cannot pay: its words are shown, and the invoice can be sent again", async () => {
  const context = await stage.context();
  const wallet = await WalletPage.open(stage, context);
  await wallet.button("Ask a payer that cannot pay").click();
  await wallet.button(/^Send an invoice for/).waitFor();
  await wallet.answer("in vain");
  await wallet.waitFor("Refused");
  await wallet.alert.getByText("payer_error").waitFor();
  assert.match(await wallet.alert.innerText(), /The payer did not pay[\s\S]*1004/);
  const sent = stage.invoices;
  await wallet.button("Send again").click();
  await until("the invoice went out again", () => stage.invoices === sent + 1);
  wallet.assertQuiet();
});

test("a label that is taken is said at the field, and the request can be answered under another", async () => {
  const context = await stage.context();
  const wallet = await WalletPage.open(stage, context);
  await wallet.read(await stage.request());
  await wallet.answer("twice");
  await wallet.waitFor("Paid");
  await wallet.button("New request").click();
  await wallet.read(await stage.request());
  await wallet.page.getByLabel("Label").fill("twice");
  await wallet.button(/^Send an invoice for/).click();
  await wallet.alert.getByText("label_in_use").waitFor();
  assert.equal(await wallet.page.getByLabel("Label").getAttribute("aria-invalid"), "true");
  assert.equal(await wallet.page.evaluate(() => document.activeElement?.id), "label");
  await wallet.answer("another");
  await wallet.waitFor("Paid");
  wallet.assertQuiet();
});

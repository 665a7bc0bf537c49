// Two tabs on one wallet: they know the same, one of them sends, and whichever is closed, the other goes on.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { HarnessPage, record } from "./support/harness-page.js";
import { Stage, until } from "./support/stage.js";
import { WalletPage } from "./support/wallet-page.js";

let stage: Stage;
before(async () => void (stage = await Stage.set()));
afterEach(() => stage.clear());
after(() => stage.strike());

test("a wait in one tab resolves for a payment that is reported in the other", async () => {
  const context = await stage.context();
  const asks = await HarnessPage.open(stage, context, { serve: false });
  const hears = await HarnessPage.open(stage, context, { serve: true });
  assert.equal(record(await asks.sendInvoice(await stage.request(), "asked here")).status, "paid");
  // The other way round: the tab that waits is not the one that sends.
  const waiting = hears.sendInvoice(await stage.request(), "asked there");
  await asks.waitFor("asked there", {});
  assert.equal(record(await asks.waitInvoice("asked there")).status, "paid");
  assert.equal(record(await waiting).status, "paid");
  [asks, hears].forEach((tab) => tab.assertQuiet());
});

test("of two tabs one sends: each invoice goes out once", async () => {
  const context = await stage.context();
  const [one, two] = [await HarnessPage.open(stage, context), await HarnessPage.open(stage, context)];
  const [sent, paid] = [stage.invoices, stage.paid];
  const labels = ["a", "b", "c", "d", "e", "f"];
  const calls = labels.map(async (label, at) =>
    (at % 2 === 0 ? one : two).sendInvoice(await stage.request(), label),
  );
  for (const call of calls) assert.equal(record(await call).status, "paid");
  await stage.untilPaid(paid + labels.length);
  assert.equal(stage.invoices, sent + labels.length);
  for (const tab of [one, two]) {
    const list = await tab.list();
    assert.deepEqual(list.map(({ label }) => label).sort(), labels);
    assert.deepEqual(
      list.map(({ attempts }) => attempts),
      labels.map(() => 1),
    );
    tab.assertQuiet();
  }
});

for (const asker of ["the tab that sends", "the other tab"] as const) {
  test(`the tab that sends is closed in mid-send, and ${asker} had asked: the other takes over`, async () => {
    const context = await stage.context();
    const leader = await HarnessPage.open(stage, context);
    const other = await HarnessPage.open(stage, context);
    const [sent, paid, dials] = [stage.invoices, stage.paid, stage.dials];
    stage.hold();
    const asks = asker === "the other tab" ? other : leader;
    const call = asks.sendInvoice(await stage.request(), "taken over");
    const result = asks === leader ? call.catch(() => "the tab is gone") : call;
    await until("a socket is being opened", () => stage.dials > dials);
    await leader.page.close();
    stage.release();
    assert.equal(record(await other.waitInvoice("taken over")).status, "paid");
    if (asks === other) assert.equal(record((await result) as Awaited<typeof call>).status, "paid");
    else assert.equal(await result, "the tab is gone");
    await stage.untilPaid(paid + 1);
    assert.equal(stage.invoices, sent + 1, "nothing is lost and nothing doubled");
    assert.equal((await other.list()).length, 1);
    other.assertQuiet();
  });
}

test("what is answered in one tab shows in the other", async () => {
  const context = await stage.context();
  const [one, two] = [await WalletPage.open(stage, context), await WalletPage.open(stage, context)];
  await one.page.bringToFront();
  await one.read(await stage.request());
  await one.answer("seen in both");
  await one.waitFor("Paid");
  await two.waitFor("Paid", "seen in both");
  await one.button("Delete").click();
  await one.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await one.page.getByText("None yet.").waitFor();
  await two.page.getByText("None yet.").waitFor();
  [one, two].forEach((tab) => tab.assertQuiet());
});

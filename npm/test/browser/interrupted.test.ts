// What happens to pages: they sleep, lose the network, are closed, are killed. No invoice and no money is lost by it.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { Killable } from "./support/killable.js";
import { Stage, temporary, until } from "./support/stage.js";
import { WalletPage } from "./support/wallet-page.js";

let stage: Stage;
before(async () => void (stage = await Stage.set()));
afterEach(() => stage.clear());
after(() => stage.strike());

/** Has an invoice sent, and paid as far as the payer goes; the page hears nothing of it. */
async function holdMoney(wallet: WalletPage, label: string, deafen: () => void): Promise<void> {
  stage.hold();
  await wallet.read(await stage.request());
  const dials = stage.dials;
  await wallet.answer(label);
  await until("a socket is being opened", () => stage.dials > dials);
  deafen();
  const money = stage.until("payment_claimable");
  stage.relays.nodes.forEach((relay) => relay.open());
  await wallet.waitFor("Sent");
  await money;
}

for (const connections of ["lived on", "died"] as const) {
  test(`a tab that slept when the money came, and whose connections ${connections}, claims it when it wakes up`, async () => {
    const profile = temporary();
    const chromium = await Killable.start(profile.path);
    try {
      const wallet = await WalletPage.open(stage, chromium.context);
      const paid = stage.paid;
      await holdMoney(wallet, "slept", () => stage.relays.control.mute());
      const wakeUp = await chromium.sleep();
      const answer = wallet.page.evaluate(() => "awake");
      if (connections === "died") stage.cut();
      stage.release();
      // The server has time for a question and its answer: a page that were awake would have claimed the money by then.
      for (let round = 0; round < 20; round++) await stage.control.call("info");
      assert.equal(await Promise.race([answer, Promise.resolve("asleep")]), "asleep");
      assert.equal(stage.paid, paid);
      wakeUp();
      await wallet.waitFor("Paid");
      await stage.untilPaid(paid + 1);
      wallet.assertQuiet();
    } finally {
      await chromium.kill();
      profile.remove();
    }
  });
}

test("offline in mid-send: it waits, and goes out when the network is back", async () => {
  const context = await stage.context();
  const wallet = await WalletPage.open(stage, context);
  const [sent, paid] = [stage.invoices, stage.paid];
  stage.hold();
  await wallet.read(await stage.request());
  await wallet.answer("offline");
  await wallet.waitFor("Sending");
  await stage.setOffline(context, true);
  await wallet.page.getByText("No connection to the test network").waitFor();
  await until("the transport gave up for now", async () =>
    /offline/.test(await wallet.page.locator(".paths").innerText()),
  );
  await stage.setOffline(context, false);
  await wallet.waitFor("Paid");
  await stage.untilPaid(paid + 1);
  assert.equal(stage.invoices, sent + 1);
});

test("offline when the money comes: it is claimed when the network is back", async () => {
  const wallet = await WalletPage.open(stage, await stage.context());
  const paid = stage.paid;
  await holdMoney(wallet, "away", () => stage.relays.control.cut());
  await wallet.page.getByText("No connection to the test network").waitFor();
  stage.release();
  await wallet.waitFor("Paid");
  await stage.untilPaid(paid + 1);
});

test("closed in mid-send: the next page sends it, and it is paid", async () => {
  const context = await stage.context();
  const closed = await WalletPage.open(stage, context);
  const [sent, paid] = [stage.invoices, stage.paid];
  stage.hold();
  await closed.read(await stage.request());
  await closed.answer("closed");
  await closed.waitFor("Sending");
  await closed.page.close();
  assert.equal(stage.invoices, sent);
  stage.release();
  const wallet = await WalletPage.open(stage, context);
  await wallet.waitFor("Paid", "closed");
  await stage.untilPaid(paid + 1);
  assert.equal(stage.invoices, sent + 1);
  wallet.assertQuiet();
});

test("killed between writing and sending: the next start sends it, and it is paid", async () => {
  const profile = temporary();
  const first = await Killable.start(profile.path);
  const killed = await WalletPage.open(stage, first.context);
  const [sent, paid] = [stage.invoices, stage.paid];
  stage.hold();
  await killed.read(await stage.request());
  await killed.answer("killed");
  await killed.waitFor("Sending");
  await first.kill();
  assert.equal(stage.invoices, sent);
  stage.release();
  const second = await Killable.start(profile.path);
  try {
    const wallet = await WalletPage.open(stage, second.context);
    await wallet.waitFor("Paid", "killed");
    await stage.untilPaid(paid + 1);
    assert.equal(stage.invoices, sent + 1);
    wallet.assertQuiet();
  } finally {
    await second.kill();
    profile.remove();
  }
});

// How the page looks and behaves: accessible, still, within its policy, and silent about secrets. It takes the screenshots.
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";

import type { AxeResults, RunOptions } from "axe-core";
import type { BrowserContextOptions, Page } from "playwright-core";

import { HarnessPage, record } from "./support/harness-page.js";
import { ROOT, Stage, TARGET } from "./support/stage.js";
import { WalletPage } from "./support/wallet-page.js";

declare global {
  /** axe-core, once it is in the page. */
  var axe: { run(options: RunOptions): Promise<AxeResults> };
}

let stage: Stage;
before(async () => void (stage = await Stage.set()));
afterEach(() => stage.clear());
after(() => stage.strike());

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** WCAG 2.2 AA and axe's best practices: nothing is against them. */
async function assertAccessible(page: Page, where: string): Promise<void> {
  // By the debugger: the page's policy lets no foreign script in.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => axe.run({ resultTypes: ["violations"] }));
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  assert.deepEqual(found, [], where);
}

/** On no width does anything stick out. */
async function assertFits(page: Page, where: string): Promise<void> {
  const [wide, width] = await page.evaluate(
    () => [document.documentElement.scrollWidth, innerWidth] as const,
  );
  assert.ok(wide <= width, `${where}: ${wide} px on a page of ${width} px`);
}

const LOOKS: readonly { name: string; options: BrowserContextOptions }[] = [
  { name: "desktop-light", options: { viewport: { width: 1200, height: 840 }, colorScheme: "light" } },
  { name: "desktop-dark", options: { viewport: { width: 1200, height: 800 }, colorScheme: "dark" } },
  { name: "phone-light", options: { viewport: { width: 360, height: 740 }, colorScheme: "light" } },
  {
    name: "phone-dark",
    options: { viewport: { width: 360, height: 760 }, colorScheme: "dark", deviceScaleFactor: 2 },
  },
];

for (const { name, options } of LOOKS) {
  test(`everything on it is accessible and fits: ${name}`, async () => {
    const wallet = await WalletPage.open(stage, await stage.context({ ...options, reducedMotion: "reduce" }));
    const { page } = wallet;
    const assertGood = async (where: string) => {
      await assertFits(page, where);
      await assertAccessible(page, where);
    };
    await assertGood("the empty page");
    await page.getByLabel("Invoice request").fill("lnr1qqqs");
    await wallet.alert.waitFor();
    await assertGood("an error");
    await wallet.button("Get a refund of 50,000 sat").click();
    await page.getByRole("img", { name: "The request as a QR code" }).waitFor();
    await page.getByText("Every field of the request").click();
    await assertGood("a request");
    await page.getByText("Every field of the request").click();
    stage.hold();
    await wallet.answer("Lamp, sent back");
    await wallet.waitFor("Sending");
    await assertGood("an invoice on its way");
    stage.release();
    await wallet.waitFor("Paid");
    await page.getByText("The record, as Core Lightning writes it").click();
    await assertGood("a paid invoice");
    await wallet.button("Delete").click();
    await page.getByRole("dialog").waitFor();
    await assertGood("a dialog");
    wallet.assertQuiet();
  });
}

test("the screenshots of the README", async () => {
  const folder = join(TARGET, "screenshots");
  mkdirSync(folder, { recursive: true });
  for (const [look, file] of [
    ["desktop-light", "demo-light.png"],
    ["phone-dark", "demo-dark.png"],
  ] as const) {
    const options = LOOKS.find(({ name }) => name === look)?.options ?? {};
    const wallet = await WalletPage.open(stage, await stage.context({ ...options, reducedMotion: "reduce" }));
    for (const label of ["Order 1702, cancelled", "Winnings of May", "Deposit, bike hire"]) {
      await wallet.read(await stage.request(label));
      await wallet.answer(label);
      await wallet.waitFor("Paid");
      await wallet.button("New request").click();
    }
    await wallet.read(await stage.request("Lamp, sent back"));
    await wallet.answer("Lamp, sent back");
    await wallet.waitFor("Paid");
    await wallet.page.evaluate(() => (document.activeElement as HTMLElement).blur());
    await wallet.page.mouse.move(0, 0);
    const path = join(folder, file);
    await wallet.page.screenshot({ path });
    assert.ok(statSync(path).size < 150_000, `${file} has ${statSync(path).size} bytes`);
    if (process.env["INVREQ_WRITE_SCREENSHOTS"]) copyFileSync(path, join(ROOT, "docs/images", file));
  }
});

test("nothing jumps while it loads and works", async () => {
  const context = await stage.context();
  await context.addInitScript(() => {
    const shifts: number[] = [];
    Object.assign(globalThis, { shifts });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & {
        value: number;
        hadRecentInput: boolean;
      })[]) {
        if (!entry.hadRecentInput) shifts.push(entry.value);
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
  const wallet = await WalletPage.open(stage, context);
  await wallet.button("Get a refund of 50,000 sat").click();
  await wallet.answer("steady");
  await wallet.waitFor("Paid");
  const sum = await wallet.page.evaluate(() =>
    (globalThis as unknown as { shifts: number[] }).shifts.reduce((sum, value) => sum + value, 0),
  );
  assert.ok(sum < 0.1, `the layout shifted by ${sum}`);
});

test("the colours follow the system, or the switch, which is remembered", async () => {
  const wallet = await WalletPage.open(stage, await stage.context({ colorScheme: "dark" }));
  const { page } = wallet;
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await background();
  await page.getByRole("radio", { name: "Light" }).check({ force: true });
  const light = await background();
  assert.notEqual(light, dark);
  await page.reload();
  assert.equal(await background(), light);
  await page.getByRole("radio", { name: "As the system" }).check({ force: true });
  assert.equal(await background(), dark);
});

test("it breaks no part of its policy, and nobody hears its secrets", async () => {
  const context = await stage.context();
  // Whatever one tab can hear of another, and whatever is kept where anybody reads it.
  await context.addInitScript(() => {
    const heard: string[] = [];
    Object.assign(globalThis, { heard });
    addEventListener("storage", (event) => heard.push(`${event.key} ${event.newValue}`));
    document.addEventListener("securitypolicyviolation", (event) =>
      heard.push(`policy: ${event.violatedDirective}`),
    );
    for (const name of ["invreq/invreq-demo-wallet", "invreq-demo"]) {
      new BroadcastChannel(name).onmessage = ({ data }) => heard.push(JSON.stringify(data));
    }
    const store = Storage.prototype.setItem;
    Storage.prototype.setItem = function (key, value) {
      heard.push(`${key} ${value}`);
      store.call(this, key, value);
    };
  });
  const [one, two] = [await HarnessPage.open(stage, context), await HarnessPage.open(stage, context)];
  const wallet = await WalletPage.open(stage, context);
  assert.equal(record(await one.sendInvoice(await stage.request(), "secret")).status, "paid");
  await wallet.waitFor("Paid", "secret");
  await wallet.page.getByRole("radio", { name: "Dark" }).check({ force: true });
  const said = [...one.said, ...two.said, ...wallet.said];
  assert.deepEqual(said, []);
  const seed = await one.seed();
  assert.match(seed, /^[0-9a-f]{64}$/);
  const base64 = Buffer.from(seed, "hex").toString("base64");
  let heard = 0;
  for (const page of [one.page, two.page, wallet.page]) {
    for (const text of await page.evaluate(() => (globalThis as unknown as { heard: string[] }).heard)) {
      heard += 1;
      assert.ok(!text.includes(seed) && !text.includes(base64), "the seed was told");
      assert.doesNotMatch(text, /policy:|[0-9a-f]{64}/, text);
    }
  }
  assert.ok(heard > 3, "the test hears what the tabs tell each other");
  const server = await wallet.page.request.get(stage.url);
  const policy = server.headers()["content-security-policy"] ?? "";
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /script-src 'self' 'wasm-unsafe-eval';/);
});

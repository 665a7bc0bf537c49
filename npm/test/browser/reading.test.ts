// How a request gets into the page, and what the page says of it.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";

import { chromium } from "playwright-core";
import { encodeQR } from "qr";

import { writeFilm } from "./support/film.js";
import { CHROMIUM, FLAGS, Stage, temporary } from "./support/stage.js";
import { WalletPage } from "./support/wallet-page.js";

let stage: Stage;
before(async () => void (stage = await Stage.set()));
afterEach(() => stage.clear());
after(() => stage.strike());

test("a request is said in words", async () => {
  const wallet = await WalletPage.open(stage, await stage.context());
  await wallet.read(await stage.request("two\u202e chairs\u0007"));
  const preview = await wallet.page.locator(".preview").innerText();
  assert.match(preview, /50,000 sat/);
  assert.match(preview, /for “two.{0,3} chairs.?”/);
  assert.doesNotMatch(preview, /[\u202e\u0007]/, "display text is cleaned");
  assert.match(preview, /Not signed, which is normal/);
  assert.match(preview, /Good for (59 minutes|1 hour)/);
  await wallet.page.getByText("Every field of the request").click();
  await wallet.page.getByRole("rowheader", { name: /^invreq_metadata/ }).waitFor();
  wallet.assertQuiet();
});

for (const [what, text, code, said] of [
  ["an address", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "invalid_prefix", /lnr1/],
  ["a mixed case", "lnr1QQqs", "mixed_case", /case/],
  ["a foreign character", "lnr1qqb", "invalid_character", /bech32/],
  ["a string that was cut off", "lnr1qqqs", "tlv_truncated", /invreq_metadata \(0\)[\s\S]*tlv-length/],
  [
    "a request for another chain",
    "lnr1qqp2hng",
    "wrong_chain",
    /for bitcoin, not for regtest[\s\S]*invreq_chain \(80\)/,
  ],
  [
    "an offer",
    "lno1pqps7sjqpgtyzm3qv4uxzmtsd3jjqer9wd3hy6tsw35k7msjzfpy7nz5yqcnygrfdej82um5wf5k2uckyypwa3eyt44h6txtxquqh7lz5djge4afgfjn7k4rgrkuag0jsd5xvxg",
    "wrong_type",
    /offer/,
  ],
] as const) {
  test(`what is no request is told by its field and its rule: ${what}`, async () => {
    const wallet = await WalletPage.open(stage, await stage.context());
    await wallet.page.getByLabel("Invoice request").fill(text);
    await wallet.alert.getByText(code, { exact: true }).waitFor();
    assert.match(await wallet.alert.innerText(), said);
    assert.equal(await wallet.button(/^Send an invoice/).count(), 0);
    await wallet.button("Clear").click();
    await wallet.alert.waitFor({ state: "detached" });
    wallet.assertQuiet();
  });
}

test("a picture of a QR code is read, and one without is told", async () => {
  const wallet = await WalletPage.open(stage, await stage.context());
  const { page } = wallet;
  const request = await stage.request("from a picture");
  const picture = { name: "code.gif", mimeType: "image/gif" };
  const gif = encodeQR(request.toUpperCase(), "gif", { ecc: "low", scale: 4, border: 4 });
  await page.setInputFiles("#picture", { ...picture, buffer: Buffer.from(gif) });
  await page.getByText("for “from a picture”").waitFor();
  const empty = encodeQR("x", "gif", { scale: 1 }).slice(0, 40);
  await page.setInputFiles("#picture", { ...picture, buffer: Buffer.from(empty) });
  await page.getByText("There is no QR code in that picture").waitFor();
  wallet.assertQuiet();
});

test("a text that is dropped anywhere is read", async () => {
  const wallet = await WalletPage.open(stage, await stage.context());
  const request = await stage.request("dropped");
  await wallet.page.evaluate((text) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.setData("text/plain", text);
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
  }, request);
  await wallet.page.getByText("for “dropped”").waitFor();
  wallet.assertQuiet();
});

test("pasted with the button", async () => {
  const context = await stage.context({ permissions: ["clipboard-read", "clipboard-write"] });
  const wallet = await WalletPage.open(stage, context);
  await wallet.page.evaluate((text) => navigator.clipboard.writeText(text), await stage.request("pasted"));
  await wallet.button("Paste").click();
  await wallet.page.getByText("for “pasted”").waitFor();
  wallet.assertQuiet();
});

test("scanned with the camera; and without one the page says what else can be done", async () => {
  const { path, remove } = temporary();
  const film = join(path, "code.y4m");
  writeFilm(film, await stage.request("scanned"));
  const camera = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"];
  const args = [...FLAGS, ...camera, `--use-file-for-fake-video-capture=${film}`];
  const browser = await chromium.launch({ executablePath: CHROMIUM, args });
  try {
    const context = await browser.newContext({ permissions: ["camera"] });
    const seeing = await WalletPage.open(stage, context);
    await seeing.button("Scan").click();
    await seeing.page.getByText("for “scanned”").waitFor();
    assert.equal(await seeing.page.getByRole("dialog").count(), 0, "the dialog closes by itself");
    seeing.assertQuiet();
  } finally {
    await browser.close();
    remove();
  }
  const blind = await WalletPage.open(stage, await stage.context());
  await blind.button("Scan").click();
  await blind.alert.waitFor();
  assert.match(await blind.page.getByRole("dialog").innerText(), /paste the text or open a picture/);
  await blind.page.keyboard.press("Escape");
  await blind.page.getByRole("dialog").waitFor({ state: "detached" });
  blind.assertQuiet();
});

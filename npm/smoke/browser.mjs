// Chromium, and a server for what it loads.
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { chromium } from "playwright-core";
import { NotRun } from "./process.mjs";

const PROGRAMS = [
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];
const TYPES = { ".html": "text/html", ".wasm": "application/wasm" };
const PATIENCE = 60_000;

let browser;

/** Opens a page and waits until it says how the scenario went. Whatever it complains about is a failure. */
export async function visit(url) {
  browser ??= await launch();
  const page = await browser.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error.stack ?? error)));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("requestfailed", (request) => complaints.push(`${request.url()} could not be loaded`));
  try {
    await page.goto(url, { timeout: PATIENCE });
    await page.waitForFunction(() => globalThis.smoke !== undefined, undefined, { timeout: PATIENCE });
    const result = await page.evaluate(() => globalThis.smoke);
    if (result !== "ok") throw new Error(result);
    if (complaints.length > 0) throw new Error(complaints.join("\n"));
    return await page.content();
  } catch (error) {
    throw new Error([error.message, ...complaints].join("\n"));
  } finally {
    await page.close();
  }
}

/** Serves a folder, and visits a page in it. */
export async function visitFolder(folder, page = "index.html") {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, "http://localhost").pathname));
    const file = join(folder, path);
    if (!existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "text/javascript" });
    createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await visit(`http://127.0.0.1:${server.address().port}/${page}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** Gives the browser back. */
export const closeBrowser = () => browser?.close();

async function launch() {
  const executablePath = PROGRAMS.find((program) => program && existsSync(program));
  if (!executablePath)
    throw new NotRun("Chromium is not installed: apt-get install chromium, or set CHROMIUM to its path");
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-background-networking"] });
}

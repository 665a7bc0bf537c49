import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { build } from "esbuild";
import { type BrowserContext, chromium, type Page } from "playwright-core";

import type * as Bench from "./indexed-db-page.js";

declare global {
  /** What the page offers to these tests. */
  var bench: typeof Bench;
}

const EXECUTABLE = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

let server: Server;
let origin: string;
let profile: string;
let context: BrowserContext;

before(async () => {
  server = await serve();
  origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  profile = mkdtempSync(join(tmpdir(), "invreq-chromium-"));
  context = await launch();
});

after(async () => {
  await context.close();
  server.close();
  rmSync(profile, { recursive: true, force: true });
});

test("keeps the contract in a page", { timeout: 120_000 }, async () => {
  const page = await open();
  const report = await page.evaluate(() => bench.conformance("page"));
  assert.deepEqual(report.failed, [], report.text);
  assert.deepEqual(report.skipped, []);
});

test("keeps the contract in a worker", { timeout: 120_000 }, async () => {
  const page = await open();
  const report = await page.evaluate(() => bench.inWorker("conformance", "worker"));
  assert.deepEqual(report.failed, [], report.text);
  assert.deepEqual(report.skipped, []);
});

test("of two tabs that write at once one wins each round, and each hears of the other", async () => {
  const [one, two] = [await open(), await open()];
  for (const page of [one, two]) await page.evaluate(() => bench.keep("tabs"));
  const results = await Promise.all([one, two].map((page) => page.evaluate(() => bench.compete(50))));
  const won = results.reduce((sum, result) => sum + result.won, 0);
  assert.equal(won, 50);
  assert.equal(await one.evaluate(() => bench.revision()), 50);
  for (const [at, page] of [one, two].entries()) {
    const heard = await page.evaluate(() => bench.heard());
    const others = results[1 - at]?.won ?? 0;
    assert.equal(heard, others, "a tab heard of each write of the other, and of none of its own");
  }
});

test("a page hears of what a worker wrote", async () => {
  const page = await open();
  await page.evaluate(() => bench.keep("page-and-worker"));
  await page.evaluate(() => bench.inWorker("writeOne", "page-and-worker"));
  await page.waitForFunction(() => bench.heard() === 1);
});

test("one tab leads, and when it is gone the other does", async () => {
  const [one, two] = [await open(), await open()];
  for (const page of [one, two]) await page.evaluate(() => bench.keep("lead"));
  await one.evaluate(() => bench.lead());
  await two.evaluate(() => void bench.lead());
  await two.waitForTimeout(300);
  assert.equal(await two.evaluate(() => bench.leads()), false);
  await one.close();
  await two.waitForFunction(() => bench.leads());
});

test("what a tab says it wrote is there after the browser was killed", { timeout: 60_000 }, async () => {
  for (let round = 1; round <= 3; round++) {
    const page = await open();
    let last = 0;
    await page.exposeFunction("wrote", (revision: number) => (last = revision));
    await page.evaluate(() => bench.keep("killed"));
    page.evaluate(() => bench.writeForEver()).catch(() => {});
    while (last < round * 20) await new Promise((resolve) => setTimeout(resolve, 5));
    await kill();
    context = await launch();
    const again = await open();
    await again.evaluate(() => bench.keep("killed"));
    const found = await again.evaluate(() => bench.contents());
    assert.ok(found.revision >= last, `revision ${found.revision} is there, and ${last} was written`);
    assert.ok(found.isWhole, "a write is there in part");
    await again.close();
  }
});

test("a full disk is its own error, and nothing was written", async () => {
  const page = await open();
  const session = await context.newCDPSession(page);
  await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 3 << 20 });
  const result = await page.evaluate(() => bench.fill("full"));
  await session.send("Storage.overrideQuotaForOrigin", { origin });
  assert.equal(result.kind, "full");
  assert.match(result.message, /free some space/);
  assert.ok(result.isWhole);
  assert.equal(await page.evaluate(() => bench.writeOne("full")), "done");
});

test("site data that is cleared is an error of every later call", async () => {
  const page = await open();
  await page.evaluate(() => bench.keep("cleared"));
  const session = await context.newCDPSession(page);
  await session.send("Storage.clearDataForOrigin", { origin, storageTypes: "indexeddb" });
  await page.waitForFunction(async () => (await bench.tryRead()) === "closed");
  assert.equal(await page.evaluate(() => bench.writeOne("cleared")), "done");
});

test("a database that is deleted elsewhere is let go", async () => {
  const [one, two] = [await open(), await open()];
  await one.evaluate(() => bench.keep("deleted"));
  assert.equal(await two.evaluate(() => bench.deleteDatabase("deleted")), "deleted");
  assert.equal(await one.evaluate(() => bench.tryRead()), "closed");
});

test("a tab whose database is gone leads no more, and does not get to", async () => {
  const [one, other] = [await open(), await open()];
  await one.evaluate(() => bench.keep("lost"));
  await one.evaluate(() => bench.lead());
  const waiting = one.evaluate(() => bench.tryLead());
  await one.waitForFunction(async () => (await navigator.locks.query()).pending?.length === 1);
  assert.equal(await other.evaluate(() => bench.deleteDatabase("lost")), "deleted");
  assert.equal(await waiting, "closed");
  assert.equal(await one.evaluate(() => bench.tryLead()), "closed");
  await other.evaluate(() => bench.keep("lost"));
  await other.evaluate(() => bench.lead());
});

test("where locks are forbidden a tab leads as if there were none", async () => {
  const page = await open();
  await page.evaluate(() => bench.keep("no-locks"));
  assert.equal(await page.evaluate(() => bench.leadWithoutPermission("SecurityError")), "leads");
  assert.match(await page.evaluate(() => bench.leadWithoutPermission("InvalidStateError")), /InvalidState/);
});

test("what is none of ours is told, and stays as it was", async () => {
  const page = await open();
  const cases = await page.evaluate(() => bench.foreign());
  assert.deepEqual(cases, {
    anotherStore: "foreign",
    laterVersion: "foreign",
    emptyDatabase: "foreign",
    untouched: true,
  });
});

test("a page that may keep nothing is told what to do", async () => {
  const page = await open();
  const error = await page.evaluate(() => bench.withoutIndexedDb());
  assert.deepEqual([error.kind, /private window/.test(error.message)], ["failed", true]);
  // A frame of a document without an origin of its own may not open databases.
  const frame = await page.evaluate(() => bench.inSandbox());
  assert.equal(frame.kind, "failed");
  assert.match(frame.message, /private window/);
});

test("a blocked database waits with onBlocked, and is an error without", async () => {
  const page = await open();
  assert.deepEqual(await page.evaluate(() => bench.blocked()), {
    without: "failed",
    called: 1,
    opened: true,
  });
});

test("without BroadcastChannel the revision is looked up", async () => {
  const [one, two] = [await open(), await open()];
  await one.evaluate(() => bench.keepWithoutChannel("polled"));
  await one.waitForTimeout(300);
  await two.evaluate(() => bench.writeOne("polled"));
  await one.waitForFunction(() => bench.heard() === 1);
});

test("a write is found that its tab was killed before it told of", async () => {
  const [one, two] = [await open(), await open()];
  await one.clock.install();
  await one.evaluate(() => bench.keep("silent"));
  await one.evaluate(() => bench.revision());
  await two.evaluate(() => bench.writeSilently("silent"));
  await one.clock.runFor(29_000);
  assert.equal(await one.evaluate(() => bench.heard()), 0);
  await one.clock.runFor(2_000);
  await one.waitForFunction(() => bench.heard() === 1);
  // What was told is no news.
  await two.evaluate(() => bench.writeOne("silent"));
  await one.waitForFunction(() => bench.heard() === 2);
  await one.clock.runFor(31_000);
  await one.evaluate(() => bench.revision());
  assert.equal(await one.evaluate(() => bench.heard()), 2);
});

test("a page that comes back from the cache looks for changes", async () => {
  const page = await open();
  await page.evaluate(() => bench.keep("cached"));
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: false })));
  assert.equal(await page.evaluate(() => bench.heard()), 0);
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
  assert.equal(await page.evaluate(() => bench.heard()), 1);
});

/** A page with the bench in it. */
async function open(): Promise<Page> {
  const page = await context.newPage();
  page.on("pageerror", (error) => console.error(error));
  await page.goto(origin);
  await page.waitForFunction(() => "bench" in globalThis);
  return page;
}

function launch(): Promise<BrowserContext> {
  return chromium.launchPersistentContext(profile, {
    executablePath: EXECUTABLE,
    args: ["--no-sandbox", "--disable-background-networking"],
  });
}

/** As by kill -9, the whole browser. */
async function kill(): Promise<void> {
  const session = await context.browser()?.newBrowserCDPSession();
  const info = await session?.send("SystemInfo.getProcessInfo");
  const closed = new Promise((resolve) => context.once("close", resolve));
  const ids = info?.processInfo.map((process) => process.id) ?? [];
  assert.ok(ids.length > 1);
  for (const id of ids) process.kill(id, "SIGKILL");
  await closed;
}

/** Serves the bench, bundled. */
async function serve(): Promise<Server> {
  const entry = new URL("indexed-db-page.ts", import.meta.url).pathname;
  const bundle = await build({
    entryPoints: [entry],
    bundle: true,
    format: "iife",
    globalName: "bench",
    write: false,
  });
  const script = bundle.outputFiles[0]?.text ?? "";
  const http = createServer((request, response) => {
    const isScript = request.url === "/bench.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    response.end(isScript ? script : `<!doctype html><script src="/bench.js"></script>`);
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  return http;
}

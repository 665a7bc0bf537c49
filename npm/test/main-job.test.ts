import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { TestServer } from "./support/server.js";
import { Wallets } from "./support/wallets.js";

let server: TestServer;
let folder: string;
let wallets: Wallets;

before(async () => {
  server = await TestServer.start();
  folder = mkdtempSync(join(tmpdir(), "invreq-wallets-"));
  wallets = new Wallets(server, folder);
});

after(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

for (const [store, over] of [
  ["file", "tcp"],
  ["sqlite", "ws"],
] as const) {
  test(`a request is answered and paid: ${store} store, ${over}`, { timeout: 60_000 }, async () => {
    const wallet = await wallets.make(store, over);
    const run = wallet.start();
    const end = await run.end();
    assert.equal(end.status, "paid", JSON.stringify(end));
    await wallet.isPaidOnce(String(end.rpc));
    assert.deepEqual(
      run.events.filter((event) => ["created", "claiming", "paid"].includes(event)),
      ["created", "claiming", "paid"],
    );
    // Taken up again, it is what it was.
    const again = await wallet.start().end();
    assert.equal(again.rpc, end.rpc);
  });
}

for (const moment of ["created", "delivery sending", "claiming", "paid"]) {
  test(`killed at "${moment}" and started again, it is paid once`, { timeout: 90_000 }, async () => {
    const wallet = await wallets.make("file", "tcp");
    const first = wallet.start();
    await first.killAt(moment);
    const end = await wallet.start().end();
    assert.equal(end.status, "paid", JSON.stringify(end));
    await wallet.isPaidOnce(String(end.rpc));
  });
}

test("a payer that cannot pay says so", { timeout: 60_000 }, async () => {
  const wallet = await wallets.make("file", "tcp", "penniless");
  const end = await wallet.start().end();
  assert.equal(end.error, "payer_error", JSON.stringify(end));
  assert.equal(end.rpcCode, 1004);
  assert.match(String(end.message), /[a-z]/i);
});

test("a payer that is away gets its invoice when it is back", { timeout: 60_000 }, async () => {
  const { control } = server;
  const wallet = await wallets.make("file", "tcp");
  await control.call("kill", { node: "payer" });
  const away = await wallet.start().end();
  assert.deepEqual([away.error, away.rpcCode], ["no_route", 1003]);
  await control.call("revive", { node: "payer" });
  await control.call("reconnect", { a: "payer", b: "relay" });
  const end = await wallet.start("resend").end();
  assert.equal(end.status, "paid", JSON.stringify(end));
  await wallet.isPaidOnce(String(end.rpc));
});

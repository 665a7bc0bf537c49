import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";

import { testServer, TestServer } from "./support/server.js";
import { Wallets } from "./support/wallets.js";

let server: TestServer;
let folder: string;
let wallets: Wallets;

before(async () => {
  server = await TestServer.start();
  folder = mkdtempSync(join(tmpdir(), "invreq-languages-"));
  wallets = new Wallets(server, folder);
});

after(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

for (let moment = 1; moment <= 6; moment++) {
  test(`what Rust began and was killed in (${moment}) goes on in Node`, { timeout: 90_000 }, async () => {
    const wallet = await wallets.make("sqlite", "tcp");
    const { signal } = await rust(wallet.path, wallet.request, moment);
    assert.equal(signal, "SIGKILL");
    const end = await wallet.start().end();
    assert.equal(end.status, "paid", JSON.stringify(end));
    await wallet.isPaidOnce(String(end.rpc));
    // And Rust sees what Node wrote, in the same words.
    const again = await rust(wallet.path, wallet.request);
    assert.equal(again.output.trim(), end.rpc);
  });
}

for (const moment of ["created", "delivery sending", "claiming"]) {
  test(`what Node began and was killed in ("${moment}") goes on in Rust`, { timeout: 90_000 }, async () => {
    const wallet = await wallets.make("sqlite", "tcp");
    await wallet.start().killAt(moment);
    const end = await rust(wallet.path, wallet.request);
    assert.equal(end.code, 0, end.output);
    await wallet.isPaidOnce(end.output);
    const again = await wallet.start().end();
    assert.equal(again.rpc, end.output.trim());
  });
}

/** Runs the wallet of `tests/lightning/src/bin/crash-client.rs`. */
async function rust(path: string, request: string, crashAt?: number) {
  const program = join(dirname(testServer()), "crash-client");
  const words = [
    server.greeting.control.tcp,
    path,
    request,
    ...(crashAt === undefined ? [] : [String(crashAt)]),
  ];
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (text) => (output += String(text)));
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  return { code, signal, output };
}

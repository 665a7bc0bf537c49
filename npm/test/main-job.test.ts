import assert from "node:assert/strict";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { TestServer } from "./support/server.js";

const AMOUNT = 50_000_000;

let server: TestServer;
let folder: string;
let wallets = 0;

before(async () => {
  server = await TestServer.start();
  folder = mkdtempSync(join(tmpdir(), "invreq-wallets-"));
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
    const wallet = await Wallet.of(store, over);
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
    const wallet = await Wallet.of("file", "tcp");
    const first = wallet.start();
    await first.killAt(moment);
    const end = await wallet.start().end();
    assert.equal(end.status, "paid", JSON.stringify(end));
    await wallet.isPaidOnce(String(end.rpc));
  });
}

test("a payer that cannot pay says so", { timeout: 60_000 }, async () => {
  const wallet = await Wallet.of("file", "tcp", "penniless");
  const end = await wallet.start().end();
  assert.equal(end.error, "payer_error", JSON.stringify(end));
  assert.equal(end.rpcCode, 1004);
  assert.match(String(end.message), /[a-z]/i);
});

test("a payer that is away gets its invoice when it is back", { timeout: 60_000 }, async () => {
  const { control } = server;
  const wallet = await Wallet.of("file", "tcp");
  await control.call("kill", { node: "payer" });
  const away = await wallet.start().end();
  assert.deepEqual([away.error, away.rpcCode], ["no_route", 1003]);
  await control.call("revive", { node: "payer" });
  await control.call("reconnect", { a: "payer", b: "relay" });
  const end = await wallet.start("resend").end();
  assert.equal(end.status, "paid", JSON.stringify(end));
  await wallet.isPaidOnce(String(end.rpc));
});

interface End {
  readonly status?: string;
  readonly rpc?: string;
  readonly error?: string;
  readonly rpcCode?: number;
  readonly message?: string;
}

/** A wallet that can be started again and again. */
class Wallet {
  private constructor(
    readonly kind: string,
    readonly over: string,
    readonly path: string,
    readonly request: string,
  ) {}

  static async of(kind: string, over: string, payer = "payer"): Promise<Wallet> {
    const request = await server.control.createRequest(AMOUNT, payer);
    return new Wallet(kind, over, join(folder, `${kind}-${++wallets}`), request);
  }

  start(...more: string[]): Run {
    const words = [JSON.stringify(server.greeting), this.kind, this.path, this.over, this.request, ...more];
    return new Run(fork(new URL("support/wallet.ts", import.meta.url), words));
  }

  /** The payer has paid the invoice of this record, and no other one for this wallet. */
  async isPaidOnce(rpc: string): Promise<void> {
    const record = JSON.parse(rpc) as Record<string, unknown>;
    assert.equal(record["status"], "paid");
    assert.equal(record["pay_index"], 1);
    assert.equal(record["amount_received_msat"], AMOUNT);
    const isOurs = (event: { [field: string]: unknown }): boolean =>
      event["payment_hash"] === record["payment_hash"];
    const sent = await server.control.event("payment_sent", isOurs);
    assert.equal(sent["preimage"], record["payment_preimage"]);
    const all = server.control.events.filter((event) => event.event === "payment_sent" && isOurs(event));
    assert.equal(all.length, 1);
  }
}

/** One run of it. */
class Run {
  readonly events: string[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<End>;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = new Promise((resolve, reject) => {
      child.on("message", (message) => {
        if (typeof message === "string") this.events.push(message);
        else resolve(message as End);
      });
      child.on("exit", (code) =>
        reject(new Error(`the wallet ended with ${code} after ${this.events.join(", ")}`)),
      );
    });
    // Whoever kills it does not wait for its end.
    this.#ended.catch(() => {});
  }

  /** What its call came to, once the process is over. */
  async end(): Promise<End> {
    const end = await this.#ended;
    if (this.#child.exitCode === null) await once(this.#child, "exit");
    assert.equal(this.#child.exitCode, 0);
    return end;
  }

  /** Kills it the moment it tells of this. */
  async killAt(moment: string): Promise<void> {
    const isOver = once(this.#child, "exit");
    this.#child.on("message", (message) => {
      if (message === moment) this.#child.kill("SIGKILL");
    });
    const [, signal] = (await isOver) as [unknown, string];
    assert.equal(signal, "SIGKILL", `it never came to "${moment}": ${this.events.join(", ")}`);
  }
}

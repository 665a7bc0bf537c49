/**
 * Wallets in processes of their own, to be killed and started again.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

import type { TestServer } from "./server.js";

/** As much as each request is about, in msat. */
const AMOUNT = 50_000_000;

/** Makes wallets that each have a request to answer. */
export class Wallets {
  #made = 0;

  constructor(
    private readonly server: TestServer,
    private readonly folder: string,
  ) {}

  /** A wallet on this kind of store, over this kind of socket, and a request of this payer. */
  async make(kind: "file" | "sqlite", over: "tcp" | "ws", payer = "payer"): Promise<Wallet> {
    const request = await this.server.control.createRequest(AMOUNT, payer);
    return new Wallet(this.server, kind, over, join(this.folder, `${kind}-${++this.#made}`), request);
  }
}

/** What the call of a wallet came to. */
export interface End {
  readonly status?: string;
  readonly rpc?: string;
  readonly error?: string;
  readonly rpcCode?: number;
  readonly message?: string;
}

/** A wallet that can be started again and again. */
export class Wallet {
  constructor(
    private readonly server: TestServer,
    private readonly kind: string,
    private readonly over: string,
    readonly path: string,
    readonly request: string,
  ) {}

  /** Starts it. */
  start(...more: string[]): Run {
    const words = [
      JSON.stringify(this.server.greeting),
      this.kind,
      this.path,
      this.over,
      this.request,
      ...more,
    ];
    return new Run(fork(new URL("wallet.ts", import.meta.url), words));
  }

  /** The payer has paid the invoice of this record, and no other one for this wallet. */
  async isPaidOnce(rpc: string): Promise<void> {
    const record = JSON.parse(rpc) as Record<string, unknown>;
    assert.equal(record["status"], "paid");
    assert.equal(record["pay_index"], 1);
    assert.equal(record["amount_received_msat"], AMOUNT);
    const isOurs = (event: { [field: string]: unknown }): boolean =>
      event["payment_hash"] === record["payment_hash"];
    const sent = await this.server.control.event("payment_sent", isOurs);
    assert.equal(sent["preimage"], record["payment_preimage"]);
    const all = this.server.control.events.filter((event) => event.event === "payment_sent" && isOurs(event));
    assert.equal(all.length, 1);
  }
}

/** One run of it. */
export class Run {
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

/**
 * Everything a test of the page needs: a Lightning network, the page's server, and Chromium.
 *
 * @module
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from "playwright-core";

import { buildDemo, bundle } from "../../../demo/build.js";
import { servePage, urlOf } from "../../../demo/serve.js";
import { type Control, type Greeting, TestServer } from "../../support/server.js";
import { Relay } from "./relay.js";

/** How long anything may take, in milliseconds. */
export const PATIENCE_MS = 20_000;

/** What Chromium is started with. */
export const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
export const FLAGS = ["--no-sandbox", "--disable-background-networking"];

/** The network, the page and the browser. */
export class Stage {
  /** What stands between the page and each node, and the control port. */
  readonly relays: { control: Relay; nodes: Map<string, Relay> };
  /** Where the page is. */
  readonly url: string;
  readonly #network: TestServer;
  readonly #server: Server;
  readonly #folder: Folder;
  #browser: Browser | undefined;
  #contexts: BrowserContext[] = [];

  private constructor(parts: Parts) {
    this.relays = parts.relays;
    this.url = urlOf(parts.server);
    this.#network = parts.network;
    this.#server = parts.server;
    this.#folder = parts.folder;
  }

  /** Sets everything up; the browser comes with the first page. */
  static async set(): Promise<Stage> {
    const folder = temporary();
    await buildDemo(folder.path);
    await bundle(fileURLToPath(new URL("harness.ts", import.meta.url)), folder.path, "esm");
    writeFileSync(join(folder.path, "harness.html"), HARNESS);
    const network = await TestServer.start();
    const { control, nodes: all } = network.greeting;
    const nodes = new Map<string, Relay>();
    const seen: { [name: string]: Greeting["nodes"][string] } = {};
    for (const [name, node] of Object.entries(all)) {
      const relay = await Relay.before(node.ws);
      nodes.set(name, relay);
      seen[name] = { ...node, ws: relay.url };
    }
    const relays = { control: await Relay.before(control.ws), nodes };
    const server = await servePage(folder.path, {
      control: { ...control, ws: relays.control.url },
      nodes: seen,
    });
    return new Stage({ network, relays, server, folder });
  }

  /** A connection of the test's own to the test server. */
  get control(): Control {
    return this.#network.control;
  }

  /** Takes everything down. */
  async strike(): Promise<void> {
    await this.#browser?.close();
    this.#relays.forEach((relay) => relay.close());
    this.#server.closeAllConnections();
    this.#server.close();
    await this.#network.stop();
    this.#folder.remove();
  }

  /** A browser that has never been used. */
  async context(options: BrowserContextOptions = {}): Promise<BrowserContext> {
    this.#browser ??= await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    const context = await this.#browser.newContext(options);
    context.setDefaultTimeout(PATIENCE_MS);
    this.#contexts.push(context);
    return context;
  }

  /** Leaves nothing of a test to the next one. */
  async clear(): Promise<void> {
    await Promise.all(this.#contexts.splice(0).map((context) => context.close()));
    this.release();
  }

  /** How many invoices went to the nodes over any connection. */
  get invoices(): number {
    return this.#relays.reduce((sum, relay) => sum + relay.invoices, 0);
  }

  /** How many connections the pages opened to nodes, held up or not. */
  get dials(): number {
    return [...this.relays.nodes.values()].reduce((sum, relay) => sum + relay.dials, 0);
  }

  /** Holds up what the pages send to nodes. */
  hold(): void {
    this.relays.nodes.forEach((relay) => relay.hold());
  }

  /** Ends all connections of the pages, and every new one. */
  cut(): void {
    this.#relays.forEach((relay) => relay.cut());
  }

  /** Takes the network away, or gives it back. */
  async setOffline(context: BrowserContext, offline: boolean): Promise<void> {
    await context.setOffline(offline);
    if (offline) this.cut();
    else this.release();
  }

  /** Lets everything through. */
  release(): void {
    this.#relays.forEach((relay) => relay.open());
  }

  /** A fresh request of the payer over 50,000 sat. */
  async request(description = "a refund", payer = "payer"): Promise<string> {
    const params = { amount_msat: 50_000_000, description, node: payer };
    return String((await this.control.call("create_request", params))["request"]);
  }

  /** How many payments the payer made. */
  get paid(): number {
    return this.control.events.filter(({ event }) => event === "payment_sent").length;
  }

  /** Waits for the next event of this kind at any node. */
  async until(event: string): Promise<void> {
    const seen = this.control.events.length;
    await until(event, () => this.control.events.slice(seen).some((found) => found.event === event));
  }

  /** Waits until the payer has made so many payments. */
  async untilPaid(payments: number): Promise<void> {
    await until("the payer has its proof", () => this.paid === payments);
  }

  get #relays(): Relay[] {
    return [this.relays.control, ...this.relays.nodes.values()];
  }
}

/** Waits until it is so. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await isSo())) {
    assert.ok(Date.now() < deadline, `waited in vain: ${what}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

/** What a page said on its console, and its uncaught errors: a test fails if there are any. */
export function listen(page: Page): string[] {
  const said: string[] = [];
  page.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => said.push(`uncaught: ${error.stack ?? error.message}`));
  return said;
}

/** A page with the harness in it, and no demo. */
const HARNESS = `<!doctype html><html lang="en"><title>harness</title><link rel="icon" href="icon.svg"><script src="harness.js" type="module"></script></html>`;

interface Parts {
  network: TestServer;
  relays: Stage["relays"];
  server: Server;
  folder: Folder;
}

/** A folder that is gone after the test. */
export interface Folder {
  path: string;
  remove(): void;
}

/** A folder that is gone after the test. */
export function temporary(): Folder {
  const path = mkdtempSync(join(tmpdir(), "invreq-browser-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 10 }) };
}

/** The root of the repository. */
export const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));

/** The folder cargo builds in. */
export const TARGET = resolve(ROOT, process.env["CARGO_TARGET_DIR"] ?? "target");

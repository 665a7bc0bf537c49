/**
 * The demo's page, as a person uses it.
 *
 * @module
 */
import assert from "node:assert/strict";

import type { BrowserContext, Locator, Page } from "playwright-core";

import { listen, type Stage } from "./stage.js";

/** The page of the demo wallet. */
export class WalletPage {
  /** What it said on its console: nothing, if all is well. */
  readonly said: string[];

  private constructor(readonly page: Page) {
    this.said = listen(page);
  }

  /** Opens the page, and waits until the wallet is open where it can be. */
  static async open(stage: Stage, context: BrowserContext): Promise<WalletPage> {
    const wallet = new WalletPage(await context.newPage());
    await wallet.page.goto(stage.url);
    await wallet.button("Get a refund of 50,000 sat").and(wallet.page.locator(":enabled")).waitFor();
    return wallet;
  }

  /** Opens the page of a wallet that cannot be opened. */
  static async openBroken(stage: Stage, context: BrowserContext): Promise<WalletPage> {
    const wallet = new WalletPage(await context.newPage());
    await wallet.page.goto(stage.url);
    await wallet.alert.waitFor();
    return wallet;
  }

  /** Puts a request into the field and waits until it is understood. */
  async read(request: string): Promise<void> {
    await this.page.getByLabel("Invoice request").fill(request);
    await this.button(/^Send an invoice for/).waitFor();
  }

  /** Answers the request in the field, and waits until the invoice is stored. */
  async answer(label: string): Promise<void> {
    await this.page.getByLabel("Label").fill(label);
    await this.button(/^Send an invoice for/).click();
    await this.page.getByRole("heading", { level: 2, name: label }).waitFor();
  }

  /** Waits until the invoice that is shown, or the one of this label in the list, stands like this. */
  async waitFor(word: string, label?: string): Promise<void> {
    const place = label === undefined ? this.page.locator(".invoice .headline") : this.row(label);
    await place.locator(".badge", { hasText: new RegExp(`^${word}$`) }).waitFor();
  }

  /** An invoice in the list. */
  row(label: string): Locator {
    return this.page.locator(".row").filter({ has: this.page.locator(".row-label", { hasText: label }) });
  }

  /** What is said where something went wrong. */
  get alert(): Locator {
    return this.page.getByRole("alert");
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole("button", { name });
  }

  /** The page had nothing to say on its console. */
  assertQuiet(): void {
    assert.deepEqual(this.said, []);
  }
}

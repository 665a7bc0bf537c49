/**
 * A page with a payee and nothing else, driven from the test.
 *
 * @module
 */
import assert from "node:assert/strict";

import type { BrowserContext, Page } from "playwright-core";

import type { Harness, Result, Seen } from "./harness.js";
import { listen, until, type Stage } from "./stage.js";

declare global {
  /** What the harness offers in the page. */
  var harness: Harness;
}

/** A page with a payee. */
export class HarnessPage {
  readonly said: string[];

  private constructor(readonly page: Page) {
    this.said = listen(page);
  }

  /** Opens a page with a payee; with `serve` it is the one the node talks to. */
  static async open(stage: Stage, context: BrowserContext, options = { serve: true }): Promise<HarnessPage> {
    const harness = await HarnessPage.load(stage, context);
    await harness.page.evaluate((options) => globalThis.harness.open(options), options);
    return harness;
  }

  /** Opens a page whose payee is not open yet. */
  static async load(stage: Stage, context: BrowserContext): Promise<HarnessPage> {
    const harness = new HarnessPage(await context.newPage());
    await harness.page.goto(`${stage.url}harness.html`);
    await harness.page.waitForFunction(() => "harness" in globalThis);
    return harness;
  }

  sendInvoice(invreq: string, label: string): Promise<Result> {
    return this.page.evaluate(([invreq, label]) => harness.sendInvoice(invreq, label), [
      invreq,
      label,
    ] as const);
  }

  waitInvoice(label: string): Promise<Result> {
    return this.page.evaluate((label) => harness.waitInvoice(label), label);
  }

  list(): Promise<Seen[]> {
    return this.page.evaluate(() => harness.list());
  }

  seed(): Promise<string> {
    return this.page.evaluate(() => harness.seed());
  }

  /** Waits until there is an invoice of this label that stands like this. */
  async waitFor(label: string, stands: Partial<Seen>): Promise<void> {
    await until(`${label} stands like ${JSON.stringify(stands)}`, async () => {
      const found = (await this.list()).find((record) => record.label === label);
      return (
        found !== undefined &&
        Object.entries(stands).every(([name, value]) => found[name as keyof Seen] === value)
      );
    });
  }

  /** The page had nothing to say on its console. */
  assertQuiet(): void {
    assert.deepEqual(this.said, []);
  }
}

/** The record of a call that came to a good end. */
export function record(result: Result): Seen {
  assert.ok("record" in result, JSON.stringify(result));
  return result.record;
}

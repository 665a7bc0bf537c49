/**
 * A Chromium that can be put to sleep and killed, with a profile that outlives it.
 *
 * @module
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

import { chromium, type Browser, type BrowserContext } from "playwright-core";

import { CHROMIUM, FLAGS, PATIENCE_MS } from "./stage.js";

/** A Chromium of its own. */
export class Killable {
  private constructor(
    readonly context: BrowserContext,
    readonly browser: Browser,
    readonly child: ChildProcess,
  ) {}

  /** Starts it on a profile. */
  static async start(profile: string): Promise<Killable> {
    const flags = [
      "--headless=new",
      "--remote-debugging-port=0",
      `--user-data-dir=${profile}`,
      "--no-first-run",
    ];
    // A process group of its own, so that all its processes die at once.
    const child = spawn(CHROMIUM, [...FLAGS, ...flags], {
      stdio: ["ignore", "ignore", "pipe"],
      detached: true,
    });
    const browser = await chromium.connectOverCDP(await address(child));
    const [context] = browser.contexts();
    if (!context) throw new Error("Chromium has no window");
    context.setDefaultTimeout(PATIENCE_MS);
    return new Killable(context, browser, child);
  }

  /** Stops its pages in the middle of whatever they do, as a machine does that goes to sleep, and returns what wakes them up. */
  async sleep(): Promise<() => void> {
    const session = await this.browser.newBrowserCDPSession();
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    await session.detach();
    const pages = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
    pages.forEach((id) => process.kill(id, "SIGSTOP"));
    return () => pages.forEach((id) => process.kill(id, "SIGCONT"));
  }

  /** Kills all of it, as a machine does that runs out of memory. */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.pid === undefined) return;
    const gone = once(this.child, "exit");
    process.kill(-this.child.pid, "SIGKILL");
    await gone;
  }
}

async function address(child: ChildProcess): Promise<string> {
  if (!child.stderr) throw new Error("Chromium says nothing");
  for await (const line of createInterface({ input: child.stderr })) {
    const found = /^DevTools listening on (ws:\S+)/.exec(line);
    if (found?.[1]) return found[1];
  }
  throw new Error("Chromium did not start");
}

// Every scenario of tests/scenarios in Chromium: the same transcripts as everywhere else.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";
import { type Browser, chromium, type Page } from "playwright-core";

import type * as Runner from "../support/scenarios/run.js";

declare global {
  /** What the page offers to this test. */
  var runner: typeof Runner;
}

const EXECUTABLE = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const folder = new URL("../../../tests/scenarios/", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, folder), "utf8");
const json = (path: string) => JSON.parse(read(path));

let browser: Browser;
let page: Page;

before(async () => {
  const entry = fileURLToPath(new URL("../support/scenarios/run.ts", import.meta.url));
  const { outputFiles } = await build({
    ...{ entryPoints: [entry], bundle: true, write: false, format: "iife", globalName: "runner" },
  });
  const args = ["--no-sandbox", "--disable-background-networking"];
  browser = await chromium.launch({ executablePath: EXECUTABLE, args });
  page = await browser.newPage();
  await page.addScriptTag({ content: outputFiles[0]?.text ?? "" });
});

after(() => browser.close());

test("every scenario in a page", { timeout: 240_000 }, async () => {
  const [data, made] = [json("data.json"), json("made.json")];
  const names = readdirSync(new URL("cases", folder)).map((file) => file.replace(".json", ""));
  for (const name of names.sort()) {
    const about = [
      json(`cases/${name}.json`),
      { ...data, ...made[name] },
      read(`transcripts/${name}.txt`),
    ] as const;
    const fault = await page.evaluate(
      ([scenario, names, golden]) =>
        runner.runScenario(scenario, names, golden).then(
          () => "",
          (error: unknown) => String(error),
        ),
      about,
    );
    assert.equal(fault, "", name);
  }
  assert.ok(names.length >= 60);
});

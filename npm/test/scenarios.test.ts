/** Every scenario of tests/scenarios on the package's public API, against the transcripts that every language repeats. */
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { runScenario } from "./support/scenarios/run.js";

const read = (path: string): string =>
  readFileSync(new URL(`../../tests/scenarios/${path}`, import.meta.url), "utf8");
const data = JSON.parse(read("data.json"));
const made = JSON.parse(read("made.json"));

for (const file of readdirSync(new URL("../../tests/scenarios/cases", import.meta.url)).sort()) {
  const name = file.replace(".json", "");
  test(name, async () => {
    const scenario = JSON.parse(read(`cases/${file}`));
    await runScenario(scenario, { ...data, ...made[name] }, read(`transcripts/${name}.txt`));
  });
}

// Runs the tests with Node's own runner: `node scripts/test.mjs [FILE|FOLDER]…`; by default all of test/ except test/browser.
import "./inline.mjs";

import { spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

const words = process.argv.slice(2);
const options = words.filter((word) => word.startsWith("--"));
const named = words.filter((word) => !word.startsWith("--"));
const chosen = named.length > 0 ? named : ["test"];
const found = chosen.flatMap((path) => tests(path, named.length > 0));
if (found.length === 0) {
  console.error(`no tests in ${chosen.join(", ")}`);
  process.exit(1);
}
// One that waits for ever is told as a failure. What is left on the heap can only be told once the garbage is gone.
const runner = ["--expose-gc", "--import", "tsx", "--test", "--test-reporter=spec", "--test-timeout=600000"];
process.exit(
  spawnSync(process.execPath, [...runner, ...options, ...found], { stdio: "inherit" }).status ?? 1,
);

/** The test files at a path. Those of browsers take long and run only when named. */
function tests(path, browsers) {
  if (!statSync(path).isDirectory()) return [path];
  const names = readdirSync(path).sort();
  return names.flatMap((name) => {
    const inside = join(path, name);
    if (statSync(inside).isDirectory()) return name === "browser" && !browsers ? [] : tests(inside, browsers);
    return name.endsWith(".test.ts") ? [inside] : [];
  });
}

// The packed tarball in every kind of project that people have: `npm run smoke [-- --quick] [-- CASE…]`.
//
// It packs npm/, installs the tarball into target/smoke beside the bundlers of smoke/package.json, and runs one small scenario (smoke/
// scenario.ts: decode, answer, compare with the invoice LDK makes) in each project.
import { closeBrowser } from "./browser.mjs";
import { CASES } from "./cases.mjs";
import { prepare } from "./prepare.mjs";
import { NotRun } from "./process.mjs";

const words = process.argv.slice(2);
const quick = words.includes("--quick");
const named = words.filter((word) => !word.startsWith("--"));
const unknown = named.filter((name) => !CASES.some((smoke) => smoke.name === name));
if (unknown.length > 0) {
  console.error(
    `there is no case ${unknown.join(", ")}; the cases are ${CASES.map(({ name }) => name).join(", ")}`,
  );
  process.exit(1);
}

const chosen = CASES.filter(({ name, slow }) => (named.length > 0 ? named.includes(name) : !(quick && slow)));
const folder = await prepare();
const rows = [];
for (const smoke of chosen) rows.push(await run(smoke));
await closeBrowser();

console.log("");
for (const { name, about, result, seconds, reason } of rows) {
  const first = reason?.split("\n")[0] ?? "";
  console.log(
    `${name.padEnd(14)} ${result.padEnd(8)} ${seconds.toFixed(1).padStart(6)} s  ${about}${first && `: ${first}`}`,
  );
}
const count = (result) => rows.filter((row) => row.result === result).length;
console.log(`${count("ok")} passed, ${count("FAILED")} failed, ${count("NOT RUN")} not run`);
process.exit(count("FAILED") > 0 ? 1 : 0);

async function run({ name, about, run }) {
  process.stdout.write(`${name.padEnd(14)} … `);
  const start = performance.now();
  let result = "ok";
  let reason;
  try {
    await run(folder);
  } catch (error) {
    result = error instanceof NotRun ? "NOT RUN" : "FAILED";
    reason = String(error instanceof NotRun ? error.message : (error.stack ?? error));
  }
  const seconds = (performance.now() - start) / 1000;
  console.log(`${result} ${seconds.toFixed(1)} s${reason ? `\n${reason}` : ""}`);
  return { name, about, result, seconds, reason };
}

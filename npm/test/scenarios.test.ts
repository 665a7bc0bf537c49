/** Every scenario of tests/scenarios on the package's public API, against the transcripts that every language repeats. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { inspect } from "node:util";

import { unhex } from "./support/scenarios/lines.js";
import { runScenario } from "./support/scenarios/run.js";
import { entropy } from "./support/scenarios/stage.js";
import { Transcript } from "./support/scenarios/transcript.js";

const read = (path: string): string =>
  readFileSync(new URL(`../../tests/scenarios/${path}`, import.meta.url), "utf8");
const data = JSON.parse(read("data.json"));
const made = JSON.parse(read("made.json"));
const seed = Buffer.from(unhex(data.seed));

for (const file of readdirSync(new URL("../../tests/scenarios/cases", import.meta.url)).sort()) {
  const name = file.replace(".json", "");
  test(name, async () => {
    const scenario = JSON.parse(read(`cases/${file}`));
    const seen: string[] = [];
    const options = { depth: null, maxArrayLength: null, maxStringLength: null, showHidden: true };
    const see = (value: object): void => void seen.push(`${String(value)} ${inspect(value, options)}`);
    await runScenario(scenario, { ...data, ...made[name] }, read(`transcripts/${name}.txt`), see);
    for (const text of seen) assertQuiet(text, scenario.do.length);
  });
}

test("a run that differs is found, and so is what leaves before it is written", async () => {
  const runOn = (golden: readonly string[], lines: readonly string[]): Promise<void> => {
    const transcript = new Transcript(["> 1 open", ...golden, "> 2 close", ""].join("\n"), 50);
    for (const line of ["> 1 open", ...lines]) void transcript.write(line);
    return transcript.finish(1);
  };
  const run = (...lines: string[]): Promise<void> => runOn(["write 1", "send 1-0"], lines);
  await run("write 1", "send 1-0");
  await assert.rejects(run("send 1-0", "write 1"), /too early: send 1-0/);
  await assert.rejects(run("write 1", "send 1-1"), /line 3 has to be: send 1-0\n {2}there is: send 1-1/);
  await assert.rejects(run("write 1"), /line 3 has to be: send 1-0/);
  await assert.rejects(
    run("write 1", "send 1-0", "send 1-1"),
    /line 4 has to be: > 2 close\n {2}there is: send 1-1/,
  );
  // Of one payee's events none overtakes another, wherever else they wait; two payees have nothing to do with each other.
  const events = ["event created x", "b event created y", "event paid x", "b event paid y"];
  const [created = "", other = "", paid = "", more = ""] = events;
  await runOn(events, events);
  await runOn(events, [other, more, created, paid]);
  await assert.rejects(
    runOn(events, [paid, created, other, more]),
    /line 2 has to be: event created x\n {2}there is: event paid x\n {2}there is: event created x/,
  );
  await assert.rejects(runOn(events, [created, more, other, paid]), /line 3 has to be: b event created y/);
});

test("what gives a secret away is found", () => {
  for (const secret of [seed, Buffer.from(entropy(3, "b")), preimage(entropy(2, "a"))]) {
    const list = inspect(new Uint8Array(secret));
    for (const text of [secret.toString("hex"), list, `x${secret.toString("base64")}`])
      assert.throws(() => assertQuiet(text, 3), text);
  }
  assertQuiet(`status: 'paid' ${preimage(entropy(2, "a")).toString("hex")}`, 3);
});

/** What is printed of an event or an error shows no secret; only the record of a paid invoice has its preimage. */
function assertQuiet(text: string, actions: number): void {
  const isPaid = text.includes("status: 'paid'");
  const flat = text.replace(/\s+/g, " ");
  const isShown = (secret: Buffer): boolean =>
    [secret.toString("hex"), secret.toString("base64").slice(0, 40), [...secret].join(", ")].some(
      (spelling) => flat.toLowerCase().includes(spelling.toLowerCase()),
    );
  assert.ok(!isShown(seed), "the seed");
  for (let action = 1; action <= actions; action += 1) {
    for (const payee of ["a", "b"]) {
      const nonce = entropy(action, payee);
      assert.ok(!isShown(Buffer.from(nonce)), `the entropy of ${action}`);
      assert.ok(isPaid || !isShown(preimage(nonce)), `the preimage of ${action}`);
    }
  }
}

/** The preimage the engine derives from a nonce, as tests/vectors/derivation.json has it. */
function preimage(nonce: Uint8Array): Buffer {
  const regtest = Buffer.from("06226e46111a0b59caaf126043eb5bbf28c34f3a5e332a1fc7b2b73cf188910f", "hex");
  const mac = createHmac("sha256", seed).update("invreq/1/preimage\0").update(regtest);
  return mac.update(nonce).digest();
}

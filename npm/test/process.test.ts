import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const helper = fileURLToPath(new URL("./process.ts", import.meta.url));

/** Runs a payee in a process of its own, and says how long that lived and what it printed. */
async function run(what: string, killAfterMs: number): Promise<{ killed: boolean; said: string }> {
  const child = spawn(process.execPath, ["--import", "tsx", helper, what], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (data: Buffer) => (said += data.toString()));
  let killed = false;
  const opened = new Promise<void>((resolve) => child.stdout.once("data", () => resolve()));
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await Promise.race([opened, ended]);
  const timer = setTimeout(() => (killed = child.kill("SIGKILL")), killAfterMs);
  await ended;
  clearTimeout(timer);
  return { killed, said };
}

test("an open payee keeps no process alive, and a call that waits does", { timeout: 60_000 }, async () => {
  assert.deepEqual(await run("open", 20_000), { killed: false, said: "open\n" });
  assert.deepEqual(await run("wait", 1_500), { killed: true, said: "open\n" });
  assert.deepEqual(await run("timeout", 20_000), { killed: false, said: "open\nwait_any_timeout\n" });
});

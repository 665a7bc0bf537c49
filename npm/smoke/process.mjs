// Programs that a case runs, each with an end.
import { spawn } from "node:child_process";

const PATIENCE = 240_000;

/** A case that cannot run on this machine; the message says why. */
export class NotRun extends Error {}

/** Runs a program to its end and returns what it said; everything it said is the reason where it fails. */
export function run(program, args, { cwd, env = {} } = {}) {
  return new Promise((resolve, reject) => {
    const child = start(program, args, { cwd, env });
    const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(child.said());
      else reject(new Error(`${program} ${args.join(" ")} ended with ${signal ?? code}\n${child.said()}`));
    });
  });
}

/** Starts a program; `said()` is what it printed so far. */
export function start(program, args, { cwd, env = {} }) {
  // A bundler that ran in this process may have set NODE_ENV, which others would take for the user's word.
  const { NODE_ENV, ...ours } = process.env;
  const child = spawn(program, args, {
    cwd,
    env: { ...ours, CI: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (text += data));
  child.said = () => text;
  return child;
}

/** Runs a program that has to say that the scenario went through. */
export async function smoke(program, args, options) {
  const said = await run(program, args, options);
  if (!said.includes("smoke ok")) throw new Error(`it did not say "smoke ok":\n${said}`);
}

// Next: one app that uses the package in a server component, a route handler and a client component.
import { createServer } from "node:net";
import { join } from "node:path";
import { visit } from "./browser.mjs";
import { run, start } from "./process.mjs";

const PATIENCE = 60_000;
const QUIET = { NEXT_TELEMETRY_DISABLED: "1" };

/** Builds and starts the app, and visits all three. */
export async function next(folder) {
  const cwd = join(folder, "next");
  const program = join(folder, "node_modules/next/dist/bin/next");
  await run(process.execPath, [program, "build"], { cwd, env: QUIET });
  const port = await freePort();
  const server = start(process.execPath, [program, "start", "-p", String(port), "-H", "127.0.0.1"], {
    cwd,
    env: QUIET,
  });
  try {
    const url = `http://127.0.0.1:${port}`;
    const answer = await (await whenUp(`${url}/api`, server)).json();
    if (answer.smoke !== "ok") throw new Error(`the route handler says ${JSON.stringify(answer)}`);
    const html = await visit(url);
    if (!html.includes('<p id="server">ok</p>')) throw new Error(`the server component says ${html}`);
  } finally {
    server.kill();
  }
}

async function whenUp(url, server) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    try {
      return await fetch(url);
    } catch (error) {
      if (Date.now() > end || server.exitCode !== null)
        throw new Error(`next start does not answer:\n${server.said()}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  server.close();
  return port;
}

/**
 * Serves the demo page beside a Lightning network for tests: `tsx demo/serve.ts [PORT]`, or `cargo xtask demo --web`.
 *
 * @module
 */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { pathToFileURL } from "node:url";

import { type Greeting, TestServer } from "../test/support/server.js";
import { buildDemo, DIST } from "./build.js";

/** What a wallet's page may do: run its own scripts, compile WebAssembly, and talk to the nodes on this machine. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self'",
  "connect-src 'self' ws://127.0.0.1:*",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const TYPES: { [ending: string]: string } = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

/** Serves the page built in a folder; `network` is what it finds as `network.json`. */
export async function servePage(folder: string, network: Greeting, port = 0): Promise<Server> {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const headers = {
      "content-security-policy": POLICY,
      "permissions-policy": "camera=(self)",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cache-control": "no-store",
    };
    if (path === "/network.json") {
      response
        .writeHead(200, { ...headers, "content-type": "application/json" })
        .end(JSON.stringify(network));
      return;
    }
    const file = path === "/" ? "index.html" : path.slice(1);
    const type = TYPES[extname(file)];
    // The build is flat: a path with a folder in it leads nowhere.
    const body =
      type && !file.includes("/") ? await readFile(join(folder, file)).catch(() => undefined) : undefined;
    if (body === undefined || type === undefined) response.writeHead(404, headers).end();
    else response.writeHead(200, { ...headers, "content-type": type }).end(body);
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

/** Where a server listens. */
export function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

async function main(): Promise<void> {
  await buildDemo();
  const network = await TestServer.start();
  const port = Number(process.argv[2] ?? 8012);
  // Where the port is taken, any other will do.
  const server = await servePage(DIST, network.greeting, port).catch(() => servePage(DIST, network.greeting));
  console.log(`The demo wallet: ${urlOf(server)}\nCtrl-C ends it, and the test network with it.`);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main();

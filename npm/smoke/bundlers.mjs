// The bundlers, each called as its own documentation does, with no setting made for this package.
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { visit, visitFolder } from "./browser.mjs";
import { smoke } from "./process.mjs";

const PAGES = { index: ["page", "main"], url: ["page", "url"], worker: ["worker", "main"] };
/** How the module begins as base64: `\0asm`, version 1. */
const INLINED = "AGFzbQEAAAA";

/** Bundles these pages and visits them. A page of `.` holds the module once; one of `./url` fetches it. */
export function bundle(bundler, pages) {
  return async (folder) => {
    for (const page of pages) {
      const [project, main] = PAGES[page];
      const out = join(folder, "out", bundler.name, page);
      rmSync(out, { recursive: true, force: true });
      await bundler(await installed(folder), join(folder, project), main, out);
      const copies = files(out).flatMap((file) =>
        readFileSync(file, "latin1").split(INLINED).slice(1),
      ).length;
      const expected = page === "url" ? 0 : 1;
      if (copies !== expected)
        throw new Error(`the bundle holds the module ${copies} times, not ${expected}`);
      await visitFolder(out);
    }
  };
}

/** Imports what is installed in target/smoke. */
async function installed(folder) {
  const { resolve } = createRequire(join(folder, "package.json"));
  return (name) => import(pathToFileURL(resolve(name)));
}

export async function esbuild(load, project, main, out) {
  const { build } = await load("esbuild");
  await build({
    entryPoints: [join(project, `${main}.js`)],
    outfile: join(out, `${main}.js`),
    bundle: true,
    format: "esm",
  });
  page(project, main, out);
}

export async function rollup(load, project, main, out) {
  const { rollup } = await load("rollup");
  const { nodeResolve } = await load("@rollup/plugin-node-resolve");
  const warnings = [];
  const built = await rollup({
    input: join(project, `${main}.js`),
    plugins: [nodeResolve({ browser: true })],
    onwarn: ({ message }) => warnings.push(message),
  });
  await built.write({ dir: out, format: "es" });
  await built.close();
  if (warnings.length > 0) throw new Error(warnings.join("\n"));
  page(project, main, out);
}

export async function webpack(load, project, main, out) {
  await pack(load, { entry: join(project, `${main}.js`), output: { path: out, filename: `${main}.js` } });
  page(project, main, out);
}

/** For Node, where the condition `node` leads to the CommonJS files. */
export async function webpackNode(folder) {
  const out = join(folder, "out/webpack-node");
  const entry = join(folder, "deno-bun/bundled.mjs");
  const alone =
    "import { check } from './scenario.mjs'; import * as invreq from 'invreq'; check(invreq); console.log('smoke ok');";
  writeFileSync(entry, alone);
  const output = { path: out, filename: "main.cjs" };
  await pack(await installed(folder), { entry, target: "node", output });
  await smoke(process.execPath, ["main.cjs"], { cwd: out });
}

async function pack(load, options) {
  const { default: webpack } = await load("webpack");
  // The module's size is the only thing to warn of.
  const stats = await new Promise((resolve, reject) => {
    webpack({ mode: "production", performance: false, ...options }, (error, stats) =>
      error ? reject(error) : resolve(stats),
    );
  });
  const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true });
  const complaints = [...errors, ...warnings].map(({ message }) => message);
  if (complaints.length > 0) throw new Error(complaints.join("\n"));
}

export async function vite(load, project, main, outDir) {
  const { build } = await load("vite");
  const input = join(project, main === "url" ? "url.html" : "index.html");
  await build({
    root: project,
    logLevel: "warn",
    worker: { format: "es" },
    build: { outDir, emptyOutDir: true, chunkSizeWarningLimit: 2000, rolldownOptions: { input } },
  });
  if (main === "url") cpSync(join(outDir, "url.html"), join(outDir, "index.html"));
}

/** The dev server with its pre-bundled dependencies, in a project that has the package in its own node_modules. */
export async function viteDev(folder) {
  const root = join(folder, "page-dev");
  cpSync(join(folder, "page"), root, { recursive: true });
  rmSync(join(root, "node_modules"), { recursive: true, force: true });
  cpSync(join(folder, "node_modules/invreq"), join(root, "node_modules/invreq"), { recursive: true });
  const { createServer } = await (await installed(folder))("vite");
  const server = await createServer({ root, logLevel: "warn", server: { port: 0, host: "127.0.0.1" } });
  try {
    await server.listen();
    const { port } = server.httpServer.address();
    await visit(`http://127.0.0.1:${port}/index.html`);
    await visit(`http://127.0.0.1:${port}/url.html`);
  } finally {
    await server.close();
  }
}

/** The project's page, over the bundle. */
function page(project, main, out) {
  cpSync(join(project, main === "url" ? "url.html" : "index.html"), join(out, "index.html"));
}

function files(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

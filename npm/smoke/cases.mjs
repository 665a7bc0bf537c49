// Every case of the matrix. The slow ones are left out by `--quick`.
import { cpSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundle, esbuild, rollup, vite, viteDev, webpack, webpackNode } from "./bundlers.mjs";
import { visitFolder } from "./browser.mjs";
import { next } from "./next.mjs";
import { NotRun, run, smoke } from "./process.mjs";

export const CASES = [
  { name: "node-esm", about: "Node, import", run: node("main.mjs") },
  { name: "node-cjs", about: "Node, require", run: node("main.cjs") },
  {
    name: "node-both",
    about: "Node, import and require in one process: one of each class",
    run: node("both.mjs"),
  },
  {
    name: "ts-node16",
    about: "TypeScript strict, module node16, .mts and .cts",
    run: typescript("node16", ["main.mts", "main.cts"]),
  },
  {
    name: "ts-bundler",
    about: "TypeScript strict, moduleResolution bundler",
    run: typescript("bundler", ["main.mts"]),
  },
  { name: "script", about: "plain module script in Chromium, also ./url", run: plain("page") },
  { name: "worker", about: "module Worker in Chromium", run: plain("worker") },
  { name: "esbuild", about: "esbuild, then Chromium", run: bundle(esbuild, ["index"]) },
  { name: "rollup", about: "Rollup, then Chromium", run: bundle(rollup, ["index"]) },
  { name: "webpack", about: "webpack 5, then Chromium; also ./url", run: bundle(webpack, ["index", "url"]) },
  { name: "webpack-node", about: "webpack 5 for Node", run: webpackNode },
  {
    name: "vite",
    about: "vite build, then Chromium; also ./url and a Worker",
    run: bundle(vite, ["index", "url", "worker"]),
  },
  { name: "vite-dev", about: "vite dev server, in Chromium; also ./url", run: viteDev, slow: true },
  {
    name: "next",
    about: "next build and start: server component, route handler, client component",
    run: next,
    slow: true,
  },
  {
    name: "deno",
    about: "Deno, import and require",
    run: runtime("deno", ["run", "--allow-read", "--allow-env"]),
    slow: true,
  },
  { name: "bun", about: "Bun, import and require", run: runtime("bun", ["run"]), slow: true },
];

function node(file) {
  return (folder) => smoke(process.execPath, [file], { cwd: join(folder, "node") });
}

function typescript(kind, files) {
  const modules = {
    node16: ["--module", "node16"],
    bundler: ["--module", "esnext", "--moduleResolution", "bundler"],
  };
  const strict = [
    "--strict",
    "--exactOptionalPropertyTypes",
    "--noUncheckedIndexedAccess",
    "--skipLibCheck",
    "false",
  ];
  const rest = ["--noEmit", "--target", "es2022", "--types", "node", "--lib", "es2022,dom,esnext.disposable"];
  return async (folder) => {
    const tsc = join(folder, "node_modules/typescript/bin/tsc");
    await run(process.execPath, [tsc, ...strict, ...modules[kind], ...rest, ...files], {
      cwd: join(folder, "typescript"),
    });
  };
}

/** Without a bundler: the files of the package as they are, by their paths. */
function plain(project) {
  return async (folder) => {
    const copy = join(folder, `${project}-plain`);
    cpSync(join(folder, project), copy, { recursive: true });
    for (const name of readdirSync(copy).filter((name) => name.endsWith(".js"))) {
      const text = readFileSync(join(copy, name), "utf8");
      const located = text.replace(
        / from "invreq(\/(\w+))?"/g,
        (_, _slash, entry = "index") => ` from "/node_modules/invreq/dist/${entry}.js"`,
      );
      writeFileSync(join(copy, name), located);
    }
    for (const page of readdirSync(copy).filter((name) => name.endsWith(".html"))) {
      await visitFolder(folder, `${project}-plain/${page}`);
    }
  };
}

/** A runtime from npm; its binary is an optional dependency, which is not there for every machine. */
function runtime(name, words) {
  return async (folder) => {
    const program = join(folder, "node_modules/.bin", name);
    const version = await run(program, ["--version"], { cwd: folder }).catch((error) => {
      throw new NotRun(
        `${name} from npm does not start here: ${error.message.split("\n").slice(0, 3).join(" ")}`,
      );
    });
    if (!version.trim()) throw new NotRun(`${name} from npm says no version`);
    await smoke(program, [...words, "main.mjs"], { cwd: join(folder, "deno-bun") });
  };
}

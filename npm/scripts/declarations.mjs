// The declarations: what tsc makes of src/, only what an entry leads to, once as .d.ts and once as .d.cts.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const TYPES = "dist/types";
const IMPORT = /((?:from|import)\s*\(?\s*")(\.[^"]*)\.js(")/g;

/** Writes the declarations of these entries. */
export function declarations(entries) {
  const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
  const { status } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], { stdio: "inherit" });
  if (status !== 0) process.exit(1);
  cpSync("src/wasm/invreq.d.ts", `${TYPES}/wasm/invreq.d.ts`);

  const needed = new Set();
  entries.forEach((entry) => follow(`${TYPES}/${entry}.d.ts`, needed));
  for (const file of files(TYPES)) {
    if (!needed.has(file)) rmSync(file);
    else
      writeFileSync(file.replace(/\.ts$/, ".cts"), readFileSync(file, "utf8").replace(IMPORT, "$1$2.cjs$3"));
  }
  writeFileSync(`${TYPES}/invreq.wasm.d.ts`, `${WASM}export default module;\n`);
  writeFileSync(`${TYPES}/invreq.wasm.d.cts`, `${WASM}export = module;\n`);
}

/** What a runtime gives that imports WebAssembly as a module to bring to `./slim`. */
const WASM = "declare const module: WebAssembly.Module;\n";

/** A declaration and all it leads to. */
function follow(file, needed) {
  if (needed.has(file)) return;
  if (!existsSync(file)) throw new Error(`${file} is missing`);
  needed.add(file);
  for (const [, , path] of readFileSync(file, "utf8").matchAll(IMPORT)) {
    follow(`${join(dirname(file), path)}.d.ts`, needed);
  }
}

function files(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : [path];
  });
}

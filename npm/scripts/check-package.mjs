// The public API; attw and publint on the packed tarball; then what they do not look at.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { checkApi } from "./api.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), "invreq-pack-"));
try {
  checkApi();
  const tarball = pack("first");
  const again = pack("second");
  if (!readFileSync(tarball).equals(readFileSync(again)))
    throw new Error("packed twice, the tarballs differ");
  console.log(`packed twice: the same ${Math.round(readFileSync(tarball).length / 1024)} KiB`);
  tool("attw", [tarball, "--format", "table-flipped", "--no-emoji", "--no-color"]);
  tool("publint", ["run", tarball, "--strict"]);
  checkDeclarations();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}

function pack(name) {
  const into = mkdtempSync(join(folder, name));
  run("npm", ["pack", "--silent", "--pack-destination", into]);
  return join(into, readdirSync(into)[0]);
}

/** A program of node_modules. */
function tool(name, args) {
  run(join("node_modules/.bin", name), args);
}

function run(program, args) {
  const { status } = spawnSync(program, args, { stdio: ["ignore", "inherit", "inherit"] });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} failed`);
}

/** The types name nothing of Node where a browser reads them, and no `any`. */
function checkDeclarations() {
  for (const file of readdirSync("dist/types", { recursive: true }).filter((name) =>
    name.endsWith(".d.ts"),
  )) {
    const text = readFileSync(join("dist/types", file), "utf8");
    const code = text.replace(/\/\*[\s\S]*?\*\//g, "");
    if (!file.startsWith("wasm/") && /\bany\b/.test(code.replace(/"[^"]*"/g, "")))
      throw new Error(`${file} has the type any`);
    // "node:sqlite" is also the name of a driver, so it has to be an import.
    if (/(?:from|import\()\s*"node:|NodeJS\.|\bBuffer\b/.test(code))
      throw new Error(`${file} names a type of Node`);
  }
}

// Packs the package and lays out target/smoke: node_modules with the bundlers and the tarball, and a folder for each project.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";
import { run } from "./process.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const NPM = join(HERE, "..");
const FOLDER = join(NPM, "../target/smoke");

/** Makes everything ready and returns the folder. */
export async function prepare() {
  mkdirSync(FOLDER, { recursive: true });
  await installBundlers();
  await installPackage();
  const scenario = readFileSync(join(HERE, "scenario.ts"), "utf8");
  holdAgainstVector(scenario);
  const esm = (await transform(scenario, { loader: "ts", format: "esm" })).code;
  const cjs = (await transform(scenario, { loader: "ts", format: "cjs" })).code;
  for (const project of readdirSync(join(HERE, "projects"))) {
    const folder = join(FOLDER, project);
    rmSync(folder, { recursive: true, force: true });
    cpSync(join(HERE, "projects", project), folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
    writeFileSync(join(folder, "scenario.js"), esm);
    writeFileSync(join(folder, "scenario.mjs"), esm);
    writeFileSync(join(folder, "scenario.cjs"), cjs);
    writeFileSync(join(folder, "scenario.mts"), scenario);
  }
  return FOLDER;
}

/** The scenario's strings are those of the shared vectors. */
function holdAgainstVector(scenario) {
  const pairs = JSON.parse(readFileSync(join(NPM, "../tests/vectors/pairs/pairs.json"), "utf8"));
  const { request, invoice } = pairs.find(({ name }) => name === "A-3");
  if (![request, invoice].every((text) => scenario.includes(`"${text}"`))) {
    throw new Error("smoke/scenario.ts is not about pair A-3 of tests/vectors/pairs");
  }
}

/** What smoke/package-lock.json says; skipped where it is there already. */
async function installBundlers() {
  const stamp = join(FOLDER, "node_modules/.installed-package-lock.json");
  const lock = readFileSync(join(HERE, "package-lock.json"), "utf8");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  console.log("installing the bundlers of smoke/package.json …");
  for (const name of ["package.json", "package-lock.json", ".npmrc"])
    cpSync(join(HERE, name), join(FOLDER, name));
  // Not `npm ci`: that insists on the binaries of every platform, and a mirror may only have those of its own.
  await run("npm", ["install", "--prefer-offline"], { cwd: FOLDER });
  writeFileSync(stamp, lock);
}

/** The tarball, as a user would install it. */
async function installPackage() {
  if (!existsSync(join(NPM, "dist/index.js")))
    throw new Error("npm/dist is empty: run `npm run build` first");
  console.log("packing and installing the tarball …");
  const packed = JSON.parse(
    await run("npm", ["pack", "--json", "--silent", "--pack-destination", FOLDER], { cwd: NPM }),
  );
  const [{ filename }] = Object.values(packed);
  rmSync(join(FOLDER, "node_modules/invreq"), { recursive: true, force: true });
  await run("npm", ["install", "--no-save", "--prefer-offline", `./${filename}`], { cwd: FOLDER });
}

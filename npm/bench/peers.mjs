// The peers, each called as its documentation does; what can be made once is made before the measurement.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const HERE = fileURLToPath(new URL("peers/", import.meta.url));
const FOLDER = join(HERE, "../../../target/bench-npm");

const folder = (name) => join(FOLDER, "node_modules", name);
const load = (path) => import(pathToFileURL(path));

/** How each comes from its files to the function that is measured. */
export const PEERS = {
  // Made for bundlers, which instantiate the module of such a package by themselves.
  async boltz() {
    const boltz = await load(join(folder("boltz-bolt12"), "boltz_bolt12_bg.js"));
    const module = readFileSync(join(folder("boltz-bolt12"), "boltz_bolt12_bg.wasm"));
    const { instance } = await WebAssembly.instantiate(module, { "./boltz_bolt12_bg.js": boltz });
    boltz.__wbg_set_wasm(instance.exports);
    instance.exports.__wbindgen_start();
    return (invoice) => new boltz.Invoice(invoice).free();
  },
  async ldk() {
    const ldk = await load(join(folder("lightningdevkit"), "index.mjs"));
    const quiet = console.log;
    console.log = () => {};
    await ldk.initializeWasmFromBinary(readFileSync(join(folder("lightningdevkit"), "liblightningjs.wasm")));
    console.log = quiet;
    return (bytes) => {
      if (!ldk.InvoiceRequest.constructor_read(bytes).is_ok()) throw new Error("LDK refused the request");
    };
  },
  async decoder() {
    const { default: decoder } = await load(resolve("bolt12-decoder"));
    return (text) => (decoder.default ?? decoder).decode(text);
  },
  async verify() {
    const tiny = await load(resolve("tiny-secp256k1"));
    return ({ digest, key, signature }) => {
      if (!tiny.verifySchnorr(digest, key, signature))
        throw new Error("tiny-secp256k1 refused the signature");
    };
  },
};

/** Installs and loads them. */
export async function loadPeers() {
  install();
  const loaded = Object.entries(PEERS).map(async ([name, loader]) => [name, await loader()]);
  return Object.fromEntries(await Promise.all(loaded));
}

function resolve(name) {
  return createRequire(join(FOLDER, "package.json")).resolve(name);
}

function install() {
  if (existsSync(join(FOLDER, "node_modules/lightningdevkit"))) return;
  mkdirSync(dirname(join(FOLDER, "package.json")), { recursive: true });
  for (const name of ["package.json", "package-lock.json", ".npmrc"])
    cpSync(join(HERE, name), join(FOLDER, name));
  const { status } = spawnSync("npm", ["ci", "--prefer-offline"], { cwd: FOLDER, stdio: "inherit" });
  if (status !== 0) throw new Error("the peers could not be installed");
}

// What a browser loads for `import … from "invreq"`: the module, and the JavaScript around it, minified and compressed with brotli at its
// best. It fails past a budget.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

/** In KiB of brotli. The module is that with codec, answer, onion, engine and the socket peer. */
const BUDGETS = { "invreq.wasm": 130, facade: 15 };

/** What comes on top for those who use it: a bundler leaves out what is not imported. */
const HOSTS = [
  "IndexedDbStore",
  "MemoryStore",
  "SocketTransport",
  "WebSocketTransport",
  "exportWallet",
  "importWallet",
];

const names = Object.keys(await import("invreq"));
const parts = {
  "invreq.wasm": readFileSync("dist/invreq.wasm"),
  facade: await bundle(names.filter((name) => !HOSTS.includes(name))),
  "with stores and transport": await bundle(names),
};
const rows = Object.entries(parts).map(([name, bytes]) => {
  const brotli = brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
  return {
    name,
    raw: kib(bytes),
    gzip: kib(gzipSync(bytes, { level: 9 })),
    brotli: kib(brotli),
    budget: BUDGETS[name],
  };
});
console.log(`${"KiB".padEnd(25)}     raw    gzip  brotli  budget`);
for (const { name, raw, gzip, brotli, budget } of rows) {
  const verdict = brotli > budget ? `  over by ${(brotli - budget).toFixed(1)}` : "";
  const columns = [raw, gzip, brotli].map((size) => size.toFixed(1).padStart(7)).join(" ");
  console.log(`${name.padEnd(25)} ${columns} ${String(budget ?? "").padStart(7)}${verdict}`);
}
if (rows.some(({ brotli, budget }) => brotli > budget)) {
  console.error("over budget");
  process.exit(1);
}

/** These exports of `.` in one minified file, without the module. */
async function bundle(names) {
  const { outputFiles } = await build({
    stdin: { contents: `export { ${names.join(", ")} } from "./dist/index.js";`, resolveDir: "." },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    external: ["./inline.js", "./chunks/inline.js"],
    write: false,
  });
  return outputFiles[0].contents;
}

function kib(bytes) {
  return bytes.length / 1024;
}

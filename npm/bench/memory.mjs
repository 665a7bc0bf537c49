// Many decodes in one synchronous loop, in a process of its own: no turn of the event loop, so nothing that waits for one is freed.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { SEED } from "./data.mjs";

const PARTS = 10;

/** Decodes this many requests, and says whether memory and rate stayed where they were. */
export function manyDecodes(count) {
  const program = `
    const { Instance } = WebAssembly;
    let memory;
    WebAssembly.Instance = function (...words) {
      const instance = new Instance(...words);
      memory = instance.exports.memory;
      return instance;
    };
    const { decode } = require("invreq");
    const request = ${JSON.stringify(SEED.request)};
    const options = { network: "regtest" };
    const used = () => {
      gc();
      return (process.memoryUsage().heapUsed + memory.buffer.byteLength) / 1048576;
    };
    const seconds = (start) => { const { user, system } = process.cpuUsage(start); return (user + system) / 1e6; };
    for (let i = 0; i < 2000; i++) decode(request, options);
    const parts = [];
    const before = used();
    for (let part = 0; part < ${PARTS}; part++) {
      const start = process.cpuUsage();
      for (let i = 0; i < ${count / PARTS}; i++) decode(request, options);
      parts.push(${count / PARTS} / seconds(start));
    }
    console.log(JSON.stringify({ parts, grown: used() - before }));`;
  const args = ["--expose-gc", "--input-type=commonjs", "--eval", program];
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  const { parts, grown } = JSON.parse(execFileSync(process.execPath, args, { cwd, encoding: "utf8" }));
  const half = PARTS / 2;
  const best = (rates) => Math.max(...rates);
  // The best part of each half: other programs can only slow a part down.
  const [first, last] = [best(parts.slice(0, half)), best(parts.slice(half))];
  const words = `${count} at ${first.toFixed(0)} /s in the first half, ${last.toFixed(0)} /s in the second; memory grew by ${grown.toFixed(2)} MiB`;
  return { words, steady: last > 0.9 * first && grown < 1 };
}

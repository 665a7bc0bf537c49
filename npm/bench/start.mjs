// How long it takes from nothing: a fresh process imports the package and decodes a string.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { SEED } from "./data.mjs";
import { median } from "./rounds.mjs";

const CALL = `decode(${JSON.stringify(SEED.request)}, { network: "regtest" }); console.log(performance.now() - start);`;
const PROGRAMS = {
  esm: [
    "--input-type=module",
    "--eval",
    `const start = performance.now(); const { decode } = await import("invreq"); ${CALL}`,
  ],
  cjs: [
    "--input-type=commonjs",
    "--eval",
    `const start = performance.now(); const { decode } = require("invreq"); ${CALL}`,
  ],
};

/** Milliseconds, by `import` and by `require`: medians over this many processes. */
export function firstDecode(processes) {
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  const once = (program) => Number(execFileSync(process.execPath, program, { cwd, encoding: "utf8" }));
  const times = (program) => Array.from({ length: processes }, () => once(program));
  return { esm: median(times(PROGRAMS.esm)), cjs: median(times(PROGRAMS.cjs)) };
}

// Where the CommonJS files, which are Node's, take the module from: the file in the package, which is there in a hundredth of the time that
// it takes to read the same as text. A bundler carries the text along, and then there is no such file.

/** Some bytes of it: another build has others, for where one byte is more or less, all that follow are elsewhere. */
const sample = (bytes) => {
  let sum = bytes.length;
  for (let i = 0; i < bytes.length; i += 509) sum = (Math.imul(sum, 31) + bytes[i]) | 0;
  return sum;
};

/** The CommonJS counterpart of src/wasm/inline.js, for this module. */
export function fromFile(module) {
  return `"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.bytes = () => file() ?? require("./base64.cjs").bytes();

const sample = ${sample};

function file() {
  const { Deno, process } = globalThis;
  // Deno would ask its user whether this file may be read.
  if (Deno !== undefined || typeof process?.getBuiltinModule !== "function") return undefined;
  try {
    const bytes = process.getBuiltinModule("node:fs").readFileSync(__dirname + "/../invreq.wasm");
    // Beside a bundle it might be that of another version.
    return sample(bytes) === ${sample(module)} ? bytes : undefined;
  } catch {
    return undefined;
  }
}
`;
}

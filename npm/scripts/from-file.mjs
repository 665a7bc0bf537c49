// Where the CommonJS files, which are Node's, take the module from: the file in the package, which is there in a hundredth of the time that
// it takes to read the same as text. A bundler carries the text along, and then there is no such file.
import { idOf } from "./build-id.mjs";

/** The CommonJS counterpart of src/wasm/inline.js, for this module, which ends with its build id. */
export function fromFile(module) {
  const id = idOf(module);
  if (id === undefined) throw new Error("the module does not end with its build id");
  return `"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.bytes = () => file() ?? require("./base64.cjs").bytes();

function file() {
  const { Deno, process } = globalThis;
  // Deno would ask its user whether this file may be read.
  if (Deno !== undefined || typeof process?.getBuiltinModule !== "function") return undefined;
  try {
    const bytes = process.getBuiltinModule("node:fs").readFileSync(__dirname + "/../invreq.wasm");
    // Beside a bundle it might be another build's: then it does not end with this id.
    return bytes.length === ${module.length} && bytes.toString("hex", ${module.length - id.length / 2}) === "${id}" ? bytes : undefined;
  } catch {
    return undefined;
  }
}
`;
}

// What tells one build of the module from every other: a custom section at its end, `build_id` as the conventions of the WebAssembly tools
// have it, with the SHA-256 of all that stands before it.
import { createHash } from "node:crypto";

const LENGTH = 32;
const NAME = "build_id";

/** The module with its build id behind it. Its last 32 bytes are the id. */
export function withBuildId(module) {
  if (idOf(module) !== undefined) throw new Error("the module has a build id already");
  const id = createHash("sha256").update(module).digest();
  // Every number here is below 128, and so a byte.
  const payload = Buffer.concat([Buffer.of(NAME.length), Buffer.from(NAME), Buffer.of(LENGTH), id]);
  return Buffer.concat([module, Buffer.of(0, payload.length), payload]);
}

/** The build id of a module as hex; `undefined` where it has none, or something behind it. */
export function idOf(module) {
  const [section] = WebAssembly.Module.customSections(new WebAssembly.Module(module), NAME);
  const id = Buffer.from(section ?? []).subarray(1);
  const last = Buffer.from(module).subarray(-LENGTH);
  return id.length === LENGTH && id.equals(last) ? id.toString("hex") : undefined;
}

// How long it takes from nothing: in a fresh process, from before the package is imported to after its first decode.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { REQUEST_FOR_OFFER, SEED } from "./data.mjs";
import { median } from "./rounds.mjs";

const file = (name) => fileURLToPath(new URL(`start/${name}`, import.meta.url));

/**
 * In turns, so that whatever else the machine does meets all of them. An empty file shows what Node itself takes. Each peer reads
 * what it can: the one for LDK a request that answers an offer, the other two an invoice.
 */
const PROGRAMS = {
  import: [file("by-import.mjs"), "invreq", SEED.request],
  require: [file("by-require.cjs"), "invreq", SEED.request],
  emptyImport: [file("by-import.mjs"), file("empty.cjs")],
  emptyRequire: [file("by-require.cjs"), file("empty.cjs")],
  boltz: [file("peer.mjs"), "boltz", SEED.invoice],
  ldk: [file("peer.mjs"), "ldk", Buffer.from(REQUEST_FOR_OFFER.bytes).toString("hex")],
  decoder: [file("peer.mjs"), "decoder", SEED.invoice],
};

/** Milliseconds for each of them, `inside` and for the `whole` process: medians over this many processes. */
export function firstDecode(processes) {
  // Certificates that are read at the start are no matter of ours.
  const { NODE_EXTRA_CA_CERTS, ...env } = process.env;
  const runs = Array.from({ length: processes }, () =>
    Object.values(PROGRAMS).map((program) =>
      JSON.parse(execFileSync(process.execPath, program, { encoding: "utf8", env })),
    ),
  );
  return Object.fromEntries(
    Object.keys(PROGRAMS).map((name, at) => [
      name,
      { inside: median(runs.map((run) => run[at][0])), whole: median(runs.map((run) => run[at][1])) },
    ]),
  );
}

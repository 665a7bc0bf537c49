// `npm run bench [-- --quick] [-- --check]`: this package beside its peers, in one run. `--check` fails past a target.
//
// It measures dist/ as it is published. `cargo xtask build bench` makes that, and the curve operations alone from the same sources.
import { LONG, REQUEST_FOR_OFFER, SEED } from "./data.mjs";
import { loadFloor } from "./floor.mjs";
import { manyDecodes } from "./memory.mjs";
import { loadPeers } from "./peers.mjs";
import { compare } from "./rounds.mjs";
import { firstDecode } from "./start.mjs";
import * as invreq from "invreq";

const options = process.argv.slice(2);
const quick = options.includes("--quick");
const peers = await loadPeers();
const floor = await loadFloor(SEED);
const misses = [];

console.log(
  `Node ${process.version}; processor time; a side's figure is the median of its rounds, a ratio the median of the rounds' ratios\n`,
);

const faster = [
  {
    name: "verified lni1",
    ours: ["invreq verify", () => invreq.verify(SEED.invoice)],
    theirs: ["boltz-bolt12", () => peers.boltz(SEED.invoice)],
    atLeast: 1.5,
  },
  {
    name: "verified lnr1, answering an offer",
    ours: ["invreq verify", () => invreq.verify(REQUEST_FOR_OFFER.text)],
    theirs: ["lightningdevkit, from bytes", () => peers.ldk(REQUEST_FOR_OFFER.bytes)],
    atLeast: 1.2,
  },
  {
    name: "every field of a lni1",
    ours: ["invreq decode, verified", () => invreq.decode(SEED.invoice, { network: "regtest" })],
    theirs: ["bolt12-decoder, not verified", () => peers.decoder(SEED.invoice)],
  },
  {
    name: "every field of a lnr1",
    ours: ["invreq decode, verified", () => invreq.decode(SEED.request, { network: "regtest" })],
    theirs: ["bolt12-decoder, not verified", () => peers.decoder(SEED.request)],
  },
  {
    name: "one Schnorr verification",
    ours: ["the package's curve", floor.verifyOurs],
    theirs: ["tiny-secp256k1", () => peers.verify(floor.signed)],
  },
];
for (const { name, ours, theirs, atLeast } of faster) {
  const { ratio } = await compare(name, [ours, theirs], quick);
  judge(
    name,
    `${ratio.toFixed(2)} x as fast`,
    atLeast,
    atLeast === undefined || ratio >= atLeast,
    "at least",
  );
}

const { ratio } = await compare(
  "whole answer",
  [
    ["invreq answer", floor.answer],
    [floor.words, floor.run],
  ],
  quick,
);
judge("whole answer", `${(1 / ratio).toFixed(2)} x the floor`, 1.3, 1 / ratio <= 1.3, "at most");

const start = firstDecode(quick ? 7 : 21);
const ms = (name, part) => start[name][part].toFixed(1);
judge(
  "import to first decode",
  `${ms("import", "inside")} ms by import, ${ms("require", "inside")} ms by require`,
  20,
  Math.max(start.import.inside, start.require.inside) < 20,
  "below",
);
console.log(
  `  boltz-bolt12 takes ${ms("boltz", "inside")} ms, lightningdevkit ${ms("ldk", "inside")} ms and bolt12-decoder ${ms("decoder", "inside")} ms by import`,
);
console.log(
  `  an empty file takes ${ms("emptyImport", "inside")} ms by import and ${ms("emptyRequire", "inside")} ms by require; the whole process ${ms(
    "import",
    "whole",
  )} and ${ms("require", "whole")} ms, with the empty file ${ms("emptyImport", "whole")} and ${ms("emptyRequire", "whole")} ms\n`,
);

const many = manyDecodes(quick ? 20_000 : LONG);
judge("decodes in one loop", many.words, undefined, many.steady, "");

if (misses.length > 0) console.log(`\nmissed: ${misses.join("; ")}`);
process.exit(options.includes("--check") && misses.length > 0 ? 1 : 0);

function judge(name, words, target, kept, sign) {
  const verdict = target === undefined && kept ? "" : kept ? "  kept" : "  MISSED";
  console.log(
    `  => ${name}: ${words}${target === undefined ? "" : ` (target: ${sign} ${target})`}${verdict}\n`,
  );
  if (!kept && (target !== undefined || sign === "")) misses.push(`${name}: ${words}`);
}

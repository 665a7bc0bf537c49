// `node peer.mjs PEER TEXT`: what by-import.mjs does, with a peer: from before its files are loaded to after its first result.
import { PEERS } from "../peers.mjs";

const [name, text] = process.argv.slice(2);
const input = name === "ldk" ? Buffer.from(text, "hex") : text;
const start = process.hrtime.bigint();
const read = await PEERS[name]();
read(input);
const end = process.hrtime.bigint();
console.log(JSON.stringify([Number(end - start) / 1e6, performance.now()]));
process.exit();

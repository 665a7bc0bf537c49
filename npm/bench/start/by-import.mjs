// `node by-import.mjs PACKAGE [TEXT]`: prints the milliseconds from before the import to after the first decode, and since the process began.
const [name, text] = process.argv.slice(2);
const start = process.hrtime.bigint();
const { decode } = await import(name);
if (text) decode(text, { network: "regtest" });
const end = process.hrtime.bigint();
console.log(JSON.stringify([Number(end - start) / 1e6, performance.now()]));

// The floor: the curve operations that answering a request needs, compiled from the same sources, and nothing else.
import { existsSync, readFileSync } from "node:fs";
import { answer } from "invreq";
import { terms } from "./terms.mjs";

/** The curve operations, and the answer that is held against them. */
export async function loadFloor({ request }) {
  const glue = new URL("./wasm/invreq.js", import.meta.url);
  if (!existsSync(glue)) throw new Error("bench/wasm is empty: run `cargo xtask build bench` first");
  const bench = await import(glue);
  bench.initSync({ module: readFileSync(new URL("./wasm/invreq_bg.wasm", import.meta.url)) });

  const params = terms(request);
  const invoice = answer(params);
  const floor = bench.Floor.answer(request, invoice, params.secretKey);
  const verifier = new bench.Verifier();
  const signed = {
    digest: fromHex("ed552a0202c158a2320f852a44bea18ad7e6fe1c6d117587fc8cea6567ba9a39"),
    key: fromHex("24653eac434488002cc06bbfb7f10fe18991e35f9fe4302dbea6d2353dc0ab1c"),
    signature: fromHex(
      "47f62c105d5000f35775311225a8e65e4b6bef36417db15dd1932aa86a1b3d65cb53280fc9b9b1756fcc0aafff91a80673ba9353bcf2b8b15b8948cbb612153f",
    ),
  };
  return {
    signed,
    words: floor.describe(),
    answer: () => answer(params),
    run: () => floor.run(),
    verifyOurs() {
      if (!verifier.verify(signed.digest, signed.key, signed.signature))
        throw new Error("the signature was refused");
    },
  };
}

function fromHex(text) {
  return Uint8Array.from(Buffer.from(text, "hex"));
}

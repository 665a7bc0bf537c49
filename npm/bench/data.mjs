// What is measured.
import { readFileSync } from "node:fs";

const vectors = new URL("../../tests/vectors/", import.meta.url);
const [example] = JSON.parse(readFileSync(new URL("seed/sendinvoice.json", vectors), "utf8")).examples;

/** Core Lightning's example of `sendinvoice`: a signed request and its invoice, on regtest. */
export const SEED = { request: example.request.params.invreq, invoice: example.response.bolt12 };

/** A signed request that answers an offer, the only kind that lightningdevkit reads signed: 20,000,001 msat on bitcoin, until 2096. */
const ANSWERING =
  "lnr1qqgqzqgpqyqszqgpqyqszqgpqyqszzswg92y6grhd96xserjv9mkzmqwqnhxk2qqzg8kzardgpjhsctdwpkx2tnrdak3vggzak4m6945rjphrwfw7tcycyv9kncrkmwd22afk7xe6lyferezz9z4ypqpxykszkppqvjx204vgdzgsqpvcp4mldl3plscny0rt707gvpdh6ndydfacz43euzqglmzcyza2qq0x4m4xyfzt28xte9khmekg97mzhw3jv42s6sm84juk5egplymnvt4dlxq4tlljx5qvua6jdfmeu4ck9dcjjxtkcfp20c";
export const REQUEST_FOR_OFFER = { text: ANSWERING, bytes: bytesOf(ANSWERING) };

/** How many decodes in one synchronous loop must neither grow nor slow down. */
export const LONG = 100_000;

/** The TLV stream of a string, for peers that take bytes. */
function bytesOf(text) {
  const digits = [...text.slice("lnr1".length)].map((letter) =>
    "qpzry9x8gf2tvdw0s3jn54khce6mua7l".indexOf(letter),
  );
  const bits = digits.map((digit) => digit.toString(2).padStart(5, "0")).join("");
  return Uint8Array.from(bits.match(/.{8}/g), (byte) => parseInt(byte, 2));
}

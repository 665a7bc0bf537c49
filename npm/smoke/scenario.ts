/**
 * What every project runs: it reads a request, answers it, and compares.
 *
 * The request is one of LDK's, and the answer is the one LDK itself made with the same keys (pair A-3 of tests/vectors/pairs). The
 * secret key is 32 times 0x43, the preimage 32 times 0x44.
 */

import type { AnswerParams, Decoded, InvreqError, Verified } from "invreq";

/** The part of the package that is used here. */
export interface Api {
  answer: (params: AnswerParams) => string;
  decode: (text: string) => Decoded;
  verify: (text: string) => Verified;
  InvreqError: new (...details: never[]) => InvreqError;
}

export const INVREQ =
  "lnr1qqsqzqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqg2peq4gnfqwa5hg6rywfshwctvpczwu6egqqfq7ct5d4qx27rpd4cxcefwvdhk65syqycj6q2cyypjgef743p5fzqq9nqxh0ah7y87rzv3ud0eleps9kl2d5348hq2k8zeqe6xsctwddes";

const ANSWER =
  "lni1qqsqzqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqg2peq4gnfqwa5hg6rywfshwctvpczwu6egqqfq7ct5d4qx27rpd4cxcefwvdhk65syqycj6q2cyypjgef743p5fzqq9nqxh0ah7y87rzv3ud0eleps9kl2d5348hq2k8zeqe6xsctwdde6pcqz2rgjq0skseg222l9s9qa776mars3l8pcu0hhd0lun2pz2qulewts9mk8y3wkklfvevcrszlmu23kfrxh49px20665dqwmn4p72pkseseqgpjczmul9fjfgraq5uckfqpwnwqc2lygnvkk9v65mrl0v0xdp5qnygq9vqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqzak4m6945rjphrwfw7tcycyv9kncrkmwd22afk7xe6lyferezz9zsqtqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqpgsuqqqqqqgqqqp7sqp2qqqqqqqqqqqxgqqqqr5dffgsqqqqpfqyv4flzq9xqg8pp2pqhvu3g9wqtcuawl9pwwqa803l05xdtefn9ed90yc34k4q4f3pqm565pqpxyksrtsrqgqqpvppqflnr679gckplh8pkum7el6j6d7hth4y8ns3caxjt23fw9jl4gsq0uzq9nthz4yqc95xua3aaf494dhkw765jtj4qemnhcp7vfpf8ttfzcj4w6rpeju83sms0h8gjzjfgv8mm4qnhrsjuxkvs08fk6m9q06rpeg";

const TERMS: AnswerParams = {
  invreq: INVREQ,
  secretKey: new Uint8Array(32).fill(0x43),
  paymentHash: "bb391415c05e39d77ca17381d3be3f7d0cd5e5332e5a579311adaa0aa62106e9",
  paths: [
    {
      path: {
        introduction: "0250d1203e168650a52be58141df7b5be8e11f9c38e3ef76bffc9a8225039fcb97",
        pathKey: "02eec7245d6b7d2ccb30380bfbe2a3648cd7a942653f5aa340edcea1f283686619",
        hops: [
          {
            blindedNodeId: "032c0b7cf95324a07d05398b240174dc0c2be444d96b159aa6c7f7b1e668680991",
            encryptedRecipientData: new Uint8Array(43),
          },
          {
            blindedNodeId: "02edabbd16b41c8371b92ef2f04c1185b4f03b6dcd52ba9b78d9d7c89c8f221145",
            encryptedRecipientData: new Uint8Array(44),
          },
        ],
      },
      payinfo: {
        feeBaseMsat: 1,
        feeProportionalMillionths: 1000,
        cltvExpiryDelta: 42,
        htlcMinimumMsat: 100n,
        htlcMaximumMsat: 1_000_000_000_000n,
      },
    },
  ],
  mpp: true,
  createdAt: 1_700_000_000,
  expiry: 3600,
};

/** Runs the scenario with what a project imported; what is wrong is thrown. */
export function check(api: Api): string {
  const decoded = api.decode(INVREQ);
  equal(decoded.kind, "invoice_request");
  equal(decoded.answerable, true);
  equal(decoded.fields.find((field) => field.name === "offer_description")?.value, "ATM withdrawal");
  equal(api.answer(TERMS), ANSWER);
  equal(api.verify(ANSWER).signed, true);
  try {
    api.decode("lnr1");
  } catch (error) {
    if (!(error instanceof api.InvreqError)) throw error;
    equal(error.code, "empty_stream");
    return "ok";
  }
  throw new Error("a bad string was accepted");
}

function equal(found: unknown, expected: unknown): void {
  if (found !== expected) throw new Error(`expected ${String(expected)}, found ${String(found)}`);
}

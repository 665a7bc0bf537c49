/**
 * Functions of text: nothing is kept.
 *
 * @module
 */

import * as check from "./check.js";
import { fromWasm } from "./convert.js";
import { call } from "./module.js";
import { paths, withPaths } from "./paths.js";
import type {
  AnswerParams,
  Decoded,
  DecodeOptions,
  PrepareParams,
  UnsignedInvoice,
  Verified,
} from "./types.js";

const NETWORKS = ["bitcoin", "testnet", "testnet4", "signet", "regtest"] as const;

/** Checks the name of a network. */
export const network = (value: unknown, what = "network"): (typeof NETWORKS)[number] =>
  check.word(value, what, NETWORKS);

/**
 * Describes an offer, an invoice request or an invoice, field by field, and checks its signature.
 *
 * @throws {@link InvreqError} with the code of the first thing that is not well-formed.
 */
export function decode(text: string, options: DecodeOptions = {}): Decoded {
  const string = check.bolt12(text, "text");
  const given = check.read(options, "options", ["network", "now"]);
  const chain =
    given.network === "any" ? "any" : (check.optional(given.network, network, "network") ?? "bitcoin");
  const now = check.optional(given.now, check.safe, "now");
  return fromWasm.value(call((glue) => glue.decode(string, chain, now)));
}

/**
 * Reads an offer, an invoice request or an invoice, checks its signature, and nothing else.
 *
 * @throws {@link InvreqError} `invalid_signature`, or the code of the first thing that is not well-formed.
 */
export function verify(text: string): Verified {
  const string = check.bolt12(text, "text");
  return fromWasm.value(call((glue) => glue.verify(string)));
}

/**
 * The signed invoice, `lni1…`, that answers a request with a key at hand. Nothing is stored, sent or tracked: that is what a
 * `Payee` does.
 *
 * @throws {@link InvreqError} with the code of the first rule of the request or the terms that is broken.
 */
export function answer(params: AnswerParams): string {
  const terms = readTerms(params, ["secretKey"]);
  const secretKey = check.bytes(terms.given.secretKey, "secretKey", 32);
  try {
    return build(terms, { secretKey }) as string;
  } finally {
    secretKey.fill(0);
  }
}

/**
 * The invoice that answers a request, without its signature: for keys that are somewhere else.
 *
 * @throws {@link InvreqError} with the code of the first rule of the request or the terms that is broken.
 */
export function prepare(params: PrepareParams): UnsignedInvoice {
  const terms = readTerms(params, ["nodeId"]);
  const nodeId = check.point(terms.given.nodeId, "nodeId");
  const unsigned = fromWasm.value<Omit<UnsignedInvoice, "finish">>(build(terms, { nodeId }));
  return {
    ...unsigned,
    nodeId,
    finish: (signature) =>
      build(terms, { nodeId, signature: check.bytes(signature, "signature", 64) }) as string,
  };
}

type CheckedTerms = ReturnType<typeof readTerms>;

function readTerms<Key extends string>(params: unknown, keys: readonly Key[]) {
  const given = check.read(params, "params", [
    ...keys,
    "invreq",
    "network",
    "amountMsat",
    "paymentHash",
    "paths",
    "mpp",
    "createdAt",
    "expiry",
    "pathsExpireAt",
  ]);
  return {
    given: given as check.Unknowns<Key>,
    invreq: check.bolt12(given.invreq, "invreq"),
    network: check.optional(given.network, network, "network") ?? "bitcoin",
    amountMsat: check.optional(given.amountMsat, check.u64, "amountMsat"),
    paymentHash: check.hash(given.paymentHash, "paymentHash"),
    paths: paths(given.paths, "paths"),
    mpp: check.optional(given.mpp, check.bool, "mpp") ?? false,
    createdAt: check.optional(given.createdAt, check.safe, "createdAt") ?? Math.floor(Date.now() / 1000),
    expiry: check.optional(given.expiry, check.u32, "expiry") ?? 7200,
    pathsExpireAt: check.optional(given.pathsExpireAt, check.safe, "pathsExpireAt"),
  };
}

/** With a secret key or a signature a signed invoice, else one without a signature. */
function build(
  terms: Omit<CheckedTerms, "given">,
  key: { secretKey?: Uint8Array; nodeId?: string; signature?: Uint8Array },
): unknown {
  return withPaths(terms.paths, (paths) =>
    call((glue) =>
      glue.answer(
        terms.invreq,
        terms.network,
        terms.amountMsat,
        terms.paymentHash,
        paths,
        terms.mpp,
        terms.createdAt,
        terms.expiry,
        terms.pathsExpireAt,
        key.nodeId,
        key.secretKey,
        key.signature,
      ),
    ),
  );
}

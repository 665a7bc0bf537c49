/**
 * Payment paths, on their way into the module.
 *
 * @module
 */

import * as check from "./check.js";
import { call, free } from "./module.js";
import type { PaymentPaths } from "./wasm/invreq.js";

/** The most payment paths of one invoice. */
const MAX_PATHS = 64;
const MAX_HOPS = 255;

interface Path {
  readonly nodeId: string | undefined;
  readonly scid: bigint;
  readonly direction: number;
  readonly pathKey: string;
  readonly hops: readonly { readonly blindedNodeId: string; readonly data: Uint8Array }[];
  readonly feeBaseMsat: number;
  readonly feeProportionalMillionths: number;
  readonly cltvExpiryDelta: number;
  readonly htlcMinimumMsat: bigint;
  readonly htlcMaximumMsat: bigint;
  readonly features: Uint8Array;
}

/** Payment paths that were checked. */
export type Paths = readonly Path[];

/** Checks payment paths from a caller or a host. */
export function paths(value: unknown, what: string): Paths {
  return check.list(value, what, MAX_PATHS, path);
}

function path(value: unknown, what: string): Path {
  const given = check.read(value, what, ["path", "payinfo"]);
  const blinded = check.read(given.path, `${what}.path`, ["introduction", "pathKey", "hops"]);
  const payinfo = check.read(given.payinfo, `${what}.payinfo`, [
    "feeBaseMsat",
    "feeProportionalMillionths",
    "cltvExpiryDelta",
    "htlcMinimumMsat",
    "htlcMaximumMsat",
    "features",
  ]);
  const about = (name: string): string => `${what}.payinfo.${name}`;
  return {
    ...introduction(blinded.introduction, `${what}.path.introduction`),
    pathKey: check.point(blinded.pathKey, `${what}.path.pathKey`),
    hops: check.list(blinded.hops, `${what}.path.hops`, MAX_HOPS, hop),
    feeBaseMsat: check.u32(payinfo.feeBaseMsat, about("feeBaseMsat")),
    feeProportionalMillionths: check.u32(
      payinfo.feeProportionalMillionths,
      about("feeProportionalMillionths"),
    ),
    cltvExpiryDelta: check.u16(payinfo.cltvExpiryDelta, about("cltvExpiryDelta")),
    htlcMinimumMsat: check.u64(payinfo.htlcMinimumMsat, about("htlcMinimumMsat")),
    htlcMaximumMsat: check.u64(payinfo.htlcMaximumMsat, about("htlcMaximumMsat")),
    features: check.optional(payinfo.features, check.bytes, about("features")) ?? new Uint8Array(),
  };
}

function introduction(value: unknown, what: string): Pick<Path, "nodeId" | "scid" | "direction"> {
  if (typeof value === "string") return { nodeId: check.point(value, what), scid: 0n, direction: 0 };
  const end = check.read(value, what, ["scid", "direction"]);
  const scid = check.u64(end.scid, `${what}.scid`);
  return { nodeId: undefined, scid, direction: check.integer(end.direction, `${what}.direction`, 1) };
}

function hop(value: unknown, what: string): Path["hops"][number] {
  const given = check.read(value, what, ["blindedNodeId", "encryptedRecipientData"]);
  return {
    blindedNodeId: check.point(given.blindedNodeId, `${what}.blindedNodeId`),
    data: check.bytes(given.encryptedRecipientData, `${what}.encryptedRecipientData`),
  };
}

/** Uses payment paths in the module. Whoever takes the handle owns it. */
export function withPaths<T>(paths: Paths, use: (handle: PaymentPaths) => T): T {
  const handle = call((glue) => new glue.PaymentPaths());
  try {
    for (const path of paths) {
      call(() =>
        handle.path(
          path.nodeId,
          path.scid,
          path.direction,
          path.pathKey,
          path.feeBaseMsat,
          path.feeProportionalMillionths,
          path.cltvExpiryDelta,
          path.htlcMinimumMsat,
          path.htlcMaximumMsat,
          path.features,
        ),
      );
      for (const hop of path.hops) call(() => handle.hop(hop.blindedNodeId, hop.data));
    }
  } catch (error) {
    free(handle);
    throw error;
  }
  return use(handle);
}

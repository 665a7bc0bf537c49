/**
 * What a node is to do with a payment it holds: every answer to a claim, sorted.
 *
 * @module
 */

import { InvreqError } from "../error.js";
import type { ClaimApproval, Verdict } from "../types.js";

/** Sorts what came of a claim. */
export async function verdict(claim: () => Promise<ClaimApproval>): Promise<Verdict> {
  try {
    const { preimage } = await claim();
    return preimage === undefined ? { kind: "settle" } : { kind: "settle", preimage };
  } catch (error) {
    if (!InvreqError.is(error)) throw error;
    switch (error.code) {
      case "not_found":
        return { kind: "unknown" };
      case "amount_too_low":
      case "amount_too_high":
      case "claim_too_late":
        return { kind: "fail", error };
      case "already_paid": {
        // The node has forgotten that it settled.
        const preimage = error.record?.payment?.paymentPreimage;
        return preimage === undefined ? { kind: "hold", error } : { kind: "settle", preimage };
      }
      case "invalid_parameter":
        // A clock or dice that failed for a moment are worth another try, a claim that is none is not.
        if (!error.retryable) throw error;
        return { kind: "hold", error };
      default:
        return { kind: "hold", error };
    }
  }
}

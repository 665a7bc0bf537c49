/**
 * From the parameters of a call to an input of the engine.
 *
 * Each function checks everything at once, and gives what makes the input in the module.
 *
 * @module
 */

import * as check from "../check.js";
import type { Status } from "../record.js";
import type { MakeInput } from "./engine.js";

/** Makes the input of a call with this number. */
export type MakeCall = (call: bigint) => MakeInput;

const STATUSES = ["unpaid", "paid", "expired"] as const satisfies readonly Status[];
const status = (value: unknown, what: string): Status => check.word(value, what, STATUSES);

export function sendInvoice(params: unknown): MakeCall {
  const given = check.read(params, "params", [
    "invreq",
    "label",
    "amountMsat",
    "timeout",
    "expiry",
    "quantity",
    "existing",
    "again",
    "invoiceNodeId",
    "replies",
  ]);
  const invreq = check.bolt12(given.invreq, "invreq");
  const label = check.label(given.label);
  const amountMsat = check.optional(given.amountMsat, check.u64, "amountMsat");
  const timeout = check.optional(given.timeout, check.u32, "timeout");
  const expiry = check.optional(given.expiry, check.u32, "expiry");
  const quantity = check.optional(given.quantity, check.u64, "quantity");
  const existing = given.existing ?? "error";
  const join = check.word(existing, "existing", ["error", "join"] as const) === "join";
  const again = check.optional(given.again, check.bool, "again") ?? false;
  const nodeId = check.optional(given.invoiceNodeId, check.point, "invoiceNodeId");
  const replies =
    check.word(given.replies ?? "wanted", "replies", ["wanted", "unwanted"] as const) === "wanted";
  return (call) => (glue) =>
    glue.Input.sendInvoice(
      call,
      invreq,
      label,
      amountMsat,
      timeout,
      expiry,
      quantity,
      join,
      again,
      nodeId,
      replies,
    );
}

export function resend(value: unknown): MakeCall {
  const label = check.label(value);
  return (call) => (glue) => glue.Input.resend(call, label);
}

export function waitInvoice(value: unknown): MakeCall {
  const label = check.label(value);
  return (call) => (glue) => glue.Input.waitInvoice(call, label);
}

export function waitAnyInvoice(lastPayIndex: unknown, timeout: unknown): MakeCall {
  const last = BigInt(check.safe(lastPayIndex, "lastPayIndex"));
  const seconds = check.optional(timeout, check.u32, "timeout");
  return (call) => (glue) => glue.Input.waitAnyInvoice(call, last, seconds);
}

/** What a list is asked for; `start` says where the page begins. */
export function listInvoices(query: unknown): { start: number; page: (start: number) => MakeCall } {
  const given = check.read(query, "query", ["label", "paymentHash", "status", "index", "start", "limit"]);
  const label = check.optional(given.label, check.label, "label");
  const paymentHash = check.optional(given.paymentHash, check.hash, "paymentHash");
  const only = check.optional(given.status, status, "status");
  const byChange =
    check.word(given.index ?? "created", "index", ["created", "updated"] as const) === "updated";
  const limit = check.optional(given.limit, check.u32, "limit");
  return {
    start: check.optional(given.start, check.safe, "start") ?? 0,
    page: (start) => (call) => (glue) =>
      glue.Input.listInvoices(call, label, paymentHash, only, byChange, BigInt(start), limit),
  };
}

export function delInvoice(value: unknown, believed: unknown): MakeCall {
  const label = check.label(value);
  const is = status(believed, "status");
  return (call) => (glue) => glue.Input.delInvoice(call, label, is);
}

export function preview(text: unknown): MakeCall {
  const invreq = check.bolt12(text, "invreq");
  return (call) => (glue) => glue.Input.preview(call, invreq);
}

export function claim(value: unknown): MakeCall {
  const given = check.read(value, "claim", ["paymentHash", "totalMsat", "firstHtlcAt"]);
  const paymentHash = check.hash(given.paymentHash, "paymentHash");
  const totalMsat = check.u64(given.totalMsat, "totalMsat");
  const firstHtlcAt = check.safe(given.firstHtlcAt, "firstHtlcAt");
  return (call) => (glue) => glue.Input.claim(call, paymentHash, totalMsat, firstHtlcAt);
}

export function claimFailed(value: unknown): MakeCall {
  const paymentHash = check.hash(value, "paymentHash");
  return (call) => (glue) => glue.Input.claimFailed(call, paymentHash);
}

export function paymentReceived(value: unknown): MakeCall {
  const given = check.read(value, "payment", ["paymentHash", "amountMsat", "paidAt", "preimage"]);
  const paymentHash = check.hash(given.paymentHash, "paymentHash");
  const amountMsat = check.u64(given.amountMsat, "amountMsat");
  const paidAt = check.safe(given.paidAt, "paidAt");
  const preimage = check.optional(
    given.preimage,
    (bytes, what) => check.bytesOrHex(bytes, what, 32),
    "preimage",
  );
  return (call) => (glue) => glue.Input.paymentReceived(call, paymentHash, amountMsat, paidAt, preimage);
}

export function onionMessage(value: unknown, node: unknown): MakeInput {
  const bytes = check.bytes(value, "bytes");
  const nodeId = check.optional(node, check.point, "nodeId");
  return (glue) => glue.Input.onionMessage(nodeId, bytes);
}

export function invoiceError(id: unknown, value: unknown): MakeInput {
  const replyPathId = check.bytes(id, "replyPathId", 32);
  const bytes = check.bytes(value, "bytes");
  return (glue) => glue.Input.invoiceError(replyPathId, bytes);
}

export function cancel(call: bigint): MakeInput {
  return (glue) => glue.Input.cancel(call);
}

/**
 * From what the module gives to what a caller gets, in one place.
 *
 * The module gives every 64-bit integer as a `bigint` and what is absent as `undefined`. A caller gets a `bigint` for amounts and
 * channel ids, a number for times, indexes and field numbers, and no property at all for what is absent.
 *
 * @module
 */

import { ERROR_CODES, type ErrorCode } from "./codes.js";
import { type ErrorDetails, InvreqError } from "./error.js";
import { InvoiceRecord, type RecordData } from "./record.js";

/** What stays a `bigint`, by its name. */
const EXACT = new Set([
  "amountMsat",
  "amountReceivedMsat",
  "htlcMinimumMsat",
  "htlcMaximumMsat",
  "scid",
  "revision",
  "call",
  "id",
]);

/** The value as a caller gets it. */
function plain(value: unknown): unknown {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map(plain);
  const given = value as { readonly [key: string]: unknown };
  const result: { [key: string]: unknown } = {};
  for (const key of Object.keys(given)) {
    const part = given[key];
    if (part === undefined) continue;
    if (typeof part === "bigint" && !EXACT.has(key)) result[key] = Number(part);
    else if (key === "record") result[key] = record(part);
    else if (key === "records" && Array.isArray(part)) result[key] = part.map(record);
    else if (key === "error" && isDetails(part)) result[key] = new InvreqError(plain(part) as ErrorDetails);
    else result[key] = plain(part);
  }
  return result;
}

function record(value: unknown): InvoiceRecord {
  return new InvoiceRecord(plain(value) as RecordData);
}

function isDetails(value: unknown): value is { code: ErrorCode } {
  if (typeof value !== "object" || value === null || !("code" in value)) return false;
  return typeof value.code === "string" && Object.hasOwn(ERROR_CODES, value.code);
}

/** What the module gives, as a caller gets it. The types are those the core serializes, which the tests hold against it. */
export const fromWasm = {
  /** Any value; a property `record` becomes an {@link InvoiceRecord}, and an `error` with a code an {@link InvreqError}. */
  value: <T>(value: unknown): T => plain(value) as T,
  /** A record. */
  record,
  /** What was thrown, if it is an error of the core. */
  error(thrown: unknown): InvreqError | undefined {
    return isDetails(thrown) ? new InvreqError(plain(thrown) as ErrorDetails) : undefined;
  },
};

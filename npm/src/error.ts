/**
 * The one error of the library.
 *
 * @module
 */

import { ERROR_CODES, type ErrorCode } from "./codes.js";
import type { InvoiceRecord } from "./record.js";

/** A TLV record of a message, named. */
export interface Field {
  /** The TLV type number; past 2^53, which only an unknown field can have, it is rounded. */
  readonly number: number;
  /** The name in BOLT 12, or `unknown`. */
  readonly name: string;
}

/** What an {@link InvreqError} is made of. */
export interface ErrorDetails {
  /** The stable code. */
  readonly code: ErrorCode;
  /** One sentence for a person. */
  readonly message: string;
  /** The number Core Lightning uses; that of the code, where it is left out. */
  readonly rpcCode?: number | undefined;
  /** The TLV record the error is about. */
  readonly field?: Field | undefined;
  /** The broken rule as a stable kebab-case id. */
  readonly rule?: string | undefined;
  /** The place in the BOLTs that states the rule. */
  readonly section?: string | undefined;
  /** Whether the same call may succeed later; as the code says, where it is left out. */
  readonly retryable?: boolean | undefined;
  /** The invoice concerned. */
  readonly record?: InvoiceRecord | undefined;
}

const BRAND = Symbol.for("invreq.error");

/**
 * What went wrong, in a form that a program and a person can both act on.
 *
 * Decide by `code`, which never changes; show `message`, whose wording may improve.
 */
export class InvreqError extends Error {
  /** The stable code. */
  readonly code: ErrorCode;
  /** The number Core Lightning uses for this case, or -1 where it has none. */
  readonly rpcCode: number;
  /** The TLV record of the message the error is about, where there is one. */
  declare readonly field?: Field;
  /** The broken rule as a stable kebab-case id, where there is one. */
  declare readonly rule?: string;
  /** The place in the BOLTs that states the rule. */
  declare readonly section?: string;
  /** Whether the same call may succeed later without any change. */
  readonly retryable: boolean;
  /** The invoice concerned, where there is one. */
  declare readonly record?: InvoiceRecord;

  /** The error of these details; what is left out follows from the code. */
  constructor(details: ErrorDetails, options?: ErrorOptions) {
    super(details.message, options);
    const info = ERROR_CODES[details.code];
    this.code = details.code;
    this.rpcCode = details.rpcCode ?? info.rpcCode;
    this.retryable = details.retryable ?? info.retryable;
    if (details.field !== undefined) this.field = details.field;
    if (details.rule !== undefined) this.rule = details.rule;
    if (details.section !== undefined) this.section = details.section;
    if (details.record !== undefined) this.record = details.record;
  }

  /** Whether this is an error of this library, whichever copy of it or realm it comes from. */
  static is(error: unknown): error is InvreqError {
    try {
      return typeof error === "object" && error !== null && BRAND in error;
    } catch {
      return false;
    }
  }
}

// On the prototype, so that a log shows no trace of either.
Object.defineProperty(InvreqError.prototype, "name", {
  value: "InvreqError",
  configurable: true,
  writable: true,
});
Object.defineProperty(InvreqError.prototype, BRAND, { value: true });

/** An error with this code and this sentence. */
export function fail(code: ErrorCode, message: string, cause?: unknown): InvreqError {
  return new InvreqError({ code, message }, cause === undefined ? undefined : { cause });
}

/** A parameter cannot be used. */
export function invalid(message: string, cause?: unknown): InvreqError {
  return fail("invalid_parameter", message, cause);
}

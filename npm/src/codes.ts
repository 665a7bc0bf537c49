// Made by `cargo xtask errors` from core/src/error. Do not edit.

/** The stable code of an error: the same word in every language and every release. docs/errors.md has them all in tables. */
export type ErrorCode =
  /** The text is longer than the limit. */
  | "string_too_long"
  /** The text does not start with lno1, lnr1 or lni1. */
  | "invalid_prefix"
  /** The text is BOLT 12, but of another type than was asked for. */
  | "wrong_type"
  /** The text mixes upper and lower case. */
  | "mixed_case"
  /** A character is not in the bech32 alphabet. */
  | "invalid_character"
  /** A + does not stand between two bech32 characters. */
  | "invalid_continuation"
  /** The last character leaves more than four bits over, or bits that are not zero. */
  | "invalid_padding"
  /** There is no TLV record at all. */
  | "empty_stream"
  /** The TLV stream ends inside a record. */
  | "tlv_truncated"
  /** A BigSize number is not minimally encoded. */
  | "tlv_not_minimal"
  /** TLV types do not strictly increase. */
  | "tlv_not_ascending"
  /** An unknown even TLV record must be understood, and is not. */
  | "unknown_even_field"
  /** A TLV type lies outside the ranges of this message. */
  | "field_out_of_range"
  /** A field has the wrong length for its type. */
  | "invalid_length"
  /** A truncated integer is too long or has leading zero bytes. */
  | "invalid_integer"
  /** A public key is not a point on the curve. */
  | "invalid_point"
  /** A text field is not valid UTF-8. */
  | "invalid_utf8"
  /** A field holds a value that its type does not allow. */
  | "invalid_value"
  /** More paths, hops, records or text than the documented limit. */
  | "limit_exceeded"
  /** An onion message is not for this node, was altered, or is malformed. */
  | "onion_invalid"
  /** A required field is missing. */
  | "missing_field"
  /** A field is present that must not be. */
  | "unexpected_field"
  /** A blinded path has no hops. */
  | "empty_path"
  /** A list of paths is present but empty. */
  | "empty_paths"
  /** An unknown even feature bit must be understood, and is not. */
  | "unknown_feature"
  /** A BIP 353 name holds characters that are not allowed. */
  | "invalid_name"
  /** The signature is not correct. */
  | "invalid_signature"
  /** The request answers an offer, which cannot be answered here. */
  | "answers_offer"
  /** The invoice request has expired. */
  | "request_expired"
  /** The request is for another chain. */
  | "wrong_chain"
  /** The amount is zero or more than 21 million bitcoin. */
  | "amount_out_of_range"
  /** The amount given is not the amount of the request. */
  | "amount_mismatch"
  /** A quantity cannot apply to a request without an offer. */
  | "quantity_not_allowed"
  /** An expiry or a timeout of zero seconds leaves no time to pay. */
  | "invalid_expiry"
  /** The preimage does not hash to the payment hash. */
  | "preimage_mismatch"
  /** A parameter cannot be used. */
  | "invalid_parameter"
  /** A label must be 1 to 256 bytes of UTF-8 without NUL. */
  | "invalid_label"
  /** The host holds the preimage and has to report it. */
  | "preimage_required"
  /** Another invoice has this label. */
  | "label_in_use"
  /** Another invoice has this payment hash. */
  | "payment_hash_in_use"
  /** The request has an answer that is open, being claimed or paid. */
  | "already_answered"
  /** The invoice is paid already. */
  | "already_paid"
  /** The invoice expired before it was paid. */
  | "invoice_expired"
  /** There is no such invoice. */
  | "not_found"
  /** The invoice does not have the status that was named. */
  | "status_mismatch"
  /** The payment is being claimed, so the invoice cannot change now. */
  | "claiming"
  /** Less arrived than the invoice asks for. */
  | "amount_too_low"
  /** More than twice the amount of the invoice arrived. */
  | "amount_too_high"
  /** The payment began after the invoice had expired. */
  | "claim_too_late"
  /** The engine has not been restored from its store yet. */
  | "not_open"
  /** A later step took the place of this one. */
  | "step_superseded"
  /** No path leads to the payer. */
  | "no_route"
  /** The payer answered with an error. */
  | "payer_error"
  /** The invoice was not paid within the wait. */
  | "wait_timeout"
  /** No invoice was paid within the wait. */
  | "wait_any_timeout"
  /** The caller ended the wait. */
  | "cancelled"
  /** A peer broke a rule of the transport, or is another node than it was taken for. */
  | "peer_protocol"
  /** A peer is on another chain, requires what is not known here, or takes no onion messages. */
  | "peer_incompatible"
  /** A peer did not answer in time. */
  | "peer_timeout"
  /** There is no open connection to the peer. */
  | "peer_unavailable"
  /** A payment path from the host cannot be used. */
  | "invalid_payment_path"
  /** The payment paths cannot carry the amount. */
  | "insufficient_inbound"
  /** A payment path expires before the invoice does. */
  | "path_expires_early"
  /** The payment source could not create an inbound payment. */
  | "source_failed"
  /** The signer refused, or its signature is wrong. */
  | "signer_failed"
  /** The store could not read or write. */
  | "store_failed"
  /** Another writer changed the store first, or nobody knows whether the last write was done. */
  | "store_conflict"
  /** The store holds something that cannot be read. */
  | "store_corrupt"
  /** The store belongs to another wallet, seed, network or format. */
  | "wrong_store"
  /** The host left a question open, or answered it with something else. */
  | "missing_answer"
  /** The finished invoice did not pass the payer's checks. */
  | "self_check_failed"
  /** A defect of this library. */
  | "internal";

/** What Core Lightning answers in the same case, and whether the same call may succeed later without any change. */
export interface CodeInfo {
  /** The number Core Lightning uses, or -1 where it has none. */
  readonly rpcCode: number;
  /** Whether the same call may succeed later without any change. */
  readonly retryable: boolean;
}

const row = (rpcCode: number, retryable = false): CodeInfo => ({ rpcCode, retryable });

/** Every code. */
export const ERROR_CODES: { readonly [Code in ErrorCode]: CodeInfo } = /* @__PURE__ */ (() => ({
  string_too_long: row(-32602),
  invalid_prefix: row(-32602),
  wrong_type: row(-32602),
  mixed_case: row(-32602),
  invalid_character: row(-32602),
  invalid_continuation: row(-32602),
  invalid_padding: row(-32602),
  empty_stream: row(-32602),
  tlv_truncated: row(-32602),
  tlv_not_minimal: row(-32602),
  tlv_not_ascending: row(-32602),
  unknown_even_field: row(-32602),
  field_out_of_range: row(-32602),
  invalid_length: row(-32602),
  invalid_integer: row(-32602),
  invalid_point: row(-32602),
  invalid_utf8: row(-32602),
  invalid_value: row(-32602),
  limit_exceeded: row(-32602),
  onion_invalid: row(-32602),
  missing_field: row(-32602),
  unexpected_field: row(-32602),
  empty_path: row(-32602),
  empty_paths: row(-32602),
  unknown_feature: row(-32602),
  invalid_name: row(-32602),
  invalid_signature: row(-32602),
  answers_offer: row(-32602),
  request_expired: row(1002),
  wrong_chain: row(-32602),
  amount_out_of_range: row(-32602),
  amount_mismatch: row(-32602),
  quantity_not_allowed: row(-32602),
  invalid_expiry: row(-32602),
  preimage_mismatch: row(-32602),
  invalid_parameter: row(-32602),
  invalid_label: row(-32602),
  preimage_required: row(-32602),
  label_in_use: row(900),
  payment_hash_in_use: row(901),
  already_answered: row(-1),
  already_paid: row(-1),
  invoice_expired: row(903),
  not_found: row(905),
  status_mismatch: row(906),
  claiming: row(-1),
  amount_too_low: row(-1),
  amount_too_high: row(-1),
  claim_too_late: row(-1),
  not_open: row(-1),
  step_superseded: row(-1, true),
  no_route: row(1003),
  payer_error: row(1004),
  wait_timeout: row(1005),
  wait_any_timeout: row(904, true),
  cancelled: row(-1, true),
  peer_protocol: row(-1),
  peer_incompatible: row(-1),
  peer_timeout: row(-1, true),
  peer_unavailable: row(-1, true),
  invalid_payment_path: row(-32602),
  insufficient_inbound: row(-1, true),
  path_expires_early: row(-1, true),
  source_failed: row(-1, true),
  signer_failed: row(-1),
  store_failed: row(-1, true),
  store_conflict: row(-1, true),
  store_corrupt: row(-1),
  wrong_store: row(-1),
  missing_answer: row(-32602),
  self_check_failed: row(-1),
  internal: row(-1),
}))();

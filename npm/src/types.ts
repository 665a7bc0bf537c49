/**
 * What the library's functions return, and what they take.
 *
 * @module
 */

import type { ErrorCode } from "./codes.js";
import type { Field, InvreqError } from "./error.js";
import type { Msat, NodeId, PaymentPath } from "./host.js";
import type { InvoiceRecord, Status } from "./record.js";

/** A network. */
export type Network = "bitcoin" | "testnet" | "testnet4" | "signet" | "regtest";

/** What a text of BOLT 12 is: an offer `lno1…`, an invoice request `lnr1…` or an invoice `lni1…`. */
export type Kind = "offer" | "invoice_request" | "invoice";

/** What a message is held against. */
export interface DecodeOptions {
  /** The network it must be for; `bitcoin` where it is left out. */
  readonly network?: Network | "any" | undefined;
  /** The time, in Unix seconds; without it no expiry is checked. */
  readonly now?: number | undefined;
}

/** A message, described. All text in it is cleaned: it can be shown as it is. */
export interface Decoded {
  /** What it is. */
  readonly kind: Kind;
  /** One sentence that says what it is about. */
  readonly summary: string;
  /** Whether it is signed. A signature that is there is correct. */
  readonly signed: boolean;
  /** `offer_id` of an offer, `invreq_id` of an invoice request or an invoice, as hex. */
  readonly id?: string;
  /** The merkle root, as hex. */
  readonly merkleRoot: string;
  /** Whether it is an invoice request that can be answered. */
  readonly answerable: boolean;
  /** The first rule that keeps a request from being answered, or an invoice from being paid. */
  readonly problem?: Problem;
  /** What is unusual about it. */
  readonly warnings: readonly Warning[];
  /** Every field, in ascending order of the numbers. */
  readonly fields: readonly DecodedField[];
}

/** A field of a message, described. */
export interface DecodedField {
  /** The TLV type number. */
  readonly number: number;
  /** The name in BOLT 12, or `unknown`. */
  readonly name: string;
  /** The value for a person. */
  readonly value: string;
  /** What the field means, in one line. */
  readonly meaning: string;
  /** The length of the value, in bytes. */
  readonly length: number;
  /** The value as it stands in the message, as hex. */
  readonly hex: string;
}

/** A broken rule: the part of an {@link InvreqError} that is about the message. */
export interface Problem {
  /** The stable code. */
  readonly code: ErrorCode;
  /** The TLV record it is about. */
  readonly field?: Field;
  /** The stable id of the rule. */
  readonly rule?: string;
  /** Where the rule stands in the BOLTs. */
  readonly section?: string;
  /** One sentence for a person. */
  readonly message: string;
}

/** Something about a request that is unusual, but does not keep it from being answered. */
export interface Warning {
  /** A stable snake_case id. */
  readonly code: string;
  /** The TLV record it is about. */
  readonly field?: Field;
  /** One sentence for a person. */
  readonly message: string;
}

/** What a text says with a signature. */
export interface Verified {
  /** What it is. */
  readonly kind: Kind;
  /** Whether it is signed; an offer never is. A signature that is there is correct. */
  readonly signed: boolean;
  /** Whose signature it is: the payer's id of a request, the node id of an invoice. */
  readonly nodeId?: NodeId;
  /** `offer_id` of an offer, `invreq_id` of an invoice request or an invoice, as hex. */
  readonly id?: string;
}

/** The terms of an invoice that is made without a payee. */
export interface Terms {
  /** The request to answer, `lnr1…`. */
  readonly invreq: string;
  /** The network the request must be for; `bitcoin` where it is left out. */
  readonly network?: Network | undefined;
  /** The amount, in msat; where it is given it has to be the request's. */
  readonly amountMsat?: Msat | undefined;
  /** The payment hash, as hex. Its preimage must never be used for another invoice. */
  readonly paymentHash: string;
  /** The payment paths of the node that gets the money, best first; 1 to 64. */
  readonly paths: readonly PaymentPath[];
  /** Whether the payment may arrive in parts; by default it may not. */
  readonly mpp?: boolean | undefined;
  /** When the invoice is made, in Unix seconds; now, where it is left out. */
  readonly createdAt?: number | undefined;
  /** How long it can be paid after that, in seconds, from 1; 7,200 where it is left out. */
  readonly expiry?: number | undefined;
  /** The last second in which every path works, in Unix seconds; left out where they do not end. */
  readonly pathsExpireAt?: number | undefined;
}

/** What {@link answer} takes: the terms, and the key that signs. */
export interface AnswerParams extends Terms {
  /** The private key that signs the invoice, 32 bytes: a fresh one for every invoice keeps the payee private. */
  readonly secretKey: Uint8Array;
}

/** What {@link prepare} takes: the terms, and whose key will sign. */
export interface PrepareParams extends Terms {
  /** The public key of the key that will sign. */
  readonly nodeId: NodeId;
}

/** An invoice that waits for its signature. */
export interface UnsignedInvoice {
  /** The 32 bytes to sign with BIP 340. */
  readonly digest: Uint8Array;
  /** The tag the digest was made with, for signers that hash by themselves. */
  readonly tag: string;
  /** The invoice without its signature, for signers that look before they sign. */
  readonly invoice: Uint8Array;
  /** The public key of the key to sign with. */
  readonly nodeId: NodeId;
  /**
   * The signed invoice, `lni1…`, with this BIP 340 signature, 64 bytes. It is held against every rule the payer has.
   *
   * @throws {@link InvreqError} `invalid_signature` if the signature is not one of `nodeId`.
   */
  finish(signature: Uint8Array): string;
}

/** The parameters of `sendInvoice`. */
export interface SendInvoiceParams {
  /** The request to answer, `lnr1…`. */
  readonly invreq: string;
  /** A label, unique in the store: 1 to 256 bytes, without NUL. A number is its decimal text. */
  readonly label: string | number;
  /** The amount, in msat; where it is given it has to be the request's. */
  readonly amountMsat?: Msat | undefined;
  /** How long the call waits, in seconds, from 1; 90 where it is left out. */
  readonly timeout?: number | undefined;
  /** How long the invoice can be paid, in seconds, from 1; the timeout where it is left out. */
  readonly expiry?: number | undefined;
  /** Known from Core Lightning's `sendinvoice`, but it cannot apply to a request without an offer: any value is refused. */
  readonly quantity?: number | bigint | undefined;
  /** What to do if the label is in use: `error` refuses, which is the default, `join` takes up the wait of the earlier call. */
  readonly existing?: "error" | "join" | undefined;
  /** Answer although an earlier answer is open or paid, for requests that may be answered more than once. */
  readonly again?: boolean | undefined;
  /** Sign with this key, through the payee's signer. Without it the key is fresh for every invoice. */
  readonly invoiceNodeId?: NodeId | undefined;
  /** Whether the payer is told how to answer with an error: `wanted`, which is the default, or `unwanted`. */
  readonly replies?: "wanted" | "unwanted" | undefined;
}

/** Which invoices to list, and in what order. */
export interface ListInvoicesQuery {
  /** Only the one with this label. */
  readonly label?: string | number | undefined;
  /** Only the one with this payment hash, as hex. */
  readonly paymentHash?: string | undefined;
  /** Only those with this status. */
  readonly status?: Status | undefined;
  /** The order: as they were `created`, which is the default, or as their status last changed, without those that never did. */
  readonly index?: "created" | "updated" | undefined;
  /** The first index to list. */
  readonly start?: number | undefined;
  /** How many to look at for one page, 1 to 1,000; 100 where it is left out. */
  readonly limit?: number | undefined;
}

/** A page of a list. */
export interface Page {
  /** The invoices. */
  readonly records: readonly InvoiceRecord[];
  /** Where the next page starts; absent at the end. */
  readonly next?: number;
}

/** A payment that waits to be claimed. */
export interface Claim {
  /** Its payment hash, as hex. */
  readonly paymentHash: string;
  /** The sum of all its parts, in msat. */
  readonly totalMsat: Msat;
  /** When its first part arrived, in Unix seconds. */
  readonly firstHtlcAt: number;
}

/** A payment may be claimed. */
export interface ClaimApproval {
  /** The preimage to settle with, as hex; absent where the host holds it. */
  readonly preimage?: string;
  /** The invoice, now marked as being claimed. */
  readonly record: InvoiceRecord;
}

/**
 * What a node is to do with a payment whose HTLCs it holds.
 *
 * - `settle`: settle them with this preimage; without one the node holds it itself. The claim is written down.
 * - `fail`: fail them back: too little, too much or too late.
 * - `unknown`: no invoice of this wallet has the payment hash; it is the node's own business.
 * - `hold`: keep holding them and ask again: the claim may have been written, only nobody can say so now.
 */
export type Verdict =
  | { readonly kind: "settle"; readonly preimage?: string }
  | { readonly kind: "fail"; readonly error: InvreqError }
  | { readonly kind: "unknown" }
  | { readonly kind: "hold"; readonly error: InvreqError };

/** A payment that arrived for good. */
export interface PaymentReceived {
  /** Its payment hash, as hex. */
  readonly paymentHash: string;
  /** What arrived, in msat. */
  readonly amountMsat: Msat;
  /** When it arrived, in Unix seconds. */
  readonly paidAt: number;
  /** The preimage, 32 bytes or hex; needed where the host kept it to itself. */
  readonly preimage?: Uint8Array | string | undefined;
}

/** What answering a request would mean. */
export interface Preview {
  /** The request, field by field; all text in it is cleaned of control and bidi characters. */
  readonly decoded: Decoded;
  /** The amount that would arrive, in msat. */
  readonly amountMsat?: bigint;
  /** What the payer says it is for, cleaned for display. */
  readonly description?: string;
  /** Who the payer says it is, cleaned for display. Nobody has checked it. */
  readonly issuer?: string;
  /** The last second in which the request may be answered, in Unix seconds; past 2^53 it is rounded. */
  readonly expiresAt?: number;
  /** Whether it can be answered here and now. */
  readonly answerable: boolean;
  /** Why it cannot be answered. */
  readonly error?: InvreqError;
  /** Whether the payment source could receive the amount now; absent where it cannot tell. */
  readonly receivable?: boolean;
  /** Whether the request has an answer already that is open, being claimed or paid. */
  readonly alreadyAnswered: boolean;
  /** Whether the request is signed with the payer's key. Without a signature, whoever passed the text on may have changed it. */
  readonly signed: boolean;
}

/** What can become of an invoice. */
export type RecordEventKind =
  "created" | "delivery" | "payerError" | "claiming" | "claimFailed" | "paid" | "expired" | "deleted";

/**
 * Something that happened.
 *
 * - `created`: an invoice was made and written down.
 * - `delivery`: the delivery of an invoice got further, or did not.
 * - `payerError`: the payer answered with an error; the invoice can still be paid.
 * - `claiming`: a payment is being claimed; `claimFailed`: a claim came to nothing.
 * - `paid`, `expired`, `deleted`: the end of an invoice; one that expired can still be paid.
 * - `underpaid`: less arrived than the invoice asks for.
 * - `trouble`: something in the background did not work, or the transport could not answer; it is tried again where that can help.
 * - `clockBehind`: the clock is more than a second behind the latest time in the store; invoices expire late until it is put right.
 * - `missed`: a reader of `events()` fell so far behind that its oldest events were dropped; the records are in the store.
 */
export type PayeeEvent =
  | { [Kind in RecordEventKind]: { readonly kind: Kind; readonly record: InvoiceRecord } }[RecordEventKind]
  | { readonly kind: "underpaid"; readonly record: InvoiceRecord; readonly amountReceivedMsat: bigint }
  | { readonly kind: "trouble"; readonly error: InvreqError }
  | { readonly kind: "clockBehind"; readonly storedMs: number; readonly nowMs: number }
  | { readonly kind: "missed"; readonly count: number };

/** The event of this kind; of `*`, any. */
export type EventOf<Kind extends PayeeEvent["kind"] | "*"> = Kind extends "*"
  ? PayeeEvent
  : Extract<PayeeEvent, { readonly kind: Kind }>;

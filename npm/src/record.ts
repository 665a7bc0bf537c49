/**
 * What is known about an answer.
 *
 * @module
 */

import type { BlindedPath } from "./host.js";

/** Where an invoice stands: `unpaid` becomes `paid` or `expired`; `expired` becomes `paid` only where money came late. */
export type Status = "unpaid" | "paid" | "expired";

/**
 * How far an invoice got on its way to the payer.
 *
 * - `stored`: written down, not yet handed to the host.
 * - `sending`: handed to the host, which has not accepted it yet.
 * - `sent`: the host accepted it; while nothing is heard of the payer, further copies go over the other paths.
 * - `refused`: the payer answered every copy with an error.
 * - `unreachable`: no path leads to the payer.
 */
export type DeliveryState = "stored" | "sending" | "sent" | "refused" | "unreachable";

/** What the host said of the latest copy over a path since the latest resend. */
export type PathOutcome = "untried" | "sending" | "accepted" | "no_route" | "offline" | "failed";

/** What is known of a payment that arrived. */
export interface Payment {
  /** The place in the order of payments, from 1. */
  readonly payIndex: number;
  /** What arrived, in msat; it can be more than the invoice asks for. */
  readonly amountReceivedMsat: bigint;
  /** When it arrived, in Unix seconds. */
  readonly paidAt: number;
  /** The proof of payment, as hex. */
  readonly paymentPreimage: string;
}

/** How far an invoice got on its way to the payer; money is another matter. */
export interface DeliveryReport {
  /** The state of the whole delivery. */
  readonly state: DeliveryState;
  /** How many copies were handed to the host, resends included. */
  readonly attempts: number;
  /** What became of each path, in the order of the request. */
  readonly paths: readonly PathReport[];
  /** What the payer answered, if it answered with an error. */
  readonly error?: PayerError;
}

/** What became of one path to the payer. */
export interface PathReport {
  /** Where the path begins; the payer itself where the request has no paths. */
  readonly introduction: BlindedPath["introduction"];
  /** What the host said of the latest copy over it. */
  readonly outcome: PathOutcome;
  /** How many copies went over it. */
  readonly attempts: number;
}

/** What a payer answered: a hint for a person, never a change of the money's state. */
export interface PayerError {
  /** The payer's text, cut to 1,000 characters and cleaned of control and bidi characters. */
  readonly message: string;
  /** The number of the field the payer objects to; past 2^53 it is rounded. */
  readonly erroneousField?: number;
  /** The value the payer would accept there, as hex. */
  readonly suggestedValue?: string;
  /** When it came, in Unix seconds. */
  readonly receivedAt: number;
}

/** The contents of an {@link InvoiceRecord} as plain data. */
export interface RecordData {
  /** The label it was given, unique in the store. */
  readonly label: string;
  /**
   * The description of the request as the payer wrote it, or empty where it has none. It is a stranger's text, of any characters: the one
   * of a preview is made to be shown.
   */
  readonly description: string;
  /** The payment hash of the invoice, as hex. */
  readonly paymentHash: string;
  /** The id of the request it answers, as hex. */
  readonly invreqId: string;
  /** The signed invoice, `lni1…`. */
  readonly bolt12: string;
  /** The amount of the invoice, in msat. */
  readonly amountMsat: bigint;
  /** Where the invoice stands. */
  readonly status: Status;
  /** Whether a payment is being claimed: its preimage may be out, so nothing else may happen to the invoice. */
  readonly claiming: boolean;
  /** When the invoice was made, in Unix seconds. */
  readonly createdAt: number;
  /** The last second in which the invoice can be paid, in Unix seconds. */
  readonly expiresAt: number;
  /** The place in the order of creation, from 1; never reused in one store. */
  readonly createdIndex: number;
  /** The place in the order of changes; absent until the status first changes. */
  readonly updatedIndex?: number;
  /** What is known of the payment, once paid. */
  readonly payment?: Payment;
  /** How far the invoice got on its way to the payer. */
  readonly delivery: DeliveryReport;
}

/** Everything known about one answer at one moment: the invoice, its status and its delivery. */
export interface InvoiceRecord extends RecordData {}

/** Everything known about one answer at one moment: the invoice, its status and its delivery. It never changes. */
export class InvoiceRecord {
  /** The record of these data. */
  constructor(data: RecordData) {
    Object.freeze(Object.assign(this, data));
  }

  /**
   * The record as JSON text with the names and the order of Core Lightning's `sendinvoice` response: the same bytes as in every
   * other language of the library.
   *
   * Integers are written as such, so a reader that keeps numbers in 64-bit floats has to take care above 2^53.
   */
  toRpc(): string {
    const payment = this.payment;
    const parts: [string, string | number | bigint | undefined][] = [
      ["label", this.label],
      ["bolt12", this.bolt12],
      ["payment_hash", this.paymentHash],
      ["amount_msat", this.amountMsat],
      ["status", this.status],
      ["pay_index", payment?.payIndex],
      ["amount_received_msat", payment?.amountReceivedMsat],
      ["paid_at", payment?.paidAt],
      ["payment_preimage", payment?.paymentPreimage],
      ["description", this.description],
      ["expires_at", this.expiresAt],
      ["created_index", this.createdIndex],
      ["updated_index", this.updatedIndex],
    ];
    const written = parts.flatMap(([name, value]) => {
      if (value === undefined) return [];
      return `"${name}":${typeof value === "string" ? JSON.stringify(value) : value}`;
    });
    return `{${written.join(",")}}`;
  }
}

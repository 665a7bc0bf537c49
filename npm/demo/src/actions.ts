/**
 * What a person can do on the page.
 *
 * @module
 */
import type { InvoiceRecord } from "invreq";

import type { Theme } from "./theme.js";

/** What a person can do on the page. Each can be handed over as it is. */
export interface Actions {
  /** Makes of this text what can be made of it. */
  read(text: string): void;
  /** Takes the text from the clipboard. */
  paste(): void;
  /** Looks for a QR code with the camera. */
  scan(): void;
  /** Reads the QR code in the chosen picture. */
  picture(event: Event): void;
  /** Empties the field. */
  clear(): void;
  /** Asks a payer of the test network for a fresh request. */
  ask(payer: "payer" | "penniless"): void;
  /** Puts a text on the clipboard; `what` is how the page names it. */
  copy(text: string, what: string): void;
  setLabel(label: string): void;
  /** `seconds` is how long the invoice can be paid. */
  setExpiry(seconds: number): void;
  /** Answers the request. */
  answer(event: Event): void;
  /** Shows an invoice in full. */
  show(label: string): void;
  /** Goes back to the field. */
  back(): void;
  /** Shows more of the list. */
  more(): void;
  resend(label: string): void;
  /** Deletes an invoice, if the person means it. */
  remove(record: InvoiceRecord): void;
  setTheme(theme: Theme): void;
}

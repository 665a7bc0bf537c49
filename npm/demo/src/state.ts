/**
 * Everything the page shows.
 *
 * @module
 */
import type { InvoiceRecord, InvreqError, Preview } from "invreq";

import type { Steps } from "./keys.js";
import type { Theme } from "./theme.js";

/** Everything the page shows. */
export interface State {
  /** Whether the wallet is there yet, and why it is not. */
  wallet: { kind: "opening" } | { kind: "open" } | { kind: "failed"; error: InvreqError };
  /** Whether the page reaches the network it sends over. */
  online: boolean;
  /** What is in the field for the request. */
  text: string;
  /** What was made of it. */
  reading: Reading;
  /** The form below a request that can be answered. */
  answer: { label: string; expiry: number; busy: boolean; error?: InvreqError | undefined };
  /** The request of the test payer that is shown as a QR code. */
  offered: { request: string; amountMsat: bigint } | undefined;
  /** Whether the test payer is being asked, and why it did not answer. */
  asking: { busy: boolean; error?: InvreqError | undefined };
  /** The invoice that is shown in full. */
  shown: string | undefined;
  /** What the last button on that invoice came to. */
  action: { busy: boolean; error?: InvreqError | undefined };
  /** The invoices, latest first, and how many of them the list shows. */
  invoices: InvoiceRecord[];
  limit: number;
  /** When their steps were seen. */
  steps: Map<string, Steps>;
  /** The time, in Unix milliseconds: once a second, for what counts down. */
  now: number;
  /** What a screen reader is to say next. */
  said: string;
  /** A word about the last thing that was copied or pasted. */
  note: string;
  theme: Theme;
}

/** What became of the text in the field. */
export type Reading =
  | { kind: "nothing" }
  | { kind: "reading" }
  | { kind: "preview"; preview: Preview }
  | { kind: "error"; error: InvreqError };

/** A page that has just been opened. */
export function firstState(theme: Theme): State {
  return {
    wallet: { kind: "opening" },
    online: true,
    text: "",
    reading: { kind: "nothing" },
    answer: { label: "", expiry: 3600, busy: false },
    offered: undefined,
    asking: { busy: false },
    shown: undefined,
    action: { busy: false },
    invoices: [],
    limit: 10,
    steps: new Map(),
    now: Date.now(),
    said: "",
    note: "",
    theme,
  };
}

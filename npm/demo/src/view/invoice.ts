/**
 * One invoice: how it stands, step by step, and what can be done with it.
 *
 * @module
 */
import type { InvoiceRecord } from "invreq";
import { html, nothing, type TemplateResult } from "lit-html";

import type { Actions } from "../actions.js";
import type { State } from "../state.js";
import { introduction, pathOutcome, remaining, sat, sentence, standing, time, type Tone } from "../words.js";
import type { Steps } from "../keys.js";
import { icon } from "./icons.js";
import { advice, problem } from "./problem.js";

/** An invoice in full. */
export function invoice(state: State, record: InvoiceRecord, actions: Actions): TemplateResult {
  const { word, tone } = standing(record);
  const { busy, error } = state.action;
  const canSend = record.status === "unpaid" && !record.claiming;
  return html`
    <section class="invoice ${record.status}" aria-labelledby="invoice-title">
      <button type="button" class="button plain back" @click=${actions.back}>
        ${icon("back")}New request
      </button>
      <div class="headline">
        <h2 id="invoice-title" tabindex="-1">
          <span class="amount"
            >${record.status === "paid" ? "+" : ""}${sat(record.amountMsat)}
            <span class="unit">sat</span></span
          >
          <span class="label">${record.label}</span>
        </h2>
        <span class="badge ${tone}">${word}</span>
      </div>
      <ol class="timeline">
        ${steps(record, state.steps.get(record.label) ?? {}, state.now).map(step)}
      </ol>
      ${error ? problem(title(error.code), error, advice(error)) : nothing}
      <div class="ways">
        ${
          canSend
            ? html`<button
                type="button"
                class="button"
                ?disabled=${busy}
                @click=${() => actions.resend(record.label)}
              >
                ${icon("resend")}Send again
              </button>`
            : nothing
        }
        <button type="button" class="button" @click=${() => actions.copy(record.bolt12, "The invoice")}>
          ${icon("copy")}Copy invoice
        </button>
        <button
          type="button"
          class="button plain danger"
          ?disabled=${busy || record.claiming}
          @click=${() => actions.remove(record)}
        >
          ${icon("trash")}Delete
        </button>
      </div>
      ${state.note ? html`<p class="hint" role="status">${state.note}</p>` : nothing}
      <details class="more">
        <summary>The record, as Core Lightning writes it</summary>
        <pre tabindex="0">${pretty(record.toRpc())}</pre>
      </details>
    </section>
  `;
}

/** One point of the timeline. */
interface Step {
  state: "done" | "now" | "next" | "bad";
  title: string;
  /** In Unix milliseconds. */
  at?: number | undefined;
  more?: TemplateResult | string | undefined;
}

function step({ state, title, at, more }: Step): TemplateResult {
  const words = { done: "done", now: "under way", next: "to come", bad: "did not work" }[state];
  return html`
    <li class=${state} aria-current=${state === "now" ? "step" : "false"}>
      <span class="dot">${state === "done" ? icon("check") : state === "bad" ? icon("close") : nothing}</span>
      <div class="step">
        <p class="step-title">
          ${title}<span class="visually-hidden">, ${words}</span>
          ${at === undefined ? nothing : html`<time datetime=${new Date(at).toISOString()}>${time(at)}</time>`}
        </p>
        ${more ? html`<div class="hint">${more}</div>` : nothing}
      </div>
    </li>
  `;
}

/** What happened to an invoice, what is happening, and what comes next. */
function steps(record: InvoiceRecord, seen: Steps, now: number): Step[] {
  const stored: Step = {
    state: "done",
    title: "Made and stored",
    at: record.createdAt * 1000,
    more: "Safe on this device, over a reload too.",
  };
  return [stored, delivery(record, seen), ...refusal(record, seen), ...payment(record, seen, now)];
}

function delivery(record: InvoiceRecord, seen: Steps): Step {
  const { state, paths } = record.delivery;
  const ways = html`<ul class="paths">
    ${paths.map((path) => html`<li>via <code>${introduction(path)}</code>: ${pathOutcome(path)}</li>`)}
  </ul>`;
  if (record.status === "paid" || state === "sent" || state === "refused") {
    return { state: "done", title: "Sent over WebSocket", at: seen.sent, more: ways };
  }
  if (state === "unreachable") return { state: "bad", title: "No path leads to the payer", more: ways };
  if (record.status === "expired") return { state: "bad", title: "Not sent in time", more: ways };
  const title = state === "stored" ? "Waiting to be sent" : "Sending to the payer";
  return { state: "now", title, more: ways };
}

function refusal(record: InvoiceRecord, seen: Steps): Step[] {
  const { error } = record.delivery;
  if (!error || record.status === "paid") return [];
  const more = html`It says: “${error.message}”`;
  return [
    {
      state: "bad",
      title: "The payer answered with an error",
      at: error.receivedAt * 1000 || seen.refused,
      more,
    },
  ];
}

function payment(record: InvoiceRecord, seen: Steps, now: number): Step[] {
  if (record.status === "paid" && record.payment) {
    const { paidAt, amountReceivedMsat } = record.payment;
    const claimed: Step = { state: "done", title: "Payment claimed", at: seen.claiming };
    const more = `${sat(amountReceivedMsat)} sat are yours. The payer has its proof of payment.`;
    return [claimed, { state: "done", title: "Paid", at: paidAt * 1000, more }];
  }
  if (record.claiming) {
    const more = "It is at the node, and is settled now.";
    const claiming: Step = { state: "now", title: "Claiming the payment", at: seen.claiming, more };
    return [claiming, { state: "next", title: "Paid" }];
  }
  if (record.status === "expired") {
    return [{ state: "bad", title: "Expired before it was paid", at: record.expiresAt * 1000 }];
  }
  const more = `It can still be paid for ${remaining(record.expiresAt * 1000, now)}.`;
  const isWaiting = record.delivery.state === "sent" || record.delivery.state === "refused";
  return [
    { state: isWaiting ? "now" : "next", title: "Waiting for the payment", more },
    { state: "next", title: "Paid" },
  ];
}

function title(code: string): string {
  switch (code) {
    case "payer_error":
      return "The payer did not pay";
    case "wait_timeout":
      return "Not paid yet";
    case "invoice_expired":
      return "It expired";
    default:
      return "That did not work";
  }
}

/** The exact text of the core, only with line breaks: numbers are not read, so that none is rounded. */
function pretty(json: string): string {
  return json.replace(/("(?:[^"\\]|\\.)*")|([{,}])/g, (_, text?: string, mark?: string) => {
    if (text) return text;
    return mark === "," ? ",\n  " : mark === "{" ? "{\n  " : "\n}";
  });
}

/** What a screen reader is told when an invoice gets further. */
export function announcement(record: InvoiceRecord): string {
  const { word } = standing(record);
  const amount = `${sat(record.amountMsat)} sat`;
  return record.delivery.error && record.status === "unpaid"
    ? `${record.label}: the payer refused. ${sentence(record.delivery.error.message)}`
    : `${record.label}, ${amount}: ${word}.`;
}

/** The colour of an invoice in the list. */
export function toneOf(record: InvoiceRecord): Tone {
  return standing(record).tone;
}

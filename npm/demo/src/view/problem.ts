/**
 * An error in words, with what a developer asks for below.
 *
 * @module
 */
import type { InvreqError } from "invreq";
import { html, nothing, type TemplateResult } from "lit-html";

import { sentence } from "../words.js";
import { icon } from "./icons.js";

/** What went wrong, and why. It is read out at once. */
export function problem(title: string, error: InvreqError, advice?: TemplateResult | string): TemplateResult {
  return html`
    <div class="notice bad" role="alert">
      ${icon("alert")}
      <div class="stack">
        <p class="notice-title">${title}</p>
        <p>${sentence(error.message)}</p>
        ${advice ? html`<p>${advice}</p>` : nothing} ${particulars(error)}
      </div>
    </div>
  `;
}

/** The code, the number, the field and the rule. */
export function particulars(error: Pick<InvreqError, "code" | "rpcCode" | "field" | "rule">): TemplateResult {
  const { code, rpcCode, field, rule } = error;
  return html`
    <dl class="particulars">
      <div>
        <dt>Code</dt>
        <dd><code>${code}</code> (${rpcCode})</dd>
      </div>
      ${
        field
          ? html`<div>
              <dt>Field</dt>
              <dd><code>${field.name}</code> (${field.number})</dd>
            </div>`
          : nothing
      }
      ${
        rule
          ? html`<div>
              <dt>Rule</dt>
              <dd><code>${rule}</code></dd>
            </div>`
          : nothing
      }
    </dl>
  `;
}

/** What to do about an error that came of answering. */
export function advice(error: InvreqError): string | undefined {
  switch (error.code) {
    case "no_route":
      return "The invoice is kept. Send it again when you are better connected.";
    case "payer_error":
      return "The invoice can still be paid, should the payer change its mind.";
    case "wait_timeout":
      return "It can still be paid until it expires. You can send it again.";
    case "invoice_expired":
      return "Ask the payer for a new request.";
    case "label_in_use":
      return "Give this one another label.";
    case "already_answered":
      return "The earlier invoice is in your list.";
    case "store_failed":
      return "Nothing was sent, and what was kept before is still there. You can try again.";
    default:
      return error.retryable ? "You can try again." : undefined;
  }
}

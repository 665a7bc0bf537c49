/**
 * All invoices, latest first.
 *
 * @module
 */
import type { InvoiceRecord } from "invreq";
import { html, nothing, type TemplateResult } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";

import type { Actions } from "../actions.js";
import type { State } from "../state.js";
import { sat, standing, time } from "../words.js";

/** The list of invoices. */
export function list(state: State, actions: Actions): TemplateResult {
  const { invoices, limit } = state;
  return html`
    <section class="card list" aria-labelledby="list-title">
      <div class="headline">
        <h2 id="list-title">Your invoices</h2>
        ${invoices.length > 0 ? html`<p class="hint">kept on this device</p>` : nothing}
      </div>
      ${
        invoices.length === 0
          ? html`<p class="empty">None yet. What you answer is kept here, over a reload too.</p>`
          : html`<ul>
              ${repeat(
                invoices.slice(0, limit),
                (record) => record.createdIndex,
                (record) => row(record, record.label === state.shown, state.now, actions),
              )}
            </ul>`
      }
      ${
        invoices.length > limit
          ? html`<button type="button" class="button plain wide" @click=${actions.more}>Show more</button>`
          : nothing
      }
    </section>
  `;
}

function row(record: InvoiceRecord, isShown: boolean, now: number, actions: Actions): TemplateResult {
  const { word, tone } = standing(record);
  const at = (record.payment?.paidAt ?? record.createdAt) * 1000;
  return html`
    <li>
      <button
        type="button"
        class="row"
        aria-current=${isShown ? "true" : "false"}
        @click=${() => actions.show(record.label)}
      >
        <span class="row-label">${record.label}</span>
        <span class="row-amount">${record.status === "paid" ? "+" : ""}${sat(record.amountMsat)} sat</span>
        <span class="row-time hint">${time(at, now)}</span>
        <span class="badge ${tone}">${word}</span>
      </button>
    </li>
  `;
}

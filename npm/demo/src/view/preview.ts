/**
 * A request in plain words, and the form that answers it.
 *
 * @module
 */
import type { Decoded, Preview } from "invreq";
import { html, nothing, type TemplateResult } from "lit-html";
import { live } from "lit-html/directives/live.js";

import type { Actions } from "../actions.js";
import type { State } from "../state.js";
import { remaining, sat, sentence, time } from "../words.js";
import { icon, type Icon } from "./icons.js";
import { advice, problem } from "./problem.js";

/** How long an invoice can be paid. */
const LIFETIMES = [
  [300, "5 minutes"],
  [3600, "1 hour"],
  [86_400, "1 day"],
] as const;

/** What a request says, and what answering it would mean. */
export function preview(state: State, preview: Preview, actions: Actions): TemplateResult {
  const { amountMsat, description } = preview;
  return html`
    <section class="preview" aria-labelledby="preview-title">
      <h3 id="preview-title" class="amount" tabindex="-1">
        ${amountMsat === undefined ? "No amount" : html`${sat(amountMsat)} <span class="unit">sat</span>`}
      </h3>
      <p class="purpose">
        ${description ? html`for “${description}”` : "The payer does not say what it is for."}
      </p>
      <ul class="facts">
        ${facts(preview, state.now)}
      </ul>
      ${preview.answerable ? form(state, preview, actions) : refused(preview)} ${fields(preview.decoded)}
    </section>
  `;
}

function facts(preview: Preview, now: number): TemplateResult[] {
  const { issuer, expiresAt, signed, receivable, alreadyAnswered } = preview;
  const told: TemplateResult[] = [];
  told.push(
    issuer
      ? fact("person", `It says it is from “${issuer}”`, "Anybody can write that: nobody has checked it.")
      : fact("person", "It does not say who pays", "That is usual. You see who it is by where you got it."),
  );
  if (expiresAt === undefined) {
    told.push(fact("clock", "It does not expire", "The payer can still take it back at any time."));
  } else if (expiresAt * 1000 >= now) {
    const left = remaining(expiresAt * 1000, now);
    told.push(fact("clock", `Good for ${left}`, `Until ${time(expiresAt * 1000, now)}.`));
  }
  told.push(
    signed
      ? fact("signature", "Signed", "It is as its writer made it. Who that is, a signature does not say.")
      : fact(
          "signature",
          "Not signed, which is normal",
          "Whoever passed it on could have changed it. The payer would then not know it and not pay; you lose nothing.",
        ),
  );
  if (receivable === true) {
    told.push(
      fact("received", "Your node can receive this", "Whoever answers first gets paid, so do not wait long."),
    );
  }
  if (receivable === false) {
    told.push(
      fact("alert", "Your node cannot receive this much now", "It needs more inbound liquidity.", "warn"),
    );
  }
  if (alreadyAnswered) {
    told.push(fact("alert", "You have answered it already", "The invoice is in your list.", "warn"));
  }
  const known = ["signature_missing", "description_missing"]; // said above in other words
  for (const warning of preview.decoded.warnings) {
    if (!known.includes(warning.code)) told.push(fact("alert", sentence(warning.message), "", "warn"));
  }
  return told;
}

function fact(name: Icon, title: string, more: string, tone = ""): TemplateResult {
  return html`
    <li class=${tone}>
      ${icon(name)}
      <div>
        <p class="fact-title">${title}</p>
        ${more ? html`<p class="hint">${more}</p>` : nothing}
      </div>
    </li>
  `;
}

function refused(preview: Preview): TemplateResult | typeof nothing {
  return preview.error ? problem("This request cannot be answered", preview.error) : nothing;
}

function form(state: State, preview: Preview, actions: Actions): TemplateResult {
  const { label, expiry, busy, error } = state.answer;
  const atLabel = error?.code === "label_in_use" || error?.code === "invalid_label";
  const amount = preview.amountMsat === undefined ? "" : ` for ${sat(preview.amountMsat)} sat`;
  return html`
    <form class="answer" novalidate @submit=${actions.answer}>
      <div class="pair">
        <div class="field">
          <label for="label">Label</label>
          <input
            id="label"
            type="text"
            autocomplete="off"
            aria-describedby="label-hint"
            aria-invalid=${atLabel ? "true" : "false"}
            .value=${live(label)}
            @input=${(event: InputEvent) => actions.setLabel((event.target as HTMLInputElement).value)}
          />
          <p id="label-hint" class="hint">Only you see it.</p>
        </div>
        <div class="field">
          <label for="expiry">Can be paid for</label>
          <select
            id="expiry"
            @change=${(event: Event) => actions.setExpiry(Number((event.target as HTMLSelectElement).value))}
          >
            ${LIFETIMES.map(
              ([seconds, words]) =>
                html`<option value=${seconds} ?selected=${seconds === expiry}>${words}</option>`,
            )}
          </select>
        </div>
      </div>
      ${error ? problem("The invoice was not sent", error, advice(error)) : nothing}
      <button type="submit" class="button strong wide" ?disabled=${busy}>
        ${icon("send")}${busy ? "Making the invoice…" : `Send an invoice${amount}`}
      </button>
    </form>
  `;
}

/** Everything the request says, field by field. */
function fields(decoded: Decoded): TemplateResult {
  return html`
    <details class="more">
      <summary>Every field of the request</summary>
      <div class="scroll" tabindex="0" role="group" aria-label="The fields of the request">
        <table>
          <thead>
            <tr>
              <th scope="col">Type</th>
              <th scope="col">Field</th>
              <th scope="col">Value</th>
            </tr>
          </thead>
          <tbody>
            ${decoded.fields.map(
              (field) => html`
                <tr>
                  <td>${String(field.number)}</td>
                  <th scope="row">${field.name}<span class="hint">${field.meaning}</span></th>
                  <td class="value">${field.value}</td>
                </tr>
              `,
            )}
          </tbody>
        </table>
      </div>
    </details>
  `;
}

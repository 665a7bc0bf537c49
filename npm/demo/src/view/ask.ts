/**
 * Where a request comes in: pasted, scanned, dropped, or asked of the test payer.
 *
 * @module
 */
import { html, nothing, svg, type TemplateResult } from "lit-html";
import { live } from "lit-html/directives/live.js";

import type { Actions } from "../actions.js";
import { qrPath } from "../codes.js";
import type { State } from "../state.js";
import { sat } from "../words.js";
import { icon } from "./icons.js";
import { problem } from "./problem.js";

/** The field for a request, and the ways to fill it. */
export function field(state: State, actions: Actions): TemplateResult {
  const invalid = state.reading.kind === "error";
  return html`
    <div class="field">
      <label for="request">Invoice request</label>
      <textarea
        id="request"
        rows="3"
        placeholder="lnr1…"
        spellcheck="false"
        autocomplete="off"
        autocapitalize="none"
        aria-describedby="request-hint"
        aria-invalid=${invalid ? "true" : "false"}
        .value=${live(state.text)}
        @input=${(event: InputEvent) => actions.read((event.target as HTMLTextAreaElement).value)}
      ></textarea>
      <p id="request-hint" class="hint">
        The payer shows it as a QR code, or as a text that begins with lnr1.
      </p>
    </div>
    <div class="ways">
      <button type="button" class="button" @click=${actions.paste}>${icon("paste")}Paste</button>
      <button type="button" class="button" @click=${actions.scan}>${icon("camera")}Scan</button>
      <label class="button" for="picture">${icon("image")}<span>Picture</span></label>
      <input
        id="picture"
        class="visually-hidden"
        type="file"
        accept="image/*"
        aria-label="Read a QR code from a picture"
        @change=${actions.picture}
      />
      <button type="button" class="button plain" ?hidden=${state.text === ""} @click=${actions.clear}>
        ${icon("close")}Clear
      </button>
    </div>
    ${state.note ? html`<p class="hint" role="status">${state.note}</p>` : nothing}
  `;
}

/** The amount the test payer promises, in msat. */
export const REFUND_MSAT = 50_000_000n;

/** The payer of the test network, who makes a fresh request. */
export function testPayer(state: State, actions: Actions): TemplateResult {
  const { offered, asking } = state;
  return html`
    <section class="card payer" aria-labelledby="payer-title">
      <h2 id="payer-title">Test payer</h2>
      <p>No request at hand? A payer on this machine owes you a refund, in coins that are worth nothing.</p>
      <div class="ways">
        <button
          type="button"
          class="button wide ${state.text === "" ? "strong" : ""}"
          ?disabled=${asking.busy || state.wallet.kind !== "open"}
          @click=${() => actions.ask("payer")}
        >
          Get a refund of ${sat(REFUND_MSAT)} sat
        </button>
        <button
          type="button"
          class="button plain wide"
          ?disabled=${asking.busy || state.wallet.kind !== "open"}
          @click=${() => actions.ask("penniless")}
        >
          Ask a payer that cannot pay
        </button>
      </div>
      ${asking.error ? problem("The test payer did not answer", asking.error) : nothing}
      ${offered ? code(offered.request, actions) : nothing}
    </section>
  `;
}

function code(request: string, actions: Actions): TemplateResult {
  const { d, side } = qrPath(request);
  const drawing = svg`<path d=${d} />`;
  return html`
    <figure class="code">
      <svg
        viewBox="0 0 ${side} ${side}"
        role="img"
        aria-label="The request as a QR code"
        shape-rendering="crispEdges"
      >
        ${drawing}
      </svg>
      <figcaption>
        <p>How a payer shows it: to be scanned by another device.</p>
        <button type="button" class="button" @click=${() => actions.copy(request, "The request")}>
          ${icon("copy")}Copy the text
        </button>
      </figcaption>
    </figure>
  `;
}

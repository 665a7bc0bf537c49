/**
 * The whole page.
 *
 * @module
 */
import { html, nothing, type TemplateResult } from "lit-html";

import type { Actions } from "../actions.js";
import type { State } from "../state.js";
import type { Theme } from "../theme.js";
import { field, testPayer } from "./ask.js";
import { icon, type Icon } from "./icons.js";
import { invoice } from "./invoice.js";
import { list } from "./list.js";
import { preview } from "./preview.js";
import { advice, problem } from "./problem.js";

/** The whole page. */
export function page(state: State, actions: Actions): TemplateResult {
  return html`
    ${header(state, actions)}
    <main>
      ${state.online ? nothing : offline()} ${failure(state)}
      <div class="columns">
        <div class="card main">${main(state, actions)}</div>
        <div class="side">
          ${state.shown ? nothing : testPayer(state, actions)} ${list(state, actions)} ${roles()}
        </div>
      </div>
    </main>
    <p class="visually-hidden" role="status" aria-live="polite">${state.said}</p>
  `;
}

function main(state: State, actions: Actions): TemplateResult {
  const shown = state.invoices.find((record) => record.label === state.shown);
  if (shown) return invoice(state, shown, actions);
  return html`
    <h2 id="ask-title" tabindex="-1">Get paid</h2>
    ${field(state, actions)} ${reading(state, actions)}
  `;
}

function reading(state: State, actions: Actions): TemplateResult | typeof nothing {
  switch (state.reading.kind) {
    case "preview":
      return preview(state, state.reading.preview, actions);
    case "error":
      return problem("This is not a request that can be answered", state.reading.error);
    case "nothing":
    case "reading":
      return nothing;
  }
}

const THEMES: readonly (readonly [Theme, Icon, string])[] = [
  ["auto", "auto", "As the system"],
  ["light", "light", "Light"],
  ["dark", "dark", "Dark"],
];

function header(state: State, actions: Actions): TemplateResult {
  return html`
    <header>
      <h1>
        <span class="mark" aria-hidden="true">${icon("received")}</span>invreq
        <span class="sub">demo wallet</span>
      </h1>
      <p class="network">
        <span class="pip ${state.online ? "good" : "bad"}"></span
        >${state.online ? "Test network" : "No connection"}
      </p>
      <fieldset class="themes">
        <legend class="visually-hidden">Colours</legend>
        ${THEMES.map(
          ([theme, name, words]) => html`
            <label title=${words}>
              <input
                type="radio"
                name="theme"
                class="visually-hidden"
                .checked=${state.theme === theme}
                @change=${() => actions.setTheme(theme)}
              />
              ${icon(name)}<span class="visually-hidden">${words}</span>
            </label>
          `,
        )}
      </fieldset>
    </header>
  `;
}

function offline(): TemplateResult {
  return html`
    <div class="notice warn" role="status">
      ${icon("unlink")}
      <div class="stack">
        <p class="notice-title">No connection to the test network</p>
        <p>What you have is safe here. What was not sent yet goes out as soon as the network is back.</p>
      </div>
    </div>
  `;
}

function failure(state: State): TemplateResult | typeof nothing {
  if (state.wallet.kind !== "failed") return nothing;
  const { error } = state.wallet;
  return problem("The wallet could not be opened", error, advice(error));
}

/** Who does what: a page can send an invoice, but not receive money by itself. */
function roles(): TemplateResult {
  return html`
    <section class="card roles" aria-labelledby="roles-title">
      <h2 id="roles-title">Who does what</h2>
      <dl>
        <dt>This page</dt>
        <dd>
          reads the request, makes and signs the invoice, keeps it, and sends it over a WebSocket straight to
          the node the payer named. It needs no node and no server for that.
        </dd>
        <dt>The wallet's node or service</dt>
        <dd>
          says how money can reach the wallet, holds a payment that comes in, and settles it with the preimage
          from this page. No page can do that by itself. Here it is a node of the test network.
        </dd>
      </dl>
    </section>
  `;
}

/**
 * Asks before something is lost.
 *
 * @module
 */
import type { InvoiceRecord } from "invreq";
import { html, render } from "lit-html";

/** Asks whether an invoice is to be deleted. */
export async function confirmDeletion(record: InvoiceRecord): Promise<boolean> {
  const dialog = document.createElement("dialog");
  dialog.className = "confirm";
  dialog.setAttribute("aria-labelledby", "confirm-title");
  const warning =
    record.status === "unpaid"
      ? "The payer may have it already. Money that still comes for it will be turned away."
      : "Its record, and with it the proof of what happened, is gone for good.";
  render(
    html`
      <form method="dialog">
        <h2 id="confirm-title">Delete “${record.label}”?</h2>
        <p>${warning}</p>
        <div class="ways end">
          <button class="button" value="keep" autofocus>Keep it</button>
          <button class="button strong danger" value="delete">Delete</button>
        </div>
      </form>
    `,
    dialog,
  );
  document.body.append(dialog);
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  dialog.remove();
  return dialog.returnValue === "delete";
}

/**
 * The camera in a dialog, until it sees a QR code.
 *
 * @module
 */
import { html, nothing, render } from "lit-html";

import { qrReader } from "./codes.js";
import { icon } from "./view/icons.js";

/** Between two looks, in milliseconds. */
const PAUSE_MS = 120;

/** Shows what the camera sees until it sees a QR code; `undefined` where the person closes the dialog. */
export async function scan(): Promise<string | undefined> {
  const dialog = document.createElement("dialog");
  dialog.className = "scan";
  dialog.setAttribute("aria-labelledby", "scan-title");
  document.body.append(dialog);
  const closed = new AbortController();
  dialog.addEventListener("close", () => closed.abort());
  const show = (problem = "") =>
    render(
      content(problem, () => dialog.close()),
      dialog,
    );
  show();
  dialog.showModal();
  let stream: MediaStream | undefined;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    const video = dialog.querySelector("video");
    if (!video || closed.signal.aborted) return undefined;
    video.srcObject = stream;
    await video.play();
    return await look(video, closed.signal);
  } catch (error) {
    if (closed.signal.aborted) return undefined;
    show(inWords(error));
    await new Promise((resolve) => closed.signal.addEventListener("abort", resolve));
    return undefined;
  } finally {
    stream?.getTracks().forEach((track) => track.stop());
    dialog.close();
    dialog.remove();
  }
}

async function look(video: HTMLVideoElement, signal: AbortSignal): Promise<string | undefined> {
  const read = await qrReader();
  while (!signal.aborted) {
    const text = await read(video);
    if (text) return text;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return undefined;
}

function content(problem: string, close: () => void) {
  return html`
    <div class="headline">
      <h2 id="scan-title">Scan the payer's QR code</h2>
      <button type="button" class="button plain" @click=${close}>${icon("close")}Close</button>
    </div>
    ${
      problem
        ? html`<p role="alert">${problem}</p>`
        : html`<div class="viewfinder">
              <video muted playsinline aria-label="What the camera sees"></video>
            </div>
            <p class="hint">Hold it still; it is read by itself.</p>`
    }
    ${problem ? html`<p class="hint">You can paste the text or open a picture instead.</p>` : nothing}
  `;
}

function inWords(error: unknown): string {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError")
    return "The page may not use the camera. Allow it in the browser's settings.";
  if (name === "NotFoundError") return "No camera was found.";
  return "The camera cannot be used right now.";
}

/**
 * What the page does: it changes the state, and the state is drawn.
 *
 * @module
 */
import { IndexedDbStore, InvreqError, StoreError, type InvoiceRecord } from "invreq";
import { render } from "lit-html";

import type { Actions } from "./actions.js";
import { readPicture } from "./codes.js";
import { confirmDeletion } from "./confirm.js";
import { withSteps } from "./keys.js";
import { scan } from "./scan.js";
import { firstState, type State } from "./state.js";
import { setTheme, theme } from "./theme.js";
import { REFUND_MSAT } from "./view/ask.js";
import { announcement } from "./view/invoice.js";
import { page } from "./view/page.js";
import type { OnChange, Wallet } from "./wallet.js";

/** Draws the page into an element, and returns what opens the wallet on it. */
export class App {
  readonly #root: HTMLElement;
  #state: State = firstState(theme());
  #isDrawn = true;
  #wallet: Wallet | undefined;
  /** Of everything that happens to an invoice in another tab the payee tells, but for its end. */
  readonly #otherTabs = new BroadcastChannel("invreq-demo");
  #reading = new AbortController();

  constructor(root: HTMLElement) {
    this.#root = root;
    this.#draw();
    setInterval(() => this.#set({ now: Date.now() }), 1000);
  }

  /** Opens the wallet and shows what is in it. */
  async open(opening: (onChange: OnChange) => Promise<Wallet>): Promise<void> {
    try {
      const wallet = await opening((record, isDeleted) => this.#changed(record, isDeleted));
      this.#wallet = wallet;
      wallet.network.onStatus((online) => this.#set({ online }));
      const steps = await wallet.keepsakes.steps();
      this.#set({ wallet: { kind: "open" }, steps: new Map([...steps, ...this.#state.steps]) });
      await this.#list(wallet);
      this.#otherTabs.onmessage = () => void this.#list(wallet);
      this.#actions.read(this.#state.text);
    } catch (error) {
      this.#set({ wallet: { kind: "failed", error: asInvreqError(error) } });
    }
  }

  readonly #actions: Actions = {
    read: (text) => void this.#read(text),
    paste: () => void this.#paste(),
    scan: () => void this.#scan(),
    picture: (event) => void this.#picture(event),
    clear: () => {
      this.#actions.read("");
      this.#set({ offered: undefined });
      this.#focus("request");
    },
    ask: (payer) => void this.#ask(payer),
    copy: (text, what) => void this.#copy(text, what),
    setLabel: (label) => this.#set({ answer: { ...this.#state.answer, label, error: undefined } }),
    setExpiry: (expiry) => this.#set({ answer: { ...this.#state.answer, expiry } }),
    answer: (event) => {
      event.preventDefault();
      void this.#answer();
    },
    show: (label) => {
      this.#set({ shown: label, action: { busy: false }, note: "" });
      this.#focus("invoice-title");
    },
    back: () => {
      this.#set({ shown: undefined, action: { busy: false }, note: "" });
      this.#focus("ask-title");
    },
    more: () => this.#set({ limit: 2 * this.#state.limit }),
    resend: (label) => void this.#act((wallet) => wallet.payee.resend(label)),
    remove: (record) => void this.#remove(record),
    setTheme: (choice) => {
      setTheme(choice);
      this.#set({ theme: choice });
    },
  };

  async #read(text: string): Promise<void> {
    this.#reading.abort();
    const { signal } = (this.#reading = new AbortController());
    this.#set({ text, note: "", reading: { kind: text.trim() === "" ? "nothing" : "reading" } });
    if (text.trim() === "" || !this.#wallet) return;
    try {
      const preview = await this.#wallet.payee.preview(text.trim(), { signal });
      if (signal.aborted) return;
      const label = this.#freeLabel(preview.description ?? "Payment");
      this.#set({
        reading: { kind: "preview", preview },
        answer: { ...this.#state.answer, label, error: undefined, busy: false },
      });
    } catch (error) {
      if (!signal.aborted) this.#set({ reading: { kind: "error", error: asInvreqError(error) } });
    }
  }

  async #paste(): Promise<void> {
    try {
      await this.#read(await navigator.clipboard.readText());
    } catch {
      this.#set({
        note: "The browser does not let the page read the clipboard. Paste into the field instead.",
      });
      this.#focus("request");
    }
  }

  async #scan(): Promise<void> {
    const text = await scan();
    if (text !== undefined) await this.#read(text);
  }

  async #picture(event: Event): Promise<void> {
    const input = event.target as HTMLInputElement;
    const file = input.files?.[0];
    input.value = ""; // the same picture can be chosen again
    if (file) await this.readFile(file);
  }

  /** Reads the QR code in a picture that was chosen or dropped. */
  async readFile(file: Blob): Promise<void> {
    const text = await readPicture(file).catch(() => undefined);
    if (text === undefined) this.#set({ note: "There is no QR code in that picture that could be read." });
    else await this.#read(text);
  }

  /** Reads a text that was dropped on the page. */
  readText(text: string): void {
    this.#actions.read(text);
  }

  async #ask(payer: "payer" | "penniless"): Promise<void> {
    if (!this.#wallet) return;
    this.#set({ asking: { busy: true } });
    try {
      const request = await this.#wallet.network.createRequest(payer, REFUND_MSAT, "Refund of order 1729");
      this.#set({ offered: { request, amountMsat: REFUND_MSAT }, asking: { busy: false } });
      await this.#read(request);
      this.#focus("preview-title");
    } catch (error) {
      this.#set({ asking: { busy: false, error: asInvreqError(error) } });
    }
  }

  async #copy(text: string, what: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      this.#set({ note: `${what} is on the clipboard.` });
    } catch {
      this.#set({ note: "The browser does not let the page write to the clipboard." });
    }
  }

  /** Answers the request; the page goes on as soon as the invoice is stored, and follows it by its events. */
  async #answer(): Promise<void> {
    const { wallet, text } = { wallet: this.#wallet, text: this.#state.text.trim() };
    const { label, expiry, busy } = this.#state.answer;
    if (!wallet || busy) return;
    this.#set({ answer: { label, expiry, busy: true } });
    try {
      void IndexedDbStore.persist(); // whoever answers wants to keep it
      await wallet.payee.sendInvoice({ invreq: text, label, timeout: expiry, expiry });
    } catch (error) {
      this.#failed(asInvreqError(error), label);
    }
  }

  /** An answer came to nothing: before there was an invoice it is shown at the form, after that at the invoice. */
  #failed(error: InvreqError, label: string): void {
    const isStored = error.record?.label === label && error.code !== "label_in_use";
    if (!isStored) {
      this.#set({ answer: { ...this.#state.answer, busy: false, error } });
      this.#focus(error.code === "label_in_use" || error.code === "invalid_label" ? "label" : "");
    } else if (this.#state.shown === label) {
      this.#set({ action: { busy: false, error } });
    }
  }

  async #act(action: (wallet: Wallet) => Promise<InvoiceRecord>): Promise<void> {
    if (!this.#wallet || this.#state.action.busy) return;
    this.#set({ action: { busy: true } });
    try {
      await action(this.#wallet);
      this.#set({ action: { busy: false } });
    } catch (error) {
      this.#set({ action: { busy: false, error: asInvreqError(error) } });
    }
  }

  async #remove(record: InvoiceRecord): Promise<void> {
    if (!(await confirmDeletion(record))) return;
    await this.#act((wallet) => wallet.payee.delInvoice(record.label, record.status));
    if (this.#state.action.error) return;
    void this.#wallet?.keepsakes.forget(record.label);
    this.#otherTabs.postMessage("deleted");
    this.#set({ shown: undefined });
    this.#focus("list-title");
  }

  /** An invoice got further, here or in another tab. */
  #changed(record: InvoiceRecord, isDeleted: boolean): void {
    const others = this.#state.invoices.filter(({ createdIndex }) => createdIndex !== record.createdIndex);
    const invoices = isDeleted ? others : latestFirst([...others, record]);
    this.#set({ invoices, said: isDeleted ? `${record.label} is deleted.` : announcement(record) });
    this.#remember(record);
    if (this.#state.answer.busy && record.label === this.#state.answer.label) this.#begun(record.label);
  }

  /** The invoice is made: the page shows how it gets on. */
  #begun(label: string): void {
    this.#set({
      shown: label,
      text: "",
      reading: { kind: "nothing" },
      offered: undefined,
      answer: { ...this.#state.answer, busy: false, error: undefined },
      action: { busy: false },
    });
    this.#focus("invoice-title");
  }

  #remember(record: InvoiceRecord): void {
    const before = this.#state.steps.get(record.label) ?? {};
    const steps = withSteps(before, record, Date.now());
    if (steps === before) return;
    this.#set({ steps: new Map(this.#state.steps).set(record.label, steps) });
    // The times are an extra: the invoice itself is safe.
    this.#wallet?.keepsakes.setSteps(record.label, steps).catch(() => undefined);
  }

  async #list(wallet: Wallet): Promise<void> {
    const invoices: InvoiceRecord[] = [];
    for await (const record of wallet.payee.listInvoices()) invoices.push(record);
    const shown = invoices.find((record) => record.label === this.#state.shown)?.label;
    this.#set({ invoices: latestFirst(invoices), shown });
  }

  #freeLabel(wish: string): string {
    const taken = new Set(this.#state.invoices.map((record) => record.label));
    let label = wish;
    for (let number = 2; taken.has(label); number++) label = `${wish} (${number})`;
    return label;
  }

  #set(change: Partial<State>): void {
    this.#state = { ...this.#state, ...change };
    if (!this.#isDrawn) return;
    this.#isDrawn = false;
    queueMicrotask(() => this.#draw());
  }

  #draw(): void {
    this.#isDrawn = true;
    render(page(this.#state, this.#actions), this.#root);
  }

  /** Moves the focus once the page is drawn. */
  #focus(id: string): void {
    queueMicrotask(() => {
      const target = document.getElementById(id);
      target?.focus({ preventScroll: true });
      target?.scrollIntoView({ block: "nearest" });
    });
  }
}

function latestFirst(invoices: InvoiceRecord[]): InvoiceRecord[] {
  return invoices.sort((a, b) => b.createdIndex - a.createdIndex);
}

/** Any error as one with a code. */
export function asInvreqError(error: unknown): InvreqError {
  if (InvreqError.is(error)) return error;
  if (error instanceof StoreError) {
    return new InvreqError({ code: "store_failed", message: error.message }, { cause: error });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new InvreqError({ code: "internal", message }, { cause: error });
}

/**
 * The wallet: what a page needs to answer requests.
 *
 * @module
 */
import { IndexedDbStore, Payee, WebSocketTransport, type InvoiceRecord } from "invreq";

import { Keepsakes } from "./keys.js";
import { TestNetwork } from "./network.js";
import { directory, paymentSource, servePayments } from "./node.js";

/** The wallet, open. */
export interface Wallet {
  payee: Payee;
  network: TestNetwork;
  keepsakes: Keepsakes;
  /** Calls back whenever an invoice gets further, in this tab or in another. */
  onChange(listener: (record: InvoiceRecord, isDeleted: boolean) => void): void;
}

/** Opens the wallet of this browser. */
export async function openWallet(): Promise<Wallet> {
  const store = await IndexedDbStore.open("invreq-demo-wallet");
  const keepsakes = await Keepsakes.open();
  const network = await TestNetwork.open();
  const seed = await keepsakes.seed();
  const payee = await Payee.open({
    network: "regtest",
    store,
    seed,
    source: paymentSource(network),
    transport: new WebSocketTransport({ network: "regtest", directory: directory(network) }),
  });
  seed.fill(0);
  servePayments(network, payee);
  wakeWithThePage(network, payee);
  return {
    payee,
    network,
    keepsakes,
    onChange: (listener) =>
      payee.on("*", (event) => {
        if ("record" in event) listener(event.record, event.kind === "deleted");
      }),
  };
}

/** A page that slept, or was offline, catches up at once. */
function wakeWithThePage(network: TestNetwork, payee: Payee): void {
  const wake = () => {
    if (document.visibilityState !== "visible") return;
    network.wake();
    payee.resume().catch(() => undefined); // it is told as an event
  };
  window.addEventListener("online", wake);
  document.addEventListener("visibilitychange", wake);
  document.addEventListener("resume", wake);
}

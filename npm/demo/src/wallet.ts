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
}

/** Calls back whenever an invoice gets further, in this tab or in another. */
export type OnChange = (record: InvoiceRecord, isDeleted: boolean) => void;

/** Opens the wallet of this browser. */
export async function openWallet(onChange: OnChange): Promise<Wallet> {
  const store = await IndexedDbStore.open({ name: "invreq-demo-wallet" });
  const keepsakes = await Keepsakes.open();
  const network = await TestNetwork.open();
  const seed = await keepsakes.seed();
  const payee = await Payee.open({
    network: "regtest",
    store,
    seed,
    source: paymentSource(network),
    transport: new WebSocketTransport({ network: "regtest", directory: directory(network) }),
    onEvent(event) {
      if ("record" in event) onChange(event.record, event.kind === "deleted");
    },
  });
  seed.fill(0);
  servePayments(network, payee);
  return { payee, network, keepsakes };
}

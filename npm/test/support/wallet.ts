/**
 * A wallet in a process of its own, to be killed: `wallet.ts GREETING STORE PATH TRANSPORT REQUEST [resend]`.
 *
 * It answers the request, or takes up where it left off, and tells its parent of every event and of the end.
 *
 * Seed, label and times are those of `tests/lightning/src/bin/crash-client.rs`: each can take up what the other began.
 *
 * @module
 */

import WebSocket from "ws";

import { paymentSource, servePayments } from "../../demo/src/node.js";
import { Payee, WebSocketTransport } from "../../src/index.js";
import { FileStore, SqliteStore, TcpTransport } from "../../src/node.js";
import { Control, type Greeting } from "./server.js";

const [, , greeting = "", kind, path = "", over, invreq = "", again] = process.argv;
const control = await Control.connect(JSON.parse(greeting) as Greeting);
const store = kind === "sqlite" ? await SqliteStore.open(path) : await FileStore.open(path);
const network = "regtest";
const transport =
  over === "ws"
    ? new WebSocketTransport({ network, directory: control.directory("ws"), WebSocket })
    : new TcpTransport({ network, directory: control.directory("tcp") });
const payee = await Payee.open({
  network,
  store,
  source: paymentSource(control),
  transport,
  seed: new Uint8Array(32).fill(9),
  onEvent: (event) =>
    process.send?.(event.kind === "delivery" ? `delivery ${event.record.delivery.state}` : event.kind),
});
servePayments(control, payee);

const call =
  again === "resend"
    ? payee.resend("crash").then(() => payee.waitInvoice("crash"))
    : payee.sendInvoice({ invreq, label: "crash", timeout: 30, expiry: 600, existing: "join" });
const end = await call.then(
  (record) => ({ status: record.status, rpc: record.toRpc() }),
  (error: { code?: string; rpcCode?: number; message?: string }) => ({
    error: error.code ?? String(error),
    rpcCode: error.rpcCode,
    message: error.message,
  }),
);
await new Promise((sent) => process.send?.(end, sent));
await payee.close();
control.close();
process.disconnect?.();

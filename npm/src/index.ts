/**
 * Answers BOLT 12 invoice requests, and tracks the answers until they are paid.
 *
 * @module
 */

export * from "./codes.js";
export { type ErrorDetails, type Field, InvreqError } from "./error.js";
export * from "./host.js";
export { ready, setModule } from "./module.js";
export { type InvoiceList, Payee, type PayeeOptions, type WaitOptions } from "./payee/payee.js";
export * from "./record.js";
export type { WasmInput } from "./source.js";
export { exportWallet, importWallet, type WalletOptions } from "./stores/export.js";
export * from "./stores/indexed-db.js";
export * from "./stores/memory.js";
export { answer, decode, prepare, verify } from "./text.js";
export * from "./transports/directory.js";
export type { Dialer, Duplex, DuplexEvents } from "./transports/duplex.js";
export { SocketTransport, type SocketTransportOptions } from "./transports/socket.js";
export * from "./transports/websocket.js";
export * from "./types.js";

/**
 * What only Node has: stores in files, and a transport over TCP.
 *
 * @module
 */

export { FileStore } from "./stores/file.js";
export { SqliteStore, type SqliteStoreOptions } from "./stores/sqlite.js";
export type { SqliteDriver } from "./stores/sqlite-driver.js";
export type { SocketTransportOptions } from "./transports/socket.js";
export { TcpTransport } from "./transports/tcp.js";

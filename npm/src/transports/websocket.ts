import * as check from "../check.js";
import { invalid } from "../error.js";
import type { Dialer, Duplex, DuplexEvents } from "./duplex.js";
import { SocketTransport, type SocketTransportOptions } from "./socket.js";

/** As much of the standard `WebSocket` as the transport uses; the npm package `ws` has it, too. */
export interface WebSocketLike {
  /** How messages come: it is set to `arraybuffer`. */
  binaryType: string;
  /** How many bytes wait to be sent. */
  readonly bufferedAmount: number;
  /** Called when the connection stands. */
  onopen: ((event: never) => void) | null;
  /** Called with every message. */
  onmessage: ((event: never) => void) | null;
  /** Called when the connection has ended. */
  onclose: ((event: never) => void) | null;
  /** Called when the connection failed. */
  onerror: ((event: never) => void) | null;
  /** Sends one message. */
  send(data: Uint8Array<ArrayBuffer>): void;
  /** Ends the connection. */
  close(): void;
}

/** Makes a {@link WebSocketLike}. */
export type WebSocketConstructor = new (url: string) => WebSocketLike;

/** What a {@link WebSocketTransport} is told. */
export interface WebSocketTransportOptions extends SocketTransportOptions {
  /** The class to connect with, where there is no global `WebSocket`: Node 20 takes that of the npm package `ws`. */
  WebSocket?: WebSocketConstructor | undefined;
}

/**
 * A transport over WebSocket, for browsers, Deno, Bun and Node: a page sends an invoice to a payer's node by itself.
 *
 * The addresses are `ws://…` and `wss://…`, as Core Lightning's `bind-addr=ws:` offers them. A page that came over `https` can open
 * `wss://` only, and `ws://` to its own machine; a proxy that speaks `wss` and forwards the bytes to the node's TCP port sees
 * nothing but an encrypted stream.
 *
 * @example
 * ```ts
 * const transport = new WebSocketTransport({ network: "bitcoin", directory });
 * ```
 *
 * @throws `InvreqError` with the code `invalid_parameter` for the options, or where there is no `WebSocket`.
 */
export class WebSocketTransport extends SocketTransport {
  /** A transport that has no connection yet. */
  constructor(options: WebSocketTransportOptions) {
    const given = check.read(options, "options", ["WebSocket"]).WebSocket;
    const found = given ?? (globalThis as { WebSocket?: unknown }).WebSocket;
    if (found === undefined) {
      throw invalid("there is no WebSocket here: pass that of the package ws as the option WebSocket");
    }
    if (typeof found !== "function") {
      throw invalid(`WebSocket has to be a class, not ${check.kindOf(found)}`);
    }
    super(options, new WebSocketDialer(found as WebSocketConstructor));
  }
}

class WebSocketDialer implements Dialer {
  /** With a handshake of TLS, and names to look up. */
  readonly timeoutMs = 10_000;

  constructor(private readonly Socket: WebSocketConstructor) {}

  knows(address: string): boolean {
    return /^wss?:\/\/[^/]/i.test(address) && URL.canParse(address);
  }

  dial(address: string, events: DuplexEvents): Duplex {
    return new WebSocketDuplex(new this.Socket(address), events);
  }
}

class WebSocketDuplex implements Duplex {
  readonly #socket: WebSocketLike;

  constructor(socket: WebSocketLike, events: DuplexEvents) {
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => events.opened();
    socket.onmessage = (event: { data: unknown }) => {
      // Text has no place on this connection.
      if (isBuffer(event.data)) return events.received(new Uint8Array(event.data));
      this.close();
      events.ended("unreachable");
    };
    const over = (): void => {
      this.#silence();
      events.ended(isOffline() ? "offline" : "unreachable");
    };
    socket.onclose = over;
    socket.onerror = over;
  }

  get buffered(): number {
    return this.#socket.bufferedAmount;
  }

  send(bytes: Uint8Array): void {
    this.#socket.send(Uint8Array.from(bytes));
  }

  close(): void {
    this.#silence();
    this.#socket.close();
  }

  #silence(): void {
    const { onopen, onmessage, onclose } = { onopen: null, onmessage: null, onclose: null };
    Object.assign(this.#socket, { onopen, onmessage, onclose });
    // The package `ws` throws an error that nobody listens to.
    this.#socket.onerror = () => {};
  }
}

/** By what it is, not by its class: each realm has its own. */
function isBuffer(data: unknown): data is ArrayBuffer {
  return Object.prototype.toString.call(data) === "[object ArrayBuffer]";
}

/** Whether the browser says that there is no network; elsewhere nobody says so. */
function isOffline(): boolean {
  return (globalThis as { navigator?: { onLine?: boolean } }).navigator?.onLine === false;
}

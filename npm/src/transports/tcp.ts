import { connect, isIPv6, type Socket } from "node:net";

import type { Dialer, Duplex, DuplexEvents } from "./duplex.js";
import { SocketTransport, type SocketTransportOptions } from "./socket.js";

/**
 * A transport over TCP, for Node, Deno and Bun.
 *
 * The addresses are `host:port` and `[v6]:port`; names are looked up. Tor's `.onion` addresses are passed over.
 *
 * @example
 * ```ts
 * const transport = new TcpTransport({ network: "bitcoin", directory });
 * ```
 *
 * @throws `InvreqError` with the code `invalid_parameter` for the options.
 */
export class TcpTransport extends SocketTransport {
  /** A transport that has no connection yet. */
  constructor(options: SocketTransportOptions) {
    super(options, new TcpDialer());
  }
}

class TcpDialer implements Dialer {
  /** With names to look up. */
  readonly timeoutMs = 10_000;

  knows(address: string): boolean {
    return hostAndPort(address) !== undefined;
  }

  dial(address: string, events: DuplexEvents): Duplex {
    const target = hostAndPort(address);
    if (!target) throw new Error("this is no address");
    return new TcpDuplex(connect({ ...target, noDelay: true }), events);
  }
}

class TcpDuplex implements Duplex {
  readonly #socket: Socket;
  #isOver = false;

  constructor(socket: Socket, events: DuplexEvents) {
    this.#socket = socket;
    const tell = (event: () => void): void => {
      if (!this.#isOver) event();
    };
    const over = (why: "offline" | "unreachable"): void => {
      tell(() => {
        this.close();
        events.ended(why);
      });
    };
    socket.on("connect", () => tell(() => events.opened()));
    socket.on("data", (bytes) => tell(() => events.received(bytes)));
    socket.on("drain", () => tell(() => events.drained()));
    socket.on("error", (error) => over(isOffline(error) ? "offline" : "unreachable"));
    socket.on("end", () => over("unreachable"));
    socket.on("close", () => over("unreachable"));
  }

  get buffered(): number {
    return this.#socket.writableLength;
  }

  send(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  close(): void {
    this.#isOver = true;
    this.#socket.destroy();
  }
}

/** The two parts of `host:port` and `[v6]:port`: not of one of Tor's, nor of a URL. */
function hostAndPort(address: string): { host: string; port: number } | undefined {
  const [, v6, name, digits] = /^(?:\[([^\]]+)\]|([A-Za-z0-9._-]{1,253})):([0-9]{1,5})$/.exec(address) ?? [];
  const host = v6 ?? name;
  const port = Number(digits);
  if (host === undefined || port < 1 || port > 65_535) return undefined;
  if (v6 !== undefined && !isIPv6(v6)) return undefined;
  return host.toLowerCase().endsWith(".onion") ? undefined : { host, port };
}

/** Whether an error says that there is no network, rather than something about the other end. */
function isOffline(error: Error & { code?: string; errors?: Error[] }): boolean {
  if (error.errors && error.errors.length > 0) return error.errors.every(isOffline);
  return ["ENETUNREACH", "ENETDOWN", "EAI_AGAIN"].includes(error.code ?? "");
}

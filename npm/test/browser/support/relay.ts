/**
 * Stands between a page and the test server: it counts what goes through, holds it up, and cuts it off.
 *
 * @module
 */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** No smaller frame holds an invoice, and a larger one holds nothing else: the rest are pings and greetings. */
const INVOICE_BYTES = 1000;

/** A port of the test server, as a page sees it. */
export class Relay {
  /** How many invoices went through to the node. */
  invoices = 0;
  /** How many connections came. */
  dials = 0;
  readonly #server: Server;
  readonly #target: { host: string; port: number };
  readonly #sockets = new Set<Socket>();
  #mode: "open" | "held" | "cut" = "open";
  #release: (() => void)[] = [];
  #isMute = false;

  private constructor(target: string) {
    const { hostname, port } = new URL(target);
    this.#target = { host: hostname, port: Number(port) };
    this.#server = createServer((client) => this.#accept(client));
  }

  /** Stands before this address, `ws://…`. */
  static async before(target: string): Promise<Relay> {
    const relay = new Relay(target);
    relay.#server.listen(0, "127.0.0.1");
    await once(relay.#server, "listening");
    return relay;
  }

  /** Where the page connects to. */
  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Lets connections come, and nothing through them. */
  hold(): void {
    this.#mode = "held";
  }

  /** Keeps back what the node says; what the page says goes through. */
  mute(): void {
    this.#isMute = true;
  }

  /** Ends all connections, and every new one at once. */
  cut(): void {
    this.#mode = "cut";
    this.#sockets.forEach((socket) => socket.destroy());
  }

  /** Lets everything through again, what was held up first. */
  open(): void {
    this.#mode = "open";
    this.#isMute = false;
    this.#release.splice(0).forEach((release) => release());
  }

  /** Ends it. */
  close(): void {
    this.cut();
    this.#server.close();
  }

  #accept(client: Socket): void {
    this.dials += 1;
    client.on("error", () => client.destroy());
    if (this.#mode === "cut") {
      client.destroy();
      return;
    }
    this.#sockets.add(client);
    client.on("close", () => this.#sockets.delete(client));
    const through = () => {
      if (client.destroyed) return;
      const node = connect(this.#target);
      const frames = new Frames();
      node.on("error", () => client.destroy()).on("close", () => client.destroy());
      client.on("close", () => node.destroy());
      node.on("data", (bytes) => {
        if (this.#isMute) this.#release.push(() => client.write(bytes));
        else client.write(bytes);
      });
      client.on("data", (bytes) => {
        this.invoices += frames.lengths(bytes).filter((length) => length >= INVOICE_BYTES).length;
        node.write(bytes);
      });
    };
    if (this.#mode === "held") this.#release.push(through);
    else through();
  }
}

/** Reads the lengths of a client's WebSocket frames (RFC 6455, 5.2), behind its HTTP request. */
class Frames {
  #rest = Buffer.alloc(0);
  #isOpen = false;

  lengths(bytes: Buffer): number[] {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const found: number[] = [];
    if (!this.#isOpen) {
      const end = this.#rest.indexOf("\r\n\r\n");
      if (end < 0) return found;
      this.#rest = this.#rest.subarray(end + 4);
      this.#isOpen = true;
    }
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) found.push(frame);
    return found;
  }

  #next(): number | undefined {
    const mask = 4;
    if (this.#rest.length < 2) return undefined;
    const short = this.#rest.readUInt8(1) & 0x7f;
    const head = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + mask;
    if (this.#rest.length < head) return undefined;
    const length =
      short === 126
        ? this.#rest.readUInt16BE(2)
        : short === 127
          ? Number(this.#rest.readBigUInt64BE(2))
          : short;
    if (this.#rest.length < head + length) return undefined;
    this.#rest = this.#rest.subarray(head + length);
    return length;
  }
}

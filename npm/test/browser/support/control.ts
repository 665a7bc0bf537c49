/**
 * The control protocol of the test server over TCP, for the test itself: tests/lightning/README.md.
 *
 * @module
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";

type Fields = { [name: string]: unknown };

/** A connection to the test server. */
export class Control {
  /** Everything that happened at the nodes since it was made. */
  readonly events: ({ event: string; node: string } & Fields)[] = [];
  readonly #socket: Socket;
  readonly #waiting = new Map<number, (answer: { result?: Fields; error?: { message: string } }) => void>();
  #nextId = 1;

  private constructor(socket: Socket) {
    this.#socket = socket;
    createInterface({ input: socket }).on("line", (line) => {
      const message = JSON.parse(line);
      if (typeof message.event === "string") this.events.push(message);
      else this.#waiting.get(message.id)?.(message);
    });
  }

  /** Connects to an address `host:port`. */
  static async connect(address: string): Promise<Control> {
    const { hostname, port } = new URL(`tcp://${address}`);
    const socket = connect({ host: hostname, port: Number(port) });
    await once(socket, "connect");
    return new Control(socket);
  }

  /** Asks for something. */
  async call(method: string, params: Fields = {}): Promise<Fields> {
    const id = this.#nextId++;
    this.#socket.write(`${JSON.stringify({ id, method, params })}\n`);
    const answer = await new Promise<{ result?: Fields; error?: { message: string } }>((resolve) =>
      this.#waiting.set(id, resolve),
    );
    this.#waiting.delete(id);
    if (!answer.result) throw new Error(`${method}: ${answer.error?.message ?? "no result"}`);
    return answer.result;
  }

  /** Hangs up. */
  close(): void {
    this.#socket.destroy();
  }
}

/**
 * A Lightning network for tests, as a Node process sees it: tests/lightning/README.md.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import type { Directory, NodeId, Sciddir } from "../../src/index.js";

/** Where a node listens. */
export interface ServedNode {
  readonly node_id: NodeId;
  /** `host:port`, for BOLT 8 over TCP. */
  readonly tcp: string;
  /** `ws://host:port`, for the same in frames. */
  readonly ws: string;
}

/** The first line of the test server. */
export interface Greeting {
  readonly control: { readonly tcp: string; readonly ws: string };
  readonly nodes: Readonly<Record<string, ServedNode>>;
}

/** Something that happened at a node. */
export interface NodeEvent {
  readonly event: string;
  readonly node: string;
  readonly [field: string]: unknown;
}

type Fields = { [name: string]: unknown };

interface Answer {
  readonly id: number;
  readonly result?: Fields;
  readonly error?: { readonly code: string; readonly message: string };
}

/** The program: `cargo build -p invreq-lightning --bins` makes it, or `INVREQ_TEST_SERVER` names it. */
export function testServer(): string {
  const target =
    process.env["CARGO_TARGET_DIR"] ?? fileURLToPath(new URL("../../../target", import.meta.url));
  return process.env["INVREQ_TEST_SERVER"] ?? `${target}/debug/test-server`;
}

/** A running test server. */
export class TestServer {
  private constructor(
    readonly greeting: Greeting,
    readonly control: Control,
    private readonly child: ChildProcess,
  ) {}

  /** Starts one. */
  static async start(topology: "relayed" | "direct" = "relayed"): Promise<TestServer> {
    const child = spawn(testServer(), [topology], { stdio: ["pipe", "pipe", "inherit"] });
    await once(child, "spawn");
    const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
    const greeting = JSON.parse(line) as Greeting;
    return new TestServer(greeting, await Control.connect(greeting), child);
  }

  /** Ends it. */
  async stop(): Promise<void> {
    this.control.close();
    this.child.stdin?.end();
    if (this.child.exitCode === null) await once(this.child, "exit");
  }
}

/** A control connection over TCP. */
export class Control {
  /** Every event since it was made. */
  readonly events: NodeEvent[] = [];
  readonly #socket: Socket;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #listeners = new Set<(event: NodeEvent) => void>();
  #nextId = 1;

  private constructor(
    socket: Socket,
    readonly nodes: Greeting["nodes"],
  ) {
    this.#socket = socket;
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      const message = "the control connection is closed";
      for (const [id, answer] of this.#waiting) answer({ id, error: { code: "closed", message } });
    });
    createInterface({ input: socket }).on("line", (line) =>
      this.#receive(JSON.parse(line) as Answer | NodeEvent),
    );
  }

  /** Connects to the server of this greeting. */
  static async connect(greeting: Greeting): Promise<Control> {
    const { hostname, port } = new URL(`tcp://${greeting.control.tcp}`);
    const socket = connect({ host: hostname, port: Number(port) });
    await once(socket, "connect");
    return new Control(socket, greeting.nodes);
  }

  /** Asks for something. */
  async call(method: string, params: Fields = {}): Promise<Fields> {
    const id = this.#nextId++;
    this.#socket.write(`${JSON.stringify({ id, method, params })}\n`);
    const { result, error } = await new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    if (!result) throw new Error(`${method}: ${error?.message ?? "no result"}`);
    return result;
  }

  /** A fresh request of a payer, over an amount in msat. */
  async createRequest(amountMsat: number, payer = "payer"): Promise<string> {
    const { request } = await this.call("create_request", { amount_msat: amountMsat, node: payer });
    return String(request);
  }

  /** Calls back for everything that happens at the nodes. */
  onEvent(listener: (event: NodeEvent) => void): void {
    this.#listeners.add(listener);
  }

  /** Calls back that it is connected: over loopback it stays so. */
  onStatus(listener: (online: boolean) => void): void {
    listener(true);
  }

  /** What a socket cannot hear: where the nodes listen, and whose channel is whose. */
  directory(over: "tcp" | "ws"): Directory {
    return {
      addresses: async (nodeId: NodeId) =>
        Object.values(this.nodes).flatMap((node) => (node.node_id === nodeId ? [node[over]] : [])),
      resolveScid: async ({ scid, direction }: Sciddir) => {
        const sciddir = `0${direction}${scid.toString(16).padStart(16, "0")}`;
        const { node_id: nodeId } = await this.call("resolve_scid", { sciddir });
        return typeof nodeId === "string" ? nodeId : undefined;
      },
    };
  }

  /** Waits for an event, past or to come. */
  async event(name: string, isMeant: (event: NodeEvent) => boolean = () => true): Promise<NodeEvent> {
    const found = this.events.find((event) => event.event === name && isMeant(event));
    if (found) return found;
    return new Promise((resolve) => {
      this.onEvent((event) => {
        if (event.event === name && isMeant(event)) resolve(event);
      });
    });
  }

  /** Hangs up. */
  close(): void {
    this.#socket.destroy();
  }

  #receive(message: Answer | NodeEvent): void {
    if ("event" in message) {
      this.events.push(message);
      for (const listener of this.#listeners) listener(message);
      return;
    }
    this.#waiting.get(message.id)?.(message);
    this.#waiting.delete(message.id);
  }
}

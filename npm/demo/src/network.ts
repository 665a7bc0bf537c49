/**
 * The test network: its nodes, its payers, and the wallet's own node behind its API.
 *
 * @module
 */

/** A node of the network. */
export interface NetworkNode {
  node_id: string;
  /** Where it speaks BOLT 8 to a browser. */
  ws: string;
}

/** Something that happened at a node, as the test server tells it. */
export interface NodeEvent {
  event: string;
  node: string;
  [field: string]: unknown;
}

interface Greeting {
  control: { ws: string };
  nodes: { [name: string]: NetworkNode };
}

interface Answer {
  id?: number;
  result?: unknown;
  error?: { code: string; message: string };
}

/** The pause before the next try to connect, in milliseconds. */
const AGAIN_MS = 500;

/** The control connection to the test server. It comes back by itself whenever it is lost. */
export class TestNetwork {
  readonly nodes: Greeting["nodes"];
  readonly #url: string;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  readonly #onEvent = new Set<(event: NodeEvent) => void>();
  readonly #onStatus = new Set<(online: boolean) => void>();
  #socket: WebSocket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #nextId = 1;

  private constructor(greeting: Greeting) {
    this.nodes = greeting.nodes;
    this.#url = greeting.control.ws;
    this.#connect();
    for (const event of ["online", "pageshow"]) window.addEventListener(event, () => this.#wake());
    for (const event of ["visibilitychange", "resume"]) document.addEventListener(event, () => this.#wake());
  }

  /** The network this page was served with; it may not be reached now. */
  static async open(): Promise<TestNetwork> {
    const response = await fetch("network.json");
    if (!response.ok) throw new Error(`the page's server answered ${response.status}`);
    const network = new TestNetwork((await response.json()) as Greeting);
    await new Promise<void>((resolve) => {
      network.#onStatus.add(() => resolve());
    });
    return network;
  }

  /** Asks the test server to do something. */
  async call(method: string, params: { [name: string]: unknown } = {}): Promise<{ [name: string]: unknown }> {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) throw new Error("there is no connection to the test network");
    const id = this.#nextId++;
    const answer = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    socket.send(JSON.stringify({ id, method, params }));
    return (await answer) as { [name: string]: unknown };
  }

  /** A fresh request of a payer, over an amount in msat. */
  async createRequest(payer: string, amountMsat: bigint, description: string): Promise<string> {
    const params = { amount_msat: Number(amountMsat), description, node: payer };
    return String((await this.call("create_request", params))["request"]);
  }

  /** Calls back for everything that happens at the nodes. */
  onEvent(listener: (event: NodeEvent) => void): void {
    this.#onEvent.add(listener);
  }

  /** Calls back now and whenever the connection comes or goes. */
  onStatus(listener: (online: boolean) => void): void {
    this.#onStatus.add(listener);
    listener(this.#socket?.readyState === WebSocket.OPEN);
  }

  #connect(): void {
    this.#timer = undefined;
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.onopen = () => this.#tell(true);
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(String(data)) as Answer | NodeEvent);
    socket.onclose = () => {
      this.#waiting.forEach(({ reject }) => reject(new Error("the connection to the test network was lost")));
      this.#waiting.clear();
      this.#tell(false);
      this.#timer = setTimeout(() => this.#connect(), AGAIN_MS);
    };
  }

  /** Does not wait for the next try: the machine woke up, or the network is back. */
  #wake(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#connect();
  }

  #receive(message: Answer | NodeEvent): void {
    if ("event" in message) {
      this.#onEvent.forEach((listener) => listener(message));
      return;
    }
    const waiting = this.#waiting.get(message.id ?? 0);
    this.#waiting.delete(message.id ?? 0);
    if (message.error) waiting?.reject(new Error(message.error.message));
    else waiting?.resolve(message.result);
  }

  #tell(online: boolean): void {
    this.#onStatus.forEach((listener) => listener(online));
  }
}

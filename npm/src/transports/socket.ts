/**
 * A transport for hosts that have nothing but a socket, whatever the socket is.
 *
 * @module
 */

import type {
  Clock,
  Delivery,
  Entropy,
  NodeId,
  Received,
  Route,
  Sciddir,
  SendOutcome,
  Transport,
} from "../host.js";
import * as check from "../check.js";
import { invalid } from "../error.js";
import { call } from "../module.js";
import { methods, TimeAndDice } from "../payee/host.js";
import { network } from "../text.js";
import type { Network } from "../types.js";
import type { Directory } from "./directory.js";
import type { Dialer } from "./duplex.js";
import { Keeper } from "./keeper.js";
import { type Command, Shared } from "./shared.js";

/** The most addresses of a node that are taken. */
const MAX_LISTED = 64;

/** What a transport over a socket is told. */
export interface SocketTransportOptions {
  /** The network the invoices are for. */
  network: Network;
  /** Where nodes listen, by node id. Several addresses of a node are tried in their order, at most eight. */
  addresses?: Readonly<Record<NodeId, readonly string[]>> | undefined;
  /** Asked about nodes and channels. Without it, only the nodes of `addresses` can be reached. */
  directory?: Directory | undefined;
  /** The secret key of the node we are to others, 32 bytes; by default a new one that nobody knows. */
  key?: Uint8Array | undefined;
  /** The time; the system's by default. */
  clock?: Clock | undefined;
  /** The dice; the system's by default. */
  entropy?: Entropy | undefined;
}

/**
 * A transport that connects to the node an invoice has to reach, with a node key of its own and no node.
 *
 * It *sends* invoices: it needs no channel, no gossip and no node. Receiving the money always takes the host's node or service, whose
 * payment paths are in the invoice.
 *
 * A connection stays open until the last invoice sent over it has expired, because the payer's errors come back over it; one that
 * breaks is made again, with pauses, and at once when the browser says that it is back online; elsewhere {@link online} says so. There
 * are at most 32; when one more is needed, the one whose invoices expire first is closed. `accepted` means that the node has read the
 * message: it has answered a ping that was sent behind it.
 */
export abstract class SocketTransport implements Transport {
  readonly #shared: Shared;
  readonly #online = (): void => this.online();

  /** A transport over this kind of stream.  */
  protected constructor(options: SocketTransportOptions, dialer: Dialer) {
    const given = check.read(options, "options", [
      "network",
      "addresses",
      "directory",
      "key",
      "clock",
      "entropy",
    ]);
    const time = new TimeAndDice(given.clock, given.entropy);
    const key = check.optional(given.key, secretKey, "key") ?? time.entropy();
    this.#shared = new Shared({
      network: network(given.network),
      key,
      nodeId: call((glue) => glue.publicKey(key)),
      addresses: check.optional(given.addresses, readAddresses, "addresses") ?? new Map(),
      directory: check.optional(given.directory, readDirectory, "directory"),
      dialer,
      clock: {
        nowMs: () => time.nowMs(),
        sleepUntil: async (atMs, { signal }) => time.waitUntil(time.nowMs(), atMs, signal),
      },
      entropy: () => time.entropy(),
    });
    if (typeof globalThis.addEventListener === "function")
      globalThis.addEventListener("online", this.#online);
  }

  /** The node id other nodes see: 66 hex digits. */
  get nodeId(): NodeId {
    return this.#shared.parts.nodeId;
  }

  /** Sends one copy, and says what became of it within a minute. */
  async send(delivery: Delivery, options: { signal: AbortSignal }): Promise<SendOutcome> {
    const { firstHop, message } = delivery.packet;
    if (this.#shared.isClosed || options.signal.aborted) return "offline";
    return new Promise((resolve) => {
      const command: Command = {
        message: Uint8Array.from(message),
        addresses: this.#shared.addressesOf(firstHop, delivery.connect),
        keepUntilMs: delivery.expiresAt * 1000,
        forgotten: false,
        answer: (outcome) => {
          options.signal.removeEventListener("abort", forget);
          resolve(outcome);
        },
      };
      const forget = (): void => {
        command.forgotten = true;
        this.#shared.links.get(firstHop)?.poke();
      };
      options.signal.addEventListener("abort", forget);
      // There is too much to do just now.
      if (!this.#handOver(firstHop, command)) command.answer("offline");
    });
  }

  /** The node at one end of a channel, from the directory. */
  async resolveScid(end: Sciddir, options: { signal: AbortSignal }): Promise<NodeId | undefined> {
    return this.#shared.parts.directory?.resolveScid?.(end, options);
  }

  /** The way to a node: to itself or to the first node of the directory's way; `undefined` where no address is known. */
  async findRoute(nodeId: NodeId, options: { signal: AbortSignal }): Promise<Route | undefined> {
    const via = (await this.#shared.parts.directory?.via?.(nodeId, options)) ?? [];
    const peer = via[0] ?? nodeId;
    const connect = await this.#shared.lookUp(peer, options.signal);
    if (connect.length === 0) return undefined;
    // The payer's answer goes to our peer, which has us connected.
    return { via, connect, reply: { kind: "node", via: [peer], nodeId: this.nodeId } };
  }

  /** The shared secret of the transport's key and a point. Rejects for any other node. */
  async ecdh(nodeId: NodeId, point: string): Promise<Uint8Array> {
    if (nodeId !== this.nodeId) throw new Error("this transport has another node key");
    return call((glue) => glue.ecdh(this.#shared.parts.key, point));
  }

  /** Waits for an onion message. At most 16 wait; what comes then is dropped. */
  async receive(options: { signal: AbortSignal }): Promise<Received> {
    const { signal } = options;
    for (;;) {
      signal.throwIfAborted();
      if (this.#shared.isClosed) throw new Error("the transport is closed");
      const bytes = this.#shared.inbox.shift();
      if (bytes) return { kind: "onionMessage", nodeId: this.nodeId, bytes };
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          signal.removeEventListener("abort", wake);
          this.#shared.waiting.delete(wake);
          resolve();
        };
        signal.addEventListener("abort", wake);
        this.#shared.waiting.add(wake);
      });
    }
  }

  /**
   * Tries at once again whatever waits for a pause to end, and asks the connections that stand for a sign of life: call it when the
   * network is back. A browser's event `online` does it by itself; Node has no such event.
   */
  online(): void {
    for (const keeper of this.#shared.links.values()) keeper.hurry();
  }

  /** Closes all connections. Sends under way end as `offline` or `failed`. */
  async close(): Promise<void> {
    if (this.#shared.isClosed) return;
    this.#shared.isClosed = true;
    if (typeof globalThis.removeEventListener === "function") {
      globalThis.removeEventListener("online", this.#online);
    }
    this.#shared.arrived();
    const keepers = [...this.#shared.links.values()];
    for (const keeper of keepers) keeper.dismiss();
    await Promise.all(keepers.map((keeper) => keeper.over));
    this.#shared.parts.key.fill(0);
  }

  #handOver(nodeId: NodeId, command: Command): boolean {
    const keeper = this.#shared.links.get(nodeId);
    if (keeper) return keeper.take(command);
    if (!this.#shared.makeRoom()) return false;
    this.#shared.links.set(nodeId, new Keeper(this.#shared, nodeId, command));
    return true;
  }
}

function secretKey(value: unknown, what: string): Uint8Array {
  return check.bytes(value, what, 32);
}

function readDirectory(value: unknown, what: string): Directory {
  // What its methods give is checked where it is used.
  return methods(value, what, ["addresses"], ["via", "resolveScid"]) as unknown as Directory;
}

function readAddresses(value: unknown, what: string): Map<NodeId, string[]> {
  let nodeIds: string[];
  try {
    nodeIds = Object.keys(Object(value) as object);
  } catch (error) {
    throw invalid(`${what} cannot be read`, error);
  }
  const byNode = check.read(value, what, nodeIds);
  const addresses = Object.entries(byNode).map(([nodeId, all]): [string, string[]] => [
    check.point(nodeId, `a node id of ${what}`).toLowerCase(),
    check.list(all, `${what}.${nodeId}`, MAX_LISTED, check.text),
  ]);
  return new Map(addresses);
}

/**
 * What all connections share: the key, who is to be reached where, and which connections there are.
 *
 * @module
 */

import type { Clock, Entropy, NodeId, SendOutcome } from "../host.js";
import type { Directory } from "./directory.js";
import type { Dialer } from "./duplex.js";
import type { Keeper } from "./keeper.js";

/** The most connections at a time. */
export const MAX_LINKS = 32;

/** The most messages that wait for one connection. */
export const MAX_COMMANDS = 16;

/** The most messages that wait to be taken in. What comes then is dropped: no reply is needed for the money. */
export const MAX_WAITING = 16;

/** The most addresses of a node that are tried. */
const MAX_ADDRESSES = 8;

/** A message to send. */
export interface Command {
  readonly message: Uint8Array;
  readonly addresses: readonly string[];
  /** Until when replies may come, in Unix milliseconds. */
  readonly keepUntilMs: number;
  /** Whether nobody waits for it any more. */
  forgotten: boolean;
  answer(outcome: SendOutcome): void;
}

/** What a transport is made of. */
export interface Parts {
  readonly network: string;
  readonly key: Uint8Array;
  readonly nodeId: NodeId;
  readonly addresses: ReadonlyMap<NodeId, readonly string[]>;
  readonly directory: Directory | undefined;
  readonly dialer: Dialer;
  readonly clock: Clock;
  readonly entropy: Entropy;
}

/** The state of a transport. */
export class Shared {
  readonly links = new Map<NodeId, Keeper>();
  readonly inbox: Uint8Array[] = [];
  /** Those who wait for the inbox. */
  readonly waiting = new Set<() => void>();
  isClosed = false;

  /** The state of a transport of these parts. */
  constructor(readonly parts: Parts) {}

  /** The time, in Unix milliseconds. */
  now(): number {
    return this.parts.clock.nowMs();
  }

  /** Takes in an onion message, or drops it where too many wait. */
  arrive(message: Uint8Array): void {
    if (this.inbox.length >= MAX_WAITING) return;
    this.inbox.push(message);
    this.arrived();
  }

  /** Has everybody who waits for the inbox look into it. */
  arrived(): void {
    for (const wake of [...this.waiting]) wake();
  }

  /** Where a node listens: what we were told when we were made, then what the directory says. */
  async lookUp(nodeId: NodeId, signal: AbortSignal): Promise<string[]> {
    const known = this.parts.addresses.get(nodeId) ?? [];
    let more: readonly string[] = [];
    try {
      more = (await this.parts.directory?.addresses(nodeId, { signal })) ?? [];
    } catch (error) {
      if (known.length === 0) throw error;
    }
    return this.#usable([...known, ...more]);
  }

  /** The addresses of a delivery, or what we know ourselves. */
  addressesOf(nodeId: NodeId, connect: readonly string[]): string[] {
    return this.#usable(connect.length > 0 ? connect : (this.parts.addresses.get(nodeId) ?? []));
  }

  /** Whether there is room for one more connection; where there is none, the one of least use is closed. */
  makeRoom(): boolean {
    if (this.links.size < MAX_LINKS) return true;
    const idle = [...this.links].filter(([, keeper]) => keeper.isIdle);
    const [first, ...rest] = idle;
    if (!first) return false;
    const [nodeId, keeper] = rest.reduce(
      (least, next) => (next[1].untilMs < least[1].untilMs ? next : least),
      first,
    );
    this.links.delete(nodeId);
    keeper.dismiss();
    return true;
  }

  #usable(addresses: readonly string[]): string[] {
    return addresses.filter((address) => this.parts.dialer.knows(address)).slice(0, MAX_ADDRESSES);
  }
}

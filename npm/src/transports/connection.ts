/**
 * A stream with a peer on it.
 *
 * @module
 */

import type { Clock } from "../host.js";
import { call, free } from "../module.js";
import type { Peer } from "../wasm/invreq.js";
import type { Dialer, Duplex } from "./duplex.js";

/** What happened on a connection. */
export type PeerEvent =
  | { kind: "ready"; nodeId: string; onionMessages: boolean }
  | { kind: "onionMessage"; bytes: Uint8Array }
  | { kind: "warning" | "error"; text: string }
  | { kind: "closed"; error: unknown };

/** Who we are, and to whom. */
export interface Introduction {
  readonly nodeId: string;
  readonly key: Uint8Array;
  readonly network: string;
  readonly entropy: Uint8Array;
}

/** How much goes into the peer at a time: a frame of a WebSocket can be of any size. */
const CHUNK = 64 * 1024;

/** With so many bytes waiting at the system, more wait with the peer, which bounds them. */
const MAX_BUFFERED = 64 * 1024;

/** How often a stream that cannot tell by itself is asked whether it has room again, in milliseconds. */
const DRAIN_MS = 50;

/** A connection from the first byte on. Its owner is poked whenever something happened, and then calls {@link turn}. */
export class Connection {
  readonly #clock: Clock;
  readonly #poke: () => void;
  /** The dice of the handshake; wiped when it is over. */
  readonly #entropy: Uint8Array;
  readonly #stream: Duplex;
  #peer: Peer | undefined;
  #events: PeerEvent[] = [];
  /** All bytes the stream was given. */
  #given = 0;
  #isOpen = false;
  #ended: "offline" | "unreachable" | undefined;

  /** Begins to connect to an address. Throws where the stream does. */
  constructor(dialer: Dialer, address: string, who: Introduction, clock: Clock, poke: () => void) {
    this.#clock = clock;
    this.#poke = poke;
    this.#entropy = who.entropy;
    this.#stream = dialer.dial(address, {
      opened: () => this.#open(who),
      received: (bytes) => this.#receive(bytes),
      drained: () => this.#poke(),
      ended: (why) => this.#end(why),
    });
  }

  /** Whether the stream is connected. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Why the stream ended, if it did. */
  get ended(): "offline" | "unreachable" | undefined {
    return this.#ended;
  }

  /** Whether the node has read every message that was sent. */
  get isAllRead(): boolean {
    return this.#ask((peer) => peer.pongsDue()) === 0;
  }

  /** How many bytes the system has taken so far. */
  get written(): number {
    return this.#given - this.#stream.buffered;
  }

  /** When {@link turn} has something to do at the latest, in Unix milliseconds. */
  get wakeAt(): number {
    const due = this.#ask((peer) => peer.wakeAt()) ?? Infinity;
    const waits = this.#stream.buffered > 0 || (this.#ask((peer) => peer.outgoingLen()) ?? 0) > 0;
    return waits ? Math.min(due, this.#clock.nowMs() + DRAIN_MS) : due;
  }

  /** Does what can be done, and says what happened. */
  turn(): PeerEvent[] {
    this.#guard(() => {
      const now = this.#clock.nowMs();
      this.#tell(this.#ask((peer) => peer.tick(now) as PeerEvent[]));
      this.#write();
    });
    const events = this.#events;
    this.#events = [];
    return events;
  }

  /** Queues a message and a ping behind it, and gives the number of the byte of the stream at which it begins. */
  send(message: Uint8Array): number {
    const now = this.#clock.nowMs();
    const waiting = this.#ask((peer) => {
      const before = peer.outgoingLen();
      peer.sendOnionMessage(message);
      peer.ping(now);
      return before;
    });
    if (waiting === undefined) throw new Error("the connection is over");
    const start = this.#given + waiting;
    this.#write();
    return start;
  }

  /** Asks for a sign of life, where none was asked for yet. */
  probe(): void {
    const now = this.#clock.nowMs();
    this.#ask((peer) => {
      if (peer.pongsDue() === 0) peer.ping(now);
    });
    this.#write();
  }

  /** Ends it, whatever is still to be sent. */
  close(): void {
    this.#stream.close();
    this.#end("unreachable");
    free(this.#peer);
    this.#peer = undefined;
  }

  #open({ nodeId, key, network, entropy }: Introduction): void {
    if (this.#ended) return;
    this.#isOpen = true;
    this.#guard(() => {
      const now = this.#clock.nowMs();
      this.#peer = call((glue) => glue.Peer.connect(nodeId, key, network, entropy, now));
      entropy.fill(0);
      this.#write();
    });
    this.#poke();
  }

  #receive(bytes: Uint8Array): void {
    this.#guard(() => {
      const now = this.#clock.nowMs();
      for (let at = 0; at < bytes.length; at += CHUNK) {
        const chunk = bytes.subarray(at, at + CHUNK);
        this.#tell(this.#ask((peer) => peer.receive(chunk, now) as PeerEvent[]));
      }
      this.#write();
    });
    // A pong is no event, but there may be somebody who waits for it.
    this.#poke();
  }

  /** These run where nobody could catch: whatever goes wrong in them ends the connection and nothing else. */
  #guard(action: () => void): void {
    try {
      action();
    } catch {
      this.#stream.close();
      this.#end("unreachable");
    }
  }

  #end(why: "offline" | "unreachable"): void {
    if (this.#ended) return;
    this.#ended = why;
    this.#entropy.fill(0);
    // Told in any case: a peer that cannot say it any more is over, too.
    const closed: PeerEvent = { kind: "closed", error: undefined };
    let events: PeerEvent[] = [];
    try {
      events = this.#ask((peer) => peer.disconnected() as PeerEvent[]) ?? [];
    } catch {
      // It broke before.
    }
    this.#tell(events.length > 0 ? events : [closed]);
  }

  #write(): void {
    while (this.#peer && !this.#ended && this.#stream.buffered < MAX_BUFFERED) {
      const bytes = this.#ask((peer) => peer.outgoing());
      if (!bytes?.length) return;
      this.#given += bytes.length;
      this.#stream.send(bytes);
    }
  }

  /** Calls the peer, unless there is none. */
  #ask<T>(question: (peer: Peer) => T): T | undefined {
    const peer = this.#peer;
    return peer && call(() => question(peer));
  }

  #tell(events: PeerEvent[] | undefined): void {
    if (!events?.length) return;
    this.#events.push(...events);
    this.#poke();
  }
}

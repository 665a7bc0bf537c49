/**
 * A socket transport, a node it sends to, and the time.
 *
 * @module
 */

import type { Delivery, NodeId, SendOutcome } from "../../src/host.js";
import { call } from "../../src/module.js";
import { SocketTransport, type SocketTransportOptions } from "../../src/transports/socket.js";
import { TestClock } from "../host.js";
import { FarDialer, type Manners } from "./far.js";

export const FAR_KEY = new Uint8Array(32).fill(0x21);
export const FAR = idOf(FAR_KEY);
export const MESSAGE = Buffer.concat([Buffer.alloc(33, 2), Buffer.alloc(1000, 7)]);
export const never = new AbortController().signal;

// What a browser has, and Node has not: a global object that tells of the network.
const global = new EventTarget();
for (const name of ["addEventListener", "removeEventListener", "dispatchEvent"] as const) {
  Reflect.set(globalThis, name, global[name].bind(global));
}

class TestSocket extends SocketTransport {
  constructor(options: SocketTransportOptions, dialer: FarDialer) {
    super(options, dialer);
  }
}

/** A transport, the node it sends to, and the time. */
export function stage(
  manners: Manners | "offline" | "unreachable" | "never" | "throw" = {},
  more: Partial<SocketTransportOptions> = {},
) {
  const clock = new TestClock();
  const dialer = new FarDialer(FAR_KEY);
  dialer.behave = () => manners;
  const transport = new TestSocket(
    { network: "regtest", clock, addresses: { [FAR]: ["far:1"] }, ...more },
    dialer,
  );
  const begin = (over: Partial<Delivery> = {}, signal = never) =>
    watch(transport.send(delivery(clock, over), { signal }));
  return { clock, dialer, transport, begin };
}

function delivery(clock: TestClock, over: Partial<Delivery>): Delivery {
  return {
    id: "1",
    label: "label",
    paymentHash: "00".repeat(32),
    expiresAt: clock.ms / 1000 + 3600,
    invoice: new Uint8Array(),
    nodeId: FAR,
    via: [],
    connect: [],
    packet: { firstHop: FAR, message: MESSAGE },
    ...over,
  };
}

function watch(sent: Promise<SendOutcome>): { sent: Promise<SendOutcome>; outcome: SendOutcome | undefined } {
  const watched = { sent, outcome: undefined as SendOutcome | undefined };
  void sent.then((outcome) => (watched.outcome = outcome));
  return watched;
}

export function idOf(key: Uint8Array): NodeId {
  return call((glue) => glue.publicKey(key));
}

/** The browser says that there is a network again. */
export function online(): void {
  globalThis.dispatchEvent(new Event("online"));
}

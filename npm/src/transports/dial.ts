/**
 * From addresses to a connection on which both sides have introduced themselves.
 *
 * @module
 */

import type { NodeId, SendOutcome } from "../host.js";
import { Connection } from "./connection.js";
import type { Shared } from "./shared.js";
import type { Alarm } from "./time.js";

/** How long all of it may take, in milliseconds. */
const DIAL_MS = 40_000;

/**
 * Connects to the first address that leads to this node and takes onion messages.
 *
 * Otherwise it says why not: `offline` if there is no network, `no_route` if there is and the node is not to be reached.
 * `undefined` where `isWanted` says that nobody wants it any more; the alarm wakes it up to look.
 */
export async function dial(
  shared: Shared,
  nodeId: NodeId,
  addresses: readonly string[],
  alarm: Alarm,
  isWanted: () => boolean,
): Promise<Connection | SendOutcome | undefined> {
  const untilMs = shared.now() + DIAL_MS;
  let outcome: SendOutcome | undefined;
  for (const address of addresses) {
    if (shared.now() >= untilMs) return outcome ?? "no_route";
    const made = await dialOne(shared, nodeId, address, untilMs, alarm, isWanted);
    if (made === undefined || typeof made === "object") return made;
    // Only if every address says so there is no network.
    if (outcome === undefined || outcome === "offline") outcome = made;
  }
  return outcome ?? "no_route";
}

async function dialOne(
  shared: Shared,
  nodeId: NodeId,
  address: string,
  untilMs: number,
  alarm: Alarm,
  isWanted: () => boolean,
): Promise<Connection | SendOutcome | undefined> {
  const { key, network, dialer, clock, entropy } = shared.parts;
  const connectedByMs = Math.min(shared.now() + dialer.timeoutMs, untilMs);
  let connection: Connection;
  const who = { nodeId, key, network, entropy: entropy() };
  try {
    connection = new Connection(dialer, address, who, clock, () => alarm.poke());
  } catch {
    who.entropy.fill(0);
    // A page that came over TLS may not open a WebSocket without it, for one.
    return "no_route";
  }
  for (;;) {
    const events = connection.turn();
    for (const event of events) {
      // One that waited for us can come right behind the introduction.
      if (event.kind === "onionMessage") shared.arrive(event.bytes);
    }
    // Before what the peer says of it: without a network nothing is known of the node.
    if (connection.ended === "offline") return leave(connection, "offline");
    if (events.some((event) => event.kind === "closed")) return leave(connection, "no_route");
    const ready = events.find((event) => event.kind === "ready");
    if (ready) return ready.onionMessages ? connection : leave(connection, "no_route");
    if (!isWanted()) return leave(connection, undefined);
    if (connection.ended) return leave(connection, "no_route");
    // Once it is open, the peer's own limit of time ends it.
    const byMs = connection.isOpen ? untilMs : connectedByMs;
    if (shared.now() >= byMs) return leave(connection, "no_route");
    await alarm.wait(Math.min(byMs, connection.wakeAt));
  }
}

function leave<T>(connection: Connection, outcome: T): T {
  connection.close();
  return outcome;
}

import type { NodeId, Sciddir } from "../host.js";

/**
 * Knows what a socket cannot hear: where nodes listen, and whose channel is whose.
 *
 * A wallet has it from its service, from a node it may ask, or from a public explorer. It is asked more than once for one message,
 * and each time has a few seconds to answer: remember what was looked up. A method that throws, or rejects, counts as "cannot
 * be told now".
 */
export interface Directory {
  /**
   * Where a node listens, the best first; nothing where it is not known. Addresses a transport cannot use are passed over: a
   * browser takes `ws://…` and `wss://…`, a TCP socket `host:port` and `[v6]:port`.
   */
  addresses(nodeId: NodeId, options: { signal: AbortSignal }): Promise<readonly string[]>;

  /**
   * The nodes a message for this node goes through, the one to connect to first; none by default: we connect to the node itself.
   * Each of them has to be connected to the next.
   */
  via?(nodeId: NodeId, options: { signal: AbortSignal }): Promise<readonly NodeId[]>;

  /** The node at one end of a channel; `undefined`, which is final, where there is no such channel. */
  resolveScid?(end: Sciddir, options: { signal: AbortSignal }): Promise<NodeId | undefined>;
}

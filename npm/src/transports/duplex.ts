/**
 * The byte streams a socket transport works on. WebSocket and TCP are two of them; a tunnel could be a third.
 *
 * @module
 */

/** One end of a byte stream to another node. */
export interface Duplex {
  /** Takes bytes to be sent. */
  send(bytes: Uint8Array): void;
  /** How many of them the system does not have yet. */
  readonly buffered: number;
  /** Ends the stream. Nothing is told after it. */
  close(): void;
}

/** What a {@link Duplex} tells. */
export interface DuplexEvents {
  /** It is connected. */
  opened(): void;
  /** Bytes came in. */
  received(bytes: Uint8Array): void;
  /** The system took some of the bytes that were buffered. */
  drained(): void;
  /** It is over, or could not be connected; `offline` where that was for want of a network. Nothing comes after it. */
  ended(why: "offline" | "unreachable"): void;
}

/** What a kind of stream can do. */
export interface Dialer {
  /** Whether this is an address it can connect to. */
  knows(address: string): boolean;
  /** Begins to connect to an address it knows. May throw where that is forbidden. */
  dial(address: string, events: DuplexEvents): Duplex;
  /** How long connecting may take, in milliseconds. */
  readonly timeoutMs: number;
}

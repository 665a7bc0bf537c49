/**
 * What a host supplies: where money comes in, how messages go out, where things are kept, the time and the dice.
 *
 * @module
 */

/** An amount in msat. A number is accepted where it is a safe integer; what comes back is always a `bigint`. */
export type Msat = bigint | number;

/** A public key: 33 bytes as 66 small hex digits. */
export type NodeId = string;

/** One end of a channel (BOLT 1, `sciddir_or_pubkey`). */
export interface Sciddir {
  /** The short channel id: block (3 bytes), transaction (3 bytes), output (2 bytes). */
  scid: bigint;
  /** 0 for the end with the lesser node id, 1 for the other. */
  direction: 0 | 1;
}

/** A blinded path: the way to a recipient who does not show who it is (BOLT 4, Route Blinding). */
export interface BlindedPath {
  /** Where the path begins: a node, or one end of a channel. */
  introduction: NodeId | Sciddir;
  /** The key for the first hop, `first_path_key`. */
  pathKey: string;
  /** The hops, the introduction node's first; 1 to 255. */
  hops: BlindedHop[];
}

/** One hop of a blinded path. */
export interface BlindedHop {
  /** The node's blinded id. */
  blindedNodeId: string;
  /** What only that node can read, at most 65,535 bytes. */
  encryptedRecipientData: Uint8Array;
}

/** What it costs to pay over a blinded path (BOLT 12, `blinded_payinfo`). */
export interface PayInfo {
  /** The fixed fee of the whole path, in msat. */
  feeBaseMsat: number;
  /** The proportional fee of the whole path, in millionths. */
  feeProportionalMillionths: number;
  /** The CLTV delta of the whole path, the recipient's minimum included, in blocks. */
  cltvExpiryDelta: number;
  /** The smallest HTLC the path carries, in msat. */
  htlcMinimumMsat: Msat;
  /** The largest HTLC the path carries, in msat. */
  htlcMaximumMsat: Msat;
  /** The feature bits a payer must know to use the path, big-endian; mostly left out. */
  features?: Uint8Array;
}

/** A payment path from the host: a blinded path to the payee, and what it costs. */
export interface PaymentPath {
  /** The path. */
  path: BlindedPath;
  /** What it costs. */
  payinfo: PayInfo;
}

/**
 * Makes inbound payments: the host's Lightning node or service.
 *
 * Where `createInboundPayment` throws, or its promise rejects, the call ends with `source_failed`, and its message says why.
 */
export interface PaymentSource {
  /**
   * An inbound payment of this amount, with the paths a payer can reach it by.
   *
   * Take the request's payment hash, or answer with one of your own. It is called after everything else about the request has
   * been checked, and once per call, however often other writers are faster; a call that is made again has another hash. It has a
   * minute to answer; `signal` says when nobody waits any more.
   */
  createInboundPayment(
    request: InboundPaymentRequest,
    options: { signal: AbortSignal },
  ): Promise<InboundPayment>;

  /**
   * Whether this much, in msat, could be received now; `undefined` where the node cannot tell. It has ten seconds. Where it throws,
   * nobody can tell either, and the event `trouble` says why, with the code `missing_answer`.
   */
  canReceive?(amountMsat: bigint, options: { signal: AbortSignal }): Promise<boolean | undefined>;
}

/** What a payment source is asked for. */
export interface InboundPaymentRequest {
  /** The amount that has to arrive, in msat. */
  amountMsat: bigint;
  /** The last second in which it can be paid, in Unix seconds. */
  expiresAt: number;
  /** A payment hash whose preimage the engine holds, for sources that do not make their own. */
  paymentHash: string;
  /** The label of the invoice. */
  label: string;
  /** The id of the request that is answered. */
  invreqId: string;
}

/** What a payment source gives: how the payer can reach us. */
export interface InboundPayment {
  /** The payment paths, best first; 1 to 64. */
  paths: PaymentPath[];
  /** The source's own payment hash; left out where it took the engine's. */
  paymentHash?: string | undefined;
  /** The preimage of the source's own hash, 32 bytes; left out where the source keeps it to itself. */
  preimage?: Uint8Array | undefined;
  /** Whether the payment may arrive in parts; by default it may not. */
  mpp?: boolean | undefined;
  /** The last second in which every path works, in Unix seconds; left out where they do not end. */
  pathsExpireAt?: number | undefined;
}

/**
 * What a transport says of a delivery: the host's word that it left, never that the payer has it.
 *
 * - `accepted`: it left. The next path follows only if nothing is heard of the payer.
 * - `no_route`: there is no way to the first hop, and there will be none. Where every path says so the call ends with `no_route`
 *   (1003).
 * - `offline`: it did not leave, but may later. The same copy goes over the next path after a pause, and over this one again.
 * - `failed`: it may have left or not. The next copy goes over the next path after a pause.
 */
export type SendOutcome = "accepted" | "no_route" | "offline" | "failed";

/** An invoice on its way to a payer. It offers every form; the host takes the one its node speaks. */
export interface Delivery {
  /** Names this copy. After a crash the same copy comes again under the same id. */
  readonly id: string;
  /** The label of the invoice. */
  readonly label: string;
  /** The payment hash of the invoice. */
  readonly paymentHash: string;
  /** The last second in which the invoice can be paid, in Unix seconds. */
  readonly expiresAt: number;
  /** The invoice as a TLV stream: onion message record 66. */
  readonly invoice: Uint8Array;
  /** The payer's blinded path, from `nodeId` on; `undefined` where the invoice goes to the payer's node id directly. */
  readonly path?: BlindedPath | undefined;
  /** The node to reach. */
  readonly nodeId: NodeId;
  /** The nodes between us and it. */
  readonly via: readonly NodeId[];
  /** The addresses of the first hop, where the host has to connect to it first. */
  readonly connect: readonly string[];
  /** The wire-ready onion message with its first hop, for hosts that forward raw packets. */
  readonly packet: {
    /** The peer that gets it. */
    readonly firstHop: NodeId;
    /** The payload of message 513, without its type. */
    readonly message: Uint8Array;
  };
  /** What the host's messenger names a reply by, 32 bytes, where it makes the reply path. */
  readonly replyPathId?: Uint8Array | undefined;
}

/** The way to a node, and back. */
export interface Route {
  /** The nodes between us and it, in order; left out where it is a peer. */
  via?: readonly NodeId[] | undefined;
  /** The addresses of the first hop, where it is no peer yet: `host:port`, `[v6]:port`, `xyz.onion:port`, `ws://…`, `wss://…`. */
  connect?: readonly string[] | undefined;
  /** Whether the node is the host's own and the host cannot hand messages to itself, as LND. */
  ownNode?: boolean | undefined;
  /** How the payer can answer; by default it cannot. */
  reply?: ReplyPath | undefined;
}

/**
 * Who owns the reply path of a delivery.
 *
 * - `none`: the payer cannot answer.
 * - `ours`: the engine makes it through these nodes, the last of which hands us what is for our reply key.
 * - `node`: the engine makes it, and it ends at this node; to open what arrives there, `ecdh` is asked.
 * - `host`: the host's messenger makes it, and hands us what it opened by `receiveInvoiceError`.
 */
export type ReplyPath =
  | { kind: "none" }
  | { kind: "ours"; via: readonly NodeId[] }
  | { kind: "node"; via: readonly NodeId[]; nodeId: NodeId }
  | { kind: "host" };

/** What came in at a transport by itself. */
export type Received =
  | {
      kind: "onionMessage";
      /** The node it arrived at; left out for the engine's own reply key. */
      nodeId?: NodeId | undefined;
      /** The payload of message 513, without its type. */
      bytes: Uint8Array;
    }
  | {
      kind: "invoiceError";
      /** The delivery's `replyPathId`. */
      replyPathId: Uint8Array;
      /** The TLV stream. */
      bytes: Uint8Array;
    };

/**
 * Takes invoices to payers: the host's node, or a socket to another one.
 *
 * A method that throws, or whose promise rejects, counts as "cannot be told now": the event `trouble` says why, with the code
 * `missing_answer`.
 */
export interface Transport {
  /** Sends one copy, in whichever of its forms the host's node speaks. It has a minute. */
  send(delivery: Delivery, options: { signal: AbortSignal }): Promise<SendOutcome>;

  /** The node at one end of a channel; `undefined`, which is final, where there is no such channel. It has ten seconds. */
  resolveScid?(end: Sciddir, options: { signal: AbortSignal }): Promise<NodeId | undefined>;

  /**
   * The way to a node, and how the payer can answer; `undefined` where there is none. Without it every node is taken for a peer,
   * and payers cannot answer. It has ten seconds.
   */
  findRoute?(nodeId: NodeId, options: { signal: AbortSignal }): Promise<Route | undefined>;

  /** SHA-256 of the compressed product of a node's private key and a point (BOLT 4, Shared Secret): 32 bytes. */
  ecdh?(nodeId: NodeId, point: string, options: { signal: AbortSignal }): Promise<Uint8Array>;

  /** Waits for what comes in at the transport by itself, one message at a time. Drop what a short queue does not hold. */
  receive?(options: { signal: AbortSignal }): Promise<Received>;

  /** Gives back what the transport holds. The payee calls it when it is closed. */
  close?(): Promise<void>;
}

/** What a signer is asked to sign. */
export interface SignRequest {
  /** The 32 bytes to sign with BIP 340. */
  digest: Uint8Array;
  /** The tag the digest was made with, for signers that hash by themselves. */
  tag: string;
  /** The invoice without its signature, for signers that look before they sign. */
  invoice: Uint8Array;
  /** The public key of the key to sign with. */
  nodeId: NodeId;
}

/**
 * Signs invoices with a key the host keeps, for payers who want to know whom they pay. Where it throws, or its promise rejects, the call
 * ends with `signer_failed`, and its message says why.
 */
export interface Signer {
  /** A BIP 340 signature of the digest, 64 bytes, by the key of `request.nodeId`. It has a minute. */
  sign(request: SignRequest, options: { signal: AbortSignal }): Promise<Uint8Array>;
}

/** Tells the time, and waits. */
export interface Clock {
  /** The time, in Unix milliseconds. */
  nowMs(): number;
  /** Waits until it is this late, in Unix milliseconds, or `signal` says so. It may wake early: then it is asked again. */
  sleepUntil(atMs: number, options: { signal: AbortSignal }): Promise<void>;
}

/** Throws the dice: 32 bytes that nobody can guess, new every time. */
export type Entropy = () => Uint8Array;

/** A key and its value. */
export interface Entry {
  /** The key, 1 to 512 bytes. */
  readonly key: Uint8Array;
  /** The value, at most 1 MiB. */
  readonly value: Uint8Array;
}

/** One write: what to change, and what must hold for it. */
export interface Batch {
  /** The entries to write. They replace what is there. */
  readonly puts: readonly Entry[];
  /** The keys to remove. Those that do not exist are passed over. */
  readonly deletes: readonly Uint8Array[];
  /** The keys that must not exist before the write. They may be among the puts. */
  readonly absent: readonly Uint8Array[];
  /** Where the wallet keeps its revision: 8 bytes, big-endian. */
  readonly revisionKey: Uint8Array;
  /** The revision the wallet has after this write, from 1. What is stored must be one less; for 1, nothing may be stored. */
  readonly revision: bigint;
}

/**
 * An ordered key-value store with one conditional, atomic, durable write. The whole contract is in the suite of `invreq/testing`,
 * which an app that brings its own store runs in one of its tests.
 *
 * Keys are ordered as unsigned bytes, a key before its own extensions. Any method may be called while other calls are under way.
 * Methods reject with a {@link StoreError}; anything else counts as `failed`.
 */
export interface Store {
  /** The first `limit` entries with `start <= key < end`, in ascending order. Fewer mean that there are no more. */
  range(start: Uint8Array, end: Uint8Array, limit: number): Promise<Entry[]>;

  /**
   * Does everything in the batch, or nothing; durable when it resolves.
   *
   * In one transaction: the revision is checked first, then that no key of `absent` exists. Otherwise it rejects with `conflict`.
   */
  write(batch: Batch): Promise<void>;

  /** Waits for the calls under way and gives back what the store occupies. Calls begun after it reject with `closed`. */
  close(): Promise<void>;

  /**
   * Calls back when another process, tab or worker has written for the wallet of this revision key, and returns how to stop.
   * The payee then reads what changed. A store that only one process can open leaves it out, and {@link Store.lead} with it.
   */
  watch?(revisionKey: Uint8Array, changed: () => void): () => void;

  /**
   * Holds the right to send the wallet's invoices for as long as `signal` is not aborted, and resolves when it has it: of several
   * tabs or processes on one wallet, one sends. A store that only one process can open leaves it out, and {@link Store.watch} with it.
   */
  lead?(revisionKey: Uint8Array, options: { signal: AbortSignal }): Promise<void>;
}

/**
 * Why a store did not do what it was asked.
 *
 * - `conflict`: a condition of the batch does not hold; nothing was written.
 * - `full`: there is no room left for the write; nothing was written.
 * - `read_only`: the store can be read but not written.
 * - `failed`: it could not read or write. A write may have been done all the same, but is over: it takes no effect later.
 * - `corrupt`: what is stored is damaged.
 * - `foreign`: what was opened belongs to another application or to another version of this library.
 * - `invalid`: the caller broke the contract; nothing was written.
 * - `closed`: the store was closed before the call.
 */
export type StoreErrorKind =
  "conflict" | "full" | "read_only" | "failed" | "corrupt" | "foreign" | "invalid" | "closed";

/** The condition of a batch that did not hold. */
export type StoreConflict =
  | "revision"
  | {
      /** The key that was to be absent. */
      readonly present: Uint8Array;
    };

/** Why a store did not do what it was asked: a sentence for a person, without keys and values. */
export class StoreError extends Error {
  /** Always `StoreError`. */
  override readonly name = "StoreError";

  /** The error of this kind. */
  constructor(
    /** Why the store did not do what it was asked. */
    readonly kind: StoreErrorKind,
    message: string,
    /** Of a `conflict`, which condition did not hold: the revision, or the key that is present. */
    readonly conflict?: StoreConflict,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

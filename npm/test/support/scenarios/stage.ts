/**
 * The host of a scenario: every part of it does what it is told, and its lines wait their turn.
 *
 * @module
 */
import {
  type Batch,
  type Clock,
  type Delivery,
  type Entry,
  type InboundPayment,
  type PaymentPath,
  type PaymentSource,
  type Received,
  type Route,
  type SendOutcome,
  type Signer,
  type Store,
  StoreError,
  type StoreErrorKind,
  type Transport,
} from "../../../src/index.js";
import * as lines from "./lines.js";
import type { Given, PathWords, Says } from "./scenario.js";
import type { Transcript } from "./transcript.js";

/** Something that is held until an action releases it. */
type Release = (say: string) => void;

/** What all payees of a scenario have in common. */
export class World {
  data = new Map<string, Uint8Array>();
  readonly says: Says;
  readonly held: Release[] = [];
  readonly arrived: Given[] = [];
  readonly deliveries = new Map<string, Delivery>();
  readonly #sleepers = new Set<{ from: number; at: number; wake: () => void }>();
  arrives: () => void = () => {};
  action = 0;

  constructor(
    readonly transcript: Transcript,
    defaults: Says,
    public nowMs: number,
  ) {
    this.says = structuredClone(defaults);
  }

  hold(): Promise<string> {
    return new Promise((resolve) => this.held.push(resolve));
  }

  /** So much time goes by, or comes back. */
  go(ms: number): void {
    this.nowMs += ms;
    for (const sleeper of [...this.#sleepers]) {
      if (this.nowMs < sleeper.at && this.nowMs >= sleeper.from) continue;
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
  }

  sleep(at: number, signal: AbortSignal): Promise<void> {
    return new Promise((wake) => {
      const sleeper = { from: this.nowMs, at, wake };
      this.#sleepers.add(sleeper);
      signal.addEventListener("abort", () => (this.#sleepers.delete(sleeper), wake()));
    });
  }
}

/** The host as one payee sees it, until it is taken from it. */
export class Stage implements Store, PaymentSource, Transport, Signer, Clock {
  #isGone = false;

  constructor(
    readonly world: World,
    readonly name: string,
  ) {}

  /** As if the process had died: nothing is written or answered any more. */
  vanish(): void {
    this.#isGone = true;
  }

  /** A line in its turn. */
  line(line: string | (() => string), then?: (line: string) => void): Promise<void> {
    if (this.#isGone) return new Promise(() => {});
    const prefix = this.name === "a" ? "" : `${this.name} `;
    const full = typeof line === "string" ? prefix + line : () => prefix + line();
    return this.world.transcript.write(full, then);
  }

  nowMs(): number {
    return this.world.nowMs;
  }

  sleepUntil(at: number, { signal }: { signal: AbortSignal }): Promise<void> {
    return this.world.sleep(at, signal);
  }

  readonly entropy = (): Uint8Array => entropy(this.world.action, this.name);

  async range(start: Uint8Array, end: Uint8Array, limit: number): Promise<Entry[]> {
    const word = this.world.says.store.reads?.shift() ?? "ok";
    if (word !== "ok") {
      await this.line(`read ${word}`);
      throw storeError(word);
    }
    const [from, to] = [lines.hex(start), lines.hex(end)];
    const found = [...this.world.data]
      .filter(([key]) => key >= from && key < to)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return found.slice(0, limit).map(([key, value]) => ({ key: lines.unhex(key), value: value.slice() }));
  }

  async write(batch: Batch): Promise<void> {
    const word = this.world.says.store.writes?.shift() ?? "ok";
    const outcome = (): string => {
      if (word === "conflict" || ((word === "ok" || word === "lost") && !this.#fits(batch)))
        return " conflict";
      return word === "ok" ? "" : ` ${word}`;
    };
    let said = "";
    await this.line(
      () => lines.write(batch) + outcome(),
      () => {
        said = outcome().trim();
        // With a conflict another writer was here, and changed nothing but the revision.
        if (word === "conflict") this.#revise(batch);
        else if (said === "" || said === "lost") this.#apply(batch);
      },
    );
    if (said !== "") throw storeError(said);
  }

  async close(): Promise<void> {}

  async createInboundPayment(
    asked: Parameters<PaymentSource["createInboundPayment"]>[0],
  ): Promise<InboundPayment> {
    await this.line(lines.source(asked));
    if (this.world.says.source.hold === true) await this.world.hold();
    await this.line(`told source ${asked.label}`);
    const { fails, paths, paymentHash, preimage, mpp, pathsExpireAt } = this.world.says.source;
    if (fails !== undefined) throw new Error(fails);
    const bytes = preimage === undefined ? undefined : lines.unhex(preimage);
    return { paths: paths.map(paymentPath), paymentHash, preimage: bytes, mpp, pathsExpireAt };
  }

  async canReceive(amountMsat: bigint): Promise<boolean | undefined> {
    await this.line(`ask receive ${amountMsat}`);
    return this.world.says.source.canReceive ?? undefined;
  }

  async send(delivery: Delivery): Promise<SendOutcome> {
    this.world.deliveries.set(delivery.id, delivery);
    await this.line(lines.send(delivery));
    const { transport } = this.world.says;
    const told = transport.sends?.shift() ?? transport.send;
    const word = told === "hold" ? ((await this.world.hold()) as SendOutcome) : told;
    await this.line(`said ${delivery.id} ${word}`);
    return word;
  }

  async resolveScid({ scid, direction }: { scid: bigint; direction: number }): Promise<string | undefined> {
    await this.line(`ask scid ${scid} ${direction}`);
    const found = this.world.says.transport.scids[`${scid}/${direction}`];
    if (found !== undefined && !/^[0-9a-f]{66}$/.test(found)) throw new Error(found);
    return found;
  }

  async findRoute(nodeId: string): Promise<Route | undefined> {
    await this.line(`ask route ${nodeId}`);
    const { route, routes } = this.world.says.transport;
    const found = nodeId in routes ? routes[nodeId] : route;
    if (typeof found === "string") throw new Error(found);
    return found ?? undefined;
  }

  async ecdh(nodeId: string, point: string): Promise<Uint8Array> {
    await this.line(`ask ecdh ${nodeId} ${point}`);
    const secret = this.world.says.ecdh[`${nodeId} ${point}`];
    if (secret === undefined) throw new Error("no such key");
    return lines.unhex(secret);
  }

  async receive(): Promise<Received> {
    while (this.world.arrived.length === 0)
      await new Promise<void>((resolve) => (this.world.arrives = resolve));
    const { bytes, replyTo, nodeId } = this.world.arrived.shift() as Given;
    if (replyTo === undefined) return { kind: "onionMessage", nodeId, bytes: lines.unhex(bytes) };
    return { kind: "invoiceError", replyPathId: lines.unhex(replyTo), bytes: lines.unhex(bytes) };
  }

  async sign({ nodeId, digest, invoice }: Parameters<Signer["sign"]>[0]): Promise<Uint8Array> {
    await this.line(`ask sign ${nodeId} ${lines.hex(digest)} ${lines.mark(invoice)}`);
    const signature = this.world.says.signer.signs;
    if (typeof signature !== "string") throw new Error("locked");
    return lines.unhex(signature);
  }

  #fits({ revisionKey, revision, absent }: Batch): boolean {
    const found = this.world.data.get(lines.hex(revisionKey));
    const stored = found === undefined ? 0n : BigInt(`0x${lines.hex(found)}`);
    return stored === revision - 1n && !absent.some((key) => this.world.data.has(lines.hex(key)));
  }

  #apply(batch: Batch): void {
    for (const { key, value } of batch.puts) this.world.data.set(lines.hex(key), value.slice());
    for (const key of batch.deletes) this.world.data.delete(lines.hex(key));
    this.#revise(batch);
  }

  #revise({ revisionKey, revision }: Batch): void {
    this.world.data.set(lines.hex(revisionKey), lines.unhex(revision.toString(16).padStart(16, "0")));
  }
}

/** The number of the action (4 bytes), the first byte of the payee's name, and bytes that count up. */
export function entropy(action: number, name: string): Uint8Array {
  const bytes = Uint8Array.from({ length: 32 }, (_, place) => 0xd0 + place);
  new DataView(bytes.buffer).setUint32(0, action);
  bytes[4] = name.charCodeAt(0);
  return bytes;
}

function storeError(word: string): StoreError {
  const kind = word === "lost" ? "failed" : (word as StoreErrorKind);
  return new StoreError(kind, "as the scenario says", kind === "conflict" ? "revision" : undefined);
}

export function paymentPath({ path, payinfo }: PathWords): PaymentPath {
  const hops = path.hops.map(({ blindedNodeId, encryptedRecipientData }) => ({
    blindedNodeId,
    encryptedRecipientData: lines.unhex(encryptedRecipientData),
  }));
  return { path: { ...path, hops }, payinfo };
}

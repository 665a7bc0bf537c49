/**
 * The other end of a connection, for tests: a node that answers BOLT 8, reads what it gets and says what it is told to.
 *
 * @module
 */

import { createCipheriv, createDecipheriv, createHash, hkdfSync } from "node:crypto";

import { call } from "../../src/module.js";
import type { Dialer, Duplex, DuplexEvents } from "../../src/transports/duplex.js";

const EPHEMERAL = new Uint8Array(32).fill(0x22);

/** How a node behaves. */
export interface Manners {
  /** Whether it takes onion messages. */
  onionMessages?: boolean;
  /** What comes right behind its introduction. */
  behind?: Buffer[];
  /** Says nothing at all. */
  silent?: boolean;
  /** Answers pings. */
  pongs?: boolean;
  /** Takes bytes from the stream. */
  reads?: boolean;
}

/** A node that takes one connection. */
export class Far implements Duplex {
  /** The payloads of the onion messages it got. */
  readonly messages: Buffer[] = [];
  readonly manners: Required<Manners>;
  isClosed = false;
  /** The most bytes that ever waited. */
  mostBuffered = 0;
  #unread: Buffer = Buffer.alloc(0);
  #received: Buffer = Buffer.alloc(0);
  #stage: "one" | "three" | "open" = "one";
  #ck: Buffer = sha("Noise_XK_secp256k1_ChaChaPoly_SHA256");
  #h: Buffer = sha(this.#ck, Buffer.from("lightning"));
  #temp: Buffer = Buffer.alloc(0);
  #receiving = new Key(Buffer.alloc(32), Buffer.alloc(32));
  #sending = new Key(Buffer.alloc(32), Buffer.alloc(32));

  constructor(
    readonly key: Uint8Array,
    readonly events: DuplexEvents,
    manners: Manners = {},
  ) {
    this.manners = { onionMessages: true, behind: [], silent: false, pongs: true, reads: true, ...manners };
    this.#mix(point(key));
  }

  get buffered(): number {
    return this.#unread.length;
  }

  send(bytes: Uint8Array): void {
    this.#unread = Buffer.concat([this.#unread, bytes]);
    this.mostBuffered = Math.max(this.mostBuffered, this.#unread.length);
    if (this.manners.reads) queueMicrotask(() => this.read());
  }

  close(): void {
    this.isClosed = true;
  }

  /** Reads everything there is. */
  read(): void {
    this.#received = Buffer.concat([this.#received, this.#unread]);
    this.#unread = Buffer.alloc(0);
    if (!this.manners.silent) while (this.#step());
  }

  /** Sends any message. */
  say(message: Uint8Array): void {
    this.raw(Buffer.concat([this.#sending.seal(u16(message.length)), this.#sending.seal(message)]));
  }

  /** Sends the payload of an onion message. */
  sayOnion(payload: Uint8Array): void {
    this.say(onion(payload));
  }

  /** Sends bytes as they are. */
  raw(bytes: Uint8Array): void {
    if (!this.isClosed) this.events.received(bytes);
  }

  /** Hangs up. */
  hangUp(): void {
    if (!this.isClosed) this.events.ended("unreachable");
    this.isClosed = true;
  }

  #step(): boolean {
    if (this.#stage === "one") return this.#take(50, (act) => this.#actOne(act));
    if (this.#stage === "three") return this.#take(66, (act) => this.#actThree(act));
    if (this.#received.length < 18) return false;
    const saved = this.#receiving.copy();
    const length = this.#receiving.open(this.#received.subarray(0, 18)).readUInt16BE();
    if (this.#received.length < 18 + length + 16) {
      this.#receiving = saved;
      return false;
    }
    const message = this.#receiving.open(this.#received.subarray(18, 18 + length + 16));
    this.#received = this.#received.subarray(18 + length + 16);
    this.#heard(message);
    return true;
  }

  #take(length: number, act: (bytes: Buffer) => void): boolean {
    if (this.#received.length < length) return false;
    const bytes = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    act(bytes);
    return true;
  }

  #actOne(act: Buffer): void {
    const theirs = act.subarray(1, 34);
    this.#mix(theirs);
    const key = this.#derive(this.key, theirs);
    crypt("open", key, 0n, this.#h, act.subarray(34));
    this.#mix(act.subarray(34));
    const ours = point(EPHEMERAL);
    this.#mix(ours);
    this.#temp = this.#derive(EPHEMERAL, theirs);
    const tag = crypt("seal", this.#temp, 0n, this.#h, Buffer.alloc(0));
    this.#mix(tag);
    this.#stage = "three";
    this.raw(Buffer.concat([Buffer.of(0), ours, tag]));
  }

  #actThree(act: Buffer): void {
    const theirs = crypt("open", this.#temp, 1n, this.#h, act.subarray(1, 50));
    this.#mix(act.subarray(1, 50));
    const key = this.#derive(EPHEMERAL, theirs);
    crypt("open", key, 0n, this.#h, act.subarray(50));
    const [receiving, sending] = hkdf(this.#ck, Buffer.alloc(0));
    this.#receiving = new Key(receiving, this.#ck);
    this.#sending = new Key(sending, this.#ck);
    this.#stage = "open";
  }

  #heard(message: Buffer): void {
    switch (message.readUInt16BE()) {
      case 16: {
        // Bit 39: option_onion_messages.
        const features = this.manners.onionMessages ? Buffer.of(0x80, 0, 0, 0, 0) : Buffer.alloc(0);
        const init = Buffer.concat([u16(16), u16(0), u16(features.length), features]);
        const all = [init, ...this.manners.behind];
        this.raw(
          Buffer.concat(all.flatMap((m) => [this.#sending.seal(u16(m.length)), this.#sending.seal(m)])),
        );
        break;
      }
      case 18:
        if (this.manners.pongs) this.say(Buffer.concat([u16(19), u16(0)]));
        break;
      case 513:
        this.messages.push(message.subarray(2));
        break;
    }
  }

  #mix(bytes: Uint8Array): void {
    this.#h = sha(this.#h, bytes);
  }

  #derive(key: Uint8Array, theirs: Buffer): Buffer {
    const secret = call((glue) => glue.ecdh(key, theirs.toString("hex")));
    const [ck, temp] = hkdf(this.#ck, secret);
    this.#ck = ck;
    return temp;
  }
}

/** Connects to nodes of the test, by address. */
export class FarDialer implements Dialer {
  readonly timeoutMs = 5_000;
  /** Every connection that was begun. */
  readonly dialled: { address: string; far: Far }[] = [];
  /** What becomes of a connection: by default it opens and the node behaves. */
  behave: (address: string) => Manners | "offline" | "unreachable" | "never" | "throw" = () => ({});

  constructor(readonly key: Uint8Array) {}

  /** The latest connection. */
  get last(): Far {
    const last = this.dialled.at(-1);
    if (!last) throw new Error("nothing was dialled");
    return last.far;
  }

  knows(address: string): boolean {
    return address.startsWith("far:");
  }

  dial(address: string, events: DuplexEvents): Duplex {
    const manners = this.behave(address);
    if (manners === "throw") throw new Error("not allowed");
    const far = new Far(this.key, events, typeof manners === "object" ? manners : {});
    this.dialled.push({ address, far });
    queueMicrotask(() => {
      if (far.isClosed || manners === "never") return;
      if (typeof manners === "object") events.opened();
      else events.ended(manners);
    });
    return far;
  }
}

/** An `onion_message` with this payload. */
export function onion(payload: Uint8Array): Buffer {
  return Buffer.concat([u16(513), payload]);
}

/** A `ping` that asks for so many bytes. */
export function ping(bytes: number): Buffer {
  return Buffer.concat([u16(18), u16(bytes), u16(0)]);
}

/** A key of the transport, with its nonce. */
class Key {
  #nonce = 0n;
  constructor(
    private key: Buffer,
    private chaining: Buffer,
  ) {}

  seal(plain: Uint8Array): Buffer {
    return crypt("seal", this.key, this.#next(), Buffer.alloc(0), plain);
  }

  open(sealed: Uint8Array): Buffer {
    return crypt("open", this.key, this.#next(), Buffer.alloc(0), sealed);
  }

  copy(): Key {
    const copy = new Key(this.key, this.chaining);
    copy.#nonce = this.#nonce;
    return copy;
  }

  #next(): bigint {
    if (this.#nonce === 1000n) {
      [this.chaining, this.key] = hkdf(this.chaining, this.key);
      this.#nonce = 0n;
    }
    return this.#nonce++;
  }
}

function crypt(how: "seal" | "open", key: Buffer, nonce: bigint, ad: Buffer, text: Uint8Array): Buffer {
  const iv = Buffer.alloc(12);
  iv.writeBigUInt64LE(nonce, 4);
  const options = { authTagLength: 16 } as const;
  if (how === "seal") {
    const cipher = createCipheriv("chacha20-poly1305", key, iv, options);
    cipher.setAAD(ad, { plaintextLength: text.length });
    return Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
  }
  const split = text.length - 16;
  const decipher = createDecipheriv("chacha20-poly1305", key, iv, options);
  decipher.setAAD(ad, { plaintextLength: split });
  decipher.setAuthTag(text.subarray(split));
  return Buffer.concat([decipher.update(text.subarray(0, split)), decipher.final()]);
}

function hkdf(salt: Buffer, secret: Uint8Array): [Buffer, Buffer] {
  const both = Buffer.from(hkdfSync("sha256", secret, salt, Buffer.alloc(0), 64));
  return [both.subarray(0, 32), both.subarray(32)];
}

function sha(...parts: (Uint8Array | string)[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function point(key: Uint8Array): Buffer {
  return Buffer.from(
    call((glue) => glue.publicKey(key)),
    "hex",
  );
}

function u16(number: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(number);
  return bytes;
}

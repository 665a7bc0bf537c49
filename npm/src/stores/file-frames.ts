/**
 * The format of a log: what a FileStore keeps.
 *
 * A log begins with a head of 36 bytes: what it is, the version of the format, 16 bytes of dice (the salt), and 8 bytes of the
 * SHA-256 of these. Frames follow: a header of 24 bytes (the mark `iqfr`, the length of the payload in 4 bytes, the frame's number from
 * 1 in 8 bytes, and 8 bytes of the SHA-256 of the salt and these), the payload, and 16 bytes of the SHA-256 of header and payload. A
 * payload is puts and deletes, each a kind (1 byte: 1 or 0), the length of the key (2 bytes), for a put the length of the value
 * (4 bytes), the key, and the value. Numbers are big-endian.
 *
 * Whoever sends us a request knows no salt, so nothing in a request can pass for a header.
 *
 * @module
 */

import { createHash, randomBytes } from "node:crypto";

import type { Batch } from "../host.js";
import { MAX_BATCH_LEN, revisionBytes } from "./batch.js";

/** How every log begins: what it is, and the version of the format. */
export const MAGIC = Buffer.from("invreq log\0\x01");

const SALT_LEN = 16;
const SALTED_LEN = MAGIC.length + SALT_LEN;

/** The length of a log's head. */
export const HEAD_LEN = SALTED_LEN + 8;

const MARK = Buffer.from("iqfr");
const HEADER_LEN = 24;
const CHECKSUM_LEN = 16;

/** The longest payload: a batch, with the lengths of at most as many entries as it has bytes. */
const MAX_PAYLOAD_LEN = 8 * MAX_BATCH_LEN;

/** A change of one entry; `undefined` removes it. */
export type Change = readonly [key: Uint8Array, value: Uint8Array | undefined];

/** The changes of a batch, its revision included. */
export function changesOf(batch: Batch): Change[] {
  return [
    ...batch.deletes.map((key): Change => [key, undefined]),
    ...batch.puts.map(({ key, value }): Change => [key, value]),
    [batch.revisionKey, revisionBytes(batch.revision)],
  ];
}

/** The head of a new log, and the salt in it. */
export function newHead(): { head: Buffer; salt: Buffer } {
  const salt = randomBytes(SALT_LEN);
  const salted = Buffer.concat([MAGIC, salt]);
  return { head: Buffer.concat([salted, digest(salted).subarray(0, 8)]), salt };
}

/** The salt in a head; `undefined` where the head is not whole. */
export function saltOf(head: Buffer): Buffer | undefined {
  const [salted, checksum] = [head.subarray(0, SALTED_LEN), head.subarray(SALTED_LEN, HEAD_LEN)];
  return digest(salted).subarray(0, 8).equals(checksum) ? salted.subarray(MAGIC.length) : undefined;
}

/** A frame of these changes, for a log of this salt. */
export function frameOf(salt: Buffer, number: bigint, changes: Iterable<Change>): Buffer {
  const parts: Uint8Array[] = [];
  for (const [key, value] of changes) {
    const lengths = Buffer.alloc(value ? 7 : 3);
    lengths.writeUInt8(value ? 1 : 0, 0);
    lengths.writeUInt16BE(key.length, 1);
    if (value) lengths.writeUInt32BE(value.length, 3);
    parts.push(lengths, key, value ?? new Uint8Array());
  }
  const payload = Buffer.concat(parts);
  const header = Buffer.alloc(HEADER_LEN);
  MARK.copy(header);
  header.writeUInt32BE(payload.length, 4);
  header.writeBigUInt64BE(number, 8);
  digest(salt, header.subarray(0, 16)).copy(header, 16, 0, 8);
  const framed = Buffer.concat([header, payload]);
  return Buffer.concat([framed, digest(framed).subarray(0, CHECKSUM_LEN)]);
}

/** What is to be read of a log. */
export interface Reading {
  /** How many frames are whole. */
  readonly frames: bigint;
  /** Where the last whole one begins; behind the head where there is none. */
  readonly last: number;
  /** Where the last whole one ends. */
  readonly length: number;
  /** Whether frames follow one that is not whole: then something else than a write that was cut short has happened. */
  readonly isDamaged: boolean;
}

/** Reads frames one after the other, from behind the head, and hands over their changes. */
export function readFrames(log: Buffer, salt: Buffer, change: (change: Change) => void): Reading {
  let [frames, last, at] = [0n, HEAD_LEN, HEAD_LEN];
  for (;;) {
    const length = frameLength(log, salt, at, frames + 1n);
    const end = length === undefined ? log.length + 1 : at + length;
    const isWhole = end <= log.length && isIntact(log.subarray(at, end));
    if (!isWhole) return { frames, last, length: at, isDamaged: hasFrameAfter(log, salt, at, frames + 1n) };
    readPayload(log.subarray(at + HEADER_LEN, end - CHECKSUM_LEN), change);
    frames++;
    [last, at] = [at, end];
  }
}

/** The length of the frame whose header is here; `undefined` where there is no header of a frame of this number or a later one. */
function frameLength(
  log: Buffer,
  salt: Buffer,
  at: number,
  number: bigint,
  isLater = false,
): number | undefined {
  const header = log.subarray(at, at + HEADER_LEN);
  if (header.length < HEADER_LEN || !header.subarray(0, 4).equals(MARK)) return undefined;
  if (!digest(salt, header.subarray(0, 16)).subarray(0, 8).equals(header.subarray(16))) return undefined;
  const found = header.readBigUInt64BE(8);
  if (isLater ? found <= number : found !== number) return undefined;
  const length = header.readUInt32BE(4);
  return length > MAX_PAYLOAD_LEN ? undefined : HEADER_LEN + length + CHECKSUM_LEN;
}

function isIntact(frame: Buffer): boolean {
  const split = frame.length - CHECKSUM_LEN;
  return digest(frame.subarray(0, split)).subarray(0, CHECKSUM_LEN).equals(frame.subarray(split));
}

/** A frame is written only when the one before it is durable: so a later one proves that this one was whole once. */
function hasFrameAfter(log: Buffer, salt: Buffer, from: number, number: bigint): boolean {
  for (let at = log.indexOf(MARK, from); at >= 0; at = log.indexOf(MARK, at + 1)) {
    if (frameLength(log, salt, at, number, true) !== undefined) return true;
  }
  return false;
}

/** The checksum was right, so this is what was written. */
function readPayload(payload: Buffer, change: (change: Change) => void): void {
  let at = 0;
  while (at < payload.length) {
    const isPut = payload.readUInt8(at) === 1;
    const keyLength = payload.readUInt16BE(at + 1);
    const valueLength = isPut ? payload.readUInt32BE(at + 3) : 0;
    const key = at + (isPut ? 7 : 3);
    const value = key + keyLength;
    at = value + valueLength;
    change([payload.subarray(key, value), isPut ? payload.subarray(value, at) : undefined]);
  }
}

function digest(...parts: Uint8Array[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

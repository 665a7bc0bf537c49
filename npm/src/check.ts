/**
 * What callers and hosts pass, checked before anything of it reaches the module.
 *
 * Every property is read once. What cannot be used is an {@link InvreqError} with `invalid_parameter`, or with the code the core has
 * for it; what is used is a copy of our own.
 *
 * @module
 */

import type { Msat } from "./host.js";
import { fail, invalid, InvreqError } from "./error.js";

/** The longest text that is read, in characters, without white space around it. */
const MAX_STRING = 65_536;
/** The longest onion message or other run of bytes that is taken in. */
const MAX_BYTES = 65_536;

/** Objects whose properties are not known yet. */
export type Unknowns<Key extends string> = { readonly [K in Key]?: unknown };

/** Reads these properties, each once. */
export function read<Key extends string>(value: unknown, what: string, keys: readonly Key[]): Unknowns<Key> {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) {
    throw invalid(`${what} has to be an object, not ${kindOf(value)}`);
  }
  const found: { [K in Key]?: unknown } = {};
  for (const key of keys) found[key] = property(value, what, key);
  return found;
}

/** Reads one property. A getter that throws, or a proxy that was revoked, is a parameter that cannot be used. */
function property(value: object, what: string, key: string): unknown {
  try {
    return (value as { readonly [key: string]: unknown })[key];
  } catch (error) {
    throw invalid(`${what}.${key} cannot be read`, error);
  }
}

/** The value, or `undefined` where it is left out. */
export function optional<T>(
  value: unknown,
  check: (value: unknown, what: string) => T,
  what: string,
): T | undefined {
  return value === undefined || value === null ? undefined : check(value, what);
}

/** A text of BOLT 12. */
export function bolt12(value: unknown, what: string): string {
  if (typeof value !== "string") throw notText(value, what);
  if (value.length <= MAX_STRING) return wellFormed(value, what);
  // White space around it does not count, however long it is.
  const text = value.trim();
  if (text.length <= MAX_STRING) return wellFormed(text, what);
  const message = `${what} is longer than ${MAX_STRING} characters`;
  throw new InvreqError({
    code: "string_too_long",
    message,
    rule: "string-limit",
    section: "BOLT 12, Encoding",
  });
}

/** Any other text. */
export function text(value: unknown, what: string, longest = 1024): string {
  if (typeof value !== "string") throw notText(value, what);
  if (value.length > longest) throw invalid(`${what} is longer than ${longest} characters`);
  return wellFormed(value, what);
}

/** A label; a number is its decimal text. */
export function label(value: unknown, what = "label"): string {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return String(value);
  if (typeof value !== "string") throw notText(value, what);
  const why = "a label must be 1 to 256 bytes of UTF-8 without NUL";
  if (value.length > 256 || !isWellFormed(value)) throw fail("invalid_label", why);
  return value;
}

/** One of these words. */
export function word<T extends string>(value: unknown, what: string, words: readonly T[]): T {
  const found = words.find((word) => word === value);
  if (found === undefined) throw invalid(`${what} has to be one of ${words.join(", ")}`);
  return found;
}

export function bool(value: unknown, what: string): boolean {
  if (typeof value !== "boolean") throw invalid(`${what} has to be true or false, not ${kindOf(value)}`);
  return value;
}

/** An integer from 0 to `most`. */
export function integer(value: unknown, what: string, most: number): number {
  const number = typeof value === "bigint" && value >= 0n && value <= BigInt(most) ? Number(value) : value;
  if (typeof number !== "number" || !Number.isInteger(number) || number < 0 || number > most) {
    throw invalid(`${what} has to be an integer from 0 to ${most}`);
  }
  return number;
}

export const u8 = (value: unknown, what: string): number => integer(value, what, 0xff);
export const u16 = (value: unknown, what: string): number => integer(value, what, 0xffff);
export const u32 = (value: unknown, what: string): number => integer(value, what, 0xffff_ffff);
/** A time, in Unix seconds, or an index. */
export const safe = (value: unknown, what: string): number => integer(value, what, Number.MAX_SAFE_INTEGER);

/** An amount, in msat, or any other integer of 64 bits. */
export function u64(value: Msat | unknown, what: string): bigint {
  const big = typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof big !== "bigint" || big < 0n || big > 0xffff_ffff_ffff_ffffn) {
    throw invalid(`${what} has to be a bigint, or a safe integer, from 0 to 2^64 - 1`);
  }
  return big;
}

/** Bytes as hex digits. */
export function hex(value: unknown, what: string, bytes: number): string {
  if (typeof value !== "string") throw notText(value, what);
  if (value.length !== bytes * 2 || !/^[0-9a-fA-F]*$/.test(value)) {
    throw invalid(`${what} has to be ${bytes} bytes as hex`);
  }
  return value;
}

export const hash = (value: unknown, what: string): string => hex(value, what, 32);
export const point = (value: unknown, what: string): string => hex(value, what, 33);

const TypedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const tagOf = getter(Symbol.toStringTag);
const lengthOf = getter("length");

function getter(key: PropertyKey): (value: object) => unknown {
  const get = Object.getOwnPropertyDescriptor(TypedArray, key)?.get;
  return (value) => get?.call(value);
}

/** A copy of these bytes, so that nobody changes them under our hands. */
export function bytes(value: unknown, what: string, length?: number, most = MAX_BYTES): Uint8Array {
  // By what it is, not by its class: each realm has its own.
  if (typeof value !== "object" || value === null || tagOf(value) !== "Uint8Array") {
    throw invalid(`${what} has to be a Uint8Array, not ${kindOf(value)}`);
  }
  const found = lengthOf(value);
  if (length !== undefined && found !== length)
    throw invalid(`${what} has to be ${length} bytes, not ${found}`);
  if (typeof found !== "number" || found > most) throw invalid(`${what} is longer than ${most} bytes`);
  try {
    return new Uint8Array(value as Uint8Array);
  } catch (error) {
    throw invalid(`${what} cannot be read`, error);
  }
}

/** Bytes of this length, as bytes or as hex. */
export function bytesOrHex(value: unknown, what: string, length: number): Uint8Array {
  if (typeof value !== "string") return bytes(value, what, length);
  const digits = hex(value, what, length);
  return Uint8Array.from({ length }, (_, at) => parseInt(digits.slice(at * 2, at * 2 + 2), 16));
}

/** A list of at most so many, each of them checked. */
export function list<T>(
  value: unknown,
  what: string,
  most: number,
  check: (value: unknown, what: string) => T,
): T[] {
  let length: unknown;
  try {
    if (!Array.isArray(value)) throw invalid(`${what} has to be an array, not ${kindOf(value)}`);
    length = value.length;
  } catch (error) {
    throw InvreqError.is(error) ? error : invalid(`${what} cannot be read`, error);
  }
  if (integer(length, `the length of ${what}`, 0xffff_ffff) > most) {
    throw invalid(`${what} has more than ${most} entries`);
  }
  return Array.from({ length: Number(length) }, (_, at) =>
    check(property(value, what, String(at)), `${what}[${at}]`),
  );
}

/** A function of an object, bound to it; `undefined` where there is none. */
export function method(
  value: unknown,
  what: string,
  name: string,
): ((...args: never[]) => unknown) | undefined {
  const found = read(value, what, [name])[name];
  if (found === undefined || found === null) return undefined;
  if (typeof found !== "function")
    throw invalid(`${what}.${name} has to be a function, not ${kindOf(found)}`);
  return (...args) => Reflect.apply(found, value, args) as unknown;
}

function wellFormed(value: string, what: string): string {
  if (!isWellFormed(value))
    throw invalid(`${what} is no well-formed Unicode: it has half of a surrogate pair`);
  return value;
}

/** Whether no half of a surrogate pair stands alone. */
export function isWellFormed(value: string): boolean {
  const { isWellFormed } = value as { isWellFormed?: () => boolean };
  return isWellFormed?.call(value) ?? !/[\ud800-\udfff]/u.test(value);
}

function notText(value: unknown, what: string): InvreqError {
  return invalid(`${what} has to be a string, not ${kindOf(value)}`);
}

/** What a value is, without looking into it. */
export function kindOf(value: unknown): string {
  return value === null ? "null" : typeof value;
}

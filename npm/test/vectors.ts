/** The shared test vectors. */

import { readFileSync } from "node:fs";

const folder = new URL("../../tests/vectors/", import.meta.url);

/** A file of JSON, as it is known to be. */
export function json<T>(path: string): T {
  return JSON.parse(readFileSync(new URL(path, folder), "utf8")) as T;
}

/** A file with a line of JSON for each case. */
export function lines<T>(path: string): T[] {
  const text = readFileSync(new URL(path, folder), "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as T);
}

export function unhex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(text, "hex"));
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

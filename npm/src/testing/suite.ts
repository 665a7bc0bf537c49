/**
 * The suite that shows whether a store keeps the contract of `Store`.
 *
 * @module
 */

import type { Store } from "../host.js";
import { Failure, Skip, Space } from "./expect.js";
import * as lifecycle from "./lifecycle.js";
import * as others from "./others.js";
import * as races from "./races.js";
import * as reads from "./reads.js";
import * as revisions from "./revisions.js";
import * as writes from "./writes.js";

/** What the suite needs to know of a store: how to open one. */
export interface StoreHarness {
  /**
   * Opens the data of this name, which is made of small letters and hyphens.
   *
   * Under a name that has not been used before there is nothing; each name is data of its own, and the same name opens the same
   * data. A database server can use a table for each, a store of files a folder.
   */
  open(name: string): Promise<Store>;

  /** Whether data outlives the last handle on it; `true` by default. Where it does not, the checks of durability are skipped. */
  readonly durable?: boolean | undefined;

  /**
   * Whether the same data can be open more than once at a time; `true` by default. Where it cannot, the checks of several handles
   * are skipped.
   */
  readonly shared?: boolean | undefined;

  /**
   * Leaves the data of this name as a process leaves it that ends without closing its handle, for stores that are not `shared`: what is
   * opened next under the name has to find what was written.
   */
  crash?(name: string, store: Store): Promise<void>;
}

/** What came out of one check. */
export interface ConformanceCheck {
  /** The name of the check, the same in every language. */
  readonly name: string;
  /** Whether the store does as the contract says, or the check does not apply to it. */
  readonly outcome: "passed" | "skipped" | "failed";
  /** Why it was skipped, or in which way the store broke the contract. */
  readonly reason?: string | undefined;
}

/** What came out of every check. */
export class ConformanceReport {
  /** The report of these checks, in the order in which they were made. */
  constructor(
    /** Every check, in the order in which they were made. */
    readonly checks: readonly ConformanceCheck[],
  ) {}

  /** The checks that failed. */
  get failed(): readonly ConformanceCheck[] {
    return this.checks.filter((check) => check.outcome === "failed");
  }

  /** Throws an `Error` that names the checks that failed, if there are any. */
  assertPassed(): void {
    if (this.failed.length > 0) throw new Error(`the store breaks the contract\n${this.toString()}`);
  }

  /** One line for each check. */
  toString(): string {
    const line = ({ name, outcome, reason }: ConformanceCheck): string =>
      `${outcome.padEnd(7)} ${name}${reason === undefined ? "" : `: ${reason}`}`;
    return this.checks.map(line).join("\n");
  }
}

const SUITE: Readonly<Record<string, (space: Space) => Promise<void>>> = {
  "range-of-nothing": reads.rangeOfNothing,
  "range-order": reads.rangeOrder,
  "range-bounds": reads.rangeBounds,
  "range-limit": reads.rangeLimit,
  "range-pages": reads.rangePages,
  "keys-are-bytes": reads.keysAreBytes,
  "keys-of-every-length": reads.keysOfEveryLength,
  "values-of-every-size": reads.valuesOfEverySize,
  "put-replaces": writes.putReplaces,
  "delete-removes": writes.deleteRemoves,
  "read-your-writes": writes.readYourWrites,
  "large-batch": writes.largeBatch,
  "absent-refuses": writes.absentRefuses,
  "absent-names-the-key": writes.absentNamesTheKey,
  "absent-looks-before-the-write": writes.absentLooksBeforeTheWrite,
  "conflict-writes-nothing": writes.conflictWritesNothing,
  "invalid-writes-nothing": writes.invalidWritesNothing,
  "bytes-are-copied": writes.bytesAreCopied,
  "revision-begins-at-one": revisions.beginsAtOne,
  "revision-is-the-next": revisions.isTheNext,
  "revision-encoding": revisions.encoding,
  "revision-comes-first": revisions.comesFirst,
  "revision-stale-writer": revisions.staleWriter,
  "wallets-apart": revisions.walletsApart,
  "race-on-a-revision": races.onARevision,
  "race-of-handles": races.ofHandles,
  "race-on-an-absent-key": races.onAnAbsentKey,
  "race-of-reads-and-writes": races.ofReadsAndWrites,
  "dropped-write": races.droppedWrite,
  "survives-closing": lifecycle.survivesClosing,
  "survives-dropping": lifecycle.survivesDropping,
  "closed-refuses": lifecycle.closedRefuses,
  "close-waits": lifecycle.closeWaits,
  "close-is-for-one-handle": lifecycle.closeIsForOneHandle,
  "watch-tells-of-others": others.watchTellsOfOthers,
  "one-leads": others.oneLeads,
};

/** The names of all checks, in the order in which they are made. */
export const CONFORMANCE_CHECKS: readonly string[] = Object.keys(SUITE);

/**
 * Makes every check, each on data of its own name, and goes on after a failure.
 *
 * It needs no test framework. It does not reject: what failed is in the report, whose `assertPassed` throws it.
 *
 * @example
 * ```ts
 * const data = new Map<string, MemoryStore>();
 * const report = await storeConformance({
 *   durable: false,
 *   async open(name) {
 *     const store = data.get(name) ?? new MemoryStore();
 *     data.set(name, store);
 *     return store.clone();
 *   },
 * });
 * report.assertPassed();
 * ```
 */
export async function storeConformance(harness: StoreHarness): Promise<ConformanceReport> {
  const checks: ConformanceCheck[] = [];
  for (const [name, check] of Object.entries(SUITE)) checks.push(await make(harness, name, check));
  return new ConformanceReport(checks);
}

async function make(
  harness: StoreHarness,
  name: string,
  check: (space: Space) => Promise<void>,
): Promise<ConformanceCheck> {
  const space = new Space(harness, name);
  try {
    await check(space);
    return { name, outcome: "passed" };
  } catch (error) {
    if (error instanceof Skip) return { name, outcome: "skipped", reason: error.message };
    const reason = error instanceof Failure ? error.message : `unexpected error: ${String(error)}`;
    return { name, outcome: "failed", reason };
  } finally {
    await space.closeAll();
  }
}

/**
 * Amounts, times and states as a person says them.
 *
 * @module
 */
import type { InvoiceRecord, PathReport } from "invreq";

const GROUPED = new Intl.NumberFormat("en", { maximumFractionDigits: 3 });
const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

/** An amount in sat, without its unit: `50,000` or `0.5`. */
export function sat(msat: bigint): string {
  return GROUPED.format(Number(msat) / 1000);
}

/** The time of day, and the day where it is not today. `ms` is in Unix milliseconds. */
export function time(ms: number, now = Date.now()): string {
  const date = new Date(ms);
  const clock = TIME.format(date);
  return date.toDateString() === new Date(now).toDateString() ? clock : `${DAY.format(date)}, ${clock}`;
}

/** How long it still is until then: `59 minutes`, `42 seconds`. Both are in Unix milliseconds. */
export function remaining(untilMs: number, now: number): string {
  const seconds = Math.max(0, Math.floor((untilMs - now) / 1000));
  if (seconds < 60) return count(seconds, "second");
  if (seconds < 3600) return count(Math.floor(seconds / 60), "minute");
  if (seconds < 2 * 86_400) return count(Math.floor(seconds / 3600), "hour");
  return count(Math.floor(seconds / 86_400), "day");
}

/** A long id or string, cut in the middle. */
export function short(text: string, ends = 8): string {
  return text.length <= 2 * ends + 1 ? text : `${text.slice(0, ends)}…${text.slice(-ends)}`;
}

/** How an invoice stands, in one or two words, and the tone it is said in. */
export function standing(record: InvoiceRecord): { word: string; tone: Tone } {
  if (record.status === "paid") return { word: "Paid", tone: "good" };
  if (record.status === "expired") return { word: "Expired", tone: "quiet" };
  if (record.claiming) return { word: "Claiming", tone: "busy" };
  switch (record.delivery.state) {
    case "stored":
      return { word: "Stored", tone: "busy" };
    case "sending":
      return { word: "Sending", tone: "busy" };
    case "sent":
      return { word: "Sent", tone: "busy" };
    case "refused":
      return { word: "Refused", tone: "bad" };
    case "unreachable":
      return { word: "Not sent", tone: "bad" };
  }
}

/** What a state is said in: it decides the colour, and never stands for the word. */
export type Tone = "good" | "busy" | "bad" | "warn" | "quiet";

/** What became of one path, in words. */
export function pathOutcome(path: PathReport): string {
  switch (path.outcome) {
    case "untried":
      return "not tried yet";
    case "sending":
      return "on its way";
    case "accepted":
      return path.attempts > 1 ? `accepted, ${path.attempts} copies` : "accepted";
    case "no_route":
      return "there is no way to this node";
    case "offline":
      return "offline, it is tried again";
    case "failed":
      return "it failed, it is tried again";
  }
}

/** A node id, cut; or the end of a channel as `block x transaction x output`. */
export function introduction(path: PathReport): string {
  const at = path.introduction;
  if (typeof at === "string") return short(at, 6);
  const { scid, direction } = at;
  return `channel ${scid >> 40n}x${(scid >> 16n) & 0xffffffn}x${scid & 0xffffn}, end ${direction}`;
}

/** A number with its noun. */
export function count(number: number, noun: string): string {
  return `${GROUPED.format(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** A sentence: a capital letter, and a full stop. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === "") return "";
  const closed = /[.!?…]$/.test(trimmed) ? trimmed : `${trimmed}.`;
  return closed.charAt(0).toUpperCase() + closed.slice(1);
}

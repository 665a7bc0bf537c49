/**
 * The lines of a transcript, as tests/scenarios/README.md describes them.
 *
 * @module
 */
import type {
  Batch,
  Decoded,
  Delivery,
  InboundPaymentRequest,
  InvoiceRecord,
  InvreqError,
  Page,
  PayeeEvent,
  Preview,
  Verdict,
  Verified,
} from "../../../src/index.js";

export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
export const unhex = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/../g) ?? [], (byte) => parseInt(byte, 16));

/** FNV-1a of 64 bits: what stands for bytes that are too long for a line. */
export function mark(bytes: Uint8Array): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16).padStart(16, "0");
}

export function write(batch: Batch): string {
  const puts = batch.puts.map(({ key, value }) => ` +${hex(key)}=${mark(value)}`);
  const deletes = batch.deletes.map((key) => ` -${hex(key)}`);
  const absent = batch.absent.map((key) => ` !${hex(key)}`);
  return `write ${batch.revision}${[...puts, ...deletes, ...absent].join("")}`;
}

export const source = (asked: InboundPaymentRequest): string =>
  `ask source ${asked.amountMsat} ${asked.expiresAt} ${asked.paymentHash} ${asked.invreqId} ${asked.label}`;

export function send({ id, nodeId, via, packet, path, invoice, replyPathId, label }: Delivery): string {
  const { firstHop, message } = packet;
  const words = ["send", id, nodeId, "via", `[${via.join(",")}]`, "first", firstHop];
  words.push("path", String(path?.hops.length ?? "-"), "packet", `${message.length}:${mark(message)}`);
  words.push("invoice", mark(invoice), ...(replyPathId === undefined ? [] : ["reply"]), label);
  return words.join(" ");
}

export function record(of: InvoiceRecord): string {
  const { delivery, payment } = of;
  const paths = delivery.paths.map(({ outcome, attempts }) => `${outcome}:${attempts}`).join(",");
  const words = [of.label, `${of.status}${of.claiming ? "+claiming" : ""}`, delivery.state];
  words.push(String(delivery.attempts), `[${paths}]`, `created=${of.createdIndex}`);
  if (of.updatedIndex !== undefined) words.push(`updated=${of.updatedIndex}`);
  if (payment !== undefined)
    words.push(`paid=${payment.payIndex}:${payment.amountReceivedMsat}:${payment.paidAt}`);
  const said = delivery.error;
  if (said !== undefined) {
    const about = [said.receivedAt, said.erroneousField ?? "-", said.suggestedValue ?? "-", said.message];
    words.push(`said=${about.join(":")}`);
  }
  return words.join(" ");
}

export function event(event: PayeeEvent): string {
  const about = ((): string => {
    switch (event.kind) {
      case "trouble":
        return error(event.error);
      case "clockBehind":
        return `${event.storedMs} ${event.nowMs}`;
      case "missed":
        return String(event.count);
      case "underpaid":
        return `${event.amountReceivedMsat} ${record(event.record)}`;
      default:
        return record(event.record);
    }
  })();
  return `event ${event.kind} ${about}`;
}

export function error(of: InvreqError): string {
  const words = ["error", of.code, String(of.rpcCode)];
  if (of.field !== undefined) words.push(`field=${of.field.number}:${of.field.name}`);
  if (of.rule !== undefined) words.push(`rule=${of.rule}`);
  words.push(of.retryable ? "retry" : "final");
  if (of.record !== undefined) words.push("record", record(of.record));
  return words.join(" ");
}

export const done = (of: InvoiceRecord): string => `${record(of)} rpc ${of.toRpc()}`;
export const approval = (of: { preimage?: string; record: InvoiceRecord }): string =>
  `settle ${of.preimage ?? "-"} ${record(of.record)}`;

export function verdict(of: Verdict): string {
  if (of.kind === "settle") return `settle ${of.preimage ?? "-"}`;
  return of.kind === "unknown" ? "unknown" : `${of.kind} ${of.error.code}`;
}

export const page = ({ records, next }: Page): string =>
  `page next=${next ?? "-"}${records.map((of) => ` | ${record(of)}`).join("")}`;

export function preview(of: Preview): string {
  const receivable = of.receivable === undefined ? "unknown" : of.receivable ? "receivable" : "full";
  const words = [
    "preview",
    of.error?.code ?? "answerable",
    of.amountMsat ?? "-",
    of.expiresAt ?? "-",
    receivable,
  ];
  words.push(of.signed ? "signed" : "unsigned", of.alreadyAnswered ? "answered" : "open");
  return [...words, of.description ?? "-", "/", of.issuer ?? "-"].join(" ");
}

export function decoded(of: Decoded): string {
  const words: string[] = [of.kind, of.signed ? "signed" : "unsigned", of.id ?? "-"];
  words.push(of.answerable ? "answerable" : "not-answerable", `problem=${of.problem?.code ?? "-"}`);
  words.push(`fields=${of.fields.map(({ number, hex }) => `${number}:${hex.length / 2}`).join(",")}`);
  return [...words, ...of.warnings.map(({ code }) => `warning=${code}`)].join(" ");
}

export const verified = (of: Verified): string =>
  `${of.kind} ${of.signed ? "signed" : "unsigned"} ${of.nodeId ?? "-"} ${of.id ?? "-"}`;

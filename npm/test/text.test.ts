import assert from "node:assert/strict";
import { test } from "node:test";

import { answer, decode, InvreqError, prepare, verify } from "../src/index.js";
import { NODE, payment, REFUND } from "./host.js";
import { hex, json, lines, unhex } from "./vectors.js";

interface FuzzCase {
  readonly string?: string;
  readonly string_hex?: string;
  readonly error: string | null;
  readonly fields?: readonly (readonly [number, number])[];
  readonly merkle_root?: string;
}

/** `ok`, or the code of the error. Both functions have to agree. */
function verdict(text: string): string {
  const codes = [decode, verify].map((read) => {
    try {
      read(text);
      return "ok";
    } catch (error) {
      assert.ok(InvreqError.is(error), `${text}: ${String(error)}`);
      assert.ok(error.message.length > 0);
      return error.code;
    }
  });
  assert.equal(codes[0], codes[1], text);
  return codes[0] ?? "";
}

test("the format strings of BOLT 12", () => {
  const cases = json<{ comment: string; valid: boolean; string: string }[]>(
    "bolts/bolt12/format-string-test.json",
  );
  assert.equal(cases.length, 12);
  for (const { comment, valid, string } of cases) assert.equal(verdict(string) === "ok", valid, comment);
});

test("the offers of BOLT 12", () => {
  type Case = {
    description: string;
    valid: boolean;
    bolt12: string;
    fields?: { type: number; hex: string }[];
  };
  const cases = json<Case[]>("bolts/bolt12/offers-test.json");
  assert.equal(cases.length, 53);
  for (const { description, valid, bolt12, fields } of cases) {
    assert.equal(verdict(bolt12) === "ok", valid, description);
    if (!valid) continue;
    const decoded = decode(bolt12);
    assert.equal(decoded.kind, "offer");
    const found = decoded.fields.map(({ number, hex, length }) => ({ type: number, hex, length }));
    const expected = fields?.map(({ type, hex }) => ({ type, hex, length: hex.length / 2 }));
    assert.deepEqual(found, expected, description);
  }
});

// Where we differ from Core Lightning's minimal decoder on purpose, and how often: core/tests/codec/cln.rs says why.
const DIFFERENCES = {
  "invoice: ok, but invalid_signature": 193,
  "invoice: ok, but missing_field": 68,
  "invoice: ok, but empty_stream": 1,
  "invrequest: ok, but empty_stream": 1,
  "invrequest: invalid invreq data, but ok": 2,
};

test("Core Lightning's fuzz corpora", () => {
  const different: { [what: string]: number } = {};
  for (const [corpus, count] of [
    ["invrequest", 757],
    ["invoice", 462],
    ["offer", 201],
  ] as const) {
    const cases = lines<FuzzCase>(`cln/fuzz-${corpus}-decode.jsonl`);
    assert.equal(cases.length, count);
    for (const { string = "", error, fields, merkle_root } of cases) {
      const theirs = error ?? "ok";
      const ours = verdict(string);
      if ((theirs === "ok") !== (ours === "ok")) {
        const what = `${corpus}: ${theirs}, but ${ours}`;
        different[what] = (different[what] ?? 0) + 1;
      } else if (ours === "ok") {
        const decoded = decode(string);
        // Where no record goes into the tree, Core Lightning has none.
        assert.equal(decoded.merkleRoot, merkle_root ?? "0".repeat(64), string);
        assert.deepEqual(
          decoded.fields.map(({ number, length }) => [number, length]),
          fields,
        );
      }
    }
  }
  assert.deepEqual(different, DIFFERENCES);
});

test("Core Lightning's fuzz corpus of strings", () => {
  const cases = lines<FuzzCase>("cln/fuzz-bech32-decode.jsonl");
  assert.equal(cases.length, 256);
  for (const { string, string_hex = "" } of cases) {
    assert.notEqual(verdict(string ?? Buffer.from(string_hex, "hex").toString("utf8")), "ok");
  }
});

test("requests and their invoices, signed and not", () => {
  interface Pair {
    readonly network: "regtest" | "bitcoin";
    readonly signed: boolean;
    readonly request: string;
    readonly request_merkle_root: string | null;
    readonly invoice: string;
    readonly invoice_merkle_root: string | null;
  }
  const pairs = json<Pair[]>("pairs/pairs.json");
  assert.equal(pairs.length, 3);
  for (const { network, signed, request, invoice, request_merkle_root, invoice_merkle_root } of pairs) {
    const decoded = decode(request, { network });
    assert.equal(decoded.merkleRoot, request_merkle_root ?? decoded.merkleRoot);
    const root = decode(invoice, { network }).merkleRoot;
    assert.equal(root, invoice_merkle_root ?? root);
    assert.equal(decoded.signed, signed);
    const verified = verify(request);
    assert.deepEqual([verified.kind, verified.signed], ["invoice_request", signed]);
    assert.equal(verified.nodeId !== undefined, signed);
    assert.equal(verify(invoice).signed, true);
    assert.equal(verify(invoice).id, verified.id, "both name the same request");
  }
});

test("a request that is held against a network and a time", () => {
  const at = (options?: Parameters<typeof decode>[1]): string | undefined =>
    decode(REFUND, options).problem?.code;
  assert.equal(at(), undefined);
  assert.equal(at({ network: "regtest" }), "wrong_chain");
  assert.equal(at({ network: "any" }), undefined);
  assert.equal(at({ now: 4_000_000_000 }), undefined);
  assert.equal(at({ now: 4_000_000_001 }), "request_expired");
  assert.equal(decode(REFUND).warnings[0]?.code, "signature_missing");
});

test("an error says where and why", () => {
  const request = json<{ request: string }[]>("pairs/pairs.json")[0]?.request ?? "";
  assert.throws(
    () => verify(`${request.slice(0, -8)}qqqqqqqq`),
    (error: unknown) => {
      assert.ok(InvreqError.is(error) && error instanceof InvreqError && error instanceof Error);
      assert.equal(error.name, "InvreqError");
      assert.deepEqual(
        [error.code, error.rpcCode, error.field?.name, error.retryable],
        ["invalid_signature", -32602, "signature", false],
      );
      assert.equal(error.field?.number, 240);
      assert.equal(typeof error.rule, "string");
      assert.match(error.section ?? "", /^BOLT 12/);
      return true;
    },
  );
});

const TERMS = {
  invreq: REFUND,
  paymentHash: "11".repeat(32),
  paths: payment(20_000_001n).paths,
  createdAt: 1_800_000_000,
};

test("an answer with a key at hand, and with a key somewhere else", () => {
  const secretKey = new Uint8Array(32).fill(0);
  secretKey[31] = 1;
  const invoice = answer({ ...TERMS, secretKey });
  assert.equal(secretKey[31], 1, "the caller's key stays as it is");
  const { kind, signed, nodeId } = verify(invoice);
  assert.deepEqual([kind, signed, nodeId], ["invoice", true, NODE]);

  const unsigned = prepare({ ...TERMS, nodeId: NODE });
  assert.equal(unsigned.tag, "lightninginvoicesignature");
  assert.equal(unsigned.digest.length, 32);
  assert.equal(unsigned.nodeId, NODE);
  // The same invoice has the same signature: it stands in record 240, at the end.
  const signature = decode(invoice).fields.find(({ number }) => number === 240)?.hex ?? "";
  assert.equal(unsigned.finish(unhex(signature)), invoice);
  assert.throws(() => unsigned.finish(new Uint8Array(64)), { code: "invalid_signature" });
  assert.ok(hex(unsigned.invoice).length > 0 && !hex(unsigned.invoice).includes(signature));
});

test("terms that cannot be", () => {
  const secretKey = new Uint8Array(32).fill(1);
  const broken: [object, string][] = [
    [{ network: "regtest" }, "wrong_chain"],
    [{ amountMsat: 5 }, "amount_mismatch"],
    [{ expiry: 0 }, "invalid_expiry"],
    [{ paths: [] }, "invalid_payment_path"],
    [{ paths: payment(1n).paths }, "insufficient_inbound"],
    [{ pathsExpireAt: 1_800_000_001 }, "path_expires_early"],
    [{ createdAt: 4_000_000_001 }, "request_expired"],
    [{ secretKey: new Uint8Array(32) }, "invalid_parameter"],
    [{ paymentHash: "11" }, "invalid_parameter"],
  ];
  for (const [over, code] of broken) {
    assert.throws(() => answer({ ...TERMS, secretKey, ...over }), { code }, Object.keys(over)[0]);
  }
});

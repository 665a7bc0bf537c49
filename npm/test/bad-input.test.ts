import assert from "node:assert/strict";
import { test } from "node:test";

import {
  answer,
  decode,
  InvreqError,
  type Payee,
  prepare,
  verify,
  Payee as PayeeClass,
} from "../src/index.js";
import { NODE, payment, REFUND, TestSource, TestStore, TestTransport } from "./host.js";
import { open } from "./open.js";

const revoked = Proxy.revocable({}, {});
revoked.revoke();
const throws = new Proxy(
  {},
  {
    get() {
      throw new Error("a trap of the proxy");
    },
  },
);
const detached = new Uint8Array(32);
structuredClone(detached, { transfer: [detached.buffer] });
const huge = "q".repeat(100_000_000);
const endless: { self?: unknown } = {};
endless.self = endless;

/** What is wrong for every parameter, whatever it is. */
const JUNK: readonly unknown[] = [
  null,
  NaN,
  -1,
  1.5,
  Infinity,
  2 ** 53,
  -1n,
  2n ** 64n,
  true,
  "",
  "\0",
  "\ud800",
  "lnr1\udc00",
  huge,
  Symbol("s"),
  () => {},
  [],
  Array(5),
  new Array(1_000_000),
  {},
  endless,
  throws,
  revoked.proxy,
  Object.create(null),
  new Date(NaN),
  new Uint8Array(0),
  new Uint8Array(31),
  new Uint8Array(1_000_000),
  detached,
  new Uint8Array(new SharedArrayBuffer(5)),
  new Float64Array(4),
  new DataView(new ArrayBuffer(32)),
  new Proxy(new Uint8Array(32), {}),
  Object.setPrototypeOf({ length: 32 }, Uint8Array.prototype),
  new Map(),
  Promise.resolve(1),
];

/** A good call, and which of its parameters can be anything at all. */
interface Case {
  readonly name: string;
  readonly run: (...args: unknown[]) => unknown;
  readonly args: readonly unknown[];
  /** Throws instead of rejecting. */
  readonly sync?: boolean;
}

const terms = {
  invreq: REFUND,
  network: "bitcoin",
  amountMsat: 20_000_001n,
  paymentHash: "11".repeat(32),
  paths: payment(20_000_001n).paths,
  mpp: false,
  createdAt: 1_800_000_000,
  expiry: 60,
  pathsExpireAt: 1_900_000_000,
};

function cases(payee: Payee): Case[] {
  const of = (name: string, run: (...args: never[]) => unknown, args: unknown[], sync = false): Case => ({
    name,
    run: run as Case["run"],
    args,
    sync,
  });
  const method = (name: keyof Payee, args: unknown[], sync = false): Case =>
    of(
      name as string,
      (...given: never[]) => Reflect.apply(payee[name] as (...args: never[]) => unknown, payee, given),
      args,
      sync,
    );
  return [
    of("decode", decode, [REFUND, { network: "any", now: 5 }], true),
    of("verify", verify, [REFUND], true),
    of("answer", answer, [{ ...terms, secretKey: new Uint8Array(32).fill(1) }], true),
    of("prepare", prepare, [{ ...terms, nodeId: NODE }], true),
    of(
      "finish",
      (signature) => prepare({ ...terms, nodeId: NODE } as never).finish(signature),
      [new Uint8Array(64)],
      true,
    ),
    method("sendInvoice", [
      {
        invreq: REFUND,
        label: "a",
        amountMsat: 20_000_001n,
        timeout: 1,
        expiry: 1,
        quantity: undefined,
        existing: "join",
        again: true,
        invoiceNodeId: NODE,
        replies: "unwanted",
      },
      { signal: AbortSignal.abort() },
    ]),
    method("resend", ["a"]),
    method("preview", [REFUND, { signal: AbortSignal.abort() }]),
    method("waitInvoice", ["a", { signal: AbortSignal.abort() }]),
    method("waitAnyInvoice", [0, { timeout: 0, signal: AbortSignal.abort() }]),
    of("listInvoices", (query) => payee.listInvoices(query).page(), [
      { label: "a", paymentHash: "11".repeat(32), status: "paid", index: "updated", start: 1, limit: 5 },
    ]),
    method("delInvoice", ["a", "paid"]),
    method("claim", [{ paymentHash: "11".repeat(32), totalMsat: 1, firstHtlcAt: 1 }]),
    method("claimFailed", ["11".repeat(32)]),
    method("paymentReceived", [
      { paymentHash: "11".repeat(32), amountMsat: 1, paidAt: 1, preimage: new Uint8Array(32) },
    ]),
    method("receiveOnionMessage", [new Uint8Array(100), { nodeId: NODE }]),
    method("receiveInvoiceError", [{ replyPathId: new Uint8Array(32), bytes: new Uint8Array(5) }]),
    method("on", ["paid", () => {}], true),
    method("events", [{ signal: AbortSignal.abort() }], true),
    of("Payee.open", (options) => PayeeClass.open(options).then((payee) => payee.close()), [
      {
        network: "bitcoin",
        store: new TestStore(),
        source: new TestSource(),
        transport: new TestTransport(),
        seed: new Uint8Array(32),
        signer: { sign: () => {} },
        walletId: "w",
        clock: { nowMs: () => 1, sleepUntil: () => {} },
        entropy: () => new Uint8Array(32),
        onEvent: () => {},
      },
    ]),
  ];
}

/** Every way to spoil one value in the arguments: the value itself, and each property however deep. */
function* spoilt(value: unknown, junk: unknown, depth = 0): Generator<unknown> {
  yield junk;
  if (depth > 7 || typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return;
  if (Object.getPrototypeOf(value) !== Object.prototype && !Array.isArray(value)) return;
  for (const key of Object.keys(value)) {
    const part = (value as { [key: string]: unknown })[key];
    for (const changed of spoilt(part, junk, depth + 1)) {
      yield Array.isArray(value) ? [changed] : { ...value, [key]: changed };
    }
    // A getter that throws, in its place.
    if (!Array.isArray(value) && junk === null) {
      yield Object.defineProperty({ ...value }, key, {
        enumerable: true,
        get() {
          throw new Error("a getter");
        },
      });
    }
  }
}

async function outcome({ run, sync, name }: Case, args: unknown[]): Promise<string> {
  let result: unknown;
  try {
    result = run(...args);
  } catch (error) {
    assert.ok(sync, `${name} threw instead of rejecting: ${String(error)}`);
    return codeOf(error, name);
  }
  try {
    // What is good after all may wait for a payment that nobody makes.
    const waits = new Promise((resolve) => setTimeout(resolve, 100));
    await Promise.race([result, waits]);
    return "ok";
  } catch (error) {
    return codeOf(error, name);
  }
}

function codeOf(error: unknown, name: string): string {
  assert.ok(InvreqError.is(error), `${name}: ${String(error)}`);
  assert.notEqual(error.code, "internal", `${name}: ${error.message} ${String(error.cause)}`);
  assert.ok(error.message.length < 2000, `${name}: a message of ${error.message.length} characters`);
  return error.code;
}

test(
  "whatever is passed, there is an error with a code, and never a trap",
  { timeout: 300_000 },
  async () => {
    const { payee } = await open();
    const refusing = new Set<string>();
    let calls = 0;
    for (const one of cases(payee)) {
      for (const junk of [...JUNK, undefined]) {
        for (const [at, good] of one.args.entries()) {
          for (const bad of spoilt(good, junk)) {
            const args = [...one.args];
            args[at] = bad;
            const code = await outcome(one, args);
            calls += 1;
            if (code === "invalid_parameter") refusing.add(one.name);
          }
        }
      }
      // No arguments, and too many.
      await outcome(one, []);
      await outcome(one, [...one.args, ...JUNK.slice(0, 5)]);
    }
    assert.ok(calls > 4500, `${calls} calls`);
    const names = cases(payee).map(({ name }) => name);
    assert.deepEqual([...refusing].sort(), names.sort(), "each refuses something by itself");
    // The module is as good as new.
    assert.equal(decode(REFUND).kind, "invoice_request");
    await payee.close();
  },
);

test("a huge string is refused at once, without a copy of it", () => {
  decode(REFUND);
  const started = performance.now();
  assert.throws(() => decode(huge), { code: "string_too_long" });
  assert.throws(() => verify(huge), { code: "string_too_long" });
  assert.ok(performance.now() - started < 100);
  // White space around a text does not count.
  assert.equal(decode(`${" ".repeat(70_000)}${REFUND}\n`).kind, "invoice_request");
  assert.throws(() => decode("q".repeat(65_537)), { code: "string_too_long" });
  assert.throws(() => decode("q".repeat(65_536)), { code: "invalid_prefix" });
});

test("labels", async () => {
  const { payee, send, get } = await open();
  for (const label of ["", "a\0b", "x".repeat(257), "\ud800", "é".repeat(129)]) {
    const refused = payee.sendInvoice({ invreq: REFUND, label });
    await assert.rejects(refused, { code: "invalid_label", rpcCode: -32602 }, JSON.stringify(label));
  }
  for (const label of ["é".repeat(128), "𝄞", " ", "__proto__", "e\u0301"])
    await send(label, { expiry: 3600 });
  await send(17 as never, { expiry: 3600 });
  assert.equal((await get("17")).label, "17");
  assert.equal((await get("__proto__")).label, "__proto__");
  assert.deepEqual((await payee.listInvoices({ label: "é" }).page()).records, [], "labels are bytes");
  await payee.close();
});

test("every property is read once", async () => {
  const reads: { [key: string]: number } = {};
  const params = new Proxy({ invreq: REFUND, label: "a", existing: "error" } as never, {
    get(target: object, key: string) {
      reads[key] = (reads[key] ?? 0) + 1;
      return (target as { [key: string]: unknown })[key];
    },
  });
  const { payee, get } = await open();
  const abort = new AbortController();
  const call = payee.sendInvoice(params as never, { signal: abort.signal }).catch(() => {});
  while ((await payee.listInvoices().page()).records.length === 0);
  abort.abort();
  await call;
  assert.equal((await get("a")).label, "a");
  assert.ok(
    Object.values(reads).every((times) => times === 1),
    JSON.stringify(reads),
  );
  await payee.close();
});

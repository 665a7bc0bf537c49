// The curve of the module is C that only the web has (bindings-wasm/secp256k1/web.h). Here it is held against another library's, OpenSSL's,
// and against BIP 340 as it is written down.
import assert from "node:assert/strict";
import { createECDH, createHash, createHmac, ECDH } from "node:crypto";
import { test } from "node:test";

import { answer, prepare } from "../src/index.js";
import { call } from "../src/module.js";
import type { AnswerParams } from "../src/types.js";
import { NODE, REFUND } from "./host.js";

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
/** What the curve's multiplication splits a scalar by. */
const LAMBDA = 0x5363ad4cc05c30e0a5261c028812645a122e22ea20816678df02967c1b23bd72n;

const EDGES = [1n, 2n, 3n, LAMBDA, LAMBDA + 1n, 1n << 128n, (1n << 128n) - 1n, 1n << 255n, ORDER >> 1n];
const SCALARS = [
  ...EDGES.flatMap((edge) => [edge, ORDER - edge]),
  ...Array.from({ length: 200 }, (_, at) => number(dice(`scalar ${at}`)) % ORDER),
];

function dice(seed: string): Buffer {
  return createHmac("sha256", "invreq curve test").update(seed).digest();
}

function number(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}

function bytes(scalar: bigint): Buffer {
  return Buffer.from(scalar.toString(16).padStart(64, "0"), "hex");
}

function key(scalar: bigint): ECDH {
  const key = createECDH("secp256k1");
  key.setPrivateKey(bytes(scalar));
  return key;
}

/** The multiple of the generator, compressed. */
function point(scalar: bigint): Buffer {
  return key(scalar).getPublicKey(null, "compressed");
}

function sha256(...parts: Uint8Array[]): Buffer {
  return createHash("sha256").update(Buffer.concat(parts)).digest();
}

function tagged(tag: string, ...parts: Uint8Array[]): Buffer {
  const hash = sha256(Buffer.from(tag));
  return sha256(hash, hash, ...parts);
}

/** BIP 340, Default Signing, without auxiliary randomness. */
function sign(secret: bigint, digest: Uint8Array): Buffer {
  const even = (scalar: bigint, point: Buffer): bigint => (point[0] === 2 ? scalar : ORDER - scalar);
  const public_ = point(secret);
  const d = even(secret, public_);
  const mask = tagged("BIP0340/aux", Buffer.alloc(32));
  const masked = bytes(d).map((byte, at) => byte ^ (mask[at] ?? 0));
  const x = public_.subarray(1);
  const nonce = number(tagged("BIP0340/nonce", masked, x, digest)) % ORDER;
  const r = point(nonce);
  const k = even(nonce, r);
  const e = number(tagged("BIP0340/challenge", r.subarray(1), x, digest)) % ORDER;
  return Buffer.concat([r.subarray(1), bytes((k + e * d) % ORDER)]);
}

function terms(at: number): Omit<AnswerParams, "secretKey"> {
  return {
    invreq: REFUND,
    paymentHash: sha256(Buffer.from(`payment ${at}`)).toString("hex"),
    createdAt: 1_700_000_000 + at,
    paths: [
      {
        path: {
          introduction: NODE,
          pathKey: NODE,
          hops: [{ blindedNodeId: NODE, encryptedRecipientData: new Uint8Array(at % 60) }],
        },
        payinfo: {
          feeBaseMsat: 0,
          feeProportionalMillionths: 0,
          cltvExpiryDelta: 80,
          htlcMinimumMsat: 0n,
          htlcMaximumMsat: 10n ** 12n,
        },
      },
    ],
  };
}

test("public keys are those of OpenSSL", () => {
  for (const scalar of SCALARS) {
    const ours = call((glue) => glue.publicKey(bytes(scalar)));
    assert.equal(ours, point(scalar).toString("hex"), scalar.toString(16));
  }
});

test("shared secrets are those of OpenSSL", () => {
  SCALARS.forEach((scalar, at) => {
    const other = point(SCALARS[(at * 7 + 3) % SCALARS.length] ?? 1n);
    const ours = call((glue) => glue.ecdh(bytes(scalar), other.toString("hex")));
    const x = key(scalar).computeSecret(other);
    // OpenSSL gives the x coordinate alone, and two points have it.
    const theirs = [2, 3].map((sign) => sha256(Uint8Array.of(sign), x).toString("hex"));
    assert.ok(theirs.includes(Buffer.from(ours).toString("hex")), scalar.toString(16));
    // The same point from the other side settles which.
    const scalarOfOther = SCALARS[(at * 7 + 3) % SCALARS.length] ?? 1n;
    const back = call((glue) => glue.ecdh(bytes(scalarOfOther), point(scalar).toString("hex")));
    assert.deepEqual(back, ours);
  });
});

test("signatures are those of BIP 340, and are verified; a wrong one is not", () => {
  SCALARS.forEach((scalar, at) => {
    const nodeId = point(scalar).toString("hex");
    const unsigned = prepare({ ...terms(at), nodeId });
    const signature = sign(scalar, unsigned.digest);
    const invoice = unsigned.finish(signature);
    assert.equal(answer({ ...terms(at), secretKey: bytes(scalar) }), invoice, scalar.toString(16));
    const wrong = Uint8Array.from(signature);
    wrong[at % 64] = (wrong[at % 64] ?? 0) ^ (1 << (at % 8));
    assert.throws(() => unsigned.finish(wrong), { code: "invalid_signature" }, scalar.toString(16));
  });
});

test("whatever a multiplication is blinded with, it gives the same", () => {
  const seed = dice("seed");
  const fresh = call((glue) => new glue.Engine("bitcoin", "wallet", seed));
  const plain = call(() => fresh.replyNodeId());
  for (let at = 0; at < 60; at++) {
    const engine = call((glue) => new glue.Engine("bitcoin", "wallet", seed));
    const answers = call((glue) => new glue.Answers());
    const restore = call((glue) => glue.Input.restore());
    const begin = (): Begun =>
      call(() => engine.begin(restore, 1_700_000_000_000, dice(`blinding ${at}`), answers)) as Begun;
    let rounds = 0;
    for (let needs = begin().needs; needs !== undefined; needs = begin().needs) {
      needs.forEach((_, need) => call(() => answers.entries(need, [])));
      assert.ok((rounds += 1) < 10);
    }
    // Restored it takes its blinding from the entropy.
    assert.equal(
      call(() => engine.replyNodeId()),
      plain,
    );
    call(() => [engine, answers, restore].forEach((handle) => handle.free()));
  }
  call(() => fresh.free());
});

interface Begun {
  readonly needs?: readonly unknown[];
}

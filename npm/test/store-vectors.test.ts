import assert from "node:assert/strict";
import { test } from "node:test";

import {
  type BlindedPath,
  InvoiceRecord,
  type Network,
  type PayInfo,
  type RecordData,
  type Route,
} from "../src/index.js";
import { settle, TestClock, TestStore, TestTransport } from "./host.js";
import { open } from "./open.js";
import { hex, json, unhex } from "./vectors.js";

interface Golden {
  readonly network: Network;
  readonly wallet_id: string;
  readonly seed: string;
  readonly now_ms: number;
  readonly entries: readonly (readonly [string, string])[];
  readonly records: readonly {
    label: string;
    status: string;
    claiming: boolean;
    delivery: string;
    rpc: string;
  }[];
}

test("a store that was written by Rust is read, and its records are the same text", async () => {
  const golden = json<Golden>("store/v1.json");
  const store = new TestStore();
  for (const [key, value] of golden.entries)
    store.data.set(Buffer.from(key, "hex").toString("latin1"), unhex(value));
  const before = entries(store);
  // Another tab sends, so that everything stays as it is.
  Object.assign(store, { lead: () => new Promise(() => {}), watch: () => () => {} });
  const clock = new TestClock(golden.now_ms);
  const { network, wallet_id: walletId } = golden;
  const { payee } = await open({ store, clock, network, walletId, seed: unhex(golden.seed) });
  const records: InvoiceRecord[] = [];
  for await (const record of payee.listInvoices()) records.push(record);
  const shown = records.map((record) => ({
    label: record.label,
    status: record.status,
    claiming: record.claiming,
    delivery: record.delivery.state,
    rpc: record.toRpc(),
  }));
  assert.deepEqual(shown, golden.records);
  assert.deepEqual(entries(store), before);
  await payee.close();
});

test("a record is written as Rust writes it", () => {
  const data: RecordData = {
    label: `quote " backslash \\ slash / tab \t line \n return \r feed \f back \b bell \u0007 unit \u001f delete \u007f`,
    description: "é ₿ 𝄞 \u2028 \u2029 \u200f \ufeff </script>",
    paymentHash: "00".repeat(32),
    invreqId: "11".repeat(32),
    bolt12: "lni1",
    amountMsat: 2_099_999_999_999_999_999n,
    status: "paid",
    claiming: false,
    createdAt: 1,
    expiresAt: 2,
    createdIndex: 3,
    updatedIndex: 4,
    payment: {
      payIndex: 5,
      amountReceivedMsat: 18_446_744_073_709_551_615n,
      paidAt: 6,
      paymentPreimage: "22".repeat(32),
    },
    delivery: { state: "sent", attempts: 1, paths: [] },
  };
  const rpc = new InvoiceRecord(data).toRpc();
  // The same record, written by serde_json: core/tests/engine/rpc.rs holds the same text against Record::to_rpc.
  assert.equal(rpc, json<{ text: string }>("rpc.json").text);
  assert.deepEqual(Object.keys(JSON.parse(rpc) as object).slice(0, 3), ["label", "bolt12", "payment_hash"]);
});

interface Transcript {
  readonly network: Network;
  readonly wallet_id: string;
  readonly seed: string;
  readonly now_ms: number;
  readonly entropy: string;
  readonly invreq: string;
  readonly label: string;
  readonly expiry: number;
  readonly payment_path: {
    readonly path: Omit<BlindedPath, "hops"> & {
      readonly hops: readonly { blindedNodeId: string; encryptedRecipientData: string }[];
    };
    readonly payinfo: PayInfo;
  };
  readonly route: Route;
  readonly reply_node_id: string;
  readonly payment_hash: string;
  readonly amount_received_msat: number;
  readonly delivery: { readonly [name: string]: string };
  readonly preimage: string;
  readonly rpc: string;
  readonly entries: readonly (readonly [string, string])[];
}

test("the same host and the same dice make the same bytes as in Rust", async () => {
  const script = json<Transcript>("transcript.json");
  const { path, payinfo } = script.payment_path;
  const hops = path.hops.map(({ blindedNodeId, encryptedRecipientData }) => ({
    blindedNodeId,
    encryptedRecipientData: unhex(encryptedRecipientData),
  }));
  const transport = Object.assign(new TestTransport(), { findRoute: async () => script.route });
  const { payee, store, clock } = await open({
    network: script.network,
    walletId: script.wallet_id,
    seed: unhex(script.seed),
    clock: new TestClock(script.now_ms),
    entropy: () => unhex(script.entropy),
    source: { createInboundPayment: async () => ({ paths: [{ path: { ...path, hops }, payinfo }] }) },
    transport,
  });
  assert.equal(await payee.replyNodeId(), script.reply_node_id);
  const call = payee.sendInvoice({ invreq: script.invreq, label: script.label, expiry: script.expiry });
  await settle();
  const { id, nodeId, invoice, packet } = transport.sent[0] ?? assert.fail("nothing was sent");
  assert.deepEqual(
    { id, nodeId, invoice: hex(invoice), firstHop: packet.firstHop, message: hex(packet.message) },
    script.delivery,
  );
  const { payment_hash: paymentHash, amount_received_msat: amountMsat } = script;
  const claim = await payee.claim({ paymentHash, totalMsat: 50_000, firstHtlcAt: clock.now });
  assert.equal(claim.preimage, script.preimage);
  await payee.paymentReceived({ paymentHash, amountMsat, paidAt: clock.now });
  assert.equal((await call).toRpc(), script.rpc);
  assert.deepEqual(entries(store), script.entries);
  await payee.close();
});

test("the seed gives what the vectors say", async () => {
  interface Derivation {
    readonly network: Network;
    readonly seed: string;
    readonly nonce: string;
    readonly payment_hash: string;
    readonly reply_node_id: string;
  }
  const { vectors } = json<{ vectors: Derivation[] }>("derivation.json");
  assert.ok(vectors.length >= 4);
  for (const { network, seed, nonce, payment_hash, reply_node_id } of vectors) {
    const { payee, source, send } = await open({ network, seed: unhex(seed), entropy: () => unhex(nonce) });
    assert.equal(await payee.replyNodeId(), reply_node_id);
    if (network === "bitcoin") {
      await send("a");
      assert.equal(source.asked[0]?.paymentHash, payment_hash);
    }
    await payee.close();
  }
});

function entries(store: TestStore): [string, string][] {
  const all = [...store.data].sort(([a], [b]) => (a < b ? -1 : 1));
  return all.map(([key, value]) => [hex(Buffer.from(key, "latin1")), hex(value)]);
}

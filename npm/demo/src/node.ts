/**
 * The wallet's node or service: what no page can do by itself. Here it is the node "host" of the test network.
 *
 * @module
 */
import type {
  InboundPayment,
  InboundPaymentRequest,
  NodeId,
  Payee,
  PaymentPath,
  PaymentSource,
  Sciddir,
} from "invreq";

import type { NodeEvent, TestNetwork } from "./network.js";

/** What a payee is told of payments. */
export type Payments = Pick<Payee, "judge" | "paymentReceived">;

/** As much of the network as a wallet needs of its node. */
export type NodeApi = Pick<TestNetwork, "call" | "onEvent" | "onStatus">;

/** The pause before a busy store is asked again, in milliseconds. */
const AGAIN_MS = 200;

/** Says how money reaches the wallet. */
export function paymentSource(network: NodeApi): PaymentSource {
  return {
    async createInboundPayment(request: InboundPaymentRequest): Promise<InboundPayment> {
      const seconds = Math.max(1, request.expiresAt - nowSeconds());
      const made = await network.call("create_inbound_payment", {
        amount_msat: Number(request.amountMsat),
        expiry_secs: seconds,
        payment_hash: request.paymentHash,
      });
      return { paths: (made["paths"] as WirePath[]).map(paymentPath), mpp: true };
    },
  };
}

/** Knows where the nodes of the network listen, and whose channel is whose. */
export function directory(network: TestNetwork) {
  const nodes = Object.values(network.nodes);
  return {
    async addresses(nodeId: NodeId): Promise<readonly string[]> {
      return nodes.filter((node) => node.node_id === nodeId).map((node) => node.ws);
    },
    async resolveScid({ scid, direction }: Sciddir): Promise<NodeId | undefined> {
      const sciddir = `0${direction}${scid.toString(16).padStart(16, "0")}`;
      const { node_id: nodeId } = await network.call("resolve_scid", { sciddir });
      return typeof nodeId === "string" ? nodeId : undefined;
    },
  };
}

/** Tells the payee of what happens at the node, and the node what to do: from now on, and what came while nobody looked. */
export function servePayments(network: NodeApi, payee: Payments): void {
  network.onEvent((event) => void serve(network, payee, event));
  network.onStatus((online) => {
    if (online) void catchUp(network, payee);
  });
}

async function catchUp(network: NodeApi, payee: Payments): Promise<void> {
  try {
    const { payments } = await network.call("payments");
    for (const event of payments as NodeEvent[]) await serve(network, payee, event);
  } catch {
    // The connection is gone again; it is done anew when it is back.
  }
}

async function serve(network: NodeApi, payee: Payments, event: NodeEvent): Promise<void> {
  if (event.node !== "host") return;
  try {
    if (event.event === "payment_claimable") await claim(network, payee, event);
    if (event.event === "payment_claimed") await received(payee, event);
  } catch {
    // The node holds the payment, and shows it again when the page is opened the next time.
  }
}

async function claim(network: NodeApi, payee: Payments, event: NodeEvent): Promise<void> {
  const paymentHash = String(event["payment_hash"]);
  // The test server does not say when it came: later than that it cannot have been.
  const payment = { paymentHash, totalMsat: Number(event["amount_msat"]), firstHtlcAt: nowSeconds() };
  for (;;) {
    const verdict = await payee.judge(payment);
    switch (verdict.kind) {
      case "settle":
        await network.call("settle", { payment_hash: paymentHash, preimage: verdict.preimage });
        return;
      case "fail":
        await network.call("fail", { payment_hash: paymentHash });
        return;
      case "unknown": // of another wallet at the same node
        return;
      case "hold":
        if (!verdict.error.retryable) return;
        await pause();
    }
  }
}

async function received(payee: Payments, event: NodeEvent): Promise<void> {
  const paymentHash = String(event["payment_hash"]);
  const payment = { paymentHash, amountMsat: Number(event["amount_msat"]), paidAt: nowSeconds() };
  await payee.paymentReceived(payment);
}

/** A payment path as the test server writes it. */
interface WirePath {
  introduction: string;
  first_path_key: string;
  hops: { blinded_node_id: string; encrypted_recipient_data: string }[];
  payinfo: {
    fee_base_msat: number;
    fee_proportional_millionths: number;
    cltv_expiry_delta: number;
    htlc_minimum_msat: number;
    htlc_maximum_msat: number;
    features: string;
  };
}

function paymentPath(wire: WirePath): PaymentPath {
  const { payinfo } = wire;
  return {
    path: {
      introduction: introduction(wire.introduction),
      pathKey: wire.first_path_key,
      hops: wire.hops.map((hop) => ({
        blindedNodeId: hop.blinded_node_id,
        encryptedRecipientData: fromHex(hop.encrypted_recipient_data),
      })),
    },
    payinfo: {
      feeBaseMsat: payinfo.fee_base_msat,
      feeProportionalMillionths: payinfo.fee_proportional_millionths,
      cltvExpiryDelta: payinfo.cltv_expiry_delta,
      htlcMinimumMsat: payinfo.htlc_minimum_msat,
      htlcMaximumMsat: payinfo.htlc_maximum_msat,
      features: fromHex(payinfo.features),
    },
  };
}

/** A node id has 33 bytes, an end of a channel nine: its direction and its id. */
function introduction(hex: string): NodeId | Sciddir {
  if (hex.length === 66) return hex;
  return { scid: BigInt(`0x${hex.slice(2)}`), direction: hex.startsWith("01") ? 1 : 0 };
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
}

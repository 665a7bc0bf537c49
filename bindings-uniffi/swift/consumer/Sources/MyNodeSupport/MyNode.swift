import Foundation
import Invreq

/// The wallet's Lightning node: what no app can do by itself. Here it is the node "host" of the network of the tests.
public final class MyNode: PaymentSource, Directory {
    /// The network of the tests.
    public let network = Network.regtest
    /// 32 bytes the wallet uses for nothing else: those of every wallet of the tests, so that each can take up what another began.
    public let seed = Data(repeating: 9, count: 32)
    /// The connection.
    public let control: Control
    private let nodes: [NodeId: String]

    /// The node at `INVREQ_NODE`, `host:port`, which knows where the nodes of `INVREQ_NODES` listen.
    public static func connect() throws -> MyNode {
        let environment = ProcessInfo.processInfo.environment
        return try MyNode(environment["INVREQ_NODE"] ?? "", nodes: environment["INVREQ_NODES"] ?? "{}")
    }

    /// The node at this address; `nodes` is the part of that name of the test server's first line.
    public init(_ address: String, nodes: String) throws {
        let all = try JSONSerialization.jsonObject(with: Data(nodes.utf8)) as? [String: [String: String]]
        control = try Control(address)
        self.nodes = Dictionary((all ?? [:]).values.map { ($0["node_id"] ?? "", $0["tcp"] ?? "") }) { $1 }
    }

    public func createInboundPayment(_ request: InboundPaymentRequest) async throws -> InboundPayment {
        let made = try await control.call(
            "create_inbound_payment",
            [
                "amount_msat": request.amountMsat, "payment_hash": request.paymentHash,
                "expiry_secs": max(1, Int(request.expiresAt) - Int(nowSeconds())),
            ])
        let paths = made["paths"] as? [Control.Fields] ?? []
        return InboundPayment(paths: paths.map(PaymentPath.init), mpp: true)
    }

    public func addresses(of nodeId: NodeId) async throws -> [String] {
        nodes[nodeId].map { [$0] } ?? []
    }

    public func resolveScid(_ scid: UInt64, direction: UInt8) async throws -> NodeId? {
        let digits = String(scid, radix: 16)
        let sciddir = "0\(direction)" + String(repeating: "0", count: 16 - digits.count) + digits
        return try await control.call("resolve_scid", ["sciddir": sciddir])["node_id"] as? String
    }

    /// Tells the payee of what happens at the node, and the node what to do: from now on, and what came while nobody looked.
    public func serve(_ payee: Payee) {
        let control = control
        Task {
            let missed = try await control.call("payments")["payments"] as? [Control.Fields] ?? []
            for event in missed { try? await serve(event, payee) }  // some are of other wallets
        }
        Task {
            for await event in control.events() { try? await serve(event, payee) }
        }
    }

    private func serve(_ event: Control.Fields, _ payee: Payee) async throws {
        guard event["node"] as? String == "host", let hash = event["payment_hash"] as? String else { return }
        let msat = (event["amount_msat"] as? NSNumber)?.uint64Value ?? 0
        switch event["event"] as? String {
        case "payment_claimable": try await claim(hash, msat, payee)
        case "payment_claimed":
            try await payee.paymentReceived(paymentHash: hash, amountMsat: msat, paidAt: nowSeconds())
        default: break
        }
    }

    private func claim(_ hash: String, _ msat: UInt64, _ payee: Payee) async throws {
        while true {
            // The test server does not say when it came: later than that it cannot have been.
            switch try await payee.judge(paymentHash: hash, totalMsat: msat, firstHtlcAt: nowSeconds()) {
            case .settle(let preimage):
                try await control.call("settle", ["payment_hash": hash, "preimage": hex(preimage ?? Data())])
                return
            case .fail:
                try await control.call("fail", ["payment_hash": hash])
                return
            case .unknown: return
            case .hold(let error):
                if !error.retryable { return }
                try await Task.sleep(nanoseconds: 200_000_000)
            }
        }
    }
}

extension PaymentPath {
    /// A path as the test server writes it.
    init(_ wire: Control.Fields) {
        func text(_ fields: Control.Fields, _ name: String) -> String { fields[name] as? String ?? "" }
        let payinfo = wire["payinfo"] as? Control.Fields ?? [:]
        func number(_ name: String) -> UInt64 { (payinfo[name] as? NSNumber)?.uint64Value ?? 0 }
        let hops = wire["hops"] as? [Control.Fields] ?? []
        self.init(
            path: BlindedPath(
                introduction: Introduction(text(wire, "introduction")), pathKey: text(wire, "first_path_key"),
                hops: hops.map {
                    BlindedHop(
                        blindedNodeId: text($0, "blinded_node_id"),
                        encryptedRecipientData: unhex(text($0, "encrypted_recipient_data")))
                }),
            payinfo: PayInfo(
                feeBaseMsat: UInt32(number("fee_base_msat")),
                feeProportionalMillionths: UInt32(number("fee_proportional_millionths")),
                cltvExpiryDelta: UInt16(number("cltv_expiry_delta")),
                htlcMinimumMsat: number("htlc_minimum_msat"), htlcMaximumMsat: number("htlc_maximum_msat"),
                features: unhex(text(payinfo, "features"))))
    }
}

extension Introduction {
    /// A node id has 33 bytes, an end of a channel nine: its direction and its id.
    init(_ hex: String) {
        self =
            hex.count == 66
            ? .nodeId(hex)
            : .scid(direction: hex.hasPrefix("01") ? 1 : 0, scid: UInt64(hex.dropFirst(2), radix: 16) ?? 0)
    }
}

private func unhex(_ text: String) -> Data {
    let digits = Array(text.utf8)
    return Data(
        stride(from: 0, to: digits.count - 1, by: 2).map {
            UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16) ?? 0
        })
}

private func hex(_ bytes: Data) -> String {
    bytes.map { String(format: "%02x", $0) }.joined()
}

private func nowSeconds() -> UInt64 { UInt64(Date().timeIntervalSince1970) }

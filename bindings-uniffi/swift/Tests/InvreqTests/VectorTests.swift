import Foundation
import Invreq
import Testing

@Suite("Vectors of this project")
struct VectorTests {
    private struct Transcript: Decodable {
        struct Sent: Decodable, Equatable {
            let id, nodeId, invoice, firstHop, message: String
        }
        struct WirePath: Decodable {
            struct Hop: Decodable {
                let blindedNodeId, encryptedRecipientData: String
            }
            let introduction, pathKey: String
            let hops: [Hop]
        }
        struct WirePayInfo: Decodable {
            let feeBaseMsat, feeProportionalMillionths: UInt32
            let cltvExpiryDelta: UInt16
            let htlcMinimumMsat, htlcMaximumMsat: UInt64
        }
        struct WirePayment: Decodable {
            let path: WirePath
            let payinfo: WirePayInfo
        }
        struct Reply: Decodable {
            let kind: String
            let via: [String]
        }
        struct WireRoute: Decodable {
            let via: [String]
            let reply: Reply
        }
        let network, walletId, seed, entropy, invreq, label, paymentHash, preimage, replyNodeId, rpc: String
        let nowMs, amountReceivedMsat: UInt64
        let expiry: UInt32
        let paymentPath: WirePayment
        let route: WireRoute
        let delivery: Sent
        let entries: [[String]]
    }

    @Test func theTranscriptIsRepeatedByteForByte() async throws {
        let script: Transcript = try json("transcript.json")
        let (path, payinfo) = (script.paymentPath.path, script.paymentPath.payinfo)
        let made = InboundPayment(paths: [
            PaymentPath(
                path: BlindedPath(
                    introduction: .nodeId(path.introduction), pathKey: path.pathKey,
                    hops: path.hops.map {
                        BlindedHop(
                            blindedNodeId: $0.blindedNodeId,
                            encryptedRecipientData: unhex($0.encryptedRecipientData))
                    }),
                payinfo: PayInfo(
                    feeBaseMsat: payinfo.feeBaseMsat,
                    feeProportionalMillionths: payinfo.feeProportionalMillionths,
                    cltvExpiryDelta: payinfo.cltvExpiryDelta, htlcMinimumMsat: payinfo.htlcMinimumMsat,
                    htlcMaximumMsat: payinfo.htlcMaximumMsat, features: Data()))
        ])
        #expect(script.route.reply.kind == "ours")
        let (store, source, transport) = (TestStore(), TestSource(), TestTransport())
        source.create.value = { _ in made }
        transport.route.value = Route(via: script.route.via, reply: .ours(via: script.route.reply.via))
        let entropy = unhex(script.entropy)
        let host = try await Opened.open(
            network: try #require(Network(rawValue: script.network)), store: store, source: source,
            transport: transport, seed: unhex(script.seed), walletId: script.walletId,
            clock: TestClock(script.nowMs), entropy: { entropy })
        let payee = host.payee
        #expect(try await payee.replyNodeId() == script.replyNodeId)
        let call = Task {
            try await payee.sendInvoice(script.invreq, label: script.label, expiry: script.expiry)
        }
        try await until("it is accepted") { try await payee.listInvoices().page().records.first?.delivery.state == .sent }
        let sent = try #require(transport.sent.value.first)
        #expect(
            Transcript.Sent(
                id: sent.id, nodeId: sent.nodeId, invoice: sent.invoice.hex, firstHop: sent.packet.firstHop,
                message: sent.packet.message.hex) == script.delivery)
        let claim = try await payee.claim(
            paymentHash: script.paymentHash, totalMsat: 50_000, firstHtlcAt: host.clock.now)
        #expect(claim.preimage?.hex == script.preimage)
        try await payee.paymentReceived(
            paymentHash: script.paymentHash, amountMsat: script.amountReceivedMsat, paidAt: host.clock.now)
        #expect(try await call.value.toRpc() == script.rpc)
        #expect(store.entries.map { [$0.key.hex, $0.value.hex] } == script.entries)
        try await payee.close()
    }

    private struct Golden: Decodable {
        struct Shown: Decodable, Equatable {
            let label, status, rpc: String
            let claiming: Bool
        }
        let network, walletId, seed: String
        let nowMs: UInt64
        let entries: [[String]]
        let records: [Shown]
    }

    @Test func aStoreThatWasWrittenByRustIsRead() async throws {
        let golden: Golden = try json("store/v1.json")
        let data = Shared<[Data: Data]>([:])
        for entry in golden.entries { data.with { $0[unhex(entry[0])] = unhex(entry[1]) } }
        let transport = TestTransport()
        transport.say.value = { _ in .offline }
        let host = try await Opened.open(
            network: try #require(Network(rawValue: golden.network)), store: TestStore(data),
            transport: transport, seed: unhex(golden.seed), walletId: golden.walletId,
            clock: TestClock(golden.nowMs))
        var shown: [Golden.Shown] = []
        for try await record in host.payee.listInvoices() {
            shown.append(
                Golden.Shown(
                    label: record.label, status: "\(record.status)", rpc: try record.toRpc(),
                    claiming: record.claiming))
        }
        #expect(shown == golden.records)
        try await host.payee.close()
    }

    private struct Rpc: Decodable {
        let text: String
    }

    @Test func aRecordIsWrittenAsRustWritesIt() throws {
        let record = InvoiceRecord(
            label: "quote \" backslash \\ slash / tab \t line \n return \r feed \u{c} back \u{8} bell \u{7} unit \u{1f} "
                + "delete \u{7f}",
            description: "é ₿ 𝄞 \u{2028} \u{2029} \u{200f} \u{feff} </script>",
            paymentHash: String(repeating: "0", count: 64), invreqId: String(repeating: "1", count: 64),
            bolt12: "lni1", amountMsat: 2_099_999_999_999_999_999, status: .paid, claiming: false, createdAt: 1,
            expiresAt: 2, createdIndex: 3, updatedIndex: 4,
            payment: Payment(
                payIndex: 5, amountReceivedMsat: .max, paidAt: 6,
                paymentPreimage: Data(repeating: 0x22, count: 32)),
            delivery: DeliveryReport(state: .sent, attempts: 1, paths: [], error: nil))
        let expected: Rpc = try json("rpc.json")
        #expect(try record.toRpc() == expected.text)
    }

    private struct Derivations: Decodable {
        struct Derivation: Decodable {
            let network, seed, nonce, paymentHash, replyNodeId: String
        }
        let vectors: [Derivation]
    }

    @Test func theSeedGivesWhatTheVectorsSay() async throws {
        let all: Derivations = try json("derivation.json")
        #expect(all.vectors.count >= 4)
        for vector in all.vectors {
            let nonce = unhex(vector.nonce)
            let host = try await Opened.open(
                network: try #require(Network(rawValue: vector.network)), seed: unhex(vector.seed),
                entropy: { nonce })
            #expect(try await host.payee.replyNodeId() == vector.replyNodeId)
            if vector.network == "bitcoin" {
                _ = try await host.send("a")
                #expect(host.source.asked.value.first?.paymentHash == vector.paymentHash)
            }
            try await host.payee.close()
        }
    }
}

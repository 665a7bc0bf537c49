import Foundation
import Invreq
import Testing

/// A node that has the preimage where the payment hash is its own.
private struct MyNode: Sendable {
    var own = Data(repeating: 5, count: 32)
    let did = Shared<[String]>([])

    func createInvoicePaths(_ amountMsat: UInt64, _ paymentHash: String) async throws -> [PaymentPath] {
        payment(amountMsat).paths
    }

    func settle(_ hash: String, _ preimage: Data?) async throws -> Data { preimage ?? own }
    func fail(_ hash: String) async throws { did.with { $0.append("failed") } }
    func judgeAgainSoon() { did.with { $0.append("asked again") } }
}

private struct MyService: Sendable {
    func addresses(of nodeId: NodeId) async throws -> [String] { ["203.0.113.7:9735"] }
    func node(ofChannel scid: UInt64, _ direction: UInt8) async throws -> NodeId? { InvreqTests.node }
}

private let myNode = MyNode()
private let myService = MyService()

// What follows is the README's code as it stands there.

private func firstSuccess() throws -> String {
    // swift-format-ignore
    let text = "lnr1qqsqzqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqg2peq4gnfqwa5hg6rywfshwctvpczwu6egqqfq7ct5d4qx27rpd4cxcefwvdhk65syqycj6q2cyypjgef743p5fzqq9nqxh0ah7y87rzv3ud0eleps9kl2d5348hq2k8zeqe6xsctwddes"
    let request = try decode(text)
    print(request.summary)  // A payer asks for an invoice over 20,000.001 sat, for “ATM withdrawal”.
    return request.summary
}

private func gettingPaid(_ text: String, seed: Data) async throws {
    struct MySource: PaymentSource {
        func createInboundPayment(_ request: InboundPaymentRequest) async throws -> InboundPayment {
            InboundPayment(paths: try await myNode.createInvoicePaths(request.amountMsat, request.paymentHash))
        }
    }

    struct MyDirectory: Directory {  // what your service knows of the network
        func addresses(of nodeId: NodeId) async throws -> [String] {
            try await myService.addresses(of: nodeId)  // ["203.0.113.7:9735"]
        }
        func resolveScid(_ scid: UInt64, direction: UInt8) async throws -> NodeId? {
            try await myService.node(ofChannel: scid, direction)
        }
    }

    let transport = try TcpTransport(network: .bitcoin, directory: MyDirectory())
    let payee = try await Payee.open(
        PayeeOptions(
            network: .bitcoin,
            store: try await SqliteStore.open("wallet.db"),
            source: MySource(),
            transport: transport,
            seed: seed))

    let preview = try await payee.preview(text)  // what is it, and can it be answered and received?
    print(preview.amountMsat ?? 0, preview.description ?? "")

    do {
        let record = try await payee.sendInvoice(
            text, label: "refund 1729", timeout: 90, expiry: 3600, existing: .join)
        print(record.status, record.payment?.amountReceivedMsat ?? 0)  // paid 20000001
    } catch {  // always an InvreqError
        print(error.code.name, error.rpcCode, error.retryable, error.localizedDescription)
    }
}

private func onPayment(
    _ payee: Payee, _ node: MyNode, _ hash: String, _ msat: UInt64, arrivedAt: UInt64, now: UInt64
) async throws {
    switch try await payee.judge(paymentHash: hash, totalMsat: msat, firstHtlcAt: arrivedAt) {
    case .settle(let preimage):  // nil where the payment hash is your node's own: your node has the preimage
        let known = try await node.settle(hash, preimage)  // the preimage it settled with
        try await payee.paymentReceived(paymentHash: hash, amountMsat: msat, paidAt: now, preimage: known)
    case .fail: try await node.fail(hash)
    case .hold: node.judgeAgainSoon()  // nobody can tell now: keep holding it, and ask again
    case .unknown: break  // it is for none of these invoices
    }
}

@Suite("Readme")
struct ReadmeTests {
    @Test func itsCodeIsTheCodeOfThisFile() throws {
        let lines = { (text: Substring) in
            text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
                .filter { !$0.isEmpty && !$0.hasPrefix("import ") }.joined(separator: "\n")
        }
        let here = lines(try String(contentsOfFile: #filePath, encoding: .utf8)[...])
        let readme = try String(contentsOf: root.appendingPathComponent("bindings-uniffi/swift/README.md"), encoding: .utf8)
        let parts = readme.components(separatedBy: "\n```")
        let blocks = parts.filter { $0.hasPrefix("swift\n") && !$0.hasPrefix("swift\n// Package.swift") }
        #expect(blocks.count == 3)
        for block in blocks.map({ lines($0.dropFirst("swift\n".count)) }) { #expect(here.contains(block), "\(block)") }
    }

    @Test func itSaysWhatARequestIs() throws {
        #expect(try firstSuccess() == "A payer asks for an invoice over 20,000.001 sat, for “ATM withdrawal”.")
    }

    @Test func aPaymentIsSettledWhoeverMadeItsHash() async throws {
        let own = "f849d67325facf04177bc663b2dc544051831c589ef581d412f2eba44834e77c"  // of MyNode's preimage
        for isOwn in [false, true] {
            let host = try await Opened.open()
            if isOwn {
                host.source.create.value = { request in
                    var made = payment(request.amountMsat)
                    made.paymentHash = own
                    return made
                }
            }
            let call = try await host.send("a", expiry: 3600)
            let record = try await host.get("a")
            let node = MyNode()
            let judged = { (msat: UInt64) in
                try await onPayment(
                    host.payee, node, record.paymentHash, msat, arrivedAt: host.clock.now, now: host.clock.now)
            }
            try await judged(1)
            #expect(node.did.value == ["failed"])
            try await judged(record.amountMsat)
            let preimage = try await call.value.payment?.paymentPreimage
            #expect(isOwn == (preimage == node.own))
            try await host.payee.close()
        }
    }
}

import Foundation
import Invreq
import MyNodeSupport
import Testing

private let server = Result { try TestServer() }

@Suite("The main job", .serialized)
struct MainJobTests {
    /// The payer has paid the invoice of this record, and no other one that answers the request.
    private func isPaidOnce(_ rpc: String) async throws {
        let record = try JSONSerialization.jsonObject(with: Data(rpc.utf8)) as? Control.Fields ?? [:]
        #expect(record["status"] as? String == "paid")
        #expect(record["pay_index"] as? Int == 1)
        #expect(record["amount_received_msat"] as? Int == 50_000_000)
        let hash = try #require(record["payment_hash"] as? String)
        let control = try server.get().control
        let isSent = { (event: Control.Fields) in event["event"] as? String == "payment_sent" }
        for await event in control.events() where isSent(event) && event["payment_hash"] as? String == hash {
            break
        }
        // Answers and events come in order: when this is answered, everything before it was seen.
        try await control.call("payments")
        let all = control.past.filter(isSent)
        let paid = try #require(all.first { $0["payment_hash"] as? String == hash })
        let sent = all.filter { metadata($0) == metadata(paid) }
        #expect(sent.map { $0["payment_hash"] as? String } == [hash])
        #expect(metadata(paid).count >= 4 + 2 * 16)
        #expect(sent.first?["preimage"] as? String == record["payment_preimage"] as? String)
    }

    /// The first field of the invoice that was paid: all that answer a request have the request's own, `invreq_metadata` (BOLT 12).
    private func metadata(_ event: Control.Fields) -> Substring {
        let invoice = event["invoice"] as? String ?? ""
        let length = Int(invoice.dropFirst(2).prefix(2), radix: 16) ?? 0
        return invoice.prefix(4 + 2 * length)
    }

    private func rpc(_ lines: [String]) throws -> String {
        let line = try #require(lines.last { $0.hasPrefix("paid: ") }, "\(lines)")
        return String(line.dropFirst("paid: ".count))
    }

    @Test(.timeLimit(.minutes(2)))
    func theExampleClaimsARefund() async throws {
        let wallet = try Wallet(server.get(), try await server.get().request())
        let lines = try await wallet.run()
        #expect(lines.first == "a refund of 50000000 msat: a refund")
        #expect(lines.dropFirst().dropLast().filter { $0 != "delivery" } == ["created", "claiming", "paid"])
        let record = try rpc(lines)
        try await isPaidOnce(record)
        // Taken up again, it is what it was.
        #expect(try rpc(try await wallet.run()) == record)
    }

    @Test(.timeLimit(.minutes(2)), arguments: ["created", "delivery", "claiming", "paid"])
    func killedAndStartedAgainItIsPaidOnce(_ moment: String) async throws {
        let wallet = try Wallet(server.get(), try await server.get().request())
        _ = try await wallet.run(killAt: moment)
        let lines = try await wallet.run()
        try await isPaidOnce(try rpc(lines))
    }

    @Test(.timeLimit(.minutes(2)))
    func aPayerThatCannotPaySaysSo() async throws {
        let wallet = try Wallet(server.get(), try await server.get().request(payer: "penniless"))
        let lines = try await wallet.run()
        #expect(lines.last?.hasPrefix("payer_error: ") ?? false, "\(lines)")
    }

    @Test(.timeLimit(.minutes(2)))
    func aPayerThatIsAwayGetsItsInvoiceWhenItIsBack() async throws {
        let server = try server.get()
        let node = try server.node()
        let payee = try await Payee.open(
            PayeeOptions(
                network: .regtest, store: MemoryStore(), source: node,
                transport: TcpTransport(network: .regtest, directory: node), seed: node.seed))
        node.serve(payee)
        let request = try await server.request()
        try await server.control.call("kill", ["node": "payer"])
        do throws(InvreqError) {
            try await payee.sendInvoice(request, label: "away", timeout: 30, expiry: 600)
            Issue.record("nobody was there")
        } catch {
            #expect(error.code == .noRoute)
        }
        try await server.control.call("revive", ["node": "payer"])
        try await server.control.call("reconnect", ["a": "payer", "b": "relay"])
        try await payee.resend("away")
        #expect(try await payee.waitInvoice("away").status == .paid)
        try await payee.close()
    }

    @Test(.timeLimit(.minutes(2)))
    func aConnectionThatWaitsIsMadeAgainOnceItIsOnline() async throws {
        let server = try TestServer()
        let node = try server.node()
        let transport = try TcpTransport(network: .regtest, directory: node, clock: StandingClock())
        let payee = try await Payee.open(
            PayeeOptions(
                network: .regtest, store: MemoryStore(), source: node, transport: transport, seed: node.seed))
        node.serve(payee)
        await transport.online()
        try await payee.sendInvoice(try await server.request(), label: "refund", timeout: 60, expiry: 600)
        func connected() async throws -> [String] {
            let nodes = try await server.control.call("info")["nodes"] as? [String: Control.Fields] ?? [:]
            return nodes.filter { ($0.value["peers"] as? [String] ?? []).contains(transport.nodeId) }.map(\.key)
        }
        let name = try #require(try await connected().first)
        try await server.control.call("kill", ["node": name])
        try await server.control.call("revive", ["node": name])
        try await Task.sleep(nanoseconds: 300_000_000)
        #expect(try await connected() == [])
        while try await connected() != [name] {
            // More than once: what broke may not have been noticed yet.
            await transport.online()
            try await Task.sleep(nanoseconds: 20_000_000)
        }
        try await payee.close()
        await transport.online()
    }

    /// The same over and over: a wallet that serves many at once on one connection.
    @Test(.timeLimit(.minutes(3)))
    func manyAtOnceOverOneTransport() async throws {
        let server = try server.get()
        let node = try server.node()
        let payee = try await Payee.open(
            PayeeOptions(
                network: .regtest, store: MemoryStore(), source: node,
                transport: TcpTransport(network: .regtest, directory: node), seed: node.seed))
        node.serve(payee)
        try await withThrowingTaskGroup(of: InvoiceRecord.self) { group in
            for number in 0..<8 {
                let request = try await server.request(1_000_000 + number)
                group.addTask {
                    try await payee.sendInvoice(request, label: "\(number)", timeout: 60, expiry: 600)
                }
            }
            for try await record in group { #expect(record.status == .paid) }
        }
        try await payee.close()
    }
}

/// It stands still, and so do all pauses.
private struct StandingClock: HostClock {
    private let start = UInt64(Date().timeIntervalSince1970 * 1000)

    func nowMs() -> UInt64 { start }

    func sleepUntil(_ atMs: UInt64) async throws { try await Task.sleep(nanoseconds: 3_600_000_000_000) }
}

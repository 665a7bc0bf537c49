import Foundation
import Invreq
import Testing

/// A copy of an invoice for the first node on its way, which listens at these addresses.
private func delivery(_ connect: [String]) async throws -> Delivery {
    let host = try await Opened.open()
    _ = try await host.send("a", expiry: 3600)
    var delivery = try #require(host.transport.sent.value.first)
    try await host.payee.close()
    delivery.connect = connect
    return delivery
}

/// A send under way: what came of it, once something did.
private final class Sending: Sendable {
    let outcome = Shared<SendOutcome?>(nil)
    private let task = Shared<Task<Void, any Error>?>(nil)

    init(_ transport: TcpTransport, _ delivery: Delivery) {
        let outcome = outcome
        task.value = Task { outcome.value = try await transport.send(delivery) }
    }

    func cancel() { task.value?.cancel() }

    func ends() async throws -> SendOutcome {
        try await until("it comes to something") { outcome.value != nil }
        return try #require(outcome.value)
    }
}

/// How long a node may take to greet, in milliseconds (BOLT 8).
private let greetingMs: Int64 = 10_000
/// The first bytes of a connection (BOLT 8, Act One).
private let actOne = 50

@Suite("TCP")
struct TcpTests {
    @Test func aPortThatRefusesIsNoRoute() async throws {
        let listener = try Listener()
        listener.hangUp()
        let transport = try TcpTransport(network: .bitcoin)
        #expect(try await transport.send(delivery([listener.address])) == .noRoute)
        await transport.close()
    }

    @Test func theNextAddressIsTriedAndANodeThatHangsUpIsNoRoute() async throws {
        let (refusing, listener) = (try Listener(), try Listener())
        refusing.hangUp()
        let transport = try TcpTransport(network: .bitcoin)
        let sending = Sending(transport, try await delivery([refusing.address, listener.address]))
        _ = try await listener.accept()
        listener.hangUp()
        #expect(try await sending.ends() == .noRoute)
        await transport.close()
    }

    @Test func aNodeThatIsSilentIsGivenUpByTheClock() async throws {
        let (listener, clock) = (try Listener(), TestClock())
        let transport = try TcpTransport(network: .bitcoin, clock: clock)
        let sending = Sending(transport, try await delivery([listener.address]))
        let connection = try await listener.accept()
        try await listener.read(actOne, from: connection)
        clock.go(greetingMs - 1)
        try await Task.sleep(nanoseconds: 50_000_000)
        #expect(sending.outcome.value == nil, "it is patient")
        clock.go(1)
        #expect(try await sending.ends() == .noRoute)
        try await listener.ends(connection)
        await transport.close()
        listener.hangUp()
    }

    @Test func aCloseEndsWhatIsUnderWay() async throws {
        let listener = try Listener()
        let transport = try TcpTransport(network: .bitcoin, clock: TestClock())
        let copy = try await delivery([listener.address])
        let (first, second) = (Sending(transport, copy), Sending(transport, copy))
        let connection = try await listener.accept()
        try await listener.read(actOne, from: connection)
        await transport.close()
        #expect(try await first.ends() == .offline)
        #expect(try await second.ends() == .offline)
        try await listener.ends(connection)
        #expect(try await transport.send(copy) == .offline)
        await #expect(throws: HostError.self) { try await transport.receive() }
        await transport.close()
        listener.hangUp()
    }

    @Test func whatNobodyWaitsForIsNotConnectedForAnyMore() async throws {
        let listener = try Listener()
        let transport = try TcpTransport(network: .bitcoin, clock: TestClock())
        let sending = Sending(transport, try await delivery([listener.address]))
        let connection = try await listener.accept()
        try await listener.read(actOne, from: connection)
        sending.cancel()
        try await listener.ends(connection)
        #expect(try await sending.ends() == .offline)
        await transport.close()
        listener.hangUp()
    }

    @Test func addressesThatAreNoneArePassedOver() async throws {
        let none = [
            "", "host", "host:", ":9735", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:+1", "tcp://a:1", "a b:1", "[::1:1",
            "[127.0.0.1]:1", "abcdef.onion:9735", "a\0:1", String(repeating: "a", count: 254) + ":1",
        ]
        let transport = try TcpTransport(network: .bitcoin, addresses: [node.uppercased(): none + ["host:1", "[::1]:1"]])
        #expect(try await transport.send(delivery(none)) == .noRoute)
        #expect(try await transport.findRoute(to: node)?.connect == ["host:1", "[::1]:1"])
        #expect(try await transport.findRoute(to: transport.nodeId) == nil)
        await transport.close()
    }

    @Test func anAddressBookOrAKeyThatIsNoneIsRefused() throws {
        let ids = ["", "02", "04" + node.dropFirst(2), node + "00", String(node.dropLast()) + "g", "0x" + node.dropLast(2)]
        for id in ids {
            #expect(throws: InvreqError.self, "\(id)") { try TcpTransport(network: .bitcoin, addresses: [id: ["a:1"]]) }
        }
        let many = Array(repeating: "a:1", count: 65)
        #expect(throws: InvreqError.self) { try TcpTransport(network: .bitcoin, addresses: [node: many]) }
        for key in [Data(), Data(count: 31), Data(count: 32), Data(repeating: 255, count: 32)] {
            #expect(throws: InvreqError.self) { try TcpTransport(network: .bitcoin, key: key) }
        }
    }
}

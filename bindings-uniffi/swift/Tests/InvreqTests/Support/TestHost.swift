import Foundation
import Invreq
import Testing

/// Some point of the curve.
let node = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"

/// A refund of an LDK node on bitcoin, over 20,000,001 msat, without an end.
let refund =
    "lnr1qqsqzqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqg2peq4gnfqwa5hg6rywfshwctvp"
    + "czwu6egqqfq7ct5d4qx27rpd4cxcefwvdhk65syqycj6q2cyypjgef743p5fzqq9nqxh0ah7y87rzv3ud0eleps9kl2d5348hq2k8zeqe6xsctwddes"

/// A value that tests look at from everywhere.
final class Shared<Value>: @unchecked Sendable {
    private let lock = NSLock()
    private var inner: Value

    init(_ value: Value) { inner = value }

    var value: Value {
        get { with { $0 } }
        set { with { $0 = newValue } }
    }

    func with<Result>(_ work: (inout Value) throws -> Result) rethrows -> Result {
        lock.lock()
        defer { lock.unlock() }
        return try work(&inner)
    }
}

/// Waits until something holds, for ten seconds at most.
func until(
    _ what: String, _ location: SourceLocation = #_sourceLocation, _ holds: () async throws -> Bool
) async throws {
    for _ in 0..<2000 {
        if try await holds() { return }
        try await Task.sleep(nanoseconds: 5_000_000)
    }
    Issue.record("it never came about: \(what)", sourceLocation: location)
}

/// A payment with one path that carries just this much.
func payment(_ amountMsat: UInt64) -> InboundPayment {
    let hop = BlindedHop(blindedNodeId: node, encryptedRecipientData: Data(count: 50))
    let path = BlindedPath(introduction: .nodeId(node), pathKey: node, hops: [hop])
    let payinfo = PayInfo(
        feeBaseMsat: 0, feeProportionalMillionths: 0, cltvExpiryDelta: 0, htlcMinimumMsat: 0,
        htlcMaximumMsat: amountMsat, features: Data())
    return InboundPayment(paths: [PaymentPath(path: path, payinfo: payinfo)])
}

final class TestSource: PaymentSource {
    let asked = Shared<[InboundPaymentRequest]>([])
    /// What it does; by default it takes the engine's hash.
    let create = Shared<@Sendable (InboundPaymentRequest) async throws -> InboundPayment>({
        payment($0.amountMsat)
    })

    func createInboundPayment(_ request: InboundPaymentRequest) async throws -> InboundPayment {
        asked.with { $0.append(request) }
        return try await create.value(request)
    }
}

final class TestTransport: Transport {
    let sent = Shared<[Delivery]>([])
    /// What it says of a delivery.
    let say = Shared<@Sendable (Delivery) async throws -> SendOutcome>({ _ in .accepted })
    let route = Shared<Route?>(Route())
    let closed = Shared(0)

    func send(_ delivery: Delivery) async throws -> SendOutcome {
        sent.with { $0.append(delivery) }
        return try await say.value(delivery)
    }

    func findRoute(to nodeId: NodeId) async throws -> Route? { route.value }

    func close() async { closed.with { $0 += 1 } }
}

/// A store in memory that an app could have written, whose calls can be held up or made to fail.
final class TestStore: Store {
    let data: Shared<[Data: Data]>
    let before = Shared<@Sendable (Batch) async throws -> Void>({ _ in })
    let after = Shared<@Sendable () async throws -> Void>({})
    private let isClosed = Shared(false)

    init(_ data: Shared<[Data: Data]> = Shared([:])) { self.data = data }

    var entries: [Entry] {
        data.value.map { Entry(key: $0.key, value: $0.value) }
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }
    }

    func range(from start: Data, to end: Data, limit: Int) async throws -> [Entry] {
        if isClosed.value { throw StoreError.closed }
        let found = entries.filter {
            !$0.key.lexicographicallyPrecedes(start) && $0.key.lexicographicallyPrecedes(end)
        }
        return Array(found.prefix(limit))
    }

    func write(_ batch: Batch) async throws {
        if isClosed.value { throw StoreError.closed }
        try check(batch)
        try await before.value(batch)
        try data.with { data in
            let before = batch.revision == 1 ? nil : bigEndian(batch.revision - 1)
            if data[batch.revisionKey] != before { throw StoreError.conflict(.revision) }
            if let key = batch.absent.first(where: { data[$0] != nil }) {
                throw StoreError.conflict(.present(key))
            }
            for put in batch.puts { data[put.key] = put.value }
            for key in batch.deletes { data[key] = nil }
            data[batch.revisionKey] = bigEndian(batch.revision)
        }
        try await after.value()
    }

    func close() async throws { isClosed.value = true }

    private func check(_ batch: Batch) throws {
        let changed = batch.puts.map(\.key) + batch.deletes + [batch.revisionKey]
        let keys = changed + batch.absent
        let size = (keys + batch.puts.map(\.value)).reduce(0) { $0 + $1.count }
        if batch.revision == 0 || keys.contains(where: { $0.isEmpty || $0.count > 512 })
            || batch.puts.contains(where: { $0.value.count > 1 << 20 }) || size > 4 << 20
            || Set(changed).count < changed.count || batch.absent.contains(batch.revisionKey)
        {
            throw StoreError.invalid("this is no batch")
        }
    }
}

private func bigEndian(_ number: UInt64) -> Data {
    withUnsafeBytes(of: number.bigEndian) { Data($0) }
}

/// A clock that stands still until it is told to go.
final class TestClock: HostClock {
    private let state: Shared<(ms: UInt64, sleepers: [(at: UInt64, wake: CheckedContinuation<Void, Never>)])>

    init(_ ms: UInt64 = 1_800_000_000_000) { state = Shared((ms, [])) }

    func nowMs() -> UInt64 { state.value.ms }

    /// The time, in Unix seconds.
    var now: UInt64 { nowMs() / 1000 }

    func sleepUntil(_ atMs: UInt64) async throws {
        await withCheckedContinuation { wake in
            let isLate = state.with { state in
                if state.ms >= atMs { return true }
                state.sleepers.append((atMs, wake))
                return false
            }
            if isLate { wake.resume() }
        }
    }

    /// So much time goes by, or comes back: then everybody looks.
    func go(_ ms: Int64) {
        let awake = state.with { state in
            state.ms = UInt64(Int64(state.ms) + ms)
            let now = state.ms
            let isAwake = { (sleeper: (at: UInt64, wake: CheckedContinuation<Void, Never>)) in
                ms < 0 || sleeper.at <= now
            }
            defer { state.sleepers.removeAll(where: isAwake) }
            return state.sleepers.filter(isAwake)
        }
        awake.forEach { $0.wake.resume() }
    }
}

/// Dice that fall differently every time.
func dice() -> Entropy {
    let throwsSoFar = Shared(UInt64(0))
    let own = UInt64.random(in: 0...UInt64.max)
    return {
        let number = throwsSoFar.with { count in
            count += 1
            return count
        }
        return bigEndian(own) + bigEndian(number) + Data(repeating: 9, count: 16)
    }
}

/// A payee with a host of its own.
struct Opened {
    let payee: Payee
    let store: any Store
    let source: TestSource
    let transport: TestTransport
    let clock: TestClock
    let events: Shared<[PayeeEvent]>

    static func open(
        network: Network = .bitcoin, store: any Store = TestStore(), source: TestSource = TestSource(),
        transport: TestTransport = TestTransport(), seed: Data = Data(repeating: 7, count: 32),
        signer: (any Signer)? = nil, walletId: String = "main", clock: TestClock = TestClock(),
        entropy: @escaping Entropy = dice()
    ) async throws -> Opened {
        let events = Shared<[PayeeEvent]>([])
        let options = PayeeOptions(
            network: network, store: store, source: source, transport: transport, seed: seed, signer: signer,
            walletId: walletId, clock: clock, entropy: entropy
        ) { event in events.with { $0.append(event) } }
        let payee = try await Payee.open(options)
        return Opened(
            payee: payee, store: store, source: source, transport: transport, clock: clock, events: events)
    }

    /// Begins a call, and returns when its first copy has left.
    func send(_ label: String, timeout: UInt32? = nil, expiry: UInt32? = nil) async throws
        -> Task<InvoiceRecord, any Error>
    {
        let count = transport.sent.value.count
        let payee = payee
        let call = Task {
            try await payee.sendInvoice(refund, label: label, timeout: timeout, expiry: expiry, again: true)
        }
        try await until("the copy of \(label) leaves") {
            // Copies for one peer leave 250 ms apart.
            clock.go(250)
            return transport.sent.value.count > count
        }
        return call
    }

    func get(_ label: String) async throws -> InvoiceRecord {
        try #require(try await payee.listInvoices(label: label).page().records.first)
    }

    /// Reports that all of an invoice was received.
    @discardableResult
    func pay(_ label: String) async throws -> InvoiceRecord {
        let record = try await get(label)
        _ = try await payee.claim(
            paymentHash: record.paymentHash, totalMsat: record.amountMsat, firstHtlcAt: clock.now)
        return try await payee.paymentReceived(
            paymentHash: record.paymentHash, amountMsat: record.amountMsat, paidAt: clock.now)
    }
}

/// The error a call ends with.
func error(_ call: () async throws -> Void) async throws -> InvreqError {
    do {
        try await call()
    } catch let error as InvreqError {
        return error
    }
    throw HostError("it was no error")
}

import Foundation
import Invreq

/// The host of a scenario as one payee sees it: every part of it does what it is told, and its lines wait their turn.
final class Stage: Store, PaymentSource, Transport, Signer, HostClock {
    let world: World
    let name: String
    private let isGone = Shared(false)

    init(_ world: World, _ name: String) {
        self.world = world
        self.name = name
    }

    /// As if the process had died: nothing is written or answered any more.
    func vanish() { isGone.value = true }

    /// A line in its turn.
    func line(isWrite: Bool = false, _ line: @escaping () -> String, then: @escaping () -> Void = {}) async {
        while isGone.value { try? await Task.sleep(nanoseconds: 3_600_000_000_000) }
        let prefix = prefix
        await world.transcript.write(isWrite: isWrite, { prefix + line() }, then: { _ in then() })
    }

    /// A line in its turn, for which nobody waits.
    func handIn(_ line: String) {
        if !isGone.value { world.transcript.handIn { [prefix] in prefix + line } }
    }

    private var prefix: String { name == "a" ? "" : "\(name) " }

    func nowMs() -> UInt64 { world.nowMs }

    func sleepUntil(_ atMs: UInt64) async throws {
        await world.sleep(until: atMs)
        try Task.checkCancellation()
    }

    func dice() -> Data { entropy(world.action, of: name) }

    func range(from start: Data, to end: Data, limit: Int) async throws -> [Entry] {
        let word = world.take("store", "reads") ?? "ok"
        if word != "ok" {
            await line { "read \(word)" }
            throw storeError(word)
        }
        let found = world.data.map { Entry(key: $0.key, value: $0.value) }.filter {
            !$0.key.lexicographicallyPrecedes(start) && $0.key.lexicographicallyPrecedes(end)
        }
        return Array(found.sorted { $0.key.lexicographicallyPrecedes($1.key) }.prefix(limit))
    }

    func write(_ batch: Batch) async throws {
        let word = world.take("store", "writes") ?? "ok"
        let outcome = { [self] in
            if word == "conflict" || (["ok", "lost"].contains(word) && !fits(batch)) { return "conflict" }
            return word
        }
        let said = Shared("")
        await line(isWrite: true) {
            Lines.write(batch) + (outcome() == "ok" ? "" : " \(outcome())")
        } then: { [self] in
            said.value = outcome()
            // With a conflict another writer was here, and changed nothing but the revision.
            if word == "conflict" { revise(batch) } else if ["ok", "lost"].contains(said.value) { apply(batch) }
        }
        if said.value != "ok" { throw storeError(said.value) }
    }

    func close() async {}

    func createInboundPayment(_ asked: InboundPaymentRequest) async throws -> InboundPayment {
        await line { Lines.source(asked) }
        if world.says("source", "hold")?.bool ?? false { _ = await world.hold() }
        await line { "told source \(asked.label)" }
        if let fails = world.says("source", "fails")?.text { throw HostError(fails) }
        return InboundPayment(
            paths: (world.says("source", "paths")?.list ?? []).map(PaymentPath.init),
            paymentHash: world.says("source", "paymentHash")?.text,
            preimage: world.says("source", "preimage")?.bytes, mpp: world.says("source", "mpp")?.bool ?? false,
            pathsExpireAt: world.says("source", "pathsExpireAt")?.uint64)
    }

    func canReceive(amountMsat: UInt64) async throws -> Bool? {
        await line { "ask receive \(amountMsat)" }
        return world.says("source", "canReceive")?.bool
    }

    func send(_ delivery: Delivery) async throws -> SendOutcome {
        world.saw(delivery)
        await line { Lines.send(delivery) }
        var word = world.take("transport", "sends") ?? world.says("transport", "send")?.text ?? ""
        if word == "hold" { word = await world.hold() }
        let said = word
        await line { "said \(delivery.id) \(said)" }
        return try outcome(said)
    }

    func resolveScid(_ scid: UInt64, direction: UInt8) async throws -> NodeId? {
        await line { "ask scid \(scid) \(direction)" }
        guard let found = world.says("transport", "scids")?["\(scid)/\(direction)"]?.text else { return nil }
        if found.utf8.count != 66 || !found.allSatisfy(\.isHexDigit) { throw HostError(found) }
        return found
    }

    func findRoute(to nodeId: NodeId) async throws -> Route? {
        await line { "ask route \(nodeId)" }
        let routes = world.says("transport", "routes")?.object ?? [:]
        let found = routes.keys.contains(nodeId) ? routes[nodeId] : world.says("transport", "route")
        if let text = found?.text { throw HostError(text) }
        guard let found, case .object = found else { return nil }
        return Route(found)
    }

    func ecdh(nodeId: NodeId, point: String) async throws -> Data {
        await line { "ask ecdh \(nodeId) \(point)" }
        guard let secret = world.says("ecdh", "\(nodeId) \(point)")?.bytes else { throw HostError("no such key") }
        return secret
    }

    func receive() async throws -> Received {
        while true {
            while isGone.value { try await Task.sleep(nanoseconds: 3_600_000_000_000) }
            switch world.takeArrived() {
            case .success(let found):
                let bytes = found["bytes"]?.bytes ?? Data()
                if let id = found["replyTo"]?.bytes { return .invoiceError(replyPathId: id, bytes: bytes) }
                return .onionMessage(nodeId: found["nodeId"]?.text, bytes: bytes)
            case .failure(let waiting):
                await withTaskCancellationHandler {
                    await waiting.woken.value()
                } onCancel: {
                    waiting.woken.wake()
                }
                try Task.checkCancellation()
            }
        }
    }

    func sign(_ request: SignRequest) async throws -> Data {
        await line { "ask sign \(request.nodeId) \(request.digest.hex) \(Lines.mark(request.invoice))" }
        guard let signature = world.says("signer", "signs")?.bytes else { throw HostError("locked") }
        return signature
    }

    private func fits(_ batch: Batch) -> Bool {
        let stored = world.data[batch.revisionKey]
        let revision = stored?.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } ?? 0
        return revision == batch.revision - 1 && !batch.absent.contains { world.data[$0] != nil }
    }

    private func apply(_ batch: Batch) {
        for put in batch.puts { world.data[put.key] = put.value }
        for key in batch.deletes { world.data[key] = nil }
        revise(batch)
    }

    private func revise(_ batch: Batch) {
        world.data[batch.revisionKey] = withUnsafeBytes(of: batch.revision.bigEndian) { Data($0) }
    }
}

private func outcome(_ word: String) throws -> SendOutcome {
    switch word {
    case "accepted": return .accepted
    case "no_route": return .noRoute
    case "offline": return .offline
    case "failed": return .failed
    default: throw HostError("no such word: \(word)")
    }
}

private func storeError(_ word: String) -> StoreError {
    let why = "as the scenario says"
    switch word {
    case "conflict": return .conflict(.revision)
    case "full": return .full(why)
    case "read_only": return .readOnly(why)
    case "corrupt": return .corrupt(why)
    case "closed": return .closed
    default: return .failed(why)
    }
}

extension Route {
    fileprivate init(_ given: Json) {
        func nodes(_ json: Json?) -> [String] { json?.list.compactMap(\.text) ?? [] }
        let reply = given["reply"]
        let path: ReplyPath =
            switch reply?["kind"]?.text {
            case "ours": .ours(via: nodes(reply?["via"]))
            case "node": .node(via: nodes(reply?["via"]), nodeId: reply?["nodeId"]?.text ?? "")
            case "host": .host
            default: .none
            }
        self.init(
            via: nodes(given["via"]), connect: nodes(given["connect"]), ownNode: given["ownNode"]?.bool ?? false,
            reply: path)
    }
}

extension PaymentPath {
    init(_ given: Json) {
        let (path, payinfo) = (given["path"], given["payinfo"])
        let at = path?["introduction"]
        let introduction: Introduction =
            at?.text.map { .nodeId($0) }
            ?? .scid(direction: UInt8(at?["direction"]?.uint64 ?? 0), scid: at?["scid"]?.uint64 ?? 0)
        self.init(
            path: BlindedPath(
                introduction: introduction, pathKey: path?["pathKey"]?.text ?? "",
                hops: (path?["hops"]?.list ?? []).map {
                    BlindedHop(
                        blindedNodeId: $0["blindedNodeId"]?.text ?? "",
                        encryptedRecipientData: $0["encryptedRecipientData"]?.bytes ?? Data())
                }),
            payinfo: PayInfo(
                feeBaseMsat: payinfo?["feeBaseMsat"]?.uint32 ?? 0,
                feeProportionalMillionths: payinfo?["feeProportionalMillionths"]?.uint32 ?? 0,
                cltvExpiryDelta: UInt16(payinfo?["cltvExpiryDelta"]?.uint64 ?? 0),
                htlcMinimumMsat: payinfo?["htlcMinimumMsat"]?.uint64 ?? 0,
                htlcMaximumMsat: payinfo?["htlcMaximumMsat"]?.uint64 ?? 0,
                features: payinfo?["features"]?.bytes ?? Data()))
    }
}

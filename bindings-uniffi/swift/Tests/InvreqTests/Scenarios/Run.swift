import Foundation
import Invreq

/// Runs a scenario on the public API: each action is begun, and is over when all lines of the golden transcript that follow from it
/// are there.
final class Run: @unchecked Sendable {
    private let data: [String: Json]
    private let world: World
    private let transcript: Transcript
    private let stages = Shared<[String: Stage]>([:])
    private let payees = Shared<[String: Payee]>([:])
    private let hashes = Shared<[String: String]>([:])
    private let calls = Shared<[Int: Task<Void, Never>]>([:])
    private let secrets: Secrets

    init(_ scenario: Json, _ data: [String: Json], golden: String) {
        self.data = data
        transcript = Transcript(golden)
        let seed = data["seed"]?.bytes ?? Data()
        secrets = Secrets(seed: seed, actions: scenario["do"]?.list.count ?? 0, golden: golden)
        let empty = Run.Filler(data: data) { _ in nil }
        var says = empty.fill(data["defaults"] ?? .null).object.mapValues(\.object)
        says["open"] = nil
        says["ecdh"] = data["ecdh"]?.object ?? [:]
        world = World(transcript, says: says, nowMs: scenario["nowMs"]?.uint64 ?? 1_700_000_000_000)
    }

    /// Does one action after the other, and throws where it differs from the golden transcript.
    func run(_ scenario: Json) async throws {
        for (place, action) in (scenario["do"]?.list ?? []).enumerated() {
            let (number, what) = (place + 1, action["do"]?.text ?? "")
            let name = action["payee"]?.text ?? "a"
            world.action = UInt32(number)
            transcript.handIn { "> \(number) \(what)" }
            var given = what == "open" ? data["defaults"]?["open"]?.object ?? [:] : [:]
            given.merge(action.object) { $1 }
            for word in ["do", "payee", "expect"] { given[word] = nil }
            let filler = Filler(data: data) { [self] name in
                hashes.value[name] ?? world.delivery(name)?.replyPathId?.hex
            }
            begin(number, what, name, filler.fill(.object(given)))
            try await transcript.finish(number)
        }
        for payee in payees.value.values { try await payee.close() }
    }

    private func begin(_ number: Int, _ what: String, _ name: String, _ given: Json) {
        switch what {
        case "crash":
            let payee = payees.value[name]
            stages.value[name]?.vanish()
            payees.with { $0[name] = nil }
            Task { try? await payee?.close() }
        case "keepStore": world.keepStore()
        case "putBackStore": world.putBackStore()
        case "clock": world.go(given["addMs"]?.int64 ?? 0)
        case "source", "transport", "signer", "store": world.change(what, given.object)
        case "arrive": world.arrive(given)
        case "release": world.release(given["say"]?.text ?? "")
        case "cancel": calls.value[Int(given["call"]?.uint64 ?? 0)]?.cancel()
        default:
            if what == "open" { stages.with { $0[name] = Stage(world, name) } }
            let stage = stages.value[name] ?? Stage(world, name)
            let task = Task { [self] in
                var said: String
                do {
                    said = try await reply(what, name, stage, given)
                } catch let error as InvreqError {
                    said = error.code == .cancelled && Task.isCancelled ? "cancelled" : Lines.error(error)
                    if let secret = secrets.shown(in: error) { said = "an error shows \(secret)" }
                } catch {
                    said = "\(error)"
                }
                stage.handIn("done \(number) \(said)")
            }
            calls.with { $0[number] = task }
        }
    }

    private func open(_ name: String, _ stage: Stage, _ given: Json) async throws -> String {
        let options = PayeeOptions(
            network: try network(given), store: stage, source: stage, transport: stage,
            seed: given["seed"]?.bytes ?? Data(), signer: stage, walletId: given["walletId"]?.text ?? "main",
            clock: stage, entropy: { stage.dice() }
        ) { [hashes, secrets] event in
            if let record = event.record { hashes.with { $0[record.label] = record.paymentHash } }
            let secret = secrets.shown(in: event, isPaid: event.record?.payment != nil)
            stage.handIn(secret.map { "an event shows \($0)" } ?? Lines.event(event))
        }
        let payee = try await Payee.open(options)
        payees.with { $0[name] = payee }
        return "ok"
    }

    /// What an action replies with.
    private func reply(_ what: String, _ name: String, _ stage: Stage, _ given: Json) async throws -> String {
        switch what {
        case "open": return try await open(name, stage, given)
        case "decode":
            let text = given["text"]?.text ?? ""
            let chain = given["network"]?.text == "any" ? nil : try network(given)
            return Lines.decoded(try decode(text, network: chain, now: given["now"]?.uint64))
        case "verify": return Lines.verified(try verify(given["text"]?.text ?? ""))
        case "answer":
            let terms = Terms(
                invreq: given["invreq"]?.text ?? "", network: try network(given),
                amountMsat: given["amountMsat"]?.uint64, paymentHash: given["paymentHash"]?.text ?? "",
                paths: (given["paths"]?.list ?? []).map(PaymentPath.init), mpp: given["mpp"]?.bool ?? false,
                createdAt: given["createdAt"]?.uint64, expiry: given["expiry"]?.uint32 ?? 7200,
                pathsExpireAt: given["pathsExpireAt"]?.uint64)
            return try answer(terms, secretKey: given["secretKey"]?.bytes ?? Data())
        default:
            guard let payee = payees.value[name] else { throw HostError("\(name) is not open") }
            return try await call(payee, what, given)
        }
    }

    private func call(_ payee: Payee, _ what: String, _ given: Json) async throws -> String {
        let label = given["label"]?.text ?? ""
        let (hash, msat) = (given["paymentHash"]?.text ?? "", given["totalMsat"]?.uint64 ?? 0)
        let firstHtlcAt = given["firstHtlcAt"]?.uint64 ?? 0
        switch what {
        case "sendInvoice":
            return try Lines.done(
                try await payee.sendInvoice(
                    given["invreq"]?.text ?? "", label: label, amountMsat: given["amountMsat"]?.uint64,
                    timeout: given["timeout"]?.uint32, expiry: given["expiry"]?.uint32,
                    quantity: given["quantity"]?.uint64, existing: given["existing"]?.text == "join" ? .join : .error,
                    again: given["again"]?.bool ?? false, invoiceNodeId: given["invoiceNodeId"]?.text,
                    replies: given["replies"]?.text == "unwanted" ? .unwanted : .wanted))
        case "resend": return try Lines.done(try await payee.resend(label))
        case "waitInvoice": return try Lines.done(try await payee.waitInvoice(label))
        case "waitAnyInvoice":
            return try Lines.done(
                try await payee.waitAnyInvoice(
                    after: given["lastPayIndex"]?.uint64 ?? 0, timeout: given["timeout"]?.uint32))
        case "delInvoice":
            return try Lines.done(try await payee.delInvoice(label, status: try status(given["status"]) ?? .unpaid))
        case "claimFailed": return try Lines.done(try await payee.claimFailed(paymentHash: hash))
        case "paymentReceived":
            return try Lines.done(
                try await payee.paymentReceived(
                    paymentHash: hash, amountMsat: given["amountMsat"]?.uint64 ?? 0,
                    paidAt: given["paidAt"]?.uint64 ?? 0, preimage: given["preimage"]?.bytes))
        case "listInvoices":
            let list = payee.listInvoices(
                label: given["label"]?.text, paymentHash: given["paymentHash"]?.text,
                status: try status(given["status"]), index: given["index"]?.text == "updated" ? .updated : .created,
                start: given["start"]?.uint64 ?? 0, limit: given["limit"]?.uint32)
            return Lines.page(try await list.page())
        case "preview": return Lines.preview(try await payee.preview(given["invreq"]?.text ?? ""))
        case "claim":
            return Lines.approval(
                try await payee.claim(paymentHash: hash, totalMsat: msat, firstHtlcAt: firstHtlcAt))
        case "judge":
            return Lines.verdict(
                try await payee.judge(paymentHash: hash, totalMsat: msat, firstHtlcAt: firstHtlcAt))
        case "ignoredReplies": return "\(try await payee.ignoredReplies())"
        case "replyNodeId": return try await payee.replyNodeId()
        case "receiveOnionMessage":
            try await payee.receiveOnionMessage(given["bytes"]?.bytes ?? Data(), nodeId: given["nodeId"]?.text)
        case "receiveInvoiceError":
            try await payee.receiveInvoiceError(
                replyPathId: given["replyTo"]?.bytes ?? Data(), bytes: given["bytes"]?.bytes ?? Data())
        case "resume": try await payee.resume()
        case "close": try await payee.close()
        default: throw HostError("there is no action \(what)")
        }
        return "ok"
    }

    /// Replaces every `@name` by what it stands for, and every `$name` by what was seen.
    private struct Filler {
        let data: [String: Json]
        let seen: (String) -> String?

        func fill(_ value: Json) -> Json {
            switch value {
            case .text(let text) where text.hasPrefix("@"): fill(data[String(text.dropFirst())] ?? .null)
            case .text(let text) where text.hasPrefix("$"):
                seen(String(text.dropFirst())).map { .text($0) } ?? .null
            case .list(let list): .list(list.map(fill))
            case .object(let object):
                .object(Dictionary(object.map { (key($0.key), fill($0.value)) }) { $1 })
            default: value
            }
        }

        private func key(_ key: String) -> String {
            key.hasPrefix("@") ? data[String(key.dropFirst())]?.text ?? key : key
        }
    }
}

private func network(_ given: Json) throws -> Network {
    let name = given["network"]?.text ?? "bitcoin"
    guard let network = Network(rawValue: name) else { throw HostError("no network: \(name)") }
    return network
}

private func status(_ given: Json?) throws -> Status? {
    switch given?.text {
    case nil: nil
    case "unpaid": .unpaid
    case "paid": .paid
    case "expired": .expired
    default: throw HostError("no such status")
    }
}

extension PayeeEvent {
    fileprivate var record: InvoiceRecord? {
        switch self {
        case .created(let record), .delivery(let record), .payerError(let record), .claiming(let record),
            .claimFailed(let record), .paid(let record), .expired(let record), .deleted(let record),
            .underpaid(let record, _):
            record
        case .trouble, .clockBehind, .missed: nil
        }
    }
}

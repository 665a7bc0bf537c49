import Foundation
import Invreq

/// The lines of a transcript, as tests/scenarios/README.md describes them.
enum Lines {
    /// FNV-1a of 64 bits: what stands for bytes that are too long for a line.
    static func mark(_ bytes: Data) -> String {
        let hash = bytes.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    static func write(_ batch: Batch) -> String {
        let puts = batch.puts.map { " +\($0.key.hex)=\(mark($0.value))" }
        let rest = batch.deletes.map { " -\($0.hex)" } + batch.absent.map { " !\($0.hex)" }
        return "write \(batch.revision)" + (puts + rest).joined()
    }

    static func source(_ asked: InboundPaymentRequest) -> String {
        "ask source \(asked.amountMsat) \(asked.expiresAt) \(asked.paymentHash) \(asked.invreqId) \(asked.label)"
    }

    static func send(_ of: Delivery) -> String {
        let (first, message) = (of.packet.firstHop, of.packet.message)
        return "send \(of.id) \(of.nodeId) via [\(of.via.joined(separator: ","))] first \(first) "
            + "path \(or(of.path?.hops.count)) packet \(message.count):\(mark(message)) invoice \(mark(of.invoice))"
            + "\(of.replyPathId == nil ? "" : " reply") \(of.label)"
    }

    static func record(_ of: InvoiceRecord) -> String {
        let paths = of.delivery.paths.map { "\(snake($0.outcome)):\($0.attempts)" }.joined(separator: ",")
        var words = [of.label, "\(snake(of.status))\(of.claiming ? "+claiming" : "")", snake(of.delivery.state)]
        words += ["\(of.delivery.attempts)", "[\(paths)]", "created=\(of.createdIndex)"]
        if let updated = of.updatedIndex { words.append("updated=\(updated)") }
        if let paid = of.payment { words.append("paid=\(paid.payIndex):\(paid.amountReceivedMsat):\(paid.paidAt)") }
        if let said = of.delivery.error {
            words.append(
                "said=\(said.receivedAt):\(or(said.erroneousField)):\(or(said.suggestedValue)):\(said.message)")
        }
        return words.joined(separator: " ")
    }

    static func event(_ of: PayeeEvent) -> String {
        switch of {
        case .created(let record): "event created \(self.record(record))"
        case .delivery(let record): "event delivery \(self.record(record))"
        case .payerError(let record): "event payerError \(self.record(record))"
        case .claiming(let record): "event claiming \(self.record(record))"
        case .claimFailed(let record): "event claimFailed \(self.record(record))"
        case .paid(let record): "event paid \(self.record(record))"
        case .expired(let record): "event expired \(self.record(record))"
        case .deleted(let record): "event deleted \(self.record(record))"
        case .underpaid(let record, let msat): "event underpaid \(msat) \(self.record(record))"
        case .trouble(let error): "event trouble \(self.error(error))"
        case .clockBehind(let storedMs, let nowMs): "event clockBehind \(storedMs) \(nowMs)"
        case .missed(let count): "event missed \(count)"
        }
    }

    static func error(_ of: InvreqError) -> String {
        var words = ["error", of.code.name, "\(of.rpcCode)"]
        if let field = of.field { words.append("field=\(field.number):\(field.name)") }
        if let rule = of.rule { words.append("rule=\(rule)") }
        words.append(of.retryable ? "retry" : "final")
        if let record = of.record { words += ["record", self.record(record)] }
        return words.joined(separator: " ")
    }

    static func done(_ of: InvoiceRecord) throws -> String { "\(record(of)) rpc \(try of.toRpc())" }

    static func approval(_ of: ClaimApproval) -> String { "settle \(or(of.preimage?.hex)) \(record(of.record))" }

    static func verdict(_ of: Verdict) -> String {
        switch of {
        case .settle(let preimage): "settle \(or(preimage?.hex))"
        case .fail(let error): "fail \(error.code.name)"
        case .unknown: "unknown"
        case .hold(let error): "hold \(error.code.name)"
        }
    }

    static func page(_ of: Page) -> String {
        "page next=\(or(of.next))" + of.records.map { " | \(record($0))" }.joined()
    }

    static func preview(_ of: Preview) -> String {
        let receivable = of.receivable.map { $0 ? "receivable" : "full" } ?? "unknown"
        return "preview \(of.error?.code.name ?? "answerable") \(or(of.amountMsat)) \(or(of.expiresAt)) \(receivable) "
            + "\(of.signed ? "signed" : "unsigned") \(of.alreadyAnswered ? "answered" : "open") "
            + "\(or(of.description)) / \(or(of.issuer))"
    }

    static func decoded(_ of: Decoded) -> String {
        let fields = of.fields.map { "\($0.number):\($0.length)" }.joined(separator: ",")
        let words = [
            snake(of.kind), of.signed ? "signed" : "unsigned", or(of.id),
            of.answerable ? "answerable" : "not-answerable", "problem=\(or(of.problem?.code))", "fields=\(fields)",
        ]
        return (words + of.warnings.map { "warning=\($0.code)" }).joined(separator: " ")
    }

    static func verified(_ of: Verified) -> String {
        "\(snake(of.kind)) \(of.signed ? "signed" : "unsigned") \(or(of.nodeId)) \(or(of.id))"
    }

    private static func or(_ value: (some Any)?) -> String { value.map { "\($0)" } ?? "-" }

    /// A case of an enum as the core's word.
    static func snake(_ value: some Any) -> String {
        "\(value)".reduce(into: "") { word, letter in
            if letter.isUppercase { word += "_" }
            word += letter.lowercased()
        }
    }
}

import Foundation
import Invreq
import Testing

@Suite("Errors")
struct ErrorTests {
    /// A row of docs/errors.md.
    private struct Row {
        let name: String
        let rpcCode: Int32
        let retryable: Bool
        let meaning: String
    }

    private func rows() throws -> [Row] {
        let text = try String(contentsOf: root.appendingPathComponent("docs/errors.md"), encoding: .utf8)
        return text.split(separator: "\n").compactMap { line in
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count >= 4, cells[0].hasPrefix("`"), let number = Int32(cells[1]) else { return nil }
            return Row(
                name: cells[0].trimmingCharacters(in: ["`"]), rpcCode: number, retryable: cells[2] == "yes",
                meaning: cells[3])
        }
    }

    @Test func everyCodeIsWhatTheTableSays() throws {
        let rows = try rows()
        #expect(rows.count == ErrorCode.allCases.count && rows.count > 70)
        for row in rows {
            let code = try #require(ErrorCode.allCases.first { $0.name == row.name }, "\(row.name)")
            #expect(code.info.rpcCode == row.rpcCode && code.info.retryable == row.retryable)
            #expect(code.info.meaning == row.meaning)
        }
    }

    @Test(arguments: ErrorCode.allCases)
    func aCode(_ code: ErrorCode) throws {
        let thrown: any Error = InvreqError(code, "a sentence for a person")
        #expect(thrown.localizedDescription == "a sentence for a person")
        #expect("\(thrown)" == "a sentence for a person")
        #expect(String(reflecting: thrown) == "InvreqError(\(code.name): a sentence for a person)")
        let error = try #require(thrown as? InvreqError)
        #expect(error.code == code && error.rpcCode == code.info.rpcCode)
        #expect(error.retryable == code.info.retryable)
        #expect(error.field == nil && error.rule == nil && error.record == nil)
    }

    @Test func everyStoreErrorHasItsCode() {
        for (error, code, retryable) in [
            (.conflict(.revision), .storeConflict, true), (.conflict(.present(Data([0]))), .storeConflict, true),
            (.full("why"), .storeFailed, true), (.readOnly("why"), .storeFailed, false),
            (.failed("why"), .storeFailed, true), (.corrupt("why"), .storeCorrupt, false),
            (.foreign("why"), .wrongStore, false), (.invalid("why"), .internal, false),
            (.closed, .storeFailed, false),
        ] as [(StoreError, ErrorCode, Bool)] {
            let known = InvreqError(store: error)
            #expect(known.code == code && known.retryable == retryable)
            #expect(error.localizedDescription == known.message && !known.message.isEmpty)
        }
    }

    /// Whatever a text is, it is refused with a code.
    @Test func junkIsRefused() {
        let junk = [
            "", "\0", "lnr1", "LNR1qq", "lnr1+", "+lnr1", "lnr1 qq", "lni1\u{feff}", "🦀", String(repeating: "q", count: 1 << 20),
            "lno1" + String(repeating: "q", count: 200_000), "lnr1\u{0}qq", refund + "+", refund.uppercased() + "q",
        ]
        for text in junk {
            #expect(throws: InvreqError.self) { try decode(text) }
            #expect(throws: InvreqError.self) { try verify(text) }
        }
    }

    @Test func aCallWithJunkIsRefused() async throws {
        let host = try await Opened.open()
        let payee = host.payee
        let calls: [(String, () async throws -> Void)] = [
            ("no request", { try await payee.sendInvoice("", label: "a") }),
            ("no label", { try await payee.sendInvoice(refund, label: "") }),
            ("NUL", { try await payee.sendInvoice(refund, label: "a\0b") }),
            ("long", { try await payee.sendInvoice(refund, label: String(repeating: "a", count: 257)) }),
            ("no time", { try await payee.sendInvoice(refund, label: "a", timeout: 0) }),
            ("no life", { try await payee.sendInvoice(refund, label: "a", expiry: 0) }),
            ("quantity", { try await payee.sendInvoice(refund, label: "a", quantity: 1) }),
            ("amount", { try await payee.sendInvoice(refund, label: "a", amountMsat: .max) }),
            ("key", { try await payee.sendInvoice(refund, label: "a", invoiceNodeId: "02ff") }),
            ("hash", { _ = try await payee.claim(paymentHash: "zz", totalMsat: 1, firstHtlcAt: 0) }),
            (
                "preimage",
                {
                    try await payee.paymentReceived(
                        paymentHash: String(repeating: "0", count: 64), amountMsat: 0, paidAt: .max, preimage: Data([1]))
                }
            ),
            ("id", { try await payee.receiveInvoiceError(replyPathId: Data(), bytes: Data()) }),
            ("no such", { try await payee.resend("none") }),
            ("none", { try await payee.delInvoice("none", status: .paid) }),
            ("nul", { try await payee.claimFailed(paymentHash: "\0") }),
            ("list", { _ = try await payee.listInvoices(paymentHash: "").page() }),
        ]
        for (what, call) in calls {
            let refused = try await error(call)
            #expect(refused.code != .internal && !refused.message.isEmpty, "\(what): \(refused.message)")
        }
        #expect(host.source.asked.value.isEmpty)
        try await payee.close()
    }
}

import Foundation
import Invreq
import Testing

/// `ok`, or the code of the error. Both functions have to agree.
private func verdict(_ text: String) -> String {
    func code(_ read: () throws(InvreqError) -> Void) -> String {
        do {
            try read()
            return "ok"
        } catch {
            #expect(!error.message.isEmpty)
            return error.code.name
        }
    }
    let decoded = code { () throws(InvreqError) in _ = try decode(text) }
    let verified = code { () throws(InvreqError) in _ = try verify(text) }
    #expect(decoded == verified, "\(text)")
    return decoded
}

@Suite("Strings")
struct TextTests {
    private struct FormatCase: Decodable {
        let comment: String
        let valid: Bool
        let string: String
    }

    @Test func theFormatStringsOfBolt12() throws {
        let cases: [FormatCase] = try json("bolts/bolt12/format-string-test.json")
        #expect(cases.count == 12)
        for item in cases { #expect((verdict(item.string) == "ok") == item.valid, "\(item.comment)") }
    }

    private struct OfferCase: Decodable {
        struct Field: Decodable {
            let type: UInt64
            let hex: String
        }
        let description: String
        let valid: Bool
        let bolt12: String
        let fields: [Field]?
    }

    @Test func theOffersOfBolt12() throws {
        let cases: [OfferCase] = try json("bolts/bolt12/offers-test.json")
        #expect(cases.count == 53)
        for item in cases {
            #expect((verdict(item.bolt12) == "ok") == item.valid, "\(item.description)")
            guard item.valid else { continue }
            let decoded = try decode(item.bolt12)
            #expect(decoded.kind == .offer)
            #expect(decoded.fields.map(\.number) == item.fields?.map(\.type))
            #expect(decoded.fields.map(\.hex) == item.fields?.map(\.hex))
            #expect(decoded.fields.allSatisfy { Int($0.length) * 2 == $0.hex.count })
        }
    }

    private struct FuzzCase: Decodable {
        let string: String?
        let stringHex: String?
        let error: String?
        let fields: [[UInt64]]?
        let merkleRoot: String?
    }

    @Test func coreLightningsFuzzCorpora() throws {
        // Where we differ from Core Lightning's minimal decoder on purpose, and how often: core/tests/codec/cln.rs says why.
        let expected = [
            "invoice: ok, but invalid_signature": 193,
            "invoice: ok, but missing_field": 68,
            "invoice: ok, but empty_stream": 1,
            "invrequest: ok, but empty_stream": 1,
            "invrequest: invalid invreq data, but ok": 2,
        ]
        var different: [String: Int] = [:]
        for (corpus, count) in [("invrequest", 757), ("invoice", 462), ("offer", 201)] {
            let cases: [FuzzCase] = try lines("cln/fuzz-\(corpus)-decode.jsonl")
            #expect(cases.count == count)
            for item in cases {
                let (text, theirs) = (item.string ?? "", item.error ?? "ok")
                let ours = verdict(text)
                if (theirs == "ok") != (ours == "ok") {
                    different["\(corpus): \(theirs), but \(ours)", default: 0] += 1
                } else if ours == "ok" {
                    let decoded = try decode(text)
                    // Where no record goes into the tree, Core Lightning has none.
                    #expect(decoded.merkleRoot == item.merkleRoot ?? String(repeating: "0", count: 64))
                    #expect(decoded.fields.map { [$0.number, UInt64($0.length)] } == item.fields)
                }
            }
        }
        #expect(different == expected)
    }

    @Test func coreLightningsFuzzCorpusOfStrings() throws {
        let cases: [FuzzCase] = try lines("cln/fuzz-bech32-decode.jsonl")
        #expect(cases.count == 256)
        for item in cases {
            let text = item.string ?? String(decoding: unhex(item.stringHex ?? ""), as: UTF8.self)
            #expect(verdict(text) != "ok")
        }
    }

    private struct Pair: Decodable {
        let network: String
        let signed: Bool
        let request: String
        let requestMerkleRoot: String?
        let invoice: String
        let invoiceMerkleRoot: String?
    }

    @Test func requestsAndTheirInvoices() throws {
        let pairs: [Pair] = try json("pairs/pairs.json")
        #expect(pairs.count == 3)
        for pair in pairs {
            let network = try #require(Network(rawValue: pair.network))
            let request = try decode(pair.request, network: network)
            #expect(request.merkleRoot == pair.requestMerkleRoot ?? request.merkleRoot)
            let invoice = try decode(pair.invoice, network: network)
            #expect(invoice.merkleRoot == pair.invoiceMerkleRoot ?? invoice.merkleRoot)
            #expect(request.signed == pair.signed)
            let verified = try verify(pair.request)
            #expect(verified.kind == .invoiceRequest && verified.signed == pair.signed)
            #expect((verified.nodeId != nil) == pair.signed)
            let answer = try verify(pair.invoice)
            #expect(answer.signed && answer.id == verified.id, "both name the same request")
        }
    }

    @Test func aRequestIsHeldAgainstANetworkAndATime() throws {
        #expect(try decode(refund).problem == nil)
        #expect(try decode(refund, network: .regtest).problem?.code == "wrong_chain")
        #expect(try decode(refund, network: nil).problem == nil)
        #expect(try decode(refund, now: 4_000_000_000).problem == nil)
        #expect(try decode(refund, now: 4_000_000_001).problem?.code == "request_expired")
        #expect(try decode(refund).warnings.first?.code == "signature_missing")
    }

    @Test func anErrorSaysWhereAndWhy() throws {
        let pairs: [Pair] = try json("pairs/pairs.json")
        do throws(InvreqError) {
            _ = try verify(pairs[0].request.dropLast(8) + "qqqqqqqq")
            Issue.record("it was no error")
        } catch {
            #expect(error.code == .invalidSignature && error.code.name == "invalid_signature")
            #expect(error.rpcCode == -32602 && !error.retryable)
            #expect(error.field?.name == "signature" && error.field?.number == 240)
            #expect(error.rule != nil && error.section?.hasPrefix("BOLT 12") ?? false)
            #expect(error.localizedDescription == error.message)
        }
    }

    private static let terms = Terms(
        invreq: refund, paymentHash: String(repeating: "11", count: 32), paths: payment(20_000_001).paths,
        createdAt: 1_800_000_000)

    @Test func anAnswerWithAKeyAtHandAndWithAKeySomewhereElse() throws {
        let key = Data(count: 31) + [1]
        let invoice = try answer(Self.terms, secretKey: key)
        let verified = try verify(invoice)
        #expect(verified.kind == .invoice && verified.signed && verified.nodeId == node)

        let unsigned = try prepare(Self.terms, nodeId: node)
        #expect(unsigned.tag == "lightninginvoicesignature")
        #expect(unsigned.digest.count == 32 && unsigned.nodeId == node)
        // The same invoice has the same signature: it stands in record 240, at the end.
        let signature = try #require(try decode(invoice).fields.last { $0.number == 240 }).hex
        #expect(try unsigned.finish(signature: unhex(signature)) == invoice)
        #expect(!unsigned.invoice.isEmpty && !unsigned.invoice.hex.contains(signature))
        #expect(throws: InvreqError.self) { try unsigned.finish(signature: Data(count: 63)) }
        do throws(InvreqError) {
            _ = try unsigned.finish(signature: Data(count: 64))
            Issue.record("it was no error")
        } catch {
            #expect(error.code == .invalidSignature)
        }
    }

    @Test func termsThatCannotBe() throws {
        func code(_ change: (inout Terms) -> Void, key: Data = Data(repeating: 1, count: 32)) -> ErrorCode? {
            var terms = Self.terms
            change(&terms)
            do throws(InvreqError) {
                _ = try answer(terms, secretKey: key)
                return nil
            } catch {
                return error.code
            }
        }
        #expect(code { _ in } == nil)
        #expect(code { $0.network = .regtest } == .wrongChain)
        #expect(code { $0.amountMsat = 5 } == .amountMismatch)
        #expect(code { $0.expiry = 0 } == .invalidExpiry)
        #expect(code { $0.paths = [] } == .invalidPaymentPath)
        #expect(code { $0.paths = payment(1).paths } == .insufficientInbound)
        #expect(code { $0.pathsExpireAt = 1_800_000_001 } == .pathExpiresEarly)
        #expect(code { $0.createdAt = 4_000_000_001 } == .requestExpired)
        #expect(code { $0.paymentHash = "11" } == .invalidParameter)
        #expect(code({ _ in }, key: Data(count: 32)) == .invalidParameter)
        #expect(code({ _ in }, key: Data(count: 5)) == .invalidParameter)
    }
}

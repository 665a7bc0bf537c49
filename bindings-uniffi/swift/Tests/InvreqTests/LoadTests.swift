import Foundation
import Invreq
import Testing

/// What the process holds of the machine's memory, in KiB.
private func residentKiB() throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
    return try #require(Int(line.split(separator: " ").dropFirst().first ?? ""))
}

/// They measure the whole process, so they run alone: `cargo xtask test --only swift` runs them after the others.
@Suite("Load", .serialized, .enabled(if: ProcessInfo.processInfo.environment["INVREQ_LOAD"] != nil))
struct LoadTests {
    @Test func aHundredThousandDecodesDoNotGrow() throws {
        for _ in 0..<5_000 { _ = try decode(refund) }
        let before = try residentKiB()
        let start = Date()
        for number in 0..<100_000 {
            if number % 2 == 0 { _ = try decode(refund) } else { _ = try? verify("lnr1qq\(number)") }
        }
        let seconds = Date().timeIntervalSince(start)
        let grown = try residentKiB() - before
        print("100,000 decodes and refusals: \(String(format: "%.1f", seconds)) s, \(grown) KiB more")
        // Others run beside it; a leak of 100 bytes a call would be 10,000 KiB.
        #expect(grown < 8_000)
    }

    @Test func tenThousandPayeesOpenedAndDroppedDoNotGrow() async throws {
        func turn(_ count: Int) async throws {
            let transport = TestTransport()
            for _ in 0..<count {
                let options = PayeeOptions(
                    network: .bitcoin, store: MemoryStore(), source: TestSource(), transport: transport,
                    seed: Data(repeating: 7, count: 32))
                let payee = try await Payee.open(options)
                _ = try await payee.replyNodeId()
            }
            try await until("all of them are closed") { transport.closed.value == count }
        }
        try await turn(2_000)
        let before = try residentKiB()
        try await turn(10_000)
        let grown = try residentKiB() - before
        print("10,000 payees opened and dropped: \(grown) KiB more")
        // A leak of 1 KiB each would be 10,000 KiB.
        #expect(grown < 8_000)
    }

    @Test func theOverheadOfOneCall() {
        let count = 200_000
        var sum: Int32 = 0
        let code = ErrorCode.noRoute
        for _ in 0..<1000 { _ = InvreqError(code, "x") }
        let start = Date()
        for _ in 0..<count { sum &+= InvreqError(code, "x").rpcCode }
        let micros = Date().timeIntervalSince(start) * 1_000_000 / Double(count)
        print("one call over the boundary, with a string in and a record out: \(String(format: "%.2f", micros)) µs")
        #expect(sum == 1003 &* Int32(count))
        #expect(micros < 200)
    }
}

import Foundation
import MyNodeSupport

/// A Lightning network for tests (tests/lightning/README.md): `cargo build -p invreq-lightning --bins` makes it, or
/// `INVREQ_TEST_SERVER` names it.
final class TestServer: @unchecked Sendable {
    let control: Control
    /// What a wallet finds its node by.
    let environment: [String: String]
    private let process = Process()
    private let input = Pipe()

    init() throws {
        let environment = ProcessInfo.processInfo.environment
        let root = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../../../..").standardizedFileURL
        let target = environment["CARGO_TARGET_DIR"] ?? root.appendingPathComponent("target").path
        let program = environment["INVREQ_TEST_SERVER"] ?? "\(target)/debug/test-server"
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: program)
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        var line = Data()
        while !line.contains(10) {
            let more = output.fileHandleForReading.availableData
            if more.isEmpty { throw Unexpected("the test server said nothing") }
            line += more
        }
        let said = try JSONSerialization.jsonObject(with: line) as? Control.Fields ?? [:]
        let address = (said["control"] as? [String: String])?["tcp"] ?? ""
        let nodes = try JSONSerialization.data(withJSONObject: said["nodes"] as? Control.Fields ?? [:])
        self.environment = ["INVREQ_NODE": address, "INVREQ_NODES": String(decoding: nodes, as: UTF8.self)]
        control = try Control(address)
    }

    deinit {
        control.close()
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// A fresh request of a payer, over an amount in msat.
    func request(_ amountMsat: Int = 50_000_000, payer: String = "payer") async throws -> String {
        let made = try await control.call(
            "create_request",
            ["amount_msat": amountMsat, "node": payer, "description": "a refund"])
        guard let request = made["request"] as? String else { throw Unexpected("there is no request") }
        return request
    }

    /// A node of the wallet's, for a wallet in this process.
    func node() throws -> MyNode {
        try MyNode(environment["INVREQ_NODE"] ?? "", nodes: environment["INVREQ_NODES"] ?? "")
    }
}

/// Something that a test cannot go on with.
struct Unexpected: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

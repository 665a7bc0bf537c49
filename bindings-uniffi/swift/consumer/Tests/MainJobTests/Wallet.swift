import Foundation

/// Runs of examples/claim_refund.swift, each in a process of its own, to be killed and started again.
final class Wallet: Sendable {
    let request: String
    let file: String
    private let server: TestServer

    init(_ server: TestServer, _ request: String) throws {
        self.server = server
        self.request = request
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("invreq-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        file = folder.appendingPathComponent("wallet.db").path
    }

    /// Runs it to its end, or until it says this; then it is killed. Gives what it said.
    func run(killAt moment: String? = nil) async throws -> [String] {
        let process = Process()
        process.executableURL = Bundle.main.executableURL?.deletingLastPathComponent()
            .appendingPathComponent("claim_refund")
        process.arguments = [request, file]
        process.environment = ProcessInfo.processInfo.environment.merging(server.environment) { $1 }
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        var lines: [String] = []
        var pending = Data()
        while true {
            let more = output.fileHandleForReading.availableData
            if more.isEmpty { break }
            pending += more
            while let end = pending.firstIndex(of: 10) {
                let line = String(decoding: pending[..<end], as: UTF8.self)
                pending = Data(pending[pending.index(after: end)...])
                lines.append(line)
                if line == moment { kill(process.processIdentifier, SIGKILL) }
            }
        }
        process.waitUntilExit()
        if moment != nil {
            // Behind its last event it ends by itself, perhaps before it can be killed.
            let isOver = moment == "paid" && process.terminationStatus == 0
            let isKilled = process.terminationReason == .uncaughtSignal
            if !isKilled && !isOver { throw Unexpected("it never came to \(moment ?? ""): \(lines)") }
        } else if process.terminationStatus != 0 {
            throw Unexpected("it ended with \(process.terminationStatus): \(lines)")
        }
        return lines
    }
}

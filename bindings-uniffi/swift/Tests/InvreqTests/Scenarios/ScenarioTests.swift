import Foundation
import Testing

private let folder = root.appendingPathComponent("tests/scenarios")

private func read(_ path: String) throws -> Data {
    try Data(contentsOf: folder.appendingPathComponent(path))
}

/// All of them, or the one that `INVREQ_SCENARIO` names.
private func names() -> [String] {
    if let only = ProcessInfo.processInfo.environment["INVREQ_SCENARIO"] { return [only] }
    let files = try? FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("cases").path)
    return (files ?? []).filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
}

/// Every scenario of tests/scenarios on the public API, against the transcripts that every language repeats.
@Suite("Scenarios", .serialized)
struct ScenarioTests {
    @Test func theyAreThere() {
        #expect(names().count > 40 || ProcessInfo.processInfo.environment["INVREQ_SCENARIO"] != nil)
    }

    @Test(.timeLimit(.minutes(2)), arguments: names())
    func scenario(_ name: String) async throws {
        let decoder = JSONDecoder()
        let data = try decoder.decode([String: Json].self, from: read("data.json"))
        let made = try decoder.decode([String: [String: Json]].self, from: read("made.json"))
        let scenario = try decoder.decode(Json.self, from: read("cases/\(name).json"))
        let golden = String(decoding: try read("transcripts/\(name).txt"), as: UTF8.self)
        let all = data.merging(made[name] ?? [:]) { $1 }
        try await Run(scenario, all, golden: golden).run(scenario)
    }
}

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

    @Test func everySpellingOfASecretIsFound() {
        struct Leak { let bytes: [UInt8] }
        let preimage = Data((0..<32).map { $0 &* 7 })
        let seed = Data(repeating: 0x5e, count: 32)
        let secrets = Secrets(seed: seed, actions: 3, golden: "done 2 settle \(preimage.hex) a unpaid\n")
        for secret in [seed, entropy(3, of: "b"), preimage] {
            for leak in [secret.hex, secret.hex.uppercased(), secret.base64EncodedString(), "\(Leak(bytes: Array(secret)))"] {
                #expect(secrets.shown(in: "a log with \(leak) in it") != nil)
            }
        }
        #expect(secrets.shown(in: preimage.hex, isPaid: true) == nil)
        #expect(secrets.shown(in: seed.hex, isPaid: true) == "the seed")
        #expect(secrets.shown(in: entropy(4, of: "a").hex) == nil)
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

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
    @Test func theyAreThere() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("transcripts").path)
        let all = files.filter { $0.hasSuffix(".txt") }.count
        #expect(all >= 100)
        #expect(names().count == all || ProcessInfo.processInfo.environment["INVREQ_SCENARIO"] != nil)
    }

    @Test func aRunThatDiffersIsFound() async throws {
        let golden = "> 1 open\nwrite 1\nevent created a\nb event paid\nevent paid a\n> 2 close\n"
        let (created, other, paid) = ("event created a", "b event paid", "event paid a")
        func differs(_ lines: String...) async throws -> String? {
            let transcript = Transcript(golden)
            for line in ["> 1 open"] + lines { transcript.handIn(isWrite: line == "write 1") { line } }
            do {
                try await transcript.finish(1, patienceMs: 20)
                return nil
            } catch let difference as Difference {
                return difference.description
            }
        }
        #expect(try await differs("write 1", created, other, paid) == nil)
        #expect(try await differs("write 1", other, created, paid) == nil, "two payees know nothing of each other")
        let swapped = try #require(try await differs("write 1", paid, created, other))
        #expect(swapped == "line 3 has to be: \(created)\n  there is: \(paid)\n  there is: \(created)\n  there is: \(other)")
        let early = try #require(try await differs(paid, "write 1", created, other))
        #expect(early.hasSuffix("too early: \(paid)"))
        #expect(try await differs("write 1", created, other) == "line 5 has to be: \(paid)")
        let more = "line 6 has to be: > 2 close\n  there is: event paid b"
        #expect(try await differs("write 1", created, other, paid, "event paid b") == more)
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

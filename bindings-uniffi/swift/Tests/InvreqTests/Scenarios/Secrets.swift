import Foundation

/// What nobody may read in a scenario: the seed, what was thrown in each of its actions, and the preimages it settles with.
struct Secrets: Sendable {
    private let never: [(name: String, spellings: [String])]
    private let untilPaid: [(name: String, spellings: [String])]

    init(seed: Data, actions: Int, golden: String) {
        let thrown = (1...max(actions, 1)).flatMap { action in
            ["a", "b"].map { ("the entropy of \(action)", spell(entropy(UInt32(action), of: $0))) }
        }
        never = [("the seed", spell(seed))] + thrown
        let settled = golden.split(separator: "\n").compactMap { line -> Data? in
            let words = line.split(separator: " ")
            guard let at = words.firstIndex(of: "settle"), at + 1 < words.count, words[at + 1].count == 64 else {
                return nil
            }
            return unhex(String(words[at + 1]))
        }
        untilPaid = settled.map { ("a preimage", spell($0)) }
    }

    /// The first secret that can be read in what is printed of a value.
    func shown(in value: Any, isPaid: Bool = false) -> String? {
        var whole = ""
        dump(value, to: &whole)
        let text = "\(value) \(String(reflecting: value)) \(whole)".lowercased()
        let all = isPaid ? never : never + untilPaid
        return all.first { $0.spellings.contains { text.contains($0) } }?.name
    }
}

/// The dice of a scenario: the number of the action (4 bytes), the first byte of the payee's name, and bytes that count up.
func entropy(_ action: UInt32, of payee: String) -> Data {
    let number = withUnsafeBytes(of: action.bigEndian) { Data($0) }
    return number + Data(payee.utf8.prefix(1)) + Data((5..<32).map { 0xd0 + UInt8($0) })
}

private func spell(_ secret: Data) -> [String] {
    let list = secret.map { "\($0)" }.joined(separator: ", ")
    return [secret.hex, String(secret.base64EncodedString().prefix(40)), list].map { $0.lowercased() }
}

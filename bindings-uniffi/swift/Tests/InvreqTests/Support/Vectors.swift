import Foundation

/// The root of the workspace.
let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../../../..").standardizedFileURL

/// A file of the shared vectors.
func vector(_ path: String) throws -> Data {
    try Data(contentsOf: root.appendingPathComponent("tests/vectors/\(path)"))
}

/// A file of JSON, as it is known to be.
func json<Value: Decodable>(_ path: String) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Value.self, from: vector(path))
}

/// A file with a line of JSON for each case.
func lines<Value: Decodable>(_ path: String) throws -> [Value] {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try vector(path).split(separator: 10).map { try decoder.decode(Value.self, from: $0) }
}

/// The bytes of hex.
func unhex(_ text: String) -> Data {
    let digits = Array(text.utf8)
    return Data(
        stride(from: 0, to: digits.count - 1, by: 2).map { at in
            UInt8(String(decoding: digits[at...at + 1], as: UTF8.self), radix: 16) ?? 0
        })
}

extension Data {
    /// As hex.
    var hex: String { map { String(format: "%02x", $0) }.joined() }
}

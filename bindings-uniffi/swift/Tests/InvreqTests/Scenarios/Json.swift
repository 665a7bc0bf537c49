import Foundation

/// What JSON says.
indirect enum Json: Decodable, Sendable {
    case null
    case bool(Bool)
    case number(Decimal)
    case text(String)
    case list([Json])
    case object([String: Json])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else if let number = try? value.decode(Decimal.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let list = try? value.decode([Json].self) {
            self = .list(list)
        } else {
            self = .object(try value.decode([String: Json].self))
        }
    }

    subscript(name: String) -> Json? {
        guard let found = object[name] else { return nil }
        if case .null = found { return nil }
        return found
    }

    var object: [String: Json] { if case .object(let object) = self { object } else { [:] } }
    var list: [Json] { if case .list(let list) = self { list } else { [] } }
    var text: String? { if case .text(let text) = self { text } else { nil } }
    var bool: Bool? { if case .bool(let bool) = self { bool } else { nil } }
    var uint64: UInt64? { if case .number(let number) = self { UInt64("\(number)") } else { nil } }
    var int64: Int64? { if case .number(let number) = self { Int64("\(number)") } else { nil } }
    var uint32: UInt32? { uint64.flatMap(UInt32.init(exactly:)) }
    var bytes: Data? { text.map(unhex) }
}

import Foundation

/// The two parts of `host:port` and `[v6]:port`: not of one of Tor's, nor of a URL.
struct TcpAddress: Sendable, Hashable {
    let host: String
    let port: UInt16

    /// `nil` where this is no such address.
    init?(_ text: String) {
        guard text.utf8.count <= 300, let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        guard (1...5).contains(digits.count), digits.utf8.allSatisfy({ (48...57).contains($0) }),
            let port = UInt16(digits), port > 0
        else { return nil }
        let name = text[..<colon]
        guard let host = name.hasPrefix("[") ? Self.v6(name) : Self.name(name) else { return nil }
        self.host = host
        self.port = port
    }

    private static func v6(_ text: Substring) -> String? {
        guard text.hasSuffix("]") else { return nil }
        let host = String(text.dropFirst().dropLast())
        var address = in6_addr()
        return inet_pton(AF_INET6, host, &address) == 1 ? host : nil
    }

    private static func name(_ text: Substring) -> String? {
        let isName = text.utf8.allSatisfy { byte in
            switch byte {
            case 48...57, 65...90, 97...122, 45, 46, 95: true
            default: false
            }
        }
        guard isName, (1...253).contains(text.utf8.count) else { return nil }
        return text.lowercased().hasSuffix(".onion") ? nil : String(text)
    }
}

import Foundation
import Testing

/// A port of this machine, with nobody behind it who would speak.
final class Listener: Sendable {
    let port: UInt16
    private let socket: Int32
    private let accepted = Shared<[Int32]>([])

    init() throws {
        #if canImport(Darwin)
            let made = Darwin.socket(AF_INET, SOCK_STREAM, 0)
        #else
            let made = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(made, $0, length) == 0 && listen(made, 8) == 0 && getsockname(made, $0, &length) == 0
            }
        }
        guard isBound else { throw Unexpected("there is no port") }
        _ = fcntl(made, F_SETFL, fcntl(made, F_GETFL) | O_NONBLOCK)
        socket = made
        port = UInt16(bigEndian: address.sin_port)
    }

    var address: String { "127.0.0.1:\(port)" }

    /// Waits for somebody to connect.
    func accept() async throws -> Int32 {
        var connection: Int32 = -1
        try await until("somebody connects") {
            connection = Glue.accept(socket)
            return connection >= 0
        }
        _ = fcntl(connection, F_SETFL, fcntl(connection, F_GETFL) | O_NONBLOCK)
        accepted.with { $0.append(connection) }
        return connection
    }

    /// Waits until so many bytes came.
    func read(_ count: Int, from connection: Int32) async throws {
        var left = count
        try await until("\(count) bytes come") {
            var bytes = [UInt8](repeating: 0, count: left)
            left -= max(0, recv(connection, &bytes, left, 0))
            return left == 0
        }
    }

    /// Waits until the other side has hung up.
    func ends(_ connection: Int32) async throws {
        try await until("it hangs up") {
            var byte: UInt8 = 0
            return recv(connection, &byte, 1, 0) == 0
        }
    }

    /// Refuses everybody from now on, and hangs up.
    func hangUp() {
        accepted.with { all in
            all.forEach { _ = Glue.close($0) }
            all = []
        }
        _ = Glue.close(socket)
    }
}

/// What has the same name as a method of the above.
private enum Glue {
    static func accept(_ socket: Int32) -> Int32 { accepted(socket, nil, nil) }
    static func close(_ descriptor: Int32) -> Int32 { closed(descriptor) }
}

#if canImport(Darwin)
    private let accepted = Darwin.accept
    private let closed = Darwin.close
#else
    private let accepted = Glibc.accept
    private let closed = Glibc.close
#endif

/// Something that a test cannot go on with.
struct Unexpected: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

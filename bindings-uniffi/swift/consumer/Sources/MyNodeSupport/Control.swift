import Foundation

/// A connection to the node of the tests: a line of JSON for each question, answer and event (tests/lightning/README.md).
public final class Control: @unchecked Sendable {
    /// What JSON holds.
    public typealias Fields = [String: any Sendable]

    private let lock = NSLock()
    private let socket: Int32
    private var lastId = 0
    private var waiting: [Int: CheckedContinuation<Fields, any Error>] = [:]
    private var readers: [AsyncStream<Fields>.Continuation] = []
    private var seen: [Fields] = []
    private var isOver = false

    /// Connects to `host:port`.
    public init(_ address: String) throws {
        let parts = address.split(separator: ":")
        guard parts.count == 2, let port = UInt16(parts[1]) else { throw ControlError("no address: \(address)") }
        #if canImport(Darwin)
            socket = Darwin.socket(AF_INET, SOCK_STREAM, 0)
        #else
            socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #endif
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = port.bigEndian
        inet_pton(AF_INET, String(parts[0]), &target.sin_addr)
        let connected = withUnsafePointer(to: &target) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw ControlError("cannot connect to \(address)") }
        Thread.detachNewThread { self.read() }
    }

    /// Asks for something.
    @discardableResult
    public func call(_ method: String, _ params: Fields = [:]) async throws -> Fields {
        try await withCheckedThrowingContinuation { continuation in
            lock.lock()
            defer { lock.unlock() }
            if isOver { return continuation.resume(throwing: ControlError("the connection is over")) }
            lastId += 1
            let question: Fields = ["id": lastId, "method": method, "params": params]
            do {
                let line = try JSONSerialization.data(withJSONObject: question) + [10]
                waiting[lastId] = continuation
                line.withUnsafeBytes { _ = write(socket, $0.baseAddress, $0.count) }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    /// Every event since it was made, and those to come.
    public func events() -> AsyncStream<Fields> {
        let (stream, continuation) = AsyncStream<Fields>.makeStream()
        lock.lock()
        defer { lock.unlock() }
        seen.forEach { continuation.yield($0) }
        if isOver { continuation.finish() } else { readers.append(continuation) }
        return stream
    }

    /// Every event so far: once an answer is there, all that came before it.
    public var past: [Fields] {
        lock.lock()
        defer { lock.unlock() }
        return seen
    }

    /// Hangs up.
    public func close() {
        shutdown(socket, Int32(SHUT_RDWR))
    }

    private func read() {
        var pending = Data()
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(socket, &chunk, chunk.count, 0)
            if count <= 0 { break }
            pending.append(contentsOf: chunk.prefix(count))
            while let end = pending.firstIndex(of: 10) {
                take(pending[..<end])
                pending = Data(pending[pending.index(after: end)...])
            }
        }
        lock.lock()
        defer { lock.unlock() }
        isOver = true
        waiting.values.forEach { $0.resume(throwing: ControlError("the connection is over")) }
        waiting = [:]
        readers.forEach { $0.finish() }
    }

    private func take(_ line: Data) {
        guard let message = try? JSONSerialization.jsonObject(with: line) as? Fields else { return }
        lock.lock()
        defer { lock.unlock() }
        if let id = message["id"] as? Int {
            let continuation = waiting.removeValue(forKey: id)
            if let result = message["result"] as? Fields {
                continuation?.resume(returning: result)
            } else {
                let error = message["error"] as? Fields
                continuation?.resume(throwing: ControlError(error?["message"] as? String ?? "no result"))
            }
        } else {
            seen.append(message)
            readers.forEach { $0.yield(message) }
        }
    }
}

/// Why the node did not answer.
public struct ControlError: Error, LocalizedError {
    /// One sentence for a person.
    public let errorDescription: String?

    init(_ reason: String) { errorDescription = reason }
}

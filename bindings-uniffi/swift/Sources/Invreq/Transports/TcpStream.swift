import Foundation

/// Why a stream ended, or could not be connected.
enum StreamEnd: Sendable {
    /// For want of a network.
    case offline
    case unreachable
}

/// What a stream tells, one after the other: the next thing comes when the last one was taken in.
struct StreamEvents: Sendable {
    /// It is connected.
    let opened: @Sendable () async -> Void
    /// Bytes came in.
    let received: @Sendable (Data) async -> Void
    /// The system took some of the bytes that were buffered.
    let drained: @Sendable () async -> Void
    /// It is over. Nothing comes after it.
    let ended: @Sendable (StreamEnd) async -> Void
}

/// How much is read at a time.
private let chunk = 64 * 1024

/// A TCP connection on a thread of its own, so that nothing in it holds up a task.
final class TcpStream: Sendable {
    /// How long connecting may take, in milliseconds, with names to look up.
    static let timeoutMs: UInt64 = 10_000

    private struct State {
        var outgoing = Data()
        var isClosed = false
        /// The end of a pipe: a byte in it wakes the thread.
        var waker: Int32 = -1
    }

    private let state = Locked(State())
    private let events: StreamEvents

    /// Begins to connect.
    init(_ address: TcpAddress, _ events: StreamEvents) {
        self.events = events
        let thread = Thread { self.run(address) }
        thread.name = "invreq-tcp"
        thread.start()
    }

    /// How many bytes the system does not have yet.
    var buffered: Int { state.with { $0.outgoing.count } }

    /// Takes bytes to be sent.
    func send(_ bytes: Data) {
        state.with { state in
            guard !state.isClosed else { return }
            state.outgoing.append(bytes)
            Self.wake(state)
        }
    }

    /// Ends the stream. Nothing is told after it.
    func close() {
        state.with { state in
            state.isClosed = true
            state.outgoing = Data()
            Self.wake(state)
        }
    }

    private var isClosed: Bool { state.with { $0.isClosed } }

    private static func wake(_ state: State) {
        var byte: UInt8 = 1
        // Where the pipe is full, the thread will wake anyway.
        if state.waker >= 0 { _ = write(state.waker, &byte, 1) }
    }

    private func run(_ address: TcpAddress) {
        var pipes: [Int32] = [-1, -1]
        guard pipe(&pipes) == 0 else { return tell { await $0.ended(.unreachable) } }
        pipes.forEach(makeNonBlocking)
        state.with { $0.waker = pipes[1] }
        let end = connected(address, pipes[0])
        state.with { state in
            state.waker = -1
            state.outgoing = Data()
        }
        pipes.forEach { _ = systemClose($0) }
        if let end { tell { await $0.ended(end) } }
    }

    /// Connects, and carries bytes until it is over; `nil` where we ended it.
    private func connected(_ address: TcpAddress, _ waker: Int32) -> StreamEnd? {
        let socket: Int32
        switch connectAny(address, waker) {
        case .failure(let failure): return isClosed ? nil : failure.end
        case .success(let connected): socket = connected
        }
        defer { _ = systemClose(socket) }
        tell { await $0.opened() }
        while !isClosed {
            let wantsToSend = buffered > 0
            var polled = [
                pollfd(fd: waker, events: Int16(POLLIN), revents: 0),
                pollfd(fd: socket, events: Int16(POLLIN | (wantsToSend ? POLLOUT : 0)), revents: 0),
            ]
            guard poll(&polled, 2, -1) >= 0 || errno == EINTR else { return .unreachable }
            drain(waker)
            let happened = Int32(polled[1].revents)
            if happened & Int32(POLLOUT) != 0 && !sendSome(socket) { return isClosed ? nil : .unreachable }
            if happened & Int32(POLLIN | POLLHUP | POLLERR) != 0 && !readSome(socket) {
                return isClosed ? nil : .unreachable
            }
        }
        return nil
    }

    /// The first of the addresses of a name that answers.
    private func connectAny(_ address: TcpAddress, _ waker: Int32) -> Result<Int32, ConnectFailure> {
        var hints = addrinfo()
        hints.ai_socktype = streamType
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(address.host, String(address.port), &hints, &found)
        guard status == 0 else {
            return .failure(ConnectFailure(end: status == EAI_AGAIN ? .offline : .unreachable))
        }
        defer { freeaddrinfo(found) }
        var end = StreamEnd.offline
        var next = found
        while let info = next?.pointee, !isClosed {
            switch connectOne(info, waker) {
            case .success(let socket): return .success(socket)
            case .failure(let failure): if failure.end == .unreachable { end = .unreachable }
            }
            next = info.ai_next
        }
        return .failure(ConnectFailure(end: end))
    }

    private func connectOne(_ info: addrinfo, _ waker: Int32) -> Result<Int32, ConnectFailure> {
        let made = socket(info.ai_family, info.ai_socktype, info.ai_protocol)
        guard made >= 0 else { return .failure(ConnectFailure(end: .unreachable)) }
        makeNonBlocking(made)
        // Small messages are not to wait for others.
        setOption(made, Int32(IPPROTO_TCP), TCP_NODELAY)
        #if canImport(Darwin)
            setOption(made, SOL_SOCKET, SO_NOSIGPIPE)
        #endif
        var failed = connect(made, info.ai_addr, info.ai_addrlen) == 0 ? 0 : errno
        if failed == EINPROGRESS {
            var polled = [
                pollfd(fd: waker, events: Int16(POLLIN), revents: 0),
                pollfd(fd: made, events: Int16(POLLOUT), revents: 0),
            ]
            _ = poll(&polled, 2, Int32(Self.timeoutMs))
            drain(waker)
            var length = socklen_t(MemoryLayout<Int32>.size)
            failed = ETIMEDOUT
            if polled[1].revents != 0 { getsockopt(made, SOL_SOCKET, SO_ERROR, &failed, &length) }
        }
        if failed == 0 { return .success(made) }
        _ = systemClose(made)
        let isOffline = [ENETUNREACH, ENETDOWN].contains(failed)
        return .failure(ConnectFailure(end: isOffline ? .offline : .unreachable))
    }

    /// Whether the stream goes on.
    private func sendSome(_ socket: Int32) -> Bool {
        let bytes = state.with { $0.outgoing.prefix(chunk) }
        let sent = bytes.withUnsafeBytes { systemSend(socket, $0.baseAddress, $0.count, noSignal) }
        guard sent >= 0 else { return errno == EAGAIN || errno == EINTR }
        state.with { state in
            // Closed meanwhile, there is nothing left of it.
            state.outgoing = Data(state.outgoing.dropFirst(sent))
        }
        tell { await $0.drained() }
        return true
    }

    /// Whether the stream goes on.
    private func readSome(_ socket: Int32) -> Bool {
        var bytes = [UInt8](repeating: 0, count: chunk)
        let count = recv(socket, &bytes, chunk, 0)
        guard count >= 0 else { return errno == EAGAIN || errno == EINTR }
        guard count > 0 else { return false }
        let received = Data(bytes.prefix(count))
        tell { await $0.received(received) }
        return true
    }

    /// Tells something, and waits until it was taken in: whoever floods us waits as well.
    private func tell(_ event: @escaping @Sendable (StreamEvents) async -> Void) {
        guard !isClosed else { return }
        let events = events
        let taken = DispatchSemaphore(value: 0)
        Task {
            await event(events)
            taken.signal()
        }
        taken.wait()
    }
}

private struct ConnectFailure: Error {
    let end: StreamEnd
}

private func makeNonBlocking(_ descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
}

private func setOption(_ socket: Int32, _ level: Int32, _ name: Int32) {
    var on: Int32 = 1
    setsockopt(socket, level, name, &on, socklen_t(MemoryLayout<Int32>.size))
}

private func drain(_ descriptor: Int32) {
    var bytes = [UInt8](repeating: 0, count: 64)
    while read(descriptor, &bytes, bytes.count) > 0 {}
}

// What the two families of systems call differently.
#if canImport(Darwin)
    private let streamType = SOCK_STREAM
    private let noSignal: Int32 = 0
    private func systemClose(_ descriptor: Int32) -> Int32 { Darwin.close(descriptor) }
    private func systemSend(_ socket: Int32, _ bytes: UnsafeRawPointer?, _ count: Int, _ flags: Int32) -> Int {
        Darwin.send(socket, bytes, count, flags)
    }
#else
    private let streamType = Int32(SOCK_STREAM.rawValue)
    private let noSignal = Int32(MSG_NOSIGNAL)
    private func systemClose(_ descriptor: Int32) -> Int32 { Glibc.close(descriptor) }
    private func systemSend(_ socket: Int32, _ bytes: UnsafeRawPointer?, _ count: Int, _ flags: Int32) -> Int {
        Glibc.send(socket, bytes, count, flags)
    }
#endif

import Foundation
import InvreqCore

/// Who we are, and to whom.
struct Greeting: Sendable {
    let nodeId: NodeId
    let key: Data
    let network: Network
    /// The dice of the handshake.
    let entropy: Data
}

/// With so many bytes waiting at the system, more wait with the peer, which bounds them.
private let mostBuffered = 64 * 1024

/// A stream with a peer on it, from the first byte on. Its owner is poked whenever something happened, and then calls ``turn()``.
@Sockets
final class Connection {
    private let time: TimeAndDice
    private let poke: @Sendable () -> Void
    private var who: Greeting?
    private var stream: TcpStream?
    private var peer: Peer?
    private var events: [PeerEvent] = []
    /// All bytes the stream was given.
    private var given = 0
    /// Whether the stream is connected.
    private(set) var isOpen = false
    /// Why the stream ended, if it did.
    private(set) var ended: StreamEnd?

    /// Begins to connect to an address.
    init(_ address: TcpAddress, _ who: Greeting, _ time: TimeAndDice, poke: @escaping @Sendable () -> Void) {
        self.time = time
        self.poke = poke
        self.who = who
        stream = TcpStream(
            address,
            StreamEvents(
                opened: { [weak self] in await self?.open() },
                received: { [weak self] in await self?.receive($0) },
                drained: poke,
                ended: { [weak self] in await self?.end($0) }))
    }

    /// Whether the node has read every message that was sent. A peer that cannot tell ends with the next turn.
    var isAllRead: Bool { (try? peer?.pongsDue()) == 0 }

    /// How many bytes the system has taken so far.
    var written: Int { given - (stream?.buffered ?? 0) }

    /// When ``turn()`` has something to do at the latest, in Unix milliseconds.
    var wakeAt: UInt64? { try? peer?.wakeAt() }

    /// Does what can be done, and says what happened.
    func turn() -> [PeerEvent] {
        attempt {
            let now = try time.nowMs()
            tell(try peer?.tick(nowMs: now) ?? [])
            try write()
        }
        defer { events = [] }
        return events
    }

    /// Queues a message and a ping behind it, and gives the number of the byte of the stream at which it begins.
    func send(_ message: Data) throws -> Int {
        guard let peer, ended == nil else { throw HostError("the connection is over") }
        let now = try time.nowMs()
        let waiting = Int(try peer.outgoingLen())
        try accepted(peer.sendOnionMessage(payload: message))
        try accepted(peer.ping(nowMs: now))
        let start = given + waiting
        try write()
        return start
    }

    /// Asks for a sign of life, where none was asked for yet.
    func probe() throws {
        guard let peer, ended == nil, try peer.pongsDue() == 0 else { return }
        try accepted(peer.ping(nowMs: time.nowMs()))
        try write()
    }

    /// Ends it, whatever is still to be sent.
    func close() {
        stream?.close()
        end(.unreachable)
        peer = nil
    }

    private func open() {
        guard ended == nil, var who else { return }
        self.who = nil
        isOpen = true
        attempt {
            defer { who.wipe() }
            peer = try connectPeer(who, nowMs: time.nowMs())
            try write()
        }
        poke()
    }

    private func receive(_ bytes: Data) {
        guard ended == nil else { return }
        attempt {
            let now = try time.nowMs()
            tell(try peer?.receive(bytes: bytes, nowMs: now) ?? [])
            try write()
        }
        // A pong is no event, but there may be somebody who waits for it.
        poke()
    }

    /// These run where nobody could catch: whatever goes wrong in them ends the connection and nothing else.
    private func attempt(_ action: () throws -> Void) {
        do {
            try action()
        } catch {
            stream?.close()
            end(.unreachable)
        }
    }

    private func end(_ why: StreamEnd) {
        guard ended == nil else { return }
        ended = why
        who?.wipe()
        who = nil
        // Told in any case: a peer that never was is over, too.
        let told = (try? peer?.disconnected()) ?? []
        tell(told.isEmpty ? [.closed(InvreqError(.peerUnavailable, "the connection is over"))] : told)
    }

    private func write() throws {
        while let peer, let stream, ended == nil, stream.buffered < mostBuffered {
            let bytes = try peer.outgoing()
            if bytes.isEmpty { return }
            given += bytes.count
            stream.send(bytes)
        }
    }

    private func tell(_ more: [PeerEvent]) {
        if more.isEmpty { return }
        events += more
        poke()
    }
}

extension Greeting {
    fileprivate mutating func wipe() {
        self = Greeting(nodeId: nodeId, key: Data(), network: network, entropy: Data())
    }
}

/// A peer that says hello to this node.
private func connectPeer(_ who: Greeting, nowMs: UInt64) throws -> Peer {
    let begun = try InvreqCore.connectPeer(
        nodeId: who.nodeId, key: who.key, network: who.network.rawValue, entropy: who.entropy, nowMs: nowMs)
    switch begun {
    case .peer(let peer): return peer
    case .failed(let error): throw error
    }
}

private func accepted(_ refused: InvreqError?) throws {
    if let refused { throw refused }
}

import Foundation
import InvreqCore

/// The most addresses of a node that are taken.
private let mostListed = 64

/// A transport over TCP that connects to the node an invoice has to reach, with a node key of its own and no node.
///
/// ```swift
/// let transport = try TcpTransport(network: .bitcoin, directory: myDirectory)
/// ```
///
/// Asked is the ``Directory`` about the node at which the request's path begins: the path names it by its id, or by one end of a channel.
/// Only where a request has no path it is the payer id.
///
/// It *sends* invoices: it needs no channel, no gossip and no node. Receiving the money always takes the host's node or service, whose
/// payment paths are in the invoice.
///
/// The addresses are `host:port` and `[v6]:port`; names are looked up, and Tor's `.onion` addresses are passed over. A connection stays
/// open until the last invoice sent over it has expired, because the payer's errors come back over it; one that breaks is made again,
/// with pauses, and at once after ``online()``. There are at most 32; when one more is needed, the one whose invoices expire first is
/// closed. `accepted` means that the node has read the message: it has answered a ping that was sent behind it (BOLT 1, BOLT 8).
public final class TcpTransport: Transport {
    /// The node id other nodes see: 66 hex digits.
    public let nodeId: NodeId
    private let links: Links

    /// A transport that has no connection yet.
    ///
    /// Throws `invalid_parameter` for a key that is none or an address book that cannot be used.
    ///
    /// - Parameters:
    ///   - network: The network the invoices are for.
    ///   - addresses: Where nodes listen, by node id. Several addresses of a node are tried in their order, at most eight.
    ///   - directory: Asked about nodes and channels. Without it, only the nodes of `addresses` can be reached.
    ///   - key: The secret key of the node we are to others, 32 bytes; by default a new one that nobody knows.
    ///   - clock: The time.
    ///   - entropy: The dice; the system's where it is `nil`.
    public init(
        network: Network,
        addresses: [NodeId: [String]] = [:],
        directory: (any Directory)? = nil,
        key: Data? = nil,
        clock: any HostClock = SystemClock(),
        entropy: Entropy? = nil
    ) throws(InvreqError) {
        let time = TimeAndDice(clock: clock, dice: entropy)
        let key = if let key { key } else { try time.entropy() }
        if addresses.values.contains(where: { $0.count > mostListed }) {
            throw InvreqError(.invalidParameter, "addresses may have at most \(mostListed) of a node")
        }
        if !addresses.keys.allSatisfy(isNodeId) {
            throw InvreqError(.invalidParameter, "a node id in addresses is 66 hex digits, the first two of them 02 or 03")
        }
        let nodeId = try throwing { try publicKey(key: key) }
        let book = Dictionary(addresses.map { ($0.key.lowercased(), $0.value) }) { $0 + $1 }
        self.nodeId = nodeId
        links = Links(
            LinkParts(
                network: network, key: key, nodeId: nodeId, addresses: book, directory: directory, time: time))
    }

    /// Sends one copy, and says what became of it within a minute.
    public func send(_ delivery: Delivery) async throws -> SendOutcome {
        let (firstHop, message) = (delivery.packet.firstHop, delivery.packet.message)
        let answered = First<SendOutcome>()
        let links = links
        let command = await Command(
            message, links.addresses(of: firstHop, connect: delivery.connect),
            keepUntilMs: delivery.expiresAt.multipliedReportingOverflow(by: 1000).partialValue, answered)
        await links.send(command, to: firstHop)
        return try await withTaskCancellationHandler {
            try await answered.value()
        } onCancel: {
            Task { await links.forget(command, to: firstHop) }
        }
    }

    /// The node at one end of a channel, from the directory.
    public func resolveScid(_ scid: UInt64, direction: UInt8) async throws -> NodeId? {
        try await links.parts.directory?.resolveScid(scid, direction: direction)
    }

    /// The way to a node: to itself or to the first node of the directory's way; `nil` where no address is known.
    public func findRoute(to nodeId: NodeId) async throws -> Route? {
        let via = try await links.parts.directory?.via(to: nodeId) ?? []
        let peer = via.first ?? nodeId
        let connect = try await links.lookUp(peer)
        if connect.isEmpty { return nil }
        // The payer's answer goes to our peer, which has us connected.
        return Route(via: via, connect: connect, ownNode: false, reply: .node(via: [peer], nodeId: self.nodeId))
    }

    /// The shared secret of the transport's key and a point. Throws for any other node.
    public func ecdh(nodeId: NodeId, point: String) async throws -> Data {
        guard nodeId == self.nodeId else { throw HostError("this transport has another node key") }
        return try InvreqCore.ecdh(key: links.parts.key, point: point)
    }

    /// Waits for an onion message. At most 16 wait; what comes then is dropped.
    public func receive() async throws -> Received {
        .onionMessage(nodeId: nodeId, bytes: try await links.receive())
    }

    /// Makes at once again what connections are wanted, without the rest of their pauses: call it when the network is back.
    ///
    /// One that is open is asked for a sign of life.
    public func online() async {
        await links.hurry()
    }

    /// Closes all connections. Sends under way end as `offline` or `failed`.
    public func close() async {
        await links.close()
    }
}

/// Whether it looks like a public key: whether it is one shows when it is connected to.
private func isNodeId(_ text: String) -> Bool {
    let isHex = text.utf8.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
    return text.utf8.count == 66 && isHex && (text.hasPrefix("02") || text.hasPrefix("03"))
}

import Foundation
import InvreqCore

/// How long connecting to a node may take, over all its addresses, in milliseconds.
private let dialMs: UInt64 = 40_000

/// What came of dialling.
enum Dialled {
    case connection(Connection)
    /// Why there is none.
    case outcome(SendOutcome)
    /// Nobody wants it any more.
    case unwanted
}

/// Connects to the first address that leads to this node and takes onion messages.
///
/// Otherwise it says why not: `offline` if there is no network, `noRoute` if there is and the node is not to be reached. The alarm
/// wakes it up to look whether it is still wanted.
@Sockets
func dial(
    _ links: Links, _ nodeId: NodeId, _ addresses: [TcpAddress], _ alarm: Alarm, isWanted: () -> Bool
) async throws -> Dialled {
    let untilMs = try links.nowMs() + dialMs
    var outcome: SendOutcome?
    for address in addresses {
        if try links.nowMs() >= untilMs { break }
        let made = try await dialOne(links, nodeId, address, untilMs, alarm, isWanted)
        guard case .outcome(let why) = made else { return made }
        // Only if every address says so there is no network.
        if outcome == nil || outcome == .offline { outcome = why }
    }
    return .outcome(outcome ?? .noRoute)
}

@Sockets
private func dialOne(
    _ links: Links, _ nodeId: NodeId, _ address: TcpAddress, _ untilMs: UInt64, _ alarm: Alarm,
    _ isWanted: () -> Bool
) async throws -> Dialled {
    let time = links.parts.time
    let connectedByMs = min(try links.nowMs() + TcpStream.timeoutMs, untilMs)
    let who = Greeting(
        nodeId: nodeId, key: links.parts.key, network: links.parts.network, entropy: try time.entropy())
    let connection = Connection(address, who, time) { alarm.poke() }
    do {
        while true {
            if let happened = try look(links, connection, isWanted) {
                guard case .connection = happened else {
                    connection.close()
                    return happened
                }
                return happened
            }
            // Once it is open, the peer's own limit of time ends it.
            let byMs = connection.isOpen ? untilMs : connectedByMs
            if try links.nowMs() >= byMs {
                connection.close()
                return .outcome(.noRoute)
            }
            await links.wait(alarm, until: min(byMs, connection.wakeAt ?? byMs))
        }
    } catch {
        connection.close()
        throw error
    }
}

/// What became of a connection in the making, if anything did.
@Sockets
private func look(_ links: Links, _ connection: Connection, _ isWanted: () -> Bool) throws -> Dialled? {
    let events = connection.turn()
    var takesOnionMessages: Bool?
    var isClosed = false
    for event in events {
        switch event {
        // One that waited for us can come right behind the introduction.
        case .onionMessage(let bytes): links.arrive(bytes)
        case .ready(_, let onionMessages): takesOnionMessages = onionMessages
        case .closed: isClosed = true
        case .warning, .error: break
        }
    }
    // Before what the peer says of it: without a network nothing is known of the node.
    if connection.ended == .offline { return .outcome(.offline) }
    if isClosed { return .outcome(.noRoute) }
    if let takesOnionMessages { return takesOnionMessages ? .connection(connection) : .outcome(.noRoute) }
    if !isWanted() { return .unwanted }
    return connection.ended == nil ? nil : .outcome(.noRoute)
}

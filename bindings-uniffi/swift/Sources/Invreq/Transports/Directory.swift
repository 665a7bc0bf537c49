/// Knows what a socket cannot hear: where nodes listen, and whose channel is whose.
///
/// A wallet has it from its service, from a node it may ask, or from a public explorer. It is asked more than once for one message,
/// and each time has a few seconds to answer: remember what was looked up. A method that throws counts as "cannot be told now".
public protocol Directory: Sendable {
    /// Where a node listens, the best first; nothing where it is not known. Addresses a transport cannot use are passed over: a TCP
    /// socket uses `host:port` and `[v6]:port`.
    func addresses(of nodeId: NodeId) async throws -> [String]

    /// The nodes a message for this node goes through, the one to connect to first; none by default: we connect to the node itself.
    /// Each of them has to be connected to the next.
    func via(to nodeId: NodeId) async throws -> [NodeId]

    /// The node at one end of a channel; `nil`, which is final, where there is no such channel. By default no channel is known.
    func resolveScid(_ scid: UInt64, direction: UInt8) async throws -> NodeId?
}

extension Directory {
    public func via(to nodeId: NodeId) async throws -> [NodeId] { [] }
    public func resolveScid(_ scid: UInt64, direction: UInt8) async throws -> NodeId? { nil }
}

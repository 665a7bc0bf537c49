import Foundation

/// Makes inbound payments: the host's Lightning node or service.
///
/// Where ``createInboundPayment(_:)`` throws, the call ends with `source_failed`, and its message says why. Where nobody waits any more,
/// the task a method runs in is cancelled.
public protocol PaymentSource: Sendable {
    /// An inbound payment of this amount, with the paths a payer can reach it by.
    ///
    /// Take the request's payment hash, or answer with one of your own. It is called after everything else about the request has
    /// been checked, and once per call, however often other writers are faster; a call that is made again has another hash. It has a
    /// minute to answer.
    func createInboundPayment(_ request: InboundPaymentRequest) async throws -> InboundPayment

    /// Whether this much, in msat, could be received now; `nil` where the node cannot tell, as by default. It has ten seconds. Where it
    /// throws, nobody can tell either, and the event `trouble` says why, with the code `missing_answer`.
    func canReceive(amountMsat: UInt64) async throws -> Bool?
}

extension PaymentSource {
    public func canReceive(amountMsat: UInt64) async throws -> Bool? { nil }
}

/// Takes invoices to payers: the host's node, or a socket to another one.
///
/// A method that throws counts as "cannot be told now": the event `trouble` says why, with the code `missing_answer`. Where nobody
/// waits any more, the task it runs in is cancelled. Every method but ``send(_:)`` has a default.
public protocol Transport: Sendable {
    /// Sends one copy, in whichever of its forms the host's node speaks. It has a minute.
    func send(_ delivery: Delivery) async throws -> SendOutcome

    /// The node at one end of a channel (BOLT 1, `sciddir_or_pubkey`); `nil`, which is final, where there is no such channel.
    ///
    /// `direction` is 0 for the end with the lesser node id, 1 for the other. It has ten seconds. By default no channel is known.
    func resolveScid(_ scid: UInt64, direction: UInt8) async throws -> NodeId?

    /// The way to a node, and how the payer can answer; `nil` where there is none. It has ten seconds.
    ///
    /// By default every node is taken for a peer, and payers cannot answer.
    func findRoute(to nodeId: NodeId) async throws -> Route?

    /// SHA-256 of the compressed product of a node's private key and a point (BOLT 4, Shared Secret): 32 bytes.
    ///
    /// By default it throws: the transport has no node key.
    func ecdh(nodeId: NodeId, point: String) async throws -> Data

    /// Waits for what comes in at the transport by itself, one message at a time. Drop what a short queue does not hold.
    ///
    /// By default nothing ever comes in.
    func receive() async throws -> Received

    /// Gives back what the transport holds. The payee calls it when it is closed.
    func close() async
}

extension Transport {
    public func resolveScid(_ scid: UInt64, direction: UInt8) async throws -> NodeId? { nil }

    public func findRoute(to nodeId: NodeId) async throws -> Route? {
        Route(via: [], connect: [], ownNode: false, reply: .none)
    }

    public func ecdh(nodeId: NodeId, point: String) async throws -> Data {
        throw HostError("this transport has no node key")
    }

    public func receive() async throws -> Received {
        // Not a long sleep: the runtime keeps the timer of one that is cancelled until it would have ended.
        let never = First<Received>()
        return try await withTaskCancellationHandler {
            try await never.value()
        } onCancel: {
            never.decide(.failure(CancellationError()))
        }
    }

    public func close() async {}
}

/// What came in at a transport by itself.
public enum Received: Sendable, Hashable {
    /// An onion message: the payload of message 513, without its type. `nodeId` is the node it arrived at; `nil` for the engine's
    /// own reply key.
    case onionMessage(nodeId: NodeId?, bytes: Data)
    /// An `invoice_error` that the host's own messenger opened, as a TLV stream, with the delivery's `replyPathId`.
    case invoiceError(replyPathId: Data, bytes: Data)
}

/// Signs invoices with a key the host keeps, for payers who want to know whom they pay. Where it throws, the call ends with
/// `signer_failed`, and its message says why.
public protocol Signer: Sendable {
    /// A BIP 340 signature of the digest, 64 bytes, by the key of `request.nodeId`. It has a minute.
    func sign(_ request: SignRequest) async throws -> Data
}

/// Tells the time, and waits.
public protocol HostClock: Sendable {
    /// The time, in Unix milliseconds.
    func nowMs() throws -> UInt64

    /// Waits until it is this late, in Unix milliseconds, or until the task is cancelled. It may wake early: then it is asked again.
    func sleepUntil(_ atMs: UInt64) async throws
}

/// Throws the dice: 32 bytes that nobody can guess, new every time.
public typealias Entropy = @Sendable () throws -> Data

/// An ordered key-value store with one conditional, atomic, durable write. The whole contract is in
/// ``storeConformance(durable:shared:_:)``, which an app that brings its own store runs in one of its tests.
///
/// Keys are ordered as unsigned bytes, a key before its own extensions. Any method may be called while other calls are under way.
/// Methods throw a ``StoreError``; anything else counts as `failed`.
public protocol Store: Sendable {
    /// The first `limit` entries with `start <= key < end`, in ascending order. Fewer mean that there are no more.
    func range(from start: Data, to end: Data, limit: Int) async throws -> [Entry]

    /// Does everything in the batch, or nothing; durable when it returns.
    ///
    /// In one transaction: the revision is checked first, then that no key of `absent` exists. Otherwise it throws a conflict.
    /// Where it throws `failed` it may have been done all the same, but is over: it takes no effect later.
    func write(_ batch: Batch) async throws

    /// Waits for the calls under way and gives back what the store occupies. Calls begun after it throw ``StoreError/closed``.
    func close() async throws
}

/// A reason, for hosts that have no error of their own to throw.
public struct HostError: Error, LocalizedError, CustomStringConvertible {
    /// One sentence for a person.
    public let reason: String

    /// An error with this sentence.
    public init(_ reason: String) {
        self.reason = reason
    }

    public var errorDescription: String? { reason }
    public var description: String { reason }
}

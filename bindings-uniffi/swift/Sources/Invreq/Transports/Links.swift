import Foundation
import InvreqCore

/// The most connections at a time.
private let mostLinks = 32
/// The most messages that wait to be taken in. What comes then is dropped: no reply is needed for the money.
private let mostWaiting = 16
/// The most addresses of a node that are tried.
private let mostAddresses = 8

/// A message to send.
@Sockets
final class Command {
    let message: Data
    let addresses: [TcpAddress]
    /// Until when replies may come, in Unix milliseconds.
    let keepUntilMs: UInt64
    /// Whether nobody waits for it any more.
    var isForgotten = false
    private let answered: First<SendOutcome>

    init(_ message: Data, _ addresses: [TcpAddress], keepUntilMs: UInt64, _ answered: First<SendOutcome>) {
        self.message = message
        self.addresses = addresses
        self.keepUntilMs = keepUntilMs
        self.answered = answered
    }

    nonisolated func answer(_ outcome: SendOutcome) {
        answered.decide(.success(outcome))
    }
}

/// What a transport is made of.
struct LinkParts: Sendable {
    let network: Network
    let key: Data
    let nodeId: NodeId
    let addresses: [NodeId: [String]]
    let directory: (any Directory)?
    let time: TimeAndDice
}

/// What all connections of a transport share: the key, who is to be reached where, and which connections there are.
@Sockets
final class Links {
    let parts: LinkParts
    private(set) var isClosed = false
    private var keepers: [NodeId: Keeper] = [:]
    private var inbox: [Data] = []
    /// Those who wait for the inbox.
    private var waiting: [Int: First<Void>] = [:]
    private var lastWaiting = 0

    nonisolated init(_ parts: LinkParts) {
        self.parts = parts
    }

    /// The time, in Unix milliseconds.
    func nowMs() throws -> UInt64 { try parts.time.nowMs() }

    /// Waits until the alarm is poked, or it is this late; it may wake early.
    func wait(_ alarm: Alarm, until atMs: UInt64?) async {
        let clock = parts.time.clock
        do {
            guard let atMs else { return try await alarm.wait() }
            try await alarm.wait { try await clock.sleepUntil(atMs) }
        } catch {
            // A clock that cannot wait: then only what happens wakes us.
            try? await alarm.wait()
        }
    }

    /// Sends a message, and answers it in any case.
    func send(_ command: Command, to nodeId: NodeId) {
        if isClosed { return command.answer(.offline) }
        if let keeper = keepers[nodeId] {
            // There is too much to do just now.
            if !keeper.take(command) { command.answer(.offline) }
        } else if makeRoom() {
            keepers[nodeId] = Keeper(self, nodeId, command)
        } else {
            command.answer(.offline)
        }
    }

    /// Nobody waits for it any more.
    func forget(_ command: Command, to nodeId: NodeId) {
        command.isForgotten = true
        keepers[nodeId]?.poke()
    }

    /// A keeper has ended.
    func left(_ keeper: Keeper, _ nodeId: NodeId) {
        if keepers[nodeId] === keeper { keepers[nodeId] = nil }
    }

    /// Takes in an onion message, or drops it where too many wait.
    func arrive(_ message: Data) {
        if inbox.count >= mostWaiting { return }
        inbox.append(message)
        arrived()
    }

    /// Waits for an onion message.
    func receive() async throws -> Data {
        while true {
            try Task.checkCancellation()
            if isClosed { throw HostError("the transport is closed") }
            if !inbox.isEmpty { return inbox.removeFirst() }
            lastWaiting += 1
            let number = lastWaiting
            let first = First<Void>()
            waiting[number] = first
            defer { waiting[number] = nil }
            try await withTaskCancellationHandler {
                try await first.value()
            } onCancel: {
                first.decide(.failure(CancellationError()))
            }
        }
    }

    /// Looks at every connection at once: the network is back.
    func hurry() {
        for keeper in keepers.values { keeper.hurry() }
    }

    /// Ends all connections.
    func close() async {
        if isClosed { return }
        isClosed = true
        arrived()
        let all = Array(keepers.values)
        for keeper in all { keeper.dismiss() }
        for keeper in all { await keeper.isOver() }
    }

    /// Where a node listens: what we were told when we were made, then what the directory says.
    nonisolated func lookUp(_ nodeId: NodeId) async throws -> [String] {
        let told = parts.addresses[nodeId] ?? []
        var more: [String] = []
        do {
            more = try await parts.directory?.addresses(of: nodeId) ?? []
        } catch {
            if told.isEmpty { throw error }
        }
        return usable(told + more)
    }

    /// The addresses of a delivery, or what we know ourselves.
    nonisolated func addresses(of nodeId: NodeId, connect: [String]) -> [TcpAddress] {
        usable(connect.isEmpty ? (parts.addresses[nodeId] ?? []) : connect).compactMap(TcpAddress.init)
    }

    private nonisolated func usable(_ addresses: [String]) -> [String] {
        Array(addresses.filter { TcpAddress($0) != nil }.prefix(mostAddresses))
    }

    private func arrived() {
        for first in waiting.values { first.decide(.success(())) }
    }

    /// Whether there is room for one more connection; where there is none, the one of least use is closed.
    private func makeRoom() -> Bool {
        if keepers.count < mostLinks { return true }
        let idle = keepers.filter { $0.value.isIdle }
        guard let least = idle.min(by: { $0.value.untilMs < $1.value.untilMs }) else { return false }
        keepers[least.key] = nil
        least.value.dismiss()
        return true
    }
}

import Foundation
import InvreqCore

/// The most messages that wait for one connection.
private let mostCommands = 16
/// The pause before a connection that is only wanted for replies is made again; it doubles up to the longest.
private let firstPauseMs: UInt64 = 1_000
private let longestPauseMs: UInt64 = 300_000
/// A connection that lasted so long was a good one.
private let goodMs: UInt64 = 60_000
/// How long a message may take until the node has read it.
private let readMs: UInt64 = 15_000
/// The pause between two messages. The engine keeps it, too, but messages that waited for a connection would leave at once.
private let paceMs: UInt64 = 250
/// For so long after a connection broke, a node that cannot be reached is worth another try: it may take us for connected until it
/// notices, and refuse a second connection.
private let graceMs: UInt64 = 60_000

/// A message on its way.
private struct Writing {
    let command: Command
    /// The byte of the stream at which it begins.
    let start: Int
    let untilMs: UInt64
    /// Whether the connection was made for it. One that was not may have died unnoticed.
    let isFirst: Bool
}

/// Keeps a connection to one node while there is something to send or a reply to wait for.
@Sockets
final class Keeper {
    private let links: Links
    private let nodeId: NodeId
    private let alarm = Alarm()
    private var commands: [Command]
    /// The message that is being sent, from the moment it leaves the queue.
    private var sending: Command?
    private var connection: Connection?
    /// Those of the last command.
    private var addresses: [TcpAddress] = []
    /// Until when replies may come, in Unix milliseconds.
    private(set) var untilMs: UInt64 = 0
    private var pauseMs = firstPauseMs
    /// When a connection for replies is made again.
    private var againMs: UInt64 = 0
    /// When the next message may leave.
    private var freeMs: UInt64 = 0
    /// When a connection broke last.
    private var brokeMs: UInt64?
    private var isDismissed = false
    private var running: Task<Void, Never>?

    /// Begins to keep a connection to this node, for its first command.
    init(_ links: Links, _ nodeId: NodeId, _ command: Command) {
        self.links = links
        self.nodeId = nodeId
        commands = [command]
        running = Task { await self.run() }
    }

    /// Whether it only waits for replies, so that it may be closed for another.
    var isIdle: Bool { sending == nil && commands.isEmpty }

    /// Takes a message to send, unless too many wait.
    func take(_ command: Command) -> Bool {
        if isDismissed || commands.count >= mostCommands { return false }
        commands.append(command)
        alarm.poke()
        return true
    }

    /// Has it look at what changed: a command that nobody waits for any more, for one.
    nonisolated func poke() {
        alarm.poke()
    }

    /// The network is back: connects at once, and asks a connection that may have died for a sign of life.
    func hurry() {
        pauseMs = firstPauseMs
        againMs = 0
        // Where it is over, its next turn shows that.
        try? connection?.probe()
        alarm.poke()
    }

    /// Ends it: its place is needed, or the transport is closed.
    func dismiss() {
        isDismissed = true
        alarm.poke()
    }

    /// Waits until it has ended.
    func isOver() async {
        await running?.value
    }

    private func run() async {
        do {
            while try await hasReasonToConnect() { try await connect() }
        } catch {
            // A clock or dice that broke. Nobody could be told but those who wait.
        }
        isDismissed = true
        connection?.close()
        links.left(self, nodeId)
        sending?.answer(.offline)
        for command in commands { command.answer(.offline) }
    }

    /// Waits for something to do. False if there is nothing, and never will be.
    private func hasReasonToConnect() async throws -> Bool {
        againMs = try links.nowMs() + pauseMs
        while true {
            if isDismissed { return false }
            if sending == nil { sending = next() }
            if sending != nil { return true }
            let now = try links.nowMs()
            if now >= untilMs { return false }
            if now >= againMs {
                pauseMs = min(pauseMs * 2, longestPauseMs)
                return true
            }
            await links.wait(alarm, until: min(againMs, untilMs))
        }
    }

    /// Connects, for a message or only for replies, and uses the connection. A message to be tried again stays in `sending`.
    private func connect() async throws {
        let command = sending
        if let command { addresses = command.addresses }
        let dialled = try await dial(links, nodeId, addresses, alarm) {
            // While it connects only for replies, a command may come that knows better addresses.
            !isDismissed && (command.map { !$0.isForgotten } ?? commands.isEmpty)
        }
        switch dialled {
        case .connection(let made):
            connection = made
            defer {
                made.close()
                connection = nil
            }
            try await serve(made)
        case .outcome(let why):
            answer(try excused(why))
        case .unwanted:
            if command?.isForgotten ?? false { answer(.offline) }
        }
    }

    /// Uses a connection until it breaks or is not needed any more.
    private func serve(_ connection: Connection) async throws {
        let sinceMs = try links.nowMs()
        var writing = try sending.flatMap { try start(connection, $0, isFirst: true) }
        while true {
            let isOver = takeIn(connection)
            if let done = writing, connection.isAllRead {
                accept(done.command)
                writing = nil
            }
            let now = try links.nowMs()
            if isOver {
                brokeMs = now
                if now >= sinceMs + goodMs { pauseMs = firstPauseMs }
                if let writing { try giveUp(connection, writing) }
                return
            }
            if isDismissed || writing.map({ $0.command.isForgotten || now >= $0.untilMs }) ?? false {
                // Some of it may have left.
                return answer(.failed)
            }
            if writing == nil {
                if commands.isEmpty && now >= untilMs { return }
                if now >= freeMs, let command = next() {
                    sending = command
                    writing = try start(connection, command, isFirst: false)
                    continue
                }
            }
            let free = commands.isEmpty ? untilMs : freeMs
            let atMs = writing?.untilMs ?? free
            await links.wait(alarm, until: min(atMs, connection.wakeAt ?? atMs))
        }
    }

    /// Queues a message; `nil` if it cannot be.
    private func start(_ connection: Connection, _ command: Command, isFirst: Bool) throws -> Writing? {
        let now = try links.nowMs()
        freeMs = now + paceMs
        do {
            let start = try connection.send(command.message)
            return Writing(command: command, start: start, untilMs: now + readMs, isFirst: isFirst)
        } catch {
            // The peer does not read what it gets, or is gone.
            answer(.offline)
            return nil
        }
    }

    private func accept(_ command: Command) {
        pauseMs = firstPauseMs
        untilMs = max(untilMs, command.keepUntilMs)
        answer(.accepted)
    }

    /// What to do with a message whose connection broke. One of which an old connection sent nothing is sent again.
    private func giveUp(_ connection: Connection, _ writing: Writing) throws {
        if connection.written > writing.start {
            answer(.failed)
        } else if writing.isFirst {
            answer(try excused(.noRoute))
        }
    }

    /// Takes in what happened, and says whether the connection is over.
    private func takeIn(_ connection: Connection) -> Bool {
        var isClosed = false
        for event in connection.turn() {
            switch event {
            case .onionMessage(let bytes): links.arrive(bytes)
            case .closed: isClosed = true
            case .ready, .warning, .error: break
            }
        }
        return isClosed || connection.ended != nil
    }

    private func excused(_ outcome: SendOutcome) throws -> SendOutcome {
        let now = try links.nowMs()
        let isFresh = brokeMs.map { now < $0 + graceMs } ?? false
        return outcome == .noRoute && isFresh ? .offline : outcome
    }

    private func answer(_ outcome: SendOutcome) {
        sending?.answer(outcome)
        sending = nil
    }

    /// The next command that somebody waits for.
    private func next() -> Command? {
        while !commands.isEmpty {
            let command = commands.removeFirst()
            if !command.isForgotten { return command }
            command.answer(.offline)
        }
        return nil
    }
}

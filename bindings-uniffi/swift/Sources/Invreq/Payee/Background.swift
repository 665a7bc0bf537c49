import Foundation
import InvreqCore

/// The pause after something in the background failed; it doubles up to half a minute.
private let firstPauseMs: UInt64 = 500
private let longestPauseMs: UInt64 = 30_000

/// What a payee does without being called: timers, deliveries, what comes in.
final class Background: Sendable {
    private let engine: EngineLoop
    private let hosts: Hosts
    private let closing: Closing
    private let wake: Wake
    private let trouble: @Sendable (InvreqError) -> Void

    init(
        engine: EngineLoop, hosts: Hosts, closing: Closing, wake: Wake,
        trouble: @escaping @Sendable (InvreqError) -> Void
    ) {
        self.engine = engine
        self.hosts = hosts
        self.closing = closing
        self.wake = wake
        self.trouble = trouble
    }

    /// Begins, once the engine has read its store.
    func start() {
        Task { await runTimers() }
        Task { await receiveAll() }
    }

    /// Hands a copy to the transport, and does not rest until what became of it is written.
    func send(_ delivery: Delivery) {
        Task {
            let (transport, time) = (hosts.transport, hosts.time)
            var outcome = SendOutcome.failed
            do {
                outcome = try await closing.orClosed(limit: { try await time.wait(ms: patienceMs) }) {
                    try await transport.send(delivery)
                }
            } catch is Late {
                // It may have left or not.
            } catch {
                if !closing.isClosed { trouble(known(error, from: "the transport cannot send")) }
            }
            await performForGood(.delivered(id: delivery.id, outcome: outcome))
        }
    }

    /// Reads what other writers changed, and catches up with the time.
    func catchUp() async throws(InvreqError) {
        try await engine.perform(.restore)
        try await engine.perform(.tick)
    }

    /// Carries out an input nobody waits for, again and again where it fails for a while.
    func performForGood(_ input: Input) async {
        var pause = firstPauseMs
        while !closing.isClosed {
            do {
                return try await engine.perform(input)
            } catch {
                if closing.isClosed { return }
                trouble(error)
                if !error.retryable { return }
                pause = await rest(pause)
            }
        }
    }

    /// Ticks whenever the engine wants it.
    private func runTimers() async {
        var pause = firstPauseMs
        var seen: UInt64 = 0
        while !closing.isClosed {
            do {
                let (now, wakeAt) = (try hosts.time.nowMs(), wake.at)
                // A clock that was set back moves every timer away, so the engine has to see it.
                let isSetBack = now < seen
                seen = now
                if isSetBack || wakeAt.map({ $0 <= now }) ?? false {
                    try await engine.perform(.tick)
                    pause = firstPauseMs
                } else {
                    try await sleep(now, until: wakeAt)
                }
            } catch {
                if closing.isClosed { return }
                trouble(known(error))
                pause = await rest(pause)
            }
        }
    }

    private func sleep(_ now: UInt64, until wakeAt: UInt64?) async throws {
        guard let wakeAt else { return try await wake.alarm.wait() }
        let (time, atMs) = (hosts.time, min(wakeAt, now + longestSleepMs))
        try await wake.alarm.wait { try await time.wait(from: now, until: atMs) }
    }

    /// Takes in what comes at the transport by itself, one message at a time.
    private func receiveAll() async {
        let transport = hosts.transport
        var pause = firstPauseMs
        while !closing.isClosed {
            do {
                let received = try await closing.orClosed { try await transport.receive() }
                await performForGood(Input(received))
                pause = firstPauseMs
                // A flood that is always ready must not keep the host from its own work.
                await Task.yield()
            } catch {
                if closing.isClosed { return }
                trouble(known(error, from: "the transport cannot receive"))
                pause = await rest(pause)
            }
        }
    }

    /// Waits, and gives the next pause.
    private func rest(_ pause: UInt64) async -> UInt64 {
        let time = hosts.time
        do {
            try await closing.orClosed { try await time.wait(ms: pause) }
        } catch {
            // A clock that cannot wait is no reason to try without a pause.
            if !closing.isClosed { try? await Task.sleep(nanoseconds: pause * 1_000_000) }
        }
        return min(pause * 2, longestPauseMs)
    }
}

/// When the engine wants its next tick.
final class Wake: Sendable {
    let alarm = Alarm()
    private let state = Locked<UInt64?>(nil)

    /// In Unix milliseconds.
    var at: UInt64? { state.with { $0 } }

    func set(_ at: UInt64?) {
        state.with { $0 = at }
        alarm.poke()
    }
}

extension Input {
    init(_ received: Received) {
        self =
            switch received {
            case .onionMessage(let nodeId, let bytes): .onionMessage(nodeId: nodeId, bytes: bytes)
            case .invoiceError(let id, let bytes): .invoiceError(replyPathId: id, bytes: bytes)
            }
    }
}

import Foundation
import InvreqCore

/// What a payee is made of, and what goes on when nobody holds the payee any more.
final class Parts: Sendable {
    let closing = Closing()
    let events: Events
    let engine: EngineLoop
    let background: Background
    private let calls = Calls()
    private let hosts: Hosts

    init(_ options: PayeeOptions) throws {
        var seed = options.seed
        defer { seed.wipe() }
        guard seed.count == 32 else {
            throw InvreqError(.invalidParameter, "seed has to be 32 bytes, not \(seed.count)")
        }
        let handle: Engine
        switch try openEngine(network: options.network.rawValue, walletId: options.walletId, seed: seed) {
        case .engine(let engine): handle = engine
        case .failed(let error): throw error
        }
        let (closing, calls, wake) = (self.closing, self.calls, Wake())
        let events = Events(onEvent: options.onEvent)
        let hosts = Hosts(
            store: options.store, source: options.source, transport: options.transport,
            signer: options.signer, time: TimeAndDice(clock: options.clock, dice: options.entropy))
        let sender = Locked<Background?>(nil)
        let engine = EngineLoop(engine: handle, hosts: hosts, closing: closing) { effects in
            // Events first: whoever learns that its call has ended finds what led to it among the events.
            for event in effects.events { events.tell(PayeeEvent(event)) }
            for reply in effects.replies { calls.reply(reply.call, reply.result) }
            let background = sender.with { $0 }
            for delivery in effects.deliveries { background?.send(delivery) }
            wake.set(effects.wakeAt)
        }
        let background = Background(engine: engine, hosts: hosts, closing: closing, wake: wake) {
            events.tell(.trouble($0))
        }
        sender.with { $0 = background }
        self.stop = {
            wake.alarm.poke()
            sender.with { $0 = nil }
        }
        self.hosts = hosts
        self.events = events
        self.engine = engine
        self.background = background
    }

    private let stop: @Sendable () -> Void

    /// Reads the store.
    func start() async throws(InvreqError) {
        do {
            try await engine.perform(.restore)
            background.start()
        } catch {
            end(error)
            throw error
        }
    }

    /// A call whose reply is an invoice.
    func record(
        isWait: Bool = false, _ input: @escaping @Sendable (UInt64) -> Input
    ) async throws(InvreqError) -> InvoiceRecord {
        guard case .record(let record) = try await call(isWait: isWait, input) else { throw unexpected() }
        return record
    }

    /// A call. A wait ends where the caller's task is cancelled; anything else is over soon, and its outcome is worth knowing.
    func call(
        isWait: Bool = false, _ input: @escaping @Sendable (UInt64) -> Input
    ) async throws(InvreqError) -> Outcome {
        try closing.check()
        let (engine, calls, background) = (self.engine, self.calls, self.background)
        let work: @Sendable () async throws -> Outcome = {
            let performed = First<Void>()
            return try await calls.call { number in
                Task {
                    do {
                        try await engine.perform(input(number))
                    } catch {
                        calls.reply(number, .failure(known(error)))
                    }
                    performed.decide(.success(()))
                }
            } leave: { number in
                Task {
                    // Only what has begun can be ended.
                    try await performed.value()
                    await background.performForGood(.cancel(call: number))
                }
            }
        }
        do {
            return try await isWait ? work() : Task { try await work() }.value
        } catch {
            throw known(error)
        }
    }

    /// An input that has no reply.
    func tell(_ input: Input) async throws(InvreqError) {
        try closing.check()
        let engine = self.engine
        try await whole { try await engine.perform(input) }
    }

    /// Ends everything, and gives back what the hosts hold.
    func close() async throws {
        end(InvreqError(.cancelled, "the payee was closed", retryable: false))
        // In its turn, so that a write that is under way is done or not begun.
        await engine.end()
        await hosts.transport.close()
        do {
            try await hosts.store.close()
        } catch {
            throw storeError(error)
        }
    }

    /// The same where nobody can wait for it.
    func endQuietly() {
        guard !closing.isClosed else { return }
        Task { try? await close() }
    }

    private func end(_ error: InvreqError) {
        guard closing.close(error) else { return }
        calls.end(error)
        events.end()
        stop()
    }
}

/// Does something in a task of its own, so that a caller that is cancelled does not end a write in its middle.
func whole<Value: Sendable>(
    _ work: @escaping @Sendable () async throws -> Value
) async throws(InvreqError) -> Value {
    do {
        return try await Task { try await work() }.value
    } catch {
        throw known(error)
    }
}

extension Replied {
    var result: Result<Outcome, InvreqError> {
        if let outcome { return .success(outcome) }
        return .failure(error ?? unexpected())
    }
}

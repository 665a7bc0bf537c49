import Foundation
import InvreqCore

/// How often an input begins again because another writer was faster.
private let mostConflicts = 16

/// What the host supplied.
struct Hosts: Sendable {
    let store: any Store
    let source: any PaymentSource
    let transport: any Transport
    let signer: (any Signer)?
    let time: TimeAndDice
}

/// What a committed step lets out.
struct Effects: Sendable {
    let deliveries: [Delivery]
    let replies: [Replied]
    let events: [Event]
    let wakeAt: UInt64?
}

/// Carries inputs through the engine: questions, the write, the commit, and what follows.
final class EngineLoop: Sendable {
    private let engine: Engine
    private let hosts: Hosts
    private let closing: Closing
    private let turns = Turns()
    private let ticks = Turns()
    private let handOn: @Sendable (Effects) -> Void

    init(
        engine: Engine, hosts: Hosts, closing: Closing, handOn: @escaping @Sendable (Effects) -> Void
    ) {
        self.engine = engine
        self.hosts = hosts
        self.closing = closing
        self.handOn = handOn
    }

    /// Carries out an input. When it returns, everything the input led to is written and handed on.
    func perform(_ input: Input) async throws(InvreqError) {
        do {
            guard input == .tick else { return try await carryOut(input) }
            // A tick that began before another and ends after it would look like a clock that was set back.
            try await ticks.take { try await self.carryOut(input) }
        } catch {
            throw known(error)
        }
    }

    /// Looks at the engine between two inputs.
    func look<Value: Sendable>(
        _ at: @escaping @Sendable (Engine) throws -> Value
    ) async throws(InvreqError) -> Value {
        do {
            return try await turns.take {
                try self.closing.check()
                return try at(self.engine)
            }
        } catch {
            throw known(error)
        }
    }

    /// Waits for the write that is under way.
    func end() async {
        await turns.take {}
    }

    private func carryOut(_ input: Input) async throws {
        let attempt = try Attempt(input, hosts.time)
        defer { attempt.end() }
        while true {
            let questions = try await turns.take { try await self.settleOrWake(attempt) }
            if questions.isEmpty { return }
            // The host may take its time, so others go on meanwhile. What was read of the store may be out of date when it is done.
            let answers = try await askAll(questions)
            try closing.check()
            for (need, answer) in zip(questions, answers) { try give(attempt.answers, need, answer) }
            try attempt.answers.forgetReads()
        }
    }

    private func settleOrWake(_ attempt: Attempt) async throws -> [Need] {
        try closing.check()
        do {
            return try await settle(attempt)
        } catch {
            // What was written all the same is found when the engine looks for it.
            let wakeAt = try? engine.wakeAt()
            handOn(Effects(deliveries: [], replies: [], events: [], wakeAt: wakeAt))
            throw error
        }
    }

    /// Goes on until the input is done, or until only the host can say more: then it gives what to ask.
    ///
    /// All of it happens in one turn, so that what follows from two inputs comes in the order of the inputs.
    private func settle(_ attempt: Attempt) async throws -> [Need] {
        while true {
            switch try await advance(attempt) {
            case .done: return []
            case .ask(let needs): return needs
            case .conflict: try attempt.beginAgain()
            }
            try closing.check()
            if attempt.input != .restore { try await reload() }
        }
    }

    /// Reads what another writer changed.
    private func reload() async throws {
        let attempt = try Attempt(.restore, hosts.time)
        defer { attempt.end() }
        while case .conflict = try await advance(attempt) { try attempt.beginAgain() }
    }

    /// Begins the input and, once there is nothing to ask but the store, writes, commits and hands on.
    private func advance(_ attempt: Attempt) async throws -> Advance {
        while true {
            let begun = try engine.begin(
                input: attempt.input, nowMs: attempt.nowMs, entropy: attempt.entropy.with { $0 },
                answers: attempt.answers)
            switch begun {
            case .failed(let error):
                if error.code == .storeConflict { return .conflict }
                throw error
            case .step(let step):
                if let batch = step.batch {
                    do {
                        try await hosts.store.write(batch)
                    } catch let error as StoreError where error.isConflict {
                        return .conflict
                    } catch {
                        throw storeError(error)
                    }
                }
                switch try engine.commit(step: step.id) {
                case .failed(let error): throw error
                case .effects(let deliveries, let replies, let events, let wakeAt):
                    handOn(Effects(deliveries: deliveries, replies: replies, events: events, wakeAt: wakeAt))
                }
                return .done
            case .needs(let needs):
                if try await !readAll(needs, attempt.answers) { return .ask(needs) }
            }
        }
    }

    /// Asks the store for all of it at once; `false` where there is nothing to read.
    private func readAll(_ needs: [Need], _ answers: Answers) async throws -> Bool {
        let store = hosts.store
        var hasRead = false
        try await withThrowingTaskGroup(of: (Need, [Entry]).self) { group in
            for need in needs {
                guard case .range(let start, let end, let limit) = need else { continue }
                hasRead = true
                group.addTask {
                    do {
                        let entries = try await store.range(from: start, to: end, limit: Int(limit))
                        return (need, Array(entries.prefix(Int(limit))))
                    } catch {
                        throw storeError(error)
                    }
                }
            }
            for try await (need, entries) in group { try answers.insert(need: need, answer: .entries(entries)) }
        }
        return hasRead
    }

    /// Puts every question to the host, all at once.
    private func askAll(_ needs: [Need]) async throws -> [Answer] {
        try await withThrowingTaskGroup(of: (Int, Answer).self) { group in
            for (at, need) in needs.enumerated() {
                group.addTask { (at, await ask(need, self.hosts, self.closing)) }
            }
            var answers = [Answer?](repeating: nil, count: needs.count)
            for try await (at, answer) in group { answers[at] = answer }
            return answers.compactMap { $0 }
        }
    }

    /// What only the core can see, such as a point that is not on the curve, is the host's failure as well.
    private func give(_ answers: Answers, _ need: Need, _ answer: Answer) throws {
        do {
            try answers.insert(need: need, answer: answer)
        } catch {
            try answers.insert(need: need, answer: .failed(reason(of: error)))
        }
    }
}

private enum Advance: Sendable {
    case done
    case conflict
    case ask([Need])
}

/// One input on its way: it keeps its moment, its dice and what the host answered, so that the host is asked once however often
/// other writers are faster.
private final class Attempt: Sendable {
    let input: Input
    let nowMs: UInt64
    let answers = Answers()
    let entropy: Locked<Data>
    private let conflicts = Locked(0)

    init(_ input: Input, _ time: TimeAndDice) throws(InvreqError) {
        self.input = input
        nowMs = try time.nowMs()
        entropy = Locked(try time.entropy())
    }

    /// After a conflict: what was read of the store is out of date.
    func beginAgain() throws {
        let count = conflicts.with { conflicts in
            conflicts += 1
            return conflicts
        }
        guard count < mostConflicts else {
            throw InvreqError(.storeConflict, "other writers keep changing the store")
        }
        try answers.forgetReads()
    }

    func end() {
        entropy.with { $0.wipe() }
    }
}

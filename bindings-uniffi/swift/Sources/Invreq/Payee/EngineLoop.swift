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
            for _ in 0..<mostConflicts {
                if try await attempt(input) { return }
            }
        } catch {
            throw known(error)
        }
        throw busy()
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

    /// Whether it was carried out; `false` where another writer was faster.
    private func attempt(_ input: Input) async throws -> Bool {
        var attempt = try Attempt(hosts.time)
        defer { attempt.entropy.wipe() }
        while true {
            let now = attempt
            let advance = try await turns.take {
                try self.closing.check()
                do {
                    let advance = try await self.advance(input, now)
                    if case .conflict = advance, input != .restore { try await self.reload() }
                    return advance
                } catch {
                    // What was written all the same is found when the engine looks for it.
                    let wakeAt = try? self.engine.wakeAt()
                    self.handOn(Effects(deliveries: [], replies: [], events: [], wakeAt: wakeAt))
                    throw error
                }
            }
            switch advance {
            case .done: return true
            case .conflict: return false
            case .ask(let needs):
                // The host may take its time, so others go on meanwhile. What was read of the store may be out of date when it is done.
                let answers = try await askAll(needs)
                try closing.check()
                for (need, answer) in zip(needs, answers) { try give(attempt.answers, need, answer) }
                try attempt.answers.forgetReads()
            }
        }
    }

    /// Reads what another writer changed.
    private func reload() async throws {
        for _ in 0..<mostConflicts {
            var attempt = try Attempt(hosts.time)
            defer { attempt.entropy.wipe() }
            if case .done = try await advance(.restore, attempt) { return }
        }
        throw busy()
    }

    /// Begins the input and, once there is nothing to ask but the store, writes, commits and hands on.
    ///
    /// All of it happens in one turn, so that what follows from two inputs comes in the order of the inputs.
    private func advance(_ input: Input, _ attempt: Attempt) async throws -> Advance {
        while true {
            let begun = try engine.begin(
                input: input, nowMs: attempt.nowMs, entropy: attempt.entropy, answers: attempt.answers)
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

/// The moment and the dice of an input, and what is answered of its questions.
private struct Attempt: Sendable {
    let nowMs: UInt64
    var entropy: Data
    let answers = Answers()

    init(_ time: TimeAndDice) throws(InvreqError) {
        nowMs = try time.nowMs()
        entropy = try time.entropy()
    }
}

private func busy() -> InvreqError {
    InvreqError(.storeConflict, "other writers keep changing the store")
}

import Foundation
import InvreqCore

/// Who waits for the reply to which call.
final class Calls: Sendable {
    private struct State {
        var last: UInt64 = 0
        var callers: [UInt64: CheckedContinuation<Outcome, any Error>] = [:]
        /// Calls whose callers left before they could wait.
        var left: Set<UInt64> = []
        var ended: InvreqError?
    }

    private let state = Locked(State())

    /// Begins a call, and waits for the reply. Where the caller's task is cancelled, `leave` is called, and the engine is told.
    func call(
        begin: @escaping @Sendable (UInt64) -> Void, leave: @escaping @Sendable (UInt64) -> Void
    ) async throws -> Outcome {
        let number = state.with { state in
            state.last += 1
            return state.last
        }
        defer { state.with { _ = $0.left.remove(number) } }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { caller in
                if let error = enter(number, caller) {
                    caller.resume(throwing: error)
                } else {
                    begin(number)
                }
            }
        } onCancel: {
            if self.cancel(number) { leave(number) }
        }
    }

    /// Ends a call, if its caller is still there.
    func reply(_ number: UInt64, _ result: Result<Outcome, InvreqError>) {
        let caller = state.with { $0.callers.removeValue(forKey: number) }
        caller?.resume(with: result)
    }

    /// Ends all of them, and those to come.
    func end(_ error: InvreqError) {
        let callers = state.with { state in
            state.ended = error
            defer { state.callers = [:] }
            return state.callers.values.map { $0 }
        }
        callers.forEach { $0.resume(throwing: error) }
    }

    /// Why nobody can wait, if so.
    private func enter(
        _ number: UInt64, _ caller: CheckedContinuation<Outcome, any Error>
    ) -> InvreqError? {
        state.with { state in
            if let ended = state.ended { return ended }
            if state.left.remove(number) != nil { return cancelled() }
            state.callers[number] = caller
            return nil
        }
    }

    /// Whether the engine may be at it.
    private func cancel(_ number: UInt64) -> Bool {
        let caller = state.with { state in
            let caller = state.callers.removeValue(forKey: number)
            if caller == nil && state.ended == nil { state.left.insert(number) }
            return caller
        }
        caller?.resume(throwing: cancelled())
        return caller != nil
    }
}

private func cancelled() -> InvreqError {
    InvreqError(.cancelled, "the caller ended the wait")
}

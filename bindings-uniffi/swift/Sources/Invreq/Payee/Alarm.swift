import Foundation

/// Lets one loop wait until it is poked, or until something it sleeps for is over.
final class Alarm: Sendable {
    private struct State {
        var isPoked = false
        var waiting: First<Void>?
    }

    private let state = Locked(State())

    /// Ends the wait, or the next one where nobody waits.
    func poke() {
        let waiting = state.with { state in
            state.isPoked = true
            return state.waiting
        }
        waiting?.decide(.success(()))
    }

    /// Waits until it is poked, or until the sleep is over where there is one. A sleep that fails is over.
    func wait(_ sleep: (@Sendable () async throws -> Void)? = nil) async throws {
        let first = First<Void>()
        let isPoked = state.with { state in
            state.waiting = first
            return state.isPoked
        }
        let sleeping =
            isPoked
            ? nil
            : sleep.map { sleep in
                Task {
                    do {
                        try await sleep()
                        first.decide(.success(()))
                    } catch {
                        first.decide(.failure(error))
                    }
                }
            }
        defer {
            sleeping?.cancel()
            state.with { state in
                state.waiting = nil
                state.isPoked = false
            }
        }
        if !isPoked { try await first.value() }
    }
}

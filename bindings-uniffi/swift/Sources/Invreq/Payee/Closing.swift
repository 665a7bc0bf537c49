import Foundation

/// Says that the payee is closed, to all who work for it.
final class Closing: Sendable {
    private struct State {
        var error: InvreqError?
        var last = 0
        var listeners: [Int: @Sendable (InvreqError) -> Void] = [:]
    }

    private let state = Locked(State())

    var isClosed: Bool { state.with { $0.error != nil } }

    /// Throws once it is closed.
    func check() throws(InvreqError) {
        if let error = state.with({ $0.error }) { throw error }
    }

    /// Closes it; `false` where it was closed before.
    func close(_ error: InvreqError) -> Bool {
        let listeners: [@Sendable (InvreqError) -> Void]? = state.with { state in
            guard state.error == nil else { return nil }
            state.error = error
            defer { state.listeners = [:] }
            return Array(state.listeners.values)
        }
        listeners?.forEach { $0(error) }
        return listeners != nil
    }

    /// What the work gives, or the error of the close where that comes first. The work's task is cancelled then, and not waited for: a
    /// host that does not hear of it must not hold up the others.
    ///
    /// With `limit`, the wait ends with ``Late`` where that is over first.
    func orClosed<Value: Sendable>(
        limit: (@Sendable () async throws -> Void)? = nil,
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let first = First<Value>()
        let working = Task {
            do {
                first.decide(.success(try await work()))
            } catch {
                first.decide(.failure(error))
            }
        }
        let waiting = limit.map { limit in
            Task {
                do {
                    try await limit()
                    first.decide(.failure(Late()))
                } catch {
                    first.decide(.failure(error))
                }
            }
        }
        let listener = listen { first.decide(.failure($0)) }
        defer {
            forget(listener)
            working.cancel()
            waiting?.cancel()
        }
        return try await first.value()
    }

    private func listen(_ closed: @escaping @Sendable (InvreqError) -> Void) -> Int {
        let (number, error) = state.with { state in
            state.last += 1
            if state.error == nil { state.listeners[state.last] = closed }
            return (state.last, state.error)
        }
        if let error { closed(error) }
        return number
    }

    private func forget(_ listener: Int) {
        state.with { _ = $0.listeners.removeValue(forKey: listener) }
    }
}

/// The host took too long.
struct Late: Error {}

import Foundation

/// No timer runs longer at a time, so that a clock that was set back and a machine that slept are noticed.
let longestSleepMs: UInt64 = 30_000

/// No clock is later, so that no sum of times overflows.
private let latestMs: UInt64 = 1 << 53

/// The clock of the system.
public struct SystemClock: HostClock {
    /// The clock of the system.
    public init() {}

    public func nowMs() -> UInt64 {
        UInt64(max(0, Date().timeIntervalSince1970 * 1000))
    }

    public func sleepUntil(_ atMs: UInt64) async throws {
        let now = nowMs()
        guard atMs > now else { return }
        try await Task.sleep(nanoseconds: min(atMs - now, longestSleepMs) * 1_000_000)
    }
}

/// The time and the dice, with what a host gives checked.
struct TimeAndDice: Sendable {
    let clock: any HostClock
    let dice: Entropy?

    /// The time, in Unix milliseconds.
    func nowMs() throws(InvreqError) -> UInt64 {
        let now: UInt64
        do {
            now = try clock.nowMs()
        } catch {
            throw mayPass("the clock does not tell the time: \(reason(of: error))")
        }
        guard now <= latestMs else {
            throw mayPass("the clock does not tell the time: it is past the year 200,000")
        }
        return now
    }

    /// 32 fresh bytes.
    func entropy() throws(InvreqError) -> Data {
        guard let dice else { return systemEntropy() }
        let thrown: Data
        do {
            thrown = try dice()
        } catch {
            throw mayPass("there is no entropy: \(reason(of: error))")
        }
        guard thrown.count == 32 else {
            throw mayPass("there is no entropy: entropy has to be 32 bytes, not \(thrown.count)")
        }
        return thrown
    }

    /// Waits so long from now on, or until it is earlier than now: a clock that is set back must not make a wait longer.
    func wait(ms: UInt64) async throws {
        let now = try nowMs()
        try await wait(from: now, until: now + ms)
    }

    /// Waits until it is this late, or earlier than `from`.
    func wait(from: UInt64, until: UInt64) async throws {
        var now = try nowMs()
        while now >= from && now < until {
            try Task.checkCancellation()
            try await clock.sleepUntil(min(until, now + longestSleepMs))
            let later = try nowMs()
            // A clock that wakes at once, again and again, must not keep everything else from its turn.
            if later == now { try await Task.sleep(nanoseconds: 1_000_000) }
            now = later
        }
    }
}

/// 32 bytes of the system's.
private func systemEntropy() -> Data {
    var generator = SystemRandomNumberGenerator()
    var bytes = Data(capacity: 32)
    for _ in 0..<4 {
        withUnsafeBytes(of: generator.next() as UInt64) { bytes.append(contentsOf: $0) }
    }
    return bytes
}

/// What fails once may work the next time; what became of a copy, for one, is not to be lost for it.
private func mayPass(_ message: String) -> InvreqError {
    InvreqError(.invalidParameter, message, retryable: true)
}

extension Data {
    /// Overwrites the bytes. Copies that others made of them stay as they are.
    mutating func wipe() {
        resetBytes(in: startIndex..<endIndex)
    }
}

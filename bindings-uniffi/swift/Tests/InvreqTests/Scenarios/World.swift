import Foundation
import Invreq

/// What all payees of a scenario have in common.
final class World: @unchecked Sendable {
    private struct Sleeper {
        let from: UInt64
        let at: UInt64
        let first: Woken
    }

    private let lock = NSRecursiveLock()
    let transcript: Transcript
    private var says: [String: [String: Json]]
    private var held: [CheckedContinuation<String, Never>] = []
    private var arrived: [Json] = []
    private var receivers: [Woken] = []
    private var sleepers: [Sleeper] = []
    private var now: UInt64
    private var number: UInt32 = 0
    private var stored: [Data: Data] = [:]
    private var kept: [Data: Data] = [:]
    private var deliveries: [String: Delivery] = [:]

    init(_ transcript: Transcript, says: [String: [String: Json]], nowMs: UInt64) {
        self.transcript = transcript
        self.says = says
        now = nowMs
    }

    func with<Result>(_ work: () throws -> Result) rethrows -> Result {
        lock.lock()
        defer { lock.unlock() }
        return try work()
    }

    var nowMs: UInt64 { with { now } }
    var action: UInt32 {
        get { with { number } }
        set { with { number = newValue } }
    }
    var data: [Data: Data] {
        get { with { stored } }
        set { with { stored = newValue } }
    }

    func says(_ part: String, _ word: String) -> Json? { with { says[part].flatMap { Json.object($0)[word] } } }

    func change(_ part: String, _ words: [String: Json]) {
        with { says[part, default: [:]].merge(words) { $1 } }
    }

    /// The first word of a list, which is then gone.
    func take(_ part: String, _ list: String) -> String? {
        with {
            guard var words = says[part]?[list]?.list, !words.isEmpty else { return nil }
            defer { says[part]?[list] = .list(words) }
            return words.removeFirst().text
        }
    }

    func keepStore() { with { kept = stored } }
    func putBackStore() { with { stored = kept } }
    func saw(_ delivery: Delivery) { with { deliveries[delivery.id] = delivery } }
    func delivery(_ id: String) -> Delivery? { with { deliveries[id] } }

    /// Waits until it is released, and gives the word.
    func hold() async -> String {
        await withCheckedContinuation { continuation in with { held.append(continuation) } }
    }

    func release(_ say: String) {
        let first = with { held.isEmpty ? nil : held.removeFirst() }
        first?.resume(returning: say)
    }

    func arrive(_ given: Json) {
        let all = with {
            arrived.append(given)
            defer { receivers = [] }
            return receivers
        }
        all.forEach { $0.wake() }
    }

    /// What came in, or something to wait for.
    func takeArrived() -> Result<Json, Waiting> {
        with {
            if !arrived.isEmpty { return .success(arrived.removeFirst()) }
            let woken = Woken()
            receivers.append(woken)
            return .failure(Waiting(woken: woken))
        }
    }

    /// Nothing is there yet.
    struct Waiting: Error {
        let woken: Woken
    }

    /// So much time goes by, or comes back.
    func go(_ ms: Int64) {
        let awake = with {
            now = UInt64(Int64(now) + ms)
            let isAwake = { [now] (sleeper: Sleeper) in now >= sleeper.at || now < sleeper.from }
            defer { sleepers.removeAll(where: isAwake) }
            return sleepers.filter(isAwake)
        }
        awake.forEach { $0.first.wake() }
    }

    func sleep(until at: UInt64) async {
        let woken = Woken()
        let isLate = with {
            if now >= at { return true }
            sleepers.append(Sleeper(from: now, at: at, first: woken))
            return false
        }
        if isLate { return }
        await withTaskCancellationHandler {
            await woken.value()
        } onCancel: {
            woken.wake()
        }
        with { sleepers.removeAll { $0.first === woken } }
    }
}

/// Something one waits for, once.
final class Woken: @unchecked Sendable {
    private let lock = NSLock()
    private var isAwake = false
    private var waiting: CheckedContinuation<Void, Never>?

    func wake() {
        lock.lock()
        isAwake = true
        let waiting = waiting
        self.waiting = nil
        lock.unlock()
        waiting?.resume()
    }

    func value() async {
        await withCheckedContinuation { continuation in
            lock.lock()
            let isAwake = isAwake
            if !isAwake { waiting = continuation }
            lock.unlock()
            if isAwake { continuation.resume() }
        }
    }
}

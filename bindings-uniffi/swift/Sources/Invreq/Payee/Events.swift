import Foundation
import InvreqCore

/// Something that happened.
public enum PayeeEvent: Sendable {
    /// An invoice was made and written down.
    case created(InvoiceRecord)
    /// The delivery of an invoice got further, or did not.
    case delivery(InvoiceRecord)
    /// The payer answered with an error; the invoice can still be paid.
    case payerError(InvoiceRecord)
    /// A payment is being claimed.
    case claiming(InvoiceRecord)
    /// A claim came to nothing.
    case claimFailed(InvoiceRecord)
    /// An invoice was paid.
    case paid(InvoiceRecord)
    /// An invoice expired; it can still be paid.
    case expired(InvoiceRecord)
    /// An invoice was deleted.
    case deleted(InvoiceRecord)
    /// Less arrived than the invoice asks for, in msat.
    case underpaid(InvoiceRecord, amountReceivedMsat: UInt64)
    /// Something in the background did not work, and is tried again where that can help.
    case trouble(InvreqError)
    /// The clock is behind the latest time in the store; both in Unix milliseconds.
    case clockBehind(storedMs: UInt64, nowMs: UInt64)
    /// The reader fell so far behind that so many of its oldest events were dropped; the records are in the store.
    case missed(Int)

    init(_ event: Event) {
        self =
            switch event {
            case .created(let record): .created(record)
            case .delivery(let record): .delivery(record)
            case .payerError(let record): .payerError(record)
            case .claiming(let record): .claiming(record)
            case .claimFailed(let record): .claimFailed(record)
            case .paid(let record): .paid(record)
            case .expired(let record): .expired(record)
            case .deleted(let record): .deleted(record)
            case .underpaid(let record, let msat): .underpaid(record, amountReceivedMsat: msat)
            case .trouble(let error): .trouble(error)
            case .clockBehind(let storedMs, let nowMs): .clockBehind(storedMs: storedMs, nowMs: nowMs)
            }
    }
}

extension PayeeEvent {
    /// The name of its kind, such as `payer_error`.
    public var kind: String {
        switch self {
        case .created: "created"
        case .delivery: "delivery"
        case .payerError: "payer_error"
        case .claiming: "claiming"
        case .claimFailed: "claim_failed"
        case .paid: "paid"
        case .expired: "expired"
        case .deleted: "deleted"
        case .underpaid: "underpaid"
        case .trouble: "trouble"
        case .clockBehind: "clock_behind"
        case .missed: "missed"
        }
    }
}

/// How many events a reader can fall behind.
private let mostBehind = 1024

/// Hands events to whoever reads them.
final class Events: Sendable {
    private struct State {
        var last = 0
        var readers: [Int: Reader] = [:]
        /// What happened before anybody read.
        var first: Reader? = Reader()
        var isOver = false
    }

    private let state = Locked(State())
    private let onEvent: (@Sendable (PayeeEvent) -> Void)?

    init(onEvent: (@Sendable (PayeeEvent) -> Void)?) {
        self.onEvent = onEvent
    }

    func tell(_ event: PayeeEvent) {
        onEvent?(event)
        let readers = state.with { state in Array(state.readers.values) + (state.first.map { [$0] } ?? []) }
        readers.forEach { $0.push(event) }
    }

    /// Nothing more comes.
    func end() {
        let readers = state.with { state in
            state.isOver = true
            defer { state.readers = [:] }
            return Array(state.readers.values)
        }
        readers.forEach { $0.end() }
    }

    /// Everything from now on, and for the first reader all there was, until the stream is let go.
    func stream() -> AsyncStream<PayeeEvent> {
        let (reader, number, isOver) = state.with { state in
            let reader = state.first ?? Reader()
            state.first = nil
            state.last += 1
            if !state.isOver { state.readers[state.last] = reader }
            return (reader, state.last, state.isOver)
        }
        if isOver { reader.end() }
        let place = Place { [weak self] in
            self?.state.with { _ = $0.readers.removeValue(forKey: number) }
            reader.end()
        }
        return AsyncStream {
            defer { withExtendedLifetime(place) {} }
            return await reader.next()
        } onCancel: {
            reader.end()
        }
    }
}

/// Gives a reader's place back when its stream is let go.
private final class Place: Sendable {
    private let leave: @Sendable () -> Void

    init(_ leave: @escaping @Sendable () -> Void) {
        self.leave = leave
    }

    deinit { leave() }
}

/// A queue of events for one who reads them.
private final class Reader: Sendable {
    private struct State {
        var queue: ArraySlice<PayeeEvent> = []
        var missed = 0
        var isOver = false
        var waiting: [CheckedContinuation<PayeeEvent?, Never>] = []
    }

    private let state = Locked(State())

    func push(_ event: PayeeEvent) {
        let waiting: CheckedContinuation<PayeeEvent?, Never>? = state.with { state in
            if state.isOver { return nil }
            if !state.waiting.isEmpty { return state.waiting.removeFirst() }
            state.queue.append(event)
            if state.queue.count > mostBehind {
                state.queue.removeFirst()
                state.missed += 1
            }
            return nil
        }
        waiting?.resume(returning: event)
    }

    /// The next event; `nil` at the end. What is in the queue can still be read after it.
    func next() async -> PayeeEvent? {
        await withCheckedContinuation { continuation in
            let found: PayeeEvent?? = state.with { state in
                if state.missed > 0 {
                    defer { state.missed = 0 }
                    return .some(.missed(state.missed))
                }
                if let event = state.queue.popFirst() { return .some(event) }
                if state.isOver { return .some(nil) }
                state.waiting.append(continuation)
                return nil
            }
            if let found { continuation.resume(returning: found) }
        }
    }

    func end() {
        let waiting = state.with { state in
            state.isOver = true
            defer { state.waiting = [] }
            return state.waiting
        }
        waiting.forEach { $0.resume(returning: nil) }
    }
}

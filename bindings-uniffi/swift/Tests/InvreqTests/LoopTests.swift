import Foundation
import Invreq
import Testing

@Suite("The loop")
struct LoopTests {
    @Test func anotherWriterIsNoticedAndItsChangesAreRead() async throws {
        let data = Shared<[Data: Data]>([:])
        let clock = TestClock()
        let one = try await Opened.open(store: TestStore(data), clock: clock)
        let two = try await Opened.open(store: TestStore(data), clock: clock)
        _ = try await one.send("a", expiry: 3600)
        let taken = try await error { try await two.payee.sendInvoice(refund, label: "a", again: true) }
        #expect(taken.code == .labelInUse)
        _ = try await two.send("b", expiry: 3600)
        try await one.payee.resume()
        #expect(try await one.get("b").status == .unpaid)
        try await one.payee.close()
        try await two.payee.close()
    }

    @Test func aStoreInWhichOthersAreAlwaysFaster() async throws {
        let store = TestStore()
        let host = try await Opened.open(store: store)
        store.before.value = { _ in throw StoreError.conflict(.revision) }
        let busy = try await error { try await host.payee.sendInvoice(refund, label: "a") }
        #expect(busy.code == .storeConflict && busy.retryable)
        store.before.value = { _ in }
        _ = try await host.send("a")
        try await host.payee.close()
    }

    /// The process ends after every write, before the write is known to be done, and everything goes on from there.
    @Test func aCrashBetweenAnyTwoLinesLosesNothing() async throws {
        for crash in 1...12 {
            let data = Shared<[Data: Data]>([:])
            let (clock, seed) = (TestClock(), Data(repeating: 7, count: 32))
            let left = Shared(crash)
            var record: InvoiceRecord?
            for _ in 0..<14 where record == nil {
                let store = TestStore(data)
                store.after.value = {
                    left.with { $0 -= 1 }
                    if left.value == 0 { throw StoreError.closed }
                }
                let host = try? await Opened.open(store: store, seed: seed, clock: clock)
                guard let host else { continue }
                let payee = host.payee
                let call = Task {
                    try await payee.sendInvoice(refund, label: "a", expiry: 3600, existing: .join)
                }
                try await until("it is accepted or it crashes") {
                    clock.go(250)
                    let records = try? await payee.listInvoices().page().records
                    return left.value <= 0 || records?.first?.delivery.state == .sent
                }
                do {
                    if left.value > 0 { record = try await host.pay("a") }
                } catch let error as InvreqError where error.code == .alreadyPaid {
                    // The report was written before the crash: whoever joins the call learns of it.
                    record = try await call.value
                } catch {
                    // It crashed; the next process goes on.
                }
                left.with { if $0 <= 0 { $0 = .max } }
                call.cancel()
                try? await payee.close()
            }
            #expect(record?.status == .paid && record?.createdIndex == 1, "after \(crash) writes")
        }
    }

    @Test func aHostThatTakesTooLongIsToldAndNotWaitedFor() async throws {
        let host = try await Opened.open()
        let (isAsked, isTold) = (Shared(false), Shared(false))
        host.source.create.value = { _ in
            isAsked.value = true
            do {
                try await Task.sleep(nanoseconds: 3_600_000_000_000)
            } catch {
                isTold.value = true
            }
            return payment(1)
        }
        let payee = host.payee
        let call = Task { try await payee.sendInvoice(refund, label: "a") }
        try await until("the source is asked") { isAsked.value }
        try await until("it is told that nobody waits") {
            host.clock.go(1_000)
            return isTold.value
        }
        let late = try await error { _ = try await call.value }
        #expect(late.code == .sourceFailed && late.message.contains("in time"))
        try await payee.close()
    }

    @Test func othersGetOnWhileTheHostThinks() async throws {
        let host = try await Opened.open()
        let go = Shared(false)
        host.source.create.value = { request in
            if request.label == "slow" { while !go.value { try await Task.sleep(nanoseconds: 1_000_000) } }
            return payment(request.amountMsat)
        }
        let payee = host.payee
        let slow = Task { try await payee.sendInvoice(refund, label: "slow", again: true) }
        try await until("the source is asked") { !host.source.asked.value.isEmpty }
        _ = try await host.send("quick", expiry: 3600)
        try await host.pay("quick")
        go.value = true
        try await until("the slow one is made") {
            try await !payee.listInvoices(label: "slow").page().records.isEmpty
        }
        slow.cancel()
        try await payee.close()
    }

    @Test func whatTheHostThrowsIsInTheErrorOfTheCall() async throws {
        let host = try await Opened.open()
        host.source.create.value = { _ in throw HostError("the node sleeps") }
        let failed = try await error { try await host.payee.sendInvoice(refund, label: "a") }
        #expect(failed.code == .sourceFailed && failed.message.contains("the node sleeps"))
        host.source.create.value = { _ in
            var made = payment(1)
            made.paymentHash = "ab"
            return made
        }
        let wrong = try await error { try await host.payee.sendInvoice(refund, label: "a") }
        #expect(wrong.code == .sourceFailed && wrong.message.contains("64 hex digits"))
        host.source.create.value = { request in
            var made = payment(request.amountMsat)
            made.paths = Array(repeating: made.paths[0], count: 65)
            return made
        }
        let many = try await error { try await host.payee.sendInvoice(refund, label: "a") }
        #expect(many.code == .sourceFailed && many.message.contains("at most 64"))
        try await host.payee.close()
    }

    @Test func aTransportInTroubleIsToldOfAndTheCopyGoesOutLater() async throws {
        let host = try await Opened.open()
        host.transport.say.value = { _ in throw HostError("no battery") }
        _ = try await host.send("a", expiry: 3600)
        try await until("it is told") { host.events.value.contains { $0.kind == "trouble" } }
        guard case .trouble(let error)? = host.events.value.first(where: { $0.kind == "trouble" }) else {
            throw HostError("it is of another kind")
        }
        #expect(error.code == .missingAnswer && error.message == "the transport cannot send: no battery")
        host.transport.say.value = { _ in .accepted }
        try await until("it is sent") {
            host.clock.go(1_000)
            return try await host.get("a").delivery.state == .sent
        }
        try await host.payee.close()
    }

    @Test func whatBecameOfACopyIsWrittenHoweverLongTheStoreFails() async throws {
        let store = TestStore()
        let host = try await Opened.open(store: store)
        let fails = Shared(0)
        host.transport.say.value = { _ in
            fails.value = 3
            return .accepted
        }
        store.before.value = { _ in
            let isFailing = fails.with { left in
                left -= 1
                return left >= 0
            }
            if isFailing { throw StoreError.failed("the disk is busy") }
        }
        _ = try await host.send("a", expiry: 3600)
        try await until("it is written") {
            host.clock.go(500)
            return try await host.get("a").delivery.state == .sent
        }
        #expect(host.events.value.filter { $0.kind == "trouble" }.count == 3)
        try await host.payee.close()
    }

    @Test func aClockThatIsSetBackHoldsUpNothing() async throws {
        let host = try await Opened.open()
        host.transport.say.value = { _ in .offline }
        _ = try await host.send("a", expiry: 3600)
        let tried = host.transport.sent.value.count
        host.clock.go(-3_600_000)
        // As soon as it would have been before: seconds, not an hour.
        try await until("it is tried again") {
            host.clock.go(10)
            return host.transport.sent.value.count > tried
        }
        #expect(host.clock.nowMs() < 1_800_000_000_000 - 3_500_000)
        try await host.payee.close()
    }

    @Test func aMachineThatSleptCatchesUp() async throws {
        let host = try await Opened.open()
        let call = try await host.send("a", timeout: 300, expiry: 100)
        host.clock.go(7_200_000)
        let expired = try await error { _ = try await call.value }
        #expect(expired.code == .invoiceExpired)
        try await host.payee.close()
    }

    @Test func whatComesInAtTheTransportIsTakenIn() async throws {
        let transport = Receiving()
        let options = PayeeOptions(
            network: .bitcoin, store: MemoryStore(), source: TestSource(), transport: transport,
            seed: Data(repeating: 7, count: 32))
        let payee = try await Payee.open(options)
        try await until("both are looked at, and answer nothing") { try await payee.ignoredReplies() == 2 }
        try await payee.receiveInvoiceError(replyPathId: Data(count: 32), bytes: Data([1]))
        try await payee.receiveOnionMessage(Data(repeating: 1, count: 70_000))
        #expect(try await payee.ignoredReplies() == 4)
        let wrong = try await error { try await payee.receiveOnionMessage(Data(), nodeId: "02") }
        #expect(wrong.code == .invalidParameter)
        try await payee.close()
    }

    @Test func eightTasksOnOneInstance() async throws {
        let host = try await Opened.open(store: MemoryStore())
        let payee = host.payee
        let clock = host.clock
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for number in 0..<10 {
                        let label = "\(task)-\(number)"
                        let call = Task {
                            try await payee.sendInvoice(refund, label: label, expiry: 3600, again: true)
                        }
                        try await until("\(label) is made") {
                            try await !payee.listInvoices(label: label).page().records.isEmpty
                        }
                        let record = try await host.pay(label)
                        #expect(try await call.value.paymentHash == record.paymentHash)
                        _ = try await payee.preview(refund)
                        clock.go(1)
                    }
                }
            }
            try await group.waitForAll()
        }
        var paid = Set<UInt64>()
        for try await record in payee.listInvoices(status: .paid) {
            if let payment = record.payment { paid.insert(payment.payIndex) }
        }
        #expect(paid == Set(1...80))
        try await payee.close()
    }
}

/// Two messages come in by themselves.
private final class Receiving: Transport {
    private let left = Shared(2)

    func send(_ delivery: Delivery) async throws -> SendOutcome { .accepted }

    func receive() async throws -> Received {
        switch left.with({ left in
            left -= 1
            return left
        }) {
        case 1: return .onionMessage(nodeId: nil, bytes: Data([1, 2, 3]))
        case 0: return .invoiceError(replyPathId: Data(count: 32), bytes: Data([1]))
        default: while true { try await Task.sleep(nanoseconds: 1_000_000_000) }
        }
    }
}

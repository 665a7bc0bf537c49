import Foundation
import Invreq
import Testing

@Suite("Payee")
struct PayeeTests {
    @Test func anInvoiceIsSentClaimedAndPaid() async throws {
        let host = try await Opened.open()
        let call = try await host.send("refund 1", expiry: 3600)
        #expect(host.source.asked.value.count == 1)
        let delivery = try #require(host.transport.sent.value.first)
        #expect(delivery.label == "refund 1" && delivery.nodeId == delivery.packet.firstHop)
        #expect(delivery.packet.message.count > 1000)
        let request = try #require(host.source.asked.value.first)
        let (hash, msat, now) = (request.paymentHash, request.amountMsat, host.clock.now)
        func judged() async throws -> Data? {
            let verdict = try await host.payee.judge(paymentHash: hash, totalMsat: msat, firstHtlcAt: now)
            guard case .settle(let preimage) = verdict else { return nil }
            return preimage
        }
        let preimage = try #require(try await judged())
        #expect(try await judged() == preimage, "asking again gives the same answer")
        let unknown = try await host.payee.judge(
            paymentHash: String(repeating: "00", count: 32), totalMsat: msat, firstHtlcAt: now)
        guard case .unknown = unknown else { throw HostError("it is known") }
        let paid = try await host.payee.paymentReceived(paymentHash: hash, amountMsat: msat, paidAt: now)
        let record = try await call.value
        #expect(record == paid && record.payment?.paymentPreimage == preimage)
        #expect(record.amountMsat == 20_000_001 && record.status == .paid && record.createdIndex == 1)
        #expect(host.events.value.map(\.kind) == ["created", "delivery", "delivery", "claiming", "paid"])
        #expect(try await host.payee.waitAnyInvoice() == record)
        #expect(try await host.payee.waitInvoice("refund 1") == record)
        #expect(try await judged() == preimage, "whoever forgot settles again")
        #expect(try await host.payee.delInvoice("refund 1", status: .paid) == record)
        let gone = try await error { _ = try await host.payee.waitInvoice("refund 1") }
        #expect(gone.code == .notFound && gone.rpcCode == 905)
        try await host.payee.close()
    }

    @Test func aCallerThatIsCancelledEndsNothingInItsMiddle() async throws {
        let inner = TestStore()
        let (isIn, mayGo) = (Shared(false), Shared(false))
        inner.before.value = { _ in
            isIn.value = true
            while !mayGo.value { try await Task.sleep(nanoseconds: 1_000_000) }
        }
        let opening = Task { try await Opened.open(store: Cancellable(inner: inner)) }
        try await until("it writes") { isIn.value }
        opening.cancel()
        mayGo.value = true
        let payee = try await opening.value.payee
        #expect(!inner.entries.isEmpty)
        let resuming = Task {
            while !Task.isCancelled { await Task.yield() }
            try await payee.resume()
        }
        resuming.cancel()
        try await resuming.value
        try await payee.close()
    }

    @Test func aRecordMadeByHandIsCheckedBeforeItIsWritten() async throws {
        let host = try await Opened.open()
        _ = try await host.send("a", expiry: 3600)
        var record = try await host.get("a")
        #expect(try record.toRpc().contains(record.paymentHash))
        record.paymentHash = "x"
        let refused = try await error { _ = try record.toRpc() }
        #expect(refused.code == .invalidParameter && !refused.message.isEmpty)
        try await host.payee.close()
    }

    @Test func aVerdictForEveryAnswerToAClaim() async throws {
        let store = TestStore()
        let host = try await Opened.open(store: store)
        _ = try await host.send("a", expiry: 60)
        let hash = try await host.get("a").paymentHash
        func judge(_ total: UInt64, late: UInt64 = 0) async throws -> Verdict {
            try await host.payee.judge(paymentHash: hash, totalMsat: total, firstHtlcAt: host.clock.now + late)
        }
        for (total, late, code) in [
            (1, 0, ErrorCode.amountTooLow), (50_000_000, 0, .amountTooHigh), (20_000_001, 61, .claimTooLate),
        ] as [(UInt64, UInt64, ErrorCode)] {
            guard case .fail(let error) = try await judge(total, late: late) else { throw HostError("\(code)") }
            #expect(error.code == code)
        }
        store.before.value = { _ in throw StoreError.failed("the disk is gone") }
        guard case .hold(let error) = try await judge(20_000_001) else { throw HostError("it did not hold") }
        #expect(error.code == .storeFailed && error.message.contains("the disk is gone"))
        store.before.value = { _ in }
        guard case .settle = try await judge(20_000_001) else { throw HostError("it did not settle") }
        try await host.payee.claimFailed(paymentHash: hash)
        #expect(try await host.get("a").claiming == false)
        try await host.payee.close()
    }

    @Test func aFaultOfTheCallersIsNotHeldForEver() async throws {
        let host = try await Opened.open()
        for none in ["", "00", String(repeating: "g", count: 64), String(repeating: "00", count: 33)] {
            let refused = try await error {
                _ = try await host.payee.judge(paymentHash: none, totalMsat: 1, firstHtlcAt: host.clock.now)
            }
            #expect(refused.code == .invalidParameter, "\(none)")
        }
        try await host.payee.close()
    }

    @Test func theErrorsOfACall() async throws {
        let host = try await Opened.open()
        _ = try await host.send("a", timeout: 10, expiry: 3600)
        let taken = try await error { try await host.payee.sendInvoice(refund, label: "a", again: true) }
        #expect(taken.code == .labelInUse && taken.rpcCode == 900 && taken.record?.label == "a")
        let twice = try await error { try await host.payee.sendInvoice(refund, label: "b") }
        #expect(twice.code == .alreadyAnswered)
        #expect(host.source.asked.value.count == 1, "nothing is asked for what is refused")
        host.transport.say.value = { _ in .noRoute }
        let lost = try await error { _ = try await host.send("c").value }
        #expect(lost.code == .noRoute && lost.rpcCode == 1003)
        #expect(lost.record?.delivery.state == .unreachable)
        host.transport.say.value = { _ in .accepted }
        #expect(try await host.payee.resend("c").delivery.state == .stored)
        let late = try await host.send("d", timeout: 5, expiry: 100)
        host.clock.go(5000)
        let timeout = try await error { _ = try await late.value }
        #expect(timeout.code == .waitTimeout && timeout.rpcCode == 1005 && timeout.record?.status == .unpaid)
        let none = try await error { _ = try await host.payee.waitAnyInvoice(timeout: 0) }
        #expect(none.code == .waitAnyTimeout && none.retryable)
        try await host.payee.close()
    }

    @Test func anInvoiceExpiresAndItsMoneyMayStillCome() async throws {
        let host = try await Opened.open()
        let call = try await host.send("a", timeout: 10, expiry: 5)
        host.clock.go(6000)
        let expired = try await error { _ = try await call.value }
        #expect(expired.code == .invoiceExpired && expired.rpcCode == 903 && expired.record?.status == .expired)
        let record = try await host.get("a")
        let paid = try await host.payee.paymentReceived(
            paymentHash: record.paymentHash, amountMsat: record.amountMsat, paidAt: host.clock.now)
        #expect(paid.status == .paid)
        #expect(host.events.value.map(\.kind).suffix(2) == ["expired", "paid"])
        try await host.payee.close()
    }

    @Test func aListHasPages() async throws {
        let host = try await Opened.open()
        for label in ["a", "b", "c", "d", "e"] { _ = try await host.send(label, expiry: 3600) }
        try await host.pay("b")
        func labels(_ list: InvoiceList) async throws -> [String] {
            var labels: [String] = []
            for try await record in list { labels.append(record.label) }
            return labels
        }
        #expect(try await labels(host.payee.listInvoices(limit: 2)) == ["a", "b", "c", "d", "e"])
        #expect(try await labels(host.payee.listInvoices(status: .paid, limit: 1)) == ["b"])
        #expect(try await labels(host.payee.listInvoices(index: .updated)) == ["b"])
        #expect(try await labels(host.payee.listInvoices(start: 4)) == ["d", "e"])
        let page = try await host.payee.listInvoices(limit: 2).page()
        #expect(page.records.map(\.label) == ["a", "b"] && page.next == 3)
        let wrong = try await error { _ = try await host.payee.listInvoices(limit: 0).page() }
        #expect(wrong.code == .invalidParameter)
        try await host.payee.close()
    }

    @Test func aPreviewChangesNothing() async throws {
        let store = TestStore()
        let host = try await Opened.open(store: store)
        let before = store.entries
        let preview = try await host.payee.preview(refund)
        #expect(preview.amountMsat == 20_000_001 && preview.answerable && !preview.signed)
        #expect(preview.receivable == nil && !preview.alreadyAnswered && preview.error == nil)
        #expect(store.entries == before)
        _ = try await host.send("a")
        #expect(try await host.payee.preview(refund).alreadyAnswered)
        let wrong = try await error { _ = try await host.payee.preview("lnr1") }
        #expect(wrong.code == .emptyStream)
        try await host.payee.close()
    }

    @Test func aCancelledCallEndsAndItsInvoiceDoesNot() async throws {
        let host = try await Opened.open()
        let call = try await host.send("a", expiry: 3600)
        call.cancel()
        let ended = try await error { _ = try await call.value }
        #expect(ended.code == .cancelled && ended.retryable)
        let payee = host.payee
        let waits = Task { try await payee.waitInvoice("a") }
        let any = Task { try await payee.waitAnyInvoice() }
        waits.cancel()
        #expect(try await error { _ = try await waits.value }.code == .cancelled)
        let joined = Task {
            try await payee.sendInvoice(refund, label: "a", expiry: 3600, existing: .join, again: true)
        }
        let paid = try await host.pay("a")
        #expect(try await joined.value == paid)
        #expect(try await any.value == paid)
        // One that is cancelled before it begins asks for nothing.
        let asked = host.source.asked.value.count
        let never = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await payee.sendInvoice(refund, label: "never", again: true)
        }
        never.cancel()
        #expect(try await error { _ = try await never.value }.code == .cancelled)
        #expect(host.source.asked.value.count == asked)
        try await payee.close()
    }

    @Test func aCallThatIsCancelledWhileItsSourceThinksLeavesNoWait() async throws {
        let (inputs, isAsked, mayAnswer) = (Shared(0), Shared(false), Shared(false))
        let (throwDice, source) = (dice(), TestSource())
        source.create.value = { request in
            isAsked.value = true
            while !mayAnswer.value { try await Task.sleep(nanoseconds: 1_000_000) }
            return payment(request.amountMsat)
        }
        let host = try await Opened.open(source: source) {
            inputs.with { $0 += 1 }
            return try throwDice()
        }
        let payee = host.payee
        let call = Task { try await payee.sendInvoice(refund, label: "a", timeout: 30, expiry: 600) }
        try await until("the source is asked") { isAsked.value }
        call.cancel()
        #expect(try await error { _ = try await call.value }.code == .cancelled)
        mayAnswer.value = true
        try await until("it is sent") { try await payee.listInvoices().page().records.first?.delivery.state == .sent }
        try await Task.sleep(nanoseconds: 50_000_000)
        let before = inputs.value
        // At the end of a wait there would be a tick.
        host.clock.go(30_000)
        try await Task.sleep(nanoseconds: 50_000_000)
        #expect(inputs.value == before)
        try await payee.close()
    }

    @Test func aReportIsNotLostWithItsCaller() async throws {
        let store = TestStore()
        let host = try await Opened.open(store: store)
        _ = try await host.send("a", expiry: 3600)
        let record = try await host.get("a")
        let isWriting = Shared(false)
        store.before.value = { _ in
            isWriting.value = true
            try await Task.sleep(nanoseconds: 100_000_000)
        }
        let (payee, now) = (host.payee, host.clock.now)
        let report = Task {
            try await payee.paymentReceived(
                paymentHash: record.paymentHash, amountMsat: record.amountMsat, paidAt: now)
        }
        try await until("the report is being written") { isWriting.value }
        report.cancel()
        #expect(try await report.value.status == .paid)
        try await payee.close()
    }

    @Test func theFirstReaderGetsWhatHappenedWhileThePayeeWasOpened() async throws {
        let store = MemoryStore()
        let before = try await Opened.open(store: store.clone())
        _ = try await before.send("a", expiry: 3600)
        try await before.payee.close()
        let host = try await Opened.open(store: store, clock: TestClock(before.clock.nowMs() - 5_000))
        let streams = [host.payee.events, host.payee.events]
        try await host.payee.close()
        var kinds: [[String]] = []
        for stream in streams {
            var read: [String] = []
            for await event in stream { read.append(event.kind) }
            kinds.append(read)
        }
        #expect(kinds == [["clock_behind"], []])
    }

    @Test func eventsReachEveryReader() async throws {
        let host = try await Opened.open()
        let payee = host.payee
        let readers = (0..<3).map { _ in
            let stream = payee.events
            return Task {
                var kinds: [String] = []
                for await event in stream { kinds.append(event.kind) }
                return kinds
            }
        }
        let few = payee.events
        let first = Task { await few.first { _ in true }?.kind }
        _ = try await host.send("a", expiry: 3600)
        try await host.pay("a")
        #expect(await first.value == "created")
        try await payee.close()
        for reader in readers {
            #expect(await reader.value == ["created", "delivery", "delivery", "claiming", "paid"])
        }
        #expect(await payee.events.first { _ in true } == nil, "nothing comes after the close")
    }

    @Test func aReaderWhoFallsBehindIsToldHowMuchItMissed() async throws {
        let host = try await Opened.open()
        let stream = host.payee.events
        _ = try await host.send("a", expiry: 1 << 30)
        var sent = host.transport.sent.value.count
        while host.events.value.count < 1040 {
            _ = try await host.payee.resend("a")
            try await until("the copy leaves") {
                host.clock.go(250)
                return host.transport.sent.value.count > sent
            }
            sent = host.transport.sent.value.count
        }
        let told = host.events.value.count
        var iterator = stream.makeAsyncIterator()
        guard case .missed(let count) = await iterator.next() else { throw HostError("it missed nothing") }
        #expect(count >= told - 1024 && count > 0)
        try await host.payee.close()
    }

    @Test func closingEndsWhatWaitsAndGivesEverythingBack() async throws {
        let host = try await Opened.open()
        let payee = host.payee
        let call = try await host.send("a", expiry: 3600)
        let any = Task { try await payee.waitAnyInvoice() }
        try await payee.close()
        try await payee.close()
        for waiting in [call, any] {
            let ended = try await error { _ = try await waiting.value }
            #expect(ended.code == .cancelled && !ended.retryable)
        }
        #expect(host.transport.closed.value == 1)
        #expect(try await error { try await payee.resume() }.code == .cancelled)
        #expect(try await error { _ = try await payee.replyNodeId() }.code == .cancelled)
        await #expect(throws: StoreError.self) {
            _ = try await host.store.range(from: Data(), to: Data([0xff]), limit: 1)
        }
    }

    @Test func aPayeeThatIsLetGoClosesItself() async throws {
        let (store, transport) = (MemoryStore(), TestTransport())
        do {
            let options = PayeeOptions(
                network: .bitcoin, store: store, source: TestSource(), transport: transport,
                seed: Data(repeating: 7, count: 32))
            let payee = try await Payee.open(options)
            _ = try await payee.preview(refund)
        }
        try await until("the transport is closed") { transport.closed.value == 1 }
    }

    @Test func aPayeeThatCannotBeOpenedClosesTheStoreAndTheTransport() async throws {
        let store = MemoryStore()
        let host = try await Opened.open(store: store.clone())
        try await host.payee.close()
        for (seed, wallet, code) in [
            (Data(repeating: 8, count: 32), "main", ErrorCode.wrongStore),
            (Data(count: 31), "main", .invalidParameter),
            (Data(repeating: 7, count: 32), "no spaces", .invalidParameter),
        ] {
            let (transport, handle) = (TestTransport(), store.clone())
            let refused = try await error {
                _ = try await Opened.open(store: handle, transport: transport, seed: seed, walletId: wallet)
            }
            #expect(refused.code == code)
            #expect(transport.closed.value == 1)
            await #expect(throws: StoreError.self) { _ = try await handle.range(from: Data(), to: Data(), limit: 1) }
        }
    }

    @Test func nothingShowsASecret() async throws {
        let host = try await Opened.open()
        _ = try await host.send("a", expiry: 3600)
        let record = try await host.get("a")
        let approval = try await host.payee.claim(
            paymentHash: record.paymentHash, totalMsat: record.amountMsat, firstHtlcAt: host.clock.now)
        let preimage = try #require(approval.preimage)
        let seed = Data(repeating: 7, count: 32)
        let options = PayeeOptions(
            network: .bitcoin, store: MemoryStore(), source: host.source, transport: host.transport, seed: seed)
        var dumped = ""
        dump(options, to: &dumped)
        let shown = [
            "\(host.payee)", String(reflecting: host.payee), "\(options)", String(reflecting: options), dumped,
            "\(host.events.value)", "\(approval)",
        ]
        for text in shown {
            #expect(!text.contains(seed.hex) && !text.contains(preimage.hex))
            #expect(!text.contains("\([UInt8](seed))") && !text.contains("\([UInt8](preimage))"))
        }
        #expect(!dumped.contains("- 7"))
        try await host.payee.close()
    }

    @Test func aSignerOfTheHostSigns() async throws {
        let host = try await Opened.open(signer: WrongSigner())
        let wrong = try await error {
            try await host.payee.sendInvoice(refund, label: "a", invoiceNodeId: node)
        }
        #expect(wrong.code == .signerFailed)
        let none = try await Opened.open()
        let missing = try await error {
            try await none.payee.sendInvoice(refund, label: "a", invoiceNodeId: node)
        }
        #expect(missing.code == .signerFailed)
        try await host.payee.close()
        try await none.payee.close()
    }
}

private struct WrongSigner: Signer {
    func sign(_ request: SignRequest) async throws -> Data {
        #expect(request.nodeId == node && request.digest.count == 32)
        return Data(count: 64)
    }
}

/// A store whose reads fail in a task that is cancelled.
private struct Cancellable: Store {
    let inner: TestStore

    func range(from start: Data, to end: Data, limit: Int) async throws -> [Entry] {
        try Task.checkCancellation()
        return try await inner.range(from: start, to: end, limit: limit)
    }
    func write(_ batch: Batch) async throws { try await inner.write(batch) }
    func close() async throws { try await inner.close() }
}

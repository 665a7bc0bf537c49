package invreq

import invreq.core.StoreError
import invreq.support.REFUND
import invreq.support.Stage
import invreq.support.TestSource
import invreq.support.TestStore
import invreq.support.TestTransport
import invreq.support.dice
import invreq.support.errorOf
import invreq.support.hex
import invreq.support.onStage
import invreq.support.payment
import java.security.MessageDigest
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.test.runTest
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class PayeeTest {
    @Test
    fun `an invoice is sent, claimed and paid`() =
        onStage {
            val call = send("refund 1", expiry = 3600)
            val asked = (source as TestSource).asked.single()
            val sent = transport.sent.single()
            assertEquals("refund 1" to sent.nodeId, sent.label to sent.packet.firstHop)
            val hash = asked.paymentHash
            val verdict = payee.judge(hash, asked.amountMsat, clock.now) as Verdict.Settle
            val again = payee.judge(hash, asked.amountMsat, clock.now) as Verdict.Settle
            assertArrayEquals(verdict.preimage, again.preimage, "asking again gives the same answer")
            assertEquals(Verdict.Unknown, payee.judge("00".repeat(32), 1, clock.now))
            assertTrue(call.isActive)
            val paid = payee.paymentReceived(hash, asked.amountMsat, clock.now)
            val record = call.await()
            assertEquals(paid.toRpc(), record.toRpc())
            assertArrayEquals(verdict.preimage, record.payment!!.paymentPreimage)
            assertEquals(Triple(20_000_001L, Status.PAID, 1L), Triple(record.amountMsat, record.status, record.createdIndex))
            settle()
            assertEquals(listOf("Created", "Delivery", "Delivery", "Claiming", "Paid"), kinds())
            assertEquals(record.toRpc(), payee.waitAnyInvoice().toRpc())
            assertEquals(record.toRpc(), payee.waitInvoice("refund 1").toRpc())
            val later = payee.judge(hash, asked.amountMsat, clock.now) as Verdict.Settle
            assertArrayEquals(verdict.preimage, later.preimage, "whoever forgot settles again")
            payee.delInvoice("refund 1", Status.PAID)
            val error = errorOf { payee.waitInvoice("refund 1") }
            assertEquals(ErrorCode.NOT_FOUND to 905, error.code to error.rpcCode)
        }

    @Test
    fun `the host may keep the preimage`() {
        val preimage = ByteArray(32) { 5 }
        val hash = MessageDigest.getInstance("SHA-256").digest(preimage).hex()
        val source = TestSource().apply { answer = { payment(20_000_001).copy(paymentHash = hash) } }
        onStage({ Stage(it, source = source) }) {
            val call = send("a")
            assertNull((payee.judge(hash, 20_000_001, clock.now) as Verdict.Settle).preimage)
            assertEquals(
                ErrorCode.PREIMAGE_REQUIRED,
                errorOf { payee.paymentReceived(hash, 20_000_001, clock.now) }.code,
            )
            assertEquals(
                ErrorCode.PREIMAGE_MISMATCH,
                errorOf { payee.paymentReceived(hash, 20_000_001, clock.now, ByteArray(32)) }.code,
            )
            payee.paymentReceived(hash, 20_000_001, clock.now, preimage)
            assertArrayEquals(preimage, call.await().payment!!.paymentPreimage)
        }
    }

    @Test
    fun `a verdict for every answer to a claim`() =
        onStage {
            send("a", expiry = 60)
            val hash = get("a").paymentHash
            val refused =
                listOf(
                    Triple(1L, 0L, ErrorCode.AMOUNT_TOO_LOW),
                    Triple(50_000_000L, 0L, ErrorCode.AMOUNT_TOO_HIGH),
                    Triple(20_000_001L, 61L, ErrorCode.CLAIM_TOO_LATE),
                )
            for ((total, later, code) in refused) {
                assertEquals(code, (payee.judge(hash, total, clock.now + later) as Verdict.Fail).error.code)
            }
            (store as TestStore).before = { throw StoreException(StoreError.Failed("the disk is gone")) }
            val hold = payee.judge(hash, 20_000_001, clock.now) as Verdict.Hold
            assertEquals(ErrorCode.STORE_FAILED to true, hold.error.code to hold.error.retryable)
            assertTrue("the disk is gone" in hold.error.message)
            store.before = {}
            assertTrue(payee.judge(hash, 20_000_001, clock.now) is Verdict.Settle)
            settle()
            payee.claimFailed(hash)
            settle()
            assertTrue("ClaimFailed" in kinds())
            // They would be held for ever.
            for ((none, total) in listOf("" to 1L, "00" to 1L, "g".repeat(64) to 1L, hash + "00" to 1L, hash to -1L)) {
                assertEquals(ErrorCode.INVALID_PARAMETER, errorOf { payee.judge(none, total, clock.now) }.code, none)
            }
        }

    @Test
    fun `who is cancelled in a call ends the wait, not the invoice`() =
        onStage {
            val call = send("a", expiry = 600)
            call.cancel(CancellationException("enough"))
            settle()
            assertTrue(call.isCancelled)
            assertEquals(Status.UNPAID, get("a").status)
            val joined = send("a", expiry = 600, existing = Existing.JOIN, again = false)
            pay("a")
            assertEquals(Status.PAID, joined.await().status)
            assertEquals(1, payee.listInvoices().toList().size)
        }

    @Test
    fun `who is cancelled while the source thinks leaves no wait`() {
        val (throwDice, source, answer) = Triple(dice(1_000), TestSource(), CompletableDeferred<Unit>())
        source.answer = {
            answer.await()
            payment(it.amountMsat)
        }
        var inputs = 0
        val entropy = Entropy { throwDice.bytes().also { inputs += 1 } }
        onStage({ Stage(it, source = source, entropy = entropy) }) {
            val call = send("a", expiry = 600, timeout = 30)
            call.cancel(CancellationException("enough"))
            settle()
            answer.complete(Unit)
            settle()
            assertTrue(call.isCancelled)
            assertEquals(1, transport.sent.size)
            val before = inputs
            // At the end of a wait there would be a tick.
            go(30_000)
            assertEquals(before, inputs)
        }
    }

    @Test
    fun `who is cancelled in the middle of a write leaves nothing half done`() =
        onStage {
            val gate = CompletableDeferred<Unit>()
            (store as TestStore).before = { gate.await() }
            val call = call { sendInvoice(REFUND, "a", expiry = 600) }.also { it.cancel() }
            settle()
            gate.complete(Unit)
            go(250)
            assertTrue(call.isCancelled)
            store.before = {}
            val kept = payee.listInvoices().toList()
            assertTrue(kept.size <= 1)
            // Whether it got as far or not: the same call takes it up, or begins it.
            val again = send("a", expiry = 600, existing = Existing.JOIN, again = false)
            pay("a")
            assertEquals(Status.PAID, again.await().status)
        }

    @Test
    fun `after a crash it goes on where it was`() =
        runTest {
            val before = Stage(this).open()
            before.send("a", expiry = 600)
            val copy = (before.store as TestStore).reopened()
            before.payee.shutdown()
            val after = Stage(this, store = copy, clock = before.clock).open()
            val call = after.call { sendInvoice(REFUND, "a", expiry = 600, existing = Existing.JOIN) }
            after.pay("a")
            assertEquals(Status.PAID, call.await().status)
            after.payee.shutdown()
        }

    @Test
    fun `a host that fails, says nonsense or never answers`() {
        val answers =
            listOf<suspend () -> InboundPayment>(
                { throw IllegalStateException("the node is away") },
                { payment(20_000_001).copy(paymentHash = "nonsense") },
                { payment(20_000_001).copy(preimage = ByteArray(3)) },
                { payment(20_000_001).copy(pathsExpireAt = -1) },
                { kotlinx.coroutines.withTimeout(1) { awaitCancellation() } },
                { awaitCancellation() },
            )
        for (answer in answers) {
            onStage({ Stage(it, source = TestSource().apply { this.answer = { answer() } }) }) {
                val call = send("a", timeout = 600)
                go(60_000)
                kotlinx.coroutines.delay(10)
                settle()
                val error = errorOf { call.await() }
                assertEquals(ErrorCode.SOURCE_FAILED, error.code, error.message)
            }
        }
    }

    @Test
    fun `what is wrong with a parameter`() =
        onStage {
            val wrong =
                listOf<Pair<ErrorCode, suspend () -> Any?>>(
                    ErrorCode.INVALID_PARAMETER to { payee.sendInvoice(REFUND, "a", amountMsat = -1) },
                    ErrorCode.INVALID_PARAMETER to { payee.sendInvoice(REFUND, "a", timeout = 1L shl 32) },
                    ErrorCode.INVALID_PARAMETER to { payee.sendInvoice(REFUND, "a", invoiceNodeId = "02") },
                    ErrorCode.INVALID_EXPIRY to { payee.sendInvoice(REFUND, "a", expiry = 0) },
                    ErrorCode.QUANTITY_NOT_ALLOWED to { payee.sendInvoice(REFUND, "a", quantity = 1) },
                    ErrorCode.AMOUNT_MISMATCH to { payee.sendInvoice(REFUND, "a", amountMsat = 1) },
                    ErrorCode.INVALID_LABEL to { payee.sendInvoice(REFUND, "") },
                    ErrorCode.INVALID_LABEL to { payee.sendInvoice(REFUND, "\ud800") },
                    ErrorCode.INVALID_LABEL to { payee.sendInvoice(REFUND, "é".repeat(129)) },
                    ErrorCode.INVALID_LABEL to { payee.sendInvoice(REFUND, "\u0000") },
                    ErrorCode.STRING_TOO_LONG to { payee.preview("q".repeat(70_000)) },
                    ErrorCode.INVALID_PREFIX to { payee.preview("") },
                    ErrorCode.INVALID_PARAMETER to { payee.claim("xyz", 1, 1) },
                    ErrorCode.INVALID_PARAMETER to { payee.claim("00".repeat(32), -1, 1) },
                    ErrorCode.INVALID_PARAMETER to { payee.claimFailed("é") },
                    ErrorCode.INVALID_PARAMETER to { payee.paymentReceived("00".repeat(32), 1, 1, ByteArray(31)) },
                    ErrorCode.INVALID_PARAMETER to { payee.receiveOnionMessage(ByteArray(65_537)) },
                    ErrorCode.INVALID_PARAMETER to { payee.receiveOnionMessage(ByteArray(1), "02") },
                    ErrorCode.INVALID_PARAMETER to { payee.receiveInvoiceError(ByteArray(31), ByteArray(1)) },
                    ErrorCode.INVALID_PARAMETER to { payee.listInvoices(limit = -1).page() },
                    ErrorCode.INVALID_PARAMETER to { payee.listInvoices(limit = 0).page() },
                    ErrorCode.INVALID_PARAMETER to { payee.waitAnyInvoice(-1) },
                )
            for ((at, case) in wrong.withIndex()) {
                val error = errorOf { case.second() }
                assertEquals(case.first, error.code, "case $at: ${error.message}")
            }
            payee.receiveOnionMessage(ByteArray(40_000))
            payee.receiveInvoiceError(ByteArray(32), ByteArray(5))
            assertEquals(2, payee.ignoredReplies())
        }

    @Test
    fun `what waits ends with its time, and every wait with the payee`() =
        onStage {
            val call = send("a", timeout = 60, expiry = 600)
            val any = call { waitAnyInvoice(timeout = 5) }
            val forever = call { waitAnyInvoice() }
            go(6_000)
            assertEquals(ErrorCode.WAIT_ANY_TIMEOUT to 904, errorOf { any.await() }.let { it.code to it.rpcCode })
            go(60_000)
            val late = errorOf { call.await() }
            assertEquals(ErrorCode.WAIT_TIMEOUT to 1005, late.code to late.rpcCode)
            assertEquals("a", late.record!!.label)
            go(600_000)
            assertEquals(Status.EXPIRED, get("a").status)
            payee.shutdown()
            val closed = errorOf { forever.await() }
            assertEquals(ErrorCode.CANCELLED to false, closed.code to closed.retryable)
            assertEquals(ErrorCode.CANCELLED, errorOf { payee.resume() }.code)
            assertEquals(ErrorCode.CANCELLED, errorOf { payee.replyNodeId() }.code)
            assertTrue((store as TestStore).closed && transport.closed)
        }

    @Test
    fun `events come to all who collect, and whoever is too slow is told so`() =
        onStage {
            repeat(300) { send("$it", expiry = 3600) }
            assertTrue(events.size >= 900)
            val slow = call { events.take(3).toList() }
            repeat(2) { send("late $it", expiry = 3600) }
            assertEquals(3, slow.await().size)
            val first = call { events.first { it is PayeeEvent.Expired } }
            go(4_000_000)
            assertTrue(first.isCompleted)
            payee.shutdown()
            assertEquals(emptyList<PayeeEvent>(), payee.events.toList(), "what comes after the end ends at once")
        }

    @Test
    fun `a transport in trouble is told of, and the copy goes out later`() {
        val transport = TestTransport().apply { outcome = { throw IllegalStateException("no battery") } }
        onStage({ Stage(it, transport = transport) }) {
            send("a", expiry = 3600)
            val trouble = events.filterIsInstance<PayeeEvent.Trouble>().first().error
            assertEquals(ErrorCode.MISSING_ANSWER, trouble.code)
            assertTrue("no battery" in trouble.message)
            transport.outcome = { SendOutcome.ACCEPTED }
            repeat(10) { go(10_000) }
            assertEquals(DeliveryState.SENT, get("a").delivery.state)
        }
    }

    @Test
    fun `a payee that cannot be opened closes what it was given`() =
        runTest {
            val (store, transport) = TestStore() to TestTransport()
            val first = Stage(this, store = store).open()
            first.send("a")
            val copy = store.reopened()
            first.payee.shutdown()
            val error = errorOf { Stage(this, store = copy, transport = transport, seed = ByteArray(32) { 8 }).open() }
            assertEquals(ErrorCode.WRONG_STORE, error.code)
            assertTrue(copy.closed && transport.closed)
            val bad = errorOf { Stage(this, seed = ByteArray(31)).open() }
            assertEquals(ErrorCode.INVALID_PARAMETER, bad.code)
            assertFalse("0707" in bad.message)
            assertEquals(ErrorCode.INVALID_PARAMETER, errorOf { Stage(this, walletId = "a b").open() }.code)
        }

    @Test
    fun `a record made by hand is an error, not a defect`() =
        onStage {
            send("a", expiry = 600)
            val error = errorOf { get("a").copy(paymentHash = "nonsense").toRpc() }
            assertEquals(ErrorCode.INVALID_PARAMETER, error.code)
        }

    @Test
    fun `a preview changes nothing`() =
        onStage {
            val preview = payee.preview(REFUND)
            assertEquals(20_000_001L to true, preview.amountMsat to preview.answerable)
            assertFalse(preview.signed)
            assertEquals(0, payee.listInvoices().toList().size)
            assertEquals(ErrorCode.WRONG_TYPE, errorOf { payee.preview("lno1pqpzwyq2p32x2um5ypmx2cm5dae8x93pqthvwfzadd7jejes8q9lhc4rvjxd022zv5l44g6qah82ru5rdpnpj") }.code)
        }

    @Test
    fun `pages come one after the other`() =
        onStage {
            repeat(7) { send("$it", expiry = 3600) }
            val list = payee.listInvoices(limit = 3)
            assertEquals(3 to 4L, list.page().let { it.records.size to it.next })
            assertEquals((0..6).map { "$it" }, list.toList().map { it.label })
            assertEquals(listOf("5", "6"), payee.listInvoices(start = 6).toList().map { it.label })
            pay("2")
            assertEquals(listOf("2"), payee.listInvoices(status = Status.PAID).toList().map { it.label })
            assertEquals(listOf("2"), payee.listInvoices(index = ListIndex.UPDATED).toList().map { it.label })
        }
}

package invreq

import invreq.core.ReplyPath
import invreq.support.NODE
import invreq.support.Stage
import invreq.support.TestSource
import invreq.support.TestStore
import invreq.support.TestTransport
import invreq.support.errorOf
import invreq.support.onStage
import invreq.support.payment
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.delay
import kotlinx.coroutines.test.runTest
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** What a host's code can do that is no answer and no plain exception. */
class HostFaultTest {
    private val faults =
        listOf<suspend () -> Unit>(
            { withTimeout(1) { awaitCancellation() } },
            { throw CancellationException("enough") },
            { TODO("later") },
            { throw NoClassDefFoundError("there is none") },
        )

    /** Lets the time limits of a host's own code run out. */
    private suspend fun Stage.runOut() {
        delay(10)
        settle()
    }

    @Test
    fun `a store that gives up by itself, or breaks, ends the call`() {
        for (fault in faults) {
            onStage {
                send("a", expiry = 600)
                val record = get("a")
                (store as TestStore).before = fault
                val judged = call { judge(record.paymentHash, record.amountMsat, clock.now) }
                val resumed = call { receiveOnionMessage(ByteArray(1)) }
                runOut()
                assertTrue(judged.isCompleted && resumed.isCompleted, "nobody waits for ever")
                val hold = judged.await() as Verdict.Hold
                assertEquals(ErrorCode.STORE_FAILED to true, hold.error.code to hold.error.retryable)
                store.before = {}
                assertTrue(payee.judge(record.paymentHash, record.amountMsat, clock.now) is Verdict.Settle)
            }
        }
    }

    @Test
    fun `what became of a copy is written once such a store is well again`() {
        for (fault in faults) {
            onStage {
                transport.outcome = {
                    (store as TestStore).before = fault
                    SendOutcome.ACCEPTED
                }
                send("a", expiry = 3600)
                runOut()
                (store as TestStore).before = {}
                transport.outcome = { SendOutcome.ACCEPTED }
                go(1_000)
                assertEquals(DeliveryState.SENT, get("a").delivery.state)
                assertEquals(1, transport.sent.size)
            }
        }
    }

    @Test
    fun `a store or a transport that gives up by itself fails whoever opens, catches up and closes`() {
        for (fault in faults) {
            runTest {
                val store = Unreadable()
                val transport = object : TestTransport() {
                    override suspend fun close() = fault()
                }
                val stage = Stage(this, store = store, transport = transport).open()
                store.before = fault
                assertEquals(ErrorCode.STORE_FAILED, errorOf { stage.payee.resume() }.code)
                assertEquals(ErrorCode.MISSING_ANSWER, errorOf { stage.payee.shutdown() }.code)
                assertEquals(ErrorCode.STORE_FAILED, errorOf { Stage(this, store = store).open() }.code)
            }
        }
    }

    /** A store whose reading can be kept from working. */
    private class Unreadable(
        private val inner: TestStore = TestStore(),
    ) : Store by inner {
        var before: suspend () -> Unit = {}

        override suspend fun range(
            start: ByteArray,
            end: ByteArray,
            limit: Int,
        ): List<Entry> {
            before()
            return inner.range(start, end, limit)
        }
    }

    @Test
    fun `a clock and dice that break are an error of the call`() =
        runTest {
            var isBroken = false
            val stage = Stage(this, entropy = { if (isBroken) TODO("later") else ByteArray(32) { it.toByte() } }).open()
            isBroken = true
            val error = errorOf { stage.payee.resume() }
            assertEquals(ErrorCode.INVALID_PARAMETER to true, error.code to error.retryable)
            isBroken = false
            stage.payee.shutdown()
        }

    @Test
    fun `what a source gives has an end`() {
        val path = payment(20_000_001).paths.single()
        val hop = path.path.hops.single()
        val long = path.copy(path = path.path.copy(hops = List(256) { hop }))
        for ((paths, what) in listOf(List(65) { path } to "paths", listOf(path, long) to "paths[1].path.hops")) {
            val source = TestSource().apply { answer = { payment(it.amountMsat).copy(paths = paths) } }
            onStage({ Stage(it, source = source) }) {
                val error = errorOf { payee.sendInvoice(invreq.support.REFUND, "a") }
                assertEquals(ErrorCode.SOURCE_FAILED, error.code)
                assertTrue("$what has to have at most" in error.message, error.message)
            }
        }
    }

    @Test
    fun `what a transport says of a way has an end`() {
        val many = List(33) { NODE }
        val routes =
            listOf(
                Route(many, emptyList(), false, ReplyPath.None),
                Route(emptyList(), many, false, ReplyPath.None),
                Route(emptyList(), emptyList(), false, ReplyPath.Ours(many)),
                Route(emptyList(), emptyList(), false, ReplyPath.Node(many, NODE)),
            )
        for (route in routes) {
            val transport =
                object : TestTransport() {
                    override suspend fun findRoute(nodeId: String) = route
                }
            onStage({ Stage(it, transport = transport) }) {
                send("a", expiry = 3600)
                assertEquals(0, transport.sent.size, "nothing goes out")
            }
        }
    }

    @Test
    fun `a preimage of the caller and of the host stays as it is`() {
        val preimage = ByteArray(32) { 5 }
        val hash = java.security.MessageDigest.getInstance("SHA-256").digest(preimage)
        val text = hash.joinToString("") { "%02x".format(it) }
        val source = TestSource().apply { answer = { payment(it.amountMsat).copy(paymentHash = text, preimage = preimage) } }
        onStage({ Stage(it, source = source) }) {
            send("a", expiry = 3600)
            assertTrue(payee.judge(text, 20_000_001, clock.now) is Verdict.Settle)
            payee.paymentReceived(text, 20_000_001, clock.now, preimage)
            assertEquals(Status.PAID, get("a").status)
            assertFalse(preimage.any { it != 5.toByte() }, "only copies are wiped")
        }
    }
}

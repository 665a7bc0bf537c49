package invreq.support

import invreq.Batch
import invreq.BlindedHop
import invreq.BlindedPath
import invreq.Clock
import invreq.Delivery
import invreq.Entropy
import invreq.Entry
import invreq.InboundPayment
import invreq.InboundPaymentRequest
import invreq.PayInfo
import invreq.PaymentPath
import invreq.PaymentSource
import invreq.SendOutcome
import invreq.Store
import invreq.StoreException
import invreq.Transport
import invreq.core.Conflict
import invreq.core.Introduction
import invreq.core.StoreError
import java.nio.ByteBuffer
import java.util.TreeMap
import kotlinx.coroutines.CompletableDeferred

/** Some point of the curve. */
const val NODE = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"

/** A refund of an LDK node on bitcoin, without an end. */
const val REFUND =
    "lnr1qqsqzqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqg2peq4gnfqwa5hg6rywfshwctvp" +
        "czwu6egqqfq7ct5d4qx27rpd4cxcefwvdhk65syqycj6q2cyypjgef743p5fzqq9nqxh0ah7y87rzv3ud0eleps9kl2d5348hq2k8zeqe6xsctwddes"

/** A store in this language, in which a test can see everything. */
class TestStore(
    val data: TreeMap<String, ByteArray> = TreeMap(),
) : Store {
    var closed = false

    /** Called before each write; it may throw, or wait. */
    var before: suspend () -> Unit = {}

    override suspend fun range(
        start: ByteArray,
        end: ByteArray,
        limit: Int,
    ): List<Entry> {
        check()
        val (from, to) = start.hex() to end.hex()
        return synchronized(data) {
            if (from >= to) return emptyList()
            data.subMap(from, to).entries.take(limit).map { (key, value) -> Entry(key.unhex(), value.copyOf()) }
        }
    }

    override suspend fun write(batch: Batch) {
        check()
        before()
        synchronized(data) {
            val before = if (batch.revision == 1L) null else revision(batch.revision - 1)
            if (!data[batch.revisionKey.hex()].contentEquals(before)) throw StoreException(StoreError.Conflict(Conflict.Revision))
            batch.absent.firstOrNull { it.hex() in data }?.let { throw StoreException(StoreError.Conflict(Conflict.Present(it))) }
            batch.puts.forEach { data[it.key.hex()] = it.value.copyOf() }
            batch.deletes.forEach { data.remove(it.hex()) }
            data[batch.revisionKey.hex()] = revision(batch.revision)
        }
    }

    override suspend fun close() {
        closed = true
    }

    /** The same data for another payee, as after a crash. */
    fun reopened() = TestStore(TreeMap(data))

    private fun revision(number: Long) = ByteBuffer.allocate(8).putLong(number).array()

    private fun check() {
        if (closed) throw StoreException(StoreError.Closed)
    }
}

fun payment(amountMsat: Long): InboundPayment {
    val path = BlindedPath(Introduction.NodeId(NODE), NODE, listOf(BlindedHop(NODE, ByteArray(50))))
    val payinfo = PayInfo(0, 0, 0, 0, amountMsat, ByteArray(0))
    return InboundPayment(null, null, listOf(PaymentPath(path, payinfo)), false, null)
}

class TestSource : PaymentSource {
    val asked = ArrayList<InboundPaymentRequest>()
    var answer: suspend (InboundPaymentRequest) -> InboundPayment = { payment(it.amountMsat) }

    override suspend fun createInboundPayment(request: InboundPaymentRequest): InboundPayment {
        asked += request
        return answer(request)
    }
}

open class TestTransport : Transport {
    val sent = ArrayList<Delivery>()
    var closed = false
    var outcome: suspend () -> SendOutcome = { SendOutcome.ACCEPTED }

    override suspend fun send(delivery: Delivery): SendOutcome {
        sent += delivery
        return outcome()
    }

    override suspend fun close() {
        closed = true
    }
}

/** A clock that stands still until it is told to go. */
class TestClock(
    var ms: Long = 1_800_000_000_000,
) : Clock {
    private val sleepers = LinkedHashMap<CompletableDeferred<Unit>, Long>()

    /** The time, in Unix seconds. */
    val now get() = ms / 1000

    override fun nowMs() = ms

    override suspend fun sleepUntil(atMs: Long) {
        val sleeper = CompletableDeferred<Unit>()
        sleepers[sleeper] = atMs
        try {
            sleeper.await()
        } finally {
            sleepers -= sleeper
        }
    }

    /** So much time goes by, or comes back. */
    fun go(by: Long) {
        ms += by
        sleepers.filterValues { it <= ms || by < 0 }.keys.forEach { it.complete(Unit) }
    }
}

/** Dice that fall the same way every time they begin with the same number, and never twice alike. */
fun dice(first: Int = 0): Entropy {
    var throws = 0
    return Entropy {
        throws += 1
        ByteBuffer
            .wrap(ByteArray(32) { 9 })
            .putInt(first)
            .putInt(throws)
            .array()
    }
}

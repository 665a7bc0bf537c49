package invreq

import invreq.core.Answers
import invreq.core.Engine
import invreq.core.Opened
import invreq.support.REFUND
import invreq.support.TestSource
import invreq.support.TestTransport
import java.lang.management.ManagementFactory
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.atomic.AtomicInteger
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.newFixedThreadPoolContext
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout

/** Nothing grows, nothing waits for ever. */
@Timeout(120)
class LoadTest {
    /** What the process holds, the library's share included, and what of the collector's memory is in use, in bytes. */
    private fun held(): List<Long> {
        repeat(3) { System.gc() }
        Thread.sleep(100)
        val resident =
            Files
                .readAllLines(Path.of("/proc/self/status"))
                .first { it.startsWith("VmRSS") }
                .filter { it.isDigit() }
                .toLong() * 1024
        return listOf(resident, ManagementFactory.getMemoryMXBean().heapMemoryUsage.used)
    }

    /**
     * The growth of the process in so many rounds, after as many that warm up: by then everything is loaded and compiled, and as much waits
     * for the collector as ever will. What is lost is lost every time, while the machine takes some memory for itself now and then: the
     * least growth of three tries counts.
     */
    private fun growth(
        rounds: Int,
        work: () -> Unit,
    ): Long {
        fun go() =
            repeat(rounds) { round ->
                work()
                if (round % 2_000 == 0) System.gc()
            }
        go()
        var least = Long.MAX_VALUE
        repeat(3) {
            if (least >= MOST) {
                val before = held()
                go()
                least = minOf(least, held().zip(before) { after, before -> after - before }.max())
            }
        }
        return least
    }

    @Test
    fun `a hundred thousand strings are described without growth`() {
        val grown = growth(100_000) { decode(REFUND) }
        assertTrue(grown < MOST, "grown by $grown bytes")
    }

    @Test
    fun `forty thousand engines are opened and dropped without growth`() {
        val seed = ByteArray(32) { 7 }
        val grown =
            growth(40_000) {
                val opened = invreq.core.openEngine("bitcoin", "main", seed) as Opened.Engine
                // Every other one is left to the collector.
                if (opened.hashCode() % 2 == 0) opened.engine.close()
                Answers()
            }
        assertTrue(grown < MOST, "grown by $grown bytes")
    }

    @Test
    fun `a thousand payees are opened and closed without growth`() =
        runBlocking {
            val grown =
                growth(1_000) {
                    val options =
                        PayeeOptions(Network.BITCOIN, MemoryStore(), TestSource(), TestTransport(), ByteArray(32) { 7 })
                    runBlocking { Payee.open(options) }.use { runBlocking { it.replyNodeId() } }
                }
            assertTrue(grown < MOST, "grown by $grown bytes")
        }

    @OptIn(kotlinx.coroutines.DelicateCoroutinesApi::class)
    @Test
    fun `eight threads on one payee`() =
        runBlocking {
            val options = PayeeOptions(Network.BITCOIN, MemoryStore(), TestSource(), TestTransport(), ByteArray(32) { 7 })
            Payee.open(options).use { payee ->
                val created = AtomicInteger()
                val heard = launch(Dispatchers.Default) { payee.events.collect { if (it is PayeeEvent.Created) created.incrementAndGet() } }
                newFixedThreadPoolContext(8, "eight").use { threads ->
                    withTimeout(60_000) {
                        (0 until 8)
                            .map { thread ->
                                async(threads) {
                                    repeat(25) { at ->
                                        val label = "$thread-$at"
                                        val call = launch { payee.sendInvoice(REFUND, label, expiry = 3600, again = true) }
                                        var record = payee.listInvoices(label = label).toList().firstOrNull()
                                        while (record == null) record = payee.listInvoices(label = label).toList().firstOrNull()
                                        payee.preview(REFUND)
                                        decode(REFUND)
                                        if (at % 2 == 0) call.cancel()
                                        val now = System.currentTimeMillis() / 1000
                                        assertTrue(payee.judge(record.paymentHash, record.amountMsat, now) is Verdict.Settle)
                                        payee.paymentReceived(record.paymentHash, record.amountMsat, now)
                                        call.join()
                                    }
                                }
                            }.awaitAll()
                    }
                }
                val all = payee.listInvoices().toList()
                assertEquals(200, all.size)
                assertEquals((1L..200).toList(), all.map { it.payment!!.payIndex }.sorted())
                assertEquals((1L..200).toList(), all.map { it.createdIndex })
                payee.shutdown()
                heard.join()
                assertEquals(200, created.get())
            }
        }

    /** What one of so many calls costs of this thread's time, in nanoseconds: however busy the machine is. */
    private fun cpuTime(
        calls: Int,
        call: () -> Unit,
    ): Long {
        val threads = ManagementFactory.getThreadMXBean()
        val before = threads.currentThreadCpuTime
        repeat(calls) { call() }
        return (threads.currentThreadCpuTime - before) / calls
    }

    @Test
    fun `one call of the library costs microseconds`() {
        val opened = invreq.core.openEngine("bitcoin", "main", ByteArray(32) { 7 }) as Opened.Engine
        opened.engine.use { engine: Engine ->
            val calls = 20_000
            repeat(calls) { engine.ignoredReplies() }
            val nanos = cpuTime(calls) { engine.ignoredReplies() }
            val decoded = cpuTime(1_000) { decode(REFUND) }
            println("one call of the library: ${"%.1f".format(nanos / 1000.0)} µs; a request described: ${decoded / 1000} µs")
            assertTrue(nanos < 100_000, "$nanos ns")
        }
    }
}

/** What the collectors may have left over, in bytes. */
private const val MOST = 8L shl 20

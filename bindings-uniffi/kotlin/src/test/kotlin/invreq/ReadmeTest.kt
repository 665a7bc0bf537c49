package invreq

import invreq.support.NODE
import invreq.support.REFUND
import invreq.support.Stage
import invreq.support.TestSource
import invreq.support.errorOf
import invreq.support.hex
import invreq.support.onStage
import invreq.support.payment
import invreq.support.root
import java.nio.file.Files
import java.nio.file.Path
import java.security.MessageDigest
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** What the README calls its own. */
internal class MyService {
    fun addressesOf(nodeId: String): List<String> = listOf("203.0.113.7:9735").takeIf { nodeId.isNotEmpty() }.orEmpty()

    fun nodeOfChannel(
        scid: Long,
        direction: Int,
    ): String? = NODE.takeIf { scid + direction > 0 }
}

/** A node that has the preimage where the payment hash is its own. */
private class MyNode : PaymentSource {
    val own = ByteArray(32) { 5 }
    val did = ArrayList<String>()

    override suspend fun createInboundPayment(request: InboundPaymentRequest) = payment(request.amountMsat)

    fun settle(
        hash: String,
        preimage: ByteArray?,
    ): ByteArray = (preimage ?: own).also { did += "settled $hash" }

    fun fail(hash: String) {
        did += "failed $hash"
    }

    fun judgeAgainSoon(hash: String) {
        did += "asked again of $hash"
    }
}

/** The README's code, line by line as it stands there: it is compiled here, and a test sees to it that it is the same. */
class ReadmeTest {
    private fun firstSuccess() {
        val decoded = decode("lnr1qqsqzqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqg2peq4gnfqwa5hg6rywfshwctvpczwu6egqqfq7ct5d4qx27rpd4cxcefwvdhk65syqycj6q2cyypjgef743p5fzqq9nqxh0ah7y87rzv3ud0eleps9kl2d5348hq2k8zeqe6xsctwddes")
        println(decoded.summary)
        println("can be answered: ${decoded.answerable}")
        decoded.problem?.let { println("${it.code}: ${it.message}") }
        decoded.fields.forEach { println("${it.name}: ${it.value}") }
    }

    internal class MyDirectory(private val service: MyService) : Directory {   // what your service knows of the network
        override suspend fun addresses(nodeId: String): List<String> = service.addressesOf(nodeId) // listOf("203.0.113.7:9735")

        override suspend fun resolveScid(scid: Long, direction: Int): String? = service.nodeOfChannel(scid, direction)
    }

    private suspend fun answer(
        node: MyNode,
        service: MyService,
        file: String,
        request: String,
        seed: ByteArray,
    ) {
        val transport = TcpTransport(Network.BITCOIN, directory = MyDirectory(service)) // takes the invoice to the payer
        val options = PayeeOptions(
            network = Network.BITCOIN,
            store = SqliteStore.open(file),                               // where invoices are kept
            source = node,                                                // makes the paths the money comes in by: yours
            transport = transport,
            seed = seed,                                                  // 32 bytes the wallet uses for nothing else
        )
        Payee.open(options).use { payee ->
            val record = payee.sendInvoice(request, label = "refund 17", expiry = 3600, existing = Existing.JOIN)
            println(record.status)                                        // PAID
        }
    }

    private suspend fun onPayment(
        payee: Payee,
        node: MyNode,
        hash: String,
        totalMsat: Long,
        firstHtlcAt: Long,
        now: Long,
    ) {
        when (val verdict = payee.judge(hash, totalMsat, firstHtlcAt)) {
            is Verdict.Settle -> {
                val known = node.settle(hash, verdict.preimage)           // the preimage it settled with: its own, where this is null
                payee.paymentReceived(hash, totalMsat, now, known)
            }
            is Verdict.Fail -> node.fail(hash)
            is Verdict.Hold -> node.judgeAgainSoon(hash)                  // nobody can tell now: keep holding it, and ask again
            Verdict.Unknown -> {}                                         // it is for none of these invoices
        }
    }

    private suspend fun wrong(
        payee: Payee,
        request: String,
        retryLater: (InvoiceRecord) -> Unit,
        show: (String) -> Unit,
    ) {
        try {
            payee.sendInvoice(request, label = "refund 17")
        } catch (error: InvreqException) {
            when (error.code) {
                ErrorCode.NO_ROUTE -> retryLater(error.record!!)
                else -> show(error.message)
            }
        }
    }

    @Test
    fun `its code is the code of this file`() {
        fun lines(text: String) = text.lines().map { it.trim() }.filter { it.isNotEmpty() }.joinToString("\n")
        val here = lines(Files.readString(root.resolve("bindings-uniffi/kotlin/src/test/kotlin/invreq/ReadmeTest.kt")))
        val readme = Files.readString(root.resolve("bindings-uniffi/kotlin/README.md"))
        val blocks = readme.split("\n```kotlin\n").drop(1).map { lines(it.substringBefore("\n```")) }
        assertEquals(5, blocks.size)
        for (block in blocks) assertTrue(block in here, block)
    }

    @Test
    fun `it says what a request is`() = firstSuccess()

    @Test
    fun `a payment is settled, whoever made its hash`() {
        for (isOwn in listOf(false, true)) {
            val node = MyNode()
            val hash = MessageDigest.getInstance("SHA-256").digest(node.own).hex()
            val source = TestSource().apply { answer = { payment(AMOUNT).copy(paymentHash = if (isOwn) hash else null) } }
            onStage({ Stage(it, source = source) }) {
                val call = send("a", expiry = 3600)
                val given = get("a").paymentHash
                onPayment(payee, node, "00".repeat(32), AMOUNT, clock.now, clock.now)
                onPayment(payee, node, given, 1, clock.now, clock.now)
                onPayment(payee, node, given, AMOUNT, clock.now, clock.now)
                assertEquals(listOf("failed $given", "settled $given"), node.did)
                val preimage = call.await().payment!!.paymentPreimage
                assertEquals(isOwn, preimage.contentEquals(node.own))
                var shown = ""
                wrong(payee, REFUND.dropLast(1), { }) { shown = it }
                assertTrue(shown.isNotEmpty())
            }
        }
    }

    @Test
    fun `its directory finds the node at which a path begins`() =
        runBlocking {
            val transport = TcpTransport(Network.BITCOIN, directory = MyDirectory(MyService()))
            assertEquals(NODE, transport.resolveScid(1, 0))
            assertEquals(listOf("203.0.113.7:9735"), transport.findRoute(NODE)!!.connect)
            transport.close()
        }

    @Test
    fun `its wallet opens, and a text that is no request is refused`(
        @TempDir folder: Path,
    ) = runBlocking {
        val file = folder.resolve("wallet.db")
        val error = errorOf { answer(MyNode(), MyService(), "$file", "lnr1q", ByteArray(32) { 7 }) }
        assertEquals(ErrorCode.INVALID_PADDING, error.code)
        assertTrue(Files.exists(file))
    }

    private companion object {
        const val AMOUNT = 20_000_001L
    }
}

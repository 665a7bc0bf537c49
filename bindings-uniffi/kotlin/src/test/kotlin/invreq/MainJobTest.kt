package invreq

import com.google.gson.JsonParser
import invreq.support.TestClock
import invreq.support.TestServer
import invreq.support.errorOf
import invreq.support.text
import java.nio.file.Path
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import mynode.MyNode
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeAll
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import org.junit.jupiter.api.io.TempDir
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.ValueSource

/** The main job, on real nodes over TCP. */
@Timeout(120)
class MainJobTest {
    @TempDir
    lateinit var folder: Path

    /** The payer has paid the invoice of this record, and no other one for this wallet. */
    private suspend fun isPaidOnce(rpc: String) {
        val record = JsonParser.parseString(rpc).asJsonObject
        assertEquals("paid", record.text("status"))
        assertEquals(1, record["pay_index"].asLong)
        assertEquals(TestServer.AMOUNT, record["amount_received_msat"].asLong)
        fun sent() =
            server.control.events.filter {
                it.text("event") == "payment_sent" && it.text("payment_hash") == record.text("payment_hash")
            }
        withTimeout(20_000) { while (sent().isEmpty()) delay(20) }
        assertEquals(listOf(record.text("payment_preimage")), sent().map { it.text("preimage") })
    }

    private suspend fun open(
        node: MyNode,
        name: String = "wallet.db",
    ): Payee {
        val transport = TcpTransport(node.network, directory = node)
        val store = SqliteStore.open(folder.resolve(name).toString())
        return Payee.open(PayeeOptions(node.network, store, node, transport, node.seed))
    }

    @Test
    fun `a request is answered and paid, and is what it was when taken up again`() =
        runBlocking {
            MyNode(server.greeting).use { node ->
                val request = server.createRequest()
                val rpc =
                    open(node).use { payee ->
                        node.serve(payee)
                        payee.sendInvoice(request, "refund", timeout = 60, expiry = 600).toRpc()
                    }
                isPaidOnce(rpc)
                open(node).use { payee ->
                    val again = payee.sendInvoice(request, "refund", timeout = 60, expiry = 600, existing = Existing.JOIN)
                    assertEquals(rpc, again.toRpc())
                }
            }
        }

    @ParameterizedTest
    @ValueSource(strings = ["Created", "Delivery", "Claiming", "Paid"])
    fun `the example, killed and started again, is paid once`(moment: String) =
        runBlocking {
            val (request, file) = server.createRequest() to folder.resolve("wallet.db")
            val killed = server.example(request, file)
            val said = ArrayList<String>()
            val isSeen = killed.inputReader().lineSequence().onEach { said += it }.any { it == moment }
            val code = killed.destroyForcibly().waitFor()
            assertTrue(isSeen && said.none { "Exception" in it }, said.joinToString("\n"))
            // With the money there it may have ended by itself.
            assertTrue(code == KILLED || (moment == "Paid" && code == 0), "it ended with $code")
            val lines = server.example(request, file).inputReader().readLines()
            val paid = lines.last()
            assertTrue(paid.startsWith("paid: "), lines.joinToString("\n"))
            isPaidOnce(paid.removePrefix("paid: "))
            assertTrue("a refund of 50000000 msat: refund" in lines)
        }

    @Test
    fun `a payer that cannot pay says so`() =
        runBlocking {
            MyNode(server.greeting).use { node ->
                open(node).use { payee ->
                    val error = errorOf { payee.sendInvoice(server.createRequest("penniless"), "refund", timeout = 60) }
                    assertEquals(ErrorCode.PAYER_ERROR to 1004, error.code to error.rpcCode, error.message)
                    assertTrue(
                        error.record!!
                            .delivery.error!!
                            .message
                            .isNotEmpty(),
                    )
                }
            }
        }

    @Test
    fun `a payer that is away gets its invoice when it is back`() =
        runBlocking {
            MyNode(server.greeting).use { node ->
                open(node).use { payee ->
                    node.serve(payee)
                    val request = server.createRequest()
                    server.control.call("kill", "node" to "payer")
                    val away = errorOf { payee.sendInvoice(request, "refund", timeout = 60, expiry = 600) }
                    assertEquals(ErrorCode.NO_ROUTE to 1003, away.code to away.rpcCode)
                    server.control.call("revive", "node" to "payer")
                    server.control.call("reconnect", "a" to "payer", "b" to "relay")
                    payee.resend("refund")
                    isPaidOnce(payee.waitInvoice("refund").toRpc())
                }
            }
        }

    @Test
    fun `a connection that waits is made again once it is online`() =
        runBlocking {
            TestServer().use { server ->
                MyNode(server.greeting).use { node ->
                    // It stands still, and so do the pauses.
                    val clock = TestClock(System.currentTimeMillis())
                    val transport = TcpTransport(node.network, directory = node, clock = clock)
                    Payee.open(PayeeOptions(node.network, MemoryStore(), node, transport, node.seed)).use { payee ->
                        node.serve(payee)
                        transport.online()
                        payee.sendInvoice(server.createRequest(), "refund", timeout = 60, expiry = 600)

                        suspend fun connected() =
                            server.control
                                .call("info")["nodes"]
                                .asJsonObject
                                .asMap()
                                .filterValues { it.asJsonObject["peers"].toString().contains(transport.nodeId) }
                                .keys
                        val name = connected().single()
                        server.control.call("kill", "node" to name)
                        server.control.call("revive", "node" to name)
                        delay(300)
                        assertEquals(emptySet<String>(), connected())
                        withTimeout(20_000) {
                            while (connected() != setOf(name)) {
                                // More than once: what broke may not have been noticed yet.
                                transport.online()
                                delay(20)
                            }
                        }
                    }
                    transport.online()
                }
            }
        }

    @Test
    fun `who is cancelled loses nothing`() =
        runBlocking {
            MyNode(server.greeting).use { node ->
                open(node).use { payee ->
                    node.serve(payee)
                    val request = server.createRequest()
                    val call = launch { payee.sendInvoice(request, "refund", timeout = 60, expiry = 600) }
                    payee.events.first { it is PayeeEvent.Created }
                    call.cancel()
                    isPaidOnce(payee.waitInvoice("refund").toRpc())
                }
            }
        }

    companion object {
        /** How a process ends that was not asked. */
        private const val KILLED = 128 + 9

        private lateinit var server: TestServer

        @BeforeAll
        @JvmStatic
        fun start() {
            server = TestServer()
        }

        @AfterAll
        @JvmStatic
        fun stop() = server.close()
    }
}

package invreq

import invreq.core.ReplyPath
import invreq.socket.hostAndPort
import invreq.support.NODE
import invreq.support.errorOf
import java.io.IOException
import java.net.InetAddress
import java.net.ServerSocket
import java.net.Socket
import kotlin.concurrent.thread
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** What can go wrong with sockets; MainJobTest shows that the rest goes right. */
class TcpTransportTest {
    private val loopback = InetAddress.getLoopbackAddress()

    private fun delivery(address: String) =
        Delivery(
            id = "1",
            label = "label",
            paymentHash = "00".repeat(32),
            expiresAt = System.currentTimeMillis() / 1000 + 3600,
            invoice = ByteArray(0),
            path = null,
            nodeId = NODE,
            via = emptyList(),
            connect = listOf(address),
            packet = OnionPacket(NODE, ByteArray(1000) { 2 }),
            replyPathId = null,
        )

    /** A listener that does this with whoever connects. */
    private fun listener(serve: (Socket) -> Unit): ServerSocket {
        val listener = ServerSocket(0, 5, loopback)
        thread(isDaemon = true) {
            try {
                while (true) listener.accept().use(serve)
            } catch (_: IOException) {
                // Closed.
            }
        }
        return listener
    }

    @Test
    fun `addresses`() {
        assertEquals("127.0.0.1" to 9735, hostAndPort("127.0.0.1:9735"))
        assertEquals("::1" to 1, hostAndPort("[::1]:1"))
        assertEquals("node.example" to 65_535, hostAndPort("node.example:65535"))
        for (bad in listOf("", ":1", "a", "a:0", "a:65536", "[a]:1", "[1]:1", "::1:1", "ws://a:1", "abc.onion:1", "ABC.ONION:1", "a b:1")) {
            assertNull(hostAndPort(bad), bad)
        }
    }

    @Test
    fun `nobody listens, hangs up, or talks of something else`() =
        runBlocking {
            val closed = ServerSocket(0, 1, loopback).use { it.localPort }
            val rude = listener { it.close() }
            val loud = listener { it.getOutputStream().write("HTTP/1.1 400 Bad Request\r\n".repeat(10).encodeToByteArray()) }
            val transport = TcpTransport(Network.REGTEST)
            for (port in listOf(closed, rude.localPort, loud.localPort)) {
                withTimeout(30_000) { assertEquals(SendOutcome.NO_ROUTE, transport.send(delivery("127.0.0.1:$port")), "port $port") }
            }
            assertEquals(SendOutcome.NO_ROUTE, transport.send(delivery("ws://127.0.0.1:$closed")), "an address of another kind")
            transport.close()
            assertEquals(SendOutcome.OFFLINE, transport.send(delivery("127.0.0.1:$closed")))
            rude.close()
            loud.close()
        }

    @Test
    fun `who no longer waits, and who waits when it is closed`() =
        runBlocking {
            val silent = listener { it.getInputStream().readAllBytes() }
            val transport = TcpTransport(Network.REGTEST, mapOf(NODE to listOf("127.0.0.1:${silent.localPort}")))
            val given = launch(Dispatchers.Default) { transport.send(delivery("127.0.0.1:${silent.localPort}")) }
            delay(300)
            withTimeout(10_000) { given.cancelAndJoin() }
            val waiting = async(Dispatchers.Default) { transport.send(delivery("127.0.0.1:${silent.localPort}")) }
            val reading = async(Dispatchers.Default) { runCatching { transport.receive() } }
            delay(300)
            withTimeout(10_000) {
                transport.close()
                assertEquals(SendOutcome.OFFLINE, waiting.await())
                assertTrue(reading.await().isFailure)
                transport.close()
            }
            silent.close()
        }

    @Test
    fun `it is the node of its key, and answers come back to it`() =
        runBlocking {
            val key = ByteArray(32).also { it[31] = 1 }
            val transport = TcpTransport(Network.REGTEST, mapOf(NODE to listOf("[::1]:5")), key = key)
            assertEquals(NODE, transport.nodeId)
            val route = transport.findRoute(NODE)!!
            assertEquals(listOf("[::1]:5"), route.connect)
            assertEquals(ReplyPath.Node(listOf(NODE), NODE), route.reply)
            assertNull(transport.findRoute("02" + "11".repeat(32)))
            assertNull(transport.resolveScid(1, 0))
            // The product of the key 1 and a point is the point.
            val expected = java.security.MessageDigest.getInstance("SHA-256").digest(point(NODE))
            assertArrayEquals(expected, transport.ecdh(NODE, NODE))
            assertEquals(ErrorCode.INVALID_PARAMETER, errorOf { transport.ecdh("02" + "11".repeat(32), NODE) }.code)
            assertEquals(ErrorCode.INVALID_PARAMETER, errorOf { transport.ecdh(NODE, "02") }.code)
            transport.close()
        }

    @Test
    fun `what it cannot be made of`() {
        val made =
            listOf<() -> TcpTransport>(
                { TcpTransport(Network.REGTEST, mapOf("02" to listOf("a:1"))) },
                { TcpTransport(Network.REGTEST, mapOf(NODE to List(65) { "a:1" })) },
                { TcpTransport(Network.REGTEST, key = ByteArray(31)) },
                { TcpTransport(Network.REGTEST, key = ByteArray(32)) },
            )
        for (make in made) {
            assertEquals(ErrorCode.INVALID_PARAMETER, assertThrows(InvreqException::class.java) { make() }.code)
        }
    }

    private fun point(hex: String) = ByteArray(33) { hex.substring(it * 2, it * 2 + 2).toInt(16).toByte() }
}

package invreq.socket

import java.io.IOException
import java.net.InetAddress
import java.net.InetSocketAddress
import java.net.Socket
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext

/** Streams over TCP. Their events come in this scope. */
internal class TcpDialer(
    private val scope: CoroutineScope,
) : Dialer {
    /** With names to look up. */
    override val timeoutMs = 10_000L

    override fun knows(address: String): Boolean = hostAndPort(address) != null

    override fun dial(
        address: String,
        events: DuplexEvents,
    ): Duplex {
        val (host, port) = requireNotNull(hostAndPort(address)) { "this is no address" }
        return TcpDuplex(scope, host, port, timeoutMs, events)
    }
}

/** Threads of their own: each connection holds two for as long as it lives. */
private val threads = Dispatchers.IO.limitedParallelism(128, "invreq-tcp")
private const val BUFFER = 16 * 1024

private class TcpDuplex(
    scope: CoroutineScope,
    private val host: String,
    private val port: Int,
    private val timeoutMs: Long,
    private val events: DuplexEvents,
) : Duplex {
    private val socket = Socket()
    private val waiting = Channel<ByteArray>(Channel.UNLIMITED)
    private var isOver = false
    override var buffered = 0
        private set

    init {
        scope.launch {
            guard {
                withContext(threads) { connect() }
                tell { opened() }
                launch { guard { writeAll() } }
                readAll()
            }
        }
    }

    override fun send(bytes: ByteArray) {
        if (isOver) return
        buffered += bytes.size
        waiting.trySend(bytes)
    }

    override fun close() {
        isOver = true
        waiting.close()
        try {
            // Whoever reads, writes or connects on it comes back with an error.
            socket.close()
        } catch (_: IOException) {
            // Then it is closed as well as it can be.
        }
    }

    private fun connect() {
        socket.tcpNoDelay = true
        socket.connect(InetSocketAddress(InetAddress.getByName(host), port), timeoutMs.toInt())
    }

    private suspend fun readAll() {
        val buffer = ByteArray(BUFFER)
        val input = withContext(threads) { socket.getInputStream() }
        while (!isOver) {
            val read = withContext(threads) { input.read(buffer) }
            if (read < 0) return over(Ended.UNREACHABLE)
            tell { received(buffer.copyOf(read)) }
        }
    }

    private suspend fun writeAll() {
        val output = withContext(threads) { socket.getOutputStream() }
        for (bytes in waiting) {
            withContext(threads) { output.write(bytes) }
            buffered -= bytes.size
            tell { drained() }
        }
    }

    private inline fun guard(work: () -> Unit) {
        try {
            work()
        } catch (error: IOException) {
            over(if (isOffline(error)) Ended.OFFLINE else Ended.UNREACHABLE)
        } catch (error: RuntimeException) {
            // Cancelled with its scope, or an address that is none after all.
            over(Ended.UNREACHABLE)
        }
    }

    private fun over(why: Ended) =
        tell {
            close()
            ended(why)
        }

    private inline fun tell(event: DuplexEvents.() -> Unit) {
        if (!isOver) events.event()
    }
}

private val ADDRESS = Regex("""(?:\[([0-9A-Fa-f:.]+)]|([A-Za-z0-9._-]{1,253})):([0-9]{1,5})""")

/** The two parts of `host:port` and `[v6]:port`: not of one of Tor's, nor of a URL. */
internal fun hostAndPort(address: String): Pair<String, Int>? {
    val (v6, name, digits) = ADDRESS.matchEntire(address)?.destructured ?: return null
    val port = digits.toInt()
    if (port !in 1..0xffff) return null
    if (v6.isNotEmpty()) return if (v6.count { it == ':' } >= 2) v6 to port else null
    return if (name.lowercase().endsWith(".onion")) null else name to port
}

/** Whether an error says that there is no network, rather than something about the other end. The system tells only in words. */
private fun isOffline(error: IOException): Boolean {
    val said = generateSequence<Throwable>(error) { it.cause }.joinToString { it.message.orEmpty() }
    return NO_NETWORK.any { it in said }
}

private val NO_NETWORK =
    listOf("Network is unreachable", "Network is down", "Temporary failure in name resolution", "ENETUNREACH", "ENETDOWN", "EAI_AGAIN")

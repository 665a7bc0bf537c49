package invreq.socket

import invreq.Clock
import invreq.Network
import invreq.core.Peer
import invreq.core.PeerBegun
import invreq.core.PeerEvent
import invreq.glue
import invreq.toException

/** Who we are, and to whom. The key is the transport's own, which outlives the connection. */
internal class Introduction(
    val nodeId: String,
    val key: ByteArray,
    val network: Network,
    /** The dice of the handshake; wiped when it is over. */
    val entropy: ByteArray,
)

/** With so many bytes waiting at the system, more wait with the peer, which bounds them. */
private const val MAX_BUFFERED = 64 * 1024

/** A connection from the first byte on. Its owner is poked whenever something happened, and then calls [turn]. */
internal class Connection(
    dialer: Dialer,
    address: String,
    private val who: Introduction,
    private val clock: Clock,
    private val poke: () -> Unit,
) {
    private var peer: Peer? = null
    private val events = ArrayList<PeerEvent>()

    /** All bytes the stream was given. */
    private var given = 0L
    private val stream =
        dialer.dial(
            address,
            object : DuplexEvents {
                override fun opened() = open()

                override fun received(bytes: ByteArray) = receive(bytes)

                override fun drained() = poke()

                override fun ended(why: Ended) = end(why)
            },
        )

    /** Whether the stream is connected. */
    var isOpen = false
        private set

    /** Why the stream ended, if it did. */
    var ended: Ended? = null
        private set

    /** Whether the node has read every message that was sent. */
    val isAllRead: Boolean get() = glue { peer?.pongsDue() } == 0L

    /** How many bytes the system has taken so far. */
    val written: Long get() = given - stream.buffered

    /** When [turn] has something to do at the latest, in Unix milliseconds. */
    val wakeAt: Long get() = glue { peer?.wakeAt() } ?: NEVER

    /** Does what can be done, and says what happened. */
    fun turn(): List<PeerEvent> {
        guard {
            peer?.let { tell(it.tick(clock.nowMs())) }
            write()
        }
        return events.toList().also { events.clear() }
    }

    /** Queues a message and a ping behind it, and gives the number of the byte of the stream at which it begins. */
    fun send(message: ByteArray): Long {
        val peer = checkNotNull(peer) { "the connection is over" }
        val start = given + glue { peer.outgoingLen() }
        glue { peer.sendOnionMessage(message) }?.let { throw it.toException() }
        glue { peer.ping(clock.nowMs()) }?.let { throw it.toException() }
        write()
        return start
    }

    /** Asks for a sign of life, where none was asked for yet. */
    fun probe() {
        val peer = peer ?: return
        if (isAllRead) glue { peer.ping(clock.nowMs()) }
        write()
    }

    /** Ends it, whatever is still to be sent. */
    fun close() {
        stream.close()
        end(Ended.UNREACHABLE)
        peer?.close()
        peer = null
    }

    private fun open() {
        if (ended != null) return
        isOpen = true
        guard {
            when (val begun = invreq.core.connectPeer(who.nodeId, who.key, who.network.text, who.entropy, clock.nowMs())) {
                is PeerBegun.Peer -> peer = begun.peer
                is PeerBegun.Failed -> throw begun.error.toException()
            }
            write()
        }
        who.entropy.fill(0)
        poke()
    }

    private fun receive(bytes: ByteArray) {
        guard {
            peer?.let { tell(it.receive(bytes, clock.nowMs())) }
            write()
        }
        // A pong is no event, but there may be somebody who waits for it.
        poke()
    }

    /** These run where nobody could catch: whatever goes wrong in them ends the connection and nothing else. */
    private inline fun guard(action: () -> Unit) {
        try {
            action()
        } catch (_: Exception) {
            stream.close()
            end(Ended.UNREACHABLE)
        }
    }

    private fun end(why: Ended) {
        if (ended != null) return
        ended = why
        who.entropy.fill(0)
        try {
            peer?.let { tell(it.disconnected()) }
        } catch (_: Exception) {
            // It broke before.
        }
        poke()
    }

    private fun write() {
        while (ended == null && stream.buffered < MAX_BUFFERED) {
            val bytes = glue { peer?.outgoing() } ?: return
            if (bytes.isEmpty()) return
            given += bytes.size
            stream.send(bytes)
        }
    }

    private fun tell(happened: List<PeerEvent>) {
        if (happened.isEmpty()) return
        events += happened
        poke()
    }
}

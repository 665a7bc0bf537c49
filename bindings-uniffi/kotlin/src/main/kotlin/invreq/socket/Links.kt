package invreq.socket

import invreq.Clock
import invreq.Delivery
import invreq.Directory
import invreq.Entropy
import invreq.Network
import invreq.SendOutcome
import invreq.checkBytes
import invreq.glue
import invreq.invalid
import invreq.payee.Time
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.channels.Channel

/** The most connections at a time. */
private const val MAX_LINKS = 32

/** The most messages that wait to be taken in. What comes then is dropped: no reply is needed for the money. */
private const val MAX_WAITING = 16

/** The most addresses of a node that are tried. */
private const val MAX_ADDRESSES = 8

/** The most addresses of a node that are taken. */
private const val MAX_LISTED = 64

/** A message to send. */
internal class Command(
    val message: ByteArray,
    val addresses: List<String>,
    /** Until when replies may come, in Unix milliseconds. */
    val keepUntilMs: Long,
) {
    val answer = CompletableDeferred<SendOutcome>()

    /** Whether nobody waits for it any more. */
    var forgotten = false
}

/** What all connections share: the key, who is to be reached where, and which connections there are. */
internal class Links(
    val scope: CoroutineScope,
    val network: Network,
    addresses: Map<String, List<String>>,
    val directory: Directory?,
    key: ByteArray?,
    val clock: Clock,
    entropy: Entropy,
    val dialer: Dialer,
) {
    private val time = Time(clock, entropy)
    val key: ByteArray = if (key == null) time.entropy() else checkBytes(key, "key", 32)
    val nodeId: String = glue { invreq.core.publicKey(this.key) }
    val inbox = Channel<ByteArray>(MAX_WAITING)

    @Volatile
    var isClosed = false
        private set
    private val known =
        addresses.entries.associate { (nodeId, all) ->
            if (!POINT.matches(nodeId)) throw invalid("a node id of addresses has to be 66 hex digits")
            if (all.size > MAX_LISTED) throw invalid("addresses of a node has more than $MAX_LISTED entries")
            nodeId.lowercase() to all.toList()
        }
    private val keepers = LinkedHashMap<String, Keeper>()

    /** The time, in Unix milliseconds. */
    fun now(): Long = time.nowMs()

    /** 32 fresh bytes. */
    fun entropy(): ByteArray = time.entropy()

    /** Sends one copy. */
    suspend fun send(delivery: Delivery): SendOutcome {
        val node = delivery.packet.firstHop
        val command = Command(delivery.packet.message, addressesOf(node, delivery.connect), delivery.expiresAt * 1000)
        // There is too much to do just now.
        if (!handOver(node, command)) return SendOutcome.OFFLINE
        try {
            return command.answer.await()
        } finally {
            command.forgotten = true
            keepers[node]?.poke()
        }
    }

    fun ecdh(point: String): ByteArray = glue { invreq.core.ecdh(key, point) }

    /** Takes in an onion message, or drops it where too many wait. */
    fun arrive(message: ByteArray) {
        inbox.trySend(message)
    }

    /** Where a node listens: what we were told when we were made, then what the directory says. */
    suspend fun lookUp(nodeId: String): List<String> {
        val told = known[nodeId].orEmpty()
        val more =
            try {
                directory?.addresses(nodeId).orEmpty()
            } catch (error: Exception) {
                if (told.isEmpty()) throw error
                emptyList()
            }
        return usable(told + more)
    }

    /** Tries at once again whatever waits for a pause to end. */
    fun hurry() = keepers.values.forEach { it.hurry() }

    /** A keeper has ended. */
    fun remove(
        nodeId: String,
        keeper: Keeper,
    ) {
        if (keepers[nodeId] === keeper) keepers.remove(nodeId)
    }

    suspend fun close() {
        if (isClosed) return
        isClosed = true
        val all = keepers.values.toList()
        all.forEach { it.dismiss() }
        all.forEach { it.over.join() }
        inbox.close()
        key.fill(0)
    }

    private fun handOver(
        nodeId: String,
        command: Command,
    ): Boolean {
        keepers[nodeId]?.let { return it.take(command) }
        if (isClosed || !makeRoom()) return false
        keepers[nodeId] = Keeper(this, nodeId, command)
        return true
    }

    /** Whether there is room for one more connection; where there is none, the one of least use is closed. */
    private fun makeRoom(): Boolean {
        if (keepers.size < MAX_LINKS) return true
        val (nodeId, keeper) = keepers.entries.filter { it.value.isIdle }.minByOrNull { it.value.untilMs } ?: return false
        keepers.remove(nodeId)
        keeper.dismiss()
        return true
    }

    /** The addresses of a delivery, or what we know ourselves. */
    private fun addressesOf(
        nodeId: String,
        connect: List<String>,
    ): List<String> = usable(connect.ifEmpty { known[nodeId].orEmpty() })

    private fun usable(addresses: List<String>): List<String> = addresses.filter(dialer::knows).take(MAX_ADDRESSES)
}

private val POINT = Regex("[0-9a-fA-F]{66}")

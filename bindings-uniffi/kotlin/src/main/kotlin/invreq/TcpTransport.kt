package invreq

import invreq.core.ReplyPath
import invreq.socket.Dialer
import invreq.socket.Links
import invreq.socket.TcpDialer
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancel
import kotlinx.coroutines.withContext

/**
 * A transport that connects to the node an invoice has to reach, over TCP, with a node key of its own and no node.
 *
 * It *sends* invoices: it needs no channel, no gossip and no node. Receiving the money always takes the host's node or service, whose
 * payment paths are in the invoice.
 *
 * A connection stays open until the last invoice sent over it has expired, because the payer's errors come back over it; one that breaks
 * is made again, with pauses, and at once after [online]. There are at most 32; when one more is needed, the one whose invoices expire first
 * is closed. `ACCEPTED` means that the node has read the message: it has answered a ping that was sent behind it.
 */
public class TcpTransport internal constructor(
    network: Network,
    addresses: Map<String, List<String>>,
    directory: Directory?,
    key: ByteArray?,
    clock: Clock,
    entropy: Entropy,
    dispatcher: CoroutineDispatcher,
    dialer: (CoroutineScope) -> Dialer,
) : Transport {
    /**
     * A transport that has no connection yet.
     *
     * @param network the network the invoices are for.
     * @param addresses where nodes listen, `host:port` or `[v6]:port` by node id; names are looked up. Several addresses of a node are
     * tried in their order, at most eight. Tor's `.onion` addresses are passed over.
     * @param directory asked about nodes and channels; without it, only the nodes of [addresses] can be reached.
     * @param key the secret key of the node we are to others, 32 bytes; by default a new one that nobody knows. It is copied.
     * @throws InvreqException `invalid_parameter`.
     */
    @JvmOverloads
    public constructor(
        network: Network,
        addresses: Map<String, List<String>> = emptyMap(),
        directory: Directory? = null,
        key: ByteArray? = null,
        clock: Clock = SystemClock,
        entropy: Entropy = SystemEntropy,
    ) : this(network, addresses, directory, key, clock, entropy, Dispatchers.Default, ::TcpDialer)

    // One thread at a time has all of it, so that nothing in it needs a lock.
    private val scope = CoroutineScope(SupervisorJob() + dispatcher.limitedParallelism(1))
    private val links = Links(scope, network, addresses, directory, key, clock, entropy, dialer(scope))

    /** The node id other nodes see: 66 hex digits. */
    public val nodeId: String get() = links.nodeId

    /** Sends one copy, and says what became of it within a minute. */
    override suspend fun send(delivery: Delivery): SendOutcome = inScope { links.send(delivery) } ?: SendOutcome.OFFLINE

    /** The node at one end of a channel, from the directory. */
    override suspend fun resolveScid(
        scid: Long,
        direction: Int,
    ): String? = links.directory?.resolveScid(scid, direction)

    /** The way to a node: to itself or to the first node of the directory's way; `null` where no address is known. */
    override suspend fun findRoute(nodeId: String): Route? {
        val via = links.directory?.via(nodeId) ?: emptyList()
        val peer = via.firstOrNull() ?: nodeId
        val connect = links.lookUp(peer)
        if (connect.isEmpty()) return null
        // The payer's answer goes to our peer, which has us connected.
        return Route(via, connect, false, ReplyPath.Node(listOf(peer), this.nodeId))
    }

    /** The shared secret of the transport's key and a point. */
    override suspend fun ecdh(
        nodeId: String,
        point: String,
    ): ByteArray {
        if (nodeId != this.nodeId) throw invalid("this transport has another node key")
        return links.ecdh(point)
    }

    /** Waits for an onion message. At most 16 wait; what comes then is dropped. */
    override suspend fun receive(): Received = Received.OnionMessage(links.inbox.receive(), nodeId)

    /**
     * Makes at once again what connections are wanted, without the rest of their pauses: call it when the network is back. One that is open
     * is asked for a sign of life.
     */
    public suspend fun online() {
        inScope { links.hurry() }
    }

    /** Closes all connections. Sends under way end as `OFFLINE` or `FAILED`. */
    override suspend fun close() {
        inScope { links.close() }
        scope.cancel()
    }

    /** `null` once it is closed. */
    private suspend fun <T> inScope(work: suspend () -> T): T? =
        if (links.isClosed) null else withContext(scope.coroutineContext[kotlin.coroutines.ContinuationInterceptor]!!) { work() }
}

package invreq

/**
 * Knows what a socket cannot hear: where nodes listen, and whose channel is whose.
 *
 * A wallet has it from its service, from a node it may ask, or from a public explorer. It is asked more than once for one message, and
 * each time has a few seconds to answer: remember what was looked up. A method that throws counts as "cannot be told now".
 */
public interface Directory {
    /**
     * Where a node listens, `host:port` or `[v6]:port`, the best first; nothing where it is not known. Addresses a transport cannot use
     * are passed over.
     */
    public suspend fun addresses(nodeId: String): List<String>

    /**
     * The nodes a message for this node goes through, the one to connect to first; none by default: we connect to the node itself. Each
     * of them has to be connected to the next.
     */
    public suspend fun via(nodeId: String): List<String> = emptyList()

    /** The node at one end of a channel; `null`, which is final, where there is no such channel. */
    public suspend fun resolveScid(
        scid: Long,
        direction: Int,
    ): String? = null
}

package invreq.socket

import invreq.SendOutcome
import invreq.core.PeerEvent

/** How long all of it may take, in milliseconds. */
private const val DIAL_MS = 40_000L

/** What came of dialling. */
internal sealed class Dialled {
    /** Both sides have introduced themselves. */
    class Connected(
        val connection: Connection,
    ) : Dialled()

    /** `OFFLINE` if there is no network, `NO_ROUTE` if there is and the node is not to be reached. */
    class Failed(
        val outcome: SendOutcome,
    ) : Dialled()

    /** Nobody wants it any more. */
    data object Unwanted : Dialled()
}

/**
 * Connects to the first address that leads to this node and takes onion messages. `isWanted` says whether anybody still wants it; the
 * alarm wakes it up to look.
 */
internal suspend fun dial(
    links: Links,
    nodeId: String,
    addresses: List<String>,
    alarm: Alarm,
    isWanted: () -> Boolean,
): Dialled {
    val untilMs = links.now() + DIAL_MS
    var outcome: SendOutcome? = null
    for (address in addresses) {
        if (links.now() >= untilMs) break
        val made = dialOne(links, nodeId, address, untilMs, alarm, isWanted)
        if (made !is Dialled.Failed) return made
        // Only if every address says so there is no network.
        if (outcome == null || outcome == SendOutcome.OFFLINE) outcome = made.outcome
    }
    return Dialled.Failed(outcome ?: SendOutcome.NO_ROUTE)
}

private suspend fun dialOne(
    links: Links,
    nodeId: String,
    address: String,
    untilMs: Long,
    alarm: Alarm,
    isWanted: () -> Boolean,
): Dialled {
    val connectedByMs = minOf(links.now() + links.dialer.timeoutMs, untilMs)
    val who = Introduction(nodeId, links.key, links.network, links.entropy())
    val connection = Connection(links.dialer, address, who, links.clock, alarm::poke)
    var made: Dialled? = null
    try {
        while (true) {
            made = connection.look(links, isWanted)
            if (made != null) return made
            // Once it is open, the peer's own limit of time ends it.
            val byMs = if (connection.isOpen) untilMs else connectedByMs
            if (links.now() >= byMs) return Dialled.Failed(SendOutcome.NO_ROUTE)
            alarm.wait(minOf(byMs, connection.wakeAt))
        }
    } finally {
        if (made !is Dialled.Connected) connection.close()
    }
}

/** What a turn of a connection that is being made came to; `null` where it goes on. */
private fun Connection.look(
    links: Links,
    isWanted: () -> Boolean,
): Dialled? {
    val events = turn()
    // One that waited for us can come right behind the introduction.
    events.forEach { if (it is PeerEvent.OnionMessage) links.arrive(it.bytes) }
    // Before what the peer says of it: without a network nothing is known of the node.
    if (ended == Ended.OFFLINE) return Dialled.Failed(SendOutcome.OFFLINE)
    if (events.any { it is PeerEvent.Closed }) return Dialled.Failed(SendOutcome.NO_ROUTE)
    val ready = events.firstNotNullOfOrNull { it as? PeerEvent.Ready }
    return when {
        ready?.onionMessages == true -> Dialled.Connected(this)
        ready != null -> Dialled.Failed(SendOutcome.NO_ROUTE)
        !isWanted() -> Dialled.Unwanted
        ended != null -> Dialled.Failed(SendOutcome.NO_ROUTE)
        else -> null
    }
}

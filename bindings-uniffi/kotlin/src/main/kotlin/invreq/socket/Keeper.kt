package invreq.socket

import invreq.SendOutcome
import invreq.core.PeerEvent
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Job
import kotlinx.coroutines.launch

/** The pause before a connection that is only wanted for replies is made again; it doubles up to the longest. */
private const val FIRST_PAUSE_MS = 1_000L
private const val LONGEST_PAUSE_MS = 300_000L

/** A connection that lasted so long was a good one. */
private const val GOOD_MS = 60_000L

/** How long a message may take until the node has read it. */
private const val READ_MS = 15_000L

/** The pause between two messages. The engine keeps it, too, but messages that waited for a connection would leave at once. */
private const val PACE_MS = 250L

/**
 * For so long after a connection broke, a node that cannot be reached is worth another try: it may take us for connected until it notices,
 * and refuse a second connection.
 */
private const val GRACE_MS = 60_000L

/** The most messages that wait for one connection. */
private const val MAX_COMMANDS = 16

/** A message on its way. */
private class Writing(
    val command: Command,
    /** The byte of the stream at which it begins. */
    val start: Long,
    val untilMs: Long,
    /** Whether the connection was made for it. One that was not may have died unnoticed. */
    val first: Boolean,
)

/** Carries out commands for one node until none are left and no reply is waited for. */
internal class Keeper(
    private val links: Links,
    private val nodeId: String,
    command: Command,
) {
    private val alarm = Alarm(links.clock)
    private val commands = ArrayDeque(listOf(command))

    /** The message that is being sent, from the moment it leaves the queue. */
    private var sending: Command? = null
    private var connection: Connection? = null

    /** Those of the last command. */
    private var addresses: List<String> = emptyList()
    private var pauseMs = FIRST_PAUSE_MS

    /** When a connection for replies is made again. */
    private var againMs = 0L

    /** When the next message may leave. */
    private var freeMs = 0L

    /** When a connection broke last. */
    private var brokeMs: Long? = null
    private var isDismissed = false

    /** Until when replies may come, in Unix milliseconds. */
    var untilMs = 0L
        private set

    /** Done when it has ended. */
    val over: Job = links.scope.launch { run() }

    /** Whether it only waits for replies, so that it may be closed for another. */
    val isIdle: Boolean get() = sending == null && commands.isEmpty()

    /** Takes a message to send, unless too many wait. */
    fun take(command: Command): Boolean {
        if (commands.size >= MAX_COMMANDS) return false
        commands += command
        alarm.poke()
        return true
    }

    /** Has it look at what changed: a command that nobody waits for any more, for one. */
    fun poke() = alarm.poke()

    /** The network is back: there is no reason to wait, and what was connected may not be any more. */
    fun hurry() {
        pauseMs = FIRST_PAUSE_MS
        againMs = 0
        try {
            connection?.probe()
        } catch (_: Exception) {
            // It is over, which shows at its next turn.
        }
        alarm.poke()
    }

    /** Ends it: its place is needed, or the transport is closed. */
    fun dismiss() {
        isDismissed = true
        alarm.poke()
    }

    private suspend fun run() {
        try {
            while (reasonToConnect()) connect()
        } catch (error: CancellationException) {
            throw error
        } catch (_: Exception) {
            // A clock or dice that broke. Nobody could be told but those who wait.
        } finally {
            connection?.close()
            links.remove(nodeId, this)
            answer(SendOutcome.OFFLINE)
            commands.forEach { it.answer.complete(SendOutcome.OFFLINE) }
        }
    }

    /** Waits for something to do. False if there is nothing, and never will be. */
    private suspend fun reasonToConnect(): Boolean {
        againMs = links.now() + pauseMs
        while (true) {
            if (isDismissed) return false
            sending = sending ?: next()
            if (sending != null) return true
            if (links.now() >= untilMs) return false
            if (links.now() >= againMs) {
                pauseMs = minOf(pauseMs * 2, LONGEST_PAUSE_MS)
                return true
            }
            alarm.wait(minOf(againMs, untilMs))
        }
    }

    /** Connects, for a message or only for replies, and uses the connection. A message to be tried again stays in [sending]. */
    private suspend fun connect() {
        val command = sending
        if (command != null) addresses = command.addresses
        // While it connects only for replies, a command may come that knows better addresses.
        val made =
            dial(links, nodeId, addresses, alarm) {
                !isDismissed && if (command == null) commands.isEmpty() else !command.forgotten
            }
        when (made) {
            is Dialled.Connected -> {
                connection = made.connection
                serve(made.connection)
                made.connection.close()
                connection = null
            }

            is Dialled.Failed -> answer(excused(made.outcome))

            is Dialled.Unwanted -> if (command?.forgotten == true) answer(SendOutcome.OFFLINE)
        }
    }

    /** Uses a connection until it breaks or is not needed any more. */
    private suspend fun serve(connection: Connection) {
        val sinceMs = links.now()
        var writing = sending?.let { start(connection, it, first = true) }
        while (true) {
            val isOver = takeIn(connection)
            if (writing != null && connection.isAllRead) {
                accept(writing.command)
                writing = null
            }
            if (isOver) return broke(connection, writing, sinceMs)
            if (isDismissed || writing != null && (writing.command.forgotten || links.now() >= writing.untilMs)) {
                // Some of it may have left.
                return answer(SendOutcome.FAILED)
            }
            if (writing == null) {
                if (commands.isEmpty() && links.now() >= untilMs) return
                val next = if (links.now() >= freeMs) next() else null
                if (next != null) {
                    sending = next
                    writing = start(connection, next, first = false)
                    continue
                }
            }
            val free = if (commands.isEmpty()) untilMs else freeMs
            alarm.wait(minOf(writing?.untilMs ?: free, connection.wakeAt))
        }
    }

    /** Queues a message; `null` if it cannot be. */
    private fun start(
        connection: Connection,
        command: Command,
        first: Boolean,
    ): Writing? {
        val now = links.now()
        freeMs = now + PACE_MS
        return try {
            Writing(command, connection.send(command.message), now + READ_MS, first)
        } catch (_: Exception) {
            // The peer does not read what it gets, or is gone.
            answer(SendOutcome.OFFLINE)
            null
        }
    }

    private fun accept(command: Command) {
        pauseMs = FIRST_PAUSE_MS
        untilMs = maxOf(untilMs, command.keepUntilMs)
        answer(SendOutcome.ACCEPTED)
    }

    /** What to do with a message whose connection broke. One of which an old connection sent nothing is sent again. */
    private fun broke(
        connection: Connection,
        writing: Writing?,
        sinceMs: Long,
    ) {
        val now = links.now()
        brokeMs = now
        if (now - sinceMs >= GOOD_MS) pauseMs = FIRST_PAUSE_MS
        if (writing == null) return
        if (connection.written > writing.start) {
            answer(SendOutcome.FAILED)
        } else if (writing.first) {
            answer(excused(SendOutcome.NO_ROUTE))
        }
    }

    /** Takes in what happened, and says whether the connection is over. */
    private fun takeIn(connection: Connection): Boolean {
        val events = connection.turn()
        events.forEach { if (it is PeerEvent.OnionMessage) links.arrive(it.bytes) }
        return connection.ended != null || events.any { it is PeerEvent.Closed }
    }

    private fun excused(outcome: SendOutcome): SendOutcome {
        val isRecent = brokeMs?.let { links.now() - it < GRACE_MS } ?: false
        return if (outcome == SendOutcome.NO_ROUTE && isRecent) SendOutcome.OFFLINE else outcome
    }

    private fun answer(outcome: SendOutcome) {
        sending?.answer?.complete(outcome)
        sending = null
    }

    /** The next command that somebody waits for. */
    private fun next(): Command? {
        while (true) {
            val next = commands.removeFirstOrNull() ?: return null
            if (!next.forgotten) return next
            next.answer.complete(SendOutcome.OFFLINE)
        }
    }
}

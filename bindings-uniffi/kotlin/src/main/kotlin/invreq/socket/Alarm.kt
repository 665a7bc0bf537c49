package invreq.socket

import invreq.Clock
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlinx.coroutines.selects.select

/** No time at all: what waits for it waits to be poked. */
internal const val NEVER = Long.MAX_VALUE

/** Lets one loop wait until it is poked or it is late enough. */
internal class Alarm(
    private val clock: Clock,
) {
    private val pokes = Channel<Unit>(Channel.CONFLATED)

    /** Ends the wait, or the next one where nobody waits. */
    fun poke() {
        pokes.trySend(Unit)
    }

    /** Waits until it is poked, or until this time; it may wake early. */
    suspend fun wait(untilMs: Long) {
        if (untilMs == NEVER) return pokes.receive()
        coroutineScope {
            val sleeper = launch { sleep(untilMs) }
            select {
                pokes.onReceive {}
                sleeper.onJoin {}
            }
            sleeper.cancel()
        }
    }

    private suspend fun sleep(untilMs: Long) {
        try {
            clock.sleepUntil(untilMs)
        } catch (error: CancellationException) {
            throw error
        } catch (_: Exception) {
            // A clock that cannot wait: something else has to wake us.
            awaitCancellation()
        }
    }
}

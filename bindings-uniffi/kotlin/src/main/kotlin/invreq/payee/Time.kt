package invreq.payee

import invreq.Clock
import invreq.Entropy
import invreq.ErrorCode
import invreq.InvreqException
import invreq.LONGEST_SLEEP_MS
import invreq.checkBytes
import invreq.checkLong
import invreq.fail
import invreq.reasonOf
import kotlinx.coroutines.yield

/** The time and the dice, whatever the host's do. */
internal class Time(
    private val clock: Clock,
    private val dice: Entropy,
) {
    /** The time, in Unix milliseconds. */
    fun nowMs(): Long =
        try {
            checkLong(clock.nowMs(), "the clock's time")
        } catch (error: Throwable) {
            throw mayPass("the clock does not tell the time: ${reasonOf(error)}", error)
        }

    /** 32 fresh bytes. */
    fun entropy(): ByteArray =
        try {
            val given = dice.bytes()
            checkBytes(given, "entropy", 32).also { given.fill(0) }
        } catch (error: Throwable) {
            throw mayPass("there is no entropy: ${reasonOf(error)}", error)
        }

    /** Waits so long from now on, or until it is earlier than now: a clock that is set back must not make a wait longer. */
    suspend fun wait(ms: Long) {
        val from = nowMs()
        waitUntil(from, from + ms)
    }

    /** Waits until it is this late, or earlier than [from]. */
    suspend fun waitUntil(
        from: Long,
        at: Long,
    ) {
        var now = nowMs()
        while (now in from..<at) {
            clock.sleepUntil(minOf(at, now + LONGEST_SLEEP_MS))
            val later = nowMs()
            // A clock that wakes at once, again and again, must not keep everything else from its turn.
            if (later == now) yield()
            now = later
        }
    }

    /** What fails once may work the next time; what became of a copy, for one, is not to be lost for it. */
    private fun mayPass(
        message: String,
        cause: Throwable,
    ): InvreqException = fail(ErrorCode.INVALID_PARAMETER, message, cause, retryable = true)
}

package invreq.payee

import invreq.InvreqException
import invreq.core.Outcome
import kotlinx.coroutines.CompletableDeferred

/** Who waits for the reply to which call. */
internal class Calls {
    private val callers = HashMap<Long, CompletableDeferred<Outcome>>()
    private var last = 0L
    private var over: InvreqException? = null

    /** Begins a call. */
    @Synchronized
    fun begin(): Pair<Long, CompletableDeferred<Outcome>> {
        over?.let { throw it }
        val caller = CompletableDeferred<Outcome>()
        last += 1
        callers[last] = caller
        return last to caller
    }

    /** Whether nobody waits for it any more. */
    @Synchronized
    fun isOver(call: Long): Boolean = call !in callers

    /** Ends a call, if its caller is still there. */
    fun reply(
        call: Long,
        outcome: Outcome,
    ) {
        take(call)?.complete(outcome)
    }

    /** The same, with an error. */
    fun fail(
        call: Long,
        error: Throwable,
    ) {
        take(call)?.completeExceptionally(error)
    }

    /** Takes a caller who no longer waits off the list. */
    @Synchronized
    fun take(call: Long): CompletableDeferred<Outcome>? = callers.remove(call)

    /** Ends all of them, and those that come. */
    fun end(error: InvreqException) {
        val left =
            synchronized(this) {
                over = over ?: error
                callers.values.toList().also { callers.clear() }
            }
        left.forEach { it.completeExceptionally(error) }
    }
}

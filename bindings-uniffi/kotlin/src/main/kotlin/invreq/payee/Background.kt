package invreq.payee

import invreq.Delivery
import invreq.ErrorCode
import invreq.InvreqException
import invreq.LONGEST_SLEEP_MS
import invreq.Received
import invreq.SendOutcome
import invreq.checkBytes
import invreq.checkMessage
import invreq.core.Input
import invreq.fail
import invreq.reasonOf
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.Job
import kotlinx.coroutines.async
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.delay
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.isActive
import kotlinx.coroutines.launch
import kotlinx.coroutines.yield

/** The pause after something in the background failed; it doubles up to half a minute. */
private const val FIRST_PAUSE_MS = 500L
private const val LONGEST_PAUSE_MS = 30_000L

/** What a payee does without being called. All of it happens on one thread at a time: that of the scope. */
internal class Background(
    private val engine: EngineLock,
    private val hosts: Hosts,
    private val scope: CoroutineScope,
    private val trouble: (InvreqException) -> Unit,
) {
    private var started = false
    private var wakeAt: Long? = null
    private var sleeping: Job? = null
    private var ticking = false
    private var pause = FIRST_PAUSE_MS
    private var seenMs = 0L
    private var setBack = false
    private var catchingUp: Deferred<Unit>? = null
    private var catchUpAgain = false

    /** Begins, once the engine has read its store. */
    fun start() {
        started = true
        schedule(wakeAt)
        scope.launch { receiveAll() }
    }

    /** The engine wants its next tick at this time. */
    fun schedule(at: Long?) {
        wakeAt = at
        if (!started || !scope.isActive) return
        var now: Long? = null
        try {
            now = hosts.time.nowMs()
            // A clock that was set back moves every timer away, so the engine has to see it.
            setBack = setBack || now < seenMs
            seenMs = now
        } catch (_: InvreqException) {
            // The tick finds the same, tells of it, and comes back here after a pause.
        }
        if (ticking) return
        sleeping?.cancel()
        if (now == null || setBack || (at != null && at <= now)) {
            tick()
        } else if (at != null) {
            sleeping = scope.launch { sleep(now, at) }
        }
    }

    /** Hands a copy to the transport, and does not rest until what became of it is written. */
    fun send(delivery: Delivery) {
        scope.launch {
            val outcome =
                try {
                    hosts.within(PATIENCE_MS) { hosts.transport.send(delivery) }
                } catch (error: CancellationException) {
                    throw error
                } catch (_: Late) {
                    SendOutcome.FAILED
                } catch (error: Throwable) {
                    trouble(hostError("the transport cannot send", error))
                    SendOutcome.FAILED
                }
            performForGood(Input.Delivered(delivery.id, outcome))
        }
    }

    /** Reads what other writers changed, and catches up with the time. */
    suspend fun catchUp() {
        // What changed since it began needs another look.
        catchUpAgain = true
        val running =
            catchingUp ?: scope
                .async {
                    try {
                        while (catchUpAgain) {
                            catchUpAgain = false
                            engine.perform(Input.Restore)
                            engine.perform(Input.Tick)
                        }
                    } finally {
                        catchingUp = null
                    }
                }.also { catchingUp = it }
        running.await()
    }

    /** Carries out an input nobody waits for, again and again where the store fails for a while. */
    suspend fun performForGood(input: Input) {
        var pause = FIRST_PAUSE_MS
        while (true) {
            try {
                return engine.perform(input)
            } catch (error: Throwable) {
                currentCoroutineContext().ensureActive()
                val known = known(error)
                trouble(known)
                if (!known.retryable) return
                pause = rest(pause)
            }
        }
    }

    private suspend fun sleep(
        now: Long,
        wakeAt: Long,
    ) {
        try {
            hosts.time.waitUntil(now, minOf(wakeAt, now + LONGEST_SLEEP_MS))
        } catch (error: Throwable) {
            currentCoroutineContext().ensureActive()
            trouble(known(error))
            rest(FIRST_PAUSE_MS)
        }
        currentCoroutineContext().ensureActive()
        sleeping = null
        schedule(this.wakeAt)
    }

    /** There is one tick at a time. */
    private fun tick() {
        ticking = true
        setBack = false
        scope.launch {
            try {
                engine.perform(Input.Tick)
                pause = FIRST_PAUSE_MS
            } catch (error: Throwable) {
                currentCoroutineContext().ensureActive()
                trouble(known(error))
                pause = rest(pause)
            }
            ticking = false
            schedule(wakeAt)
        }
    }

    /** Takes in what comes at the transport by itself, one message at a time. */
    private suspend fun receiveAll() {
        var pause = FIRST_PAUSE_MS
        while (true) {
            try {
                performForGood(inputOf(hosts.receive()))
                pause = FIRST_PAUSE_MS
                // A flood that is always ready must not keep everything else from its turn.
                yield()
            } catch (error: Throwable) {
                currentCoroutineContext().ensureActive()
                trouble(hostError("the transport cannot receive", error))
                pause = rest(pause)
            }
        }
    }

    /** Waits, and gives the next pause. */
    private suspend fun rest(pause: Long): Long {
        try {
            hosts.time.wait(pause)
        } catch (_: Throwable) {
            currentCoroutineContext().ensureActive()
            // A clock that cannot wait is no reason to try without a pause.
            delay(pause)
        }
        return minOf(pause * 2, LONGEST_PAUSE_MS)
    }
}

/** An error of ours, whatever it is. */
internal fun known(error: Throwable): InvreqException =
    error as? InvreqException ?: fail(ErrorCode.INTERNAL, "something unexpected: ${reasonOf(error)}", error)

/** The same, where it can only come from the host. */
internal fun hostError(
    what: String,
    error: Throwable,
): InvreqException = error as? InvreqException ?: fail(ErrorCode.MISSING_ANSWER, "$what: ${reasonOf(error)}", error)

private fun inputOf(received: Received): Input =
    when (received) {
        is Received.OnionMessage -> Input.OnionMessage(received.nodeId, checkMessage(received.bytes))

        is Received.InvoiceError ->
            Input.InvoiceError(checkBytes(received.replyPathId, "replyPathId", 32), checkMessage(received.bytes))
    }

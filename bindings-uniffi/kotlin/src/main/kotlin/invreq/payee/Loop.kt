package invreq.payee

import invreq.ErrorCode
import invreq.InvreqException
import invreq.PayeeEvent
import invreq.PayeeOptions
import invreq.checkBytes
import invreq.core.Committed
import invreq.core.Engine
import invreq.core.Input
import invreq.core.Opened
import invreq.core.Outcome
import invreq.eventOf
import invreq.fail
import invreq.glue
import invreq.toException
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.async
import kotlinx.coroutines.cancel
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext

/**
 * The loop behind a payee.
 *
 * It has one thread at a time for itself, and carries out every input in a scope of its own: a caller that goes away in the middle of one
 * leaves nothing half done.
 */
internal class Loop private constructor(
    engine: Engine,
    private val options: PayeeOptions,
) {
    val events = Events()
    private val scope = CoroutineScope(SupervisorJob() + options.dispatcher.limitedParallelism(1))
    private val calls = Calls()
    private val hosts =
        Hosts(
            HostStore(options.store),
            options.source,
            options.transport,
            options.signer,
            Time(options.clock, options.entropy),
            scope,
            options.dispatcher,
        )
    private val lock = EngineLock(engine, hosts, ::check, ::handOn)
    private val background = Background(lock, hosts, scope) { events.tell(PayeeEvent.Trouble(it)) }

    @Volatile
    private var over: InvreqException? = null
    private var closed: CompletableDeferred<Unit>? = null

    /** A call that has a reply. What is secret in its input is wiped when nothing needs it any more. */
    suspend fun call(
        secret: ByteArray? = null,
        make: (Long) -> Input,
    ): Outcome {
        val wipe = { secret?.fill(0) }
        val (number, reply) =
            try {
                check()
                calls.begin()
            } catch (error: InvreqException) {
                wipe()
                throw error
            }
        val performing = scope.launch { perform(number, make) }
        performing.invokeOnCompletion { wipe() }
        try {
            return reply.await()
        } catch (error: CancellationException) {
            // The caller is gone. Only what the engine knows of can be ended.
            if (calls.take(number) != null) {
                scope.launch {
                    performing.join()
                    background.performForGood(Input.Cancel(number))
                }
            }
            throw error
        }
    }

    /** An input that has no reply. */
    suspend fun tell(input: Input) = inScope { lock.perform(input) }

    /** Looks at the engine between two inputs. */
    suspend fun <T> look(at: (Engine) -> T): T = inScope { lock.look(at) }

    suspend fun catchUp() = inScope { background.catchUp() }

    /** Ends everything, once. */
    suspend fun close() {
        val (isFirst, done) =
            synchronized(this) {
                val isFirst = closed == null
                isFirst to (closed ?: CompletableDeferred<Unit>().also { closed = it })
            }
        if (isFirst) {
            withContext(NonCancellable) {
                try {
                    // Calling again would end the same way.
                    end(fail(ErrorCode.CANCELLED, "the payee was closed", retryable = false))
                    try {
                        options.transport.close()
                    } finally {
                        hosts.store.close()
                    }
                    done.complete(Unit)
                } catch (error: Throwable) {
                    done.completeExceptionally(hostError("the transport cannot be closed", error))
                }
            }
        }
        done.await()
    }

    private suspend fun start() {
        try {
            inScope { lock.perform(Input.Restore) }
            inScope { background.start() }
        } catch (error: Throwable) {
            withContext(NonCancellable) { end(error as? InvreqException ?: fail(ErrorCode.CANCELLED, "the caller went away", error)) }
            throw error
        }
    }

    private suspend fun end(error: InvreqException) {
        over = error
        calls.end(error)
        events.end()
        // Under the lock, so that a write that is under way is done or not begun.
        lock.end()
        scope.cancel()
    }

    private suspend fun <T> inScope(work: suspend () -> T): T {
        check()
        try {
            return scope.async { work() }.await()
        } catch (error: CancellationException) {
            // Closed meanwhile, or the caller went away; nobody else can cancel it.
            over?.let { throw it }
            currentCoroutineContext().ensureActive()
            throw known(error)
        } catch (error: Throwable) {
            throw known(error)
        }
    }

    private fun check() {
        over?.let { throw it }
    }

    private suspend fun perform(
        number: Long,
        make: (Long) -> Input,
    ) {
        if (calls.isOver(number)) return
        try {
            lock.perform(make(number))
        } catch (error: Throwable) {
            // At the end of the loop every call has its reply. Anything else is a failure, a cancellation that came from the host as well.
            currentCoroutineContext().ensureActive()
            calls.fail(number, known(error))
        }
    }

    /** Hands on what a committed step let out. */
    private fun handOn(effects: Committed.Effects) {
        // Events first: whoever learns that its call has ended finds what led to it among the events.
        effects.events.forEach { events.tell(eventOf(it)) }
        for (reply in effects.replies) {
            val outcome = reply.outcome
            val error = reply.error
            if (outcome != null) calls.reply(reply.call, outcome)
            if (error != null) calls.fail(reply.call, error.toException())
        }
        effects.deliveries.forEach(background::send)
        background.schedule(effects.wakeAt)
    }

    companion object {
        suspend fun open(options: PayeeOptions): Loop {
            try {
                val loop = Loop(engine(options), options)
                loop.start()
                return loop
            } catch (error: Throwable) {
                withContext(NonCancellable) {
                    // Why it could not be opened says more than why it could not be closed.
                    for (close in listOf(options.transport::close, options.store::close)) runCatching { close() }
                }
                throw error
            }
        }

        private fun engine(options: PayeeOptions): Engine {
            val seed = checkBytes(options.seed, "seed", 32)
            try {
                return when (val opened = glue { invreq.core.openEngine(options.network.text, options.walletId, seed) }) {
                    is Opened.Engine -> opened.engine
                    is Opened.Failed -> throw opened.error.toException()
                }
            } finally {
                seed.fill(0)
            }
        }
    }
}

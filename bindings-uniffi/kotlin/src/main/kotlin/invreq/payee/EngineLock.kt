package invreq.payee

import invreq.Batch
import invreq.ErrorCode
import invreq.core.Answer
import invreq.core.Answers
import invreq.core.Begun
import invreq.core.Committed
import invreq.core.Engine
import invreq.core.Input
import invreq.core.Need
import invreq.fail
import invreq.glue
import invreq.toException
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.launch
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock

/** How often an input begins again because another writer was faster. */
private const val MAX_CONFLICTS = 16

/** The engine, and the lock that keeps its inputs in order. */
internal class EngineLock(
    private val engine: Engine,
    private val hosts: Hosts,
    private val check: () -> Unit,
    private val handOn: (Committed.Effects) -> Unit,
) {
    private val lock = Mutex()
    private val ticking = Mutex()

    /** Carries out an input. When it returns, everything the input led to is written and handed on. */
    suspend fun perform(input: Input) {
        // A tick that began before another and ends after it would look like a clock that was set back.
        if (input == Input.Tick) ticking.withLock { carryOut(input) } else carryOut(input)
    }

    /** Looks at the engine between two inputs. */
    suspend fun <T> look(at: (Engine) -> T): T =
        lock.withLock {
            check()
            glue { at(engine) }
        }

    /** Waits for the input that is under way, and gives the engine back. */
    suspend fun end() = lock.withLock { engine.close() }

    private suspend fun carryOut(input: Input) =
        Attempt(input, hosts.time).use { attempt ->
            while (true) {
                val questions = lock.withLock { settleOrWake(attempt) }
                if (questions.isEmpty()) break
                // The host may take its time, so others go on meanwhile. What was read of the store may be out of date when it is done.
                coroutineScope { questions.forEach { launch { hosts.ask(it, attempt.answers) } } }
                check()
                attempt.answers.forgetReads()
            }
        }

    private suspend fun settleOrWake(attempt: Attempt): List<Need> {
        check()
        try {
            return settle(attempt)
        } catch (error: Throwable) {
            currentCoroutineContext().ensureActive()
            // What was written all the same is found when the engine looks for it.
            handOn(Committed.Effects(listOf(), listOf(), listOf(), runCatching { engine.wakeAt() }.getOrNull()))
            throw error
        }
    }

    /**
     * Goes on until the input is done, or until only the host can say more: then it gives what to ask.
     *
     * All of it happens under the lock, so that what follows from two inputs comes in the order of the inputs.
     */
    private suspend fun settle(attempt: Attempt): List<Need> {
        while (true) {
            when (val advance = advance(attempt)) {
                Advance.Done -> return listOf()
                is Advance.Ask -> return advance.needs
                Advance.Conflict -> attempt.beginAgain()
            }
            check()
            if (attempt.input != Input.Restore) reload()
        }
    }

    /** Reads what another writer changed. */
    private suspend fun reload() =
        Attempt(Input.Restore, hosts.time).use { attempt ->
            while (advance(attempt) == Advance.Conflict) attempt.beginAgain()
        }

    /** Begins the input and, once there is nothing to ask but the store, writes, commits and hands on. */
    private suspend fun advance(attempt: Attempt): Advance {
        while (true) {
            val begun = glue { engine.begin(attempt.input, attempt.nowMs, attempt.entropy, attempt.answers) }
            when (begun) {
                is Begun.Failed -> {
                    if (begun.error.code == ErrorCode.STORE_CONFLICT) return Advance.Conflict
                    throw begun.error.toException()
                }

                is Begun.Step -> return write(begun.step.id, begun.step.batch)

                is Begun.Needs -> if (!readAll(begun.needs, attempt.answers)) return Advance.Ask(begun.needs)
            }
        }
    }

    private suspend fun write(
        step: Long,
        batch: Batch?,
    ): Advance {
        if (batch != null && !hosts.store.write(batch)) return Advance.Conflict
        when (val committed = glue { engine.commit(step) }) {
            is Committed.Effects -> handOn(committed)
            is Committed.Failed -> throw committed.error.toException()
        }
        return Advance.Done
    }

    /** Asks the store for all of it at once; `false` where there is nothing to read. */
    private suspend fun readAll(
        needs: List<Need>,
        answers: Answers,
    ): Boolean {
        val reads = needs.filterIsInstance<Need.Range>()
        val found =
            coroutineScope { reads.map { async { hosts.store.range(it.start, it.end, it.limit.toInt()) } }.awaitAll() }
        reads.zip(found) { need, entries -> glue { answers.insert(need, Answer.Entries(entries)) } }
        return reads.isNotEmpty()
    }
}

/**
 * One input on its way: it keeps its moment, its dice and what the host answered, so that the host is asked once however often other
 * writers are faster.
 */
private class Attempt(
    val input: Input,
    time: Time,
) : AutoCloseable {
    val nowMs = time.nowMs()
    val entropy = time.entropy()
    val answers = Answers()
    private var conflicts = 0

    /** After a conflict: what was read of the store is out of date. */
    fun beginAgain() {
        conflicts += 1
        if (conflicts >= MAX_CONFLICTS) throw fail(ErrorCode.STORE_CONFLICT, "other writers keep changing the store")
        answers.forgetReads()
    }

    override fun close() {
        entropy.fill(0)
        answers.close()
    }
}

private sealed class Advance {
    data object Done : Advance()

    data object Conflict : Advance()

    class Ask(
        val needs: List<Need>,
    ) : Advance()
}

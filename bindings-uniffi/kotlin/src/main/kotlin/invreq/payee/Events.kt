package invreq.payee

import invreq.PayeeEvent
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow

/** Hands events to whoever collects them. */
internal class Events {
    private val readers = LinkedHashSet<Reader>()

    /** What happened before anybody collected. */
    private var first: Reader? = Reader()
    private var isOver = false

    val flow: Flow<PayeeEvent> =
        flow {
            val reader = join()
            try {
                while (true) emit(reader.next() ?: break)
            } finally {
                leave(reader)
            }
        }

    @Synchronized
    fun tell(event: PayeeEvent) {
        first?.push(event)
        readers.forEach { it.push(event) }
    }

    /** Nothing more comes; what is in a queue can still be read. */
    @Synchronized
    fun end() {
        isOver = true
        first?.end()
        readers.forEach { it.end() }
    }

    @Synchronized
    private fun join(): Reader {
        val reader = first ?: Reader().also { if (isOver) it.end() }
        first = null
        readers += reader
        return reader
    }

    @Synchronized
    private fun leave(reader: Reader) {
        readers -= reader
    }
}

/** A queue of events. */
private class Reader {
    private val queue = ArrayDeque<PayeeEvent>()
    private val more = Channel<Unit>(Channel.CONFLATED)
    private var missed = 0L

    fun push(event: PayeeEvent) {
        synchronized(queue) {
            queue += event
            if (queue.size > MOST_BEHIND) {
                queue.removeFirst()
                missed += 1
            }
        }
        more.trySend(Unit)
    }

    fun end() {
        more.close()
    }

    /** The next event; `null` at the end. */
    suspend fun next(): PayeeEvent? {
        while (true) {
            take()?.let { return it }
            if (more.receiveCatching().isClosed) return take()
        }
    }

    private fun take(): PayeeEvent? =
        synchronized(queue) {
            if (missed == 0L) return queue.removeFirstOrNull()
            PayeeEvent.Missed(missed).also { missed = 0 }
        }
}

/** How many events a reader can fall behind. */
private const val MOST_BEHIND = 1024

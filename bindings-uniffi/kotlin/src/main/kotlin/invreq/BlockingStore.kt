package invreq

import invreq.core.HostStore
import invreq.core.StoreError
import invreq.core.StoreRead
import kotlinx.coroutines.runBlocking

/** A store of the app as the library calls it, on a thread that may wait. Nothing it throws gets out. */
internal class BlockingStore(
    private val store: Store,
) : HostStore {
    override fun range(
        start: ByteArray,
        end: ByteArray,
        limit: Long,
    ): StoreRead =
        try {
            StoreRead.Entries(runBlocking { store.range(start, end, limit.coerceAtMost(Int.MAX_VALUE.toLong()).toInt()) })
        } catch (error: Throwable) {
            StoreRead.Failed(storeErrorOf(error))
        }

    override fun write(batch: Batch): StoreError? = why { store.write(batch) }

    override fun closeStore(): StoreError? = why { store.close() }

    private fun why(work: suspend () -> Unit): StoreError? =
        try {
            runBlocking { work() }
            null
        } catch (error: Throwable) {
            storeErrorOf(error)
        }
}

package invreq.payee

import invreq.Batch
import invreq.Entry
import invreq.InvreqException
import invreq.Store
import invreq.StoreException
import invreq.core.StoreError
import invreq.glue
import invreq.storeErrorOf
import invreq.toException
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive

/** The host's store; what it throws is an [InvreqException] from here on. */
internal class HostStore(
    private val store: Store,
) {
    suspend fun range(
        start: ByteArray,
        end: ByteArray,
        limit: Int,
    ): List<Entry> =
        calling {
            val entries = store.range(start, end, limit)
            if (entries.size > limit) throw StoreException(StoreError.Failed("it gave more than it was asked for"))
            entries
        }

    /** Whether it was written; `false` after a conflict. */
    suspend fun write(batch: Batch): Boolean =
        calling {
            try {
                store.write(batch)
                true
            } catch (error: StoreException) {
                if (error.error !is StoreError.Conflict) throw error
                false
            }
        }

    suspend fun close() = calling { store.close() }

    private suspend inline fun <T> calling(work: () -> T): T =
        try {
            work()
        } catch (error: Throwable) {
            // The end of the call, or one of the store's own making: a time limit of its own, for one.
            if (error is CancellationException) currentCoroutineContext().ensureActive()
            throw glue { invreq.core.storeErrorDetails(storeErrorOf(error)) }.toException(error)
        }
}

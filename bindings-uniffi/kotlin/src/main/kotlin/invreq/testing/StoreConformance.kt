package invreq.testing

import invreq.BlockingStore
import invreq.Store
import invreq.core.ConformanceCheck
import invreq.core.HostStoreOpened
import invreq.core.HostStores
import invreq.glue
import invreq.storeErrorOf
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext

/** What came out of one check of [storeConformance]: its name, and why it was skipped or how the store broke the contract. */
public typealias StoreCheck = ConformanceCheck

/** Opens a store for [storeConformance]: nothing at first, and the same data again under the same name. */
public fun interface StoreOpener {
    /** Opens the data of this name. */
    public suspend fun open(name: String): Store
}

/**
 * Shows whether a store keeps the contract, with the suite that the library's own stores pass. A store that does has no check whose
 * `failed` is there.
 *
 * @param durable whether the data outlives its last handle.
 * @param shared whether it can be open more than once at a time.
 */
public suspend fun storeConformance(
    durable: Boolean,
    shared: Boolean,
    opener: StoreOpener,
): List<StoreCheck> {
    val stores =
        object : HostStores {
            override fun open(name: String): HostStoreOpened =
                try {
                    HostStoreOpened.Store(BlockingStore(runBlocking { opener.open(name) }))
                } catch (error: Throwable) {
                    HostStoreOpened.Failed(storeErrorOf(error))
                }
        }
    return withContext(Dispatchers.IO) { glue { invreq.core.storeConformance(stores, durable, shared) } }
}

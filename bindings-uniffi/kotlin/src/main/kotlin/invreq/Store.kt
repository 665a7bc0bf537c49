package invreq

import invreq.core.NativeStore
import invreq.core.StoreError
import invreq.core.StoreOpened
import invreq.core.StoreRead
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext

/**
 * An ordered key-value store with one conditional, atomic, durable write. An app that brings its own runs `storeConformance` over it
 * in one of its tests: the whole contract is in there.
 *
 * Keys are ordered as unsigned bytes, a key before its own extensions. Any method may be called while other calls are under way. Methods
 * throw a [StoreException]; anything else counts as `failed`.
 */
public interface Store {
    /** The first [limit] entries with `start <= key < end`, in ascending order. Fewer mean that there are no more. */
    public suspend fun range(
        start: ByteArray,
        end: ByteArray,
        limit: Int,
    ): List<Entry>

    /**
     * Does everything in the batch, or nothing; durable when it returns.
     *
     * In one transaction: the revision is checked first, then that no key of `absent` exists. Otherwise it throws a conflict.
     * Where it throws [StoreError.Failed] it may have been done all the same, but is over: it takes no effect later.
     */
    public suspend fun write(batch: Batch)

    /** Waits for the calls under way and gives back what the store occupies. Calls begun after it find it closed. */
    public suspend fun close()
}

/** Why a store did not do what it was asked: a sentence for a person, without keys and values. */
public class StoreException
    @JvmOverloads
    constructor(
        /** What kind of failure it is. */
        public val error: StoreError,
        cause: Throwable? = null,
    ) : Exception(cause) {
        override val message: String get() = invreq.core.storeErrorDetails(error).message
    }

/**
 * A store that lives as long as the process: for tests, and for a host that keeps nothing.
 *
 * A wallet in it forgets its invoices when the process ends, and with them the preimages of payments that are still to come. Its
 * writes are as atomic as those of any store, but they are not durable.
 */
public class MemoryStore private constructor(
    private val native: NativeStore,
) : Store {
    /** An empty store. */
    public constructor() : this(glue { invreq.core.openMemoryStore() })

    /** Another handle on the same entries: it is closed for itself. */
    public fun reopen(): MemoryStore = MemoryStore(checkNotNull(glue { native.reopen() }))

    override suspend fun range(
        start: ByteArray,
        end: ByteArray,
        limit: Int,
    ): List<Entry> = native.read(start, end, limit)

    override suspend fun write(batch: Batch) {
        throwIf { native.write(batch) }
    }

    override suspend fun close() {
        throwIf { native.closeStore() }
    }
}

/**
 * A durable store in one SQLite file: the store of the core, which every language can open.
 *
 * Several processes can have the file open, and stay right. Which of them sends cannot be chosen, so a copy may leave twice; a wait in one
 * of them ends when it next reads the store, as in [Payee.resume]. See docs/STORE.md, "Several processes".
 */
public class SqliteStore private constructor(
    private val native: NativeStore,
) : Store {
    override suspend fun range(
        start: ByteArray,
        end: ByteArray,
        limit: Int,
    ): List<Entry> = withContext(threads) { native.read(start, end, limit) }

    override suspend fun write(batch: Batch): Unit = withContext(threads) { throwIf { native.write(batch) } }

    override suspend fun close(): Unit = withContext(threads) { throwIf { native.closeStore() } }

    /** Opens stores. */
    public companion object {
        /**
         * Opens the store in this file, which is made where it does not exist; its folder must exist.
         *
         * @throws StoreException of the kind `foreign` for a file of another application, `corrupt`, or `failed`.
         */
        @JvmStatic
        public suspend fun open(path: String): SqliteStore =
            withContext(threads) {
                when (val opened = glue { invreq.core.openSqliteStore(path) }) {
                    is StoreOpened.Store -> SqliteStore(opened.store)
                    is StoreOpened.Failed -> throw StoreException(opened.error)
                }
            }
    }
}

/** Threads of the files' own: those of `Dispatchers.IO` may all be taken by methods of a host that hang. */
private val threads = Dispatchers.IO.limitedParallelism(8)

private fun NativeStore.read(
    start: ByteArray,
    end: ByteArray,
    limit: Int,
): List<Entry> =
    when (val read = glue { range(start, end, limit.toLong()) }) {
        is StoreRead.Entries -> read.entries
        is StoreRead.Failed -> throw StoreException(read.error)
    }

private inline fun throwIf(work: () -> StoreError?) {
    glue { work() }?.let { throw StoreException(it) }
}

/** What a store threw, in its own words; anything but its own exception counts as `failed`. */
internal fun storeErrorOf(error: Throwable): StoreError =
    if (error is StoreException) error.error else StoreError.Failed(reasonOf(error))

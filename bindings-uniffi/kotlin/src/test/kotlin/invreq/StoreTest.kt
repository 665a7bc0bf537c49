package invreq

import invreq.core.StoreError
import invreq.support.Stage
import invreq.support.TestStore
import invreq.support.onStage
import invreq.testing.StoreCheck
import invreq.testing.storeConformance
import java.nio.file.Files
import java.nio.file.Path
import java.util.TreeMap
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.joinAll
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.io.TempDir

class StoreTest {
    @TempDir
    lateinit var folder: Path

    private fun passed(checks: List<StoreCheck>): List<StoreCheck> {
        assertTrue(checks.size > 30)
        assertEquals(emptyList<StoreCheck>(), checks.filter { it.failed != null })
        return checks
    }

    @Test
    fun `the store in memory keeps the contract`() =
        runBlocking {
            val opened = HashMap<String, MemoryStore>()
            val checks =
                passed(storeConformance(durable = false, shared = true) { name -> opened.getOrPut(name) { MemoryStore() }.reopen() })
            val skipped = checks.filter { it.skipped != null }.map { it.name }
            assertEquals(listOf("survives-closing", "survives-dropping"), skipped)
        }

    @Test
    fun `the store in a file keeps the contract`() =
        runBlocking {
            val checks =
                passed(storeConformance(durable = true, shared = true) { SqliteStore.open(folder.resolve("$it.db").toString()) })
            assertEquals(emptyList<String>(), checks.mapNotNull { it.skipped })
        }

    @Test
    fun `a store of an app keeps the contract, and a broken one is found out`() =
        runBlocking {
            class Checked(
                data: TreeMap<String, ByteArray>,
                private val isBroken: Boolean,
            ) : Store {
                private val inner = TestStore(data)

                override suspend fun range(
                    start: ByteArray,
                    end: ByteArray,
                    limit: Int,
                ) = inner.range(start, end, if (isBroken) limit + 1 else limit)

                override suspend fun write(batch: Batch) {
                    val keys = batch.puts.map { it.key } + batch.deletes + listOf(batch.revisionKey)
                    val isRight =
                        batch.revision != 0L &&
                            (keys + batch.absent).all { it.size in 1..512 } &&
                            batch.puts.all { it.value.size <= 1 shl 20 } &&
                            keys.sumOf { it.size } + batch.absent.sumOf { it.size } + batch.puts.sumOf { it.value.size } <= 4 shl 20 &&
                            keys.map { it.toList() }.toSet().size == keys.size &&
                            batch.absent.none { it.contentEquals(batch.revisionKey) }
                    if (!isRight) throw StoreException(StoreError.Invalid("the batch is none"))
                    inner.write(batch)
                }

                override suspend fun close() = inner.close()
            }
            for (isBroken in listOf(false, true)) {
                val data = HashMap<String, TreeMap<String, ByteArray>>()
                val checks =
                    storeConformance(durable = false, shared = true) { Checked(data.getOrPut(it) { TreeMap() }, isBroken) }
                val failed = checks.filter { it.failed != null }
                assertEquals(isBroken, failed.isNotEmpty(), failed.toString())
                if (isBroken) assertTrue(checks.single { it.name == "range-limit" }.failed != null)
            }
        }

    @Test
    fun `a wallet moves from one store to another`() =
        onStage({ Stage(it, store = TestStore()) }) {
            send("a", expiry = 3600)
            val dump = exportWallet(store)
            val copy = MemoryStore()
            importWallet(copy, dump)
            assertArrayEquals(dump, exportWallet(copy))
            val missing = assertThrows<StoreException> { runBlocking { exportWallet(copy, "typo") } }
            assertTrue(missing.error is StoreError.Foreign)
            val conflict = assertThrows<StoreException> { runBlocking { importWallet(copy, dump) } }
            assertTrue(conflict.error is StoreError.Conflict)
            val damaged = assertThrows<StoreException> { runBlocking { importWallet(MemoryStore(), dump.copyOf(dump.size - 1)) } }
            assertTrue(damaged.error is StoreError.Corrupt, damaged.message)
        }

    @Test
    fun `a store in a file has threads of its own`() =
        runBlocking {
            val store = SqliteStore.open(folder.resolve("free.db").toString())
            val gate = CountDownLatch(1)
            // A host whose blocking calls hang takes every thread of Dispatchers.IO.
            val hanging = List(200) { launch(Dispatchers.IO) { gate.await(60, TimeUnit.SECONDS) } }
            try {
                assertEquals(emptyList<Entry>(), withTimeout(20_000) { store.range(ByteArray(1), ByteArray(2), 1) })
                withTimeout(20_000) { store.close() }
            } finally {
                gate.countDown()
                hanging.joinAll()
            }
        }

    @Test
    fun `what is no store of ours`() =
        runBlocking {
            val file = folder.resolve("other.db")
            Files.writeString(file, "this is something else ".repeat(100))
            val error = assertThrows<StoreException> { runBlocking { SqliteStore.open(file.toString()) } }
            assertTrue(error.error is StoreError.Foreign || error.error is StoreError.Corrupt, error.message)
            val away = assertThrows<StoreException> { runBlocking { SqliteStore.open(folder.resolve("no/such/folder.db").toString()) } }
            assertTrue(away.error is StoreError.Failed, away.message)
            val store = SqliteStore.open(folder.resolve("closed.db").toString())
            store.close()
            val closed = assertThrows<StoreException> { runBlocking { store.range(ByteArray(1), ByteArray(2), 1) } }
            assertEquals(StoreError.Closed, closed.error)
        }
}

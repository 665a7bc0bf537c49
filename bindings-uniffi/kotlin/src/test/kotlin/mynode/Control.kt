package mynode

import com.google.gson.Gson
import com.google.gson.JsonObject
import com.google.gson.JsonParser
import java.net.Socket
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.atomic.AtomicLong
import kotlin.concurrent.thread
import kotlinx.coroutines.CompletableDeferred

/** A control connection to the test server: tests/lightning/README.md. */
class Control(
    address: String,
) : AutoCloseable {
    private val socket = address.split(':').let { (host, port) -> Socket(host, port.toInt()) }
    private val output = socket.getOutputStream()
    private val waiting = ConcurrentHashMap<Long, CompletableDeferred<JsonObject>>()
    private val listeners = CopyOnWriteArrayList<(JsonObject) -> Unit>()
    private val lastId = AtomicLong()

    /** Every event since it was made. */
    val events = CopyOnWriteArrayList<JsonObject>()

    init {
        thread(isDaemon = true, name = "control") { readAll() }
    }

    /** Asks for something. */
    suspend fun call(
        method: String,
        vararg params: Pair<String, Any?>,
    ): JsonObject {
        val id = lastId.incrementAndGet()
        val answer = CompletableDeferred<JsonObject>().also { waiting[id] = it }
        val line = Gson().toJson(mapOf("id" to id, "method" to method, "params" to params.toMap())) + "\n"
        synchronized(output) { output.write(line.encodeToByteArray()) }
        val said = answer.await()
        return said["result"]?.asJsonObject ?: error("$method: ${said["error"]}")
    }

    /** Calls back for everything that happens at the nodes. */
    fun onEvent(listener: (JsonObject) -> Unit) {
        listeners += listener
    }

    override fun close() = socket.close()

    private fun readAll() {
        try {
            socket.getInputStream().bufferedReader().forEachLine { line ->
                val message = JsonParser.parseString(line).asJsonObject
                if (message.has("event")) {
                    events += message
                    listeners.forEach { it(message) }
                } else {
                    waiting.remove(message["id"].asLong)?.complete(message)
                }
            }
        } catch (_: java.io.IOException) {
            // Closed.
        }
        waiting.values.forEach { it.completeExceptionally(java.io.IOException("the control connection is closed")) }
    }
}

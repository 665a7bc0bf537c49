package invreq.scenarios

import com.google.gson.JsonElement
import com.google.gson.JsonObject
import invreq.Batch
import invreq.BlindedHop
import invreq.BlindedPath
import invreq.Clock
import invreq.Delivery
import invreq.Entropy
import invreq.Entry
import invreq.InboundPayment
import invreq.InboundPaymentRequest
import invreq.PayInfo
import invreq.PaymentPath
import invreq.PaymentSource
import invreq.Received
import invreq.Route
import invreq.SendOutcome
import invreq.SignRequest
import invreq.Signer
import invreq.Store
import invreq.StoreException
import invreq.Transport
import invreq.core.Conflict
import invreq.core.Introduction
import invreq.core.ReplyPath
import invreq.core.StoreError
import invreq.support.hex
import invreq.support.objects
import invreq.support.text
import invreq.support.unhex
import java.nio.ByteBuffer
import java.util.TreeMap
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.channels.Channel

/** What all payees of a scenario have in common. */
class World(
    val transcript: Transcript,
    /** What the parts of the host say: `source`, `transport`, `signer`, `store`, `ecdh`. */
    val says: JsonObject,
    var nowMs: Long,
) {
    var data = TreeMap<String, ByteArray>()
    val held = ArrayDeque<CompletableDeferred<String>>()
    val arrived = Channel<Received>(Channel.UNLIMITED)
    val deliveries = HashMap<String, Delivery>()
    var action = 0
    private val sleepers = LinkedHashMap<CompletableDeferred<Unit>, LongRange>()

    suspend fun hold(): String = CompletableDeferred<String>().also { held += it }.await()

    /** So much time goes by, or comes back. */
    fun go(ms: Long) {
        nowMs += ms
        sleepers.filterValues { nowMs !in it }.keys.forEach { it.complete(Unit) }
    }

    suspend fun sleep(at: Long) {
        val sleeper = CompletableDeferred<Unit>()
        sleepers[sleeper] = nowMs..<at
        try {
            if (nowMs < at) sleeper.await()
        } finally {
            sleepers -= sleeper
        }
    }

    /** What a part says, taken one by one where it is a list. */
    fun next(
        part: String,
        name: String,
    ): String? {
        val list = says[part].asJsonObject[name]?.takeUnless { it.isJsonNull }?.asJsonArray ?: return null
        return if (list.isEmpty) null else list.remove(0).asString
    }
}

/** The host as one payee sees it, until it is taken from it. */
class Host(
    val world: World,
    val name: String,
) : Store,
    PaymentSource,
    Transport,
    Signer,
    Clock,
    Entropy {
    private var isGone = false
    private val prefix = if (name == "a") "" else "$name "

    /** As if the process had died: nothing is written or answered any more. */
    fun vanish() {
        isGone = true
    }

    /** A line in its turn. */
    suspend fun line(line: String) {
        if (isGone) awaitCancellation()
        world.transcript.write(prefix + line)
    }

    override fun nowMs() = world.nowMs

    override suspend fun sleepUntil(atMs: Long) = world.sleep(atMs)

    override fun bytes(): ByteArray = Secrets.entropy(world.action, name[0])

    override suspend fun range(
        start: ByteArray,
        end: ByteArray,
        limit: Int,
    ): List<Entry> {
        val word = world.next("store", "reads") ?: "ok"
        if (word != "ok") {
            line("read $word")
            throw storeError(word)
        }
        val (from, to) = start.hex() to end.hex()
        return if (from >= to) {
            emptyList()
        } else {
            world.data.subMap(from, to).entries.take(limit).map { Entry(it.key.unhex(), it.value.copyOf()) }
        }
    }

    override suspend fun write(batch: Batch) {
        if (isGone) awaitCancellation()
        val word = world.next("store", "writes") ?: "ok"

        fun outcome() =
            when {
                word == "conflict" || word in listOf("ok", "lost") && !fits(batch) -> " conflict"
                word == "ok" -> ""
                else -> " $word"
            }
        var said = ""
        world.transcript.write({ prefix + Lines.write(batch) + outcome() }) {
            said = outcome().trim()
            // With a conflict another writer was here, and changed nothing but the revision.
            if (word == "conflict") revise(batch) else if (said in listOf("", "lost")) apply(batch)
        }
        if (said != "") throw storeError(said)
    }

    override suspend fun createInboundPayment(request: InboundPaymentRequest): InboundPayment {
        line(Lines.source(request))
        if (says("source")["hold"]?.asBoolean == true) world.hold()
        line("told source ${request.label}")
        val said = says("source")
        said.text("fails")?.let { throw IllegalStateException(it) }
        return InboundPayment(
            said.text("paymentHash"),
            said.text("preimage")?.unhex(),
            paths(said["paths"]),
            said["mpp"]?.takeUnless { it.isJsonNull }?.asBoolean ?: false,
            said["pathsExpireAt"]?.takeUnless { it.isJsonNull }?.asLong,
        )
    }

    override suspend fun canReceive(amountMsat: Long): Boolean? {
        line("ask receive $amountMsat")
        return says("source")["canReceive"]?.takeUnless { it.isJsonNull }?.asBoolean
    }

    override suspend fun send(delivery: Delivery): SendOutcome {
        world.deliveries[delivery.id] = delivery
        line(Lines.send(delivery))
        val told = world.next("transport", "sends") ?: says("transport").text("send")!!
        val word = if (told == "hold") world.hold() else told
        line("said ${delivery.id} $word")
        return SendOutcome.valueOf(word.uppercase())
    }

    override suspend fun resolveScid(
        scid: Long,
        direction: Int,
    ): String? {
        line("ask scid ${scid.toULong()} $direction")
        val found = says("transport")["scids"]?.asJsonObject?.text("${scid.toULong()}/$direction")
        if (found != null && !Regex("[0-9a-f]{66}").matches(found)) throw IllegalStateException(found)
        return found
    }

    override suspend fun findRoute(nodeId: String): Route? {
        line("ask route $nodeId")
        val routes = says("transport")["routes"]?.takeUnless { it.isJsonNull }?.asJsonObject
        val found = if (routes?.has(nodeId) == true) routes[nodeId] else says("transport")["route"]
        if (found == null || found.isJsonNull) return null
        if (found.isJsonPrimitive) throw IllegalStateException(found.asString)
        return route(found.asJsonObject)
    }

    override suspend fun ecdh(
        nodeId: String,
        point: String,
    ): ByteArray {
        line("ask ecdh $nodeId $point")
        return says("ecdh").text("$nodeId $point")?.unhex() ?: throw IllegalStateException("no such key")
    }

    override suspend fun receive(): Received = world.arrived.receive()

    override suspend fun sign(request: SignRequest): ByteArray {
        line("ask sign ${request.nodeId} ${request.digest.hex()} ${Lines.mark(request.invoice)}")
        return says("signer").text("signs")?.unhex() ?: throw IllegalStateException("locked")
    }

    override suspend fun close() {}

    private fun says(part: String) = world.says[part].asJsonObject

    private fun fits(batch: Batch): Boolean {
        val stored = world.data[batch.revisionKey.hex()]?.let { ByteBuffer.wrap(it).long } ?: 0
        return stored == batch.revision - 1 && batch.absent.none { it.hex() in world.data }
    }

    private fun apply(batch: Batch) {
        batch.puts.forEach { world.data[it.key.hex()] = it.value.copyOf() }
        batch.deletes.forEach { world.data.remove(it.hex()) }
        revise(batch)
    }

    private fun revise(batch: Batch) {
        world.data[batch.revisionKey.hex()] = ByteBuffer.allocate(8).putLong(batch.revision).array()
    }
}

private fun storeError(word: String): StoreException {
    val why = "as the scenario says"
    return StoreException(
        when (word) {
            "conflict" -> StoreError.Conflict(Conflict.Revision)
            "failed", "lost" -> StoreError.Failed(why)
            "full" -> StoreError.Full(why)
            "read_only" -> StoreError.ReadOnly(why)
            "corrupt" -> StoreError.Corrupt(why)
            "foreign" -> StoreError.Foreign(why)
            "closed" -> StoreError.Closed
            else -> error("there is no store that says $word")
        },
    )
}

private fun texts(list: JsonElement?): List<String> =
    list?.takeUnless { it.isJsonNull }?.asJsonArray?.map { it.asString }.orEmpty()

private fun route(given: JsonObject): Route {
    val reply = given["reply"]?.takeUnless { it.isJsonNull }?.asJsonObject
    val path =
        when (reply?.text("kind")) {
            null, "none" -> ReplyPath.None
            "ours" -> ReplyPath.Ours(texts(reply["via"]))
            "node" -> ReplyPath.Node(texts(reply["via"]), reply.text("nodeId")!!)
            "host" -> ReplyPath.Host
            else -> error("there is no such reply path")
        }
    return Route(texts(given["via"]), texts(given["connect"]), given["ownNode"]?.asBoolean ?: false, path)
}

fun paths(list: JsonElement): List<PaymentPath> =
    list.asJsonArray.objects().map { given ->
        val (path, payinfo) = given["path"].asJsonObject to given["payinfo"].asJsonObject
        val hops =
            path["hops"].asJsonArray.objects().map {
                BlindedHop(it.text("blindedNodeId")!!, it.text("encryptedRecipientData")!!.unhex())
            }
        val start = path["introduction"]
        val introduction =
            if (start.isJsonPrimitive) {
                Introduction.NodeId(start.asString)
            } else {
                Introduction.Scid(start.asJsonObject["direction"].asInt, start.asJsonObject["scid"].asLong)
            }
        PaymentPath(
            BlindedPath(introduction, path.text("pathKey")!!, hops),
            PayInfo(
                payinfo["feeBaseMsat"].asLong,
                payinfo["feeProportionalMillionths"].asLong,
                payinfo["cltvExpiryDelta"].asInt,
                payinfo["htlcMinimumMsat"].asLong,
                payinfo["htlcMaximumMsat"].asLong,
                payinfo.text("features")?.unhex() ?: ByteArray(0),
            ),
        )
    }

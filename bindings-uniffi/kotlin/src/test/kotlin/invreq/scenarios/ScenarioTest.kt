package invreq.scenarios

import com.google.gson.JsonArray
import com.google.gson.JsonElement
import com.google.gson.JsonObject
import com.google.gson.JsonParser
import com.google.gson.JsonPrimitive
import invreq.Existing
import invreq.InvreqException
import invreq.ListIndex
import invreq.Network
import invreq.Payee
import invreq.PayeeOptions
import invreq.Received
import invreq.Replies
import invreq.Status
import invreq.Terms
import invreq.answer
import invreq.decode
import invreq.support.hex
import invreq.support.objects
import invreq.support.root
import invreq.support.text
import invreq.support.unhex
import invreq.verify
import java.nio.file.Files
import java.util.Base64
import java.util.TreeMap
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.Job
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancel
import kotlinx.coroutines.launch
import kotlinx.coroutines.test.StandardTestDispatcher
import kotlinx.coroutines.test.TestScope
import kotlinx.coroutines.test.runCurrent
import kotlinx.coroutines.test.runTest
import kotlinx.coroutines.withContext
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestFactory
import org.junit.jupiter.api.assertThrows

/** Every scenario of tests/scenarios, against the transcripts that every language repeats. */
class ScenarioTest {
    private val folder = root.resolve("tests/scenarios")

    private fun read(path: String) = Files.readString(folder.resolve(path))

    @TestFactory
    fun scenarios(): List<DynamicTest> {
        val data = JsonParser.parseString(read("data.json")).asJsonObject
        val made = JsonParser.parseString(read("made.json")).asJsonObject
        val names = Files.list(folder.resolve("cases")).use { cases -> cases.map { "${it.fileName}".removeSuffix(".json") }.toList() }
        check(names.size > 100) { "where are the scenarios?" }
        return names.sorted().map { name ->
            dynamicTest(name) {
                val known = data.deepCopy()
                made[name]?.asJsonObject?.asMap()?.forEach { (key, value) -> known.add(key, value) }
                val scenario = JsonParser.parseString(read("cases/$name.json")).asJsonObject
                runTest { Run(this, scenario, known, read("transcripts/$name.txt")).all() }
            }
        }
    }

    @Test
    fun `a run that differs is found`() {
        val golden = "> 1 open\nwrite 1\nevent created a\nb event paid\nevent paid a\n> 2 close\n"

        fun differs(vararg lines: String): String? {
            val transcript = Transcript(golden)
            val scope = TestScope()
            for (line in listOf("> 1 open") + lines) scope.backgroundScope.launch { transcript.write(line) }
            scope.runCurrent()
            return runCatching { transcript.finish(1) }.exceptionOrNull()?.message
        }
        val (write, created, other, paid) = listOf("write 1", "event created a", "b event paid", "event paid a")
        assertNull(differs(write, created, other, paid))
        assertNull(differs(write, other, created, paid), "two payees know nothing of each other")
        assertEquals(
            listOf("line 3 has to be: $created", "there is: $paid", "there is: $created", "there is: $other").joinToString("\n  "),
            differs(write, paid, created, other),
        )
        assertTrue("too early: $paid" in differs(paid, write, created, other).orEmpty())
        assertEquals("line 5 has to be: $paid", differs(write, created, other))
        assertEquals("line 6 has to be: > 2 close\n  there is: event paid b", differs(write, created, other, paid, "event paid b"))
    }

    @Test
    fun `what gives a secret away is found`() {
        val seed = ByteArray(32) { (it * 7).toByte() }
        val secrets = Secrets(seed, 3)
        for (secret in listOf(seed, Secrets.entropy(3, 'b'), secrets.preimage(Secrets.entropy(2, 'a')))) {
            for (text in listOf(secret.hex(), secret.contentToString(), "x${Base64.getEncoder().encodeToString(secret)}")) {
                assertThrows<AssertionError> { secrets.check(text) }
            }
        }
        secrets.check(secrets.preimage(Secrets.entropy(4, 'a')).hex())
    }
}

@OptIn(ExperimentalCoroutinesApi::class)
private class Run(
    private val test: TestScope,
    private val scenario: JsonObject,
    private val names: JsonObject,
    golden: String,
) {
    private class Opened(
        val host: Host,
    ) {
        var payee: Payee? = null
    }

    private val dispatcher = StandardTestDispatcher(test.testScheduler)
    private val scope = CoroutineScope(SupervisorJob() + dispatcher)
    private val defaults = fill(names["defaults"]).asJsonObject
    private val transcript = Transcript(golden)
    private val world =
        World(
            transcript,
            defaults.deepCopy().also { it.add("ecdh", names["ecdh"] ?: JsonObject()) },
            scenario["nowMs"]?.asLong ?: 1_700_000_000_000,
        )
    private val secrets = Secrets(names.text("seed")!!.unhex(), scenario["do"].asJsonArray.size())
    private val payees = HashMap<String, Opened>()
    private val hashes = HashMap<String, String>()
    private val calls = HashMap<Int, Job>()
    private var kept = TreeMap<String, ByteArray>()

    suspend fun all() {
        try {
            for ((place, action) in scenario["do"].asJsonArray.objects().withIndex()) {
                val (number, what) = place + 1 to action.text("do")!!
                world.action = number
                transcript.write("> $number $what")
                val given = if (what == "open") fill(defaults["open"]).asJsonObject else JsonObject()
                fill(action).asJsonObject.asMap().forEach { (name, value) -> given.add(name, value) }
                begin(number, what, action.text("payee") ?: "a", given)
                test.runCurrent()
                transcript.finish(number)
            }
        } finally {
            payees.values.forEach { opened -> scope.launch { opened.payee?.shutdown() } }
            test.runCurrent()
            scope.cancel()
        }
    }

    /** Replaces every `@name` by what it stands for, and every `$name` by what was seen. */
    private fun fill(value: JsonElement): JsonElement =
        when {
            value.isJsonArray -> JsonArray().also { list -> value.asJsonArray.forEach { list.add(fill(it)) } }

            value.isJsonObject ->
                JsonObject().also { filled ->
                    value.asJsonObject.asMap().forEach { (name, each) ->
                        filled.add(if (name.startsWith("@")) names.text(name.drop(1)) else name, fill(each))
                    }
                }

            value.isJsonPrimitive && value.asJsonPrimitive.isString ->
                when {
                    value.asString.startsWith("@") -> fill(names[value.asString.drop(1)])
                    value.asString.startsWith("$") -> JsonPrimitive(seen(value.asString.drop(1)))
                    else -> value
                }

            else -> value
        }

    private fun seen(name: String): String = hashes[name] ?: world.deliveries[name]!!.replyPathId!!.hex()

    private fun begin(
        number: Int,
        what: String,
        name: String,
        given: JsonObject,
    ) {
        val opened = payees[name]
        when (what) {
            "open" -> payees[name] = Opened(Host(world, name)).also { reply(number, it.host) { open(it, given) } }

            "crash" -> {
                opened!!.host.vanish()
                opened.payee?.let { scope.launch { it.shutdown() } }
            }

            "keepStore" -> kept = TreeMap(world.data)

            "putBackStore" -> world.data = TreeMap(kept)

            "clock" -> world.go(given["addMs"].asLong)

            "source", "transport", "signer", "store" -> {
                val said = world.says[what].asJsonObject
                given.asMap().forEach { (word, value) -> said.add(word, value) }
            }

            "arrive" -> world.arrived.trySend(received(given))

            "release" -> world.held.removeFirst().complete(given.text("say").orEmpty())

            "cancel" -> calls.getValue(given["call"].asInt).cancel()

            else -> calls[number] = reply(number, opened?.host ?: Host(world, name)) { call(opened?.payee, what, given) }
        }
    }

    private fun reply(
        number: Int,
        host: Host,
        line: suspend () -> String,
    ): Job =
        scope.launch {
            val said =
                try {
                    line()
                } catch (error: InvreqException) {
                    secrets.check(error)
                    Lines.error(error)
                } catch (_: CancellationException) {
                    "cancelled"
                }
            withContext(NonCancellable) { host.line("done $number $said") }
        }

    private suspend fun open(
        opened: Opened,
        given: JsonObject,
    ): String {
        val host = opened.host
        val options =
            PayeeOptions(
                network = network(given)!!,
                store = host,
                source = host,
                transport = host,
                seed = given.text("seed")!!.unhex(),
                signer = host,
                walletId = given.text("walletId")!!,
                clock = host,
                entropy = host,
                dispatcher = dispatcher,
            )
        val payee = Payee.open(options)
        opened.payee = payee
        scope.launch {
            payee.events.collect { event ->
                secrets.check(event)
                event.record?.let { hashes[it.label] = it.paymentHash }
                scope.launch { host.line(Lines.event(event)) }
            }
        }
        return "ok"
    }

    private suspend fun call(
        payee: Payee?,
        what: String,
        given: JsonObject,
    ): String {
        fun text(name: String) = given.text(name)

        fun long(name: String) = given[name]?.takeUnless { it.isJsonNull }?.asLong
        val label = text("label").orEmpty()
        return when (what) {
            "decode" -> Lines.decoded(decode(text("text")!!, if (text("network") == "any") null else network(given) ?: Network.BITCOIN, long("now")))
            "verify" -> Lines.verified(verify(text("text")!!))
            "answer" -> answer(terms(given), text("secretKey")!!.unhex())
            "sendInvoice" ->
                Lines.done(
                    payee!!.sendInvoice(
                        invreq = text("invreq")!!,
                        label = label,
                        amountMsat = long("amountMsat"),
                        timeout = long("timeout"),
                        expiry = long("expiry"),
                        existing = Existing.valueOf((text("existing") ?: "error").uppercase()),
                        again = given["again"]?.asBoolean ?: false,
                        invoiceNodeId = text("invoiceNodeId"),
                        replies = Replies.valueOf((text("replies") ?: "wanted").uppercase()),
                        quantity = long("quantity"),
                    ),
                )
            "resend" -> Lines.done(payee!!.resend(label))
            "waitInvoice" -> Lines.done(payee!!.waitInvoice(label))
            "waitAnyInvoice" -> Lines.done(payee!!.waitAnyInvoice(long("lastPayIndex") ?: 0, long("timeout")))
            "delInvoice" -> Lines.done(payee!!.delInvoice(label, Status.valueOf(text("status")!!.uppercase())))
            "claimFailed" -> Lines.done(payee!!.claimFailed(text("paymentHash")!!))
            "paymentReceived" ->
                Lines.done(
                    payee!!.paymentReceived(text("paymentHash")!!, long("amountMsat")!!, long("paidAt")!!, text("preimage")?.unhex()),
                )
            "listInvoices" -> Lines.page(list(payee!!, given))
            "preview" -> Lines.preview(payee!!.preview(text("invreq")!!))
            "claim" -> Lines.approval(payee!!.claim(text("paymentHash")!!, long("totalMsat")!!, long("firstHtlcAt")!!))
            "judge" -> Lines.verdict(payee!!.judge(text("paymentHash")!!, long("totalMsat")!!, long("firstHtlcAt")!!))
            "ignoredReplies" -> "${payee!!.ignoredReplies()}"
            "replyNodeId" -> payee!!.replyNodeId()
            "receiveOnionMessage" -> payee!!.receiveOnionMessage(text("bytes")!!.unhex(), text("nodeId")).let { "ok" }
            "receiveInvoiceError" -> payee!!.receiveInvoiceError(text("replyTo")!!.unhex(), text("bytes")!!.unhex()).let { "ok" }
            "resume" -> payee!!.resume().let { "ok" }
            "close" -> payee!!.shutdown().let { "ok" }
            else -> error("there is no action $what")
        }
    }

    private suspend fun list(
        payee: Payee,
        given: JsonObject,
    ) = payee
        .listInvoices(
            label = given.text("label"),
            paymentHash = given.text("paymentHash"),
            status = given.text("status")?.let { Status.valueOf(it.uppercase()) },
            index = ListIndex.valueOf((given.text("index") ?: "created").uppercase()),
            start = given["start"]?.asLong ?: 0,
            limit = given["limit"]?.asLong,
        ).page()

    private fun terms(given: JsonObject) =
        Terms(
            invreq = given.text("invreq")!!,
            paymentHash = given.text("paymentHash")!!,
            paths = paths(given["paths"]),
            network = network(given) ?: Network.BITCOIN,
            amountMsat = given["amountMsat"]?.asLong,
            mpp = given["mpp"]?.asBoolean ?: false,
            createdAt = given["createdAt"].asLong,
            expiry = given["expiry"]?.asLong ?: 7200,
            pathsExpireAt = given["pathsExpireAt"]?.asLong,
        )

    private fun network(given: JsonObject) = given.text("network")?.let { Network.valueOf(it.uppercase()) }

    private fun received(given: JsonObject): Received {
        val bytes = given.text("bytes")!!.unhex()
        val replyTo = given.text("replyTo") ?: return Received.OnionMessage(bytes, given.text("nodeId"))
        return Received.InvoiceError(replyTo.unhex(), bytes)
    }
}

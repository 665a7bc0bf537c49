package invreq.support

import com.google.gson.JsonObject
import com.google.gson.JsonParser
import java.nio.file.Path
import mynode.Control
import mynode.GREETING

/** A Lightning network for tests: tests/lightning/README.md. `cargo build -p invreq-lightning --bins` makes it. */
class TestServer : AutoCloseable {
    private val process =
        ProcessBuilder(program(), "relayed").redirectError(ProcessBuilder.Redirect.INHERIT).start()
    private val line: String = process.inputReader().readLine()
    val greeting: JsonObject = JsonParser.parseString(line).asJsonObject
    val control = Control(greeting["control"].asJsonObject.text("tcp")!!)

    /** A fresh request of a payer, over an amount in msat. */
    suspend fun createRequest(payer: String = "payer"): String =
        control.call("create_request", "amount_msat" to AMOUNT, "node" to payer, "description" to "refund").text("request")!!

    /** The example as a process of its own, which may be killed. */
    fun example(
        request: String,
        file: Path,
    ): Process =
        ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            "Claim_refundKt",
            request,
            file.toString(),
        ).apply { environment()[GREETING] = line }
            .redirectErrorStream(true)
            .start()

    override fun close() {
        control.close()
        process.outputStream.close()
        process.waitFor()
    }

    companion object {
        /** How much each request is about, in msat. */
        const val AMOUNT = 50_000_000L

        private fun program(): String {
            val target = System.getenv("CARGO_TARGET_DIR")?.let { root.resolve(it) } ?: root.resolve("target")
            return System.getenv("INVREQ_TEST_SERVER") ?: target.resolve("debug/test-server").toString()
        }
    }
}

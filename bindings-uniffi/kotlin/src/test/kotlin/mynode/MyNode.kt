package mynode

import com.google.gson.JsonObject
import invreq.BlindedHop
import invreq.BlindedPath
import invreq.Directory
import invreq.InboundPayment
import invreq.InboundPaymentRequest
import invreq.Network
import invreq.PayInfo
import invreq.Payee
import invreq.PaymentPath
import invreq.PaymentSource
import invreq.Verdict
import invreq.core.Introduction
import invreq.support.hex
import invreq.support.objects
import invreq.support.text
import invreq.support.unhex
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancel
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch

/** The wallet's Lightning node: here it is the node "host" of the test server, whose greeting is in the environment or given. */
class MyNode(
    greeting: JsonObject,
) : PaymentSource,
    Directory,
    AutoCloseable {
    val network = Network.REGTEST
    val seed = ByteArray(32) { 9 }
    val control = Control(greeting["control"].asJsonObject.text("tcp")!!)
    private val nodes = greeting["nodes"].asJsonObject.asMap().values.map { it.asJsonObject }
    private val scope = CoroutineScope(SupervisorJob() + Dispatchers.Default)

    override suspend fun createInboundPayment(request: InboundPaymentRequest): InboundPayment {
        val seconds = maxOf(1, request.expiresAt - now())
        val made =
            control.call(
                "create_inbound_payment",
                "amount_msat" to request.amountMsat,
                "expiry_secs" to seconds,
                "payment_hash" to request.paymentHash,
            )
        return InboundPayment(null, null, made["paths"].asJsonArray.objects().map(::path), true, null)
    }

    override suspend fun addresses(nodeId: String): List<String> =
        nodes.filter { it.text("node_id") == nodeId }.map { it.text("tcp")!! }

    override suspend fun resolveScid(
        scid: Long,
        direction: Int,
    ): String? = control.call("resolve_scid", "sciddir" to "%02x%016x".format(direction, scid)).text("node_id")

    /** Tells the payee of what happens at the node, and the node what to do: from now on, and what came while nobody looked. */
    suspend fun serve(payee: Payee) {
        control.onEvent { scope.launch { handle(payee, it) } }
        control.call("payments")["payments"].asJsonArray.objects().forEach { handle(payee, it) }
    }

    override fun close() {
        scope.cancel()
        control.close()
    }

    private suspend fun handle(
        payee: Payee,
        event: JsonObject,
    ) {
        if (event.text("node") != "host") return
        val hash = event.text("payment_hash") ?: return
        when (event.text("event")) {
            "payment_claimable" -> claim(payee, hash, event["amount_msat"].asLong)
            "payment_claimed" -> runCatching { payee.paymentReceived(hash, event["amount_msat"].asLong, now()) }
        }
    }

    private suspend fun claim(
        payee: Payee,
        hash: String,
        amountMsat: Long,
    ) {
        while (true) {
            // The test server does not say when it came: later than that it cannot have been.
            when (val verdict = payee.judge(hash, amountMsat, now())) {
                is Verdict.Settle -> {
                    control.call("settle", "payment_hash" to hash, "preimage" to verdict.preimage!!.hex())
                    return
                }

                is Verdict.Fail -> {
                    control.call("fail", "payment_hash" to hash)
                    return
                }

                // Of another wallet at the same node.
                is Verdict.Unknown -> return

                is Verdict.Hold -> if (verdict.error.retryable) delay(AGAIN_MS) else return
            }
        }
    }

    companion object {
        /** Connects to the node this environment names. */
        fun connect() = MyNode(com.google.gson.JsonParser.parseString(System.getenv(GREETING)).asJsonObject)
    }
}

/** Where a process finds the first line of the test server. */
const val GREETING = "INVREQ_GREETING"

/** The pause before a busy store is asked again. */
private const val AGAIN_MS = 200L

private fun now() = System.currentTimeMillis() / 1000

private fun path(wire: JsonObject): PaymentPath {
    val payinfo = wire["payinfo"].asJsonObject
    val hops =
        wire["hops"].asJsonArray.objects().map {
            BlindedHop(it.text("blinded_node_id")!!, it.text("encrypted_recipient_data")!!.unhex())
        }
    return PaymentPath(
        BlindedPath(introduction(wire.text("introduction")!!), wire.text("first_path_key")!!, hops),
        PayInfo(
            payinfo["fee_base_msat"].asLong,
            payinfo["fee_proportional_millionths"].asLong,
            payinfo["cltv_expiry_delta"].asInt,
            payinfo["htlc_minimum_msat"].asLong,
            payinfo["htlc_maximum_msat"].asLong,
            payinfo.text("features")!!.unhex(),
        ),
    )
}

/** A node id has 33 bytes, an end of a channel nine: its direction and its id. */
private fun introduction(hex: String): Introduction =
    if (hex.length == 66) {
        Introduction.NodeId(hex)
    } else {
        Introduction.Scid(hex.take(2).toInt(16), java.lang.Long.parseUnsignedLong(hex.drop(2), 16))
    }

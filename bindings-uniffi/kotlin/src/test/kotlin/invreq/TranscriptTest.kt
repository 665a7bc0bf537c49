package invreq

import invreq.core.Introduction
import invreq.core.ReplyPath
import invreq.support.Stage
import invreq.support.TestClock
import invreq.support.TestSource
import invreq.support.TestStore
import invreq.support.TestTransport
import invreq.support.hex
import invreq.support.json
import invreq.support.objects
import invreq.support.onStage
import invreq.support.text
import invreq.support.unhex
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** The same host and the same dice make the same bytes as in Rust. */
class TranscriptTest {
    private val script = json("transcript.json").asJsonObject
    private val route =
        script["route"].asJsonObject.let { route ->
            fun nodes(list: com.google.gson.JsonElement) = list.asJsonArray.map { it.asString }
            Route(nodes(route["via"]), emptyList(), false, ReplyPath.Ours(nodes(route["reply"].asJsonObject["via"])))
        }
    private val path =
        script["payment_path"].asJsonObject.let { given ->
            val (path, payinfo) = given["path"].asJsonObject to given["payinfo"].asJsonObject
            val hops =
                path["hops"].asJsonArray.objects().map {
                    BlindedHop(it.text("blindedNodeId")!!, it.text("encryptedRecipientData")!!.unhex())
                }
            PaymentPath(
                BlindedPath(Introduction.NodeId(path.text("introduction")!!), path.text("pathKey")!!, hops),
                PayInfo(
                    payinfo["feeBaseMsat"].asLong,
                    payinfo["feeProportionalMillionths"].asLong,
                    payinfo["cltvExpiryDelta"].asInt,
                    payinfo["htlcMinimumMsat"].asLong,
                    payinfo["htlcMaximumMsat"].asLong,
                    ByteArray(0),
                ),
            )
        }

    @Test
    fun `one invoice from the request to the payment`() =
        onStage({ test ->
            Stage(
                test,
                network = Network.valueOf(script.text("network")!!.uppercase()),
                walletId = script.text("wallet_id")!!,
                seed = script.text("seed")!!.unhex(),
                clock = TestClock(script["now_ms"].asLong),
                entropy = { script.text("entropy")!!.unhex() },
                source = TestSource().apply { answer = { InboundPayment(null, null, listOf(path), false, null) } },
                transport =
                    object : TestTransport() {
                        override suspend fun findRoute(nodeId: String) = route
                    },
            )
        }) {
            assertEquals(script.text("reply_node_id"), payee.replyNodeId())
            val call = call { sendInvoice(script.text("invreq")!!, script.text("label")!!, expiry = script["expiry"].asLong) }
            val delivery = transport.sent.single()
            val expected = script["delivery"].asJsonObject
            assertEquals(
                expected.asMap().mapValues { it.value.asString },
                mapOf(
                    "id" to delivery.id,
                    "nodeId" to delivery.nodeId,
                    "invoice" to delivery.invoice.hex(),
                    "firstHop" to delivery.packet.firstHop,
                    "message" to delivery.packet.message.hex(),
                ),
            )
            val hash = script.text("payment_hash")!!
            assertEquals(script.text("preimage"), payee.claim(hash, 50_000, clock.now).preimage!!.hex())
            payee.paymentReceived(hash, script["amount_received_msat"].asLong, clock.now)
            assertEquals(script.text("rpc"), call.await().toRpc())
            val entries = script["entries"].asJsonArray.map { entry -> entry.asJsonArray.map { it.asString } }
            assertEquals(entries, (store as TestStore).data.map { listOf(it.key, it.value.hex()) })
        }

    @Test
    fun `a record as JSON text, of which every byte counts`() {
        val text = json("rpc.json").asJsonObject.text("text")!!
        val rpc = com.google.gson.JsonParser.parseString(text).asJsonObject
        val record =
            InvoiceRecord(
                label = rpc.text("label")!!,
                description = rpc.text("description")!!,
                paymentHash = rpc.text("payment_hash")!!,
                invreqId = "11".repeat(32),
                bolt12 = rpc.text("bolt12")!!,
                amountMsat = rpc["amount_msat"].asLong,
                status = Status.PAID,
                claiming = false,
                createdAt = 1,
                expiresAt = rpc["expires_at"].asLong,
                createdIndex = rpc["created_index"].asLong,
                updatedIndex = rpc["updated_index"].asLong,
                // What is more than a Long holds keeps its bits.
                payment =
                    Payment(
                        rpc["pay_index"].asLong,
                        java.lang.Long.parseUnsignedLong(rpc.text("amount_received_msat")),
                        rpc["paid_at"].asLong,
                        rpc.text("payment_preimage")!!.unhex(),
                    ),
                delivery = DeliveryReport(DeliveryState.SENT, 1, emptyList(), null),
            )
        assertEquals(text, record.toRpc())
    }

    @Test
    fun `the seed gives what the vectors say`() {
        val vectors = json("derivation.json").asJsonObject["vectors"].asJsonArray.objects()
        assertTrue(vectors.size >= 4)
        for (vector in vectors) {
            val source = TestSource()
            onStage({ test ->
                Stage(
                    test,
                    source = source,
                    network = Network.valueOf(vector.text("network")!!.uppercase()),
                    seed = vector.text("seed")!!.unhex(),
                    entropy = { vector.text("nonce")!!.unhex() },
                )
            }) {
                assertEquals(vector.text("reply_node_id"), payee.replyNodeId())
                if (network == Network.BITCOIN) {
                    send("a")
                    assertEquals(vector.text("payment_hash"), source.asked.single().paymentHash)
                }
            }
        }
    }
}

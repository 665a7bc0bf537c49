package invreq

import invreq.support.NODE
import invreq.support.REFUND
import invreq.support.json
import invreq.support.lines
import invreq.support.objects
import invreq.support.payment
import invreq.support.text
import invreq.support.unhex
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

class TextTest {
    /** `ok`, or the code of the error. Both functions have to agree. */
    private fun verdict(text: String): String {
        val (first, second) =
            listOf<(String) -> Any>(::decode, ::verify).map { read ->
                try {
                    read(text)
                    "ok"
                } catch (error: InvreqException) {
                    assertTrue(error.message.isNotEmpty())
                    error.code.text
                }
            }
        assertEquals(first, second, text)
        return first
    }

    private fun decode(text: String) = decode(text, Network.BITCOIN)

    @Test
    fun `the format strings of BOLT 12`() {
        val cases = json("bolts/bolt12/format-string-test.json").asJsonArray.objects()
        assertEquals(12, cases.size)
        for (case in cases) {
            assertEquals(case["valid"].asBoolean, verdict(case.text("string")!!) == "ok", case.text("comment"))
        }
    }

    @Test
    fun `the offers of BOLT 12`() {
        val cases = json("bolts/bolt12/offers-test.json").asJsonArray.objects()
        assertEquals(53, cases.size)
        for (case in cases) {
            val (text, why) = case.text("bolt12")!! to case.text("description")
            assertEquals(case["valid"].asBoolean, verdict(text) == "ok", why)
            if (!case["valid"].asBoolean) continue
            val decoded = decode(text)
            assertEquals(Kind.OFFER, decoded.kind)
            val expected = case["fields"].asJsonArray.objects().map { it["type"].asLong to it.text("hex") }
            assertEquals(expected, decoded.fields.map { it.number to it.hex }, why)
        }
    }

    /** Where we differ from Core Lightning's minimal decoder on purpose, and how often: core/tests/codec/cln.rs says why. */
    private val differences =
        mapOf(
            "invoice: ok, but invalid_signature" to 193,
            "invoice: ok, but missing_field" to 68,
            "invoice: ok, but empty_stream" to 1,
            "invrequest: ok, but empty_stream" to 1,
            "invrequest: invalid invreq data, but ok" to 2,
        )

    @Test
    fun `the fuzz corpora of Core Lightning`() {
        val found = HashMap<String, Int>()
        for ((corpus, count) in listOf("invrequest" to 757, "invoice" to 462, "offer" to 201)) {
            val cases = lines("cln/fuzz-$corpus-decode.jsonl")
            assertEquals(count, cases.size)
            for (case in cases) {
                val theirs = case.text("error") ?: "ok"
                val ours = verdict(case.text("string").orEmpty())
                if ((theirs == "ok") != (ours == "ok")) found.merge("$corpus: $theirs, but $ours", 1, Int::plus)
            }
        }
        assertEquals(differences, found)
    }

    @Test
    fun `the fuzz corpus of strings`() {
        val cases = lines("cln/fuzz-bech32-decode.jsonl")
        assertEquals(256, cases.size)
        for (case in cases) {
            val text = case.text("string") ?: case.text("string_hex")!!.unhex().decodeToString()
            assertNotEquals("ok", verdict(text))
        }
    }

    @Test
    fun `requests and their invoices, signed and not`() {
        val pairs = json("pairs/pairs.json").asJsonArray.objects()
        assertEquals(3, pairs.size)
        for (pair in pairs) {
            val (request, invoice) = pair.text("request")!! to pair.text("invoice")!!
            val network = Network.valueOf(pair.text("network")!!.uppercase())
            val signed = pair["signed"].asBoolean
            val decoded = decode(request, network)
            assertEquals(pair.text("request_merkle_root") ?: decoded.merkleRoot, decoded.merkleRoot)
            assertEquals(signed, decoded.signed)
            val verified = verify(request)
            assertEquals(Kind.INVOICE_REQUEST to signed, verified.kind to verified.signed)
            assertEquals(signed, verified.nodeId != null)
            assertTrue(verify(invoice).signed)
            assertEquals(verified.id, verify(invoice).id, "both name the same request")
        }
    }

    @Test
    fun `a request is held against a network and a time`() {
        fun at(
            network: Network? = Network.BITCOIN,
            now: Long? = null,
        ) = decode(REFUND, network, now).problem?.code
        assertNull(at())
        assertEquals("wrong_chain", at(Network.REGTEST))
        assertNull(at(null))
        assertNull(at(now = 4_000_000_000))
        assertEquals("request_expired", at(now = 4_000_000_001))
        assertEquals(listOf("signature_missing"), decode(REFUND).warnings.map { it.code })
    }

    @Test
    fun `an error says where and why`() {
        val request = json("pairs/pairs.json").asJsonArray.objects().first().text("request")!!
        val error = assertThrows<InvreqException.Rule> { verify(request.dropLast(8) + "qqqqqqqq") }
        assertEquals(ErrorCode.INVALID_SIGNATURE, error.code)
        assertEquals(-32602, error.rpcCode)
        assertEquals(Field(240, "signature"), error.field)
        assertTrue(error.section!!.startsWith("BOLT 12"))
        assertEquals("invreq-signature", error.rule)
        assertEquals(false, error.retryable)
    }

    private fun terms(change: TermsChange.() -> Unit = {}): Terms = TermsChange().apply(change).terms()

    private class TermsChange(
        var network: Network = Network.BITCOIN,
        var amountMsat: Long? = null,
        var expiry: Long = 7200,
        var paths: List<PaymentPath> = payment(20_000_001).paths,
        var pathsExpireAt: Long? = null,
        var createdAt: Long = 1_800_000_000,
        var paymentHash: String = "11".repeat(32),
    ) {
        fun terms() = Terms(REFUND, paymentHash, paths, network, amountMsat, false, createdAt, expiry, pathsExpireAt)
    }

    @Test
    fun `an answer with a key at hand, and with a key somewhere else`() {
        val secretKey = ByteArray(32).also { it[31] = 1 }
        val invoice = answer(terms(), secretKey)
        assertEquals(1, secretKey[31], "the caller's key stays as it is")
        val verified = verify(invoice)
        assertEquals(Triple(Kind.INVOICE, true, NODE), Triple(verified.kind, verified.signed, verified.nodeId))
        val unsigned = prepare(terms(), NODE)
        assertEquals("lightninginvoicesignature", unsigned.tag)
        assertEquals(32, unsigned.digest.size)
        // The same invoice has the same signature: it stands in record 240, at the end.
        val signature = decode(invoice).fields.single { it.number == 240L }.hex
        assertEquals(invoice, unsigned.finish(signature.unhex()))
        assertEquals(
            ErrorCode.INVALID_SIGNATURE,
            assertThrows<InvreqException> { unsigned.finish(ByteArray(64)) }.code,
        )
        assertArrayEquals(unsigned.digest, prepare(terms(), NODE).digest)
    }

    @Test
    fun `terms that cannot be`() {
        val key = ByteArray(32) { 1 }
        val broken =
            listOf(
                ErrorCode.WRONG_CHAIN to terms { network = Network.REGTEST },
                ErrorCode.AMOUNT_MISMATCH to terms { amountMsat = 5 },
                ErrorCode.INVALID_PARAMETER to terms { amountMsat = -5 },
                ErrorCode.INVALID_EXPIRY to terms { expiry = 0 },
                ErrorCode.INVALID_PARAMETER to terms { expiry = 1L shl 32 },
                ErrorCode.INVALID_PAYMENT_PATH to terms { paths = emptyList() },
                ErrorCode.INSUFFICIENT_INBOUND to terms { paths = payment(1).paths },
                ErrorCode.PATH_EXPIRES_EARLY to terms { pathsExpireAt = 1_800_000_001 },
                ErrorCode.REQUEST_EXPIRED to terms { createdAt = 4_000_000_001 },
                ErrorCode.INVALID_PARAMETER to terms { paymentHash = "11" },
            )
        for ((code, terms) in broken) assertEquals(code, assertThrows<InvreqException> { answer(terms, key) }.code)
        for (bad in listOf(ByteArray(32), ByteArray(31))) {
            assertEquals(ErrorCode.INVALID_PARAMETER, assertThrows<InvreqException> { answer(terms(), bad) }.code)
        }
        assertEquals(ErrorCode.INVALID_PARAMETER, assertThrows<InvreqException> { prepare(terms(), "02") }.code)
    }

    @Test
    fun `what is no text at all`() {
        assertEquals(ErrorCode.STRING_TOO_LONG, assertThrows<InvreqException> { decode("q".repeat(100_000)) }.code)
        assertEquals(REFUND.length, decode(" ".repeat(100_000) + REFUND).let { REFUND.length })
        for (text in listOf("", "\u0000", "lnr1\ud800", "lnr1\udc00", "é", "lnr1é")) {
            assertTrue(assertThrows<InvreqException> { decode(text) }.message.isNotEmpty(), text)
        }
        assertEquals(ErrorCode.INVALID_PARAMETER, assertThrows<InvreqException> { decode(REFUND, now = -1) }.code)
    }
}

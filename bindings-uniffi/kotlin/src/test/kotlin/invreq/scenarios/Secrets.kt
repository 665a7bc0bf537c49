package invreq.scenarios

import invreq.InvreqException
import invreq.PayeeEvent
import invreq.support.hex
import invreq.support.unhex
import java.nio.ByteBuffer
import java.util.Base64
import javax.crypto.Mac
import javax.crypto.spec.SecretKeySpec

/** What nobody may read in a scenario: the seed, and what was thrown and derived in each of its actions. */
class Secrets(
    private val seed: ByteArray,
    actions: Int,
) {
    private val spellings: Map<String, String> =
        (1..actions)
            .flatMap { action -> "ab".map { payee -> "action $action of $payee" to entropy(action, payee) } }
            .flatMap { (of, nonce) -> listOf("the entropy of $of" to nonce, "the preimage of $of" to preimage(nonce)) }
            .plus("the seed" to seed)
            .flatMap { (name, secret) -> spell(secret).map { it to name } }
            .toMap()

    /** Looks through what is printed of an event. */
    fun check(event: PayeeEvent) = check("$event")

    /** The same with an error, and with all it was caused by. */
    fun check(error: InvreqException) = check("${error.stackTraceToString()} ${error.details}")

    /** The first secret that stands in a text is an error. */
    fun check(text: String) {
        val flat = text.lowercase()
        spellings.entries.firstOrNull { it.key in flat }?.let { throw AssertionError("${it.value} is shown: $text") }
    }

    /** The preimage the engine derives from a nonce, as tests/vectors/derivation.json has it. */
    fun preimage(nonce: ByteArray): ByteArray {
        val mac = Mac.getInstance("HmacSHA256").apply { init(SecretKeySpec(seed, "HmacSHA256")) }
        mac.update("invreq/1/preimage\u0000".encodeToByteArray())
        mac.update(REGTEST.unhex())
        return mac.doFinal(nonce)
    }

    private fun spell(secret: ByteArray): List<String> =
        listOf(
            secret.hex(),
            Base64.getEncoder().encodeToString(secret).take(40),
            secret.joinToString(", "),
            secret.joinToString(", ") { "${it.toUByte()}" },
        ).map { it.lowercase() }

    companion object {
        private const val REGTEST = "06226e46111a0b59caaf126043eb5bbf28c34f3a5e332a1fc7b2b73cf188910f"

        /** The dice of a scenario: the number of the action (4 bytes), the first byte of the payee's name, and bytes that count up. */
        fun entropy(
            action: Int,
            payee: Char,
        ): ByteArray =
            ByteBuffer
                .wrap(ByteArray(32) { (0xd0 + it).toByte() })
                .putInt(action)
                .put(payee.code.toByte())
                .array()
    }
}

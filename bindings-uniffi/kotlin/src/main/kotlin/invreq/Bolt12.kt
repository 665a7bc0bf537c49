/* Functions of text: nothing is kept. */
@file:JvmName("Bolt12")

package invreq

import invreq.core.Answered
import invreq.core.Checked
import invreq.core.Described
import invreq.core.InvoiceKey
import invreq.core.InvoiceTerms

/**
 * Describes an offer, an invoice request or an invoice, field by field, and checks its signature.
 *
 * [network] is the network it must be for; `null` for any. [now], in Unix seconds, is what an expiry is held against; without it none is.
 *
 * @throws InvreqException with the code of the first thing that is not well-formed.
 */
@JvmOverloads
public fun decode(
    text: String,
    network: Network? = Network.BITCOIN,
    now: Long? = null,
): Decoded {
    now?.let { checkLong(it, "now") }
    return when (val described = glue { invreq.core.decode(checkBolt12(text), network?.text ?: "any", now) }) {
        is Described.Decoded -> described.decoded
        is Described.Failed -> throw described.error.toException()
    }
}

/**
 * Reads an offer, an invoice request or an invoice, checks its signature, and nothing else.
 *
 * @throws InvreqException `invalid_signature`, or the code of the first thing that is not well-formed.
 */
public fun verify(text: String): Verified =
    when (val checked = glue { invreq.core.verify(checkBolt12(text)) }) {
        is Checked.Verified -> checked.verified
        is Checked.Failed -> throw checked.error.toException()
    }

/** The terms of an invoice that is made without a payee. */
public class Terms
    @JvmOverloads
    constructor(
        /** The request to answer, `lnr1…`. */
        public val invreq: String,
        /** The payment hash, as hex. Its preimage must never be used for another invoice. */
        public val paymentHash: String,
        /** The payment paths of the node that gets the money, best first; 1 to 64. */
        public val paths: List<PaymentPath>,
        /** The network the request must be for. */
        public val network: Network = Network.BITCOIN,
        /** The amount, in msat; where it is given it has to be the request's. */
        public val amountMsat: Long? = null,
        /** Whether the payment may arrive in parts. */
        public val mpp: Boolean = false,
        /** When the invoice is made, in Unix seconds; now, where it is left out. */
        public val createdAt: Long = System.currentTimeMillis() / 1000,
        /** How long it can be paid after that, in seconds, from 1. */
        public val expiry: Long = 7200,
        /** The last second in which every path works, in Unix seconds; `null` where they do not end. */
        public val pathsExpireAt: Long? = null,
    ) {
        internal fun checked(): InvoiceTerms =
            InvoiceTerms(
                invreq = checkBolt12(invreq),
                network = network.text,
                amountMsat = amountMsat?.let { checkLong(it, "amountMsat") },
                paymentHash = paymentHash,
                paths = paths,
                mpp = mpp,
                createdAt = checkLong(createdAt, "createdAt"),
                expiry = checkUInt(expiry, "expiry"),
                pathsExpireAt = pathsExpireAt?.let { checkLong(it, "pathsExpireAt") },
            )
    }

/** An invoice that waits for its signature. */
public class UnsignedInvoice internal constructor(
    /** The 32 bytes to sign with BIP 340. */
    public val digest: ByteArray,
    /** The tag the digest was made with, for signers that hash by themselves. */
    public val tag: String,
    /** The invoice without its signature, for signers that look before they sign. */
    public val invoice: ByteArray,
    /** The public key of the key to sign with. */
    public val nodeId: String,
    private val terms: InvoiceTerms,
) {
    /**
     * The signed invoice, `lni1…`, with this BIP 340 signature, 64 bytes. It is held against every rule the payer has.
     *
     * @throws InvreqException `invalid_signature` if the signature is not one of [nodeId].
     */
    public fun finish(signature: ByteArray): String =
        build(terms, InvoiceKey.Signed(nodeId, checkBytes(signature, "signature", 64))).bolt12()
}

/**
 * The signed invoice, `lni1…`, that answers a request with a key at hand: 32 bytes, fresh for every invoice to keep the payee private.
 * Nothing is stored, sent or tracked: that is what a [Payee] does.
 *
 * @throws InvreqException with the code of the first rule of the request or the terms that is broken.
 */
public fun answer(
    terms: Terms,
    secretKey: ByteArray,
): String {
    val key = checkBytes(secretKey, "secretKey", 32)
    try {
        return build(terms.checked(), InvoiceKey.SecretKey(key)).bolt12()
    } finally {
        key.fill(0)
    }
}

/**
 * The invoice that answers a request, without its signature: for keys that are somewhere else. [nodeId] is the public key of the key
 * that will sign.
 *
 * @throws InvreqException with the code of the first rule of the request or the terms that is broken.
 */
public fun prepare(
    terms: Terms,
    nodeId: String,
): UnsignedInvoice {
    val checked = terms.checked()
    return when (val built = build(checked, InvoiceKey.NodeId(nodeId))) {
        is Answered.Unsigned -> UnsignedInvoice(built.digest, built.tag, built.invoice, nodeId, checked)
        else -> throw fail(ErrorCode.INTERNAL, "the invoice did not wait for its signature")
    }
}

private fun build(
    terms: InvoiceTerms,
    key: InvoiceKey,
): Answered =
    when (val answered = glue { invreq.core.answer(terms, key) }) {
        is Answered.Failed -> throw answered.error.toException()
        else -> answered
    }

private fun Answered.bolt12(): String =
    (this as? Answered.Invoice)?.bolt12 ?: throw fail(ErrorCode.INTERNAL, "the invoice waits for a signature that it has")

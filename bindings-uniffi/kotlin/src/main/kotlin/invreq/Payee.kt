package invreq

import invreq.core.Input
import invreq.core.ListInvoices
import invreq.core.Outcome
import invreq.core.SendInvoice
import invreq.payee.Loop
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.runBlocking

/**
 * Answers invoice requests and tracks the answers.
 *
 * Its methods may be called from any thread, and throw an [InvreqException]. Whoever is cancelled in a call ends the wait, never the
 * invoice: nothing is lost.
 */
public class Payee private constructor(
    private val loop: Loop,
) : AutoCloseable {
    /**
     * Everything that happens. The first collector begins with what happened since the payee was opened, every other one with what comes
     * next. It ends when the payee is closed. A collector that falls more than 1,024 behind misses the oldest ones, and gets a
     * [PayeeEvent.Missed] in their place.
     */
    public val events: Flow<PayeeEvent> get() = loop.events.flow

    /**
     * Answers a request, has the invoice sent, and waits until it is paid.
     *
     * While nothing is heard of the payer, the same invoice goes over one path of the request after the other.
     *
     * @param invreq the request to answer, `lnr1…`.
     * @param label unique in the store: 1 to 256 bytes, without NUL.
     * @param amountMsat the amount, in msat; where it is given it has to be the request's.
     * @param timeout how long the call waits, in seconds, from 1; 90 where it is left out.
     * @param expiry how long the invoice can be paid, in seconds, from 1; the timeout where it is left out.
     * @param existing what to do if the label is in use: refuse, or take up the wait of the earlier call.
     * @param again answer although an earlier answer is open or paid, for requests that may be answered more than once.
     * @param invoiceNodeId sign with this key, through the payee's signer; without it the key is fresh for every invoice.
     * @param replies whether the payer is told how to answer with an error.
     * @param quantity known from Core Lightning's `sendinvoice`, but it cannot apply to a request without an offer: any is refused.
     * @throws InvreqException those of the request and the terms before anything is written; then `no_route` (1003), `payer_error`
     * (1004), `wait_timeout` (1005), `invoice_expired` (903), each with the record.
     */
    @JvmOverloads
    public suspend fun sendInvoice(
        invreq: String,
        label: String,
        amountMsat: Long? = null,
        timeout: Long? = null,
        expiry: Long? = null,
        existing: Existing = Existing.ERROR,
        again: Boolean = false,
        invoiceNodeId: String? = null,
        replies: Replies = Replies.WANTED,
        quantity: Long? = null,
    ): InvoiceRecord {
        val params =
            SendInvoice(
                invreq = checkBolt12(invreq),
                label = checkLabel(label),
                amountMsat = amountMsat?.let { checkLong(it, "amountMsat") },
                timeout = timeout?.let { checkUInt(it, "timeout") },
                expiry = expiry?.let { checkUInt(it, "expiry") },
                quantity = quantity?.let { checkLong(it, "quantity") },
                existing = existing,
                again = again,
                invoiceNodeId = invoiceNodeId,
                replies = replies,
            )
        return record { Input.SendInvoice(it, params) }
    }

    /**
     * Sends the same invoice once more, and does not wait.
     *
     * @throws InvreqException `not_found`, `invoice_expired`, `already_paid`, `claiming`, `request_expired`.
     */
    public suspend fun resend(label: String): InvoiceRecord {
        checkLabel(label)
        return record { Input.Resend(it, label) }
    }

    /**
     * Waits until this invoice is paid.
     *
     * @throws InvreqException `not_found`; `invoice_expired` (903).
     */
    public suspend fun waitInvoice(label: String): InvoiceRecord {
        checkLabel(label)
        return record { Input.WaitInvoice(it, label) }
    }

    /**
     * Waits for the next payment after [lastPayIndex] (0 for the first), for at most [timeout] seconds where that is given.
     *
     * @throws InvreqException `wait_any_timeout` (904).
     */
    @JvmOverloads
    public suspend fun waitAnyInvoice(
        lastPayIndex: Long = 0,
        timeout: Long? = null,
    ): InvoiceRecord {
        checkLong(lastPayIndex, "lastPayIndex")
        timeout?.let { checkUInt(it, "timeout") }
        return record { Input.WaitAnyInvoice(it, lastPayIndex, timeout) }
    }

    /**
     * Lists invoices, page after page as they are collected.
     *
     * @param label only the one with this label.
     * @param paymentHash only the one with this payment hash, as hex.
     * @param status only those with this status.
     * @param index the order: as they were created, or as their status last changed, without those that never did.
     * @param start the first index to list.
     * @param limit how many to look at for one page, 1 to 1,000; 100 where it is left out.
     * @throws InvreqException `invalid_parameter`.
     */
    @JvmOverloads
    public fun listInvoices(
        label: String? = null,
        paymentHash: String? = null,
        status: Status? = null,
        index: ListIndex = ListIndex.CREATED,
        start: Long = 0,
        limit: Long? = null,
    ): InvoiceList {
        label?.let { checkLabel(it) }
        limit?.let { checkUInt(it, "limit") }
        val query = ListInvoices(label, paymentHash, status, index, checkLong(start, "start"), limit)
        return InvoiceList { from ->
            val page = loop.call { Input.ListInvoices(it, query.copy(start = from ?: start)) }
            (page as? Outcome.Page)?.v1 ?: throw unexpected()
        }
    }

    /**
     * Forgets an invoice, if it has this status.
     *
     * @throws InvreqException `not_found` (905), `status_mismatch` (906), `claiming`.
     */
    public suspend fun delInvoice(
        label: String,
        status: Status,
    ): InvoiceRecord {
        checkLabel(label)
        return record { Input.DelInvoice(it, label, status) }
    }

    /**
     * Says what answering a request would mean, and changes nothing.
     *
     * @throws InvreqException those of a text that is no invoice request.
     */
    public suspend fun preview(invreq: String): Preview {
        val text = checkBolt12(invreq)
        val outcome = loop.call { Input.Preview(it, text) }
        return (outcome as? Outcome.Preview)?.v1 ?: throw unexpected()
    }

    /**
     * Asks for the preimage of a payment that waits to be claimed: [totalMsat] is the sum of all its parts, [firstHtlcAt] when the first
     * part arrived, in Unix seconds. When it returns, the claim is written down. [judge] sorts the errors for you.
     *
     * @throws InvreqException Only `not_found`, `amount_too_low`, `amount_too_high` and `claim_too_late` are a reason to fail the payment.
     * After `already_paid` settle again with the preimage of the record; after any other, hold the payment and ask again.
     */
    public suspend fun claim(
        paymentHash: String,
        totalMsat: Long,
        firstHtlcAt: Long,
    ): ClaimApproval {
        val claim = invreq.core.Claim(paymentHash, checkLong(totalMsat, "totalMsat"), checkLong(firstHtlcAt, "firstHtlcAt"))
        val outcome = loop.call { Input.Claim(it, claim) }
        return (outcome as? Outcome.Claim)?.v1 ?: throw unexpected()
    }

    /**
     * Decides about a payment whose HTLCs the node holds: [claim], with its errors sorted into what a node can do. Where it says
     * [Verdict.Settle] without a preimage, the node has it: settle with that one, and give it to [paymentReceived], too.
     *
     * @throws InvreqException `invalid_parameter`, and nothing else: for a payment hash that is not 32 bytes of hex, for one.
     */
    public suspend fun judge(
        paymentHash: String,
        totalMsat: Long,
        firstHtlcAt: Long,
    ): Verdict = verdictOf { claim(paymentHash, totalMsat, firstHtlcAt) }

    /**
     * Reports that a claimed payment failed after all: no part of it was received, and none will be. While a part may still settle, do
     * not call it.
     *
     * @throws InvreqException `not_found`, `already_paid`.
     */
    public suspend fun claimFailed(paymentHash: String): InvoiceRecord = record { Input.ClaimFailed(it, paymentHash) }

    /**
     * Reports money that arrived for good: [amountMsat] at [paidAt], in Unix seconds, with the preimage where the host kept it to itself:
     * there [judge] says [Verdict.Settle] without one. Report it again after every restart, if in doubt: nothing counts twice.
     *
     * @throws InvreqException `not_found`, `amount_too_low`, `preimage_mismatch`, `preimage_required`.
     */
    @JvmOverloads
    public suspend fun paymentReceived(
        paymentHash: String,
        amountMsat: Long,
        paidAt: Long,
        preimage: ByteArray? = null,
    ): InvoiceRecord {
        checkLong(amountMsat, "amountMsat")
        checkLong(paidAt, "paidAt")
        val copy = preimage?.let { checkBytes(it, "preimage", 32) }
        val payment = invreq.core.PaymentReceived(paymentHash, amountMsat, paidAt, copy)
        return record(copy) { Input.PaymentReceived(it, payment) }
    }

    /**
     * Hands over an onion message: the payload of message 513, without its type, at most 65,536 bytes. It came for [replyNodeId], or for
     * the [nodeId] at which a reply path ends. A message that answers nothing of ours is no error.
     *
     * @throws InvreqException those of the store.
     */
    @JvmOverloads
    public suspend fun receiveOnionMessage(
        bytes: ByteArray,
        nodeId: String? = null,
    ) {
        loop.tell(Input.OnionMessage(nodeId, checkMessage(bytes)))
    }

    /**
     * Hands over an `invoice_error` that the host's own messenger opened, with the delivery's `replyPathId`. One that answers nothing of
     * ours is no error.
     *
     * @throws InvreqException those of the store.
     */
    public suspend fun receiveInvoiceError(
        replyPathId: ByteArray,
        bytes: ByteArray,
    ) {
        loop.tell(Input.InvoiceError(checkBytes(replyPathId, "replyPathId", 32), checkMessage(bytes)))
    }

    /**
     * Catches up after the machine slept or another process wrote to the store.
     *
     * @throws InvreqException those of the store.
     */
    public suspend fun resume(): Unit = loop.catchUp()

    /** The node id that replies over the engine's own reply paths are for; whoever hosts the payee hands it what comes for it. */
    public suspend fun replyNodeId(): String = loop.look { it.replyNodeId() }

    /** How many replies came that answer nothing of ours. */
    public suspend fun ignoredReplies(): Long = loop.look { it.ignoredReplies() }

    /**
     * Ends everything, and closes the store and the transport. Calls that still wait throw `cancelled`.
     *
     * @throws InvreqException those of the store.
     */
    public suspend fun shutdown(): Unit = loop.close()

    /**
     * [shutdown], for `use`: it blocks its thread until all is written and closed.
     *
     * Never call it on `options.dispatcher`, nor on a thread your host needs to answer, such as Android's main thread: both would wait for
     * ever where there is no other thread. There, call [shutdown].
     */
    override fun close(): Unit = runBlocking { shutdown() }

    private suspend fun record(
        secret: ByteArray? = null,
        make: (Long) -> Input,
    ): InvoiceRecord =
        (loop.call(secret, make) as? Outcome.Record)?.v1 ?: throw unexpected()

    private fun unexpected() = fail(ErrorCode.INTERNAL, "the engine answered something else than was asked")

    /** Opens payees. */
    public companion object {
        /**
         * Reads the store and takes up where it left off. Where it fails, it closes the store and the transport: both are the payee's.
         *
         * @throws InvreqException `wrong_store`, `store_corrupt`, `store_failed`; `invalid_parameter` for the options.
         */
        @JvmStatic
        public suspend fun open(options: PayeeOptions): Payee = Payee(Loop.open(options))
    }
}

/** Invoices, page after page as they are collected. */
public class InvoiceList internal constructor(
    private val read: suspend (from: Long?) -> Page,
) : Flow<InvoiceRecord> by pages(read) {
    /** The first page, and where the next one starts. */
    public suspend fun page(): Page = read(null)
}

private fun pages(read: suspend (from: Long?) -> Page): Flow<InvoiceRecord> =
    kotlinx.coroutines.flow.flow {
        var page = read(null)
        while (true) {
            page.records.forEach { emit(it) }
            page = read(page.next ?: break)
        }
    }

package invreq

/** Something that happened. */
public sealed class PayeeEvent {
    /** The invoice it is about, where it is about one. */
    public open val record: InvoiceRecord? get() = null

    /** An invoice was made and written down. */
    public data class Created(
        override val record: InvoiceRecord,
    ) : PayeeEvent()

    /** The delivery of an invoice got further, or did not. */
    public data class Delivery(
        override val record: InvoiceRecord,
    ) : PayeeEvent()

    /** The payer answered with an error. The invoice can still be paid. */
    public data class PayerError(
        override val record: InvoiceRecord,
    ) : PayeeEvent()

    /** A payment is being claimed. */
    public data class Claiming(
        override val record: InvoiceRecord,
    ) : PayeeEvent()

    /** A claim came to nothing. */
    public data class ClaimFailed(
        override val record: InvoiceRecord,
    ) : PayeeEvent()

    /** An invoice was paid. */
    public data class Paid(
        override val record: InvoiceRecord,
    ) : PayeeEvent()

    /** An invoice expired; it can still be paid. */
    public data class Expired(
        override val record: InvoiceRecord,
    ) : PayeeEvent()

    /** An invoice was deleted. */
    public data class Deleted(
        override val record: InvoiceRecord,
    ) : PayeeEvent()

    /** Less arrived than the invoice asks for: so much, in msat. */
    public data class Underpaid(
        override val record: InvoiceRecord,
        val amountReceivedMsat: Long,
    ) : PayeeEvent()

    /** Something in the background did not work, and is tried again where that can help. */
    public data class Trouble(
        val error: InvreqException,
    ) : PayeeEvent()

    /** The clock is behind the latest time in the store. Both are in Unix milliseconds. */
    public data class ClockBehind(
        val storedMs: Long,
        val nowMs: Long,
    ) : PayeeEvent()

    /** A reader fell so far behind that so many of its oldest events were dropped; the records are in the store. */
    public data class Missed(
        val count: Long,
    ) : PayeeEvent()
}

/** The engine's event with names of its own, and its error as what can be thrown. */
internal fun eventOf(event: invreq.core.Event): PayeeEvent =
    when (event) {
        is invreq.core.Event.Created -> PayeeEvent.Created(event.v1)
        is invreq.core.Event.Delivery -> PayeeEvent.Delivery(event.v1)
        is invreq.core.Event.PayerError -> PayeeEvent.PayerError(event.v1)
        is invreq.core.Event.Claiming -> PayeeEvent.Claiming(event.v1)
        is invreq.core.Event.ClaimFailed -> PayeeEvent.ClaimFailed(event.v1)
        is invreq.core.Event.Paid -> PayeeEvent.Paid(event.v1)
        is invreq.core.Event.Expired -> PayeeEvent.Expired(event.v1)
        is invreq.core.Event.Deleted -> PayeeEvent.Deleted(event.v1)
        is invreq.core.Event.Underpaid -> PayeeEvent.Underpaid(event.record, event.amountReceivedMsat)
        is invreq.core.Event.Trouble -> PayeeEvent.Trouble(event.v1.toException())
        is invreq.core.Event.ClockBehind -> PayeeEvent.ClockBehind(event.storedMs, event.nowMs)
    }

/*
 * The types of the core under one roof. They are made from the library itself, field by field and with its own words, so they
 * cannot fall behind it; the names are those of the other languages. They are found in `invreq.core`, in Java all of them, in Kotlin those
 * whose variants have classes of their own: `ReplyPath`, `Introduction`, `StoreError` and `Conflict`.
 */
@file:JvmName("Types")

package invreq

/** Everything known about one answer at one moment: the invoice, its status and its delivery. */
public typealias InvoiceRecord = invreq.core.InvoiceRecord

/** Where an invoice stands. */
public typealias Status = invreq.core.Status

/** What is known of a payment that arrived. */
public typealias Payment = invreq.core.Payment

/** How far an invoice got on its way to the payer; money is another matter. */
public typealias DeliveryReport = invreq.core.DeliveryReport

/** The state of a delivery. */
public typealias DeliveryState = invreq.core.DeliveryState

/** What became of one path to the payer. */
public typealias PathReport = invreq.core.PathReport

/** What the host said of a copy. */
public typealias PathOutcome = invreq.core.PathOutcome

/** What a payer answered: a hint for a person, never a change of the money's state. */
public typealias PayerError = invreq.core.PayerError

/** What answering a request would mean. */
public typealias Preview = invreq.core.Preview

/** A payment may be claimed. */
public typealias ClaimApproval = invreq.core.ClaimApproval

/** A page of a list. */
public typealias Page = invreq.core.Page

/** The order of a list. */
public typealias ListIndex = invreq.core.ListIndex

/** What to do if a label is in use. */
public typealias Existing = invreq.core.Existing

/** Whether the payer is told how to answer with an error. */
public typealias Replies = invreq.core.Replies

/** A message, described. All text in it is cleaned: it can be shown as it is. */
public typealias Decoded = invreq.core.Decoded

/** A field of a message, described. */
public typealias DecodedField = invreq.core.DecodedField

/** A broken rule: the part of an error that is about the message. */
public typealias Problem = invreq.core.Problem

/** Something about a request that is unusual, but does not keep it from being answered. */
public typealias Warning = invreq.core.Warning

/** What a text of BOLT 12 is. */
public typealias Kind = invreq.core.Kind

/** What a text says with a signature. */
public typealias Verified = invreq.core.Verified

/** A TLV record of a message, named. */
public typealias Field = invreq.core.Field

/** The stable code of an error; its name in small letters is the same word in every language. */
public typealias ErrorCode = invreq.core.ErrorCode

/** The contents of an [InvreqException] as plain data. */
public typealias ErrorDetails = invreq.core.ErrorDetails

/** An invoice on its way to a payer. It offers every form; the host takes the one its node speaks. */
public typealias Delivery = invreq.core.Delivery

/** An onion message ready for the wire. */
public typealias OnionPacket = invreq.core.OnionPacket

/** What a transport says of a delivery: the host's word that it left, never that the payer has it. */
public typealias SendOutcome = invreq.core.SendOutcome

/** The way to a node, and back. */
public typealias Route = invreq.core.Route

/** A blinded path: the way to a recipient who does not show who it is (BOLT 4, Route Blinding). */
public typealias BlindedPath = invreq.core.BlindedPath

/** One hop of a blinded path. */
public typealias BlindedHop = invreq.core.BlindedHop

/** What it costs to pay over a blinded path (BOLT 12, `blinded_payinfo`). */
public typealias PayInfo = invreq.core.PayInfo

/** A payment path from the host: a blinded path to the payee, and what it costs. */
public typealias PaymentPath = invreq.core.PaymentPath

/** What a payment source is asked for. */
public typealias InboundPaymentRequest = invreq.core.InboundPaymentRequest

/** What a payment source gives: how the payer can reach us. */
public typealias InboundPayment = invreq.core.InboundPayment

/** What a signer is asked to sign. */
public typealias SignRequest = invreq.core.SignRequest

/** A key of a store and its value. */
public typealias Entry = invreq.core.Entry

/** One write: what to change, and what must hold for it. */
public typealias Batch = invreq.core.Batch

/** A network. */
public enum class Network {
    /** The network that money is on. */
    BITCOIN,

    /** Testnet 3. */
    TESTNET,

    /** Testnet 4. */
    TESTNET4,

    /** Signet. */
    SIGNET,

    /** A network of one's own. */
    REGTEST,
    ;

    internal val text: String get() = name.lowercase()
}

/**
 * The record as JSON text with the names and the order of Core Lightning's `sendinvoice` response: the same bytes as in every other
 * language of the library.
 */
public fun InvoiceRecord.toRpc(): String = glue { invreq.core.recordToRpc(this) }

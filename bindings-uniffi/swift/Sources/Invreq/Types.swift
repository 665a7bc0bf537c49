import Foundation
import InvreqCore

// The library's own types, as the core declares them.

/// A public key: 33 bytes as 66 hex digits.
public typealias NodeId = String

/// Everything known about one answer at one moment: the invoice, its status and its delivery.
public typealias InvoiceRecord = InvreqCore.Record
/// Where an invoice stands: `unpaid` becomes `paid` or `expired`; `expired` becomes `paid` only where money came late.
public typealias Status = InvreqCore.Status
/// What is known of a payment that arrived.
public typealias Payment = InvreqCore.Payment
/// How far an invoice got on its way to the payer; money is another matter.
public typealias DeliveryReport = InvreqCore.DeliveryReport
/// The state of a delivery.
public typealias DeliveryState = InvreqCore.DeliveryState
/// What became of one path to the payer.
public typealias PathReport = InvreqCore.PathReport
/// What the host said of a copy.
public typealias PathOutcome = InvreqCore.PathOutcome
/// What a payer answered: a hint for a person, never a change of the money's state (BOLT 12, Invoice Errors).
public typealias PayerError = InvreqCore.PayerError

/// A message, described. All text in it is cleaned: it can be shown as it is.
public typealias Decoded = InvreqCore.Decoded
/// A field of a message, described.
public typealias DecodedField = InvreqCore.DecodedField
/// What a text of BOLT 12 is: an offer `lno1…`, an invoice request `lnr1…` or an invoice `lni1…`.
public typealias Kind = InvreqCore.Kind
/// A broken rule: the part of an ``InvreqError`` that is about the message.
public typealias Problem = InvreqCore.Problem
/// Something about a request that is unusual, but does not keep it from being answered.
public typealias Warning = InvreqCore.Warning
/// What a text says with a signature.
public typealias Verified = InvreqCore.Verified
/// What answering a request would mean.
public typealias Preview = InvreqCore.Preview

/// What to do if a label is in use.
public typealias Existing = InvreqCore.Existing
/// Whether the payer is told how to answer with an error.
public typealias Replies = InvreqCore.Replies
/// The order of a list.
public typealias ListIndex = InvreqCore.ListIndex
/// A page of a list.
public typealias Page = InvreqCore.Page
/// A payment may be claimed.
public typealias ClaimApproval = InvreqCore.ClaimApproval

/// What a payment source is asked for.
public typealias InboundPaymentRequest = InvreqCore.InboundPaymentRequest
/// What a payment source gives: how the payer can reach us.
public typealias InboundPayment = InvreqCore.InboundPayment
/// A payment path from the host: a blinded path to the payee, and what it costs.
public typealias PaymentPath = InvreqCore.PaymentPath
/// What it costs to pay over a blinded path (BOLT 12, `blinded_payinfo`).
public typealias PayInfo = InvreqCore.PayInfo
/// A blinded path: the way to a recipient who does not show who it is (BOLT 4, Route Blinding).
public typealias BlindedPath = InvreqCore.BlindedPath
/// One hop of a blinded path.
public typealias BlindedHop = InvreqCore.BlindedHop
/// Where a blinded path begins (BOLT 1, `sciddir_or_pubkey`).
public typealias Introduction = InvreqCore.Introduction

/// An invoice on its way to a payer. It offers every form; the host takes the one its node speaks.
public typealias Delivery = InvreqCore.Delivery
/// An onion message ready for the wire.
public typealias OnionPacket = InvreqCore.OnionPacket
/// What a transport says of a delivery: the host's word that it left, never that the payer has it.
public typealias SendOutcome = InvreqCore.SendOutcome
/// The way to a node, and back.
public typealias Route = InvreqCore.Route
/// Who owns the reply path of a delivery.
public typealias ReplyPath = InvreqCore.ReplyPath
/// What a signer is asked to sign.
public typealias SignRequest = InvreqCore.SignRequest

extension InboundPayment {
    /// A payment with these paths, best first; what is left out has a default.
    ///
    /// - Parameters:
    ///   - paths: The payment paths, 1 to 64.
    ///   - paymentHash: The source's own payment hash, as hex; left out where it took the engine's.
    ///   - preimage: The preimage of the source's own hash, 32 bytes; left out where the source keeps it to itself.
    ///   - mpp: Whether the payment may arrive in parts.
    ///   - pathsExpireAt: The last second in which every path works, in Unix seconds; left out where they do not end.
    @_disfavoredOverload
    public init(
        paths: [PaymentPath], paymentHash: String? = nil, preimage: Data? = nil, mpp: Bool = false,
        pathsExpireAt: UInt64? = nil
    ) {
        self.init(
            paymentHash: paymentHash, preimage: preimage, paths: paths, mpp: mpp, pathsExpireAt: pathsExpireAt)
    }
}

extension Route {
    /// The way to a node over these others; what is left out has a default.
    ///
    /// - Parameters:
    ///   - via: The nodes between us and it, in order; empty where it is a peer.
    ///   - connect: The addresses of the first hop, where it is no peer yet.
    ///   - reply: How the payer can answer; by default it cannot.
    public init(via: [NodeId] = [], connect: [String] = [], reply: ReplyPath = .none) {
        self.init(via: via, connect: connect, ownNode: false, reply: reply)
    }
}

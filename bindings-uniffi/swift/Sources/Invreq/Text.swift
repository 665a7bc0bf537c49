import Foundation
import InvreqCore

/// Describes an offer, an invoice request or an invoice (BOLT 12), field by field, and checks its signature.
///
/// Throws the code of the first thing that is not well-formed.
///
/// - Parameters:
///   - text: `lno1…`, `lnr1…` or `lni1…`.
///   - network: The network it must be for; `nil` for any.
///   - now: The time, in Unix seconds; without it no expiry is checked.
public func decode(
    _ text: String, network: Network? = .bitcoin, now: UInt64? = nil
) throws(InvreqError) -> Decoded {
    let described = try throwing {
        try InvreqCore.decode(text: text, network: network?.rawValue ?? "any", now: now)
    }
    switch described {
    case .decoded(let decoded): return decoded
    case .failed(let error): throw error
    }
}

/// Reads an offer, an invoice request or an invoice, checks its signature, and nothing else.
///
/// Throws `invalid_signature`, or the code of the first thing that is not well-formed.
public func verify(_ text: String) throws(InvreqError) -> Verified {
    switch try throwing({ try InvreqCore.verify(text: text) }) {
    case .verified(let verified): return verified
    case .failed(let error): throw error
    }
}

/// The terms of an invoice that is made without a payee.
public struct Terms: Sendable {
    /// The request to answer, `lnr1…`.
    public var invreq: String
    /// The network the request must be for.
    public var network: Network
    /// The amount, in msat; where it is given it has to be the request's.
    public var amountMsat: UInt64?
    /// The payment hash, as hex. Its preimage must never be used for another invoice.
    public var paymentHash: String
    /// The payment paths of the node that gets the money, best first; 1 to 64.
    public var paths: [PaymentPath]
    /// Whether the payment may arrive in parts.
    public var mpp: Bool
    /// When the invoice is made, in Unix seconds; now, where it is `nil`.
    public var createdAt: UInt64?
    /// How long it can be paid after that, in seconds, from 1.
    public var expiry: UInt32
    /// The last second in which every path works, in Unix seconds; `nil` where they do not end.
    public var pathsExpireAt: UInt64?

    /// Terms for this request; what is left out has a default.
    public init(
        invreq: String,
        network: Network = .bitcoin,
        amountMsat: UInt64? = nil,
        paymentHash: String,
        paths: [PaymentPath],
        mpp: Bool = false,
        createdAt: UInt64? = nil,
        expiry: UInt32 = 7200,
        pathsExpireAt: UInt64? = nil
    ) {
        self.invreq = invreq
        self.network = network
        self.amountMsat = amountMsat
        self.paymentHash = paymentHash
        self.paths = paths
        self.mpp = mpp
        self.createdAt = createdAt
        self.expiry = expiry
        self.pathsExpireAt = pathsExpireAt
    }
}

/// The signed invoice, `lni1…`, that answers a request with a key at hand. Nothing is stored, sent or tracked: that is what a
/// ``Payee`` does.
///
/// Throws the code of the first rule of the request or the terms that is broken.
///
/// - Parameters:
///   - terms: The request, and what to answer.
///   - secretKey: The private key that signs, 32 bytes: a fresh one for every invoice keeps the payee private.
public func answer(_ terms: Terms, secretKey: Data) throws(InvreqError) -> String {
    guard case .invoice(let bolt12) = try build(terms.given, .secretKey(secretKey: secretKey)) else {
        throw unexpected()
    }
    return bolt12
}

/// The invoice that answers a request, without its signature: for keys that are somewhere else.
///
/// Throws the code of the first rule of the request or the terms that is broken.
///
/// - Parameters:
///   - terms: The request, and what to answer.
///   - nodeId: The public key of the key that will sign.
public func prepare(_ terms: Terms, nodeId: NodeId) throws(InvreqError) -> UnsignedInvoice {
    let given = terms.given
    guard case .unsigned(let digest, let tag, let invoice) = try build(given, .nodeId(nodeId: nodeId))
    else { throw unexpected() }
    return UnsignedInvoice(digest: digest, tag: tag, invoice: invoice, nodeId: nodeId, given: given)
}

/// An invoice that waits for its signature.
public struct UnsignedInvoice: Sendable {
    /// The 32 bytes to sign with BIP 340.
    public let digest: Data
    /// The tag the digest was made with, for signers that hash by themselves.
    public let tag: String
    /// The invoice without its signature, for signers that look before they sign.
    public let invoice: Data
    /// The public key of the key to sign with.
    public let nodeId: NodeId
    fileprivate let given: InvoiceTerms

    /// The signed invoice, `lni1…`, with this BIP 340 signature, 64 bytes. It is held against every rule the payer has.
    ///
    /// Throws `invalid_signature` if the signature is not one of ``nodeId``.
    public func finish(signature: Data) throws(InvreqError) -> String {
        let key = InvoiceKey.signed(nodeId: nodeId, signature: signature)
        guard case .invoice(let bolt12) = try build(given, key) else { throw unexpected() }
        return bolt12
    }
}

extension Terms {
    fileprivate var given: InvoiceTerms {
        InvoiceTerms(
            invreq: invreq, network: network.rawValue, amountMsat: amountMsat, paymentHash: paymentHash,
            paths: paths, mpp: mpp, createdAt: createdAt ?? SystemClock().nowMs() / 1000, expiry: expiry,
            pathsExpireAt: pathsExpireAt)
    }
}

private func build(_ terms: InvoiceTerms, _ key: InvoiceKey) throws(InvreqError) -> Answered {
    let answered = try throwing { try InvreqCore.answer(terms: terms, key: key) }
    if case .failed(let error) = answered { throw error }
    return answered
}

extension InvoiceRecord {
    /// The record as JSON text with the names and the order of Core Lightning's `sendinvoice` response: the same bytes as in every
    /// other language of the library.
    ///
    /// A record from the library never throws; one made by hand throws `invalidParameter` where a hash or a key is none.
    public func toRpc() throws(InvreqError) -> String {
        try throwing { try recordToRpc(record: self) }
    }
}

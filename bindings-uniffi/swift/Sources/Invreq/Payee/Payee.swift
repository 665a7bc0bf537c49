import Foundation
import InvreqCore

/// Answers invoice requests and tracks the answers.
///
/// ```swift
/// let payee = try await Payee.open(options)
/// let record = try await payee.sendInvoice(request, label: "withdrawal 1729", expiry: 3600)
/// print(record.status)
/// ```
///
/// Every method throws an ``InvreqError`` and nothing else. Where a task that waits in ``sendInvoice(_:label:amountMsat:timeout:expiry:quantity:existing:again:invoiceNodeId:replies:)``,
/// ``waitInvoice(_:)``, ``waitAnyInvoice(after:timeout:)`` or ``preview(_:)`` is cancelled, the wait ends with `cancelled`; the invoice
/// lives on, and nothing is lost. A payee that is let go without ``close()`` closes itself.
public actor Payee {
    private let parts: Parts
    private var closed: Task<Void, any Error>?

    /// Reads the store and takes up where it left off. Where it fails, it closes the store and the transport: both are the payee's.
    ///
    /// Throws `wrong_store`, `store_corrupt`, `store_failed`; `invalid_parameter` for the options.
    public static func open(_ options: PayeeOptions) async throws(InvreqError) -> Payee {
        try await whole {
            do {
                let parts = try Parts(options)
                try await parts.start()
                return Payee(parts)
            } catch {
                await options.transport.close()
                try? await options.store.close()
                throw error
            }
        }
    }

    private init(_ parts: Parts) {
        self.parts = parts
    }

    deinit {
        parts.endQuietly()
    }

    /// Answers a request, has the invoice sent, and waits until it is paid (BOLT 12, Requirements for Invoices).
    ///
    /// While nothing is heard of the payer, the same invoice goes over one path of the request after the other.
    ///
    /// Throws those of the request and the terms before anything is written; then `no_route` (1003), `payer_error` (1004),
    /// `wait_timeout` (1005), `invoice_expired` (903), each with the record.
    ///
    /// - Parameters:
    ///   - invreq: The request to answer, `lnr1…`.
    ///   - label: A label, unique in the store: 1 to 256 bytes, without NUL.
    ///   - amountMsat: The amount, in msat; where it is given it has to be the request's.
    ///   - timeout: How long the call waits, in seconds, from 1; 90 where it is left out.
    ///   - expiry: How long the invoice can be paid, in seconds, from 1; the timeout where it is left out.
    ///   - quantity: Known from Core Lightning's `sendinvoice`, but it cannot apply to a request without an offer: any value is refused.
    ///   - existing: What to do if the label is in use: `.error` refuses, `.join` takes up the wait of the earlier call.
    ///   - again: Answer although an earlier answer is open or paid, for requests that may be answered more than once.
    ///   - invoiceNodeId: Sign with this key, through the payee's signer. Without it the key is fresh for every invoice.
    ///   - replies: Whether the payer is told how to answer with an error.
    @discardableResult
    public func sendInvoice(
        _ invreq: String,
        label: String,
        amountMsat: UInt64? = nil,
        timeout: UInt32? = nil,
        expiry: UInt32? = nil,
        quantity: UInt64? = nil,
        existing: Existing = .error,
        again: Bool = false,
        invoiceNodeId: NodeId? = nil,
        replies: Replies = .wanted
    ) async throws(InvreqError) -> InvoiceRecord {
        let params = SendInvoice(
            invreq: invreq, label: label, amountMsat: amountMsat, timeout: timeout, expiry: expiry,
            quantity: quantity, existing: existing, again: again, invoiceNodeId: invoiceNodeId,
            replies: replies)
        return try await parts.record(isWait: true) { .sendInvoice(call: $0, params: params) }
    }

    /// Sends the same invoice once more, and does not wait.
    ///
    /// Throws `not_found`, `invoice_expired`, `already_paid`, `claiming`, `request_expired`.
    @discardableResult
    public func resend(_ label: String) async throws(InvreqError) -> InvoiceRecord {
        try await parts.record { .resend(call: $0, label: label) }
    }

    /// Waits until this invoice is paid.
    ///
    /// Throws `not_found`; `invoice_expired` (903).
    @discardableResult
    public func waitInvoice(_ label: String) async throws(InvreqError) -> InvoiceRecord {
        try await parts.record(isWait: true) { .waitInvoice(call: $0, label: label) }
    }

    /// Waits for the next payment after `lastPayIndex` (0 for the first), for at most `timeout` seconds where that is given.
    ///
    /// Throws `wait_any_timeout` (904).
    public func waitAnyInvoice(
        after lastPayIndex: UInt64 = 0, timeout: UInt32? = nil
    ) async throws(InvreqError) -> InvoiceRecord {
        try await parts.record(isWait: true) {
            .waitAnyInvoice(call: $0, lastPayIndex: lastPayIndex, timeout: timeout)
        }
    }

    /// Lists invoices: for `for try await`, or page by page.
    ///
    /// Reading it throws `invalid_parameter`.
    ///
    /// - Parameters:
    ///   - label: Only the one with this label.
    ///   - paymentHash: Only the one with this payment hash, as hex.
    ///   - status: Only those with this status.
    ///   - index: The order: as they were `.created`, or as their status last changed, without those that never did.
    ///   - start: The first index to list.
    ///   - limit: How many to look at for one page, 1 to 1,000; 100 where it is left out.
    public nonisolated func listInvoices(
        label: String? = nil,
        paymentHash: String? = nil,
        status: Status? = nil,
        index: ListIndex = .created,
        start: UInt64 = 0,
        limit: UInt32? = nil
    ) -> InvoiceList {
        let query = ListInvoices(
            label: label, paymentHash: paymentHash, status: status, index: index, start: start, limit: limit)
        return InvoiceList(parts: parts, query: query)
    }

    /// Forgets an invoice, if it has this status.
    ///
    /// Throws `not_found` (905), `status_mismatch` (906), `claiming`.
    @discardableResult
    public func delInvoice(_ label: String, status: Status) async throws(InvreqError) -> InvoiceRecord {
        try await parts.record { .delInvoice(call: $0, label: label, status: status) }
    }

    /// Says what answering a request would mean, and changes nothing.
    ///
    /// Throws the errors of a text that is no invoice request.
    public func preview(_ invreq: String) async throws(InvreqError) -> Preview {
        let outcome = try await parts.call(isWait: true) { .preview(call: $0, invreq: invreq) }
        guard case .preview(let preview) = outcome else { throw unexpected() }
        return preview
    }

    /// Asks for the preimage of a payment that waits to be claimed. When it returns, the claim is written down.
    /// ``judge(paymentHash:totalMsat:firstHtlcAt:)`` sorts the errors for you.
    ///
    /// Only `not_found`, `amount_too_low`, `amount_too_high` and `claim_too_late` are a reason to fail the payment. After
    /// `already_paid` settle again with the preimage of the record; after any other, hold the payment and ask again.
    ///
    /// - Parameters:
    ///   - paymentHash: The payment hash, as hex.
    ///   - totalMsat: The sum of all parts of the payment, in msat.
    ///   - firstHtlcAt: When the first part arrived, in Unix seconds.
    public func claim(
        paymentHash: String, totalMsat: UInt64, firstHtlcAt: UInt64
    ) async throws(InvreqError) -> ClaimApproval {
        let claim = Claim(paymentHash: paymentHash, totalMsat: totalMsat, firstHtlcAt: firstHtlcAt)
        let outcome = try await parts.call { .claim(call: $0, claim: claim) }
        guard case .claim(let approval) = outcome else { throw unexpected() }
        return approval
    }

    /// Decides about a payment whose HTLCs the node holds: ``claim(paymentHash:totalMsat:firstHtlcAt:)``, with its errors sorted into
    /// what a node can do.
    ///
    /// Where it says `settle` without a preimage, the node has it: settle with that one, and give it to
    /// ``paymentReceived(paymentHash:amountMsat:paidAt:preimage:)``, too.
    ///
    /// Throws `invalid_parameter`, and nothing else: for a payment hash that is not 32 bytes of hex, for one.
    ///
    /// - Parameters:
    ///   - paymentHash: The payment hash, as hex.
    ///   - totalMsat: The sum of all parts of the payment, in msat.
    ///   - firstHtlcAt: When the first part arrived, in Unix seconds.
    public func judge(
        paymentHash: String, totalMsat: UInt64, firstHtlcAt: UInt64
    ) async throws(InvreqError) -> Verdict {
        do {
            let approval = try await claim(
                paymentHash: paymentHash, totalMsat: totalMsat, firstHtlcAt: firstHtlcAt)
            return .settle(preimage: approval.preimage)
        } catch {
            return try Verdict(error)
        }
    }

    /// Reports that a claimed payment failed after all: no part of it was received, and none will be. While a part may still settle, do
    /// not call it.
    ///
    /// Throws `not_found`, `already_paid`.
    @discardableResult
    public func claimFailed(paymentHash: String) async throws(InvreqError) -> InvoiceRecord {
        try await parts.record { .claimFailed(call: $0, paymentHash: paymentHash) }
    }

    /// Reports money that arrived for good. Report it again after every restart, if in doubt: nothing counts twice.
    ///
    /// Throws `not_found`, `amount_too_low`, `preimage_mismatch`, `preimage_required`.
    ///
    /// - Parameters:
    ///   - paymentHash: The payment hash, as hex.
    ///   - amountMsat: What arrived, in msat.
    ///   - paidAt: When it arrived, in Unix seconds.
    ///   - preimage: The preimage, 32 bytes; needed where the host kept it to itself: there
    ///     ``judge(paymentHash:totalMsat:firstHtlcAt:)`` says `settle` without one.
    @discardableResult
    public func paymentReceived(
        paymentHash: String, amountMsat: UInt64, paidAt: UInt64, preimage: Data? = nil
    ) async throws(InvreqError) -> InvoiceRecord {
        let payment = PaymentReceived(
            paymentHash: paymentHash, amountMsat: amountMsat, paidAt: paidAt, preimage: preimage)
        return try await parts.record { .paymentReceived(call: $0, payment: payment) }
    }

    /// Hands over an onion message: the payload of message 513, without its type, at most 65,536 bytes. It came for
    /// ``replyNodeId()``, or for the `nodeId` at which a reply path ends. A message that answers nothing of ours is no error.
    ///
    /// Throws the errors of the store.
    public func receiveOnionMessage(_ bytes: Data, nodeId: NodeId? = nil) async throws(InvreqError) {
        try await parts.tell(.onionMessage(nodeId: nodeId, bytes: bytes))
    }

    /// Hands over an `invoice_error` that the host's own messenger opened, with the delivery's `replyPathId`. One that answers nothing
    /// of ours is no error.
    ///
    /// Throws the errors of the store.
    public func receiveInvoiceError(replyPathId: Data, bytes: Data) async throws(InvreqError) {
        try await parts.tell(.invoiceError(replyPathId: replyPathId, bytes: bytes))
    }

    /// Catches up after the machine or the app slept, or another process wrote to the store.
    ///
    /// Throws the errors of the store.
    public func resume() async throws(InvreqError) {
        try parts.closing.check()
        let background = parts.background
        try await whole { try await background.catchUp() }
    }

    /// The node id that replies over the engine's own reply paths are for; whoever hosts the payee hands it what comes for it.
    public func replyNodeId() async throws(InvreqError) -> NodeId {
        try await parts.engine.look { try $0.replyNodeId() }
    }

    /// How many replies came that answer nothing of ours.
    public func ignoredReplies() async throws(InvreqError) -> UInt64 {
        try await parts.engine.look { try $0.ignoredReplies() }
    }

    /// Everything that happens from now on, for `for await`; every use of the property is a stream of its own.
    ///
    /// The first of them begins with what happened since the payee was opened. It ends when the payee is closed or the reading task is
    /// cancelled. A reader that falls more than 1,024 behind misses the oldest ones, and gets a `missed` event in their place.
    public nonisolated var events: AsyncStream<PayeeEvent> { parts.events.stream() }

    /// Ends everything, and closes the store and the transport. Calls that still wait throw `cancelled`.
    ///
    /// Throws the errors of the store.
    public func close() async throws(InvreqError) {
        let parts = parts
        let closing = closed ?? Task { try await parts.close() }
        closed = closing
        do {
            try await closing.value
        } catch {
            throw known(error)
        }
    }
}

/// What a node is to do with a payment whose HTLCs it holds.
public enum Verdict: Sendable {
    /// Settle them with this preimage; without one the node has it, and gives it to
    /// ``Payee/paymentReceived(paymentHash:amountMsat:paidAt:preimage:)``. The claim is written down.
    case settle(preimage: Data?)
    /// Fail them back: too little, too much or too late.
    case fail(InvreqError)
    /// No invoice of this wallet has the payment hash; it is the node's own business.
    case unknown
    /// Keep holding them and ask again: the claim may have been written, only nobody can say so now.
    case hold(InvreqError)

    /// What a claim that came to nothing means. Throws a fault of the caller's: asking again would say the same for ever.
    init(_ error: InvreqError) throws(InvreqError) {
        switch error.code {
        case .notFound: self = .unknown
        case .amountTooLow, .amountTooHigh, .claimTooLate: self = .fail(error)
        case .alreadyPaid:
            // The node has forgotten that it settled.
            let preimage = error.record?.payment?.paymentPreimage
            self = preimage.map { .settle(preimage: $0) } ?? .hold(error)
        // A clock or dice that failed for a moment are worth another try, a claim that is none is not.
        case .invalidParameter where !error.retryable: throw error
        default: self = .hold(error)
        }
    }
}

func unexpected() -> InvreqError {
    InvreqError(.internal, "the engine gave another kind of reply than was asked for")
}

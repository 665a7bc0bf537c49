package invreq

/** What a node is to do with a payment whose HTLCs it holds. */
public sealed class Verdict {
    /**
     * Settle them with this preimage, 32 bytes; without one the node has it, and gives it to [Payee.paymentReceived]. The claim is written
     * down.
     */
    public class Settle(
        public val preimage: ByteArray?,
    ) : Verdict()

    /** Fail them back: too little, too much or too late. */
    public class Fail(
        public val error: InvreqException,
    ) : Verdict()

    /** No invoice of this wallet has the payment hash; it is the node's own business. */
    public data object Unknown : Verdict()

    /** Keep holding them and ask again: the claim may have been written, only nobody can say so now. */
    public class Hold(
        public val error: InvreqException,
    ) : Verdict()
}

/** Sorts what came of a claim. */
internal inline fun verdictOf(claim: () -> ClaimApproval): Verdict =
    try {
        Verdict.Settle(claim().preimage)
    } catch (error: InvreqException) {
        when (error.code) {
            ErrorCode.NOT_FOUND -> Verdict.Unknown

            ErrorCode.AMOUNT_TOO_LOW, ErrorCode.AMOUNT_TOO_HIGH, ErrorCode.CLAIM_TOO_LATE -> Verdict.Fail(error)

            // The node has forgotten that it settled.
            ErrorCode.ALREADY_PAID -> error.record?.payment?.let { Verdict.Settle(it.paymentPreimage) } ?: Verdict.Hold(error)

            // A clock or dice that failed for a moment are worth another try, a claim that is none is not.
            ErrorCode.INVALID_PARAMETER -> if (error.retryable) Verdict.Hold(error) else throw error

            else -> Verdict.Hold(error)
        }
    }

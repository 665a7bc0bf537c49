# Made by `cargo xtask errors` from core/src/error. Do not edit.
"""Every exception of the library, one for each code. docs/errors.md has them all in tables."""

from ._error import InvreqError


class StringTooLong(InvreqError, code="string_too_long", rpc_code=-32602):
    """The text is longer than the limit."""


class InvalidPrefix(InvreqError, code="invalid_prefix", rpc_code=-32602):
    """The text does not start with lno1, lnr1 or lni1."""


class WrongType(InvreqError, code="wrong_type", rpc_code=-32602):
    """The text is BOLT 12, but of another type than was asked for."""


class MixedCase(InvreqError, code="mixed_case", rpc_code=-32602):
    """The text mixes upper and lower case."""


class InvalidCharacter(InvreqError, code="invalid_character", rpc_code=-32602):
    """A character is not in the bech32 alphabet."""


class InvalidContinuation(InvreqError, code="invalid_continuation", rpc_code=-32602):
    """A + does not stand between two bech32 characters."""


class InvalidPadding(InvreqError, code="invalid_padding", rpc_code=-32602):
    """The last character leaves more than four bits over, or bits that are not zero."""


class EmptyStream(InvreqError, code="empty_stream", rpc_code=-32602):
    """There is no TLV record at all."""


class TlvTruncated(InvreqError, code="tlv_truncated", rpc_code=-32602):
    """The TLV stream ends inside a record."""


class TlvNotMinimal(InvreqError, code="tlv_not_minimal", rpc_code=-32602):
    """A BigSize number is not minimally encoded."""


class TlvNotAscending(InvreqError, code="tlv_not_ascending", rpc_code=-32602):
    """TLV types do not strictly increase."""


class UnknownEvenField(InvreqError, code="unknown_even_field", rpc_code=-32602):
    """An unknown even TLV record must be understood, and is not."""


class FieldOutOfRange(InvreqError, code="field_out_of_range", rpc_code=-32602):
    """A TLV type lies outside the ranges of this message."""


class InvalidLength(InvreqError, code="invalid_length", rpc_code=-32602):
    """A field has the wrong length for its type."""


class InvalidInteger(InvreqError, code="invalid_integer", rpc_code=-32602):
    """A truncated integer is too long or has leading zero bytes."""


class InvalidPoint(InvreqError, code="invalid_point", rpc_code=-32602):
    """A public key is not a point on the curve."""


class InvalidUtf8(InvreqError, code="invalid_utf8", rpc_code=-32602):
    """A text field is not valid UTF-8."""


class InvalidValue(InvreqError, code="invalid_value", rpc_code=-32602):
    """A field holds a value that its type does not allow."""


class LimitExceeded(InvreqError, code="limit_exceeded", rpc_code=-32602):
    """More paths, hops, records or text than the documented limit."""


class OnionInvalid(InvreqError, code="onion_invalid", rpc_code=-32602):
    """An onion message is not for this node, was altered, or is malformed."""


class MissingField(InvreqError, code="missing_field", rpc_code=-32602):
    """A required field is missing."""


class UnexpectedField(InvreqError, code="unexpected_field", rpc_code=-32602):
    """A field is present that must not be."""


class EmptyPath(InvreqError, code="empty_path", rpc_code=-32602):
    """A blinded path has no hops."""


class EmptyPaths(InvreqError, code="empty_paths", rpc_code=-32602):
    """A list of paths is present but empty."""


class UnknownFeature(InvreqError, code="unknown_feature", rpc_code=-32602):
    """An unknown even feature bit must be understood, and is not."""


class InvalidName(InvreqError, code="invalid_name", rpc_code=-32602):
    """A BIP 353 name holds characters that are not allowed."""


class InvalidSignature(InvreqError, code="invalid_signature", rpc_code=-32602):
    """The signature is not correct."""


class AnswersOffer(InvreqError, code="answers_offer", rpc_code=-32602):
    """The request answers an offer, which cannot be answered here."""


class RequestExpired(InvreqError, code="request_expired", rpc_code=1002):
    """The invoice request has expired."""


class WrongChain(InvreqError, code="wrong_chain", rpc_code=-32602):
    """The request is for another chain."""


class AmountOutOfRange(InvreqError, code="amount_out_of_range", rpc_code=-32602):
    """The amount is zero or more than 21 million bitcoin."""


class AmountMismatch(InvreqError, code="amount_mismatch", rpc_code=-32602):
    """The amount given is not the amount of the request."""


class QuantityNotAllowed(InvreqError, code="quantity_not_allowed", rpc_code=-32602):
    """A quantity cannot apply to a request without an offer."""


class InvalidExpiry(InvreqError, code="invalid_expiry", rpc_code=-32602):
    """An expiry or a timeout of zero seconds leaves no time to pay."""


class PreimageMismatch(InvreqError, code="preimage_mismatch", rpc_code=-32602):
    """The preimage does not hash to the payment hash."""


class InvalidParameter(InvreqError, code="invalid_parameter", rpc_code=-32602):
    """A parameter cannot be used."""


class InvalidLabel(InvreqError, code="invalid_label", rpc_code=-32602):
    """A label must be 1 to 256 bytes of UTF-8 without NUL."""


class PreimageRequired(InvreqError, code="preimage_required", rpc_code=-32602):
    """The host holds the preimage and has to report it."""


class LabelInUse(InvreqError, code="label_in_use", rpc_code=900):
    """Another invoice has this label."""


class PaymentHashInUse(InvreqError, code="payment_hash_in_use", rpc_code=901):
    """Another invoice has this payment hash."""


class AlreadyAnswered(InvreqError, code="already_answered", rpc_code=-1):
    """The request has an answer that is open, being claimed or paid."""


class AlreadyPaid(InvreqError, code="already_paid", rpc_code=-1):
    """The invoice is paid already."""


class InvoiceExpired(InvreqError, code="invoice_expired", rpc_code=903):
    """The invoice expired before it was paid."""


class NotFound(InvreqError, code="not_found", rpc_code=905):
    """There is no such invoice."""


class StatusMismatch(InvreqError, code="status_mismatch", rpc_code=906):
    """The invoice does not have the status that was named."""


class Claiming(InvreqError, code="claiming", rpc_code=-1):
    """The payment is being claimed, so the invoice cannot change now."""


class AmountTooLow(InvreqError, code="amount_too_low", rpc_code=-1):
    """Less arrived than the invoice asks for."""


class AmountTooHigh(InvreqError, code="amount_too_high", rpc_code=-1):
    """More than twice the amount of the invoice arrived."""


class ClaimTooLate(InvreqError, code="claim_too_late", rpc_code=-1):
    """The payment began after the invoice had expired."""


class NotOpen(InvreqError, code="not_open", rpc_code=-1):
    """The engine has not been restored from its store yet."""


class StepSuperseded(InvreqError, code="step_superseded", rpc_code=-1, retryable=True):
    """A later step took the place of this one."""


class NoRoute(InvreqError, code="no_route", rpc_code=1003):
    """No path leads to the payer."""


class PayerError(InvreqError, code="payer_error", rpc_code=1004):
    """The payer answered with an error."""


class WaitTimeout(InvreqError, code="wait_timeout", rpc_code=1005):
    """The invoice was not paid within the wait."""


class WaitAnyTimeout(InvreqError, code="wait_any_timeout", rpc_code=904, retryable=True):
    """No invoice was paid within the wait."""


class Cancelled(InvreqError, code="cancelled", rpc_code=-1, retryable=True):
    """The caller ended the wait."""


class PeerProtocol(InvreqError, code="peer_protocol", rpc_code=-1):
    """A peer broke a rule of the transport, or is another node than it was taken for."""


class PeerIncompatible(InvreqError, code="peer_incompatible", rpc_code=-1):
    """A peer is on another chain, requires what is not known here, or takes no onion messages."""


class PeerTimeout(InvreqError, code="peer_timeout", rpc_code=-1, retryable=True):
    """A peer did not answer in time."""


class PeerUnavailable(InvreqError, code="peer_unavailable", rpc_code=-1, retryable=True):
    """There is no open connection to the peer."""


class InvalidPaymentPath(InvreqError, code="invalid_payment_path", rpc_code=-32602):
    """A payment path from the host cannot be used."""


class InsufficientInbound(InvreqError, code="insufficient_inbound", rpc_code=-1, retryable=True):
    """The payment paths cannot carry the amount."""


class PathExpiresEarly(InvreqError, code="path_expires_early", rpc_code=-1, retryable=True):
    """A payment path expires before the invoice does."""


class SourceFailed(InvreqError, code="source_failed", rpc_code=-1, retryable=True):
    """The payment source could not create an inbound payment."""


class SignerFailed(InvreqError, code="signer_failed", rpc_code=-1):
    """The signer refused, or its signature is wrong."""


class StoreFailed(InvreqError, code="store_failed", rpc_code=-1, retryable=True):
    """The store could not read or write."""


class StoreConflict(InvreqError, code="store_conflict", rpc_code=-1, retryable=True):
    """Another writer changed the store first, or nobody knows whether the last write was done."""


class StoreCorrupt(InvreqError, code="store_corrupt", rpc_code=-1):
    """The store holds something that cannot be read."""


class WrongStore(InvreqError, code="wrong_store", rpc_code=-1):
    """The store belongs to another wallet, seed, network or format."""


class MissingAnswer(InvreqError, code="missing_answer", rpc_code=-32602):
    """The host left a question open, or answered it with something else."""


class SelfCheckFailed(InvreqError, code="self_check_failed", rpc_code=-1):
    """The finished invoice did not pass the payer's checks."""


class Internal(InvreqError, code="internal", rpc_code=-1):
    """A defect of this library."""

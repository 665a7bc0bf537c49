use core::fmt;

/// The stable code of an error: the same word in every language and every release.
///
/// A code is never renamed and never changes its meaning. The enum is exhaustive on purpose: the bindings list every
/// code, so a new one has to be named there before they build again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // each meaning stands in `info`, from which docs/errors.md is made
pub enum ErrorCode {
    // The string
    StringTooLong,
    InvalidPrefix,
    WrongType,
    MixedCase,
    InvalidCharacter,
    InvalidContinuation,
    InvalidPadding,
    EmptyStream,
    // The TLV stream
    TlvTruncated,
    TlvNotMinimal,
    TlvNotAscending,
    UnknownEvenField,
    FieldOutOfRange,
    InvalidLength,
    InvalidInteger,
    InvalidPoint,
    InvalidUtf8,
    InvalidValue,
    LimitExceeded,
    // What the fields mean
    MissingField,
    UnexpectedField,
    EmptyPath,
    EmptyPaths,
    UnknownFeature,
    InvalidName,
    InvalidSignature,
    OnionInvalid,
    // Answering
    AnswersOffer,
    RequestExpired,
    WrongChain,
    AmountOutOfRange,
    AmountMismatch,
    QuantityNotAllowed,
    InvalidExpiry,
    InvalidPaymentPath,
    InsufficientInbound,
    PathExpiresEarly,
    PreimageMismatch,
    SelfCheckFailed,
    InvalidParameter,
    // Records and their status
    InvalidLabel,
    LabelInUse,
    PaymentHashInUse,
    AlreadyAnswered,
    AlreadyPaid,
    InvoiceExpired,
    NotFound,
    StatusMismatch,
    Claiming,
    // Claiming and settlement
    AmountTooLow,
    AmountTooHigh,
    ClaimTooLate,
    PreimageRequired,
    // Delivery and waiting
    NoRoute,
    PayerError,
    WaitTimeout,
    WaitAnyTimeout,
    Cancelled,
    // A connection to another node
    PeerProtocol,
    PeerIncompatible,
    PeerTimeout,
    PeerUnavailable,
    // What the host supplies
    SourceFailed,
    SignerFailed,
    StoreFailed,
    StoreConflict,
    StoreCorrupt,
    WrongStore,
    NotOpen,
    StepSuperseded,
    MissingAnswer,
    Internal,
}

/// What kind of thing went wrong, for a program that does not need the exact code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// The text or the bytes are not well-formed BOLT 12.
    Format,
    /// The message is well-formed, but a rule forbids what it says.
    Rule,
    /// A parameter of the call cannot be used.
    Parameter,
    /// The record is in a state that does not allow the call.
    State,
    /// The invoice could not be delivered, or the payer did not pay in time.
    Delivery,
    /// The host's source, transport, signer or store did not do its part.
    Host,
    /// A defect of this library.
    Internal,
}

/// A row of the code table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeInfo {
    /// The code as text: what `code` is in every language.
    pub name: &'static str,
    /// The number Core Lightning uses for this case, or -1 where it has none.
    pub rpc_code: i32,
    /// What kind of thing went wrong.
    pub category: Category,
    /// Whether the same call may succeed later without any change.
    pub retryable: bool,
    /// What the code means, in one line.
    pub meaning: &'static str,
}

const BAD_PARAMETER: i32 = -32602;
const OTHER: i32 = -1;

impl ErrorCode {
    /// The row of the code table: the one place where codes are described.
    #[rustfmt::skip] // a table reads best as a table
    #[inline(always)] // so that whoever asks for one column is linked to that column alone
    pub const fn info(self) -> CodeInfo {
        use Category as C;
        match self {
            Self::StringTooLong => row("string_too_long", BAD_PARAMETER, C::Format, "the text is longer than the limit"),
            Self::InvalidPrefix => row("invalid_prefix", BAD_PARAMETER, C::Format, "the text does not start with lno1, lnr1 or lni1"),
            Self::WrongType => row("wrong_type", BAD_PARAMETER, C::Format, "the text is BOLT 12, but of another type than was asked for"),
            Self::MixedCase => row("mixed_case", BAD_PARAMETER, C::Format, "the text mixes upper and lower case"),
            Self::InvalidCharacter => row("invalid_character", BAD_PARAMETER, C::Format, "a character is not in the bech32 alphabet"),
            Self::InvalidContinuation => row("invalid_continuation", BAD_PARAMETER, C::Format, "a + does not stand between two bech32 characters"),
            Self::InvalidPadding => row("invalid_padding", BAD_PARAMETER, C::Format, "the last character leaves more than four bits over, or bits that are not zero"),
            Self::EmptyStream => row("empty_stream", BAD_PARAMETER, C::Format, "there is no TLV record at all"),
            Self::TlvTruncated => row("tlv_truncated", BAD_PARAMETER, C::Format, "the TLV stream ends inside a record"),
            Self::TlvNotMinimal => row("tlv_not_minimal", BAD_PARAMETER, C::Format, "a BigSize number is not minimally encoded"),
            Self::TlvNotAscending => row("tlv_not_ascending", BAD_PARAMETER, C::Format, "TLV types do not strictly increase"),
            Self::UnknownEvenField => row("unknown_even_field", BAD_PARAMETER, C::Format, "an unknown even TLV record must be understood, and is not"),
            Self::FieldOutOfRange => row("field_out_of_range", BAD_PARAMETER, C::Format, "a TLV type lies outside the ranges of this message"),
            Self::InvalidLength => row("invalid_length", BAD_PARAMETER, C::Format, "a field has the wrong length for its type"),
            Self::InvalidInteger => row("invalid_integer", BAD_PARAMETER, C::Format, "a truncated integer is too long or has leading zero bytes"),
            Self::InvalidPoint => row("invalid_point", BAD_PARAMETER, C::Format, "a public key is not a point on the curve"),
            Self::InvalidUtf8 => row("invalid_utf8", BAD_PARAMETER, C::Format, "a text field is not valid UTF-8"),
            Self::InvalidValue => row("invalid_value", BAD_PARAMETER, C::Format, "a field holds a value that its type does not allow"),
            Self::LimitExceeded => row("limit_exceeded", BAD_PARAMETER, C::Format, "more paths, hops, records or text than the documented limit"),
            Self::MissingField => row("missing_field", BAD_PARAMETER, C::Rule, "a required field is missing"),
            Self::UnexpectedField => row("unexpected_field", BAD_PARAMETER, C::Rule, "a field is present that must not be"),
            Self::EmptyPath => row("empty_path", BAD_PARAMETER, C::Rule, "a blinded path has no hops"),
            Self::EmptyPaths => row("empty_paths", BAD_PARAMETER, C::Rule, "a list of paths is present but empty"),
            Self::UnknownFeature => row("unknown_feature", BAD_PARAMETER, C::Rule, "an unknown even feature bit must be understood, and is not"),
            Self::InvalidName => row("invalid_name", BAD_PARAMETER, C::Rule, "a BIP 353 name holds characters that are not allowed"),
            Self::InvalidSignature => row("invalid_signature", BAD_PARAMETER, C::Rule, "the signature is not correct"),
            Self::OnionInvalid => row("onion_invalid", BAD_PARAMETER, C::Format, "an onion message is not for this node, was altered, or is malformed"),
            Self::AnswersOffer => row("answers_offer", BAD_PARAMETER, C::Rule, "the request answers an offer, which cannot be answered here"),
            Self::RequestExpired => row("request_expired", 1002, C::Rule, "the invoice request has expired"),
            Self::WrongChain => row("wrong_chain", BAD_PARAMETER, C::Rule, "the request is for another chain"),
            Self::AmountOutOfRange => row("amount_out_of_range", BAD_PARAMETER, C::Rule, "the amount is zero or more than 21 million bitcoin"),
            Self::AmountMismatch => row("amount_mismatch", BAD_PARAMETER, C::Parameter, "the amount given is not the amount of the request"),
            Self::QuantityNotAllowed => row("quantity_not_allowed", BAD_PARAMETER, C::Parameter, "a quantity cannot apply to a request without an offer"),
            Self::InvalidExpiry => row("invalid_expiry", BAD_PARAMETER, C::Parameter, "an expiry or a timeout of zero seconds leaves no time to pay"),
            Self::InvalidPaymentPath => row("invalid_payment_path", BAD_PARAMETER, C::Host, "a payment path from the host cannot be used"),
            Self::InsufficientInbound => row("insufficient_inbound", OTHER, C::Host, "the payment paths cannot carry the amount").retry(),
            Self::PathExpiresEarly => row("path_expires_early", OTHER, C::Host, "a payment path expires before the invoice does").retry(),
            Self::PreimageMismatch => row("preimage_mismatch", BAD_PARAMETER, C::Parameter, "the preimage does not hash to the payment hash"),
            Self::SelfCheckFailed => row("self_check_failed", OTHER, C::Internal, "the finished invoice did not pass the payer's checks"),
            Self::InvalidParameter => row("invalid_parameter", BAD_PARAMETER, C::Parameter, "a parameter cannot be used"),
            Self::InvalidLabel => row("invalid_label", BAD_PARAMETER, C::Parameter, "a label must be 1 to 256 bytes of UTF-8 without NUL"),
            Self::LabelInUse => row("label_in_use", 900, C::State, "another invoice has this label"),
            Self::PaymentHashInUse => row("payment_hash_in_use", 901, C::State, "another invoice has this payment hash"),
            Self::AlreadyAnswered => row("already_answered", OTHER, C::State, "the request has an answer that is open, being claimed or paid"),
            Self::AlreadyPaid => row("already_paid", OTHER, C::State, "the invoice is paid already"),
            Self::InvoiceExpired => row("invoice_expired", 903, C::State, "the invoice expired before it was paid"),
            Self::NotFound => row("not_found", 905, C::State, "there is no such invoice"),
            Self::StatusMismatch => row("status_mismatch", 906, C::State, "the invoice does not have the status that was named"),
            Self::Claiming => row("claiming", OTHER, C::State, "the payment is being claimed, so the invoice cannot change now"),
            Self::AmountTooLow => row("amount_too_low", OTHER, C::State, "less arrived than the invoice asks for"),
            Self::AmountTooHigh => row("amount_too_high", OTHER, C::State, "more than twice the amount of the invoice arrived"),
            Self::ClaimTooLate => row("claim_too_late", OTHER, C::State, "the payment began after the invoice had expired"),
            Self::PreimageRequired => row("preimage_required", BAD_PARAMETER, C::Parameter, "the host holds the preimage and has to report it"),
            Self::NoRoute => row("no_route", 1003, C::Delivery, "no path leads to the payer"),
            Self::PayerError => row("payer_error", 1004, C::Delivery, "the payer answered with an error"),
            Self::WaitTimeout => row("wait_timeout", 1005, C::Delivery, "the invoice was not paid within the wait"),
            Self::WaitAnyTimeout => row("wait_any_timeout", 904, C::Delivery, "no invoice was paid within the wait").retry(),
            Self::Cancelled => row("cancelled", OTHER, C::Delivery, "the caller ended the wait").retry(),
            Self::PeerProtocol => row("peer_protocol", OTHER, C::Delivery, "a peer broke a rule of the transport, or is another node than it was taken for"),
            Self::PeerIncompatible => row("peer_incompatible", OTHER, C::Delivery, "a peer is on another chain, requires what is not known here, or takes no onion messages"),
            Self::PeerTimeout => row("peer_timeout", OTHER, C::Delivery, "a peer did not answer in time").retry(),
            Self::PeerUnavailable => row("peer_unavailable", OTHER, C::Delivery, "there is no open connection to the peer").retry(),
            Self::SourceFailed => row("source_failed", OTHER, C::Host, "the payment source could not create an inbound payment").retry(),
            Self::SignerFailed => row("signer_failed", OTHER, C::Host, "the signer refused, or its signature is wrong"),
            Self::StoreFailed => row("store_failed", OTHER, C::Host, "the store could not read or write").retry(),
            Self::StoreConflict => row("store_conflict", OTHER, C::Host, "another writer changed the store first, or nobody knows whether the last write was done").retry(),
            Self::StoreCorrupt => row("store_corrupt", OTHER, C::Host, "the store holds something that cannot be read"),
            Self::WrongStore => row("wrong_store", OTHER, C::Host, "the store belongs to another wallet, seed, network or format"),
            Self::NotOpen => row("not_open", OTHER, C::State, "the engine has not been restored from its store yet"),
            Self::StepSuperseded => row("step_superseded", OTHER, C::State, "a later step took the place of this one").retry(),
            Self::MissingAnswer => row("missing_answer", BAD_PARAMETER, C::Host, "the host left a question open, or answered it with something else"),
            Self::Internal => row("internal", OTHER, C::Internal, "a defect of this library"),
        }
    }

    /// The code as text.
    pub const fn as_str(self) -> &'static str {
        self.info().name
    }

    pub(crate) const fn rpc_code(self) -> i32 {
        self.info().rpc_code
    }

    pub(crate) const fn is_retryable(self) -> bool {
        self.info().retryable
    }

    /// Every code, in the order of the table.
    pub const ALL: &'static [Self] = &[
        Self::StringTooLong,
        Self::InvalidPrefix,
        Self::WrongType,
        Self::MixedCase,
        Self::InvalidCharacter,
        Self::InvalidContinuation,
        Self::InvalidPadding,
        Self::EmptyStream,
        Self::TlvTruncated,
        Self::TlvNotMinimal,
        Self::TlvNotAscending,
        Self::UnknownEvenField,
        Self::FieldOutOfRange,
        Self::InvalidLength,
        Self::InvalidInteger,
        Self::InvalidPoint,
        Self::InvalidUtf8,
        Self::InvalidValue,
        Self::LimitExceeded,
        Self::MissingField,
        Self::UnexpectedField,
        Self::EmptyPath,
        Self::EmptyPaths,
        Self::UnknownFeature,
        Self::InvalidName,
        Self::InvalidSignature,
        Self::OnionInvalid,
        Self::AnswersOffer,
        Self::RequestExpired,
        Self::WrongChain,
        Self::AmountOutOfRange,
        Self::AmountMismatch,
        Self::QuantityNotAllowed,
        Self::InvalidExpiry,
        Self::InvalidPaymentPath,
        Self::InsufficientInbound,
        Self::PathExpiresEarly,
        Self::PreimageMismatch,
        Self::SelfCheckFailed,
        Self::InvalidParameter,
        Self::InvalidLabel,
        Self::LabelInUse,
        Self::PaymentHashInUse,
        Self::AlreadyAnswered,
        Self::AlreadyPaid,
        Self::InvoiceExpired,
        Self::NotFound,
        Self::StatusMismatch,
        Self::Claiming,
        Self::AmountTooLow,
        Self::AmountTooHigh,
        Self::ClaimTooLate,
        Self::PreimageRequired,
        Self::NoRoute,
        Self::PayerError,
        Self::WaitTimeout,
        Self::WaitAnyTimeout,
        Self::Cancelled,
        Self::PeerProtocol,
        Self::PeerIncompatible,
        Self::PeerTimeout,
        Self::PeerUnavailable,
        Self::SourceFailed,
        Self::SignerFailed,
        Self::StoreFailed,
        Self::StoreConflict,
        Self::StoreCorrupt,
        Self::WrongStore,
        Self::NotOpen,
        Self::StepSuperseded,
        Self::MissingAnswer,
        Self::Internal,
    ];
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl CodeInfo {
    const fn retry(mut self) -> Self {
        self.retryable = true;
        self
    }
}

const fn row(name: &'static str, rpc_code: i32, category: Category, meaning: &'static str) -> CodeInfo {
    CodeInfo {
        name,
        rpc_code,
        category,
        retryable: false,
        meaning,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_lists_every_code_once() {
        // The discriminants count up from 0, so a code missing from ALL leaves a gap.
        for (index, code) in ErrorCode::ALL.iter().enumerate() {
            assert_eq!(*code as usize, index);
        }
        assert_eq!(ErrorCode::Internal as usize + 1, ErrorCode::ALL.len());
    }

    #[test]
    fn names_are_unique_snake_case() {
        let mut names: Vec<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        assert!(names.iter().all(|name| name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ErrorCode::ALL.len());
    }
}

//! Errors as plain data.

use invreq::engine::Record;
use invreq::{Category, ErrorCode, ErrorDetails, Field};

/// The contents of an [`Error`] as plain data, the same in every language.
#[uniffi::remote(Record)]
pub struct ErrorDetails {
    /// The stable code.
    pub code: ErrorCode,
    /// The number Core Lightning uses for this case, or -1 where it has none.
    pub rpc_code: i32,
    /// One sentence for a person, without any secret.
    pub message: String,
    /// The TLV record the error is about, where there is one.
    pub field: Option<Field>,
    /// The broken rule as a stable kebab-case id, where there is one.
    pub rule: Option<String>,
    /// The place in the BOLTs that states the rule.
    pub section: Option<String>,
    /// Whether the same call may succeed later without any change.
    pub retryable: bool,
    /// The invoice record concerned, where there is one.
    pub record: Option<Record>,
}

/// A TLV record, named.
#[uniffi::remote(Record)]
pub struct Field {
    /// The TLV type number.
    pub number: u64,
    /// The name in BOLT 12, or `unknown`.
    pub name: String,
}

#[uniffi::remote(Enum)]
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
#[uniffi::remote(Enum)]
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

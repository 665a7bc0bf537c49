use crate::{rules, Error, ErrorCode};

/// The error for a message that is not for us, was altered, or breaks a rule of BOLT 4.
pub(super) fn invalid(message: &str) -> Error {
    failed(ErrorCode::OnionInvalid, message)
}

/// The error with this code, for a message that is not what it should be.
pub(super) fn failed(code: ErrorCode, message: &str) -> Error {
    Error::new(code, message).with_rule(rules::ONION_PACKET)
}

/// The error for a message that has no room in an onion packet.
pub(super) fn too_large() -> Error {
    failed(
        ErrorCode::LimitExceeded,
        "the message does not fit into an onion packet",
    )
}

/// The codec's error about bytes inside an onion: the same code, without the name that the record's number has in
/// BOLT 12.
pub(super) fn malformed(error: Error) -> Error {
    failed(error.code(), &format!("in an onion message, {}", error.message()))
}

/// The error where a hop's data does not fit its place in the path.
pub(super) fn misplaced() -> Error {
    invalid("a hop of the path says what only another kind of hop may say")
}

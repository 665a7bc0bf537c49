//! Calls of `send_invoice`, and what every answer to them has to be.

#![allow(dead_code)] // each test binary uses its own part of this

use invreq::engine::{DeliveryState, Record, SendInvoice, Status};
use invreq::{Error, ErrorCode};

pub fn params(request: &str, label: &str) -> SendInvoice {
    SendInvoice {
        invreq: request.to_owned(),
        label: label.to_owned(),
        timeout: Some(20),
        ..SendInvoice::default()
    }
}

/// The record as JSON keeps the contract of `sendinvoice`.
pub fn assert_valid_rpc(record: &Record) {
    invreq_schema::validate_response(&record.to_rpc()).unwrap();
}

/// The payer answered with an error, in these words, and the invoice can still be paid.
pub fn assert_refused(error: &Error) -> &str {
    assert_eq!(
        (error.code(), error.rpc_code()),
        (ErrorCode::PayerError, 1004),
        "{error}"
    );
    let record = error.record().unwrap();
    assert_eq!(record.delivery.state, DeliveryState::Refused);
    assert_eq!(record.status, Status::Unpaid);
    assert_valid_rpc(record);
    &record.delivery.error.as_ref().unwrap().message
}

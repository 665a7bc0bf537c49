//! The engine.

mod record;

pub use record::{
    DeliveryReport, DeliveryState, PathOutcome, PathReport, PayerError, Payment, Record, Status,
};

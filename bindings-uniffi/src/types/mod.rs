//! The core's own types, declared: field for field, so that a change of the core breaks the build here.

mod decoded;
mod error;
mod input;
mod need;
mod path;
mod record;
mod step;
mod store;
mod values;

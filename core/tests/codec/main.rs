//! The codec against vectors: official ones, Core Lightning's, our own pairs, LDK's parsers, and made-up input.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)] // a test may stop at what is wrong

mod cln;
mod cln_node;
mod common;
mod kinds;
mod ldk;
mod limits;
mod official;
mod pairs;
mod properties;
mod rules;
mod values;
mod writer;

//! The codec against vectors: official ones, Core Lightning's, our own pairs, LDK's parsers, and made-up input.

mod cln;
mod cln_node;
mod common;
mod ldk;
mod official;
mod pairs;
mod properties;

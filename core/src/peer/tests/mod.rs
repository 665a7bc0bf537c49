//! The acts and ciphers against the official vectors, and a peer against a far side that says what it likes.
#![allow(clippy::arithmetic_side_effects)] // an overflow fails the test

mod chunks;
mod far;
mod flood;
mod handshake;
mod messages;
mod vectors;

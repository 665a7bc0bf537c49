//! Onion messages against the vectors, against what Core Lightning sent, and against LDK in one process.
#![cfg(test)]
#![allow(clippy::arithmetic_side_effects)] // an overflow fails the test

mod hostile;
mod ldk;
mod ldk_node;
mod own;
mod properties;
mod recorded;
mod size;
mod support;
mod vectors;

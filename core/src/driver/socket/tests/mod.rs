//! The transport against nodes on loopback that behave, and some that do not.
#![allow(clippy::arithmetic_side_effects)] // an overflow fails the test

mod limits;
mod node;
mod replies;
mod sending;

//! What no public function shows: the steps of the vectors, and packets that no library builds.
#![allow(clippy::arithmetic_side_effects)] // an overflow fails the test

mod crafted;
mod sphinx;
mod vectors;

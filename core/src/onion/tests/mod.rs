//! What no public function shows: the steps of the vectors, and packets that no library builds.

mod crafted;
mod vectors;

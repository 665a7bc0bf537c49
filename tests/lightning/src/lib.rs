//! A real Lightning network in one process.

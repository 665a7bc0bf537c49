//! Answer BOLT 12 invoice requests.

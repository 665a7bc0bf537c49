//! Bounds on everything that comes from outside.
//!
//! BOLT 12 itself sets none. These are far above anything seen in the wild (a request or an invoice is some hundred
//! bytes to a few thousand) and low enough that hostile input is refused early, in time linear in its length.

/// The longest text that is read, in bytes, without white space around it: what
/// [`MAX_BYTES`] take (52,433 characters), and room for `+` joins with white space.
pub const MAX_STRING: usize = 65_536;

/// The longest message, in bytes: an onion message carries no more (BOLT 4, Onion Messages: 32,768 bytes of payloads).
pub const MAX_BYTES: usize = 32_768;

/// The most TLV records in one message.
pub const MAX_RECORDS: usize = 1_024;

/// The most blinded paths, payinfos or on-chain addresses in one record. A path has at most 255 hops by its encoding.
pub const MAX_PATHS: usize = 64;

/// The longest untrusted text that is shown, in characters. Longer text is cut for display only: in the message it is
/// bounded by [`MAX_BYTES`].
pub const MAX_SHOWN_CHARS: usize = 1_000;

/// The largest amount, in msat: 21 million bitcoin (BOLT 1, Fundamental Types).
pub const MAX_MSAT: u64 = 0x1d24_b2df_ac52_0000;

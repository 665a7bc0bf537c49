//! Strings: `lno1…`, `lnr1…`, `lni1…` to bytes and back (BOLT 12, Encoding).

use std::borrow::Cow;

use super::limits::{MAX_BYTES, MAX_STRING};
use crate::{rules, Error, ErrorCode, Result, Rule};

/// What a BOLT 12 string is, by its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An offer, `lno1…`: somebody wants to be paid.
    Offer,
    /// An invoice request, `lnr1…`: somebody wants to pay, and asks for an invoice.
    InvoiceRequest,
    /// An invoice, `lni1…`: what a payment is made against.
    Invoice,
}

impl Kind {
    /// The three kinds.
    pub const ALL: [Self; 3] = [Self::Offer, Self::InvoiceRequest, Self::Invoice];

    /// The prefix of its strings, in lower case and without the `1` that follows it.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Offer => "lno",
            Self::InvoiceRequest => "lnr",
            Self::Invoice => "lni",
        }
    }

    /// The name BOLT 12 gives the message: `offer`, `invoice_request` or `invoice`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Offer => "offer",
            Self::InvoiceRequest => "invoice_request",
            Self::Invoice => "invoice",
        }
    }

    /// The name in a sentence.
    pub(crate) const fn spoken(self) -> &'static str {
        match self {
            Self::Offer => "offer",
            Self::InvoiceRequest => "invoice request",
            Self::Invoice => "invoice",
        }
    }

    const fn with_article(self) -> &'static str {
        match self {
            Self::Offer => "an offer (lno1…)",
            Self::InvoiceRequest => "an invoice request (lnr1…)",
            Self::Invoice => "an invoice (lni1…)",
        }
    }
}

/// The kind and the bytes of a BOLT 12 string, without a look at what the bytes say.
///
/// All lower and all upper case are read, parts joined by `+` (each followed by any white space), white space around
/// the whole, and a `lightning:` prefix of any case.
///
/// # Errors
/// `string_too_long`, `invalid_prefix`, `invalid_continuation`, `mixed_case`, `invalid_character`, `invalid_padding`
/// and `empty_stream`, checked in this order.
pub fn decode_string(text: &str) -> Result<(Kind, Vec<u8>)> {
    let text = bounded(text)?;
    let kind = kind_of(text)?;
    let joined = join(text)?;
    let data = joined.get(PREFIX_LEN..).unwrap_or_default();
    check_characters(&joined, data)?;
    let bytes = from_fives(data)?;
    if bytes.is_empty() {
        return Err(broken(
            ErrorCode::EmptyStream,
            rules::NOT_EMPTY,
            "nothing follows the prefix",
        ));
    }
    if bytes.len() > MAX_BYTES {
        let message = format!("the text holds {} bytes, more than {MAX_BYTES}", bytes.len());
        return Err(Error::new(ErrorCode::StringTooLong, message).with_rule(rules::STRING_LIMIT));
    }
    Ok((kind, bytes))
}

/// The string of these bytes, in lower case.
pub fn encode_string(kind: Kind, bytes: &[u8]) -> String {
    // 8 characters for 5 bytes, rounded up.
    let length = PREFIX_LEN.saturating_add(bytes.len().saturating_mul(8).div_ceil(5));
    let mut text = Vec::with_capacity(length.saturating_add(8));
    text.extend_from_slice(kind.prefix().as_bytes());
    text.push(b'1');
    for chunk in bytes.chunks(5) {
        let mut group = [0; 8];
        for (slot, byte) in group.iter_mut().skip(3).zip(chunk) {
            *slot = *byte;
        }
        let bits = u64::from_be_bytes(group);
        text.extend_from_slice(&[35u32, 30, 25, 20, 15, 10, 5, 0].map(|shift| character(bits >> shift)));
    }
    // The last chunk can be shorter than five bytes, and was filled up.
    text.truncate(length);
    String::from_utf8(text).unwrap_or_default()
}

/// The character for the last five bits.
fn character(bits: u64) -> u8 {
    ALPHABET.get((bits & 31) as usize).copied().unwrap_or_default()
}

/// [`decode_string`], for a caller that wants one kind only.
pub(crate) fn decode_kind(text: &str, wanted: Kind) -> Result<Vec<u8>> {
    // The kind is looked at first: a person who pasted an offer should hear that, not that a character is wrong.
    let found = kind_of(bounded(text)?)?;
    if found != wanted {
        let message = format!("this is {}, not {}", found.with_article(), wanted.with_article());
        return Err(Error::new(ErrorCode::WrongType, message).with_rule(rules::PREFIX));
    }
    decode_string(text).map(|(_, bytes)| bytes)
}

/// The kind that the first characters name.
pub(crate) fn kind_of(text: &str) -> Result<Kind> {
    let mut start = [0u8; PREFIX_LEN];
    let mut visible = text.bytes().filter(|byte| *byte != b'+' && !is_space(*byte));
    for (slot, byte) in start.iter_mut().zip(&mut visible) {
        *slot = byte.to_ascii_lowercase();
    }
    match &start {
        b"lno1" => Ok(Kind::Offer),
        b"lnr1" => Ok(Kind::InvoiceRequest),
        b"lni1" => Ok(Kind::Invoice),
        _ => Err(broken(
            ErrorCode::InvalidPrefix,
            rules::PREFIX,
            "the text does not start with lno1, lnr1 or lni1",
        )),
    }
}

/// The text to decode, if it is not too long.
fn bounded(text: &str) -> Result<&str> {
    let text = strip(text);
    if text.len() > MAX_STRING {
        let message = format!("the text has {} bytes, more than {MAX_STRING}", text.len());
        return Err(Error::new(ErrorCode::StringTooLong, message).with_rule(rules::STRING_LIMIT));
    }
    Ok(text)
}

/// The text without white space around it and without a `lightning:` prefix.
pub(crate) fn strip(text: &str) -> &str {
    let text = text.trim_matches(|c: char| c.is_whitespace());
    match text.split_at_checked(SCHEME.len()) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case(SCHEME) => rest,
        _ => text,
    }
}

const SCHEME: &str = "lightning:";
const PREFIX_LEN: usize = 4;
const ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const NO_VALUE: u8 = 0xff;

/// The value of each character in either case, or [`NO_VALUE`].
const VALUES: [u8; 256] = values();

#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)] // evaluated by the compiler
const fn values() -> [u8; 256] {
    let mut table = [NO_VALUE; 256];
    let mut value = 0;
    while value < 32 {
        table[ALPHABET[value as usize] as usize] = value;
        table[ALPHABET[value as usize].to_ascii_uppercase() as usize] = value;
        value += 1;
    }
    table
}

fn value_of(character: u8) -> u8 {
    VALUES.get(usize::from(character)).copied().unwrap_or(NO_VALUE)
}

fn broken(code: ErrorCode, rule: Rule, message: &str) -> Error {
    Error::new(code, message).with_rule(rule)
}

/// White space in the sense of C and of the other implementations: U+000B included.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r')
}

/// The text without its `+` joins. Each must stand between two characters that are neither `+` nor white space.
fn join(text: &str) -> Result<Cow<'_, [u8]>> {
    if !text.contains('+') {
        return Ok(Cow::Borrowed(text.as_bytes()));
    }
    let parts = || text.split('+').enumerate();
    let mut joined = Vec::with_capacity(text.len());
    for (index, part) in parts() {
        let part = if index == 0 {
            part
        } else {
            part.trim_start_matches(|c: char| c.is_ascii() && is_space(c as u8))
        };
        // A space at the end of a part is caught here, one within it as a wrong character.
        if part.is_empty() || part.bytes().last().is_some_and(is_space) {
            let message = "a + does not stand between two characters";
            return Err(broken(
                ErrorCode::InvalidContinuation,
                rules::CONTINUATION,
                message,
            ));
        }
        joined.extend_from_slice(part.as_bytes());
    }
    Ok(Cow::Owned(joined))
}

fn check_characters(whole: &[u8], data: &[u8]) -> Result<()> {
    if whole.iter().any(u8::is_ascii_lowercase) && whole.iter().any(u8::is_ascii_uppercase) {
        let message = "the text mixes upper and lower case";
        return Err(broken(ErrorCode::MixedCase, rules::SINGLE_CASE, message));
    }
    match data.iter().position(|character| value_of(*character) == NO_VALUE) {
        None => Ok(()),
        Some(index) => {
            let shown = data.get(index).copied().unwrap_or_default().escape_ascii();
            let place = index.saturating_add(PREFIX_LEN).saturating_add(1);
            let message = format!("character {place}, '{shown}', is not in the bech32 alphabet");
            Err(broken(
                ErrorCode::InvalidCharacter,
                rules::BECH32_CHARACTER,
                &message,
            ))
        }
    }
}

/// Characters of five bits each to bytes. What is left over must be less than a character, and zero.
fn from_fives(data: &[u8]) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(data.len().saturating_mul(5).div_ceil(8));
    let chunks = data.chunks_exact(8);
    let rest = chunks.remainder();
    for chunk in chunks {
        let bits = chunk.iter().fold(0u64, |bits, character| {
            bits << 5 | u64::from(value_of(*character))
        });
        let [_, _, _, five @ ..] = bits.to_be_bytes();
        bytes.extend_from_slice(&five);
    }
    let bits = rest.iter().fold(0u64, |bits, character| {
        bits << 5 | u64::from(value_of(*character))
    });
    let count = rest.len().saturating_mul(5);
    let left_over = count & 7;
    if left_over > 4 {
        let message = "the last character is superfluous: more than four bits are left over";
        return Err(broken(ErrorCode::InvalidPadding, rules::PADDING, message));
    }
    if bits & (1u64 << left_over).wrapping_sub(1) != 0 {
        let message = "the bits left over in the last character are not zero";
        return Err(broken(ErrorCode::InvalidPadding, rules::PADDING, message));
    }
    let whole = (bits >> left_over).to_be_bytes();
    bytes.extend(whole.into_iter().skip(8usize.saturating_sub(count >> 3)));
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_comes_back() {
        for length in 1..=40u8 {
            let bytes: Vec<u8> = (0..length).map(|i| i.wrapping_mul(37) ^ 0xa5).collect();
            let text = encode_string(Kind::InvoiceRequest, &bytes);
            assert_eq!(
                decode_string(&text).unwrap(),
                (Kind::InvoiceRequest, bytes.clone()),
                "{text}"
            );
            let upper = text.to_ascii_uppercase();
            assert_eq!(decode_string(&upper).unwrap().1, bytes);
            assert_eq!(
                decode_string(&format!(" \tLightning:{upper}\n")).unwrap().1,
                bytes
            );
        }
    }

    #[test]
    fn the_first_broken_rule_is_named() {
        use ErrorCode as E;
        for (text, code) in [
            ("", E::InvalidPrefix),
            ("lnr", E::InvalidPrefix),
            ("lnbc1qqqq", E::InvalidPrefix),
            ("lnr1", E::EmptyStream),
            ("+lnr1qqqq", E::InvalidContinuation),
            ("lnr1qq+", E::InvalidContinuation),
            ("lnr1qq+ ", E::InvalidContinuation),
            ("lnr1qq++qq", E::InvalidContinuation),
            ("lnr1qq+ +qq", E::InvalidContinuation),
            ("lnr1qq +qq", E::InvalidContinuation),
            ("lnr1qq qq", E::InvalidCharacter),
            ("lnr1qqqb", E::InvalidCharacter),
            ("lnr1qqq1", E::InvalidCharacter),
            ("lnr1qq\u{e9}", E::InvalidCharacter),
            ("LNr1qqqq", E::MixedCase),
            ("lnr1qqQq", E::MixedCase),
            ("lnr1q", E::InvalidPadding),
            ("lnr1qqq", E::InvalidPadding),
            ("lnr1ql", E::InvalidPadding),
        ] {
            assert_eq!(decode_string(text).map_err(|e| e.code()), Err(code), "{text:?}");
        }
        assert!(decode_string("l+\u{b} nr1q+\tq").is_ok());
        assert_eq!(
            decode_kind("lno1!", Kind::Invoice).map_err(|e| e.code()),
            Err(E::WrongType)
        );
        let long = format!("lnr1{}", "q".repeat(MAX_STRING));
        assert_eq!(decode_string(&long).map_err(|e| e.code()), Err(E::StringTooLong));
        let long = format!("lnr1{}", "q".repeat(60_000));
        assert_eq!(decode_string(&long).map_err(|e| e.code()), Err(E::StringTooLong));
    }

    #[test]
    fn the_longest_message_is_read() {
        let bytes = vec![0; MAX_BYTES];
        let text = encode_string(Kind::InvoiceRequest, &bytes);
        assert_eq!(decode_string(&text), Ok((Kind::InvoiceRequest, bytes)));
        let text = encode_string(Kind::InvoiceRequest, &[0; MAX_BYTES + 1]);
        assert_eq!(
            decode_string(&text).map_err(|e| e.code()),
            Err(ErrorCode::StringTooLong)
        );
    }

    #[test]
    fn a_person_who_pasted_something_else_hears_what_it_is() {
        let error = decode_kind("lno1qq", Kind::Invoice).unwrap_err();
        assert_eq!(
            error.message(),
            "this is an offer (lno1…), not an invoice (lni1…)"
        );
    }
}

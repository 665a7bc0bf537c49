use invreq::bolt12::{
    chain_hash, decode_string, encode_string, Bolt12, Invoice, InvoiceRequest, Kind, Offer, BITCOIN,
};
use invreq::decode::inspect;
use invreq::{decode_with, DecodeOptions, Error, ErrorCode};

/// Reads a text in every way; or writes a string in one of its spellings, which has to be read.
///
/// The first byte says which, and what a text is held against.
pub fn strings(data: &[u8]) {
    let Some((head, rest)) = data.split_first() else {
        return;
    };
    match head & 1 {
        0 => any_text(&String::from_utf8_lossy(rest), &options(head >> 1)),
        _ => spelled(head >> 1, rest),
    }
}

pub fn options(choices: u8) -> DecodeOptions {
    DecodeOptions {
        chain: [None, Some(BITCOIN), chain_hash("regtest"), Some([7; 32])][usize::from(choices & 3)],
        now: [None, Some(0), Some(1_700_000_000), Some(u64::MAX)][usize::from(choices >> 2 & 3)],
    }
}

/// Everything that can be asked of a text.
pub fn any_text(text: &str, options: &DecodeOptions) {
    let found = inspect(text, options);
    let read = text.parse::<Bolt12>();
    let described = decode_with(text, options);
    assert_eq!(found.well_formed, read.is_ok());
    assert_eq!(described.is_ok(), read.is_ok());
    match decode_string(text) {
        Ok((kind, bytes)) => {
            let again = encode_string(kind, &bytes);
            assert_eq!(again, plain(text), "it is written as it was read");
            assert_eq!(decode_string(&again), Ok((kind, bytes)));
            assert_eq!(found.kind, Some(kind));
        }
        Err(error) => {
            assert_eq!(read.as_ref().map_err(Error::code), Err(error.code()));
            named(&error);
        }
    }
    one_kind(text, &read);
    match read {
        Ok(message) => {
            let described = described.unwrap();
            assert_eq!(message.to_string(), plain(text));
            let upper = message.to_string().to_ascii_uppercase();
            assert_eq!(upper.parse::<Bolt12>().unwrap().as_bytes(), message.as_bytes());
            assert_eq!(described.answerable, found.answerable);
            assert_eq!(described.warnings, found.warnings);
            shown(&described.to_string());
        }
        Err(error) => named(&error),
    }
    if let Some(error) = &found.error {
        named(error);
    }
}

/// A type that reads one kind reads that and no other.
fn one_kind(text: &str, read: &Result<Bolt12, Error>) {
    let single = [
        (Kind::Offer, text.parse::<Offer>().map(drop)),
        (Kind::InvoiceRequest, text.parse::<InvoiceRequest>().map(drop)),
        (Kind::Invoice, text.parse::<Invoice>().map(drop)),
    ];
    for (kind, single) in single {
        match read {
            Ok(message) => assert_eq!(single.is_ok(), message.kind() == kind),
            Err(_) => assert!(single.is_err()),
        }
    }
}

/// The text without joins and white space, in lower case and without a scheme: what the string is, whatever its spelling.
fn plain(text: &str) -> String {
    let text = text.trim().to_lowercase();
    let text = text.strip_prefix("lightning:").unwrap_or(&text);
    text.chars().filter(|c| *c != '+' && !c.is_whitespace()).collect()
}

/// What is shown to a person cannot trick a terminal or turn the text around.
fn shown(text: &str) {
    let bidi = |c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}');
    assert!(text.chars().all(|c| c == '\n' || !(c.is_control() || bidi(c))));
}

pub fn named(error: &Error) {
    assert!(ErrorCode::ALL.contains(&error.code()) && !error.message().is_empty());
    assert!(error.rule().is_some(), "{error:?}");
    assert!(!matches!(
        error.code(),
        ErrorCode::Internal | ErrorCode::SelfCheckFailed
    ));
}

/// A string with joins wherever the bytes say: it is read as what it is.
fn spelled(choices: u8, rest: &[u8]) {
    let kind = Kind::ALL[usize::from(choices) % 3];
    let Some((joins, bytes)) = rest.split_first().and_then(|(count, rest)| {
        let count = usize::from(*count).min(rest.len());
        rest.split_at_checked(count)
    }) else {
        return;
    };
    let string = encode_string(kind, bytes);
    let read = decode_string(&respelled(&string, joins, choices & 64 != 0));
    if bytes.is_empty() {
        assert_eq!(read.unwrap_err().code(), ErrorCode::EmptyStream);
    } else {
        assert_eq!(read, Ok((kind, bytes.to_vec())));
    }
}

/// The same string with a join after so many characters for every byte, in one case or the other.
pub fn respelled(string: &str, joins: &[u8], upper: bool) -> String {
    let mut out = String::new();
    let mut rest = string;
    for join in joins {
        let (part, after) = rest.split_at(usize::from(join >> 3).max(1).min(rest.len()));
        out.push_str(part);
        rest = after;
        if rest.is_empty() {
            break;
        }
        out.push_str(["+", "+ ", "+\n", "+\r\n", "+\t", "+ \x0b", "+\x0c", "+   "][usize::from(join & 7)]);
    }
    out.push_str(rest);
    match upper {
        true => format!(" LIGHTNING:{}\n", out.to_ascii_uppercase()),
        false => out,
    }
}

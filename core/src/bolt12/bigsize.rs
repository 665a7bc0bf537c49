//! `bigsize`: the variable-length integer of TLV types and lengths (BOLT 1, Appendix A).

use crate::{rules, Error, ErrorCode, Result};

/// The number at the start of these bytes, and the bytes after it.
///
/// # Errors
/// `tlv_truncated` if the bytes end within the number, `tlv_not_minimal` if fewer bytes would have done.
pub fn read_bigsize(bytes: &[u8]) -> Result<(u64, &[u8])> {
    let (first, rest) = bytes.split_first().ok_or_else(truncated)?;
    match first {
        0xfd => read(rest, 2, 0xfd),
        0xfe => read(rest, 4, 0x1_0000),
        0xff => read(rest, 8, 0x1_0000_0000),
        small => Ok((u64::from(*small), rest)),
    }
}

/// Writes the number in as few bytes as it takes: 1, 3, 5 or 9.
pub fn write_bigsize(out: &mut Vec<u8>, number: u64) {
    let (marker, width) = form(number);
    out.extend(marker);
    out.extend(
        number
            .to_be_bytes()
            .into_iter()
            .skip(8usize.saturating_sub(width)),
    );
}

/// In how many bytes [`write_bigsize`] writes this length.
pub(crate) fn bigsize_len(length: usize) -> usize {
    let (marker, width) = form(length as u64);
    width.saturating_add(usize::from(marker.is_some()))
}

/// The byte that stands before the number, if any does, and in how many bytes the number follows.
fn form(number: u64) -> (Option<u8>, usize) {
    match number {
        0..=0xfc => (None, 1),
        0xfd..=0xffff => (Some(0xfd), 2),
        0x1_0000..=0xffff_ffff => (Some(0xfe), 4),
        _ => (Some(0xff), 8),
    }
}

fn read(bytes: &[u8], width: usize, least: u64) -> Result<(u64, &[u8])> {
    let (digits, rest) = bytes.split_at_checked(width).ok_or_else(truncated)?;
    let number = digits
        .iter()
        .fold(0u64, |number, digit| number << 8 | u64::from(*digit));
    if number < least {
        let message = format!("{number} is not encoded in as few bytes as possible");
        return Err(Error::new(ErrorCode::TlvNotMinimal, message).with_rule(rules::TLV_MINIMAL));
    }
    Ok((number, rest))
}

fn truncated() -> Error {
    Error::new(ErrorCode::TlvTruncated, "the bytes end within a type or a length")
        .with_rule(rules::TLV_LENGTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_is_that_of_what_is_written() {
        for (number, length) in [
            (0, 1),
            (0xfc, 1),
            (0xfd, 3),
            (0xffff, 3),
            (0x1_0000, 5),
            (0xffff_ffff, 5),
            (0x1_0000_0000, 9),
            (usize::MAX, 9),
        ] {
            let mut written = Vec::new();
            write_bigsize(&mut written, number as u64);
            assert_eq!((bigsize_len(number), written.len()), (length, length), "{number}");
        }
    }
}

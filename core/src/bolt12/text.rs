//! Untrusted text, made safe to show. What is signed and mirrored stays as it is.

/// The text in one line and without characters that are invisible or turn the text around, cut to `max_chars`.
///
/// White space of any kind becomes a space; control, bidirectional, zero-width and other format characters become
/// U+FFFD, so that a reader sees that something stood there. Cut text ends in `…`, which counts as one character.
pub fn clean(text: &str, max_chars: usize) -> String {
    let mut cleaned: String = text.chars().take(max_chars).map(visible).collect();
    if text.chars().nth(max_chars).is_some() {
        cleaned.pop();
        cleaned.push('…');
    }
    cleaned
}

/// A short text in quotes, as a sentence names it: a label, say. What [`clean`] makes visible is visible.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(visible(character));
    }
    quoted.push('"');
    quoted
}

fn visible(character: char) -> char {
    match character {
        '\u{2028}' | '\u{2029}' => ' ',
        c if c.is_whitespace() => ' ',
        c if c.is_control() || is_format(c) => char::REPLACEMENT_CHARACTER,
        c => c,
    }
}

/// The format characters of Unicode (general category Cf), with the invisible letters and fillers next to them.
fn is_format(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{600}'..='\u{605}'
            | '\u{61c}'
            | '\u{6dd}'
            | '\u{70f}'
            | '\u{890}'..='\u{891}'
            | '\u{8e2}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{110bd}'
            | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_invisible_stays() {
        assert_eq!(
            clean("ATM\u{202e}gpj\u{0}\u{200b}x\ty", 99),
            "ATM\u{fffd}gpj\u{fffd}\u{fffd}x y"
        );
        assert_eq!(clean("a\u{2028}b\r\nc", 99), "a b  c");
        assert_eq!(clean("Zürich 東京 ⚡", 99), "Zürich 東京 ⚡");
    }

    #[test]
    fn quoted_text_ends_where_it_ends() {
        assert_eq!(quoted("Zürich 7"), "\"Zürich 7\"");
        assert_eq!(quoted("a\"b\\c\n\u{202e}"), "\"a\\\"b\\\\c \u{fffd}\"");
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(clean("ééé", 3), "ééé");
        assert_eq!(clean("éééé", 3), "éé…");
        assert_eq!(clean("é", 0), "…");
        assert_eq!(clean("", 0), "");
    }
}

//! What a string says.

use invreq::decode::{decode_with, DecodeOptions};

use crate::Told;

/// Explains an offer, a request or an invoice; or says what is wrong with it.
pub fn explain(text: &str) -> Told {
    // Whatever chain it is for, and whenever it was made: the question is what it says.
    match decode_with(
        text,
        &DecodeOptions {
            chain: None,
            now: None,
        },
    ) {
        Ok(decoded) => {
            println!("{decoded}");
            Ok(())
        }
        Err(error) => {
            println!("This is no BOLT 12 string that can be read: {error}");
            println!("  code     {}", error.code());
            if let Some(field) = error.field() {
                println!("  field    {field}");
            }
            if let (Some(rule), Some(section)) = (error.rule(), &error.details().section) {
                println!("  rule     {rule} ({section})");
            }
            // That was the explanation.
            Ok(())
        }
    }
}

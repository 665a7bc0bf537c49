//! A QR code for the terminal.

use std::io::{self, IsTerminal};

use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};

/// The text as a QR code of block characters. BOLT 12 asks for upper case here, because QR codes have a compact mode for it.
///
/// A terminal is told to show black on white, so that the code is right whatever its colours; elsewhere the blocks are the light
/// parts, as for the usual light text on dark.
pub fn draw(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text.to_ascii_uppercase(), EcLevel::L).ok()?;
    if !io::stdout().is_terminal() {
        let mut blocks = code.render::<Dense1x2>();
        blocks.dark_color(Dense1x2::Light).light_color(Dense1x2::Dark);
        return Some(blocks.build());
    }
    let blocks = code.render::<Dense1x2>().build();
    Some(
        blocks
            .lines()
            .map(|line| format!("\u{1b}[30;107m{line}\u{1b}[0m\n"))
            .collect(),
    )
}

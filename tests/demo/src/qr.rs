//! A QR code for the terminal.

use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};

/// The text as a QR code of block characters, dark on light whatever the terminal's colours. BOLT 12 asks for upper case
/// here, because QR codes have a compact mode for it.
pub fn draw(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text.to_ascii_uppercase(), EcLevel::L).ok()?;
    let blocks = code
        .render::<Dense1x2>()
        .dark_color(Dense1x2::Light)
        .light_color(Dense1x2::Dark)
        .build();
    Some(blocks)
}

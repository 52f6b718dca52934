//! A QR code as a picture, for the phone that stands beside the screen.

use image::{GrayImage, ImageFormat};
use qrcode::{Color, EcLevel, QrCode};

use super::File;

/// Pixels for one module: sharp after Discord has scaled the picture down.
const MODULE: u32 = 8;
/// The white border, in modules, that readers need (ISO/IEC 18004). It also keeps the code
/// readable on Discord's dark background.
const QUIET: u32 = 4;
pub const FILE_NAME: &str = "qr.png";

/// The QR code of a link as PNG; `None` when the link is longer than a QR code can hold.
pub fn png(link: &str) -> Option<File> {
    let code = QrCode::with_error_correction_level(link, EcLevel::M)
        .or_else(|_| QrCode::with_error_correction_level(link, EcLevel::L))
        .ok()?;
    let width = u32::try_from(code.width()).ok()?;
    let modules = code.to_colors();
    let white = |length: u32| std::iter::repeat_n(255_u8, usize::try_from(length).unwrap_or(0));
    let side = (width + 2 * QUIET) * MODULE;
    let mut pixels: Vec<u8> = white(side * QUIET * MODULE).collect();
    for row in modules.chunks_exact(code.width()) {
        let mut stripe: Vec<u8> = white(QUIET * MODULE).collect();
        for module in row {
            let shade = if *module == Color::Dark { 0 } else { 255 };
            stripe.extend([shade; MODULE as usize]);
        }
        stripe.extend(white(QUIET * MODULE));
        (0..MODULE).for_each(|_| pixels.extend_from_slice(&stripe));
    }
    pixels.extend(white(side * QUIET * MODULE));
    let picture = GrayImage::from_raw(side, side, pixels)?;
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).ok()?;
    Some(File { name: FILE_NAME.to_owned(), bytes: bytes.into_inner() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_is_the_code_with_a_white_border() {
        let link = "vless://11111111-2222-4333-8444-555555555555@vpn.example:443?type=tcp#tk";
        let file = png(link).unwrap();
        let picture = image::load_from_memory(&file.bytes).unwrap().to_luma8();
        let code = QrCode::with_error_correction_level(link, EcLevel::M).unwrap();
        let width = u32::try_from(code.width()).unwrap();
        assert_eq!(picture.dimensions(), ((width + 8) * 8, (width + 8) * 8));
        let modules = code.to_colors();
        for (x, y, pixel) in picture.enumerate_pixels() {
            let (column, row) = (x / 8, y / 8);
            let inside = (4..width + 4).contains(&column) && (4..width + 4).contains(&row);
            let dark = inside && modules[((row - 4) * width + column - 4) as usize] == Color::Dark;
            assert_eq!(pixel.0 == [0], dark, "pixel {x}, {y}");
        }
        assert!(file.bytes.len() < 20_000, "{} bytes", file.bytes.len());
    }

    #[test]
    fn a_link_that_does_not_fit_has_no_code() {
        assert!(png(&"x".repeat(3000)).is_none());
    }
}

//! A QR code as a picture, for the phone that stands beside the screen.

use image::{GrayImage, ImageFormat, Luma};
use qrcode::{Color, EcLevel, QrCode};

use super::File;

/// Pixels for one module: sharp after Discord has scaled the picture down.
const MODULE: u32 = 8;
/// The white border, in modules, that readers need (ISO/IEC 18004). It also keeps the code
/// readable on Discord's dark background.
const QUIET: u32 = 4;
/// The name of the file.
pub const FILE_NAME: &str = "qr.png";

/// The QR code of a link as PNG; `None` when the link is longer than a QR code can hold.
pub fn png(link: &str) -> Option<File> {
    let code = QrCode::with_error_correction_level(link, EcLevel::M)
        .or_else(|_| QrCode::with_error_correction_level(link, EcLevel::L))
        .ok()?;
    let width = u32::try_from(code.width()).ok()?;
    let modules = code.to_colors();
    let dark = |x: u32, y: u32| {
        let inside = |at: u32| at.checked_sub(QUIET).filter(|at| *at < width);
        let (Some(x), Some(y)) = (inside(x / MODULE), inside(y / MODULE)) else { return false };
        let at = usize::try_from(y * width + x).unwrap_or(usize::MAX);
        modules.get(at) == Some(&Color::Dark)
    };
    let side = (width + 2 * QUIET) * MODULE;
    let picture = GrayImage::from_fn(side, side, |x, y| Luma([if dark(x, y) { 0 } else { 255 }]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).ok()?;
    Some(File { name: FILE_NAME.to_owned(), bytes: bytes.into_inner() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_is_large_and_has_a_white_border() {
        let file = png("vless://11111111-2222-4333-8444-555555555555@vpn.example:443?type=tcp#tk").unwrap();
        let picture = image::load_from_memory(&file.bytes).unwrap().to_luma8();
        assert!(picture.width() >= 8 * (21 + 8));
        let border = 4 * 8;
        assert!((0..picture.width()).all(|x| (0..border).all(|y| picture.get_pixel(x, y).0 == [255])));
        assert_eq!(picture.get_pixel(border, border).0, [0], "the corner of the finder pattern");
        assert!(file.bytes.len() < 20_000, "{} bytes", file.bytes.len());
    }

    #[test]
    fn a_link_that_does_not_fit_has_no_code() {
        assert!(png(&"x".repeat(3000)).is_none());
    }
}

//! Receipts: a valid picture for each label, and the same one for the same label.

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};
use sha2::{Digest as _, Sha256};

/// The picture of a label as PNG, 120 × 200.
pub(crate) fn receipt(label: &str) -> Vec<u8> {
    saved(label, ImageFormat::Png)
}

/// The same pixels in another file.
pub(crate) fn same_pixels(label: &str) -> Vec<u8> {
    saved(label, ImageFormat::WebP)
}

fn saved(label: &str, format: ImageFormat) -> Vec<u8> {
    let seed = Sha256::digest(label.as_bytes());
    // Stripes like the lines of a receipt, their lengths by the label.
    let picture = RgbImage::from_fn(120, 200, |x, y| {
        let line = usize::try_from(y / 8).unwrap_or(0);
        let ink = line % 2 == 1 && x > 8 && x < 20 + u32::from(seed[line % 32]) / 3;
        if ink { Rgb([40, 40, seed[(line + 1) % 32]]) } else { Rgb([250, 250, 245]) }
    });
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).expect("a picture is written to memory");
    bytes.into_inner()
}

//! From a file to pixels, and from pixels to the copy that staff see. Runs on a blocking thread.

use std::io::Cursor;

use image::{
    DynamicImage, ImageDecoder, ImageError, Limits, Rgb, RgbImage,
    codecs::{jpeg::JpegDecoder, jpeg::JpegEncoder, png::PngDecoder, webp::WebPDecoder},
};
use sha2::{Digest, Sha256};

use super::{Card, Format, MAX_PIXELS, Picture};
use crate::domain::picture::{PictureHash, PictureRefused};

/// 24 megapixels of four bytes and some room for the decoder; a picture with 16 bits in each
/// channel reaches it at 16 megapixels.
const MAX_ALLOCATION: u64 = 128 * 1024 * 1024;
/// Neither an icon nor a strip can be read: the longer side needs this many pixels …
const MIN_LONGER: u32 = 100;
/// … and the shorter this many.
const MIN_SHORTER: u32 = 40;
/// A telephone's screenshot stays readable at this length.
const CARD_SIDE: u32 = 2048;
/// Review cards are looked at on telephones, over mobile networks.
const CARD_BYTES: usize = 2 * 1024 * 1024;

/// Decodes, hashes and copies.
pub(super) fn picture(bytes: Vec<u8>, format: Format) -> Result<Picture, PictureRefused> {
    let (pixels, orientation) = match format {
        Format::Png => {
            let decoder = PngDecoder::with_limits(Cursor::new(&bytes), limits()).map_err(refused)?;
            if decoder.is_apng().map_err(refused)? {
                return Err(PictureRefused::Animated);
            }
            decode(decoder)
        }
        Format::Jpeg => decode(JpegDecoder::new(Cursor::new(&bytes)).map_err(refused)?),
        Format::Webp => {
            let decoder = WebPDecoder::new(Cursor::new(&bytes)).map_err(refused)?;
            if decoder.has_animation() {
                return Err(PictureRefused::Animated);
            }
            decode(decoder)
        }
    }?;
    let (width, height) = (pixels.width(), pixels.height());
    let pixel_hash = pixel_hash(&pixels);
    let mut small = reduce(pixels, CARD_SIDE);
    small.apply_orientation(orientation);
    let card = card(&small)?;
    let hash = PictureHash(Sha256::digest(&bytes).into());
    let told = super::told::told(&bytes);
    Ok(Picture { bytes, format, width, height, hash, pixel_hash, told, card })
}

fn limits() -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_ALLOCATION);
    limits
}

fn decode(mut decoder: impl ImageDecoder) -> Result<(DynamicImage, image::metadata::Orientation), PictureRefused> {
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS || decoder.total_bytes() > MAX_ALLOCATION {
        return Err(PictureRefused::TooManyPixels);
    }
    if width.max(height) < MIN_LONGER || width.min(height) < MIN_SHORTER {
        return Err(PictureRefused::TooSmall);
    }
    decoder.set_limits(limits()).map_err(refused)?;
    // A wrong orientation is an upright picture lying down, nothing to refuse it for.
    let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let pixels = DynamicImage::from_decoder(decoder).map_err(refused)?;
    Ok((pixels, orientation))
}

#[expect(clippy::needless_pass_by_value, reason = "reads as `map_err(refused)`")]
fn refused(error: ImageError) -> PictureRefused {
    match error {
        ImageError::Limits(_) => PictureRefused::TooManyPixels,
        _ => PictureRefused::Damaged,
    }
}

/// The hash of size and pixels, as RGBA of 8 bits whatever the file stores; in strips, because a
/// second copy of the whole would double the memory.
fn pixel_hash(pixels: &DynamicImage) -> PictureHash {
    const STRIP: u32 = 64;
    let (width, height) = (pixels.width(), pixels.height());
    let mut hasher = Sha256::new();
    hasher.update(width.to_be_bytes());
    hasher.update(height.to_be_bytes());
    let mut top = 0;
    while top < height {
        let rows = STRIP.min(height - top);
        hasher.update(pixels.crop_imm(0, top, width, rows).into_rgba8().as_raw());
        top += rows;
    }
    PictureHash(hasher.finalize().into())
}

/// The picture with its longer side at most `side`; consumes the larger one to free its memory.
fn reduce(pixels: DynamicImage, side: u32) -> DynamicImage {
    if pixels.width().max(pixels.height()) > side { pixels.thumbnail(side, side) } else { pixels }
}

/// Encodes the copy, coarser and then smaller until it fits; only noise needs more than one try.
fn card(pixels: &DynamicImage) -> Result<Card, PictureRefused> {
    let mut flat = on_white(pixels);
    loop {
        for quality in [85, 70, 50] {
            let mut bytes = Vec::new();
            JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(&flat).map_err(refused)?;
            if bytes.len() <= CARD_BYTES {
                return Ok(Card { bytes });
            }
        }
        let side = flat.width().max(flat.height()) / 2;
        flat = reduce(DynamicImage::ImageRgb8(flat), side).into_rgb8();
    }
}

/// The picture without transparency. Dropping the alpha channel would show what it hid.
fn on_white(pixels: &DynamicImage) -> RgbImage {
    if !pixels.color().has_alpha() {
        return pixels.to_rgb8();
    }
    let rgba = pixels.to_rgba8();
    RgbImage::from_fn(rgba.width(), rgba.height(), |x, y| {
        let [red, green, blue, alpha] = rgba.get_pixel(x, y).0;
        let over = |channel: u8| {
            let mixed = u16::from(channel) * u16::from(alpha) + 255 * (255 - u16::from(alpha));
            u8::try_from(mixed / 255).unwrap_or(u8::MAX)
        };
        Rgb([over(red), over(green), over(blue)])
    })
}

//! From a file to pixels, and from pixels to the copy that staff see. Runs on a blocking thread.

use std::io::Cursor;

use image::{
    DynamicImage, GrayAlphaImage, GrayImage, ImageDecoder, ImageError, Limits, Rgb, RgbImage, RgbaImage,
    codecs::{jpeg::JpegDecoder, jpeg::JpegEncoder, webp::WebPDecoder},
    metadata::Orientation,
};
use sha2::{Digest, Sha256};

use super::{Card, Format, MAX_PIXELS, MAX_PIXELS_JPEG, Picture, jpeg};
use crate::domain::picture::{PictureHash, PictureRefused};

/// 24 megapixels of four bytes and some room for the decoder.
const MAX_ALLOCATION: usize = 128 * 1024 * 1024;
/// JPEGs with more pixels are decoded scaled down; at most so many take less than 150 MB otherwise,
/// with the coefficients of a progressive one.
const SCALED_FROM: u64 = 12_000_000;
/// Neither an icon nor a strip can be read: the longer side needs this many pixels …
const MIN_LONGER: u32 = 100;
/// … and the shorter this many.
const MIN_SHORTER: u32 = 40;
/// A telephone's screenshot stays readable at this length.
const CARD_SIDE: u32 = 2048;
/// A scrolling screenshot does not: its shorter side keeps this many pixels …
const CARD_SHORTER: u32 = 500;
/// … up to the length of which Discord still makes a preview, a WebP (RFC 9649, 2.6).
const CARD_LONGEST: u32 = 16_383;
/// Review cards are looked at on telephones, over mobile networks.
const CARD_BYTES: usize = 2 * 1024 * 1024;
/// What no coarser copy makes smaller without being unreadable may take what any message may.
const CARD_MOST_BYTES: usize = 8 * 1024 * 1024;

pub(super) fn picture(bytes: Vec<u8>, format: Format) -> Result<Picture, PictureRefused> {
    let Decoded { width, height, pixels, orientation } = match format {
        Format::Png => png(&bytes)?,
        Format::Jpeg => jpeg(&bytes)?,
        Format::Webp => {
            let decoder = WebPDecoder::new(Cursor::new(&bytes)).map_err(refused)?;
            if decoder.has_animation() {
                return Err(PictureRefused::Animated);
            }
            decode(decoder)?
        }
    };
    let pixel_hash = pixel_hash(&pixels);
    let mut small = reduce(pixels, card_size(width, height));
    small.apply_orientation(orientation);
    let card = card(&small)?;
    let hash = PictureHash(Sha256::digest(&bytes).into());
    let told = super::metadata::told(&bytes);
    Ok(Picture { bytes, format, width, height, hash, pixel_hash, told, card })
}

/// A file's pixels, all of them or fewer, and how large it is.
struct Decoded {
    width: u32,
    height: u32,
    pixels: DynamicImage,
    orientation: Orientation,
}

/// Nothing is decoded before it is known to be of a size that can be looked at.
fn fits(width: u32, height: u32, most: u64) -> Result<(), PictureRefused> {
    if u64::from(width) * u64::from(height) > most {
        return Err(PictureRefused::TooManyPixels);
    }
    if width.max(height) < MIN_LONGER || width.min(height) < MIN_SHORTER {
        return Err(PictureRefused::TooSmall);
    }
    Ok(())
}

/// Wrong checksums are passed over as viewers do; a file that ends too early is not.
fn png(bytes: &[u8]) -> Result<Decoded, PictureRefused> {
    let limits = png::Limits { bytes: MAX_ALLOCATION };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.ignore_checksums(true);
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(refused_png)?;
    let (width, height) = reader.info().size();
    if reader.info().animation_control.is_some() {
        return Err(PictureRefused::Animated);
    }
    fits(width, height, MAX_PIXELS)?;
    let size = reader.output_buffer_size().filter(|size| *size <= MAX_ALLOCATION);
    let mut raw = vec![0; size.ok_or(PictureRefused::TooManyPixels)?];
    let colours = reader.next_frame(&mut raw).map_err(refused_png)?.color_type;
    let exif = reader.info().exif_metadata.as_deref();
    let orientation = exif.and_then(Orientation::from_exif_chunk).unwrap_or(Orientation::NoTransforms);
    let pixels = match colours {
        png::ColorType::Grayscale => GrayImage::from_raw(width, height, raw).map(DynamicImage::from),
        png::ColorType::GrayscaleAlpha => GrayAlphaImage::from_raw(width, height, raw).map(DynamicImage::from),
        png::ColorType::Rgb => RgbImage::from_raw(width, height, raw).map(DynamicImage::from),
        png::ColorType::Rgba => RgbaImage::from_raw(width, height, raw).map(DynamicImage::from),
        png::ColorType::Indexed => None,
    };
    Ok(Decoded { width, height, pixels: pixels.ok_or(PictureRefused::Damaged)?, orientation })
}

fn jpeg(bytes: &[u8]) -> Result<Decoded, PictureRefused> {
    let mut decoder = JpegDecoder::new(Cursor::new(bytes)).map_err(refused)?;
    let (width, height) = decoder.dimensions();
    fits(width, height, MAX_PIXELS_JPEG)?;
    if u64::from(width) * u64::from(height) <= SCALED_FROM {
        return decode(decoder);
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    drop(decoder);
    // The fewest pixels that are nearly what the card shows.
    let (wanted, _) = card_size(width, height);
    let side = [1, 2].into_iter().find(|side| u64::from(width) * side * 9 >= u64::from(wanted) * 8 * 8).unwrap_or(4);
    match jpeg::scaled(bytes, usize::try_from(side).unwrap_or(4)) {
        Ok(Some(pixels)) => Ok(Decoded { width, height, pixels, orientation }),
        Ok(None) => decode(JpegDecoder::new(Cursor::new(bytes)).map_err(refused)?),
        Err(jpeg::Broken) => Err(PictureRefused::Damaged),
    }
}

fn limits() -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_ALLOCATION as u64);
    limits
}

fn decode(mut decoder: impl ImageDecoder) -> Result<Decoded, PictureRefused> {
    let (width, height) = decoder.dimensions();
    fits(width, height, MAX_PIXELS)?;
    if decoder.total_bytes() > MAX_ALLOCATION as u64 {
        return Err(PictureRefused::TooManyPixels);
    }
    decoder.set_limits(limits()).map_err(refused)?;
    // A wrong orientation is an upright picture lying down, nothing to refuse it for.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let pixels = DynamicImage::from_decoder(decoder).map_err(refused)?;
    Ok(Decoded { width, height, pixels, orientation })
}

#[expect(clippy::needless_pass_by_value, reason = "reads as `map_err(refused_png)`")]
fn refused_png(error: png::DecodingError) -> PictureRefused {
    match error {
        png::DecodingError::LimitsExceeded => PictureRefused::TooManyPixels,
        _ => PictureRefused::Damaged,
    }
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

/// How large the copy is that staff see: readable on a telephone, however long the picture.
fn card_size(width: u32, height: u32) -> (u32, u32) {
    let (longer, shorter) = (u64::from(width.max(height)), u64::from(width.min(height)));
    let readable = (longer * shorter.min(CARD_SHORTER.into())).div_ceil(shorter.max(1));
    let side = readable.clamp(CARD_SIDE.into(), CARD_LONGEST.into()).min(longer);
    let scaled = |length: u32| u32::try_from((u64::from(length) * side).div_ceil(longer.max(1))).unwrap_or(length);
    (scaled(width).max(1), scaled(height).max(1))
}

/// The picture at most that large; consumes the larger one to free its memory.
fn reduce(pixels: DynamicImage, (width, height): (u32, u32)) -> DynamicImage {
    let larger = pixels.width() > width || pixels.height() > height;
    if larger { pixels.thumbnail_exact(width, height) } else { pixels }
}

/// Encodes the copy, coarser and then smaller until it fits; only noise needs more than one try.
fn card(pixels: &DynamicImage) -> Result<Card, PictureRefused> {
    let mut flat = on_white(pixels);
    loop {
        let (width, height) = flat.dimensions();
        let mut bytes = Vec::new();
        for quality in [85, 70, 50] {
            bytes.clear();
            JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(&flat).map_err(refused)?;
            if bytes.len() <= CARD_BYTES {
                return Ok(Card { bytes });
            }
        }
        // Half of a scrolling screenshot's width could not be read.
        if width.max(height) > CARD_SIDE && width.min(height) < 2 * CARD_SHORTER && bytes.len() <= CARD_MOST_BYTES {
            return Ok(Card { bytes });
        }
        flat = reduce(DynamicImage::ImageRgb8(flat), (width.div_ceil(2), height.div_ceil(2))).into_rgb8();
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

//! What a file is, told from its bytes alone, and what can be said about it without decoding.

use super::MAX_BYTES;
use crate::domain::picture::PictureRefused;

/// The kinds of picture that are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Png,
    Jpeg,
    Webp,
}

impl Format {
    pub const ALL: [Self; 3] = [Self::Png, Self::Jpeg, Self::Webp];

    /// The ending of a file of this kind.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Webp => "webp",
        }
    }
}

/// A progressive JPEG has about ten scans; each costs a pass over the whole picture, and one made
/// to be slow has thousands (the libjpeg-turbo project's advice on "two issues with JPEG").
const MAX_SCANS: usize = 64;

/// Brands of the HEIF family (ISO/IEC 23008-12, annex B) as telephones write them.
const HEIF_BRANDS: &[&[u8]] =
    &[b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1", b"heif"];

/// Brands of AVIF (AV1 Image File Format, 3.1 and 6).
const AVIF_BRANDS: &[&[u8]] = &[b"avif", b"avis", b"avio"];

/// Brands of films as telephones write them (ISO/IEC 14496-12; `mp4ra.org`).
const FILM_BRANDS: &[&[u8]] = &[
    b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"qt  ", b"M4V ", b"MSNV", b"3gp4",
    b"3gp5", b"3gp6",
];

/// The most brands of a file that are looked at.
const MOST_BRANDS: usize = 16;

/// The format of a file that may be decoded.
pub(super) fn look(bytes: &[u8]) -> Result<Format, PictureRefused> {
    if bytes.is_empty() {
        return Err(PictureRefused::Empty);
    }
    if bytes.len() > MAX_BYTES {
        return Err(PictureRefused::TooLarge);
    }
    let format = recognise(bytes)?;
    let whole = match format {
        // The decoder itself stops at a truncated PNG.
        Format::Png => true,
        Format::Jpeg => jpeg_is_whole(bytes).unwrap_or(false),
        Format::Webp => webp_is_whole(bytes).unwrap_or(false),
    };
    if whole { Ok(format) } else { Err(PictureRefused::Damaged) }
}

fn recognise(bytes: &[u8]) -> Result<Format, PictureRefused> {
    let tag = |at: usize| bytes.get(at..at + 4).unwrap_or_default();
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Ok(Format::Png),
        [0xff, 0xd8, 0xff, ..] => Ok(Format::Jpeg),
        [b'R', b'I', b'F', b'F', ..] if tag(8) == b"WEBP" => Ok(Format::Webp),
        [b'G', b'I', b'F', b'8', ..] => Err(PictureRefused::Gif),
        [b'%', b'P', b'D', b'F', b'-', ..] => Err(PictureRefused::Pdf),
        [0xff, 0x0a, ..] | [0, 0, 0, 0x0c, b'J', b'X', b'L', b' ', ..] => Err(PictureRefused::JpegXl),
        // The word of two letters alone could begin any text: the size of its header tells.
        [b'B', b'M', ..] if matches!(bytes.get(14..18), Some([12 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0])) => {
            Err(PictureRefused::Bmp)
        }
        [b'I', b'I', 0x2a, 0, ..] | [b'M', b'M', 0, 0x2a, ..] => Err(PictureRefused::Tiff),
        _ if tag(4) == b"ftyp" => Err(by_brand(bytes)),
        [0x1a, 0x45, 0xdf, 0xa3, ..] => Err(PictureRefused::Film),
        _ if is_svg(bytes) => Err(PictureRefused::Svg),
        _ => Err(PictureRefused::NotAPicture),
    }
}

/// What a file of boxes holds, by its brands: the first names a family, those behind it say more.
fn by_brand(bytes: &[u8]) -> PictureRefused {
    let length = bytes.get(..4).and_then(|length| length.try_into().ok()).map_or(0, u32::from_be_bytes);
    let length = usize::try_from(length).unwrap_or(usize::MAX).min(bytes.len());
    let all = bytes.get(16..length).unwrap_or_default().chunks_exact(4).take(MOST_BRANDS);
    let brands: Vec<&[u8]> = bytes.get(8..12).into_iter().chain(all).collect();
    let any = |known: &[&[u8]]| brands.iter().any(|brand| known.contains(brand));
    match () {
        () if any(AVIF_BRANDS) => PictureRefused::Avif,
        () if any(HEIF_BRANDS) => PictureRefused::Heic,
        () if any(FILM_BRANDS) => PictureRefused::Film,
        () => PictureRefused::NotAPicture,
    }
}

/// An XML text whose first kilobyte opens an `svg` element, and no HTML page that contains one.
fn is_svg(bytes: &[u8]) -> bool {
    let start = String::from_utf8_lossy(bytes.get(..1024).unwrap_or(bytes)).to_ascii_lowercase();
    let start = start.trim_start_matches('\u{feff}').trim_start();
    start.starts_with('<') && start.contains("<svg") && !start.contains("<html") && !start.contains("<!doctype html")
}

/// Whether a JPEG reaches its end marker. The decoder fills what is missing with grey and says
/// nothing, and a receipt cut off below the amount would look like one without an amount.
/// `None` = the file ends before it.
fn jpeg_is_whole(bytes: &[u8]) -> Option<bool> {
    let mut at = 2;
    let mut scans = 0;
    loop {
        // Between segments; any number of 0xff may stand before a marker (ITU T.81, B.1.1.2).
        if *bytes.get(at)? != 0xff {
            return Some(false);
        }
        while *bytes.get(at)? == 0xff {
            at += 1;
        }
        let marker = *bytes.get(at)?;
        at += 1;
        match marker {
            0xd9 => return Some(scans > 0),
            0x01 | 0xd0..=0xd7 => continue,
            _ => {}
        }
        at += usize::from(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
        if marker == 0xda {
            scans += 1;
            if scans > MAX_SCANS {
                return Some(false);
            }
            at += entropy_coded(bytes.get(at..)?)?;
        }
    }
}

/// The length of a scan's data: up to the first marker that is neither a stuffed zero nor a restart.
fn entropy_coded(data: &[u8]) -> Option<usize> {
    data.windows(2).position(|pair| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7 | 0xff))
}

/// Whether a WebP is as long as its RIFF header says.
fn webp_is_whole(bytes: &[u8]) -> Option<bool> {
    let size = u32::from_le_bytes(bytes.get(4..8)?.try_into().ok()?);
    Some(u64::from(size) + 8 <= bytes.len() as u64)
}

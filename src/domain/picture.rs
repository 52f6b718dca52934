//! What is known about a proof of payment as a file, and why one is not taken. The file itself is
//! looked at in `proof`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::Millis;

/// A SHA-256, of a file's bytes or of a picture's decoded pixels; 64 hexadecimal digits as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PictureHash(pub [u8; 32]);

impl fmt::Display for PictureHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

/// A text that is not a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a picture's hash has 64 hexadecimal digits")]
pub struct NotAHash;

impl FromStr for PictureHash {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).map_err(|_| NotAHash)?;
        bytes.try_into().map(Self).map_err(|_| NotAHash)
    }
}

/// What a picture's file says about itself. Anybody can write anything there, and most files that
/// pass through a chat say nothing: a reason to look, never a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImageMetadata {
    /// The program for editing pictures that wrote it.
    pub software: Option<String>,
    /// When it was taken, as if the file's clock were in UTC.
    pub taken_at: Option<Millis>,
}

/// Why a file is refused at the door. It costs the customer no attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum PictureRefused {
    /// 0 bytes.
    #[error("the file is empty")]
    Empty,
    /// More than 8 MB.
    #[error("the file is larger than 8 MB")]
    TooLarge,
    /// More pixels than are decoded: 24 million, 64 million in a JPEG.
    #[error("the picture has too many pixels")]
    TooManyPixels,
    /// Too small to read anything on it.
    #[error("the picture is too small to read")]
    TooSmall,
    #[error("the picture is animated")]
    Animated,
    /// The file ends too early or cannot be decoded.
    #[error("the picture is damaged")]
    Damaged,
    /// HEIC or HEIF, as iPhones save photos.
    #[error("the file is HEIC")]
    Heic,
    #[error("the file is AVIF")]
    Avif,
    #[error("the file is JPEG XL")]
    JpegXl,
    #[error("the file is a BMP")]
    Bmp,
    #[error("the file is a TIFF")]
    Tiff,
    /// A film, such as a recording of the screen.
    #[error("the file is a film")]
    Film,
    #[error("the file is a GIF")]
    Gif,
    #[error("the file is a PDF")]
    Pdf,
    #[error("the file is an SVG drawing")]
    Svg,
    /// Anything else: HTML, text, an archive.
    #[error("the file is not a picture")]
    NotAPicture,
}

//! Why a file is not taken as a proof of payment. The file itself is looked at in `proof`.

use serde::{Deserialize, Serialize};

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
    /// More than 24 megapixels.
    #[error("the picture has more than 24 megapixels")]
    TooManyPixels,
    /// Too small to read anything on it.
    #[error("the picture is too small to read")]
    TooSmall,
    /// An animation.
    #[error("the picture is animated")]
    Animated,
    /// The file ends too early or cannot be decoded.
    #[error("the picture is damaged")]
    Damaged,
    /// HEIC or HEIF, as iPhones save photos.
    #[error("the file is HEIC")]
    Heic,
    /// GIF.
    #[error("the file is a GIF")]
    Gif,
    /// PDF.
    #[error("the file is a PDF")]
    Pdf,
    /// SVG.
    #[error("the file is an SVG drawing")]
    Svg,
    /// Anything else: HTML, text, an archive.
    #[error("the file is not a picture")]
    NotAPicture,
}

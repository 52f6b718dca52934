//! What a picture's file says about itself (Exif): which program wrote it and when it was taken.
//! Most files that pass through a chat say nothing; what they say is a hint for staff.

use std::io::Cursor;

use exif::{Exif, In, Tag, Value};

use crate::domain::{Millis, picture::ImageMetadata};

/// Programs that change pictures, as they write their names into them. What telephones write in
/// the same place (a model, a version of the system) is no sign of anything.
const EDITORS: &[&str] = &[
    "photoshop",
    "lightroom",
    "picsart",
    "snapseed",
    "gimp",
    "canva",
    "pixelmator",
    "affinity",
    "facetune",
    "meitu",
    "photopea",
    "pixlr",
    "paint.net",
    "inkscape",
    "krita",
    "vsco",
    "photoroom",
    "inshot",
];
/// Longer than any program's name.
const LONGEST_NAME: usize = 60;

/// Reads what is there; a file that says nothing, or says it in a broken way, says nothing.
pub(super) fn told(bytes: &[u8]) -> ImageMetadata {
    let Ok(exif) = exif::Reader::new().read_from_container(&mut Cursor::new(bytes)) else {
        return ImageMetadata::default();
    };
    ImageMetadata { software: editor(&exif), taken_at: taken_at(&exif) }
}

fn editor(exif: &Exif) -> Option<String> {
    let name = text(exif, Tag::Software)?;
    let lower = name.to_lowercase();
    EDITORS.iter().any(|editor| lower.contains(editor)).then(|| name.chars().take(LONGEST_NAME).collect())
}

fn taken_at(exif: &Exif) -> Option<Millis> {
    let written = [Tag::DateTimeOriginal, Tag::DateTimeDigitized, Tag::DateTime];
    let written = written.into_iter().find_map(|tag| text(exif, tag))?;
    let at = chrono::NaiveDateTime::parse_from_str(written.trim(), "%Y:%m:%d %H:%M:%S").ok()?;
    Some(Millis(at.and_utc().timestamp_millis()))
}

fn text(exif: &Exif, tag: Tag) -> Option<String> {
    match &exif.get_field(tag, In::PRIMARY)?.value {
        Value::Ascii(texts) => texts.first().map(|text| String::from_utf8_lossy(text).trim().to_owned()),
        _ => None,
    }
}

//! The customers' pictures beside a backup: copied there once, and brought back from there.
//!
//! A picture's name is the hash of its bytes, so a damaged one is known as such. It is never copied,
//! and never kept where a whole one can take its place.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use crate::db::maintenance::durable_files;
use crate::domain::picture::PictureHash;

/// What became of the pictures of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Copied {
    pub copied: usize,
    /// So many are damaged where they stand, and were not.
    pub damaged: usize,
}

/// Copies the pictures of `from` that are not in `to`. What is there was whole when it was copied,
/// and is not read again each day.
pub(in crate::db) fn put_beside(from: &Path, to: &Path) -> io::Result<Copied> {
    copy(from, to, |there| Ok(there.exists()))
}

/// Copies the pictures of `from` that are not in `to`, or damaged there.
pub(in crate::db) fn bring_back(from: &Path, to: &Path) -> io::Result<Copied> {
    copy(from, to, |there| Ok(there.exists() && is_whole(there)?))
}

/// Both folders hold shelves, and the shelves pictures.
fn copy(from: &Path, to: &Path, is_there: impl Fn(&Path) -> io::Result<bool>) -> io::Result<Copied> {
    let mut done = Copied::default();
    for shelf in subfolders(from)? {
        let into = to.join(shelf.file_name().unwrap_or_default());
        for entry in fs::read_dir(&shelf)? {
            let name = entry?.file_name();
            let (from, to) = (shelf.join(&name), into.join(&name));
            // A draft is not a picture yet, and no row names it.
            let is_draft = name.to_string_lossy().starts_with('.') || from.extension().is_some_and(|it| it == "tmp");
            if is_draft || is_there(&to)? {
                continue;
            }
            if !is_whole(&from)? {
                done.damaged += 1;
                continue;
            }
            durable_files::make_folder(&into)?;
            durable_files::copy(&from, &to)?;
            done.copied += 1;
        }
    }
    Ok(done)
}

/// Whether a file holds what its name says; other names promise nothing.
fn is_whole(path: &Path) -> io::Result<bool> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let Ok(hash) = name.parse::<PictureHash>() else { return Ok(true) };
    Ok(PictureHash(Sha256::digest(fs::read(path)?).into()) == hash)
}

fn subfolders(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        other => other?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.push(entry.path());
        }
    }
    Ok(found)
}

//! The originals on disk: `screenshots/ab/ab12….png`, named by their hash, readable by the bot alone.
//!
//! A file is written under a temporary name, flushed, and then renamed: a name that can be a
//! picture's is always the whole picture, whenever the machine stopped.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::Format;
use crate::domain::picture::PictureHash;

fn place(folder: &Path, hash: PictureHash, format: Format) -> PathBuf {
    let name = hash.to_string();
    let shelf: String = name.chars().take(2).collect();
    folder.join(shelf).join(format!("{name}.{}", format.extension()))
}

pub(super) fn keep(folder: &Path, hash: PictureHash, format: Format, bytes: &[u8]) -> io::Result<PathBuf> {
    let path = place(folder, hash, format);
    let shelf = path.parent().unwrap_or(folder);
    if path.exists() {
        // Whoever wrote it may have been stopped before its name was flushed.
        flush_folder(shelf)?;
        return Ok(path);
    }
    make_folder(shelf)?;
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let draft = shelf.join(format!(".{hash}.{:016x}.tmp", u64::from_le_bytes(random)));
    let written = write(&draft, bytes).and_then(|()| fs::rename(&draft, &path));
    if let Err(error) = written {
        // The draft may not exist; the first error is the one to tell.
        let _ = fs::remove_file(&draft);
        return Err(error);
    }
    flush_folder(shelf)?;
    Ok(path)
}

pub(super) fn load(folder: &Path, hash: PictureHash) -> io::Result<Vec<u8>> {
    for format in Format::ALL {
        match fs::read(place(folder, hash, format)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
            Ok(bytes) if PictureHash(Sha256::digest(&bytes).into()) == hash => return Ok(bytes),
            Ok(_) => return Err(io::Error::new(io::ErrorKind::InvalidData, "the file is not what was written")),
        }
    }
    Err(io::Error::new(io::ErrorKind::NotFound, "no such picture was kept"))
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn make_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    // A new folder is a new name in the one above it.
    path.parent().map_or(Ok(()), flush_folder)
}

fn flush_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

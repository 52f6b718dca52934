//! Files that are whole or absent: drafts, flushes, renames, copies.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    path::Path,
};

/// A new, empty file that only we may read.
pub(in crate::db) fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    private(&mut options);
    options.open(path)
}

/// Only we may read what is made.
pub(in crate::db) fn private(options: &mut OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    #[cfg(not(unix))]
    let _ = options;
}

/// Makes a folder, and those above it, that only we may enter.
pub(in crate::db) fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// What was written is on the disk when this returns.
pub(in crate::db) fn flush(path: &Path) -> io::Result<()> {
    OpenOptions::new().write(true).open(path)?.sync_all()
}

/// Gives a file its name, for good.
pub(in crate::db) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    flush_folder(to.parent().unwrap_or(Path::new(".")))
}

/// Names made in or taken from a folder are on the disk when this returns.
pub(in crate::db) fn flush_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Copies a file; the copy is whole, flushed and ours alone, or absent.
pub(in crate::db) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut draft = to.as_os_str().to_owned();
    draft.push(".tmp");
    let draft = Path::new(&draft);
    // One that was left behind by a crash.
    let _ = fs::remove_file(draft);
    let copied = create(draft).and_then(|mut file| io::copy(&mut File::open(from)?, &mut file).map(|_| file));
    match copied.and_then(|file| file.sync_all()).and_then(|()| rename(draft, to)) {
        Ok(()) => Ok(()),
        Err(error) => {
            let _ = fs::remove_file(draft);
            Err(error)
        }
    }
}

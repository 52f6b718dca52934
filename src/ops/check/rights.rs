//! Who on this machine may read and change what only the bot should: the configuration, the secrets
//! beside it, and the data.

use std::{
    fs::{self, Metadata},
    path::{Path, PathBuf},
};

use crate::{
    config::Config,
    ops::owner::{self, uid},
};

use super::report::Section;

/// Looks at the rights of files; nothing is said where all are as they should be.
#[cfg(unix)]
pub(super) fn rights(section: &mut Section, config: &Config) {
    use std::os::unix::fs::MetadataExt as _;
    let mode = |found: &Metadata| found.mode() & 0o777;
    let file = &config.file;
    if let Some(mode) = fs::metadata(file).ok().map(|found| mode(&found)).filter(|mode| mode & 0o022 != 0) {
        let file = file.display();
        section.mend(format!(
            "Other users of this machine may change {file} (mode {mode:03o}), and with it where customers pay: chmod \
             go-w {file}"
        ));
    }
    for secrets in secrets(file) {
        if let Some(mode) = fs::metadata(&secrets).ok().map(|found| mode(&found)).filter(|mode| mode & 0o077 != 0) {
            let file = secrets.display();
            section.mend(format!(
                "Other users of this machine may read the secrets in {file} (mode {mode:03o}): chmod 600 {file}"
            ));
        }
    }
    let dir = &config.storage.data_dir;
    if let Some(mode) = fs::metadata(dir).ok().map(|found| mode(&found)).filter(|mode| mode & 0o077 != 0) {
        let dir = dir.display();
        section.mend(format!(
            "Other users of this machine may look into {dir} (mode {mode:03o}), where customers' links and receipts \
             are: chmod 700 {dir}"
        ));
    }
    foreign(section, dir);
}

#[cfg(not(unix))]
pub(super) fn rights(_: &mut Section, _: &Config) {}

/// `.env` is read in the working folder; the one beside the configuration is the same as a rule.
fn secrets(file: &Path) -> Vec<PathBuf> {
    let beside = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut all = vec![PathBuf::from(".env"), beside.join(".env")];
    let is_same = |a: &Path, b: &Path| fs::canonicalize(a).is_ok_and(|a| fs::canonicalize(b).is_ok_and(|b| a == b));
    if is_same(&all[0], &all[1]) {
        all.truncate(1);
    }
    all
}

/// Files that a command typed as another user left among the bot's.
fn foreign(section: &mut Section, dir: &Path) {
    let Some(owner) = owner::owner(dir) else { return };
    let folders = [dir.to_owned(), dir.join("backups"), dir.join("screenshots"), dir.join("logs")];
    let entries = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
    let is_foreign = |found: &Metadata| uid(found) != owner;
    let all = std::iter::once(dir.to_owned()).chain(entries.map(|entry| entry.path()));
    let Some(first) = all.into_iter().find(|path| fs::symlink_metadata(path).is_ok_and(|found| is_foreign(&found)))
    else {
        return;
    };
    let name = owner::name(owner).unwrap_or_else(|| owner.to_string());
    section.mend(format!(
        "{} belongs to another user than the database ({name}), who may not be able to use it: chown -R {name} {}",
        first.display(),
        dir.display()
    ));
}

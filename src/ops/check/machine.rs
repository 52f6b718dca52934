//! This machine: the data directory, its disk, the database in it, and whether a bot runs on it.

use std::{
    fs::{self, OpenOptions},
    path::Path,
};

use crate::{
    config::Config,
    db::{
        self, Db, is_in_use,
        maintenance::condition::Condition,
        maintenance::disk_space::{LITTLE, MODEST, free},
    },
};

use super::{report::Section, rights::rights};

pub(super) async fn look(config: &Config) -> Section {
    let mut section = Section::new("This machine");
    let dir = &config.storage.data_dir;
    section.well(format!("tollkeeper {}, data in {}.", env!("CARGO_PKG_VERSION"), dir.display()));
    if !dir.is_dir() {
        match dir.ancestors().skip(1).find(|path| path.is_dir()) {
            Some(parent) if !dir.exists() => {
                writable(&mut section, parent);
                section.note("The data directory is not there yet: run makes it.");
            }
            _ => section.mend(format!("{} is no folder: correct storage.data_dir.", dir.display())),
        }
        return section;
    }
    writable(&mut section, dir);
    rights(&mut section, config);
    room(&mut section, free(dir));
    match is_in_use(dir) {
        Ok(true) => section.well("A bot runs on this data directory; it is not disturbed."),
        Ok(false) => section.well("No bot runs on this data directory."),
        Err(error) => section.note(format!("Whether a bot runs here cannot be seen ({error}).")),
    }
    database(&mut section, config).await;
    section
}

/// Tries it, with a file that goes at once.
fn writable(section: &mut Section, dir: &Path) {
    let probe = dir.join(format!(".tollkeeper-check-{}", std::process::id()));
    let tried = OpenOptions::new().create_new(true).write(true).open(&probe);
    // It is ours, and empty.
    let _ = fs::remove_file(&probe);
    if let Err(error) = tried {
        section.mend(format!(
            "{} cannot be written ({error}): give it to the bot's user (chown), or run check as that user.",
            dir.display()
        ));
    }
}

fn room(section: &mut Section, left: std::io::Result<u64>) {
    match left {
        Ok(bytes) if bytes < LITTLE => section.mend(format!(
            "The disk has {} left: make room; without it neither orders nor backups can be written.",
            in_words(bytes)
        )),
        Ok(bytes) if bytes < MODEST => section.note(format!("The disk has {} left.", in_words(bytes))),
        Ok(bytes) => section.well(format!("The disk has {} left.", in_words(bytes))),
        Err(error) => section.note(format!("How much room the disk has cannot be seen ({error}).")),
    }
}

fn in_words(bytes: u64) -> String {
    const GB: u64 = 1 << 30;
    if bytes >= 10 * GB { format!("{} GB", bytes / GB) } else { format!("{} MB", bytes >> 20) }
}

async fn database(section: &mut Section, config: &Config) {
    let path = config.storage.data_dir.join("tollkeeper.db");
    if !path.exists() {
        return section.note("There is no database yet: run makes it.");
    }
    let restore = "run the bot's last backup through tollkeeper restore, or correct storage.data_dir";
    let looked = async {
        let db = Db::open_read_only(&path, config.shop.timezone).await?;
        let condition = db::maintenance::condition::condition(&db).await;
        db.close().await;
        condition
    };
    match looked.await {
        Ok(condition) => verdict(section, &condition, restore),
        Err(error) => {
            let error = anyhow::Error::from(error);
            section.mend(format!("{} cannot be read ({error:#}): {restore}.", path.display()));
        }
    }
}

fn verdict(section: &mut Section, found: &Condition, restore: &str) {
    let Condition { tables, known, quick_check, held } = found;
    if quick_check != "ok" {
        return section.mend(format!("The database is damaged ({quick_check}): {restore}."));
    }
    match tables.cmp(known) {
        std::cmp::Ordering::Equal => section.well(format!("The database is whole; its tables are version {tables}.")),
        std::cmp::Ordering::Less => section.note(format!(
            "The database is whole; its tables are version {tables}, and run brings them to version {known}."
        )),
        std::cmp::Ordering::Greater => section.mend(format!(
            "The database was written by a newer tollkeeper (tables of version {tables}, this program knows {known}): \
             install that version again, or a later one."
        )),
    }
    if *held {
        section.note(
            "The database was restored and its outbox is held: look at what restore said, then press Release \
             below /admin status, or start with tollkeeper run --release-outbox once.",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::{super::report::Report, *};

    #[test]
    fn a_disk_that_is_nearly_full_is_to_be_mended() {
        let says = |left| {
            let mut section = Section::new("This machine");
            room(&mut section, Ok(left));
            let (is_well, mut report, mut out) = (section.is_well(), Report::default(), Vec::new());
            report.add(section);
            report.write(None, &mut out).unwrap();
            (is_well, String::from_utf8(out).unwrap())
        };
        let (is_well, text) = says(LITTLE - 1);
        assert!(!is_well);
        insta::assert_snapshot!(text, @"
        This machine
          MEND  The disk has 199 MB left: make room; without it neither orders nor backups can be
                written.

        One thing is to be mended; it is marked MEND.
        ");
        let (is_well, text) = says(LITTLE);
        assert!(is_well && text.contains("  note  The disk has 200 MB left."), "{text}");
        let (is_well, text) = says(MODEST);
        assert!(is_well && text.contains("  ok    The disk has 2048 MB left."), "{text}");
    }

    #[test]
    fn room_on_the_disk_is_told_in_words() {
        assert_eq!(in_words(150 << 20), "150 MB");
        assert_eq!(in_words(73 << 30), "73 GB");
    }
}

//! Whose the data is. A command that would leave files of another user among the bot's makes them
//! unusable for the bot: it is refused before it writes anything, with the line to type instead.

use std::{
    ffi::OsStr,
    fs::{self, Metadata, OpenOptions},
    path::Path,
};

use crate::config::Config;

/// Where `tollkeeper-admin` runs commands, as the service's own user.
const SERVICE_DATA: &str = "/var/lib/tollkeeper";

/// Why this process must not write into the data directory, and what to type instead; `None` = it
/// may. What it would write is tried, not guessed: on some file systems everything has one owner.
pub fn refusal(config: &Config, arguments: &[String]) -> Option<String> {
    let dir = &config.storage.data_dir;
    let owner = owner(dir)?;
    if would_write_as(dir).is_none_or(|writes| writes == owner) {
        return None;
    }
    let name = name(owner).unwrap_or_else(|| format!("#{owner}"));
    Some(format!(
        "The data in {} belongs to the user {name}, who could not use what this command would write there as another \
         user; nothing was done. Type instead: {}",
        dir.display(),
        instead(dir, &name, arguments)
    ))
}

/// The user whose the data is: the database's owner, or the folder's where there is none yet.
#[cfg(unix)]
pub(super) fn owner(dir: &Path) -> Option<u32> {
    fs::metadata(dir.join("tollkeeper.db")).or_else(|_| fs::metadata(dir)).ok().map(|found| uid(&found))
}

#[cfg(not(unix))]
pub(super) fn owner(_: &Path) -> Option<u32> {
    None
}

#[cfg(unix)]
pub(super) fn uid(found: &Metadata) -> u32 {
    std::os::unix::fs::MetadataExt::uid(found)
}

#[cfg(not(unix))]
pub(super) fn uid(_: &Metadata) -> u32 {
    0
}

/// Whose a new file in the folder is, by a file that goes at once; `None` where none can be made and
/// this is not another user's folder either: what is wrong then is told by whoever writes.
fn would_write_as(dir: &Path) -> Option<u32> {
    let probe = dir.join(format!(".tollkeeper-owner-{}", std::process::id()));
    let made = OpenOptions::new().create_new(true).write(true).open(&probe).and_then(|file| file.metadata());
    // It is ours, and empty.
    let _ = fs::remove_file(&probe);
    match made {
        Ok(found) => Some(uid(&found)),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Some(effective()),
        Err(_) => None,
    }
}

fn effective() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The name of a user in this machine's list.
pub(super) fn name(user: u32) -> Option<String> {
    let list = fs::read_to_string("/etc/passwd").ok()?;
    named(&list, user)
}

fn named(list: &str, user: u32) -> Option<String> {
    let fields = list.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let mut found = fields.filter(|fields| fields.get(2).and_then(|id| id.parse().ok()) == Some(user));
    found.next().map(|fields| fields[0].to_owned())
}

/// The same command as the right user. The service's configuration and secrets are found by
/// `tollkeeper-admin` itself.
fn instead(dir: &Path, user: &str, arguments: &[String]) -> String {
    let mut words = arguments.iter();
    let program = words.next().map_or("tollkeeper", String::as_str);
    if dir != Path::new(SERVICE_DATA) {
        let rest: Vec<_> = words.map(|word| quoted(word)).collect();
        return format!("sudo -u {} {} {}", quoted(user), quoted(program), rest.join(" "));
    }
    if arguments.iter().any(|word| word == "run") {
        return "sudo systemctl start tollkeeper".to_owned();
    }
    let mut kept = Vec::new();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--config" => drop(words.next()),
            word if word.starts_with("--config=") => {}
            word => kept.push(quoted(word)),
        }
    }
    format!("sudo tollkeeper-admin {}", kept.join(" "))
}

/// A word as a shell takes it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The words of this process's own command line.
pub fn command_line() -> Vec<String> {
    std::env::args_os().map(|word: std::ffi::OsString| OsStr::to_string_lossy(&word).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(dir: &str, words: &[&str]) -> String {
        instead(Path::new(dir), "tollkeeper", &words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn the_line_to_type_instead_does_the_same() {
        let service = |words: &[&str]| line(SERVICE_DATA, words);
        assert_eq!(
            service(&["/usr/bin/tollkeeper", "backup", "--config", "/etc/tollkeeper/config.toml", "--encrypt"]),
            "sudo tollkeeper-admin backup --encrypt"
        );
        assert_eq!(
            service(&["tollkeeper", "--config=c", "restore", "/a b.db"]),
            "sudo tollkeeper-admin restore '/a b.db'"
        );
        assert_eq!(service(&["tollkeeper", "run"]), "sudo systemctl start tollkeeper");
        assert_eq!(
            line("/srv/shop", &["./tollkeeper", "backup", "--config", "it's.toml"]),
            r"sudo -u tollkeeper ./tollkeeper backup --config 'it'\''s.toml'"
        );
    }

    #[test]
    fn users_are_known_by_name() {
        let list = "root:x:0:0:root:/root:/bin/sh\ntollkeeper:x:990:990::/var/lib/tollkeeper:/usr/sbin/nologin\n";
        assert_eq!(named(list, 990).as_deref(), Some("tollkeeper"));
        assert_eq!(named(list, 99), None);
    }
}

//! Backups that leave the machine: encrypted with a passphrase in the format of age
//! (<https://age-encryption.org/v1>), so that the `age` tool opens them where this program is not.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter},
    path::{Path, PathBuf},
};

use secrecy::SecretString;

use crate::db::maintenance::durable_files;

/// What the name of an encrypted file ends with.
pub const ENDING: &str = "age";

/// How hard each guess at the passphrase is: scrypt's cost as a power of two, which here takes half a
/// second and 128 MB. Left to itself the library measures this machine and takes what a second allows,
/// on a fast one more memory than the service may have.
const WORK_FACTOR: u8 = 17;

/// Encrypts a file beside itself, under its name with `.age` after it, and says where it is.
/// Takes about half a second on purpose: so does every guess at the passphrase. Blocks.
pub fn seal(plain: &Path, passphrase: &SecretString) -> io::Result<PathBuf> {
    let mut name = plain.as_os_str().to_owned();
    name.push(".");
    name.push(ENDING);
    let sealed = PathBuf::from(name);
    let draft = sealed.with_extension("tmp");
    // One that was left behind by a crash.
    let _ = std::fs::remove_file(&draft);
    let written = write(plain, &draft, passphrase).and_then(|()| durable_files::rename(&draft, &sealed));
    if let Err(error) = written {
        let _ = std::fs::remove_file(&draft);
        return Err(error);
    }
    Ok(sealed)
}

fn write(plain: &Path, draft: &Path, passphrase: &SecretString) -> io::Result<()> {
    let mut recipient = age::scrypt::Recipient::new(passphrase.clone());
    recipient.set_work_factor(WORK_FACTOR);
    let encryptor = age::Encryptor::with_recipients(std::iter::once(&recipient as _)).map_err(io::Error::other)?;
    let mut writer = encryptor.wrap_output(BufWriter::new(durable_files::create(draft)?))?;
    io::copy(&mut BufReader::new(File::open(plain)?), &mut writer)?;
    writer.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

/// Decrypts a file into a new one. A wrong passphrase and a changed file are errors, and then
/// there is no new file. Blocks.
pub fn open(sealed: &Path, plain: &Path, passphrase: &SecretString) -> io::Result<()> {
    let opened = read(sealed, plain, passphrase);
    if opened.is_err() {
        let _ = std::fs::remove_file(plain);
    }
    opened
}

fn read(sealed: &Path, plain: &Path, passphrase: &SecretString) -> io::Result<()> {
    let decryptor = age::Decryptor::new_buffered(BufReader::new(File::open(sealed)?)).map_err(io::Error::other)?;
    let identity = age::scrypt::Identity::new(passphrase.clone());
    let mut reader = decryptor.decrypt(std::iter::once(&identity as _)).map_err(io::Error::other)?;
    let mut file = durable_files::create(plain)?;
    io::copy(&mut reader, &mut file)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_with_the_passphrase_alone() {
        let folder = tempfile::tempdir().unwrap();
        let plain = folder.path().join("tollkeeper.db");
        std::fs::write(&plain, b"SQLite format 3\0 and the rest").unwrap();
        let right = SecretString::from("correct horse battery staple");
        let sealed = seal(&plain, &right).unwrap();
        assert_eq!(sealed, folder.path().join("tollkeeper.db.age"));
        let bytes = std::fs::read(&sealed).unwrap();
        assert!(bytes.starts_with(b"age-encryption.org/v1\n-> scrypt "), "the standard's header");
        assert!(!bytes.windows(6).any(|window| window == b"SQLite"));

        let back = folder.path().join("back.db");
        open(&sealed, &back, &right).unwrap();
        assert_eq!(std::fs::read(&back).unwrap(), std::fs::read(&plain).unwrap());

        let other = folder.path().join("other.db");
        open(&sealed, &other, &SecretString::from("wrong")).unwrap_err();
        assert!(!other.exists());
        let mut changed = bytes.clone();
        *changed.last_mut().unwrap() ^= 1;
        std::fs::write(&sealed, changed).unwrap();
        open(&sealed, &other, &right).unwrap_err();
        assert!(!other.exists(), "half a database is none");
    }
}

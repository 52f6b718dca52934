//! Secrets: from the environment, or from files that systemd puts into `$CREDENTIALS_DIRECTORY`.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};

use super::{PanelCredentials, PanelLogin, Secrets, section::Notes};

/// What `LoadCredential=tollkeeper:/a/folder` puts before the name of each file in the folder
/// (systemd.exec(5)).
const FOLDER: &str = "tollkeeper";

/// Where secrets are looked up.
pub(super) struct Vault<'e> {
    env: &'e dyn Fn(&str) -> Option<String>,
    credentials: Option<PathBuf>,
    needed: Secrets,
}

impl<'e> Vault<'e> {
    pub(super) fn new(env: &'e dyn Fn(&str) -> Option<String>, needed: Secrets) -> Self {
        Self { env, credentials: env("CREDENTIALS_DIRECTORY").map(PathBuf::from), needed }
    }

    /// A secret by its name; the environment comes first. Blank ones count as not set.
    pub(super) fn secret(&self, name: &str, notes: &Notes<'_>) -> Option<SecretString> {
        let text = (self.env)(name).or_else(|| self.file(name, notes))?;
        let text = text.trim();
        (!text.is_empty()).then(|| SecretString::from(text))
    }

    /// A credential by its own name, or as systemd names those of a whole folder.
    fn file(&self, name: &str, notes: &Notes<'_>) -> Option<String> {
        self.read(name, name, notes).or_else(|| self.read(&format!("{FOLDER}_{name}"), name, notes))
    }

    fn read(&self, file: &str, name: &str, notes: &Notes<'_>) -> Option<String> {
        match std::fs::read_to_string(self.credentials.as_ref()?.join(file)) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                notes.problem(
                    name,
                    format!("the credential file cannot be read ({error}); check LoadCredential in the unit"),
                );
                None
            }
        }
    }

    /// `DISCORD_TOKEN`; empty when it is missing, which is noted when it is needed.
    pub(super) fn discord_token(&self, notes: &Notes<'_>) -> SecretString {
        let Some(token) = self.secret("DISCORD_TOKEN", notes) else {
            if self.needed == Secrets::Required {
                notes.problem(
                    "DISCORD_TOKEN",
                    "this is not set; copy the token from the application's Bot page at discord.com/developers into the environment",
                );
            }
            return SecretString::default();
        };
        // "Bot " belongs to the HTTP header and is sometimes copied along.
        let bare = token.expose_secret().trim_start_matches("Bot ").trim();
        if bare.chars().any(char::is_whitespace) {
            notes.problem("DISCORD_TOKEN", "a token has no spaces; copy it again from the application's Bot page");
        }
        SecretString::from(bare)
    }

    /// `BACKUP_PASSPHRASE`. A short one is refused where backups are made, and opens old ones all the
    /// same: commands that need no secrets take it as it is.
    pub(super) fn passphrase(&self, notes: &Notes<'_>) -> Option<SecretString> {
        let passphrase = self.secret("BACKUP_PASSPHRASE", notes)?;
        if self.needed == Secrets::Required
            && let Err(says) = long_enough(&passphrase)
        {
            notes.problem("BACKUP_PASSPHRASE", says);
        }
        Some(passphrase)
    }

    /// How to log in to the panel whose secrets begin with `prefix`.
    pub(super) fn panel(&self, prefix: &str, notes: &Notes<'_>) -> PanelCredentials {
        let name = |rest: &str| format!("{prefix}_{rest}");
        let api_token = self.secret(&name("API_TOKEN"), notes);
        let username = self.secret(&name("USERNAME"), notes);
        let password = self.secret(&name("PASSWORD"), notes);
        let totp_secret = self.secret(&name("TOTP_SECRET"), notes).and_then(|secret| {
            let clean = base32(secret.expose_secret());
            if clean.is_none() {
                notes.problem(
                    name("TOTP_SECRET"),
                    "this is not base32; copy the key (letters and digits 2 to 7) that the panel shows beside the QR code",
                );
            }
            clean
        });
        let missing = match (&username, &password) {
            (Some(_), None) => Some((name("PASSWORD"), name("USERNAME"))),
            (None, Some(_)) => Some((name("USERNAME"), name("PASSWORD"))),
            _ => None,
        };
        if let Some((missing, other)) = &missing {
            notes.problem(
                missing,
                format!("this is not set although {other} is; set both, or neither and {prefix}_API_TOKEN"),
            );
        } else if api_token.is_none() && username.is_none() && self.needed == Secrets::Required {
            notes.problem(
                name("API_TOKEN"),
                format!("this is not set; make an API token in the panel's settings, or set {prefix}_USERNAME and {prefix}_PASSWORD"),
            );
        }
        let login = username.zip(password).map(|(username, password)| PanelLogin {
            username: username.expose_secret().to_owned(),
            password,
            totp_secret,
        });
        PanelCredentials { api_token, login }
    }
}

/// Characters of a passphrase: whoever has the file has all the time in the world.
const PASSPHRASE: usize = 16;

/// Whether a passphrase may seal a backup; `Err` says what to do.
pub(crate) fn long_enough(passphrase: &SecretString) -> Result<(), String> {
    let length = passphrase.expose_secret().chars().count();
    if length >= PASSPHRASE {
        return Ok(());
    }
    Err(format!(
        "this has {length} characters, which a computer guesses; write at least {PASSPHRASE}, such as five words, and \
         keep the old one with the backups that it opens"
    ))
}

/// The secret as authenticator apps want it, if it is one: capitals, no spaces, no padding.
fn base32(text: &str) -> Option<SecretString> {
    let clean: String =
        text.chars().filter(|c| !matches!(c, ' ' | '-' | '=')).map(|c| c.to_ascii_uppercase()).collect();
    let bytes = data_encoding::BASE32_NOPAD.decode(clean.as_bytes()).ok()?;
    (!bytes.is_empty()).then(|| SecretString::from(clean))
}

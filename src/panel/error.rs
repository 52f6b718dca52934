//! What can go wrong between us and a panel, and whose fault it is.
//!
//! Nothing here carries a URL, a credential or a client's uuid: these texts reach logs, cards
//! and audit rows.

/// Why a call to a panel brought nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No answer: no connection, silence, a gateway in between. What was sent may have been done.
    #[error("the panel cannot be reached: {why}")]
    Unreachable { why: String },
    /// The panel does not accept our credentials.
    #[error("the panel does not let us in: {why}")]
    Unauthorized {
        /// What has to be changed by whom.
        why: String,
    },
    /// The panel understood and said no: this request, repeated, gets the same answer.
    #[error("the panel refused: {message}")]
    Refused {
        /// The panel's own words, without the part it translates.
        message: String,
    },
    /// This one client cannot be read; the panel itself is well.
    #[error("the panel keeps the client in a way nobody can read: {what}")]
    BrokenClient {
        /// What is wrong with its row.
        what: String,
    },
    /// A version whose API we do not speak.
    #[error("the panel has version 3.0.x, which we do not support: upgrade it to 3.1 or later")]
    Unsupported,
    /// It said yes to something about one client and did not do it; the panel itself is well.
    #[error("the panel did not do what it said: {what}")]
    NotDone { what: &'static str },
    /// It answers, and what we sell on it works for nobody until its administrator corrects it.
    #[error("{why}")]
    Unfit { why: String },
    /// An answer no supported panel gives: a page of HTML, half a JSON, a wrong type, a status 500.
    #[error("the panel answered something unexpected: {what}")]
    Unexpected { what: String },
}

impl Error {
    /// Whether the panel is at fault and not this request: waiting helps, counting attempts does not.
    pub fn is_target(&self) -> bool {
        !matches!(self, Self::Refused { .. } | Self::BrokenClient { .. } | Self::NotDone { .. })
    }

    pub(super) fn unexpected(what: impl Into<String>) -> Self {
        Self::Unexpected { what: what.into() }
    }

    pub(super) fn unauthorized(why: impl Into<String>) -> Self {
        Self::Unauthorized { why: why.into() }
    }

    /// A refusal in the panel's words; or, where they say that it was in trouble itself, an answer
    /// that leaves open what was done (reported by shops: 3x-ui #6057, #6068; what SQLite says of a
    /// disk that is full, broken or read-only: its "Result and Error Codes").
    pub(super) fn refused(msg: &str) -> Self {
        const TROUBLE: [&str; 9] = [
            "database is locked",
            "context deadline exceeded",
            "connection refused",
            "too many open files",
            "database or disk is full",
            "disk I/O error",
            "readonly database",
            "database disk image is malformed",
            "no space left on device",
        ];
        let message = essence(msg);
        if TROUBLE.iter().any(|words| message.contains(words)) {
            return Self::Unreachable { why: format!("it said: {message}") };
        }
        Self::Refused { message }
    }

    /// A failure below HTTP.
    pub(super) fn from_transport(error: reqwest::Error, silence: std::time::Duration) -> Self {
        let secure = error.url().is_some_and(|url| url.scheme() == "https");
        let error = error.without_url();
        if error.is_timeout() {
            let why = if error.is_connect() {
                "no connection within 5 s".to_owned()
            } else {
                format!("no answer within {}", humantime::format_duration(silence))
            };
            return Self::Unreachable { why };
        }
        // reqwest's own sentence only says at which step; the cause is at the end of the chain.
        let mut cause: &dyn std::error::Error = &error;
        while let Some(next) = cause.source() {
            cause = next;
        }
        let why = cause.to_string();
        // rustls' and hyper's words for an answer in the other of the two.
        Self::Unreachable {
            why: match secure {
                true if why.contains("corrupt message") => SPEAKS_HTTP.to_owned(),
                false if why.contains("invalid HTTP version") => WANTS_HTTPS.to_owned(),
                _ => why,
            },
        }
    }
}

/// What an address with `https` gets where there is no certificate.
const SPEAKS_HTTP: &str = "it speaks http and not https: give the panel a certificate, or correct panels.url (http is for this machine and private networks)";
/// What an address with `http` gets where there is one.
pub(super) const WANTS_HTTPS: &str = "it wants https: write https:// in panels.url";

/// The longest refusal we pass on, in characters.
const LONGEST_MESSAGE: usize = 200;

/// The part of a panel's `msg` that is not translated: what stands in the outer brackets, or all
/// of it when there are none; one line, no uuid (it is the customer's key).
fn essence(msg: &str) -> String {
    let inner = match (msg.find('('), msg.rfind(')')) {
        (Some(open), Some(close)) if open < close => &msg[open + 1..close],
        _ => msg,
    };
    let line: Vec<&str> = inner.split_whitespace().map(|word| if has_uuid(word) { "[uuid]" } else { word }).collect();
    let text: String = line.join(" ").chars().filter(|c| !c.is_control()).take(LONGEST_MESSAGE).collect();
    if text.is_empty() { "it gave no reason".to_owned() } else { text }
}

fn has_uuid(word: &str) -> bool {
    const LENGTH: usize = 36;
    (0..word.len().saturating_sub(LENGTH - 1))
        .any(|start| word.get(start..start + LENGTH).is_some_and(|part| uuid::Uuid::try_parse(part).is_ok()))
}

#[cfg(test)]
mod tests {
    use super::{Error, essence};

    #[test]
    fn a_panel_in_trouble_has_not_refused() {
        let says = [
            "database is locked (5) (SQLITE_BUSY)",
            "database or disk is full (13)",
            "disk I/O error: no space left on device",
            "attempt to write a readonly database",
            "database disk image is malformed",
            "write /etc/x-ui/x-ui.db: no space left on device",
        ];
        for says in says {
            let error = Error::refused(&format!("Something went wrong ({says}\n)"));
            assert_eq!(error, Error::Unreachable { why: format!("it said: {says}") });
            assert!(error.is_target(), "waiting helps");
        }
        let error = Error::refused("Something went wrong (email already in use: disk-full\n)");
        assert_eq!(error, Error::Refused { message: "email already in use: disk-full".to_owned() });
    }

    #[test]
    fn a_refusal_keeps_the_stable_part_only() {
        assert_eq!(essence("Something went wrong (email already in use: tk-1\n)"), "email already in use: tk-1");
        assert_eq!(
            essence("Inbound has been successfully updated. (invalid character 'x' (at 3))"),
            "invalid character 'x' (at 3)"
        );
        assert_eq!(essence(" Username is required"), "Username is required");
        assert_eq!(essence(""), "it gave no reason");
    }

    #[test]
    fn a_refusal_never_carries_a_uuid() {
        let msg = "x (Client Not Found In Inbound For ID: 7db6cd38-0abf-538a-8503-dd3358d93458\n)";
        assert_eq!(essence(msg), "Client Not Found In Inbound For ID: [uuid]");
    }
}

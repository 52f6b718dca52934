//! A call to Discord that brought nothing: what Discord said, and what may have been done all the same.

use std::fmt::Write as _;

use serenity::all::HttpError;

/// Discord no longer waits for an answer to this interaction.
const UNKNOWN_INTERACTION: isize = 10_062;

/// The interaction was answered before, perhaps by another process with our token.
pub(super) const ALREADY_ACKNOWLEDGED: isize = 40_060;

/// The interaction's token has lapsed.
const UNKNOWN_WEBHOOK: isize = 10_015;

/// A call to Discord that brought nothing. Its text holds no address: those of interactions
/// contain the token.
#[derive(Debug, thiserror::Error)]
#[error("{says}")]
pub struct DiscordFailure {
    /// The HTTP status, when there was an answer.
    pub status: Option<u16>,
    /// Discord's own code, when there was an answer.
    pub code: Option<isize>,
    says: String,
    done: Done,
}

impl DiscordFailure {
    /// There was no answer within this time.
    pub fn silent(patience: std::time::Duration) -> Self {
        let says = format!("Discord did not answer within {} s", patience.as_secs());
        Self { status: None, code: None, says, done: Done::Perhaps }
    }

    /// Whether Discord may have done what was asked, and may not.
    pub(super) fn is_unknown(&self) -> bool {
        self.done == Done::Perhaps
    }

    /// Whether Discord did what was asked, in an answer that says more than we understand.
    pub(super) fn is_done(&self) -> bool {
        self.done == Done::Yes
    }

    fn not_understood(done: Done) -> Self {
        Self { status: None, code: None, says: "Discord's answer was not understood".to_owned(), done }
    }

    /// Whether it makes no sense to answer this interaction any more.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.code, Some(UNKNOWN_INTERACTION | ALREADY_ACKNOWLEDGED | UNKNOWN_WEBHOOK))
    }
}

impl From<serenity::Error> for DiscordFailure {
    fn from(error: serenity::Error) -> Self {
        match error {
            serenity::Error::Http(HttpError::UnsuccessfulRequest(answer)) => {
                // Writing to a string cannot fail.
                let status = answer.status_code.as_u16();
                let mut says = format!("Discord answered {status}");
                // serenity's code for an answer without Discord's JSON: a proxy's page, an overload.
                if answer.error.code != -1 {
                    let _ = write!(says, ", code {}: {}", answer.error.code, answer.error.message);
                }
                for wrong in &answer.error.errors {
                    let _ = write!(says, "; {}: {}", wrong.path, wrong.message);
                }
                let own = status < 500 && answer.error.code > 0;
                let done = if own { Done::No } else { Done::Perhaps };
                Self { status: Some(status), code: Some(answer.error.code), says, done }
            }
            serenity::Error::Http(HttpError::Request(error)) => {
                let error = error.without_url();
                let says = format!("Discord did not answer: {}", chain(&error));
                Self { status: None, code: None, says, done: Done::Perhaps }
            }
            serenity::Error::Model(error) => {
                Self { status: None, code: None, says: format!("not sent: {error}"), done: Done::No }
            }
            // serenity reads a body only after a status of success.
            serenity::Error::Json(_) => Self::not_understood(Done::Yes),
            _ => Self::not_understood(Done::Perhaps),
        }
    }
}

/// What a call that brought nothing may have done all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Done {
    /// Nothing: Discord said no, or it was never sent.
    No,
    /// Nobody knows: no answer came, or none of Discord's own making.
    Perhaps,
    /// What was asked: only the answer could not be read.
    Yes,
}

/// An error with its causes, on one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut says = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let _ = write!(says, ": {next}");
        cause = next.source();
    }
    says
}

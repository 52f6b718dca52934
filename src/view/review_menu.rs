//! More: what staff do about a proof besides deciding. The list and the answers are seen by the
//! member of staff alone, the forms of a question by who types it.

use crate::domain::{SubmissionId, button::Button, effect::QuestionId};

use super::{Locale, Menu, Modal, Post, Row, post::Entry, text};

/// An entry of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum More {
    Ask,
    Reference,
    /// Give the order one attempt more than the reader of the list saw it have.
    Attempt {
        left: u64,
    },
    /// Say that nobody is looking at it any more.
    LetGo,
    /// Decline it for good as a fake, and block its customer.
    Fake,
}

/// What the value of [`More::Attempt`] begins with; the number that was shown follows.
const ATTEMPT: &str = "attempt:";

impl More {
    /// All of them for an order with so many attempts left, in the order of the list.
    fn all(left: u64) -> [Self; 5] {
        [Self::Ask, Self::Reference, Self::Attempt { left }, Self::LetGo, Self::Fake]
    }

    fn value(self) -> String {
        match self {
            Self::Ask => "ask".to_owned(),
            Self::Reference => "reference".to_owned(),
            Self::Attempt { left } => format!("{ATTEMPT}{left}"),
            Self::LetGo => "let-go".to_owned(),
            Self::Fake => "fake".to_owned(),
        }
    }

    /// The entry of a menu's value.
    pub fn from_value(value: &str) -> Option<Self> {
        let left = value.strip_prefix(ATTEMPT).and_then(|left| left.parse().ok());
        Self::all(left.unwrap_or_default()).into_iter().find(|entry| entry.value() == value)
    }

    fn label(self, locale: Locale) -> String {
        locale.say(match self {
            Self::Ask => "more-ask",
            Self::Reference => "more-reference",
            Self::Attempt { .. } => "more-attempt",
            Self::LetGo => "more-let-go",
            Self::Fake => "more-fake",
        })
    }
}

/// The list for a proof whose order has so many attempts left.
pub fn menu(locale: Locale, submission: SubmissionId, left: u64) -> Post {
    let entry = |more: More| Entry { value: more.value(), label: more.label(locale), description: None, chosen: false };
    Post::text(locale.say("more-what")).row(Row::Menu(Menu {
        button: Button::MoreMenu(submission),
        placeholder: locale.say("more-placeholder"),
        options: More::all(left).map(entry).to_vec(),
    }))
}

/// The form in which staff type a question.
pub fn ask_modal(locale: Locale, submission: SubmissionId) -> Modal {
    Modal {
        button: Button::AskModal(submission),
        title: locale.say("more-ask-title"),
        label: locale.say("more-ask-label"),
        placeholder: locale.say("more-ask-placeholder"),
        max: 300,
    }
}

/// The form in which the customer answers; the question stands in the empty field.
pub fn answer_modal(locale: Locale, question: QuestionId, asked: &str) -> Modal {
    Modal {
        button: Button::AnswerModal(question),
        title: locale.say("more-answer-title"),
        label: locale.say("more-answer-label"),
        placeholder: text::label(asked, 100),
        max: 300,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Asked,
    /// The order has so many attempts now.
    Attempts {
        /// After this one.
        left: u64,
    },
    /// An order that took no more proofs takes one again.
    AttemptGiven,
    /// It takes some already, or is over.
    NoAttemptWanted,
    /// Nobody looks at it any more.
    LetGo,
    NobodyLooks,
    /// It is decided already.
    TooLate,
    Empty,
    /// The customer's answer is on the card.
    Answered,
    AnsweredBefore,
    /// Nobody waits for the answer any more.
    AnswerTooLate,
}

/// What came of it, as a sentence.
pub fn outcome(locale: Locale, outcome: Outcome) -> Post {
    Post::text(match outcome {
        Outcome::Asked => locale.say("more-asked"),
        Outcome::Attempts { left } => locale.with("more-attempts", &[("left", left.into())]),
        Outcome::AttemptGiven => locale.say("more-attempt-given"),
        Outcome::NoAttemptWanted => locale.say("more-no-attempt-wanted"),
        Outcome::LetGo => locale.say("more-let-go-done"),
        Outcome::NobodyLooks => locale.say("more-nobody-looks"),
        Outcome::TooLate => locale.say("more-too-late"),
        Outcome::Empty => locale.say("more-empty"),
        Outcome::Answered => locale.say("more-answered"),
        Outcome::AnsweredBefore => locale.say("more-answered-before"),
        Outcome::AnswerTooLate => locale.say("more-answer-too-late"),
    })
}

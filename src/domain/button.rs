//! What a button, menu or modal means: the `custom_id` as a type.
//!
//! A `custom_id` comes back from a client and is never trusted: it parses into one of these or
//! is refused, and whoever acts on it asks the database and the access rules again.

use std::{fmt, str::FromStr};

use super::{OrderId, effect::QuestionId, order::SubmissionId};

/// Everything people can press, choose or submit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Button {
    /// The plan menu of `/order`; the chosen plan is the menu's value.
    PlanMenu,
    /// The payment-method menu of a ticket; the chosen method is the menu's value.
    MethodMenu(OrderId),
    /// The customer takes the order back.
    CancelOrder(OrderId),
    /// "Get my link" in the ticket.
    GetLink(OrderId),
    /// Staff open the approval of a submission.
    Approve(SubmissionId),
    /// Staff open the list of reasons.
    Decline(SubmissionId),
    /// Staff say that another amount arrived.
    AmountDiffers(SubmissionId),
    /// The form in which that amount is typed.
    AmountModal(SubmissionId),
    /// Staff open what else can be done about a submission.
    More(SubmissionId),
    /// That list; what is chosen is the menu's value.
    MoreMenu(SubmissionId),
    /// The form in which staff type a question to the customer.
    AskModal(SubmissionId),
    /// The customer answers a question.
    Answer(QuestionId),
    /// The form in which the answer is typed.
    AnswerModal(QuestionId),
    /// The customer types the transfer's reference.
    Reference(OrderId),
    ReferenceModal(OrderId),
    /// The form in which staff type the reference of a submission.
    NoteReference(SubmissionId),
    /// Staff accept a reference that another order owns.
    Override(Token),
    /// The form in which they say why.
    OverrideModal(Token),
    /// The list of reasons; the chosen reason is the menu's value.
    ReasonMenu(SubmissionId),
    /// The modal in which a reason is typed.
    ReasonModal(SubmissionId),
    /// Spends a one-time token.
    Confirm(Token),
    /// Lets a one-time token lapse.
    Abort(Token),
    /// Staff give the customer of an order that takes no more proofs another attempt.
    GiveAttempt(OrderId),
    /// Staff send an order that needs attention back to the panel.
    Retry(OrderId),
    /// Staff send an order that needs attention back to review.
    BackToReview(OrderId),
    /// Staff say that they gave the customer of an order that needs attention what was bought.
    ByHand(OrderId),
    /// Staff want a sale that they entered closed, because it came to nothing.
    VoidSale(OrderId),
    /// Staff want today's numbers on the dashboard.
    DashboardRefresh,
    /// Staff want the orders of the last days as a table.
    DashboardExport,
    /// The list of periods for that; the chosen period is the menu's value.
    ExportMenu,
    /// The form in which a period is typed.
    ExportModal,
    /// An owner wants a backup.
    DashboardBackup,
    /// Staff turn to a page of the queue, counted from 0.
    Queue(u16),
    /// Staff turn to a page of a part of the audit log.
    Audit {
        /// The list that was opened.
        list: Token,
        /// The page, counted from 0.
        page: u16,
    },
    /// Staff want such a list as a table.
    AuditFile(Token),
    /// Staff have a parked effect tried again; its row.
    RetryEffect(i64),
    /// Staff want a parked effect out of the outbox; its row.
    DropEffect(i64),
    /// An owner lets the effects of a restored database be performed again.
    Release,
}

/// A one-time token: 128 random bits, shown once, stored as a hash.
#[derive(Clone, PartialEq, Eq)]
pub struct Token([u8; 16]);

impl Token {
    /// A token of the given random bits.
    pub fn from_random(bits: [u8; 16]) -> Self {
        Self(bits)
    }

    /// What is stored: the SHA-256 of the token, in hex.
    pub fn hash(&self) -> String {
        use sha2::{Digest, Sha256};
        data_encoding::HEXLOWER.encode(&Sha256::digest(self.0))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}

/// A `custom_id` that we did not issue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a button of ours")]
pub struct NotOurs;

impl fmt::Display for Button {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PlanMenu => f.write_str("tk:plan"),
            Self::MethodMenu(order) => write!(f, "tk:method:{order}"),
            Self::CancelOrder(order) => write!(f, "tk:cancel:{order}"),
            Self::GetLink(order) => write!(f, "tk:link:{order}"),
            Self::Approve(submission) => write!(f, "tk:approve:{submission}"),
            Self::Decline(submission) => write!(f, "tk:decline:{submission}"),
            Self::AmountDiffers(submission) => write!(f, "tk:amount:{submission}"),
            Self::AmountModal(submission) => write!(f, "tk:received:{submission}"),
            Self::More(submission) => write!(f, "tk:more:{submission}"),
            Self::MoreMenu(submission) => write!(f, "tk:else:{submission}"),
            Self::AskModal(submission) => write!(f, "tk:ask:{submission}"),
            Self::Answer(question) => write!(f, "tk:answer:{}", question.0),
            Self::AnswerModal(question) => write!(f, "tk:answered:{}", question.0),
            Self::Reference(order) => write!(f, "tk:reference:{order}"),
            Self::ReferenceModal(order) => write!(f, "tk:referred:{order}"),
            Self::NoteReference(submission) => write!(f, "tk:note:{submission}"),
            Self::Override(token) => write!(f, "tk:override:{}", data_encoding::HEXLOWER.encode(&token.0)),
            Self::OverrideModal(token) => write!(f, "tk:because:{}", data_encoding::HEXLOWER.encode(&token.0)),
            Self::ReasonMenu(submission) => write!(f, "tk:reason:{submission}"),
            Self::ReasonModal(submission) => write!(f, "tk:typed:{submission}"),
            Self::Confirm(token) => write!(f, "tk:confirm:{}", data_encoding::HEXLOWER.encode(&token.0)),
            Self::Abort(token) => write!(f, "tk:abort:{}", data_encoding::HEXLOWER.encode(&token.0)),
            Self::GiveAttempt(order) => write!(f, "tk:attempt:{order}"),
            Self::Retry(order) => write!(f, "tk:retry:{order}"),
            Self::BackToReview(order) => write!(f, "tk:back:{order}"),
            Self::ByHand(order) => write!(f, "tk:hand:{order}"),
            Self::VoidSale(order) => write!(f, "tk:void:{order}"),
            Self::DashboardRefresh => f.write_str("tk:refresh"),
            Self::DashboardExport => f.write_str("tk:export"),
            Self::ExportMenu => f.write_str("tk:period"),
            Self::ExportModal => f.write_str("tk:range"),
            Self::DashboardBackup => f.write_str("tk:backup"),
            Self::Queue(page) => write!(f, "tk:queue:{page}"),
            Self::Audit { list, page } => {
                write!(f, "tk:audit:{}:{page}", data_encoding::HEXLOWER.encode(&list.0))
            }
            Self::AuditFile(list) => write!(f, "tk:table:{}", data_encoding::HEXLOWER.encode(&list.0)),
            Self::RetryEffect(row) => write!(f, "tk:wake:{row}"),
            Self::DropEffect(row) => write!(f, "tk:drop:{row}"),
            Self::Release => f.write_str("tk:release"),
        }
    }
}

impl FromStr for Button {
    type Err = NotOurs;

    fn from_str(text: &str) -> Result<Self, NotOurs> {
        let rest = text.strip_prefix("tk:").ok_or(NotOurs)?;
        let (verb, argument) = rest.split_once(':').unwrap_or((rest, ""));
        let parsed = match verb {
            "plan" if argument.is_empty() => Self::PlanMenu,
            "method" => Self::MethodMenu(order(argument)?),
            "cancel" => Self::CancelOrder(order(argument)?),
            "link" => Self::GetLink(order(argument)?),
            "approve" => Self::Approve(submission(argument)?),
            "decline" => Self::Decline(submission(argument)?),
            "amount" => Self::AmountDiffers(submission(argument)?),
            "received" => Self::AmountModal(submission(argument)?),
            "more" => Self::More(submission(argument)?),
            "else" => Self::MoreMenu(submission(argument)?),
            "ask" => Self::AskModal(submission(argument)?),
            "answer" => Self::Answer(question(argument)?),
            "answered" => Self::AnswerModal(question(argument)?),
            "reference" => Self::Reference(order(argument)?),
            "referred" => Self::ReferenceModal(order(argument)?),
            "note" => Self::NoteReference(submission(argument)?),
            "override" => Self::Override(token(argument)?),
            "because" => Self::OverrideModal(token(argument)?),
            "reason" => Self::ReasonMenu(submission(argument)?),
            "typed" => Self::ReasonModal(submission(argument)?),
            "confirm" => Self::Confirm(token(argument)?),
            "abort" => Self::Abort(token(argument)?),
            "attempt" => Self::GiveAttempt(order(argument)?),
            "retry" => Self::Retry(order(argument)?),
            "back" => Self::BackToReview(order(argument)?),
            "hand" => Self::ByHand(order(argument)?),
            "void" => Self::VoidSale(order(argument)?),
            "refresh" => Self::DashboardRefresh,
            "export" => Self::DashboardExport,
            "period" => Self::ExportMenu,
            "range" => Self::ExportModal,
            "backup" => Self::DashboardBackup,
            "queue" => Self::Queue(argument.parse().map_err(|_| NotOurs)?),
            "audit" => {
                let (list, page) = argument.split_once(':').ok_or(NotOurs)?;
                Self::Audit { list: token(list)?, page: page.parse().map_err(|_| NotOurs)? }
            }
            "table" => Self::AuditFile(token(argument)?),
            "wake" => Self::RetryEffect(argument.parse().map_err(|_| NotOurs)?),
            "drop" => Self::DropEffect(argument.parse().map_err(|_| NotOurs)?),
            "release" => Self::Release,
            _ => return Err(NotOurs),
        };
        // One spelling each: what we did not write ourselves is not ours.
        if parsed.to_string() == text { Ok(parsed) } else { Err(NotOurs) }
    }
}

fn order(text: &str) -> Result<OrderId, NotOurs> {
    text.parse().map_err(|_| NotOurs)
}

fn submission(text: &str) -> Result<SubmissionId, NotOurs> {
    text.parse().map(SubmissionId).map_err(|_| NotOurs)
}

fn question(text: &str) -> Result<QuestionId, NotOurs> {
    text.parse().map(QuestionId).map_err(|_| NotOurs)
}

fn token(text: &str) -> Result<Token, NotOurs> {
    let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).map_err(|_| NotOurs)?;
    bytes.try_into().map(Token).map_err(|_| NotOurs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_button() -> impl Strategy<Value = Button> {
        let order = any::<u64>().prop_map(OrderId::from_random);
        let submission = any::<i64>().prop_map(SubmissionId);
        let token = any::<[u8; 16]>().prop_map(Token);
        prop_oneof![
            Just(Button::PlanMenu),
            order.clone().prop_map(Button::MethodMenu),
            order.clone().prop_map(Button::CancelOrder),
            order.clone().prop_map(Button::GetLink),
            submission.clone().prop_map(Button::Approve),
            submission.clone().prop_map(Button::Decline),
            submission.clone().prop_map(Button::ReasonMenu),
            submission.clone().prop_map(Button::ReasonModal),
            submission.clone().prop_map(Button::AmountDiffers),
            submission.clone().prop_map(Button::AmountModal),
            submission.clone().prop_map(Button::More),
            submission.clone().prop_map(Button::MoreMenu),
            submission.clone().prop_map(Button::AskModal),
            submission.prop_map(Button::NoteReference),
            order.clone().prop_map(Button::Reference),
            order.clone().prop_map(Button::ReferenceModal),
            token.clone().prop_map(Button::Override),
            token.clone().prop_map(Button::OverrideModal),
            any::<i64>().prop_map(|id| Button::Answer(QuestionId(id))),
            any::<i64>().prop_map(|id| Button::AnswerModal(QuestionId(id))),
            token.clone().prop_map(Button::Confirm),
            token.clone().prop_map(Button::Abort),
            (token.clone(), any::<u16>()).prop_map(|(list, page)| Button::Audit { list, page }),
            token.prop_map(Button::AuditFile),
            order.clone().prop_map(Button::GiveAttempt),
            order.clone().prop_map(Button::Retry),
            order.clone().prop_map(Button::BackToReview),
            order.clone().prop_map(Button::ByHand),
            order.prop_map(Button::VoidSale),
            Just(Button::DashboardRefresh),
            Just(Button::DashboardExport),
            Just(Button::ExportMenu),
            Just(Button::ExportModal),
            Just(Button::DashboardBackup),
            any::<u16>().prop_map(Button::Queue),
            any::<i64>().prop_map(Button::RetryEffect),
            any::<i64>().prop_map(Button::DropEffect),
            Just(Button::Release),
        ]
    }

    proptest! {
        #[test]
        fn a_button_comes_back_from_its_custom_id(button in any_button()) {
            let text = button.to_string();
            prop_assert!(text.len() <= 100, "Discord's limit for a custom_id");
            prop_assert_eq!(text.parse(), Ok(button));
        }

        /// One character of an issued one replaced: none of ours, or another that is asked about
        /// its rights like every other.
        #[test]
        fn a_slip_makes_no_second_spelling(button in any_button(), at in any::<prop::sample::Index>(), c in any::<char>()) {
            let mut letters: Vec<char> = button.to_string().chars().collect();
            let at = at.index(letters.len());
            letters[at] = c;
            let text: String = letters.into_iter().collect();
            if let Ok(other) = text.parse::<Button>() {
                prop_assert_eq!(other.to_string(), text);
            }
        }

        #[test]
        fn nothing_else_is_a_button(text in "(tk:)?[a-z]{0,8}:?.{0,40}") {
            if let Ok(button) = text.parse::<Button>() {
                prop_assert_eq!(button.to_string(), text);
            }
        }
    }
}

//! What staff do.

use serde_json::Value;
use tollkeeper::sandbox::discord::{Answer, Message, Pending, Person};

use super::World;

pub(crate) struct Admin<'w> {
    pub(crate) world: &'w World,
    pub(crate) person: Person,
}

/// An open confirmation.
pub(crate) struct Question {
    pub(crate) message: Message,
}

impl Admin<'_> {
    /// A command of `/admin` with its options, and what is answered.
    pub(crate) async fn desk(&self, command: &str, options: Value) -> Message {
        let asked = self.person.slash(self.world.guild.lobby, &format!("admin {command}"), options);
        let answer = asked.expect("they see the command").reply().await.expect("an answer");
        assert!(answer.ephemeral, "only they may see what the desk answers");
        answer
    }

    /// What is suggested while they type into an option of `/admin`: names and values.
    pub(crate) async fn suggested(&self, command: &str, option: &str, typed: &str) -> Vec<(String, String)> {
        self.suggested_after(command, &[], (option, typed)).await
    }

    /// The same, after other options were filled in.
    pub(crate) async fn suggested_after(
        &self,
        command: &str,
        filled: &[(&str, &str)],
        typed: (&str, &str),
    ) -> Vec<(String, String)> {
        let typing = self.person.types_after(self.world.guild.lobby, &format!("admin {command}"), filled, typed);
        match typing.expect("the option suggests values").answer().await.expect("an answer") {
            Answer::Choices(choices) => {
                choices.into_iter().map(|(name, value)| (name, value.as_str().unwrap_or_default().to_owned())).collect()
            }
            other => unreachable!("{other:?} instead of suggestions"),
        }
    }

    /// The newest card that still has its buttons.
    pub(crate) async fn card(&self) -> Message {
        self.world.card("a card to review", |card| card.part("Approve").is_some()).await
    }

    /// Approve, then Confirm; what is answered in the end.
    pub(crate) async fn approves(&self) -> String {
        let question = self.opens_approval().await;
        self.confirms(&question).await
    }

    /// Approve: the question.
    pub(crate) async fn opens_approval(&self) -> Question {
        let card = self.card().await;
        self.opens(&card, "Approve").await
    }

    /// A button of a card, and the private answer to it.
    pub(crate) async fn opens(&self, card: &Message, button: &str) -> Question {
        let asked = self.person.click(card, button).expect("the button is there");
        let message = asked.reply().await.expect("an answer");
        Question { message }
    }

    /// Confirm; what the question turns into.
    pub(crate) async fn confirms(&self, question: &Question) -> String {
        let pressed = self.person.click(&question.message, "Confirm").expect("there is something to confirm");
        pressed.reply().await.expect("an answer").render_text()
    }

    /// Confirm, without waiting for what comes of it.
    pub(crate) fn starts_to_confirm(&self, question: &Question) -> Pending {
        self.person.click(&question.message, "Confirm").expect("there is something to confirm")
    }

    /// A button of a card that opens a form; the private answer to what is typed.
    pub(crate) async fn fills_in(&self, card: &Message, button: &str, text: &str) -> Question {
        let opened = self.person.click(card, button).expect("the button is there");
        let form = opened.modal().await.expect("a form");
        let label = form.fields[0].label.clone();
        let asked = self.person.submit(&form, &[(&label, text)]).expect("the form is sent");
        let message = asked.reply().await.expect("an answer");
        Question { message }
    }

    /// Amount differs, with what arrived: the question.
    pub(crate) async fn opens_amount(&self, typed: &str) -> Question {
        let card = self.card().await;
        self.fills_in(&card, "Amount differs", typed).await
    }

    /// Amount differs, then Confirm; what is answered in the end.
    pub(crate) async fn receives(&self, typed: &str) -> String {
        let question = self.opens_amount(typed).await;
        self.confirms(&question).await
    }

    /// Decline with a reason, from the list when it is on it, typed otherwise; then Confirm.
    pub(crate) async fn declines(&self, reason: &str) -> String {
        let question = self.opens_decline(reason).await;
        self.confirms(&question).await
    }

    /// Decline with a reason: the question.
    pub(crate) async fn opens_decline(&self, reason: &str) -> Question {
        let card = self.card().await;
        self.opens_decline_of(&card, reason).await
    }

    /// Decline on a card, with a reason: the question.
    pub(crate) async fn opens_decline_of(&self, card: &Message, reason: &str) -> Question {
        let list = self.opens(card, "Decline").await;
        let options = &list.message.parts()[0].options;
        if options.iter().any(|(label, _)| label == reason) {
            let asked = self.person.select(&list.message, &[reason]).expect("the reason is on the list");
            let message = asked.reply().await.expect("the question");
            return Question { message };
        }
        let other = self.person.select(&list.message, &["Other reason (type it)"]).expect("there is another reason");
        let form = other.modal().await.expect("a form");
        let label = form.fields[0].label.clone();
        let asked = self.person.submit(&form, &[(&label, reason)]).expect("the form is sent");
        let message = asked.reply().await.expect("the question");
        Question { message }
    }

    /// The card of an order that needs attention.
    pub(crate) async fn attention(&self) -> Message {
        self.world.card("a card that needs attention", |card| card.part("Retry").is_some()).await
    }

    /// A button on the card of an order that needs attention; what is answered.
    pub(crate) async fn presses(&self, button: &str) -> String {
        let card = self.world.card("a card with the button", |card| card.part(button).is_some()).await;
        let asked = self.person.click(&card, button).expect("the button is there");
        match asked.answer().await.expect("an answer") {
            Answer::Failed => "This interaction failed".to_owned(),
            _ => asked.reply().await.expect("a message").render_text(),
        }
    }
}

/// The `custom_id` of a message's button.
pub(crate) fn custom_id(message: &Message, button: &str) -> String {
    message.part(button).and_then(|part| part.custom_id).expect("the button is there")
}

//! What customers do.

use serde_json::json;
use tollkeeper::sandbox::discord::{Channel, Id, Message, Person, Refused, permission};

use super::{World, receipt};

pub(crate) struct Customer<'w> {
    pub(crate) world: &'w World,
    pub(crate) person: Person,
    pub(crate) name: &'static str,
}

impl Customer<'_> {
    /// `/order`, and what is answered.
    pub(crate) async fn asks_for_plans(&self) -> Message {
        let asked = self.person.slash(self.world.guild.lobby, "order", json!({})).expect("they may ask");
        asked.reply().await.expect("an answer")
    }

    /// Chooses a plan and waits until the ticket is ready for them.
    pub(crate) async fn orders(&self, plan: &str) -> Message {
        let menu = self.asks_for_plans().await;
        let chosen = self.person.select(&menu, &[plan]).expect("the plan is on the menu");
        let told = chosen.until("where the ticket is", |message| message.contains("ticket is open:")).await;
        self.waits_for("How would you like to pay?").await;
        self.waits_for("Welcome!").await;
        told.expect("an answer")
    }

    /// Chooses a payment method in the ticket and reads where to pay.
    pub(crate) async fn chooses(&self, method: &str) -> Message {
        let status = self.status();
        let chosen = self.person.select(&status, &[method]).expect("the method is on the menu");
        chosen.answer().await.expect("an answer");
        self.waits_for(&format!("Pay with {method}")).await
    }

    /// Uploads the receipt of a label and waits until it is under review.
    pub(crate) async fn uploads(&self, label: &str) -> Message {
        self.posts("receipt.png", &receipt(label)).expect("the ticket is open");
        self.is_under_review().await
    }

    /// Sends the receipt of a label with `/proof`, and what is answered.
    pub(crate) async fn proves(&self, label: &str) -> Message {
        let files = [("image", "receipt.png", &*receipt(label))];
        let asked = self.person.slash_with(self.ticket(), "proof", json!({}), &files).expect("they may");
        asked.reply().await.expect("an answer")
    }

    /// Waits until the proof has its card, the ticket says so, and the ticket is locked.
    pub(crate) async fn is_under_review(&self) -> Message {
        let (ticket, id) = (self.ticket(), self.person.id());
        self.world
            .card("a card to review", |card| card.part("Approve").is_some() && card.mentions_name(self.name))
            .await;
        self.waits_for("We are checking your payment").await;
        self.world
            .until("the ticket to be locked", |view| {
                (view.permissions(id, ticket) & permission::SEND_MESSAGES == 0).then_some(())
            })
            .await;
        self.status()
    }

    /// Everything up to the review.
    pub(crate) async fn orders_and_pays(&self, plan: &str, label: &str) {
        self.orders(plan).await;
        self.chooses("Vodafone Cash").await;
        self.uploads(label).await;
    }

    /// A first sale from the order to the link, and nothing left to be done: 30 days, 50 GB.
    pub(crate) async fn owns_basic(&self) {
        self.orders_and_pays("Basic", "first receipt").await;
        self.world.admin("Adel").approves().await;
        self.is_sent_link(0).await;
        self.world.settles().await;
    }

    /// Posts a file in the ticket and waits for nothing.
    pub(crate) fn posts(&self, filename: &str, bytes: &[u8]) -> Result<Message, Refused> {
        match self.person.upload(self.ticket(), filename, bytes, "") {
            Err(Refused::TooSoon(left)) => {
                self.world.passes(std::time::Duration::from_millis(left));
                self.person.upload(self.ticket(), filename, bytes, "")
            }
            sent => sent,
        }
    }

    /// Presses Cancel in the ticket, and what is answered.
    pub(crate) async fn cancels(&self) -> String {
        self.presses("Cancel order").await
    }

    /// Presses "Get my link" in the ticket, and what is answered.
    pub(crate) async fn gets_link(&self) -> String {
        self.presses("Get my link").await
    }

    /// Presses a button of the status message, and what is answered.
    pub(crate) async fn presses(&self, button: &str) -> String {
        let pressed = self.person.click(&self.status(), button).expect("the button is there");
        pressed.reply().await.expect("an answer").render_text()
    }

    /// `/link`, and what is answered.
    pub(crate) async fn link(&self) -> String {
        let asked = self.person.slash(self.world.guild.lobby, "link", json!({})).expect("they may ask");
        asked.reply().await.expect("an answer").render_text()
    }

    /// Their newest ticket.
    pub(crate) fn ticket(&self) -> Id {
        self.tickets().last().map(|channel| channel.id).expect("they see a ticket")
    }

    /// Their tickets, oldest first.
    pub(crate) fn tickets(&self) -> Vec<Channel> {
        let categories = &self.world.guild.tickets;
        let mut channels = self.person.channels();
        channels.retain(|channel| channel.parent.is_some_and(|parent| categories.contains(&parent)));
        channels
    }

    /// The status message of their newest ticket: the one with the marker in its footer.
    pub(crate) fn status(&self) -> Message {
        let messages = self.person.sees(self.ticket());
        messages.into_iter().find(|message| message.contains("· ticket)")).expect("the ticket has a status message")
    }

    /// Waits until their newest ticket contains a text.
    pub(crate) async fn waits_for(&self, text: &str) -> Message {
        let (id, categories) = (self.person.id(), self.world.guild.tickets.clone());
        self.world
            .until(&format!("{} to read {text:?} in the ticket", self.name), |view| {
                let ticket = categories.iter().flat_map(|category| view.channels_in(*category));
                let mine = ticket.filter(|channel| view.permissions(id, channel.id) & permission::VIEW_CHANNEL != 0);
                let newest = mine.max_by_key(|channel| channel.id)?;
                view.seen_by(id, newest.id).into_iter().find(|message| message.by_bot && message.contains(text))
            })
            .await
    }

    /// Waits for the direct message with a link after `before` others.
    pub(crate) async fn is_sent_link(&self, before: usize) -> Message {
        let id = self.person.id();
        self.world
            .until("the link by direct message", |view| {
                view.dms_of(id).into_iter().filter(|message| message.contains("vless://")).nth(before)
            })
            .await
    }
}

/// Looking for people in what is written.
pub(crate) trait Mentions {
    fn mentions_name(&self, name: &str) -> bool;
}

impl Mentions for Message {
    fn mentions_name(&self, name: &str) -> bool {
        self.contains(&format!("@{name}"))
    }
}

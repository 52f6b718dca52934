//! People who do not give up: a click that got no answer because the program was killed is made
//! again on what is there; if that vanished they start over. What they sent once they do not
//! send again.

use std::time::Duration;

use serde_json::json;
use tollkeeper::sandbox::discord::{Answer, Channel, Id, Message, Modal, Pending, Person, Refused, View, permission};

use tokio::sync::watch;

use super::walks::Sale;
use crate::world::{World, receipt};

pub(crate) struct People<'w> {
    pub(crate) world: &'w World,
    /// How many processes have become ready.
    pub(crate) lives: watch::Receiver<u32>,
    /// So long they wait for what should come of something they did, before they do it again.
    pub(crate) calm: Duration,
    /// So long they try.
    pub(crate) patience: Duration,
    /// So much time they let pass before they try again.
    pub(crate) pause: Duration,
}

/// What people tried in vain.
#[derive(Debug)]
pub(crate) struct Stuck(pub(crate) String);

/// What a click came to.
enum Pressed {
    /// There is an answer; what follows is to be waited for.
    Answered,
    /// No answer, or nothing there to click on any more.
    Nothing,
}

impl People<'_> {
    /// Acts until `look` finds what should come of it. Acts again only when there was no answer,
    /// when the program has been started again since, or when nothing came of it for a while.
    async fn achieve<T>(
        &self,
        what: &str,
        look: impl Fn(&View<'_>) -> Option<T>,
        act: impl AsyncFn() -> Pressed,
    ) -> Result<T, Stuck> {
        let deadline = tokio::time::Instant::now() + self.patience;
        loop {
            let life = self.life();
            if let Some(found) = self.world.discord.look(&look) {
                return Ok(found);
            }
            let in_vain = match act().await {
                Pressed::Answered => tokio::select! {
                    biased;
                    found = self.world.discord.until(what, self.calm, &look) => match found {
                        Ok(found) => return Ok(found),
                        Err(error) => {
                            self.world.passes(self.pause);
                            format!("{error:#}")
                        }
                    },
                    () = next(life) => continue,
                },
                Pressed::Nothing => {
                    // Something is about to change: a message is edited, or a process started.
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    format!("nobody answers: {what}")
                }
            };
            if tokio::time::Instant::now() >= deadline {
                return Err(self.stuck(&in_vain).await);
            }
        }
    }

    /// What there is to know about why nothing came of something.
    pub(super) async fn stuck(&self, in_vain: &str) -> Stuck {
        Stuck(format!("{in_vain}\noutbox: {:#?}\n{}", self.world.outbox().await, self.last_words()))
    }

    /// Which process this is, for somebody who wants to know later whether it still is.
    pub(super) fn life(&self) -> watch::Receiver<u32> {
        let mut life = self.lives.clone();
        life.mark_unchanged();
        life
    }

    /// Waits for the first answer, for as long as the process lives that could give it.
    async fn first(&self, pending: Result<Pending, Refused>) -> Pressed {
        let life = self.life();
        let Ok(pending) = pending else { return Pressed::Nothing };
        tokio::select! {
            biased;
            answer = pending.answer() => match answer {
                Ok(Answer::Failed) | Err(_) => Pressed::Nothing,
                Ok(_) => Pressed::Answered,
            },
            () = next(life) => Pressed::Nothing,
        }
    }

    /// The same, for a message to go on with.
    pub(super) async fn message(&self, pending: Result<Pending, Refused>) -> Option<Message> {
        let life = self.life();
        let pending = pending.ok()?;
        tokio::select! {
            biased;
            reply = tokio::time::timeout(self.calm, pending.reply()) => reply.ok()?.ok(),
            () = next(life) => None,
        }
    }

    /// The same, for a window that opens.
    async fn form(&self, pending: Result<Pending, Refused>) -> Option<Modal> {
        let life = self.life();
        let pending = pending.ok()?;
        tokio::select! {
            biased;
            form = tokio::time::timeout(self.calm, pending.modal()) => form.ok()?.ok(),
            () = next(life) => None,
        }
    }

    /// `/order`, and a plan from the menu, until there is a ticket to pay in.
    pub(super) async fn orders(&self, sale: &Sale) -> Result<Id, Stuck> {
        let person = self.world.person(sale.customer);
        let (world, id, lobby) = (self.world, person.id(), self.world.guild.lobby);
        let known = self.tickets(&person).len();
        let look = |view: &View<'_>| {
            let mine = tickets(view, world, id);
            let newest = mine.get(known)?.id;
            status(view, id, newest).filter(|status| status.contains("How would you like to pay?")).map(|_| newest)
        };
        self.achieve("a ticket to pay in", look, async || {
            if self.tickets(&person).len() > known {
                return Pressed::Answered;
            }
            // The menu that is on the screen, if it still is one.
            let shown = person.sees(lobby);
            let menu = shown.iter().rev().find(|message| message.ephemeral && offers(message, sale.plan));
            let menu = match menu {
                Some(menu) => menu.clone(),
                None => match self.message(person.slash(lobby, "order", json!({}))).await {
                    Some(menu) if offers(&menu, sale.plan) => menu,
                    Some(_) => return Pressed::Answered,
                    None => return Pressed::Nothing,
                },
            };
            self.first(person.select(&menu, &[sale.plan])).await
        })
        .await
    }

    /// A payment method, until the ticket says where to pay.
    pub(super) async fn chooses(&self, sale: &Sale, ticket: Id) -> Result<(), Stuck> {
        let person = self.world.person(sale.customer);
        let asked = format!("Pay with {}", sale.method);
        let look =
            |view: &View<'_>| status(view, person.id(), ticket).filter(|status| status.contains(&asked)).map(drop);
        self.achieve("where to pay", look, async || {
            let Some(status) = self.world.discord.look(|view| status(view, person.id(), ticket)) else {
                return Pressed::Nothing;
            };
            self.first(person.select(&status, &[sale.method])).await
        })
        .await
    }

    /// A receipt, once; then the payment must come under review.
    pub(super) async fn pays(&self, sale: &Sale, ticket: Id, label: &str) -> Result<(), Stuck> {
        let person = self.world.person(sale.customer);
        let upload = || person.upload(ticket, "receipt.png", &receipt(label), "");
        let sent = match upload() {
            Err(Refused::TooSoon(left)) => {
                self.world.passes(Duration::from_millis(left));
                upload()
            }
            sent => sent,
        };
        sent.expect("the ticket is open");
        let (id, review) = (person.id(), self.world.guild.review);
        let look = |view: &View<'_>| {
            let told = status(view, id, ticket)?.contains("We are checking your payment");
            let locked = view.permissions(id, ticket) & permission::SEND_MESSAGES == 0;
            let card = view.messages(review).into_iter().any(|card| card.part("Approve").is_some());
            (told && locked && card).then_some(())
        };
        self.achieve("the payment to be under review", look, async || Pressed::Answered).await
    }

    /// Approve and Confirm, until the customer has the link and the card says so.
    pub(super) async fn is_approved(&self, sale: &Sale, links: usize) -> Result<(), Stuck> {
        let customer = self.world.person(sale.customer).id();
        let review = self.world.guild.review;
        let look = |view: &View<'_>| {
            let sent = view.dms_of(customer).len() >= links;
            let mut cards = view.messages(review);
            cards.retain(|card| !card.ephemeral && card.contains("· proof "));
            (sent && cards.last()?.contains("Link sent by direct message")).then_some(())
        };
        self.achieve("the link", look, async || self.decides("Approve", async |question| Some(question)).await).await
    }

    /// Amount differs with less than the price and Confirm, until the customer reads what is missing
    /// and can send the rest.
    pub(super) async fn is_received_in_part(&self, sale: &Sale, ticket: Id, typed: &str) -> Result<(), Stuck> {
        let admin = self.world.person("Adel");
        let customer = self.world.person(sale.customer).id();
        let look = |view: &View<'_>| {
            let told = status(view, customer, ticket)?.contains("A part of your payment has arrived");
            let open = view.permissions(customer, ticket) & permission::SEND_MESSAGES != 0;
            let waiting = view.messages(self.world.guild.review).into_iter().any(|card| card.part("Approve").is_some());
            (told && open && !waiting).then_some(())
        };
        self.achieve("the part to be booked", look, async || {
            let shown = admin.sees(self.world.guild.review);
            let Some(card) = shown.iter().rev().find(|card| card.part("Amount differs").is_some()) else {
                return Pressed::Answered;
            };
            // No form where it is decided already: the card is about to say so.
            let Some(form) = self.form(admin.click(card, "Amount differs")).await else { return Pressed::Nothing };
            let label = form.fields[0].label.clone();
            let Some(question) = self.message(admin.submit(&form, &[(&label, typed)])).await else {
                return Pressed::Nothing;
            };
            self.first(admin.click(&question, "Confirm")).await
        })
        .await
    }

    /// Decline with a reason and Confirm, until the customer reads it and can send another.
    pub(super) async fn is_declined(&self, sale: &Sale, ticket: Id) -> Result<(), Stuck> {
        let admin = self.world.person("Adel");
        let customer = self.world.person(sale.customer).id();
        let look = |view: &View<'_>| {
            let seen = view.seen_by(customer, ticket);
            let told = seen.iter().any(|message| {
                message.mentions.contains(&customer) && message.contains("payment proof was not accepted")
            });
            let open = view.permissions(customer, ticket) & permission::SEND_MESSAGES != 0;
            let asks = status(view, customer, ticket)?.contains("Your last payment proof was not accepted");
            (told && open && asks).then_some(())
        };
        self.achieve("the decline", look, async || {
            self.decides("Decline", async |reasons| {
                let first = reasons.parts().into_iter().find_map(|part| part.options.into_iter().next())?.1;
                self.message(admin.select(&reasons, &[&first])).await
            })
            .await
        })
        .await
    }

    /// A button of the card, what comes between, and Confirm.
    async fn decides(&self, button: &str, between: impl AsyncFn(Message) -> Option<Message>) -> Pressed {
        let admin = self.world.person("Adel");
        let shown = admin.sees(self.world.guild.review);
        let Some(card) = shown.iter().rev().find(|card| card.part(button).is_some()) else { return Pressed::Answered };
        let Some(opened) = self.message(admin.click(card, button)).await else { return Pressed::Nothing };
        if opened.parts().is_empty() {
            // "… was first", or an old card: it is about to say so too.
            return Pressed::Nothing;
        }
        let Some(question) = between(opened).await else { return Pressed::Nothing };
        self.first(admin.click(&question, "Confirm")).await
    }

    /// What the program said last.
    pub(super) fn last_words(&self) -> String {
        let console = std::fs::read_to_string(self.world.console()).unwrap_or_default();
        let lines: Vec<_> = console.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    fn tickets(&self, person: &Person) -> Vec<Channel> {
        self.world.discord.look(|view| tickets(view, self.world, person.id()))
    }
}

/// Waits until another process is ready than at the time of `life`.
pub(super) async fn next(mut life: watch::Receiver<u32>) {
    if life.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Somebody's tickets, oldest first.
pub(crate) fn tickets(view: &View<'_>, world: &World, person: Id) -> Vec<Channel> {
    let mut all: Vec<_> = world.guild.tickets.iter().flat_map(|category| view.channels_in(*category)).collect();
    all.retain(|channel| view.permissions(person, channel.id) & permission::VIEW_CHANNEL != 0);
    all.sort_by_key(|channel| channel.id);
    all
}

/// The newest message in a ticket that is about its state.
pub(crate) fn status(view: &View<'_>, person: Id, ticket: Id) -> Option<Message> {
    view.seen_by(person, ticket).into_iter().rev().find(|message| message.by_bot && message.contains("· ticket)"))
}

fn offers(message: &Message, plan: &str) -> bool {
    let options = message.parts().into_iter().flat_map(|part| part.options);
    options.into_iter().any(|(label, value)| label == plan || value == plan)
}

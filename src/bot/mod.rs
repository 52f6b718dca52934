//! Discord's edge: parses what people press and type, asks the rules, writes rows, answers.
//!
//! A file per flow; each exports its commands and handlers, and here they are listed. Nothing in
//! here changes a panel, a channel or a message of its own accord: the answer to an interaction
//! is the only thing it sends, everything else is a row in the outbox. It never spawns: serenity
//! runs every event in a task of its own.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serenity::all::{
    ActionRowComponent, ComponentInteraction, ComponentInteractionDataKind, CreateAllowedMentions, FullEvent,
    GatewayIntents, Http, ModalInteraction,
};

use tokio::sync::watch;

use crate::{
    clock::Clock,
    config::{Config, DiscordConfig},
    current_config::Live,
    db::Db,
    domain::{ChannelId, GuildId, MessageId, Millis, access::Staff, button::Button, limits::Limited},
    error_digest::Faults,
    guild_setup::Standing,
    limits::Limits,
    panel::Reader,
    proof::ProofIntake,
    view::{Locale, Modal, refusal::Refusal},
};

/// A slash command: the bot of its moment and the interaction, handled to the end.
macro_rules! command {
    ($ctx:ident, |$bot:ident, $interaction:ident| $work:expr) => {{
        let $bot = &$ctx.data().bot();
        let mut received = $bot.command(&$ctx);
        let $interaction = &mut received;
        let done = $work.await;
        $crate::bot::error::settle($interaction, done).await;
        Ok(())
    }};
}

mod access;
mod admin;
mod commands;
mod confirm;
mod dashboard;
mod dedup;
mod discord_failure;
mod error;
mod guild;
mod instructions;
mod interaction;
mod issue;
mod link;
mod order;
mod payment;
mod presence;
mod provisioning;
mod reference;
mod review;
mod review_menu;
mod ticket;
mod ticket_capacity;
mod usage;

use commands::commands;
pub use commands::registrations;
use dedup::Entrance;
pub use discord_failure::DiscordFailure;
pub use error::Error;
use error::{on_error, settle};
use interaction::Interaction;

/// How long an answer may wait for what it is about; a person does not watch for longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a command's function is given.
type Context<'a> = poise::ApplicationContext<'a, Host, Error>;

/// Hands every interaction the bot of its moment: from the first check to the answer it sees one
/// configuration. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Host(Bot);

/// Everything the handlers need; cheap to clone.
#[derive(Debug, Clone)]
struct Bot {
    db: Db,
    panels: BTreeMap<String, Reader>,
    door: ProofIntake,
    config: Arc<Config>,
    clock: Clock,
    limits: Limits,
    faults: Faults,
    staff: Arc<Staff>,
    locale: Locale,
    live: Live,
    /// Whether the bot is in its server, and what is wrong there.
    standing: Standing,
    room: ticket_capacity::Room,
    /// This run of the process, as the log and the dashboard name it.
    boot: String,
    /// Whether Discord has said READY.
    connected: watch::Sender<bool>,
    /// How many events are in hand.
    in_hand: watch::Sender<usize>,
    started: Millis,
}

/// What the bot is made of.
#[derive(Debug)]
pub struct Parts {
    pub db: Db,
    /// The panels by name, of which it only reads.
    pub panels: BTreeMap<String, Reader>,
    /// Where pictures come in and are kept.
    pub door: ProofIntake,
    pub live: Live,
    pub clock: Clock,
    /// Who did what how often.
    pub limits: Limits,
    /// Where our own faults are counted.
    pub faults: Faults,
    /// Whether the bot is in its server, and what is wrong there.
    pub standing: Standing,
    /// The name of this run of the process.
    pub boot: String,
}

impl Host {
    /// The bot over its database and its panels.
    pub fn new(parts: Parts) -> Self {
        let Parts { db, panels, door, live, clock, limits, faults, standing, boot } = parts;
        let config = live.now();
        let (staff, locale) = (Arc::new(config.discord.staff()), shop_locale(&config));
        let (connected, in_hand) = (watch::Sender::new(false), watch::Sender::new(0));
        let started = clock.now();
        Self(Bot {
            db,
            panels,
            door,
            config,
            clock,
            limits,
            faults,
            staff,
            locale,
            live,
            standing,
            room: ticket_capacity::Room::default(),
            boot,
            connected,
            in_hand,
            started,
        })
    }

    /// The bot as it is configured now.
    fn bot(&self) -> Bot {
        let config = self.0.live.now();
        let staff = if Arc::ptr_eq(&config, &self.0.config) {
            Arc::clone(&self.0.staff)
        } else {
            Arc::new(config.discord.staff())
        };
        Bot { config, staff, ..self.0.clone() }
    }

    /// Follows whether Discord has ever said READY to this bot.
    pub fn connected(&self) -> watch::Receiver<bool> {
        self.0.connected.subscribe()
    }

    /// Follows how many events are in hand.
    pub fn in_hand(&self) -> watch::Receiver<usize> {
        self.0.in_hand.subscribe()
    }
}

impl Bot {
    fn command<'a>(&self, ctx: &Context<'a>) -> Interaction<'a> {
        Interaction::command(&ctx.framework.serenity_context.http, self, ctx.interaction)
    }

    /// Refuses what does not come from the shop's own guild.
    fn at_home(&self, interaction: &Interaction<'_>) -> Result<(), Error> {
        if interaction.guild == Some(self.config.discord.guild_id) {
            return Ok(());
        }
        Err(Error::refused(interaction.locale, Refusal::NotHere))
    }

    /// Counts this, and refuses what is over its limit with when to come back.
    ///
    /// Call it once for an interaction, right after [`Self::at_home`] and before powers are looked
    /// at and anything is read or deferred: what is refused for lack of power costs an audit row,
    /// and is limited with the rest.
    fn within_limit(&self, interaction: &Interaction<'_>, limited: Limited) -> Result<(), Error> {
        let Err(again_at) = self.limits.count(limited, interaction.user) else { return Ok(()) };
        if let Some(times) = self.limits.repeated(interaction.user, "too often") {
            tracing::info!(user.id = %interaction.user, times, "refused: {} too often", limited.as_str());
        }
        Err(Error::refused(interaction.locale, Refusal::TooOften { again_at }))
    }
}

/// The language of people who did not choose one.
fn shop_locale(config: &Config) -> Locale {
    Locale::of(&config.shop.locale).unwrap_or_default()
}

/// What Discord has to tell us: guilds and their channels, messages there and to the bot itself, and
/// what is in them if the application may know that. Interactions come without an intent.
pub fn intents(config: &DiscordConfig) -> GatewayIntents {
    let intents = GatewayIntents::GUILDS | GatewayIntents::GUILD_MESSAGES | GatewayIntents::DIRECT_MESSAGES;
    if config.message_content { intents | GatewayIntents::MESSAGE_CONTENT } else { intents }
}

/// The framework that hands events to the bot. Its setup cannot fail.
pub fn framework(host: Host) -> impl serenity::framework::Framework + 'static {
    let inside = host.clone();
    let options = poise::FrameworkOptions {
        commands: commands(host.0.locale),
        on_error: |error| Box::pin(on_error(error)),
        event_handler: |framework, event| Box::pin(on_event(framework, event)),
        allowed_mentions: Some(CreateAllowedMentions::new()),
        prefix_options: poise::PrefixFrameworkOptions { mention_as_prefix: false, ..Default::default() },
        ..Default::default()
    };
    let framework = poise::Framework::builder()
        .options(options)
        .initialize_owners(false)
        .setup(move |_, _, _| Box::pin(async move { Ok(inside) }))
        .build();
    Entrance { framework, host }
}

async fn on_event(framework: poise::FrameworkContext<'_, Host, Error>, event: &FullEvent) -> Result<(), Error> {
    let (bot, http) = (&framework.user_data.bot(), &*framework.serenity_context.http);
    match event {
        FullEvent::Ready { data_about_bot } => {
            let (activity, status) = bot.presence();
            framework.serenity_context.set_presence(Some(activity), status);
            bot.connected.send_replace(true);
            guild::ready(bot, &data_about_bot.guilds).await?;
            ticket::reread(bot).await
        }
        // Between the break and this, events may have been lost all the same.
        FullEvent::Resume { .. } => ticket::reread(bot).await,
        FullEvent::Message { new_message } => ticket::message(bot, new_message).await,
        FullEvent::MessageDelete { channel_id, deleted_message_id, .. } => {
            ticket::messages_gone(bot, ChannelId(channel_id.get()), &[MessageId(deleted_message_id.get())]).await
        }
        FullEvent::MessageDeleteBulk { channel_id, multiple_deleted_messages_ids, .. } => {
            let gone: Vec<_> = multiple_deleted_messages_ids.iter().map(|id| MessageId(id.get())).collect();
            ticket::messages_gone(bot, ChannelId(channel_id.get()), &gone).await
        }
        FullEvent::InteractionCreate { interaction: serenity::all::Interaction::Component(received) } => {
            component(bot, http, received).await;
            Ok(())
        }
        FullEvent::InteractionCreate { interaction: serenity::all::Interaction::Modal(received) } => {
            modal(bot, http, received).await;
            Ok(())
        }
        other => on_change(bot, http, other).await,
    }
}

/// Something changed about the server itself.
async fn on_change(bot: &Bot, http: &Http, event: &FullEvent) -> Result<(), Error> {
    let is_ours = |guild: serenity::all::GuildId| GuildId(guild.get()) == bot.config.discord.guild_id;
    match event {
        FullEvent::GuildCreate { guild, .. } if is_ours(guild.id) => {
            bot.room.is(guild, bot.clock.steady());
            guild::found(bot, http).await
        }
        FullEvent::GuildDelete { incomplete, .. } => guild::lost(bot, incomplete).await,
        FullEvent::ChannelCreate { channel } | FullEvent::CategoryCreate { category: channel }
            if is_ours(channel.guild_id) =>
        {
            bot.room.has(channel, bot.clock.steady());
            Ok(())
        }
        FullEvent::ChannelUpdate { new, .. } if is_ours(new.guild_id) => {
            bot.room.has(new, bot.clock.steady());
            guild::changed(bot, new).await
        }
        FullEvent::CategoryDelete { category } => {
            bot.room.lost(category, bot.clock.steady());
            guild::changed(bot, category).await
        }
        FullEvent::ChannelDelete { channel, .. } => {
            bot.room.lost(channel, bot.clock.steady());
            ticket::gone(bot, ChannelId(channel.id.get())).await?;
            guild::changed(bot, channel).await
        }
        FullEvent::GuildRoleUpdate { new, .. } => guild::look(bot, GuildId(new.guild_id.get())).await,
        FullEvent::GuildRoleDelete { guild_id, .. } => guild::look(bot, GuildId(guild_id.get())).await,
        // Without the intent for members only the bot's own membership is told of.
        FullEvent::GuildMemberUpdate { event, .. } => guild::look(bot, GuildId(event.guild_id.get())).await,
        _ => Ok(()),
    }
}

async fn component(bot: &Bot, http: &Http, received: &ComponentInteraction) {
    let mut interaction = Interaction::component(http, bot, received);
    let value = match &received.data.kind {
        ComponentInteractionDataKind::StringSelect { values } => values.first().map(String::as_str),
        _ => None,
    };
    let done = match received.data.custom_id.parse() {
        Ok(button) => press(bot, &mut interaction, &button, value).await,
        Err(_) => stale(bot, &interaction),
    };
    settle(&mut interaction, done).await;
}

/// A button was pressed, or an entry of a menu chosen.
async fn press(
    bot: &Bot,
    interaction: &mut Interaction<'_>,
    button: &Button,
    value: Option<&str>,
) -> Result<(), Error> {
    bot.at_home(interaction)?;
    match button {
        Button::PlanMenu => order::choose_plan(bot, interaction, value).await,
        Button::GiveAttempt(order) => review_menu::give_attempt(bot, interaction, order).await,
        Button::MethodMenu(order) => order::choose_method(bot, interaction, order, value).await,
        Button::CancelOrder(order) => order::cancel(bot, interaction, order).await,
        Button::GetLink(order) => link::of_order(bot, interaction, order).await,
        Button::Approve(submission) => review::approve::ask(bot, interaction, *submission).await,
        Button::Decline(submission) => review::decline::ask(bot, interaction, *submission).await,
        Button::ReasonMenu(submission) => review::decline::reason_chosen(bot, interaction, *submission, value).await,
        Button::Confirm(token) => confirm::confirm(bot, interaction, token).await,
        Button::Abort(token) => confirm::cancel(bot, interaction, token).await,
        Button::Retry(order) => review::attention::retry(bot, interaction, order).await,
        Button::BackToReview(order) => review::attention::back_to_review(bot, interaction, order).await,
        Button::ByHand(order) => review::attention::ask_by_hand(bot, interaction, order).await,
        Button::VoidSale(order) => review::attention::ask_to_void(bot, interaction, order).await,
        Button::AmountDiffers(submission) => review::approve::ask_amount(bot, interaction, *submission).await,
        Button::Reference(order) => reference::ask(bot, interaction, order).await,
        Button::Override(token) => reference::ask_why(bot, interaction, token).await,
        Button::More(submission) => review_menu::open(bot, interaction, *submission).await,
        Button::MoreMenu(submission) => review_menu::chosen(bot, interaction, *submission, value).await,
        Button::Answer(question) => review_menu::ask_answer(bot, interaction, *question).await,
        Button::DashboardRefresh => dashboard::refresh(bot, interaction).await,
        Button::DashboardExport => dashboard::export_last_days(bot, interaction).await,
        Button::ExportMenu => dashboard::period_chosen(bot, interaction, value).await,
        Button::DashboardBackup => dashboard::back_up(bot, interaction).await,
        Button::Queue(page) => admin::orders::turn(bot, interaction, *page).await,
        Button::Audit { list, page } => admin::audit::turn(bot, interaction, list, *page).await,
        Button::AuditFile(list) => admin::audit::file(bot, interaction, list).await,
        Button::RetryEffect(row) => admin::status::retry(bot, interaction, *row).await,
        Button::DropEffect(row) => admin::status::ask_to_drop(bot, interaction, *row).await,
        Button::Release => admin::status::ask_to_release(bot, interaction).await,
        // Forms, which arrive elsewhere.
        Button::ReasonModal(_)
        | Button::AmountModal(_)
        | Button::AskModal(_)
        | Button::AnswerModal(_)
        | Button::ReferenceModal(_)
        | Button::NoteReference(_)
        | Button::OverrideModal(_)
        | Button::ExportModal => stale(bot, interaction),
    }
}

async fn modal(bot: &Bot, http: &Http, received: &ModalInteraction) {
    let mut interaction = Interaction::modal(http, bot, received);
    let fields = received.data.components.iter().flat_map(|row| &row.components);
    let mut typed = fields.filter_map(|field| match field {
        ActionRowComponent::InputText(text) if text.custom_id == Modal::FIELD => text.value.as_deref(),
        _ => None,
    });
    let typed = typed.next_back().unwrap_or_default();
    let done = submit(bot, &mut interaction, received.data.custom_id.parse().ok(), typed).await;
    settle(&mut interaction, done).await;
}

async fn submit(bot: &Bot, interaction: &mut Interaction<'_>, form: Option<Button>, typed: &str) -> Result<(), Error> {
    bot.at_home(interaction)?;
    match form {
        Some(Button::ReasonModal(submission)) => {
            review::decline::reason_typed(bot, interaction, submission, typed).await
        }
        Some(Button::ReferenceModal(order)) => reference::typed(bot, interaction, &order, typed).await,
        Some(Button::NoteReference(submission)) => reference::noted(bot, interaction, submission, typed).await,
        Some(Button::OverrideModal(token)) => reference::overridden(bot, interaction, &token, typed).await,
        Some(Button::AskModal(submission)) => review_menu::question_typed(bot, interaction, submission, typed).await,
        Some(Button::AnswerModal(question)) => review_menu::answer_typed(bot, interaction, question, typed).await,
        Some(Button::AmountModal(submission)) => {
            review::approve::amount_typed(bot, interaction, submission, typed).await
        }
        Some(Button::ExportModal) => dashboard::period_typed(bot, interaction, typed).await,
        _ => stale(bot, interaction),
    }
}

/// Something that we did not issue, or that means nothing any more.
fn stale(bot: &Bot, interaction: &Interaction<'_>) -> Result<(), Error> {
    if let Some(times) = bot.limits.repeated(interaction.user, "stale") {
        tracing::info!(user.id = %interaction.user, times, "refused: a button that is none of ours");
    }
    Err(Error::refused(interaction.locale, Refusal::Stale))
}

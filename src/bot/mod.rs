//! Discord's edge: parses what people press and type, asks the rules, writes rows, answers.
//!
//! A file per flow; each exports its commands and handlers, and here they are listed. Nothing in
//! here changes a panel, a channel or a message of its own accord: the answer to an interaction
//! is the only thing it sends, everything else is a row in the outbox. It never spawns: serenity
//! runs every event in a task of its own.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serenity::all::{
    ActionRowComponent, ComponentInteraction, ComponentInteractionDataKind, CreateAllowedMentions, FullEvent,
    GatewayIntents, Http, Interaction, ModalInteraction,
};

use tokio::sync::watch;

use crate::{
    clock::Clock,
    config::{Config, DiscordConfig},
    db::Db,
    domain::{ChannelId, GuildId, MessageId, Millis, access::Staff, button::Button, limits::Limited},
    faults::Faults,
    limits::Limits,
    live::Live,
    panel::Reader,
    premises::Standing,
    proof::Door,
    view::{Locale, Modal, refusal::Refusal},
};

/// A slash command: the bot of its moment and the interaction, handled to the end.
macro_rules! command {
    ($ctx:ident, |$bot:ident, $asked:ident| $work:expr) => {{
        let $bot = &$ctx.data().bot();
        let mut interaction = $bot.command(&$ctx);
        let $asked = &mut interaction;
        let done = $work.await;
        $crate::bot::fault::settle($asked, done).await;
        Ok(())
    }};
}

mod access;
mod admin;
mod asked;
mod commands;
mod confirm;
mod dashboard;
mod entrance;
mod fault;
mod home;
mod link;
mod more;
mod order;
mod payment;
mod presence;
mod provisioning;
mod reference;
mod review;
mod room;
mod ticket;
mod usage;

use asked::Asked;
use commands::commands;
pub use commands::registrations;
use entrance::Entrance;
pub use fault::{Fault, Unanswered};
use fault::{on_error, settle};

/// How long an answer may wait for what it is about; a person does not watch for longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a command's function is given.
type Context<'a> = poise::ApplicationContext<'a, Host, Fault>;

/// Hands every interaction the bot of its moment: from the first check to the answer it sees one
/// configuration. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Host(Bot);

/// Everything the handlers need; cheap to clone.
#[derive(Debug, Clone)]
struct Bot {
    db: Db,
    panels: BTreeMap<String, Reader>,
    door: Door,
    config: Arc<Config>,
    clock: Clock,
    limits: Limits,
    faults: Faults,
    staff: Arc<Staff>,
    locale: Locale,
    live: Live,
    /// Whether the bot is in its server, and what is wrong there.
    standing: Standing,
    /// The server's channels.
    room: room::Room,
    /// This run of the process, as the log and the dashboard name it.
    boot: String,
    /// Whether Discord has said READY.
    connected: watch::Sender<bool>,
    /// How many events are in hand.
    in_hand: watch::Sender<usize>,
    /// When this process began.
    started: Millis,
}

/// What the bot is made of.
#[derive(Debug)]
pub struct Parts {
    /// The memory.
    pub db: Db,
    /// The panels by name, of which it only reads.
    pub panels: BTreeMap<String, Reader>,
    /// Where pictures come in and are kept.
    pub door: Door,
    /// The configuration in force.
    pub live: Live,
    /// The time.
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
            room: room::Room::default(),
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
    fn command<'a>(&self, ctx: &Context<'a>) -> Asked<'a> {
        Asked::command(&ctx.framework.serenity_context.http, self, ctx.interaction)
    }

    /// Refuses what does not come from the shop's own guild.
    fn at_home(&self, asked: &Asked<'_>) -> Result<(), Fault> {
        if asked.guild == Some(self.config.discord.guild_id) {
            return Ok(());
        }
        Err(Fault::refused(asked.locale, Refusal::NotHere))
    }

    /// Counts this, and refuses what is over its limit with when to come back.
    ///
    /// Call it once for an interaction, right after [`Self::at_home`] and before powers are looked
    /// at and anything is read or deferred: what is refused for lack of power costs an audit row,
    /// and is limited with the rest.
    fn within_limit(&self, asked: &Asked<'_>, limited: Limited) -> Result<(), Fault> {
        let Err(again_at) = self.limits.count(limited, asked.user) else { return Ok(()) };
        if let Some(times) = self.limits.repeated(asked.user, "too often") {
            tracing::info!(user.id = %asked.user, times, "refused: {} too often", limited.as_str());
        }
        Err(Fault::refused(asked.locale, Refusal::TooOften { again_at }))
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

async fn on_event(framework: poise::FrameworkContext<'_, Host, Fault>, event: &FullEvent) -> Result<(), Fault> {
    let (bot, http) = (&framework.user_data.bot(), &*framework.serenity_context.http);
    match event {
        FullEvent::Ready { data_about_bot } => {
            let (activity, status) = bot.presence();
            framework.serenity_context.set_presence(Some(activity), status);
            bot.connected.send_replace(true);
            home::ready(bot, &data_about_bot.guilds).await?;
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
        FullEvent::InteractionCreate { interaction: Interaction::Component(interaction) } => {
            component(bot, http, interaction).await;
            Ok(())
        }
        FullEvent::InteractionCreate { interaction: Interaction::Modal(interaction) } => {
            modal(bot, http, interaction).await;
            Ok(())
        }
        other => on_change(bot, http, other).await,
    }
}

/// Something changed about the server itself.
async fn on_change(bot: &Bot, http: &Http, event: &FullEvent) -> Result<(), Fault> {
    let is_ours = |guild: serenity::all::GuildId| GuildId(guild.get()) == bot.config.discord.guild_id;
    match event {
        FullEvent::GuildCreate { guild, .. } if is_ours(guild.id) => {
            bot.room.is(guild, bot.clock.steady());
            home::found(bot, http).await
        }
        FullEvent::GuildDelete { incomplete, .. } => home::lost(bot, incomplete).await,
        FullEvent::ChannelCreate { channel } | FullEvent::CategoryCreate { category: channel }
            if is_ours(channel.guild_id) =>
        {
            bot.room.has(channel, bot.clock.steady());
            Ok(())
        }
        FullEvent::ChannelUpdate { new, .. } if is_ours(new.guild_id) => {
            bot.room.has(new, bot.clock.steady());
            home::changed(bot, new).await
        }
        FullEvent::CategoryDelete { category } => {
            bot.room.lost(category, bot.clock.steady());
            home::changed(bot, category).await
        }
        FullEvent::ChannelDelete { channel, .. } => {
            bot.room.lost(channel, bot.clock.steady());
            ticket::gone(bot, ChannelId(channel.id.get())).await?;
            home::changed(bot, channel).await
        }
        FullEvent::GuildRoleUpdate { new, .. } => home::look(bot, GuildId(new.guild_id.get())).await,
        FullEvent::GuildRoleDelete { guild_id, .. } => home::look(bot, GuildId(guild_id.get())).await,
        // Without the intent for members only the bot's own membership is told of.
        FullEvent::GuildMemberUpdate { event, .. } => home::look(bot, GuildId(event.guild_id.get())).await,
        _ => Ok(()),
    }
}

async fn component(bot: &Bot, http: &Http, interaction: &ComponentInteraction) {
    let mut asked = Asked::component(http, bot, interaction);
    let value = match &interaction.data.kind {
        ComponentInteractionDataKind::StringSelect { values } => values.first().map(String::as_str),
        _ => None,
    };
    let done = match interaction.data.custom_id.parse() {
        Ok(button) => press(bot, &mut asked, &button, value).await,
        Err(_) => stale(bot, &asked),
    };
    settle(&mut asked, done).await;
}

/// A button was pressed, or an entry of a menu chosen.
async fn press(bot: &Bot, asked: &mut Asked<'_>, button: &Button, value: Option<&str>) -> Result<(), Fault> {
    bot.at_home(asked)?;
    match button {
        Button::PlanMenu => order::choose_plan(bot, asked, value).await,
        Button::MethodMenu(order) => order::choose_method(bot, asked, order, value).await,
        Button::CancelOrder(order) => order::cancel(bot, asked, order).await,
        Button::GetLink(order) => link::of_order(bot, asked, order).await,
        Button::Approve(submission) => review::approve::ask(bot, asked, *submission).await,
        Button::Decline(submission) => review::decline::ask(bot, asked, *submission).await,
        Button::ReasonMenu(submission) => review::decline::reason_chosen(bot, asked, *submission, value).await,
        Button::Confirm(token) => confirm::confirm(bot, asked, token).await,
        Button::Abort(token) => confirm::cancel(bot, asked, token).await,
        Button::Retry(order) => review::attention::retry(bot, asked, order).await,
        Button::BackToReview(order) => review::attention::back_to_review(bot, asked, order).await,
        Button::ByHand(order) => review::attention::ask_by_hand(bot, asked, order).await,
        Button::VoidSale(order) => review::attention::ask_to_void(bot, asked, order).await,
        Button::AmountDiffers(submission) => review::approve::ask_amount(bot, asked, *submission).await,
        Button::Reference(order) => reference::ask(bot, asked, order).await,
        Button::Override(token) => reference::ask_why(bot, asked, token).await,
        Button::More(submission) => more::open(bot, asked, *submission).await,
        Button::MoreMenu(submission) => more::chosen(bot, asked, *submission, value).await,
        Button::Answer(question) => more::ask_answer(bot, asked, *question).await,
        Button::DashboardRefresh => dashboard::refresh(bot, asked).await,
        Button::DashboardExport => dashboard::export_last_days(bot, asked).await,
        Button::ExportMenu => dashboard::period_chosen(bot, asked, value).await,
        Button::DashboardBackup => dashboard::back_up(bot, asked).await,
        Button::Queue(page) => admin::orders::turn(bot, asked, *page).await,
        Button::Audit { list, page } => admin::audit::turn(bot, asked, list, *page).await,
        Button::AuditFile(list) => admin::audit::file(bot, asked, list).await,
        Button::RetryEffect(row) => admin::status::retry(bot, asked, *row).await,
        Button::DropEffect(row) => admin::status::ask_to_drop(bot, asked, *row).await,
        Button::Release => admin::status::ask_to_release(bot, asked).await,
        // Forms, which arrive elsewhere.
        Button::ReasonModal(_)
        | Button::AmountModal(_)
        | Button::AskModal(_)
        | Button::AnswerModal(_)
        | Button::ReferenceModal(_)
        | Button::NoteReference(_)
        | Button::OverrideModal(_)
        | Button::ExportModal => stale(bot, asked),
    }
}

async fn modal(bot: &Bot, http: &Http, interaction: &ModalInteraction) {
    let mut asked = Asked::modal(http, bot, interaction);
    let fields = interaction.data.components.iter().flat_map(|row| &row.components);
    let mut typed = fields.filter_map(|field| match field {
        ActionRowComponent::InputText(text) if text.custom_id == Modal::FIELD => text.value.as_deref(),
        _ => None,
    });
    let typed = typed.next_back().unwrap_or_default();
    let done = submit(bot, &mut asked, interaction.data.custom_id.parse().ok(), typed).await;
    settle(&mut asked, done).await;
}

async fn submit(bot: &Bot, asked: &mut Asked<'_>, form: Option<Button>, typed: &str) -> Result<(), Fault> {
    bot.at_home(asked)?;
    match form {
        Some(Button::ReasonModal(submission)) => review::decline::reason_typed(bot, asked, submission, typed).await,
        Some(Button::ReferenceModal(order)) => reference::typed(bot, asked, &order, typed).await,
        Some(Button::NoteReference(submission)) => reference::noted(bot, asked, submission, typed).await,
        Some(Button::OverrideModal(token)) => reference::overridden(bot, asked, &token, typed).await,
        Some(Button::AskModal(submission)) => more::question_typed(bot, asked, submission, typed).await,
        Some(Button::AnswerModal(question)) => more::answer_typed(bot, asked, question, typed).await,
        Some(Button::AmountModal(submission)) => review::approve::amount_typed(bot, asked, submission, typed).await,
        Some(Button::ExportModal) => dashboard::period_typed(bot, asked, typed).await,
        _ => stale(bot, asked),
    }
}

/// Something that we did not issue, or that means nothing any more.
fn stale(bot: &Bot, asked: &Asked<'_>) -> Result<(), Fault> {
    if let Some(times) = bot.limits.repeated(asked.user, "stale") {
        tracing::info!(user.id = %asked.user, times, "refused: a button that is none of ours");
    }
    Err(Fault::refused(asked.locale, Refusal::Stale))
}

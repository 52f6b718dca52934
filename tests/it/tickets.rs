//! Conversations about tickets that are not as they were left: people who are in them twice or not
//! any more, permissions that are missing, channels and messages that somebody deleted.

use std::time::Duration;

use tollkeeper::sandbox::discord::{Fault, Id, Message, permission};

use crate::world::{Question, World, receipt};

impl World {
    /// Changes the configuration of a bot that does not run.
    fn configured(&self, from: &str, to: &str) {
        let path = self.config_path();
        let toml = std::fs::read_to_string(&path).unwrap();
        assert!(toml.contains(from), "{from}");
        std::fs::write(path, toml.replacen(from, to, 1)).unwrap();
    }

    /// Somebody deletes the customer's ticket, and the bot notices.
    async fn loses_ticket(&self, ticket: Id) {
        self.settles().await;
        self.discord.owner().deletes_channel(ticket).unwrap();
        self.counts(1, "SELECT count(*) FROM audit_logs WHERE action = 'ticket.gone'").await;
    }

    /// Mona's status message or a card, posted after another.
    async fn posted_after(&self, before: &Message, part: &str) -> Message {
        let (channel, id) = (before.channel, before.id);
        self.until("the message to be posted again", |view| {
            view.messages(channel).into_iter().find(|message| message.id > id && message.contains(part))
        })
        .await
    }
}

/// Owners, admins and support may be the same people, hold the same role, buy in the shop, and be
/// the bot: Discord takes one overwrite for each.
#[tokio::test]
async fn who_is_in_several_lists_gets_one_overwrite() {
    for same_role in [false, true] {
        let world = World::asleep(|scene| scene.admin_role = same_role).await;
        let id = |name: &str| world.person(name).id().to_string();
        let everybody = [id("Omar"), id("Adel"), id("Mona"), world.discord.bot_id().to_string(), id("Salma")];
        world.configured(&format!("support = [\"{}\"]", id("Salma")), &format!("support = {everybody:?}"));
        if same_role {
            let role = world.guild.admins;
            world.configured(
                &format!("admin_role_id = {role}"),
                &format!("admin_role_id = {role}\nowner_role_id = {role}"),
            );
        }
        world.start().await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Basic", "Mona's receipt").await;
        world.admin("Adel").approves().await;
        mona.is_sent_link(0).await;
        world.finish().await;
    }
}

/// Somebody who was staff left the server or deleted their account: the shop sells all the same.
#[tokio::test]
async fn staff_who_are_gone_stand_in_no_customers_way() {
    let world = World::asleep(|_| {}).await;
    let ghost = world.discord.member("Ghost", &[]);
    world.configured("support = [", &format!("support = [\"{}\", ", ghost.id()));
    world.discord.forgets(ghost.id());
    world.start().await;
    world.person("Nadia").leaves();
    let (mona, karim) = (world.customer("Mona"), world.customer("Karim"));
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    let salma = world.person("Salma");
    assert_ne!(salma.permissions(mona.ticket()) & permission::VIEW_CHANNEL, 0, "the others see it");
    world.admin("Adel").approves().await;
    mona.is_sent_link(0).await;
    // Discord may say so without saying who it is.
    let nobody = Fault::refused(404, 10013, "Unknown User");
    world.discord.fail_next("POST", "/guilds/{guild_id}/channels", 1, nobody);
    karim.orders("Basic").await;
    world.finish().await;
}

#[tokio::test]
async fn a_sale_is_completed_for_a_customer_who_left() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    mona.person.leaves();
    let answer = world.admin("Adel").approves().await;
    assert!(answer.starts_with("Approved. Link not delivered yet"), "{answer}");
    world.card("that they have no link", |card| card.contains("Link not delivered yet")).await;
    world.settles().await;
    assert_eq!(world.word("SELECT status FROM orders").await, "completed");
    // Whenever they come back, the link is there.
    mona.person.joins();
    assert!(mona.link().await.contains("vless://"));
    world.finish().await;
}

/// The bot lost the permission to change who may write, after the ticket was made.
#[tokio::test]
async fn a_ticket_that_cannot_be_locked_is_staffs_affair_alone() {
    let world = World::with(|scene| scene.schedule("retry_max", "40ms")).await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    mona.chooses("InstaPay").await;
    world.settles().await;
    world.discord.fail_next("PUT", "/permissions/", u32::MAX, Fault::refused(403, 50013, "Missing Permissions"));
    mona.posts("receipt.png", &receipt("Mona's receipt")).unwrap();
    mona.waits_for("We are checking your payment").await;
    let card = world.card("the card to say so", |card| card.contains("Ticket not up to date")).await;
    assert!(card.part("Approve").is_some(), "it can be decided all the same");
    let omar = world.person("Omar").id();
    world.until("the owner to be told", |view| view.dms_of(omar).pop()).await;
    world.admin("Adel").approves().await;
    mona.is_sent_link(0).await;
    mona.waits_for("Your access is ready").await;
    world.counts(1, "SELECT count(*) FROM outbox WHERE key LIKE 'ticket:%' AND parked_at IS NOT NULL").await;
    world.discord.no_faults();
    let status = world.admin("Adel").desk("status", serde_json::json!({})).await;
    world.person("Adel").click(&status, "Retry 1").unwrap().reply().await.unwrap();
    world.settles().await;
    assert!(!world.cards().await.contains("Ticket not up to date"), "it is mended");
    assert_eq!(world.person("Omar").dms().len(), 1, "told once");
    world.finish().await;
}

#[tokio::test]
async fn a_ticket_deleted_while_the_panel_is_down_keeps_nobody_from_the_link() {
    let world = World::with(|scene| scene.schedule("health_check", "100ms")).await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    world.panel.down().await;
    world.admin("Adel").approves().await;
    world.settles_but(&["subscription:"]).await;
    world.discord.owner().deletes_channel(mona.ticket()).unwrap();
    world.counts(1, "SELECT count(*) FROM audit_logs WHERE action = 'ticket.gone'").await;
    assert_eq!(world.word("SELECT status FROM orders").await, "provisioning");
    world.panel.up().await.unwrap();
    mona.is_sent_link(0).await;
    world.settles().await;
    assert_eq!(mona.tickets().len(), 0, "there is nothing left to say in it");
    world.finish().await;
}

#[tokio::test]
async fn a_ticket_deleted_while_a_person_is_needed_changes_nothing_for_them() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    let email = world.has_a_stranger_under_our_name().await;
    world.admin("Adel").approves().await;
    world.admin("Adel").attention().await;
    world.loses_ticket(mona.ticket()).await;
    assert_eq!(world.word("SELECT status FROM orders").await, "needs_attention");
    world.panel.remove_client(&email);
    let answer = world.admin("Adel").presses("Retry").await;
    assert!(answer.starts_with("Approved. Link sent"), "{answer}");
    mona.is_sent_link(0).await;
    world.finish().await;
}

#[tokio::test]
async fn a_ticket_deleted_after_a_part_payment_is_made_again_and_says_what_is_missing() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "first part").await;
    world.admin("Adel").receives("60").await;
    mona.waits_for("is still missing").await;
    let first = mona.ticket();
    world.loses_ticket(first).await;
    mona.waits_for("Welcome!").await;
    assert_ne!(mona.ticket(), first);
    assert!(mona.status().contains("40 EGP"), "{}", mona.status().render_text());
    mona.uploads("second part").await;
    world.admin("Adel").approves().await;
    mona.is_sent_link(0).await;
    world.finish().await;
}

#[tokio::test]
async fn a_ticket_in_which_the_link_waits_is_made_again() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.person.closes_dms();
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    world.admin("Adel").approves().await;
    mona.waits_for("We cannot send you direct messages, so press").await;
    let first = mona.ticket();
    world.loses_ticket(first).await;
    world
        .until("a new ticket", |view| {
            let category = view.channels_in(world.guild.tickets[0]);
            category.into_iter().find(|channel| channel.id != first)
        })
        .await;
    mona.waits_for("press “Get my link”").await;
    assert!(mona.gets_link().await.contains("vless://"));
    world.finish().await;
}

/// What was deleted with its order over and nothing left to say stays deleted.
#[tokio::test]
async fn a_ticket_deleted_after_its_order_ended_unpaid_is_not_made_again() {
    let world = World::with(|scene| scene.schedule("order_scan", "100ms")).await;
    let (mona, karim) = (world.customer("Mona"), world.customer("Karim"));
    mona.orders("Basic").await;
    mona.cancels().await;
    world.loses_ticket(mona.ticket()).await;
    karim.orders("Basic").await;
    let karims = karim.ticket();
    world.stop().await;
    world.passes(Duration::from_hours(25));
    world.start().await;
    world.counts(1, "SELECT count(*) FROM orders WHERE status = 'expired'").await;
    world.settles().await;
    if world.discord.look(|view| view.channel(karims)).is_some() {
        world.discord.owner().deletes_channel(karims).unwrap();
    }
    world.counts(0, "SELECT count(*) FROM orders WHERE channel_id IS NOT NULL").await;
    world.settles().await;
    assert_eq!((mona.tickets().len(), karim.tickets().len()), (0, 0));
    world.finish().await;
}

/// Somebody tidied up where the bot's messages stand.
#[tokio::test]
async fn a_status_message_or_a_card_that_was_deleted_stands_there_again() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    mona.chooses("InstaPay").await;
    world.settles().await;
    let status = mona.status();
    world.discord.owner().deletes(&status).unwrap();
    let again = world.posted_after(&status, "· ticket)").await;
    assert_eq!(again.render_text(), status.render_text());
    mona.uploads("Mona's receipt").await;
    world.settles().await;
    let card = world.admin("Adel").card().await;
    world.discord.bulk_deleted(card.channel, &[card.id, 1]);
    let again = world.posted_after(&card, "Payment to review").await;
    assert!(again.attachments.iter().any(|file| file.in_embed), "with the picture");
    world.settles().await;
    world.admin("Adel").approves().await;
    mona.is_sent_link(0).await;
    world.finish().await;
}

/// Staff tidy the review channel: what is decided stays away, whatever still happens to it, and what
/// waits for somebody comes back.
#[tokio::test]
async fn of_the_cards_that_were_tidied_away_only_those_that_wait_come_back() {
    let world = World::new().await;
    let (mona, karim, hoda) = (world.customer("Mona"), world.customer("Karim"), world.customer("Hoda"));
    mona.person.closes_dms();
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    world.admin("Adel").approves().await;
    mona.waits_for("Your access is ready").await;
    karim.orders_and_pays("Basic", "first part").await;
    world.admin("Adel").receives("60").await;
    karim.waits_for("is still missing").await;
    hoda.orders_and_pays("Basic", "Hoda's receipt").await;
    world.settles().await;
    let review = world.guild.review;
    let cards: Vec<_> = world.discord.look(|view| view.messages(review)).iter().map(|card| card.id).collect();
    let newest = *cards.last().unwrap();
    world.discord.bulk_deleted(review, &cards);
    let posted = |parts: &'static [&'static str]| {
        world.until("those that wait", move |view| {
            let now = view.messages(review);
            let there = |part: &&str| now.iter().any(|card| card.id > newest && card.part(part).is_some());
            parts.iter().all(there).then_some(now.len())
        })
    };
    assert_eq!(posted(&["Approve", "Cancel order"]).await, 2, "the decided one stays away");
    world.settles().await;
    // What happens to a decided one later does not bring it back.
    assert!(mona.gets_link().await.contains("vless://"));
    world.restart().await;
    world.settles().await;
    assert_eq!(world.discord.look(|view| view.messages(review).len()), 2);
    // One that needs a person again does come back.
    world.admin("Adel").approves().await;
    hoda.is_sent_link(0).await;
    world.finish().await;
}

#[tokio::test]
async fn the_card_of_a_finished_sale_by_hand_stays_away_once_it_was_deleted() {
    let world = World::new().await;
    let user = world.person("Mona").id().to_string();
    let options = serde_json::json!({ "user": user, "plan": "basic", "amount": "80", "note": "at the counter" });
    let question = Question { message: world.admin("Adel").desk("user-create", options).await };
    world.admin("Adel").confirms(&question).await;
    world.card("the card of the sale", |card| card.contains("at the counter")).await;
    world.settles().await;
    let card = world.card("the card of the sale", |card| card.contains("at the counter")).await;
    world.discord.owner().deletes(&card).unwrap();
    world.restart().await;
    world.settles().await;
    assert!(!world.cards().await.contains("at the counter"));
    world.finish().await;
}

/// Nobody told the bot that the card is gone: the reminder notices.
#[tokio::test]
async fn a_reminder_leads_to_a_card_that_is_there() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    world.settles().await;
    let card = world.admin("Adel").card().await;
    world.stop().await;
    world.discord.owner().deletes(&card).unwrap();
    world.configured("review_reminder = \"off\"", "review_reminder = \"100ms\"");
    world.start().await;
    let line = world.card("the reminder", |line| line.contains("is still waiting for review.")).await;
    let gone = card.id.to_string();
    let leads = line.part("Open the card").and_then(|part| part.url);
    assert!(leads.is_none_or(|url| !url.ends_with(&gone)), "it led nowhere");
    world.posted_after(&card, "Payment to review").await;
    world.settles().await;
    world.admin("Adel").approves().await;
    mona.is_sent_link(0).await;
    world.finish().await;
}

/// A link that nobody has keeps its ticket for a week, is brought to mind each day, and no time is
/// named that is not kept.
#[tokio::test]
async fn a_ticket_whose_link_nobody_has_stays_a_week_and_calls_each_day() {
    let world = World::with(|scene| scene.schedule("message_cleanup", "100ms")).await;
    let mona = world.customer("Mona");
    mona.person.closes_dms();
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    world.admin("Adel").approves().await;
    let call = "We cannot send you direct messages, so press";
    let first = mona.waits_for(call).await;
    world.settles().await;
    assert!(!mona.status().contains("will be deleted"), "{}", mona.status().render_text());
    let ticket = mona.ticket();
    world.passes(Duration::from_hours(25));
    let calls = |view: &tollkeeper::sandbox::discord::View<'_>| {
        view.messages(ticket).into_iter().filter(|it| it.id > first.id && it.contains(call)).count()
    };
    world.until("a second call", |view| (calls(view) > 0).then_some(())).await;
    world.settles().await;
    assert_eq!(world.discord.look(calls), 1, "one a day");
    world.passes(Duration::from_hours(8 * 24));
    world.until("the ticket to be gone", |view| view.channel(ticket).is_none().then_some(())).await;
    assert!(mona.link().await.contains("vless://"), "the link stays theirs");
    world.finish().await;
}

#[tokio::test]
async fn a_method_chosen_again_after_the_proof_changes_nothing() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    let menu = format!("tk:method:{}", world.word("SELECT id FROM orders").await);
    let forged = mona.person.forge_select(&mona.status(), &menu, &["instapay"]).unwrap();
    let told = forged.reply().await.unwrap().render_text();
    assert_eq!(world.word("SELECT method_id FROM orders").await, "vodafone-cash", "{told}");
    world.finish().await;
}

/// Where staff are listed and a role is set, the role alone opens no ticket, and neither does the list.
#[tokio::test]
async fn only_who_is_listed_and_holds_the_role_sees_tickets() {
    let world = World::asleep(|scene| {
        scene.admin_role = true;
        scene.schedule("message_cleanup", "50ms");
    })
    .await;
    let adel = world.person("Adel");
    let stranger = world.discord.member("Stranger", &[world.guild.admins]);
    world.start().await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    world.settles().await;
    let sees = |person: &tollkeeper::sandbox::discord::Person, ticket| {
        person.permissions(ticket) & permission::VIEW_CHANNEL != 0
    };
    let ticket = mona.ticket();
    assert!(sees(&adel, ticket), "listed, with the role");
    assert!(sees(&world.person("Omar"), ticket), "owners by their id");
    assert!(!sees(&stranger, ticket), "the role alone");
    // Who loses the role is out of the tickets that there are, without anybody doing anything.
    adel.loses_role(world.guild.admins);
    let shows = |view: &tollkeeper::sandbox::discord::View<'_>| {
        view.permissions(adel.id(), ticket) & permission::VIEW_CHANNEL != 0
    };
    world.until("that Adel is out", |view| (!shows(view)).then_some(())).await;
    adel.gets_role(world.guild.admins);
    world.until("that Adel is in again", |view| shows(view).then_some(())).await;
    world.finish().await;
}

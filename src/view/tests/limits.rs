//! Whatever people write, Discord takes the post and nobody is pinged by it. The limits are
//! those of Discord's documentation; a refused message would be tried for ever.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::gallery::{self, ADEL, LINK, MONA, ROLE, Words};
use crate::view::{Embed, Locale, Post, Press, Row, decision, post::Menu, text::length};

fn within(place: &str, text: &str, max: usize) -> Result<(), TestCaseError> {
    prop_assert!(!text.trim().is_empty(), "{place} is empty");
    prop_assert!(length(text) <= max, "{place} has {} of {max}: {text}", length(text));
    Ok(())
}

fn embed_fits(embed: &Embed) -> Result<usize, TestCaseError> {
    within("title", &embed.title, 256)?;
    prop_assert!(length(&embed.body) <= 4096);
    prop_assert!(embed.fields.len() <= 25);
    let mut total = length(&embed.title) + length(&embed.body);
    for field in &embed.fields {
        within("field name", &field.name, 256)?;
        within("field value", &field.value, 1024)?;
        total += length(&field.name) + length(&field.value);
    }
    if let Some(footer) = &embed.footer {
        within("footer", footer, 2048)?;
        total += length(footer);
    }
    Ok(total)
}

fn menu_fits(menu: &Menu) -> Result<(), TestCaseError> {
    within("placeholder", &menu.placeholder, 150)?;
    prop_assert!((1..=25).contains(&menu.options.len()));
    let mut values = BTreeSet::new();
    for entry in &menu.options {
        within("option", &entry.label, 100)?;
        within("value", &entry.value, 100)?;
        if let Some(description) = &entry.description {
            within("description", description, 100)?;
        }
        prop_assert!(values.insert(&entry.value), "{} stands twice", entry.value);
    }
    Ok(())
}

fn fits(post: &Post) -> Result<(), TestCaseError> {
    prop_assert!(length(&post.content) <= 2000);
    prop_assert!(!post.content.is_empty() || !post.embeds.is_empty(), "an empty message");
    prop_assert!(post.embeds.len() <= 10 && post.rows.len() <= 5);
    let mut total = 0;
    for embed in &post.embeds {
        total += embed_fits(embed)?;
    }
    prop_assert!(total <= 6000, "{total} characters in embeds");
    let mut custom_ids = BTreeSet::new();
    for row in &post.rows {
        let buttons = match row {
            Row::Menu(menu) => {
                prop_assert!(custom_ids.insert(menu.button.to_string()));
                menu_fits(menu)?;
                continue;
            }
            Row::Buttons(buttons) => buttons,
        };
        prop_assert!((1..=5).contains(&buttons.len()));
        for press in buttons {
            match press {
                Press::Ours { button, label, .. } => {
                    within("label", label, 80)?;
                    prop_assert!(custom_ids.insert(button.to_string()));
                }
                Press::Link { url, label } => {
                    within("label", label, 80)?;
                    within("url", url, 512)?;
                }
            }
        }
    }
    Ok(())
}

/// All that shows markdown, place by place.
fn shown(post: &Post) -> Vec<&str> {
    let mut all = vec![post.content.as_str()];
    for embed in &post.embeds {
        all.extend([embed.title.as_str(), embed.body.as_str()]);
        all.extend(embed.fields.iter().flat_map(|field| [field.name.as_str(), field.value.as_str()]));
    }
    all
}

/// No ping but those we write ourselves; inside a code span nothing is a ping.
fn pings_nobody(post: &Post) -> Result<(), TestCaseError> {
    prop_assert!(post.mentions.iter().all(|user| [MONA, ADEL].contains(user)));
    prop_assert!(post.role.is_none_or(|role| role == ROLE));
    for text in shown(post) {
        let mut bare: String = text.replace("\\`", "").split('`').step_by(2).collect();
        for ours in [MONA, ADEL].into_iter().chain(gallery::reviewers()) {
            bare = bare.replace(&format!("<@{ours}>"), "");
        }
        bare = bare.replace(&format!("<@&{ROLE}>"), "");
        for harmless in ["\\@everyone", "\\@here"] {
            bare = bare.replace(harmless, "");
        }
        for ping in ["<@", "@everyone", "@here"] {
            prop_assert!(!bare.contains(ping), "{text}");
        }
    }
    Ok(())
}

/// What people write to see what happens.
fn nasty() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<String>(),
        Just("@everyone".to_owned()),
        Just("<@&77>".to_owned()),
        Just("<@4004>".to_owned()),
        Just("`".to_owned()),
        Just("```".to_owned()),
        Just("\u{202e}\u{200b}".to_owned()),
        Just("https://evil.example/".to_owned()),
        Just("*_~|\\".repeat(400)),
        Just("😀".repeat(3000)),
        Just("\n\n\n".to_owned()),
    ];
    prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_words_make_posts_that_discord_takes(name in nasty(), sentence in nasty()) {
        for post in gallery::posts(Locale::English, Words { name: &name, sentence: &sentence }) {
            fits(&post)?;
            pings_nobody(&post)?;
        }
        for choice in gallery::choices(Locale::English, Words { name: &name, sentence: &sentence }) {
            within("choice", &choice, 100)?;
        }
    }
}

#[test]
fn the_form_fits() {
    for locale in Locale::ALL {
        let modal = decision::reason_modal(locale, crate::domain::SubmissionId(i64::MAX));
        assert!((1..=45).contains(&length(&modal.title)) && (1..=45).contains(&length(&modal.label)));
        assert!(length(&modal.placeholder) <= 100);
    }
}

#[test]
fn the_link_is_in_deliveries_only() {
    let posts = gallery::posts(Locale::English, gallery::ORDINARY);
    let with_link: Vec<&Post> = posts.iter().filter(|post| shown(post).concat().contains("vless://")).collect();
    assert_eq!(
        with_link.len(),
        25,
        "direct messages, answers in every state of the access, and a client changed or adopted"
    );
    for post in with_link {
        assert_eq!(post.content, format!("```\n{LINK}\n```"), "alone");
        assert!(!format!("{post:?}").contains("vless"), "never in a log");
    }
}

#[test]
fn what_is_sent_says_whom_it_rings() {
    let order = gallery::pending(gallery::ORDINARY, false);
    let notice = crate::view::notice::notice(Locale::English, &order, &crate::domain::effect::Notice::Welcome, None);
    let json = serde_json::to_value(notice.message(Some("abc"))).unwrap();
    assert_eq!(json["allowed_mentions"], serde_json::json!({ "parse": [], "users": ["1001"], "roles": [] }));
    assert_eq!((&json["nonce"], &json["enforce_nonce"]), (&"abc".into(), &true.into()));
    let answer = serde_json::to_value(crate::view::order::cancelled(Locale::English).answer()).unwrap();
    assert_eq!((&answer["type"], &answer["data"]["flags"]), (&4.into(), &64.into()));
    assert_eq!(answer["data"]["allowed_mentions"], serde_json::json!({ "parse": [], "users": [], "roles": [] }));
}

#[test]
fn the_digest_is_of_what_is_said() {
    let post = |text: &str| Post::text(text.to_owned());
    assert_eq!(post("a").digest(), post("a").digest());
    assert_ne!(post("a").digest(), post("b").digest());
    assert_ne!(post("a").digest(), post("a").to(MONA).digest());
    assert_eq!(post("a").digest().len(), 64);
}

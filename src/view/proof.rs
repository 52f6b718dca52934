//! What a customer reads about a payment proof, as the answer to `/proof` and in notices.

use crate::domain::{
    ChannelId, UserId,
    order::{Order, ProofRefused},
    picture::PictureRefused,
};

use super::{Locale, Post, text};

/// The proof is with the staff.
pub fn accepted(locale: Locale) -> Post {
    Post::text(locale.say("proof-accepted"))
}

/// The order takes no proof now.
pub fn refused(locale: Locale, why: ProofRefused) -> Post {
    Post::text(refused_text(locale, why))
}

/// The file cannot be taken.
pub fn bad_picture(locale: Locale, why: PictureRefused) -> Post {
    Post::text(picture_text(locale, why))
}

/// The picture was already used for another order.
pub fn duplicate(locale: Locale) -> Post {
    Post::text(locale.say("proof-duplicate"))
}

/// The same, and it cost an attempt.
pub fn attempt_spent(locale: Locale, left: u32) -> Post {
    Post::text(spent_text(locale, left))
}

/// The file could not be fetched from Discord.
pub fn not_fetched(locale: Locale) -> Post {
    Post::text(locale.say("proof-not-fetched"))
}

/// A file in the ticket cannot be written down now, and is not lost.
pub fn kept_for_later(locale: Locale, customer: UserId) -> Post {
    let sentence = locale.say("proof-later");
    let content =
        locale.with("notice-to", &[("customer", text::person(customer).into()), ("sentence", sentence.into())]);
    Post::text(content).to(customer)
}

/// `/proof` from somebody without an order that waits for one.
pub fn no_order(locale: Locale) -> Post {
    Post::text(locale.say("proof-no-order"))
}

/// `/proof` outside the ticket of the order.
pub fn wrong_channel(locale: Locale, order: &Order) -> Post {
    let ticket = order.ticket.channel.map(|channel: ChannelId| text::channel(channel));
    Post::text(match ticket {
        Some(ticket) => locale.with("proof-wrong-channel", &[("ticket", ticket.into())]),
        None => locale.say("proof-no-ticket-yet"),
    })
}

pub(super) fn refused_text(locale: Locale, why: ProofRefused) -> String {
    locale.say(match why {
        ProofRefused::NoMethod => "proof-no-method",
        ProofRefused::NoReference => "proof-no-reference",
        ProofRefused::UnderReview => "proof-under-review",
        ProofRefused::AlreadyApproved => "proof-already-approved",
        ProofRefused::Closed => "proof-closed",
        ProofRefused::NoAttempts => "proof-no-attempts",
        ProofRefused::Blocked => "refusal-blocked",
    })
}

pub(super) fn spent_text(locale: Locale, left: u32) -> String {
    locale.with("proof-attempt-spent", &[("left", left.into())])
}

pub(super) fn picture_text(locale: Locale, why: PictureRefused) -> String {
    locale.say(match why {
        PictureRefused::Empty => "proof-picture-empty",
        PictureRefused::TooLarge => "proof-picture-too-large",
        PictureRefused::TooManyPixels => "proof-picture-too-many-pixels",
        PictureRefused::TooSmall => "proof-picture-too-small",
        PictureRefused::Animated => "proof-picture-animated",
        PictureRefused::Damaged => "proof-picture-damaged",
        PictureRefused::Heic => "proof-picture-heic",
        PictureRefused::Avif => "proof-picture-avif",
        PictureRefused::JpegXl => "proof-picture-jpeg-xl",
        PictureRefused::Bmp => "proof-picture-bmp",
        PictureRefused::Tiff => "proof-picture-tiff",
        PictureRefused::Film => "proof-picture-film",
        PictureRefused::Gif => "proof-picture-gif",
        PictureRefused::Pdf => "proof-picture-pdf",
        PictureRefused::Svg => "proof-picture-svg",
        PictureRefused::NotAPicture => "proof-picture-none",
    })
}

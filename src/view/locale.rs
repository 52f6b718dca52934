//! Languages, and how a text in one is found and filled in. The texts are embedded.

use std::sync::LazyLock;

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use unic_langid::LanguageIdentifier;

/// A language the bot speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Locale {
    #[default]
    English,
}

type Bundle = FluentBundle<FluentResource>;

static ENGLISH: LazyLock<Bundle> = LazyLock::new(|| bundle(Locale::English));

impl Locale {
    pub const ALL: [Self; 1] = [Self::English];

    /// The language as the database and Discord write it.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
        }
    }

    /// The language of an identifier such as `en-GB`, when the bot speaks it.
    pub fn of(language: &LanguageIdentifier) -> Option<Self> {
        Self::ALL.into_iter().find(|locale| locale.tag() == language.language.as_str())
    }

    /// The language for a person: that of their Discord, else the shop's.
    pub fn choose(discord: &str, shop: Self) -> Self {
        discord.parse().ok().and_then(|language| Self::of(&language)).unwrap_or(shop)
    }

    /// The files of this language; the ids in each begin with the file's name.
    pub(super) fn sources(self) -> &'static [(&'static str, &'static str)] {
        macro_rules! files {
            ($language:literal: $($name:literal),+) => {
                &[$(($name, include_str!(concat!("locales/", $language, "/", $name, ".ftl")))),+]
            };
        }
        match self {
            Self::English => files!(
                "en": "admin", "books", "change", "command", "common", "confirmation", "dashboard", "decision", "delivery",
                "desk", "drift", "log", "more", "news", "notice", "order", "outage", "premises", "proof",
                "reason", "reference", "refusal", "refused", "reload", "review", "state", "status", "ticket", "told"
            ),
        }
    }

    fn bundle(self) -> &'static Bundle {
        match self {
            Self::English => &ENGLISH,
        }
    }

    /// A text without arguments.
    pub(super) fn say(self, id: &str) -> String {
        self.with(id, &[])
    }

    /// A text with its arguments filled in. A text that is missing shows its id: a test keeps
    /// every id in every language, so nobody should ever read one.
    pub(super) fn with(self, id: &str, arguments: &[(&str, FluentValue<'_>)]) -> String {
        let bundle = self.bundle();
        debug_assert!(bundle.has_message(id), "no text `{id}` in {self:?}");
        #[cfg(test)]
        super::tests::said(id);
        let Some(pattern) = bundle.get_message(id).and_then(|message| message.value()) else {
            return id.to_owned();
        };
        let arguments: FluentArgs<'_> = arguments.iter().map(|(name, value)| (*name, value.clone())).collect();
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(&arguments), &mut errors).into_owned();
        debug_assert!(errors.is_empty(), "text `{id}` in {self:?}: {errors:?}");
        text
    }
}

fn bundle(locale: Locale) -> Bundle {
    let mut bundle = Bundle::new_concurrent(vec![locale.tag().parse().unwrap_or_default()]);
    // Isolating marks are invisible characters, and people copy what we write. Values in another
    // script stand in code spans or fields of their own, where no direction can spill over.
    bundle.set_use_isolating(false);
    for (_, source) in locale.sources() {
        // A test parses every file; what could be read of a broken one is better than nothing.
        let resource = match FluentResource::try_new((*source).to_owned()) {
            Ok(resource) | Err((resource, _)) => resource,
        };
        bundle.add_resource_overriding(resource);
    }
    bundle
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_persons_language_comes_first_and_the_shops_second() {
        assert_eq!(Locale::choose("en-GB", Locale::English), Locale::English);
        assert_eq!(Locale::choose("pl", Locale::English), Locale::English);
        assert_eq!(Locale::choose("", Locale::English), Locale::English);
        assert_eq!(Locale::of(&"de".parse().unwrap()), None);
    }
}

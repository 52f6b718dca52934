//! The slash commands' own texts, shown by Discord while a person types.

use super::Locale;

/// A command or one of its options that Discord describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Described {
    /// `/order`
    Order,
    /// `/proof`
    Proof,
    /// The picture of `/proof`.
    ProofImage,
    /// `/link`
    Link,
}

impl Described {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Order, Self::Proof, Self::ProofImage, Self::Link];

    /// The name as it is typed; the same in every language.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Proof => "proof",
            Self::ProofImage => "image",
            Self::Link => "link",
        }
    }

    /// The description, at most 100 characters.
    pub fn description(self, locale: Locale) -> String {
        locale.say(match self {
            Self::Order => "command-order",
            Self::Proof => "command-proof",
            Self::ProofImage => "command-proof-image",
            Self::Link => "command-link",
        })
    }
}

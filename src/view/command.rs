//! The slash commands' own texts, shown by Discord while a person types. Names are the same in
//! every language: they are what people tell each other to type.

use super::Locale;

/// Every command and option with the id of its text. A command stands as it is typed; an option
/// stands behind its command, or behind the group where it means the same in all of its commands.
const TEXTS: &[(&str, &str)] = &[
    ("order", "command-order"),
    ("proof", "command-proof"),
    ("proof image", "command-proof-image"),
    ("link", "command-link"),
    ("admin", "command-admin"),
    ("admin user", "command-admin-user"),
    ("admin subscription", "command-admin-subscription"),
    ("admin user-info", "command-admin-user-info"),
];

/// What Discord says beside a command, given as it is typed, or beside one of its options.
pub fn description(locale: Locale, command: &str, option: Option<&str>) -> Option<String> {
    let text = |path: &str| TEXTS.iter().find(|(of, _)| *of == path).map(|(_, id)| locale.say(id));
    let Some(option) = option else { return text(command) };
    let group = command.split(' ').next().unwrap_or_default();
    text(&format!("{command} {option}")).or_else(|| text(&format!("{group} {option}")))
}

/// All descriptions, for whoever looks whether they fit.
#[cfg(test)]
pub(super) fn all(locale: Locale) -> Vec<String> {
    TEXTS.iter().map(|(_, id)| locale.say(id)).collect()
}

//! The slash commands, and the texts that Discord shows beside them.

use serenity::all::CreateCommand;

use super::{Error, Host, admin, link, order, payment, shop_locale};
use crate::{
    config::Config,
    view::{Locale, command::description},
};

/// The commands as Discord is told about them.
pub fn registrations(config: &Config) -> Vec<CreateCommand> {
    poise::builtins::create_application_commands(&commands(shop_locale(config)))
}

/// The slash commands, with the texts that Discord shows beside them.
pub(super) fn commands(locale: Locale) -> Vec<poise::Command<Host, Error>> {
    let mut commands = vec![order::order(), payment::proof(), link::link(), admin::admin()];
    for command in &mut commands {
        describe(command, None, locale);
    }
    commands
}

/// Puts the texts beside a command, its options and the commands below it.
fn describe(command: &mut poise::Command<Host, Error>, group: Option<&str>, locale: Locale) {
    let path = group.map_or_else(|| command.name.to_string(), |group| format!("{group} {}", command.name));
    command.description = description(locale, &path, None).map(Into::into);
    for parameter in &mut command.parameters {
        parameter.description = description(locale, &path, Some(&parameter.name)).map(Into::into);
    }
    for below in &mut command.subcommands {
        describe(below, Some(&path), locale);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// What Discord counts of a command: the names, descriptions and values of the command, of its
    /// options at every depth and of their choices ("Application Commands", Registering a Command).
    fn counted(part: &Value) -> usize {
        let own = ["name", "description", "value"].map(|key| part[key].as_str().map_or(0, |text| text.chars().count()));
        let below = ["options", "choices"].map(|key| part[key].as_array().into_iter().flatten().map(counted).sum());
        own.into_iter().chain(below).sum()
    }

    /// The longest list of options or choices anywhere in a command.
    fn longest(part: &Value) -> usize {
        let lists = ["options", "choices"].map(|key| part[key].as_array().map_or(&[][..], Vec::as_slice));
        let below = lists.iter().copied().flatten().map(longest).max().unwrap_or(0);
        lists.iter().map(|list| list.len()).max().unwrap_or(0).max(below)
    }

    #[test]
    fn discord_takes_every_command() {
        for locale in Locale::ALL {
            let made = poise::builtins::create_application_commands(&commands(locale));
            for command in made {
                let command = serde_json::to_value(command).unwrap();
                let (characters, entries) = (counted(&command), longest(&command));
                assert!(characters <= 8000, "{} has {characters} of 8000 characters", command["name"]);
                assert!(entries <= 25, "{} has {entries} of 25 options in one place", command["name"]);
                assert!(characters > 20, "{command}");
            }
        }
    }
}

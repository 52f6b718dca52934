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
    ("admin user-create", "command-admin-user-create"),
    ("admin user-create user", "command-admin-user-create-user"),
    ("admin user-create plan", "command-admin-user-create-plan"),
    ("admin user-create amount", "command-admin-user-create-amount"),
    ("admin user-create note", "command-admin-user-create-note"),
    ("admin user-disable", "command-admin-user-disable"),
    ("admin user-enable", "command-admin-user-enable"),
    ("admin user-edit-traffic", "command-admin-user-edit-traffic"),
    ("admin user-edit-traffic gigabytes", "command-admin-user-edit-traffic-gigabytes"),
    ("admin user-extend", "command-admin-user-extend"),
    ("admin user-extend days", "command-admin-user-extend-days"),
    ("admin user-reset-traffic", "command-admin-user-reset-traffic"),
    ("admin user-rotate", "command-admin-user-rotate"),
    ("admin user-delete", "command-admin-user-delete"),
    ("admin user-adopt", "command-admin-user-adopt"),
    ("admin user-adopt email", "command-admin-user-adopt-email"),
    ("admin user-adopt user", "command-admin-user-adopt-user"),
    ("admin user-adopt panel", "command-admin-user-adopt-panel"),
    ("admin order-reverse", "command-admin-order-reverse"),
    ("admin order-reverse order", "command-admin-order-reverse-order"),
    ("admin order-reverse reason", "command-admin-order-reverse-reason"),
    ("admin user-resend", "command-admin-user-resend"),
    ("admin pending", "command-admin-pending"),
    ("admin order", "command-admin-order"),
    ("admin order order", "command-admin-order-order"),
    ("admin block", "command-admin-block"),
    ("admin block reason", "command-admin-block-reason"),
    ("admin unblock", "command-admin-unblock"),
    ("admin unblock customer", "command-admin-unblock-customer"),
    ("admin audit", "command-admin-audit"),
    ("admin audit by", "command-admin-audit-by"),
    ("admin audit action", "command-admin-audit-action"),
    ("admin audit target", "command-admin-audit-target"),
    ("admin audit period", "command-admin-audit-period"),
    ("admin drift", "command-admin-drift"),
    ("admin status", "command-admin-status"),
    ("admin reload", "command-admin-reload"),
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

//! What people see: messages with their embeds, components and files, and the same as plain text.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::Value;

use super::state::{Id, Kind, LOADING, State, Stored};

/// A file of a message, with its bytes.
#[derive(Debug, Clone)]
pub struct Attachment {
    pub id: Id,
    pub filename: String,
    /// The content type derived from the name.
    pub content_type: Option<&'static str>,
    pub bytes: Arc<[u8]>,
    /// Shown by an embed, and so not listed on its own.
    pub in_embed: bool,
    /// Its signed address at the time of looking.
    pub url: String,
}

/// A message as it was when somebody looked.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Debug, Clone)]
pub struct Message {
    pub id: Id,
    pub channel: Id,
    pub author: Id,
    /// Whether the bot wrote it.
    pub by_bot: bool,
    /// Its text as sent, mentions not resolved.
    pub content: String,
    pub embeds: Vec<Value>,
    /// Its rows of components as sent.
    pub components: Vec<Value>,
    pub attachments: Vec<Attachment>,
    pub edited: bool,
    /// Only one person sees it.
    pub ephemeral: bool,
    pub thinking: bool,
    /// When it was created, in milliseconds since 1970.
    pub created: u64,
    pub mentions: Vec<Id>,
    pub mention_roles: Vec<Id>,
    /// The nonce it was sent with; REST never shows it.
    pub nonce: Option<Value>,
    pub interaction: Option<Id>,
    names: Arc<HashMap<Id, String>>,
}

impl State {
    /// A copy of a message for looking at.
    pub(super) fn view(&self, message: &Stored) -> Message {
        let listed: Vec<Id> = message.shown_files().map(|file| file.id).collect();
        let attachments = message.files.iter().map(|file| Attachment {
            id: file.id,
            filename: file.filename.clone(),
            content_type: super::wire::content_type(&file.filename),
            bytes: Arc::clone(&file.bytes),
            in_embed: !listed.contains(&file.id),
            url: self.file_url(file, super::wire::CDN),
        });
        Message {
            id: message.id,
            channel: message.channel,
            author: message.author,
            by_bot: message.author == self.bot,
            content: message.content.clone(),
            embeds: message.embeds.clone(),
            components: message.components.clone(),
            attachments: attachments.collect(),
            edited: message.edited.is_some(),
            ephemeral: message.only_for.is_some(),
            thinking: message.flags & LOADING != 0,
            created: message.created,
            mentions: message.mentions.clone(),
            mention_roles: message.mention_roles.clone(),
            nonce: message.nonce.clone(),
            interaction: message.interaction,
            names: Arc::clone(&self.names),
        }
    }

    /// What a person sees in a channel, oldest first: nothing without the permissions, other people's ephemeral
    /// answers never.
    pub(super) fn seen_by(&self, person: Id, channel: Id) -> Vec<Message> {
        let Some(at) = self.channels.get(&channel) else { return Vec::new() };
        let wanted = super::permission::VIEW_CHANNEL | super::permission::READ_MESSAGE_HISTORY;
        let history = super::permission::may(self, person, at, wanted);
        if !self.person_sees(person, channel) {
            return Vec::new();
        }
        let all = self.messages.get(&channel).into_iter().flat_map(|all| all.values());
        all.filter(|m| m.only_for.map_or(history, |only| only == person)).map(|m| self.view(m)).collect()
    }

    /// The direct conversation of a person with the bot, oldest first.
    pub(super) fn dms_of(&self, person: Id) -> Vec<Message> {
        let channel = self.channels.values().find(|at| at.kind == Kind::Dm && at.recipient == Some(person));
        channel.map(|at| self.seen_by(person, at.id)).unwrap_or_default()
    }
}

/// A button or select of a message.
#[derive(Debug, Clone)]
pub struct Component {
    /// 2 button, 3 select of strings, 5 to 8 the other selects.
    pub kind: u64,
    /// What the bot gets back.
    pub custom_id: Option<String>,
    /// A button's label, or a select's placeholder.
    pub label: String,
    pub disabled: bool,
    /// Where a link button leads.
    pub url: Option<String>,
    /// Labels and values of a select's options.
    pub options: Vec<(String, String)>,
    /// How many values may be chosen.
    pub values: (usize, usize),
}

impl Message {
    /// Its buttons and selects in reading order.
    pub fn parts(&self) -> Vec<Component> {
        let children = self.components.iter().flat_map(|row| row["components"].as_array().into_iter().flatten());
        children.map(component).collect()
    }

    /// The button or select with this label, placeholder or `custom_id`.
    pub fn part(&self, label: &str) -> Option<Component> {
        self.parts().into_iter().find(|part| part.label == label || part.custom_id.as_deref() == Some(label))
    }

    /// The labels of its buttons.
    pub fn buttons(&self) -> Vec<String> {
        self.parts().into_iter().filter(|part| part.kind == 2).map(|part| part.label).collect()
    }

    /// Whether any text of it (content, embeds, labels) contains this.
    pub fn contains(&self, text: &str) -> bool {
        self.render_text().contains(text)
    }

    /// Content with mentions, channels and times readable.
    pub fn text(&self) -> String {
        self.resolve(&self.content)
    }

    /// All of it as plain text: ids become names, times become `<time>` with their style, so that the same
    /// conversation always reads the same.
    pub fn render_text(&self) -> String {
        let mut out = String::new();
        if self.thinking {
            out.push_str("… is thinking\n");
        }
        if !self.content.is_empty() {
            let _ = writeln!(out, "{}", self.resolve(&self.content));
        }
        for embed in &self.embeds {
            self.render_embed(&mut out, embed);
        }
        for file in self.attachments.iter().filter(|file| !file.in_embed) {
            let _ = writeln!(out, "📎 {}", file.filename);
        }
        for row in &self.components {
            let cells = row["components"].as_array().into_iter().flatten().map(|child| render(&component(child)));
            let _ = writeln!(out, "{}", cells.collect::<Vec<_>>().join(" "));
        }
        out.truncate(out.trim_end().len());
        out
    }

    fn render_embed(&self, out: &mut String, embed: &Value) {
        let text = |value: &Value| value.as_str().map(|text| self.resolve(text));
        let mut lines = Vec::new();
        lines.extend(text(&embed["author"]["name"]));
        lines.extend(text(&embed["title"]).map(|title| format!("**{title}**")));
        lines.extend(text(&embed["description"]));
        for field in embed["fields"].as_array().into_iter().flatten() {
            let (name, value) = (text(&field["name"]).unwrap_or_default(), text(&field["value"]).unwrap_or_default());
            let gap = if value.contains('\n') { "\n" } else { " " };
            lines.push(format!("{name}:{gap}{value}"));
        }
        lines.extend(embed["image"]["url"].as_str().map(|url| format!("[image {}]", short(url))));
        lines.extend(embed["thumbnail"]["url"].as_str().map(|url| format!("[thumbnail {}]", short(url))));
        lines.extend(text(&embed["footer"]["text"]).map(|footer| format!("({footer})")));
        for line in lines.iter().flat_map(|line| line.lines()) {
            let _ = writeln!(out, "│ {line}");
        }
    }

    /// Replaces `<@id>`, `<@&id>`, `<#id>` by names and `<t:…:R>` by `<time R>`.
    fn resolve(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(start) = rest.find('<') {
            out.push_str(&rest[..start]);
            rest = &rest[start..];
            let token = rest.find('>').map(|end| &rest[..=end]);
            if let Some((token, name)) = token.and_then(|token| Some((token, self.token(token)?))) {
                out.push_str(&name);
                rest = &rest[token.len()..];
            } else {
                out.push('<');
                rest = &rest[1..];
            }
        }
        out.push_str(rest);
        out
    }

    fn token(&self, token: &str) -> Option<String> {
        let inside = token.strip_prefix('<')?.strip_suffix('>')?;
        if let Some(time) = inside.strip_prefix("t:") {
            let style = time.split_once(':').map_or("f", |(_, style)| style);
            return Some(format!("<time {style}>"));
        }
        let (sign, id) = if let Some(id) = inside.strip_prefix("@&") {
            ('@', id)
        } else if let Some(id) = inside.strip_prefix('@') {
            ('@', id.trim_start_matches('!'))
        } else {
            ('#', inside.strip_prefix('#')?)
        };
        let id: Id = id.parse().ok()?;
        let name = self.names.get(&id).map_or("unknown", String::as_str);
        Some(format!("{sign}{name}"))
    }
}

fn short(url: &str) -> &str {
    url.strip_prefix("attachment://").unwrap_or(url)
}

fn component(child: &Value) -> Component {
    let text = |key: &str| child[key].as_str().map(str::to_owned);
    let number = |key: &str| child[key].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(1);
    let options = child["options"].as_array().into_iter().flatten();
    let name = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let label =
        text("label").or_else(|| text("placeholder")).or_else(|| child["emoji"]["name"].as_str().map(Into::into));
    Component {
        kind: child["type"].as_u64().unwrap_or(0),
        custom_id: text("custom_id"),
        label: label.unwrap_or_default(),
        disabled: child["disabled"] == true,
        url: text("url"),
        options: options.map(|option| (name(&option["label"]), name(&option["value"]))).collect(),
        values: (number("min_values"), number("max_values")),
    }
}

fn render(part: &Component) -> String {
    let off = if part.disabled { " (disabled)" } else { "" };
    match (&part.url, part.kind) {
        (Some(_), _) => format!("[{} ↗]", part.label),
        (None, 2) => format!("[{}{off}]", part.label),
        (None, 3) => {
            let options: Vec<&str> = part.options.iter().map(|(label, _)| label.as_str()).collect();
            format!("[{} ▾{off}: {}]", part.label, options.join(" | "))
        }
        (None, _) => format!("[{} ▾{off}]", part.label),
    }
}

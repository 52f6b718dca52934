//! A message before it is sent: plain data, so that tests can read it.

use std::fmt;

use crate::domain::{RoleId, UserId, button::Button};

use super::Marker;

#[derive(Clone, Default, PartialEq, Eq)]
pub struct Post {
    /// The text; on a phone this is what the notification shows and what "Copy Text" copies.
    pub content: String,
    /// The boxes below it, at most 10.
    pub embeds: Vec<Embed>,
    /// The rows of buttons and menus, at most 5.
    pub rows: Vec<Row>,
    pub files: Vec<File>,
    /// The people whose phones may ring.
    pub mentions: Vec<UserId>,
    /// The one role whose people's phones may ring.
    pub role: Option<RoleId>,
}

/// Posts carry links; a log must not.
impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Post")
            .field("embeds", &self.embeds.len())
            .field("rows", &self.rows.len())
            .field("files", &self.files.len())
            .finish_non_exhaustive()
    }
}

/// A box in a message.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Embed {
    /// The colour of its edge.
    pub tone: Tone,
    /// The headline, at most 256.
    pub title: String,
    /// The text, at most 4096.
    pub body: String,
    /// Names and values, at most 25.
    pub fields: Vec<Field>,
    /// The name of the file shown as its picture.
    pub image: Option<String>,
    /// The small line at the end; shows no markdown.
    pub footer: Option<String>,
}

/// A name and a value in an embed.
#[derive(Clone, PartialEq, Eq)]
pub struct Field {
    /// At most 256.
    pub name: String,
    /// At most 1024, never empty.
    pub value: String,
    /// Whether others may stand beside it.
    pub inline: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tone {
    /// Something is asked of the reader.
    #[default]
    Ask,
    /// Somebody else is at work.
    Wait,
    Good,
    Bad,
    Over,
}

/// One row below a message.
#[derive(Clone, PartialEq, Eq)]
pub enum Row {
    Buttons(Vec<Press>),
    Menu(Menu),
}

#[derive(Clone, PartialEq, Eq)]
pub enum Press {
    Ours {
        button: Button,
        /// What it says, at most 80.
        label: String,
        tone: Tone,
    },
    Link {
        /// The page, at most 512.
        url: String,
        /// What it says, at most 80.
        label: String,
    },
}

/// A menu of which one entry is chosen.
#[derive(Clone, PartialEq, Eq)]
pub struct Menu {
    pub button: Button,
    /// What it says before anything is chosen, at most 150.
    pub placeholder: String,
    /// The entries, 1 to 25.
    pub options: Vec<Entry>,
}

/// An entry of a menu.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// What comes back, at most 100.
    pub value: String,
    /// What it says, at most 100.
    pub label: String,
    /// The small line below it, at most 100.
    pub description: Option<String>,
    /// Whether it is the one chosen now.
    pub chosen: bool,
}

#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// Its name; an embed shows it as `attachment://NAME`.
    pub name: String,
    pub bytes: Vec<u8>,
}

/// A form with one field to type in.
#[derive(Clone, PartialEq, Eq)]
pub struct Modal {
    pub button: Button,
    /// The headline, at most 45.
    pub title: String,
    /// The name of the field, at most 45.
    pub label: String,
    /// What stands in the empty field, at most 100.
    pub placeholder: String,
    /// The most that can be typed.
    pub max: u16,
}

impl Modal {
    /// The `custom_id` of the field that is typed into.
    pub const FIELD: &'static str = "text";

    /// What is at most this long is typed on one line.
    pub const ONE_LINE: u16 = 100;
}

impl Post {
    /// Discord shows this many entries in a menu.
    pub const MENU_MAX: usize = 25;

    /// A message of one text.
    pub fn text(content: String) -> Self {
        Self { content, ..Self::default() }
    }

    /// A message of one box.
    pub fn embed(embed: Embed) -> Self {
        Self { embeds: vec![embed], ..Self::default() }
    }

    /// With another row; a row without anything in it is left out, Discord refuses those.
    #[must_use]
    pub fn row(mut self, row: Row) -> Self {
        let empty = match &row {
            Row::Buttons(buttons) => buttons.is_empty(),
            Row::Menu(menu) => menu.options.is_empty(),
        };
        if !empty {
            self.rows.push(row);
        }
        self
    }

    #[must_use]
    pub fn file(mut self, file: File) -> Self {
        self.files.push(file);
        self
    }

    /// With no picture in its boxes, for a picture that cannot be had.
    #[must_use]
    pub fn without_picture(mut self) -> Self {
        self.embeds.iter_mut().for_each(|embed| embed.image = None);
        self
    }

    /// Whether somebody is asked to press something: a link leads away and asks nothing.
    pub fn asks(&self) -> bool {
        self.rows.iter().any(|row| match row {
            Row::Buttons(buttons) => buttons.iter().any(|button| matches!(button, Press::Ours { .. })),
            Row::Menu(_) => true,
        })
    }

    /// Addressed to one person, whose phone rings.
    #[must_use]
    pub fn to(mut self, user: UserId) -> Self {
        self.mentions = vec![user];
        self
    }

    /// Addressed to one person by name, in front of the text.
    #[must_use]
    pub fn calling(mut self, user: UserId) -> Self {
        self.content = format!("{}\n{}", super::text::person(user), self.content);
        self.to(user)
    }

    /// Addressed to each of these people by name, in front of the text.
    #[must_use]
    pub fn calling_all(mut self, users: &[UserId]) -> Self {
        if !users.is_empty() {
            let names: Vec<_> = users.iter().map(|user| super::text::person(*user)).collect();
            self.content = format!("{}\n{}", names.join(" "), self.content);
            self.mentions = users.to_vec();
        }
        self
    }

    /// Addressed to everybody with a role, in front of the text.
    #[must_use]
    pub fn calling_role(mut self, role: RoleId) -> Self {
        self.content = format!("{}\n{}", super::text::role(role), self.content);
        self.role = Some(role);
        self
    }

    /// With a marker: in the first box's footer, else as a small last line.
    #[must_use]
    pub fn marked(mut self, marker: &Marker) -> Self {
        match self.embeds.first_mut() {
            Some(embed) => embed.footer = Some(marker.to_string()),
            None => self.content = format!("{}\n{}{marker}", self.content, Marker::SMALL),
        }
        self
    }
}

impl Embed {
    /// A box of a colour and a headline.
    pub fn new(tone: Tone, title: String) -> Self {
        Self { tone, title, ..Self::default() }
    }

    #[must_use]
    pub fn body(mut self, body: String) -> Self {
        self.body = body;
        self
    }

    /// With a value on a line of its own.
    #[must_use]
    pub fn field(mut self, name: String, value: String) -> Self {
        self.fields.push(Field { name, value, inline: false });
        self
    }

    /// With a short value that others may stand beside.
    #[must_use]
    pub fn short(mut self, name: String, value: String) -> Self {
        self.fields.push(Field { name, value, inline: true });
        self
    }

    /// With a file of the same post as its picture.
    #[must_use]
    pub fn picture(mut self, file: &str) -> Self {
        self.image = Some(file.to_owned());
        self
    }
}

impl Tone {
    /// The colour, as 0xRRGGBB; readable on Discord's dark and light.
    pub fn colour(self) -> u32 {
        match self {
            Self::Ask => 0x0058_65F2,
            Self::Wait => 0x00E6_A23C,
            Self::Good => 0x002E_A043,
            Self::Bad => 0x00D8_3C3E,
            Self::Over => 0x0080_848E,
        }
    }
}

impl Press {
    pub fn ours(button: Button, label: String, tone: Tone) -> Self {
        Self::Ours { button, label, tone }
    }
}

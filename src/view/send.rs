//! From a [`Post`] to what serenity sends. Every one of these says whom it may ring: nobody, or
//! those that the post is addressed to.

use serenity::all::{
    ButtonStyle, CreateActionRow, CreateAllowedMentions, CreateAttachment, CreateButton, CreateEmbed,
    CreateEmbedFooter, CreateInputText, CreateInteractionResponse, CreateInteractionResponseFollowup,
    CreateInteractionResponseMessage, CreateMessage, CreateModal, CreateSelectMenu, CreateSelectMenuKind,
    CreateSelectMenuOption, EditInteractionResponse, EditMessage, InputTextStyle, Nonce,
};
use sha2::{Digest, Sha256};

use super::post::{Embed, File, Menu, Modal, Post, Press, Row, Tone};

impl Post {
    /// A new message. A nonce (at most 25 characters) makes Discord itself drop a quick second
    /// copy of the same message.
    pub fn message(self, nonce: Option<&str>) -> CreateMessage {
        let mut message = CreateMessage::new()
            .allowed_mentions(self.mentions())
            .embeds(self.embeds.iter().map(embed).collect())
            .components(self.components());
        if !self.content.is_empty() {
            message = message.content(self.content);
        }
        if let Some(nonce) = nonce {
            message = message.nonce(Nonce::String(nonce.to_owned())).enforce_nonce(true);
        }
        message.files(self.files.into_iter().map(attachment))
    }

    /// The same message, changed. Files that are there stay unless the post has files of its own,
    /// which then replace them.
    pub fn edit(self) -> EditMessage {
        let message = self.edit_without_files();
        self.files.into_iter().map(attachment).fold(message, EditMessage::new_attachment)
    }

    /// An answer that only the person who asked sees (type 4, ephemeral).
    pub fn answer(self) -> CreateInteractionResponse {
        CreateInteractionResponse::Message(self.response().ephemeral(true))
    }

    /// The message under the pressed button becomes this one (type 7).
    pub fn update(self) -> CreateInteractionResponse {
        CreateInteractionResponse::UpdateMessage(self.response())
    }

    /// A deferred or earlier answer becomes this one.
    pub fn edit_answer(self) -> EditInteractionResponse {
        let answer = EditInteractionResponse::new()
            .allowed_mentions(self.mentions())
            .content(self.content.clone())
            .embeds(self.embeds.iter().map(embed).collect())
            .components(self.components());
        self.files.into_iter().map(attachment).fold(answer, EditInteractionResponse::new_attachment)
    }

    /// One more answer that only the person who asked sees.
    pub fn followup(self) -> CreateInteractionResponseFollowup {
        CreateInteractionResponseFollowup::new()
            .allowed_mentions(self.mentions())
            .content(self.content.clone())
            .embeds(self.embeds.iter().map(embed).collect())
            .components(self.components())
            .files(self.files.into_iter().map(attachment))
            .ephemeral(true)
    }

    /// A digest of what the message says: as long as it stays the same, an edit changes nothing.
    /// Files are left out: an edit of a card carries none and must not look like a change.
    pub fn digest(&self) -> String {
        // Serialising into memory cannot fail; an empty text would only cost one needless edit.
        let json = serde_json::to_vec(&self.edit_without_files()).unwrap_or_default();
        data_encoding::HEXLOWER.encode(&Sha256::digest(&json))
    }

    fn edit_without_files(&self) -> EditMessage {
        EditMessage::new()
            .allowed_mentions(self.mentions())
            .content(self.content.clone())
            .embeds(self.embeds.iter().map(embed).collect())
            .components(self.components())
    }

    fn response(self) -> CreateInteractionResponseMessage {
        CreateInteractionResponseMessage::new()
            .allowed_mentions(self.mentions())
            .content(self.content.clone())
            .embeds(self.embeds.iter().map(embed).collect())
            .components(self.components())
            .files(self.files.into_iter().map(attachment))
    }

    fn mentions(&self) -> CreateAllowedMentions {
        // An id of 0 is nobody's, and serenity's own id type cannot hold it.
        let users = self.mentions.iter().filter(|user| user.0 != 0).map(|user| serenity::all::UserId::new(user.0));
        let role = self.role.filter(|role| role.0 != 0).map(|role| serenity::all::RoleId::new(role.0));
        CreateAllowedMentions::new().users(users).roles(role)
    }

    fn components(&self) -> Vec<CreateActionRow> {
        self.rows.iter().map(row).collect()
    }
}

impl Modal {
    /// The answer that opens the form.
    pub fn answer(self) -> CreateInteractionResponse {
        let style = if self.max <= Self::ONE_LINE { InputTextStyle::Short } else { InputTextStyle::Paragraph };
        let field = CreateInputText::new(style, self.label, Self::FIELD)
            .placeholder(self.placeholder)
            .max_length(self.max)
            .required(true);
        let modal =
            CreateModal::new(self.button.to_string(), self.title).components(vec![CreateActionRow::InputText(field)]);
        CreateInteractionResponse::Modal(modal)
    }
}

fn embed(embed: &Embed) -> CreateEmbed {
    let mut made = CreateEmbed::new()
        .colour(embed.tone.colour())
        .title(embed.title.clone())
        .fields(embed.fields.iter().map(|field| (field.name.clone(), field.value.clone(), field.inline)));
    if !embed.body.is_empty() {
        made = made.description(embed.body.clone());
    }
    if let Some(file) = &embed.image {
        made = made.attachment(file);
    }
    if let Some(footer) = &embed.footer {
        made = made.footer(CreateEmbedFooter::new(footer));
    }
    made
}

fn row(row: &Row) -> CreateActionRow {
    match row {
        Row::Buttons(buttons) => CreateActionRow::Buttons(buttons.iter().map(button).collect()),
        Row::Menu(menu) => CreateActionRow::SelectMenu(select(menu)),
    }
}

fn button(press: &Press) -> CreateButton {
    match press {
        Press::Ours { button, label, tone } => CreateButton::new(button.to_string()).label(label).style(match tone {
            Tone::Ask => ButtonStyle::Primary,
            Tone::Good => ButtonStyle::Success,
            Tone::Bad => ButtonStyle::Danger,
            Tone::Wait | Tone::Over => ButtonStyle::Secondary,
        }),
        Press::Link { url, label } => CreateButton::new_link(url).label(label),
    }
}

fn select(menu: &Menu) -> CreateSelectMenu {
    let options = menu
        .options
        .iter()
        .map(|entry| {
            let option = CreateSelectMenuOption::new(&entry.label, &entry.value).default_selection(entry.chosen);
            match &entry.description {
                Some(description) => option.description(description),
                None => option,
            }
        })
        .collect();
    CreateSelectMenu::new(menu.button.to_string(), CreateSelectMenuKind::String { options })
        .placeholder(&menu.placeholder)
}

fn attachment(file: File) -> CreateAttachment {
    CreateAttachment::bytes(file.bytes, file.name)
}

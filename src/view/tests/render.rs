//! A post as plain text, about as a person sees it; markdown is left as it is sent.

use std::fmt::Write;

use crate::view::{Embed, Modal, Post, Press, Row};

/// The post as text for snapshots.
pub(super) fn read(post: &Post) -> String {
    let mut out = String::new();
    for user in &post.mentions {
        writeln!(out, "(rings {user})").unwrap();
    }
    if !post.content.is_empty() {
        writeln!(out, "{}", post.content).unwrap();
    }
    for embed in &post.embeds {
        read_embed(&mut out, embed);
    }
    for row in &post.rows {
        read_row(&mut out, row);
    }
    for file in &post.files {
        writeln!(out, "(file {})", file.name).unwrap();
    }
    out
}

pub(super) fn read_modal(modal: &Modal) -> String {
    format!("# {}\n{}: [{}] (at most {})", modal.title, modal.label, modal.placeholder, modal.max)
}

fn read_embed(out: &mut String, embed: &Embed) {
    writeln!(out, "| {:?}: {}", embed.tone, embed.title).unwrap();
    for line in embed.body.lines() {
        writeln!(out, "| {line}").unwrap();
    }
    for field in &embed.fields {
        let value = field.value.replace('\n', "\n|   ");
        let gap = if value.contains('\n') { "\n|   " } else { " " };
        writeln!(out, "| {}:{gap}{value}", field.name).unwrap();
    }
    if let Some(image) = &embed.image {
        writeln!(out, "| (picture {image})").unwrap();
    }
    if let Some(footer) = &embed.footer {
        writeln!(out, "| -- {footer}").unwrap();
    }
}

fn read_row(out: &mut String, row: &Row) {
    let line = match row {
        Row::Buttons(buttons) => buttons.iter().map(read_button).collect::<Vec<_>>().join(" "),
        Row::Menu(menu) => {
            let mut text = format!("[{} v]", menu.placeholder);
            for entry in &menu.options {
                let mark = if entry.chosen { "x" } else { "-" };
                write!(text, "\n  {mark} {}", entry.label).unwrap();
                if let Some(description) = &entry.description {
                    write!(text, " | {description}").unwrap();
                }
            }
            text
        }
    };
    writeln!(out, "{line}").unwrap();
}

fn read_button(press: &Press) -> String {
    match press {
        Press::Ours { label, .. } => format!("[{label}]"),
        Press::Link { label, url } => format!("[{label} -> {url}]"),
    }
}

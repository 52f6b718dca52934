//! Every id in the code is in every language, every id of a language is in the code, and all of
//! them format with the arguments the code gives them.

use std::{collections::BTreeSet, fs, path::Path};

use fluent_bundle::FluentResource;

use super::{SAID, gallery};
use crate::{
    domain::discord_error::Refused,
    view::{Locale, command, text},
};

/// The ids of a language, each beginning with its file's name.
fn ids(locale: Locale) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for (file, source) in locale.sources() {
        let parsed = FluentResource::try_new((*source).to_owned()).map_err(|(_, errors)| errors);
        assert!(parsed.is_ok(), "{file}.ftl: {:?}", parsed.err());
        for line in source.lines() {
            let Some((id, _)) = line.split_once(" =") else { continue };
            if id.starts_with(|c: char| c.is_ascii_lowercase()) {
                assert!(id.starts_with(&format!("{file}-")), "{id} does not belong into {file}.ftl");
                assert!(ids.insert(id.to_owned()), "{id} stands twice");
            }
        }
    }
    ids
}

/// The string literals of the code that look like ids: a file's name, then more words.
fn ids_in_code() -> BTreeSet<String> {
    let files: Vec<&str> = Locale::English.sources().iter().map(|(file, _)| *file).collect();
    let is_id = |text: &&str| {
        let file = text.split_once('-').map(|(file, _)| file);
        file.is_some_and(|file| files.contains(&file))
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    // Why Discord refused something has a text for each cause, by the cause's name.
    let mut ids: BTreeSet<_> = Refused::ALL.map(|why| format!("refused-{}", why.as_str())).into();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/view")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("tests") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let source = fs::read_to_string(path).unwrap();
                ids.extend(source.split('"').filter(is_id).map(str::to_owned));
            }
        }
    }
    ids
}

#[test]
fn code_and_languages_know_the_same_texts() {
    let code = ids_in_code();
    assert!(code.len() > 100, "only {} ids were found in the code", code.len());
    for locale in Locale::ALL {
        let texts = ids(locale);
        let missing: Vec<_> = code.difference(&texts).collect();
        let orphans: Vec<_> = texts.difference(&code).collect();
        assert!(missing.is_empty() && orphans.is_empty(), "{locale:?} lacks {missing:?}, nobody says {orphans:?}");
    }
}

#[test]
fn every_text_formats_with_its_arguments() {
    for locale in Locale::ALL {
        SAID.take();
        // A text that does not format fails a debug assertion.
        gallery::posts(locale, gallery::ORDINARY);
        let unsaid: Vec<_> = ids(locale).difference(&SAID.take()).cloned().collect();
        assert!(unsaid.is_empty(), "the gallery never shows {unsaid:?}");
    }
}

#[test]
fn descriptions_of_commands_fit() {
    for locale in Locale::ALL {
        for description in command::all(locale) {
            assert!((1..=100).contains(&text::length(&description)), "{description}");
        }
    }
}

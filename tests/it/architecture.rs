//! Who may import whom, and the absences that matter. The rules stand in `src/lib.rs`.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// What each part may import of ours.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("clock", &["domain"]),
    ("telemetry", &["domain", "config", "clock"]),
    ("config", &["domain"]),
    ("db", &["domain"]),
    ("panel", &["domain"]),
    ("proof", &["domain"]),
    ("view", &["domain"]),
    ("error_digest", &["domain", "clock"]),
    ("limits", &["domain", "config", "clock"]),
    ("current_config", &["domain", "config", "db"]),
    (
        "effects",
        &[
            "domain",
            "db",
            "panel",
            "view",
            "proof",
            "error_digest",
            "config",
            "current_config",
            "clock",
            "telemetry",
            "guild_setup",
            "drift",
        ],
    ),
    ("tasks", &["domain", "db", "panel", "effects", "limits", "config", "clock", "telemetry"]),
    (
        "bot",
        &[
            "domain",
            "db",
            "view",
            "panel",
            "proof",
            "error_digest",
            "limits",
            "config",
            "current_config",
            "clock",
            "telemetry",
            "guild_setup",
            "drift",
        ],
    ),
    (
        "ops",
        &["domain", "db", "panel", "view", "proof", "config", "clock", "telemetry", "panels", "discord", "guild_setup"],
    ),
    (
        "app",
        &[
            "bot",
            "supervisor",
            "discord",
            "panels",
            "guild_setup",
            "tasks",
            "effects",
            "error_digest",
            "limits",
            "current_config",
            "domain",
            "db",
            "panel",
            "proof",
            "config",
            "clock",
            "telemetry",
            "view",
        ],
    ),
    ("discord", &["bot", "config", "domain"]),
    ("panels", &["panel", "config", "clock"]),
    ("guild_setup", &["config", "domain"]),
    ("drift", &["domain", "db", "panel"]),
    ("supervisor", &["effects", "panel", "guild_setup"]),
    ("sandbox::broken", &[]),
    ("sandbox::discord", &[]),
    ("sandbox::shop", &["app", "current_config", "clock", "sandbox"]),
    ("sandbox::panel", &[]),
    ("sandbox::tour", &["app", "config", "db", "clock", "domain", "sandbox"]),
];

/// The program's own entrance, which puts everything together, and the crate's list of modules.
const MAY_IMPORT_ALL: &[&str] = &["main", "lib", "cli", "sandbox"];

struct Source {
    path: PathBuf,
    part: String,
    /// The text without its tests and its comments.
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(source(&root, path));
            }
        }
    }
    assert!(found.len() > 50, "the sources were not found");
    found
}

fn source(root: &Path, path: PathBuf) -> Source {
    let relative = path.strip_prefix(root).unwrap().with_extension("");
    let names: Vec<_> = relative.iter().map(|name| name.to_str().unwrap().to_owned()).collect();
    let part = match names.as_slice() {
        [first, second, ..] if first == "sandbox" && second != "mod" => format!("sandbox::{second}"),
        [first, ..] => first.clone(),
        [] => unreachable!("a path has a name"),
    };
    let text = fs::read_to_string(&path).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let is_tests = path.ends_with("tests.rs") || relative.iter().any(|name| name == "tests");
    let code = if is_tests { String::new() } else { text.lines().map(without_comment).collect::<Vec<_>>().join("\n") };
    Source { path, part, code }
}

fn without_comment(line: &str) -> &str {
    let trimmed = line.trim_start();
    if trimmed.starts_with("//") { "" } else { line }
}

/// The parts of ours that a text names, as `crate::part`, also within `use crate::{…}`.
fn imports(code: &str) -> BTreeSet<String> {
    let mut parts = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(list) = rest.strip_prefix('{') {
            let mut depth = 1;
            let mut name = String::new();
            for c in list.chars() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 1 => {
                        parts.insert(std::mem::take(&mut name));
                    }
                    c if depth == 1 => name.push(c),
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
            }
            parts.insert(name);
        } else {
            parts.insert(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    let first = |text: &String| text.trim().split([':', ' ']).next().unwrap_or_default().to_owned();
    parts.iter().map(first).filter(|name| name.starts_with(char::is_lowercase)).collect()
}

#[test]
fn every_part_imports_only_what_it_may() {
    let mut wrong = Vec::new();
    for source in sources() {
        if MAY_IMPORT_ALL.contains(&source.part.as_str()) {
            continue;
        }
        let Some((_, may)) = MAY_IMPORT.iter().find(|(part, _)| *part == source.part) else {
            wrong.push(format!("{}: nothing says what {} may import", source.path.display(), source.part));
            continue;
        };
        let own = source.part.split("::").next().unwrap_or_default();
        for part in imports(&source.code) {
            if part != own && !may.contains(&part.as_str()) {
                wrong.push(format!("{}: {} may not import {part}", source.path.display(), source.part));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_import_check_sees_both_spellings() {
    let found =
        imports("use crate::{db, domain::{OrderId, x::y}, view as words};\nlet x = crate::panel::Client::new();");
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["db", "domain", "panel", "view"]);
}

/// `part` may not contain `needle`.
fn absent(outside: &[&str], needle: &str) {
    let mut found = 0;
    for source in sources() {
        let here = source.code.contains(needle);
        if outside.iter().any(|part| source.part == *part) {
            found += usize::from(here);
        } else {
            assert!(!here, "{}: `{needle}` belongs to {outside:?} only", source.path.display());
        }
    }
    assert!(outside.is_empty() || found > 0, "`{needle}` is nowhere: this check checks nothing");
}

#[test]
fn sql_is_spoken_in_db_only() {
    absent(&["db"], "sqlx::query");
}

/// What the database does has an address: a function of the module that it belongs to. `Db` and `WriteTx`
/// open, begin, tell and commit.
#[test]
fn the_database_has_no_methods_but_its_own() {
    for source in sources().iter().filter(|source| !source.path.ends_with("db/mod.rs")) {
        for needle in ["impl Db {", "impl WriteTx {", "impl super::Db", "impl crate::db::Db"] {
            assert!(!source.code.contains(needle), "{}: {needle}", source.path.display());
        }
    }
}

#[test]
fn the_time_is_asked_of_the_clock_only() {
    absent(&["clock"], "Utc::now()");
}

#[test]
fn the_bot_never_changes_the_panel_and_never_spawns() {
    for source in sources().iter().filter(|source| source.part == "bot") {
        for needle in ["panel::Client", "tokio::spawn", "JoinSet", "crate::effects", "crate::tasks"] {
            // What is read of a client is no way to change one.
            let code = source.code.replace("panel::ClientRecord", "");
            assert!(!code.contains(needle), "{}: {needle}", source.path.display());
        }
    }
}

#[test]
fn the_running_bot_does_not_know_of_the_sandbox() {
    for source in sources() {
        let may = source.part.starts_with("sandbox") || ["main", "lib", "cli"].contains(&source.part.as_str());
        assert!(may || !source.code.contains("sandbox"), "{}", source.path.display());
    }
}

#[test]
fn no_foreign_tls_or_c_library_but_sqlite() {
    let lock = include_str!("../../Cargo.lock");
    for unwanted in ["openssl-sys", "aws-lc-sys"] {
        assert!(!lock.contains(&format!("name = \"{unwanted}\"")), "{unwanted} has entered Cargo.lock");
    }
    assert!(lock.contains("name = \"libsqlite3-sys\""), "the lock file has another shape");
}

#[test]
fn every_file_that_the_documents_name_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = regex::Regex::new(r"`((?:[a-z_0-9]+/)+[a-z_0-9.]+\.(?:rs|jsonl|md)|(?:[a-z_0-9]+/)+)`").unwrap();
    let mut seen = 0;
    for (text, below) in [
        (include_str!("../../src/lib.rs"), "src"),
        (include_str!("../../README.md"), ""),
        (include_str!("../../CONTRIBUTING.md"), ""),
        (include_str!("../../docs/decisions.md"), "src"),
        (include_str!("../../docs/testing.md"), ""),
    ] {
        let named: BTreeSet<_> = path.captures_iter(text).map(|found| found[1].to_owned()).collect();
        seen += named.len();
        for name in named {
            let there = [root.join(below).join(&name), root.join(&name)].iter().any(|path| path.exists());
            assert!(there, "{name} is named and not there");
        }
    }
    assert!(seen > 40, "no file is named any more");
}

#[test]
fn the_map_stays_a_map() {
    let lines = include_str!("../../src/lib.rs").lines().count();
    assert!(lines <= 120, "src/lib.rs has {lines} lines; history belongs into docs/decisions.md");
}

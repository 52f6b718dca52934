//! No circles: which file takes something from which, read from the sources' paths. A folder's own file and
//! what lies in that folder know each other by nature and are not counted.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

type Module = Vec<String>;

/// Every file of the program with its module's path, without the sandbox and the tests.
fn modules() -> BTreeMap<Module, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let relative = path.strip_prefix(&root).unwrap().with_extension("");
            let mut module: Module = relative.iter().map(|name| name.to_str().unwrap().to_owned()).collect();
            if module.iter().any(|name| name == "tests" || name == "sandbox") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                if module.last().is_some_and(|name| name == "mod") {
                    module.pop();
                }
                found.insert(module, code(&fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(found.len() > 150, "the sources were not found");
    found
}

/// The text without its tests, its comments and the line breaks.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    text.lines().map(str::trim).filter(|line| !line.starts_with("//")).collect::<Vec<_>>().join(" ")
}

/// Every path that begins at the crate or above, those within braces too.
fn paths(code: &str) -> Vec<Vec<&str>> {
    let start = regex::Regex::new(r"\b(?:crate|super|db)::").unwrap();
    let mut paths = Vec::new();
    let mut end = 0;
    for found in start.find_iter(code) {
        let begins_there = found.start() >= end && !code[..found.start()].ends_with("::");
        if begins_there {
            end = follow(code, found.start(), &mut Vec::new(), &mut paths);
        }
    }
    paths
}

/// Reads one path, or a tree of them, from `at`; returns where it ends.
fn follow<'a>(code: &'a str, mut at: usize, before: &mut Vec<&'a str>, paths: &mut Vec<Vec<&'a str>>) -> usize {
    let depth = before.len();
    loop {
        at += code[at..].len() - code[at..].trim_start().len();
        if code[at..].starts_with('{') {
            at += 1;
            loop {
                at = follow(code, at, before, paths);
                match code[at..].find([',', '}']) {
                    Some(next) if code[at + next..].starts_with(',') => at += next + 1,
                    Some(next) => break at += next + 1,
                    None => return code.len(),
                }
            }
            break;
        }
        let length = code[at..].find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(code.len() - at);
        before.push(&code[at..at + length]);
        at += length;
        if !code[at..].starts_with("::") {
            paths.push(before.clone());
            break;
        }
        at += 2;
    }
    before.truncate(depth);
    at
}

/// The deepest module that a path names, as seen from this one.
fn names(modules: &BTreeMap<Module, String>, here: &[String], path: &[&str]) -> Option<Module> {
    let ups = path.iter().take_while(|name| **name == "super").count();
    let (mut module, rest) = match *path.first()? {
        "crate" => (Vec::new(), &path[1..]),
        "db" => (Vec::new(), path),
        _ => (here[..here.len().checked_sub(ups)?].to_vec(), &path[ups..]),
    };
    for name in rest {
        module.push((*name).to_owned());
        if !modules.contains_key(&module) {
            module.pop();
            break;
        }
    }
    (!module.is_empty()).then_some(module)
}

fn is_within(one: &[String], other: &[String]) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

#[test]
fn no_file_needs_what_needs_it() {
    let modules = modules();
    let mut needs: BTreeMap<&Module, BTreeSet<Module>> = BTreeMap::new();
    for (module, code) in &modules {
        let named = paths(code).into_iter().filter_map(|path| names(&modules, module, &path));
        needs.insert(module, named.filter(|other| !is_within(module, other)).collect());
    }
    assert!(needs.values().map(BTreeSet::len).sum::<usize>() > 500, "the imports were not found");
    for module in modules.keys() {
        let mut reached = BTreeSet::new();
        let mut ahead: Vec<_> = needs[module].iter().map(|next| (next, vec![module, next])).collect();
        while let Some((next, way)) = ahead.pop() {
            assert!(
                next != module,
                "a circle: {}",
                way.iter().map(|one| one.join("::")).collect::<Vec<_>>().join(" -> ")
            );
            if reached.insert(next) {
                ahead.extend(needs[next].iter().map(|after| (after, [way.as_slice(), &[after]].concat())));
            }
        }
    }
}

#[test]
fn paths_are_found_within_braces() {
    let found = paths("use crate::{db::{self, Db}, view::x}; super::y::z(db::a::b(1))");
    let found: Vec<_> = found.iter().map(|path| path.join("::")).collect();
    assert_eq!(found, ["crate::db::self", "crate::db::Db", "crate::view::x", "super::y::z", "db::a::b"]);
}

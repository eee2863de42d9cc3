//! The map of the code, held against the code.

#![allow(clippy::unwrap_used, reason = "a test says what failed by failing")]

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// What the list of files begins with; it is the end of the page.
const HEADING: &str = "## A room for every file\n";

/// Folders of sources, in the order of the list.
const FOLDERS: [&str; 14] = [
    "rust/packet/src",
    "rust/ticket/src",
    "rust/world/src",
    "rust/client/src",
    "rust/network_client/src",
    "server/src",
    "godot_project/addons/longhall",
    "godot_project/scenes",
    "godot_project/examples",
    "rust/tools/swarm/src",
    "rust/tools/bench/src",
    "rust/tools/fuzz/src",
    "rust/tools/provision/src",
    "rust/tools/xtask/src",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

/// Sources below a folder, without those that only hold tests.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_test = path.file_stem().is_some_and(|name| name == "tests");
        if path.is_dir() && !is_test {
            found.extend(sources(&path));
        } else if !is_test
            && path
                .extension()
                .is_some_and(|end| end == "rs" || end == "gd" || end == "c")
        {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The first sentence of what a file says of itself.
fn first_sentence(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    // What the first line of a head begins with, and what the others do.
    let (first, others) = match file.extension().and_then(|end| end.to_str()) {
        Some("rs") => ("//!", "//!"),
        Some("c") => ("/*", ""),
        _ => ("##", "##"),
    };
    let head = text.lines().skip_while(|line| !line.starts_with(first));
    let head = head.map_while(|line| line.strip_prefix(first).or(line.strip_prefix(others)));
    let lines: Vec<&str> = head
        .map(str::trim)
        .take_while(|line| !line.is_empty())
        .collect();
    assert!(
        !lines.is_empty(),
        "{} says nothing of itself",
        file.display()
    );
    let head = lines.join(" ");
    let end = head.match_indices(". ").map(|(at, _)| at + 1).next();
    let sentence = &head[..end.unwrap_or(head.len())];
    sentence.replace(['[', ']'], "").replace('|', "\\|")
}

fn list() -> String {
    let mut list = HEADING.to_owned();
    list += "\nEach file says in its first sentence what is in it. `UPDATE_ARCHITECTURE=1 cargo test -p \
             xtask` writes\nthis list anew.\n";
    for folder in FOLDERS {
        let path = root().join(folder);
        write!(
            list,
            "\n### `{folder}`\n\n| File | What is in it |\n|---|---|\n"
        )
        .unwrap();
        for file in sources(&path) {
            let name = file.strip_prefix(&path).unwrap().display();
            writeln!(list, "| `{name}` | {} |", first_sentence(&file)).unwrap();
        }
    }
    list
}

#[test]
fn the_map_has_a_room_for_every_file() {
    let page = root().join("ARCHITECTURE.md");
    let text = fs::read_to_string(&page).unwrap();
    let (story, _) = text.split_once(HEADING).unwrap();
    let wanted = format!("{story}{}", list());
    if std::env::var_os("UPDATE_ARCHITECTURE").is_some() {
        fs::write(&page, wanted).unwrap();
        return;
    }
    let stale = text
        .lines()
        .zip(wanted.lines())
        .find(|(is, wanted)| is != wanted);
    assert!(
        text == wanted,
        "ARCHITECTURE.md is not up to date: {stale:?}; write its list with UPDATE_ARCHITECTURE=1"
    );
}

/// Files that the page's stories name are where they say.
#[test]
fn what_the_stories_of_the_map_name_is_there() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let (story, _) = text.split_once(HEADING).unwrap();
    let all: Vec<PathBuf> = FOLDERS
        .iter()
        .flat_map(|folder| sources(&root().join(folder)))
        .collect();
    let quoted = story.split('`').skip(1).step_by(2);
    let named: Vec<&str> = quoted
        .filter(|word| word.ends_with(".rs") || word.ends_with(".gd"))
        .collect();
    assert!(named.len() > 10, "{named:?}");
    for name in named {
        assert!(
            all.iter().any(|file| file.ends_with(name)),
            "there is no {name}"
        );
    }
}

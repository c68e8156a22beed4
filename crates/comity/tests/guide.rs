//! What the documents show is what the command prints.
//!
//! Tested are `docs/guides/add-a-jurisdiction.md`, whole, and in every other document
//! each ```console block that follows a `<!-- tested -->` line. ```toml blocks whose
//! first line is `# file: NAME` are written before the commands that come after them.
//! `COMITY_REFRESH=1 cargo test -p comity --test guide` writes new output into the pages.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

const GUIDE: &str = "docs/guides/add-a-jurisdiction.md";
const MARK: &str = "<!-- tested -->";

fn repository() -> PathBuf {
    Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap())
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// A fenced block: its language, its lines, and the line of the page on which they start.
struct Block {
    language: String,
    lines: Vec<String>,
    start: usize,
    marked: bool,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut out = Vec::new();
    let (mut open, mut before): (Option<Block>, &str) = (None, "");
    for (i, line) in page.lines().enumerate() {
        match (&mut open, line.trim_start().strip_prefix("```")) {
            (Some(_), Some(_)) => out.extend(open.take()),
            (Some(block), None) => block.lines.push(line.to_owned()),
            (None, Some(language)) => {
                let marked = before.trim() == MARK;
                open = Some(Block {
                    language: language.to_owned(),
                    lines: Vec::new(),
                    start: i + 1,
                    marked,
                });
            }
            (None, None) => {}
        }
        if !line.trim().is_empty() {
            before = line;
        }
    }
    assert!(open.is_none(), "a block is not closed");
    out
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            if entry.file_name() != "broken" {
                copy(&entry.path(), &target);
            }
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A folder with the repository's policies and cases.
fn clone_of_the_library() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for part in ["policies", "cases"] {
        copy(&repository().join(part), &folder.path().join(part));
    }
    folder
}

/// Runs one command line of a page: standard output, then standard error.
fn typed(line: &str, folder: &Path) -> Vec<String> {
    let mut words = line.split_whitespace();
    assert_eq!(words.next(), Some("comity"), "only `comity` is run: {line}");
    let args: Vec<String> = words.map(|w| w.trim_matches(['\'', '"']).to_owned()).collect();
    let ran =
        Command::new(env!("CARGO_BIN_EXE_comity")).args(args).current_dir(folder).output().unwrap();
    let text =
        format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(!text.contains("panicked"), "{line}\n{text}");
    text.trim_end().lines().map(str::to_owned).collect()
}

/// The line of `policy check` counts the library, which grows.
fn masked(line: &str) -> String {
    if !line.contains("pairs proved") {
        return line.trim_end().to_owned();
    }
    let words = line.split_whitespace().map(|w| {
        let number = w.trim_start_matches('(').bytes().all(|b| b.is_ascii_digit());
        if number { "#" } else { w }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A line-by-line difference: what the page shows and what is printed.
fn difference(shown: &[String], printed: &[String]) -> String {
    let mut out = String::new();
    for i in 0..shown.len().max(printed.len()) {
        let (a, b) = (shown.get(i), printed.get(i));
        if a.map(|l| masked(l)) == b.map(|l| masked(l)) {
            out.push_str(&format!("    {}\n", a.map_or("", String::as_str)));
            continue;
        }
        a.iter().for_each(|l| out.push_str(&format!("  - {l}\n")));
        b.iter().for_each(|l| out.push_str(&format!("  + {l}\n")));
    }
    out
}

/// The commands of a block, each with what is shown below it.
fn typed_lines(lines: &[String]) -> Vec<&[String]> {
    let mut cuts: Vec<usize> = (0..lines.len()).filter(|i| lines[*i].starts_with("$ ")).collect();
    assert_eq!(cuts.first(), Some(&0), "a console block starts with `$ `: {lines:?}");
    cuts.push(lines.len());
    cuts.windows(2).map(|w| &lines[w[0]..w[1]]).collect()
}

/// Lines without blanks at their end, and without blank lines at the end of all.
fn trimmed(lines: &[String]) -> Vec<String> {
    let mut out: Vec<String> = lines.iter().map(|l| l.trim_end().to_owned()).collect();
    while out.last().is_some_and(String::is_empty) {
        out.pop();
    }
    out
}

/// Runs a page; returns how many commands it shows, and what is wrong.
fn checked(name: &str, all: bool) -> (usize, Vec<String>) {
    let path = repository().join(name);
    let page = std::fs::read_to_string(&path).unwrap();
    let folder = clone_of_the_library();
    let mut lines: Vec<String> = page.lines().map(str::to_owned).collect();
    let (mut commands, mut wrong) = (0, Vec::new());
    // From the end, so that a refreshed block moves no other.
    let mut fresh: Vec<(usize, usize, Vec<String>)> = Vec::new();
    for block in blocks(&page) {
        if let ("toml", Some(file)) =
            (block.language.as_str(), block.lines.first().and_then(|l| l.strip_prefix("# file: ")))
        {
            let target = folder.path().join(file.trim());
            std::fs::create_dir_all(target.parent().unwrap()).unwrap();
            std::fs::write(target, block.lines[1..].join("\n") + "\n").unwrap();
        }
        if block.language != "console" || !(all || block.marked) {
            continue;
        }
        let mut new = Vec::new();
        for part in typed_lines(&block.lines) {
            let command = &part[0][2..];
            commands += 1;
            let (shown, printed) = (trimmed(&part[1..]), typed(command, folder.path()));
            if shown.iter().map(|l| masked(l)).ne(printed.iter().map(|l| masked(l))) {
                wrong.push(format!(
                    "{name}:{}: $ {command}\n{}",
                    block.start + 1,
                    difference(&shown, &printed)
                ));
            }
            new.push(part[0].clone());
            new.extend(printed);
        }
        fresh.push((block.start, block.lines.len(), new));
    }
    if std::env::var_os("COMITY_REFRESH").is_some() && !wrong.is_empty() {
        for (start, count, new) in fresh.into_iter().rev() {
            lines.splice(start..start + count, new);
        }
        std::fs::write(path, lines.join("\n") + "\n").unwrap();
        wrong.clear();
    }
    (commands, wrong)
}

#[track_caller]
fn as_shown(wrong: &[String]) {
    assert!(
        wrong.is_empty(),
        "the page shows (-) and the command prints (+):\n\n{}\n\
         If the new output is right: COMITY_REFRESH=1 cargo test -p comity --test guide",
        wrong.join("\n")
    );
}

#[test]
fn the_guide_for_a_new_jurisdiction_can_be_typed_line_by_line() {
    let (commands, wrong) = checked(GUIDE, true);
    as_shown(&wrong);
    assert!(commands >= 5, "the guide shows only {commands} commands");
}

#[test]
fn every_marked_block_of_a_document_shows_what_the_command_prints() {
    let mut pages = Vec::new();
    for folder in ["", "docs", "docs/guides", "docs/concepts", "docs/reference"] {
        let Ok(entries) = std::fs::read_dir(repository().join(folder)) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(repository()).unwrap().display().to_string();
            if name.ends_with(".md")
                && name != GUIDE
                && std::fs::read_to_string(&path).unwrap().contains(MARK)
            {
                pages.push(name);
            }
        }
    }
    pages.sort();
    let wrong: Vec<String> = pages.iter().flat_map(|p| checked(p, false).1).collect();
    as_shown(&wrong);
}

#[test]
fn the_policy_of_the_guide_is_the_one_in_the_library() {
    let page = std::fs::read_to_string(repository().join(GUIDE)).unwrap();
    let mut compared = 0;
    for block in blocks(&page) {
        let Some(file) = block.lines.first().and_then(|l| l.strip_prefix("# file: policies/"))
        else {
            continue;
        };
        let library = std::fs::read_to_string(repository().join("policies").join(file)).unwrap();
        assert_eq!(
            block.lines[1..].join("\n").trim(),
            library.trim(),
            "policies/{file} and the guide differ"
        );
        compared += 1;
    }
    assert!(compared >= 1);
}

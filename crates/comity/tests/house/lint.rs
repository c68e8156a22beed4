//! Words and paths that no document, policy or source may hold.

use crate::{File, files, none_found, root_files};

/// British stems; a word that starts with one of them is spelled the US way.
const BRITISH: &[(&str, &str)] = &[
    ("analyse", "analyze"),
    ("apologis", "apologiz"),
    ("artefact", "artifact"),
    ("authoris", "authoriz"),
    ("behaviour", "behavior"),
    ("categoris", "categoriz"),
    ("centre", "center"),
    ("characteris", "characteriz"),
    ("cheque", "check"),
    ("colour", "color"),
    ("counsell", "counsel"),
    ("criminalis", "criminaliz"),
    ("defence", "defense"),
    ("endeavour", "endeavor"),
    ("favour", "favor"),
    ("finalis", "finaliz"),
    ("formalis", "formaliz"),
    ("fulfils", "fulfills"),
    ("fulfilment", "fulfillment"),
    ("generalis", "generaliz"),
    ("harbour", "harbor"),
    ("honour", "honor"),
    ("initialis", "initializ"),
    ("instalment", "installment"),
    ("judgement", "judgment"),
    ("labelled", "labeled"),
    ("labelling", "labeling"),
    ("labour", "labor"),
    ("legalis", "legaliz"),
    ("licence", "license"),
    ("modelled", "modeled"),
    ("modelling", "modeling"),
    ("naturalis", "naturaliz"),
    ("neighbour", "neighbor"),
    ("normalis", "normaliz"),
    ("offence", "offense"),
    ("organis", "organiz"),
    ("penalis", "penaliz"),
    ("practise", "practice"),
    ("prioritis", "prioritiz"),
    ("programme", "program"),
    ("recognis", "recogniz"),
    ("sceptic", "skeptic"),
    ("serialis", "serializ"),
    ("standardis", "standardiz"),
    ("summaris", "summariz"),
    ("traveller", "traveler"),
    ("travelled", "traveled"),
    ("utilis", "utiliz"),
    ("whilst", "while"),
];

/// Words that start like a British one and are none.
const NOT_BRITISH: &[&str] = &[
    "analyses",
    "labelledby",
    "programmed",
    "programmer",
    "programmers",
    "organism",
    "organisms",
    "generalist",
    "generalists",
    "legalist",
];

fn written_by_people() -> Vec<File> {
    let mut out = root_files(".md");
    out.extend(files("docs", &[".md"]));
    out.extend(files("policies", &[".toml", ".md"]));
    out.extend(files("cases", &[".toml", ".md"]));
    out.extend(files("data", &[".toml", ".md"]));
    out.extend(files("crates", &[".rs"]));
    out.extend(files("fuzz", &[".rs", ".md"]));
    out
}

#[test]
fn the_spelling_is_that_of_the_united_states() {
    let mut found = Vec::new();
    for file in written_by_people() {
        if file.path.ends_with("tests/house/lint.rs") {
            continue;
        }
        for (number, line) in file.text.lines().enumerate() {
            for (word, us) in british_words(line) {
                found.push(format!("{}:{}: `{word}`, US: {us}…", file.path, number + 1));
            }
        }
    }
    none_found("British spellings", &found);
}

/// Words with a British stem. `Centre` with a capital and `us-pa.centre` are a county.
fn british_words(line: &str) -> Vec<(String, &'static str)> {
    let mut out = Vec::new();
    let mut before = ' ';
    for piece in line.split_inclusive(|c: char| !c.is_ascii_alphabetic()) {
        let word = piece.trim_end_matches(|c: char| !c.is_ascii_alphabetic());
        let lower = word.to_ascii_lowercase();
        let is_place = before == '.' || word == "Centre";
        let stem = BRITISH.iter().find(|(b, _)| lower.starts_with(b));
        if let Some((_, us)) = stem
            && !is_place
            && !NOT_BRITISH.contains(&lower.as_str())
        {
            out.push((word.to_owned(), *us));
        }
        before = piece.chars().next_back().unwrap_or(' ');
    }
    out
}

#[test]
fn the_rule_on_spelling_knows_a_county_from_a_center() {
    assert_eq!(british_words("the detention centre").len(), 1);
    assert_eq!(british_words("Centre County, us-pa.centre").len(), 0);
    assert_eq!(british_words("to honour; behaviours").len(), 2);
    assert_eq!(british_words("honor, license, programmer, analysis, emphasis").len(), 0);
}

#[test]
fn no_file_names_a_path_of_somebodys_machine() {
    // Written in two halves so that this file does not hold what it looks for.
    let paths = [
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("/Us", "ers/"),
        concat!("/wo", "rk/"),
        concat!("/tm", "p/"),
        concat!("C:", "\\Users"),
    ];
    let mut found = Vec::new();
    let mut all = written_by_people();
    all.extend(files("scripts", &[""]));
    all.extend(files("crates", &[".toml"]));
    all.extend(root_files("Makefile"));
    all.extend(root_files(".toml"));
    for file in all {
        for (number, line) in file.text.lines().enumerate() {
            for path in paths.iter().filter(|p| has_path(line, p)) {
                found.push(format!("{}:{}: {path}", file.path, number + 1));
            }
        }
    }
    none_found("machine paths", &found);
}

/// True when a path starts with `path`: not when it is inside an address, `x.gov/home/`.
fn has_path(line: &str, path: &str) -> bool {
    let inside_address =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '~' | '%' | '/');
    line.match_indices(path)
        .any(|(at, _)| !line[..at].chars().next_back().is_some_and(inside_address))
}

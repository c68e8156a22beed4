//! A tiny library and files in memory, shared by the tests.
#![allow(dead_code, reason = "each test file uses a part")]

use comity_model::Diagnostic;
use comity_policy::{Library, PolicyFile};
use comity_replay::{Failure, Files, Replay, Request, run};
use std::collections::BTreeMap;
use std::io::Read;

/// Files in memory.
#[derive(Default, Clone)]
pub struct Memory(pub BTreeMap<String, Vec<u8>>);

impl Memory {
    pub fn with(mut self, path: &str, bytes: impl Into<Vec<u8>>) -> Memory {
        self.0.insert(path.to_owned(), bytes.into());
        self
    }
}

impl Files for Memory {
    fn open(&self, path: &str) -> Result<Box<dyn Read + '_>, Diagnostic> {
        match self.0.get(path) {
            Some(bytes) => Ok(Box::new(bytes.as_slice())),
            None => Err(Diagnostic::error("unreadable-file", format!("{path} is not there"))),
        }
    }
}

pub const PLACES: &str = r#"
[[place]]
code = "us-tx"
name = "Texas"
kind = "state"
fips = "48"
circuit = 5
time_zone = "America/Chicago"

[[place]]
code = "us-tx.travis"
name = "Travis County"
kind = "county"
fips = "48453"
"#;

pub const POLICY: &str = r#"
id         = "us-tx.toy.2010"
instrument = "us-tx.toy"
title      = "A toy"
place      = "us-tx"
level      = "state"
in_force   = { from = 2010-01-01 }
source     = { cite = "Toy § 1", url = "https://example.org", verified = "primary", checked_on = 2026-11-21 }
not_coded  = "Nothing."

[default]
must_not = ["hold"]
cite     = "Toy § 1"
says     = "Nobody is held."

[[rule]]
id   = "felony"
cite = "Toy § 2"
says = "Held on a felony conviction."
may  = ["hold"]
when = "convictions.exists(c, c.level == 'felony')"
"#;

pub const STUDY: &str = r#"
id       = "toy"
title    = "A toy study"
question = "What would the toy say?"
mapping  = "mapping.toml"

[[view]]
id    = "as-recorded"
title = "As recorded"
says  = "Unknown stays unknown."

[[view]]
id       = "nothing-more"
title    = "Nothing more"
says     = "The lists are complete."
complete = ["charges", "convictions"]

[[regime]]
id      = "toy"
title   = "The toy"
side    = "local"
channel = "hold"
under   = ["us-tx.toy.2010"]
says    = "No hold without a felony conviction."
"#;

pub const MAPPING: &str = r#"
id     = "toy"
title  = "Toy rows"
source = "A test"
moment = "The end of custody."

[data]
file   = "data.csv"
row_id = "row_id"
year   = "booked"

[place]
code = "us-tx.travis"

[[column]]
name     = "booked"
facts    = ["decision.on"]
read     = "date"
required = true

[[column]]
name  = "form"
facts = ["request.form"]
read  = "table"
[column.table]
"I-247" = "I-247"
""      = "unknown"

[[outcome]]
name = "outcome"
why  = "What happened."

[[ignored]]
name = "age"
why  = "Not needed."

[join]
file         = "charges.csv"
row_id       = "row_id"
text         = "text"
level        = "level"
disposition  = "disposition"
charge_table = "charge-table.csv"
level_table  = "levels.csv"
disposition_table = "dispositions.csv"
lists_end    = "maybe more"
"#;

pub const CHARGE_TABLE: &str = "\
charge_text,level_code,kind,category,level,serious,violent,minor_traffic,status_element,gang_element,implies_conviction,statute,note,reviewed_on
THEFT,*,offense,theft,by_code,false,false,false,false,false,,Toy § 3,,2026-11-21
PAROLE,*,revocation,supervision_violation,unknown,unknown,unknown,false,unknown,unknown,felony,,,2026-11-21
";
pub const LEVELS: &str = "\
level_code,level,grade,punishable_over_one_year,state_prison,note,reviewed_on
F,felony,unknown,true,unknown,,2026-11-21
B,misdemeanor,class_b,false,false,,2026-11-21
(empty),unknown,unknown,unknown,unknown,,2026-11-21
";
pub const DISPOSITIONS: &str = "\
disposition,level,value,conviction,set_aside,note,reviewed_on
SENTENCE COMPLETE,*,convicted,yes,,,2026-11-21
DISMISSAL,*,dismissed,no,,,2026-11-21
ERROR,*,unknown,no,an entry error,,2026-11-21
(empty),*,unknown,no,,,2026-11-21
";
pub const DATA: &str = "\
row_id,booked,form,age,outcome
1,2012-03-01,I-247,30,HELD
2,2012-05-01,,40,
3,2013-05-01,I-247,50,RELEASED
";
pub const CHARGES: &str = "\
row_id,text,level,disposition
1,THEFT,F,SENTENCE COMPLETE
2,THEFT,B,SENTENCE COMPLETE
2,THEFT,B,ERROR
3,PAROLE,,
";

pub fn library() -> Library {
    let file = |name: &str, text: &str| PolicyFile { name: name.to_owned(), bytes: text.into() };
    Library::load(&[
        file("policies/places.toml", PLACES),
        file("policies/states/us-tx.toy.2010.toml", POLICY),
    ])
    .unwrap()
}

pub fn files() -> Memory {
    Memory::default()
        .with("toy/study.toml", STUDY)
        .with("toy/mapping.toml", MAPPING)
        .with("toy/data.csv", DATA)
        .with("toy/charges.csv", CHARGES)
        .with("toy/charge-table.csv", CHARGE_TABLE)
        .with("toy/levels.csv", LEVELS)
        .with("toy/dispositions.csv", DISPOSITIONS)
}

/// Runs the toy study, and gives the rows too.
pub fn replay(files: &Memory) -> Result<(Replay, Vec<Vec<String>>), Vec<Diagnostic>> {
    let request = Request {
        study: "toy/study.toml".to_owned(),
        command: "comity replay --study toy/study.toml".to_owned(),
        ..Request::default()
    };
    let mut rows = Vec::new();
    match run(&request, &library(), files, &mut rows, &mut |_| {}) {
        Ok(replay) => Ok((replay, table(&rows))),
        Err(Failure::Found(found)) => Err(found),
        Err(Failure::Output(e)) => panic!("{e}"),
    }
}

pub fn table(bytes: &[u8]) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes);
    reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// The toy study over other data.
pub fn with_data(data: impl Into<Vec<u8>>) -> (Replay, Vec<Vec<String>>) {
    replay(&files().with("toy/data.csv", data)).unwrap()
}

/// A reader of tags: every element that opens closes, in order, and no attribute is left open.
pub fn well_formed(markup: &str) {
    const VOID: [&str; 4] = ["meta", "br", "!doctype", "link"];
    let mut open: Vec<&str> = Vec::new();
    let mut rest = markup;
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>').unwrap_or_else(|| panic!("a tag is left open"));
        let tag = &rest[start + 1..end];
        assert_eq!(tag.matches('"').count() % 2, 0, "an attribute is left open: <{tag}>");
        rest = &rest[end + 1..];
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
        if let Some(closed) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed), "</{closed}> closes another element");
        } else if !tag.ends_with('/') && !VOID.contains(&name) {
            open.push(name);
            if name == "style" {
                rest = &rest[rest.find("</style>").unwrap()..];
            }
        }
    }
    assert_eq!(open, Vec::<&str>::new(), "elements are left open");
}

/// The repository.
pub fn root() -> std::path::PathBuf {
    std::path::Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../..")
}

/// The repository's own files, by paths from its root.
pub struct Disk;

impl Files for Disk {
    fn open(&self, path: &str) -> Result<Box<dyn Read + '_>, Diagnostic> {
        let file = std::fs::File::open(root().join(path));
        file.map(|f| Box::new(f) as Box<dyn Read>)
            .map_err(|e| Diagnostic::error("unreadable-file", format!("{path}: {e}")))
    }
}

fn collect(folder: &std::path::Path, out: &mut Vec<PolicyFile>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, out);
        } else if path.extension().is_some_and(|e| e == "toml") {
            let bytes = std::fs::read(&path).unwrap();
            out.push(PolicyFile { name: path.display().to_string(), bytes });
        }
    }
}

/// The repository's own library.
pub fn whole_library() -> Library {
    let mut files = Vec::new();
    collect(&root().join("policies"), &mut files);
    Library::load(&files).unwrap_or_else(|e| panic!("{}", e[0]))
}

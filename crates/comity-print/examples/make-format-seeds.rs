//! Writes synthetic files of every format as the first corpus of the fuzz targets:
//! `cargo run -p comity-print --example make-format-seeds -- fuzz/corpus`.

#[path = "../tests/formats_support/mod.rs"]
mod support;

use comity_print::FingerPosition;
use comity_print::gallery::file::{ShardHeader, content, deletions, records};
use comity_print::gallery::{FingerEntry, Record, SubjectId};
use comity_print::synth::{Difficulty, DirectFinger};
use comity_print::template::Template;
use std::path::Path;
use std::process::ExitCode;

/// A template of nobody.
fn template(finger: u64) -> Template {
    DirectFinger::draw(1, finger).template(1, Difficulty::Hard)
}

/// Templates, and shards of galleries with them.
fn templates_and_shards() -> Vec<(&'static str, String, Vec<u8>)> {
    let mut out = Vec::new();
    for finger in 0..3 {
        out.push(("template", format!("hard-{finger}"), template(finger).to_bytes()));
    }
    let record = |person: u64| Record {
        subject: SubjectId(u128::from(person).to_be_bytes()),
        fingers: [FingerPosition::RightIndex, FingerPosition::LeftThumb]
            .map(|finger| FingerEntry { finger, template: template(person) })
            .into(),
    };
    let list: Vec<Record> = (0..2).map(record).collect();
    let header = ShardHeader { gallery: [1; 16], shard: 0, shards: 1 }.to_bytes();
    let blocks = [records(&list), deletions(&[list[0].subject])].concat();
    out.push(("gallery", "empty".to_owned(), header.to_vec()));
    out.push(("gallery", "two".to_owned(), [header.as_slice(), &blocks].concat()));
    // What the target takes as the content of a block: how many, then the records.
    let content = [&[1], &content(&list[1..])[..]].concat();
    out.push(("gallery", "content".to_owned(), content));
    out
}

fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("usage: make-format-seeds FOLDER");
        return ExitCode::from(2);
    };
    for (target, name, bytes) in support::seeds().into_iter().chain(templates_and_shards()) {
        let folder = Path::new(&folder).join(target);
        let written = std::fs::create_dir_all(&folder)
            .and_then(|()| std::fs::write(folder.join(&name), &bytes));
        if let Err(e) = written {
            eprintln!("error: {} cannot be written: {e}", folder.join(name).display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

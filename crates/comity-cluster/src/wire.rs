//! What travels: the part that is asked about, and what was found in it.

use comity_model::Diagnostic;
use comity_replay::bulk::input::{Format, Input, Lies};
use comity_replay::bulk::part::{Part, Place};
use comity_replay::bulk::recipe::Recipe;
use comity_replay::bulk::rows::RowsFormat;
use comity_replay::bulk::tally::Tally;
use comity_replay::receipt::FileHash;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{self, Read, Write};

/// Most bytes of a question; the library of policies has less than one million.
const RECIPE_BYTES_MAX: u64 = 256 << 20;

/// A file of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// As the command names it; so it is in messages and results.
    pub name: String,
    /// Its whole path or address.
    pub at: String,
    /// Its kind.
    pub format: Format,
    /// Its length, by which a machine knows that it sees the same file.
    pub bytes: u64,
    /// Columns that its folders say.
    pub partitions: Vec<(String, String)>,
}

impl File {
    /// What is said of a file.
    ///
    /// # Errors
    /// It is no longer there.
    pub fn of(input: &Input) -> io::Result<File> {
        let at = match &input.lies {
            Lies::AtPath => fs::canonicalize(&input.path)?.display().to_string(),
            Lies::At(path) => path.display().to_string(),
            Lies::Remote(_) => input.name(),
        };
        Ok(File {
            name: input.name(),
            at,
            format: input.format,
            bytes: input.bytes,
            partitions: input.partitions.clone(),
        })
    }
}

/// A part of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Names the replay, so that what is kept between parts is of this one.
    pub run: String,
    /// The number of the part among all.
    pub number: usize,
    /// Where it lies.
    pub file: File,
    /// The number of its first row in the file, from 0.
    pub first_row: u64,
    /// The number of its row group or batch in the file.
    pub index: usize,
    /// Its rows, as the file's own list of parts says.
    pub rows: u64,
    /// Where its rows are written, if they are: folder or address, and how.
    pub out: Option<(String, RowsFormat)>,
}

impl Ask {
    /// The part as a reader takes it.
    pub fn part(&self) -> Part {
        let place = match self.file.format {
            Format::Arrow => Place::Batch(self.index),
            _ => Place::RowGroup(self.index),
        };
        Part { number: self.number, input: 0, first_row: self.first_row, place }
    }
}

/// What was found in a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// The part.
    pub number: usize,
    /// Its counts.
    pub tally: Tally,
    /// The file of its rows, if one was written.
    pub written: Option<FileHash>,
}

/// Why a part cannot be decided; it would fail in the same way again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    code: String,
    message: String,
    help: String,
}

/// Codes of findings that keep their meaning on the way back.
const CODES: [&str; 10] = [
    "bad-column",
    "bad-recipe",
    "cluster-version",
    "other-file",
    "rejected-row",
    "schema-drift",
    "unknown-key",
    "unreadable-file",
    "unreadable-store",
    "unwritable-file",
];

impl From<Diagnostic> for Refusal {
    fn from(d: Diagnostic) -> Refusal {
        Refusal { code: d.code.to_owned(), message: d.message, help: d.help }
    }
}

impl From<Refusal> for Diagnostic {
    fn from(r: Refusal) -> Diagnostic {
        let code = CODES.into_iter().find(|c| *c == r.code).unwrap_or("cluster-failed");
        Diagnostic::error(code, format!("on an executor: {}", r.message)).help(r.help)
    }
}

/// What comes back for a part.
pub type Answer = Result<Counted, Refusal>;

/// A question as bytes: JSON, compressed, since it travels with every task.
///
/// # Errors
/// None that a correct program shows.
pub fn pack(recipe: &Recipe) -> io::Result<Vec<u8>> {
    let mut out = ZlibEncoder::new(Vec::new(), Compression::default());
    out.write_all(&serde_json::to_vec(recipe)?)?;
    out.finish()
}

/// The question of some bytes.
///
/// # Errors
/// They are none, or too many.
pub fn unpack(bytes: &[u8]) -> io::Result<Recipe> {
    let mut text = Vec::new();
    ZlibDecoder::new(bytes).take(RECIPE_BYTES_MAX).read_to_end(&mut text)?;
    Ok(serde_json::from_slice(&text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_keeps_its_code_and_help() {
        let d = Diagnostic::error("unreadable-file", "`a` cannot be read").help("get it again");
        let back = Diagnostic::from(Refusal::from(d));
        assert_eq!((back.code, back.help.as_str()), ("unreadable-file", "get it again"));
        assert!(back.message.contains("on an executor: `a` cannot"), "{}", back.message);
        let odd =
            Refusal { code: "no-such-code".into(), message: String::new(), help: String::new() };
        assert_eq!(Diagnostic::from(odd).code, "cluster-failed");
    }

    #[test]
    fn bytes_that_are_no_question_are_an_error() {
        assert!(unpack(b"").is_err());
        assert!(unpack(b"not compressed at all").is_err());
        let mut cut = ZlibEncoder::new(Vec::new(), Compression::fast());
        cut.write_all(b"{\"engine\":").unwrap();
        assert!(unpack(&cut.finish().unwrap()).is_err());
    }
}

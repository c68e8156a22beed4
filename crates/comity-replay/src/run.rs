//! A replay from end to end: files in, rows out, counts and receipt at the end.

use crate::answer::{self, RowAnswer};
use crate::charges::ChargeBook;
use crate::joined::{self, Joined, JoinedCounts};
use crate::mapping::{self, Join, Mapping};
use crate::problem::{Kind, Problem, Problems};
use crate::reader::Rows;
use crate::receipt::{FileHash, Hashing, Receipt, library_sha256, policies_used, sha256};
use crate::report::rows::RowsWriter;
use crate::rowfacts::{self, RowReader};
use crate::study::{self, Study};
use crate::tally::Tally;
use comity_model::Diagnostic;
use comity_policy::Library;
use std::io::{self, Read, Write};

/// Where a replay reads its files: the disk, or a test's memory.
pub trait Files {
    /// Opens a file.
    ///
    /// # Errors
    /// The file cannot be opened.
    fn open(&self, path: &str) -> Result<Box<dyn Read + '_>, Diagnostic>;

    /// Reads a whole file.
    ///
    /// # Errors
    /// The file cannot be read.
    fn bytes(&self, path: &str) -> Result<Vec<u8>, Diagnostic> {
        let mut out = Vec::new();
        self.open(path)?.read_to_end(&mut out).map_err(|e| {
            Diagnostic::error("unreadable-file", format!("`{path}` cannot be read: {e}"))
        })?;
        Ok(out)
    }
}

/// What to replay.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The study file.
    pub study: String,
    /// Instead of the mapping that the study names.
    pub mapping: Option<String>,
    /// Instead of the data file that the mapping names.
    pub data: Option<String>,
    /// The command, for the receipt.
    pub command: String,
}

/// What came of it.
#[derive(Debug)]
pub struct Replay {
    /// The study.
    pub study: Study,
    /// The mapping.
    pub mapping: Mapping,
    /// All counts.
    pub tally: Tally,
    /// Problems of the data.
    pub problems: Vec<Problem>,
    /// What became of the joined lines.
    pub joined: Option<JoinedCounts>,
    /// What the result was made of.
    pub receipt: Receipt,
}

impl Replay {
    /// True where every row, every joined line and every column that the mapping counts on
    /// could be read.
    pub fn is_clean(&self) -> bool {
        let lines = self.joined.as_ref().map_or(0, |j| j.rejected);
        self.tally.rows.rejected == 0
            && lines == 0
            && !self.problems.iter().any(|p| p.kind.is_serious())
    }
}

/// Why a replay did not run to its end.
#[derive(Debug)]
pub enum Failure {
    /// A file that says what to do is wrong.
    Found(Vec<Diagnostic>),
    /// The output cannot be written.
    Output(io::Error),
}

impl From<Vec<Diagnostic>> for Failure {
    fn from(found: Vec<Diagnostic>) -> Failure {
        Failure::Found(found)
    }
}

impl From<Diagnostic> for Failure {
    fn from(found: Diagnostic) -> Failure {
        Failure::Found(vec![found])
    }
}

impl From<io::Error> for Failure {
    fn from(e: io::Error) -> Failure {
        Failure::Output(e)
    }
}

/// A path beside a file: `data/x/study.toml` and `mapping.toml` give `data/x/mapping.toml`.
pub fn beside(file: &str, path: &str) -> String {
    match file.rsplit_once('/') {
        Some((folder, _)) if !path.starts_with('/') => format!("{folder}/{path}"),
        _ => path.to_owned(),
    }
}

/// Replays a study.
///
/// # Errors
/// A study, mapping or table is wrong, a file cannot be opened, or the output cannot be written.
/// Problems of the data are no errors: they are counted, and every row is written.
pub fn run(
    request: &Request,
    library: &Library,
    files: &dyn Files,
    rows_out: &mut dyn Write,
    progress: &mut dyn FnMut(u64),
) -> Result<Replay, Failure> {
    let mut inputs = Vec::new();
    let study_bytes = files.bytes(&request.study)?;
    inputs.push(file_hash("study", &request.study, &study_bytes));
    let study = study::parse(&request.study, &study_bytes, library)?;
    let mapping_path =
        request.mapping.clone().unwrap_or_else(|| beside(&request.study, &study.mapping));
    let mapping_bytes = files.bytes(&mapping_path)?;
    inputs.push(file_hash("mapping", &mapping_path, &mapping_bytes));
    let mapping = mapping::parse(&mapping_path, &mapping_bytes, library.places())?;
    let mut problems = Problems::default();
    let mut joined = match &mapping.join {
        Some(join) => {
            Some(read_joined(join, &mapping, &mapping_path, files, &mut inputs, &mut problems)?)
        }
        None => None,
    };
    let data_path = request.data.clone().unwrap_or_else(|| beside(&mapping_path, &mapping.file));
    let mut input = Hashing::new(files.open(&data_path)?);
    let mut output = Hashing::new(rows_out);
    let mut rows = Rows::new(&mut input, mapping.encoding);
    let mut reader = RowReader::new(&mapping, library.places(), rows.header(), &mut problems);
    let mut tally = Tally::new(&study);
    let mut writer = RowsWriter::new(&mut output, &study, &mapping)?;
    while let Some(row) = rows.next_row() {
        let case = reader.case(&row, joined.as_mut(), &mut problems);
        let answered: RowAnswer = answer::answer(library, &study, case);
        writer.write(&answered)?;
        tally.add(&answered);
        progress(tally.rows.read);
    }
    writer.finish()?;
    drop(rows);
    // What is left after the last row still belongs to the file's hash.
    io::copy(&mut input, &mut io::sink())?;
    for kind in [Kind::MissingColumn, Kind::ExtraColumn, Kind::DuplicateColumn] {
        problems.spread(rowfacts::FILE, kind, tally.rows.read);
    }
    if let Some(joined) = &mut joined {
        joined.finish(&mut problems);
    }
    tally.finish();
    inputs.push(input.finish("data", &data_path));
    let receipt = receipt(request, library, &study, inputs, output.finish("rows", "rows.csv"));
    Ok(Replay {
        study,
        mapping,
        tally,
        problems: problems.into_list(),
        joined: joined.map(|j| j.counts),
        receipt,
    })
}

pub(crate) fn read_joined(
    join: &Join,
    mapping: &Mapping,
    mapping_path: &str,
    files: &dyn Files,
    inputs: &mut Vec<FileHash>,
    problems: &mut Problems,
) -> Result<Joined, Failure> {
    let mut table = |role: &str, path: &str| -> Result<(String, Vec<u8>), Failure> {
        let path = beside(mapping_path, path);
        let bytes = files.bytes(&path)?;
        inputs.push(file_hash(role, &path, &bytes));
        Ok((path, bytes))
    };
    let charges = table("charge table", &join.charge_table)?;
    let levels = table("level table", &join.level_table)?;
    let dispositions = table("disposition table", &join.disposition_table)?;
    let book = ChargeBook::parse(
        (&charges.0, &charges.1),
        (&levels.0, &levels.1),
        (&dispositions.0, &dispositions.1),
    )?;
    let path = beside(mapping_path, &join.file);
    let mut input = Hashing::new(files.open(&path)?);
    let joined = Joined::read(join, book, mapping.encoding, &mut input, problems);
    io::copy(&mut input, &mut io::sink())?;
    inputs.push(input.finish(joined::FILE, &path));
    Ok(joined)
}

pub(crate) fn file_hash(role: &str, name: &str, bytes: &[u8]) -> FileHash {
    FileHash {
        role: role.to_owned(),
        name: name.to_owned(),
        bytes: bytes.len() as u64,
        sha256: sha256(bytes),
    }
}

fn receipt(
    request: &Request,
    library: &Library,
    study: &Study,
    inputs: Vec<FileHash>,
    rows: FileHash,
) -> Receipt {
    let ids = study.regimes.iter().flat_map(|r| r.under.iter().cloned());
    Receipt {
        engine: crate::receipt::ENGINE.to_owned(),
        command: request.command.clone(),
        inputs,
        policies: policies_used(library, ids),
        library_policies: library.len(),
        library_sha256: library_sha256(library),
        outputs: vec![rows],
    }
}

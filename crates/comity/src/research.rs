//! What the desk's research pages run: replays of tables, as `comity replay` runs them.

use crate::files;
use comity_model::Diagnostic;
use comity_policy::{Channel, Library, PolicyFile, PolicyIndex, Scope};
use comity_replay::bulk::cases::{Reading, fact_of};
use comity_replay::bulk::keys::Key;
use comity_replay::bulk::result::{Wording, parts, sheet};
use comity_replay::bulk::rows::RowsFormat;
use comity_replay::bulk::seen::{Seen, seen};
use comity_replay::bulk::tally::Tally;
use comity_replay::bulk::{Output, Question, Side, Table as Data, run as run_table};
use comity_replay::mapping::recognize::{Recognized as Verdict, recognize};
use comity_replay::mapping::{self, Mapping};
use comity_replay::national::sheet::{Sheet, Table as SheetTable};
use comity_replay::receipt::{self, FileHash, Receipt};
use comity_server::research::{
    Ask, Bar, ColumnSeen, DataSet, IN_FORCE, Named, OWN_MAPPING, Outcome, Recognized, Research,
    Table, VALUES_MAX, WITH_DRAFT, Watch,
};
use std::fs;
use std::path::{Path, PathBuf};

/// Rows of a table that a page shows; the files have all.
const ROWS_ON_PAGE: usize = 200;

/// Kinds of files that are data sets.
const KINDS: [&str; 4] = ["csv", "xlsx", "parquet", "arrow"];

/// Replays for the desk.
pub struct Replays {
    /// The folder of data sets, where there is one.
    pub folder: Option<PathBuf>,
    /// The library's files.
    pub policies: Vec<PolicyFile>,
}

fn wrong(code: &'static str, message: impl Into<String>) -> Vec<Diagnostic> {
    vec![Diagnostic::error(code, message)]
}

impl Replays {
    fn library(&self, draft: Option<&PolicyFile>) -> Result<Library, Vec<Diagnostic>> {
        match draft {
            None => Library::load(&self.policies),
            // A draft may overlap with the version that it is to replace: which of the two is
            // asked is said by the scope, so that finding is none here.
            Some(draft) => {
                let mut all = self.policies.clone();
                all.push(draft.clone());
                let (library, found) = Library::load_what_is_good(&all);
                let is_other = |d: &&Diagnostic| d.is_error() && d.code != "overlapping-versions";
                let errors: Vec<Diagnostic> = found.iter().filter(is_other).cloned().collect();
                if errors.is_empty() { Ok(library) } else { Err(errors) }
            }
        }
    }
}

/// The draft beside the policy that it replaces: under an id of its own, and with what it stands
/// in for.
struct Draft {
    file: PolicyFile,
    id: String,
    replaces: Option<String>,
}

/// Gives a draft an id that nobody has.
fn draft_of(text: &str, policies: &[PolicyFile]) -> Result<Draft, Vec<Diagnostic>> {
    let library = Library::load(policies)?;
    let file = PolicyFile { name: "draft.toml".to_owned(), bytes: text.as_bytes().to_vec() };
    let (with, index, _) = library.with_draft(&file)?;
    let id = with.policy(index).id.0.clone();
    let replaces = library.find(&id).is_ok().then(|| id.clone());
    let own = format!("{id}.draft");
    let mut renamed = String::new();
    let mut done = false;
    for line in text.lines() {
        let is_id = !done && line.split_once('=').is_some_and(|(key, _)| key.trim() == "id");
        if is_id {
            renamed.push_str(&format!("id = \"{own}\"\n"));
            done = true;
        } else {
            renamed.push_str(line);
            renamed.push('\n');
        }
    }
    if !done {
        return Err(wrong("no-id", "the draft's id must stand on a line of its own"));
    }
    let file = PolicyFile { name: "draft.toml".to_owned(), bytes: renamed.into_bytes() };
    Ok(Draft { file, id: own, replaces })
}

/// The scope of a law that was asked for.
fn scope(law: &str, library: &Library, draft: Option<&Draft>) -> Result<Scope, Vec<Diagnostic>> {
    let all_but = |id: Option<&String>| -> Vec<PolicyIndex> {
        let stays = |p: &comity_policy::Policy| id.is_none_or(|id| p.id.0 != *id);
        library.policies().filter(|(_, p)| stays(p)).map(|(i, _)| i).collect()
    };
    match (law, draft) {
        (IN_FORCE, None) => Ok(Scope::InForce),
        (IN_FORCE, Some(draft)) => Ok(Scope::Only(all_but(Some(&draft.id)))),
        (WITH_DRAFT, Some(draft)) => Ok(Scope::Only(all_but(draft.replaces.as_ref()))),
        (id, _) => library.scope_under(&[id]).map_err(|d| vec![*d]),
    }
}

fn law_name(law: &str) -> String {
    match law {
        IN_FORCE => "the law in force".to_owned(),
        WITH_DRAFT => "the law with the draft".to_owned(),
        id => id.to_owned(),
    }
}

impl Research for Replays {
    fn data_sets(&self) -> Vec<DataSet> {
        let Some(Ok(entries)) = self.folder.as_ref().map(fs::read_dir) else { return Vec::new() };
        let set = |entry: std::io::Result<fs::DirEntry>| {
            let entry = entry.ok()?;
            let (name, meta) = (entry.file_name().into_string().ok()?, entry.metadata().ok()?);
            let kind = Path::new(&name).extension()?.to_str()?.to_owned();
            let is_set = meta.is_file() && KINDS.contains(&kind.as_str());
            is_set.then_some(DataSet { name, bytes: meta.len() })
        };
        let mut out: Vec<DataSet> = entries.filter_map(set).collect();
        out.sort_by(|a, b| a.name.cmp(&b.name));
        out
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        let known = self.data_sets().into_iter().find(|set| set.name == name)?;
        Some(self.folder.as_ref()?.join(known.name))
    }

    fn mappings(&self) -> Vec<Named> {
        let Ok(library) = self.library(None) else { return Vec::new() };
        let named = |(id, path, bytes): (&str, &str, &[u8])| {
            let mapping = mapping::parse(path, bytes, library.places()).ok()?;
            let says = format!("{id}: {}", mapping.title);
            mapping.join.is_none().then(|| Named { id: id.to_owned(), says })
        };
        files::built_in_mappings().filter_map(named).collect()
    }

    fn recognize(&self, data: &Path) -> Recognized {
        let says = |says: String| Recognized { mapping: None, says };
        let Ok(library) = self.library(None) else { return Recognized::default() };
        let table = match Data::open(&[data.to_path_buf()]) {
            Ok(table) => table,
            Err(d) => return says(format!("The table cannot be read: {}.", d.message)),
        };
        let Some(file) = table.files.first() else { return Recognized::default() };
        if file.schema.fields().iter().any(|f| fact_of(f.name()).is_some()) {
            return says("Its columns are named after facts: it is a table of cases.".to_owned());
        }
        let read = |(id, path, bytes): (&str, &str, &[u8])| {
            Some((id.to_owned(), mapping::parse(path, bytes, library.places()).ok()?))
        };
        let known: Vec<(String, Mapping)> = files::built_in_mappings().filter_map(read).collect();
        match recognize(&known, &file.header()).1 {
            Verdict::Exact { fit } => Recognized {
                says: format!("The mapping {} knows every column, and misses none.", fit.path),
                mapping: Some(fit.path),
            },
            Verdict::Best { fit } => Recognized {
                says: format!("It looks like {}, but {}.", fit.path, fit.differences()),
                mapping: Some(fit.path),
            },
            Verdict::Tie { fits } => {
                let ids: Vec<&str> = fits.iter().map(|f| f.path.as_str()).collect();
                says(format!("Several mappings fit equally well, say which: {}.", ids.join(", ")))
            }
            Verdict::None => says(
                "No mapping that is known here fits its columns: say what they mean.".to_owned(),
            ),
        }
    }

    fn columns(&self, data: &Path) -> Result<Vec<ColumnSeen>, Diagnostic> {
        let table = Data::open(&[data.to_path_buf()])?;
        let told = |c: Seen| ColumnSeen {
            name: c.name,
            filled: c.filled,
            values: c.values,
            is_cut: c.is_cut,
            reads: c.reads,
        };
        Ok(seen(&table, VALUES_MAX)?.into_iter().map(told).collect())
    }

    fn check(&self, text: &str) -> Result<String, Vec<Diagnostic>> {
        Ok(own_mapping(text, &self.library(None)?)?.0.title)
    }

    fn run(
        &self,
        ask: &Ask,
        data: &Path,
        folder: &Path,
        watch: &Watch,
    ) -> Result<Outcome, Vec<Diagnostic>> {
        let one = |d: Diagnostic| vec![d];
        let draft = match ask.draft.as_str() {
            "" => None,
            text => Some(draft_of(text, &self.policies)?),
        };
        let library = self.library(draft.as_ref().map(|d| &d.file))?;
        let channel = Channel::from_name(&ask.channel)
            .ok_or_else(|| wrong("unknown-channel", "there is no such channel"))?;
        let mut sides = Vec::new();
        for law in [&ask.under, &ask.versus].into_iter().filter(|law| !law.is_empty()) {
            let scope = scope(law, &library, draft.as_ref())?;
            sides.push(Side::new(law_name(law), &library, scope, channel));
        }
        let table = Data::open(&[data.to_path_buf()]).map_err(one)?;
        let first = table.files.first().ok_or_else(|| wrong("no-data", "the table has no file"))?;
        let mapping = match (ask.own.as_str(), ask.mapping.as_str()) {
            ("", "") => None,
            ("", id) => Some(mapping_named(id, &library)?),
            (text, _) => Some(own_mapping(text, &library)?),
        };
        let reading = match &mapping {
            Some((mapping, _)) => Reading::Mapped(mapping),
            None => Reading::CaseTable,
        };
        let keys = ask.by.iter().map(|k| Key::find(k, &first.schema));
        let keys = keys.collect::<Result<Vec<_>, _>>().map_err(one)?;
        let question = Question {
            library: &library,
            sides: sides.into(),
            channel,
            reading,
            keys,
            sample: None,
        };
        let output = Output { folder: folder.to_owned(), rows: RowsFormat::Parquet, resume: false };
        // The desk goes on beside a run.
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = cores.saturating_sub(1).clamp(1, 64);
        let tally =
            run_table(&table, &question, Some(&output), threads, watch.canceled(), &mut |p| {
                watch.tell(p.rows, p.share);
            })
            .map_err(one)?;
        let receipt = receipt_of(ask, &library, data, mapping.as_ref().map(|m| m.1.clone()));
        let wording = Wording { suppress_below: 0, notes: Vec::new() };
        let sheet = sheet(&question, &table, &tally, &wording, receipt).sealed();
        let files = write(&sheet, folder)?;
        Ok(outcome(&sheet, &tally, &question, files))
    }
}

/// A mapping of the researcher's own, and its hash.
fn own_mapping(text: &str, library: &Library) -> Result<(Mapping, FileHash), Vec<Diagnostic>> {
    let mapping = mapping::parse(OWN_MAPPING, text.as_bytes(), library.places())?;
    if mapping.join.is_some() {
        return Err(vec![
            Diagnostic::error("joined-mapping", "a mapping that joins a second file").help(
                "leave [join] out here; such a mapping is replayed with a study, at the command line",
            ),
        ]);
    }
    let hash = FileHash {
        role: "mapping".to_owned(),
        name: OWN_MAPPING.to_owned(),
        bytes: text.len() as u64,
        sha256: receipt::sha256(text.as_bytes()),
    };
    Ok((mapping, hash))
}

/// A mapping of those in the binary, and its hash.
fn mapping_named(id: &str, library: &Library) -> Result<(Mapping, FileHash), Vec<Diagnostic>> {
    let known = files::built_in_mappings().find(|(known, ..)| *known == id);
    let (id, path, bytes) =
        known.ok_or_else(|| wrong("unknown-mapping", format!("there is no mapping `{id}`")))?;
    let mapping = mapping::parse(path, bytes, library.places())?;
    if mapping.join.is_some() {
        return Err(wrong(
            "joined-mapping",
            format!(
                "the mapping {id} joins a second file; it is replayed with a study, at the command line"
            ),
        ));
    }
    let sha256 = receipt::sha256(bytes);
    let hash = FileHash {
        role: "mapping".to_owned(),
        name: id.to_owned(),
        bytes: bytes.len() as u64,
        sha256,
    };
    Ok((mapping, hash))
}

fn receipt_of(ask: &Ask, library: &Library, data: &Path, mapping: Option<FileHash>) -> Receipt {
    let bytes = fs::metadata(data).map_or(0, |m| m.len());
    let mut inputs: Vec<FileHash> = mapping.into_iter().collect();
    inputs.push(FileHash {
        role: "data".to_owned(),
        name: ask.data.clone(),
        bytes,
        sha256: ask.data_sha256.clone(),
    });
    let laws = [&ask.under, &ask.versus].into_iter().filter(|law| !law.is_empty());
    let laws: Vec<String> = laws.cloned().collect();
    if !ask.draft.is_empty() {
        inputs.push(FileHash {
            role: "draft".to_owned(),
            name: "draft.toml".to_owned(),
            bytes: ask.draft.len() as u64,
            sha256: receipt::sha256(ask.draft.as_bytes()),
        });
    }
    let ids = laws.iter().filter(|id| library.find(id).is_ok()).cloned();
    let policies = receipt::policies_used(library, ids);
    Receipt {
        engine: receipt::ENGINE.to_owned(),
        command: command(ask),
        inputs,
        policies,
        library_policies: library.len(),
        library_sha256: receipt::library_sha256(library),
        outputs: Vec::new(),
    }
}

/// The command that makes the same result. With a draft there is none: `--under` sets place and
/// dates aside, and a run with a draft does not.
fn command(ask: &Ask) -> String {
    if !ask.draft.is_empty() {
        return String::new();
    }
    let mut words = vec!["comity".to_owned(), "replay".to_owned(), ask.data.clone()];
    let mut option = |name: &str, value: &str| {
        if !value.is_empty() {
            words.extend([format!("--{name}"), value.to_owned()]);
        }
    };
    option("under", &ask.under);
    option("versus", &ask.versus);
    option("channel", &ask.channel);
    option("by", &ask.by.join(","));
    option("mapping", if ask.own.is_empty() { &ask.mapping } else { OWN_MAPPING });
    shlex::try_join(words.iter().map(String::as_str)).unwrap_or_default()
}

/// Writes the result's files; their paths in the folder, those of the rows too.
fn write(sheet: &Sheet, folder: &Path) -> Result<Vec<String>, Vec<Diagnostic>> {
    let unwritable = |what: &str| wrong("unwritable-file", format!("{what} cannot be written"));
    let mut out = Vec::new();
    for (name, bytes) in sheet.files() {
        files::write(&folder.join(&name), &bytes).map_err(|_| unwritable(&name))?;
        out.push(name);
    }
    let mut rows: Vec<String> = fs::read_dir(folder.join("rows"))
        .map_err(|_| unwritable("rows"))?
        .filter_map(|entry| Some(format!("rows/{}", entry.ok()?.file_name().to_str()?)))
        .collect();
    rows.sort();
    out.extend(rows);
    Ok(out)
}

fn outcome(sheet: &Sheet, tally: &Tally, question: &Question<'_>, files: Vec<String>) -> Outcome {
    let all = tally.all(question.sides.len());
    let bars = question.sides.iter().zip(&all.outcomes);
    let table = |t: &SheetTable| Table {
        name: t.id.clone(),
        says: t.caption.clone(),
        heads: t.columns.iter().map(|(_, words)| words.clone()).collect(),
        rows: t
            .rows
            .iter()
            .take(ROWS_ON_PAGE)
            .map(|row| row.iter().map(|cell| cell.shown()).collect())
            .collect(),
        more: t.rows.len().saturating_sub(ROWS_ON_PAGE) as u64,
    };
    Outcome {
        facts: sheet.facts.clone(),
        bars: bars
            .map(|(side, outcomes)| Bar { says: side.name.clone(), parts: parts(outcomes) })
            .collect(),
        tables: sheet.tables().map(table).collect(),
        notes: Vec::new(),
        files,
        receipt: serde_json::to_string_pretty(&sheet.receipt).unwrap_or_default(),
    }
}

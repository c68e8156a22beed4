//! The function `decide(question, part)`: counts of a part of a table.
//!
//! It is volatile for `DataFusion`: it reads files and may write one. What it gives depends on
//! its arguments and those files only, so that a task that is run again gives the same.

use crate::job::unique;
use crate::stores;
use crate::version::differs;
use crate::wire::{Answer, Ask, Counted, unpack};
use arrow_array::builder::BinaryBuilder;
use arrow_array::cast::AsArray;
use arrow_schema::DataType;
use comity_model::Diagnostic;
use comity_replay::bulk::input::{Input, Lies, unreadable};
use comity_replay::bulk::part::Opened;
use comity_replay::bulk::recipe::Compiled;
use comity_replay::bulk::rows::{RowsFormat, unwritable};
use comity_replay::bulk::work::Bench;
use comity_replay::receipt::{FileHash, Hashing};
use datafusion::common::{Result as DfResult, ScalarValue, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Name of the function in plans.
pub const NAME: &str = "decide";

/// How the names of files start that are not whole yet.
pub const ASIDE: &str = ".part-";

/// Questions that an executor keeps compiled.
const COMPILED_MAX: usize = 8;

/// Files that an executor keeps open, with what their ends say about them.
const OPENED_MAX: usize = 64;

/// A few things that were made last, by what they were made from.
struct Kept<K, V> {
    max: usize,
    list: Mutex<VecDeque<(K, Arc<V>)>>,
}

impl<K: PartialEq, V> Kept<K, V> {
    const fn new(max: usize) -> Kept<K, V> {
        Kept { max, list: Mutex::new(VecDeque::new()) }
    }

    /// The one of a key; whoever else wants it waits until it is made.
    fn get<E>(&self, key: K, make: impl FnOnce() -> Result<V, E>) -> Result<Arc<V>, E> {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, found)) = list.iter().find(|(k, _)| *k == key) {
            return Ok(Arc::clone(found));
        }
        let made = Arc::new(make()?);
        list.push_front((key, Arc::clone(&made)));
        list.truncate(self.max);
        Ok(made)
    }
}

static COMPILED: Kept<[u8; 32], Compiled> = Kept::new(COMPILED_MAX);
static OPENED: Kept<(String, String), Opened> = Kept::new(OPENED_MAX);

/// The function, as an engine of this version runs it.
pub fn udf(version: &str) -> ScalarUDF {
    let types = vec![DataType::Binary, DataType::Utf8];
    let signature = Signature::exact(types, Volatility::Volatile);
    ScalarUDF::from(Decide { signature, version: version.to_owned() })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Decide {
    signature: Signature,
    version: String,
}

impl ScalarUDFImpl for Decide {
    fn name(&self) -> &'static str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> DfResult<DataType> {
        Ok(DataType::Binary)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DfResult<ColumnarValue> {
        let [ColumnarValue::Scalar(ScalarValue::Binary(Some(question))), parts] =
            args.args.as_slice()
        else {
            return exec_err!("{NAME} takes a question, the same for all rows, and a part");
        };
        let parts = parts.to_array(args.number_rows)?;
        let mut out = BinaryBuilder::new();
        for part in parts.as_string::<i32>() {
            let Some(part) = part else {
                out.append_null();
                continue;
            };
            let answer: Answer = self.answer(question, part).map_err(Into::into);
            match serde_json::to_vec(&answer) {
                Ok(bytes) => out.append_value(bytes),
                Err(e) => return exec_err!("{NAME}: {e}"),
            }
        }
        Ok(ColumnarValue::Array(Arc::new(out.finish())))
    }
}

impl Decide {
    fn answer(&self, question: &[u8], part: &str) -> Result<Counted, Diagnostic> {
        let garbled = |e: &dyn std::fmt::Display| {
            Diagnostic::error("bad-recipe", format!("what was sent cannot be read: {e}"))
                .help("run one comity on every machine")
        };
        let ask: Ask = serde_json::from_str(part).map_err(|e| garbled(&e))?;
        let compiled = COMPILED.get(Sha256::digest(question).into(), || {
            let recipe = unpack(question).map_err(|e| garbled(&e))?;
            if recipe.engine != self.version {
                return Err(differs("the command", &recipe.engine, &self.version));
            }
            recipe.compile()
        })?;
        let opened =
            OPENED.get((ask.run.clone(), ask.file.at.clone()), || Opened::open(input(&ask)?))?;
        let question = compiled.question(&opened.schema)?;
        let place = ask.out.as_ref().map(|(folder, format)| Place::of(folder, *format, ask.number));
        let place = place.transpose()?;
        let mut rows = place.as_ref().map(|p| question.rows_part(p.path.clone(), p.format));
        let tally = question.part(&opened, &ask.part(), &mut Bench::default(), rows.as_mut())?;
        if tally.read != ask.rows {
            return Err(other_file(
                &ask.file.name,
                &format!("part {} has {} rows here and {} there", ask.index, tally.read, ask.rows),
            ));
        }
        let written = match (rows, place) {
            (Some(rows), Some(place)) => {
                rows.finish()?;
                place.deliver()?
            }
            _ => None,
        };
        Ok(Counted { number: ask.number, tally, written })
    }
}

/// The file of a part, as this machine sees it.
fn input(ask: &Ask) -> Result<Input, Diagnostic> {
    let file = &ask.file;
    let lies = if stores::is_address(&file.at) {
        Lies::Remote(stores::remote(&file.at, file.bytes)?)
    } else {
        let at = PathBuf::from(&file.at);
        let metadata = fs::metadata(&at).map_err(|e| {
            unreadable(&at, e)
                .help("every executor reads the data itself: from a folder that all share, or from an object store")
        })?;
        if metadata.len() != file.bytes {
            let why = format!("it has {} bytes here and {} there", metadata.len(), file.bytes);
            return Err(other_file(&file.at, &why));
        }
        Lies::At(at)
    };
    let (path, partitions) = (PathBuf::from(&file.name), file.partitions.clone());
    Ok(Input { path, format: file.format, bytes: file.bytes, partitions, lies })
}

fn other_file(path: &str, why: &str) -> Diagnostic {
    Diagnostic::error(
        "other-file",
        format!("`{path}` is another file than the one that the command sees: {why}"),
    )
    .help("let all machines see the same files, and leave them alone while they are replayed")
}

/// Where the rows of a part go.
struct Place {
    /// Where they are written, under a name that no other machine uses: one that was given up
    /// for lost may still be at work on the same part.
    path: PathBuf,
    format: RowsFormat,
    name: String,
    goes: Goes,
}

enum Goes {
    /// To its name in this folder.
    Renamed(PathBuf),
    /// To this address, from a folder of its own.
    Sent(String, tempfile::TempDir),
}

impl Place {
    fn of(folder: &str, format: RowsFormat, number: usize) -> Result<Place, Diagnostic> {
        let name = format.name(number);
        let (path, goes) = if stores::is_address(folder) {
            let here = tempfile::tempdir().map_err(|e| unwritable(&std::env::temp_dir(), e))?;
            let address = format!("{}/{name}", folder.trim_end_matches('/'));
            (here.path().join(&name), Goes::Sent(address, here))
        } else {
            let folder = PathBuf::from(folder);
            (folder.join(format!("{ASIDE}{}.{name}", unique())), Goes::Renamed(folder.join(&name)))
        };
        Ok(Place { path, format, name, goes })
    }

    /// Sends the file on where it must go; nothing was written for a part without rows.
    fn deliver(self) -> Result<Option<FileHash>, Diagnostic> {
        if !self.path.exists() {
            return Ok(None);
        }
        let bad = |e: io::Error| unreadable(&self.path, e);
        let mut bytes = Hashing::new(fs::File::open(&self.path).map_err(bad)?);
        io::copy(&mut bytes, &mut io::sink()).map_err(bad)?;
        let hash = bytes.finish("rows", &format!("rows/{}", self.name));
        match &self.goes {
            Goes::Renamed(to) => fs::rename(&self.path, to).map_err(|e| unwritable(to, e))?,
            Goes::Sent(address, _folder) => stores::put(address, &self.path)?,
        }
        Ok(Some(hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    #[test]
    fn what_is_kept_is_made_once_and_forgotten_in_turn() {
        let kept: Kept<u8, String> = Kept::new(2);
        let mut made = 0;
        let mut get = |k: u8| {
            let make = || -> Result<String, Infallible> {
                made += 1;
                Ok(k.to_string())
            };
            kept.get(k, make).unwrap()
        };
        let first = get(1);
        assert!(Arc::ptr_eq(&first, &get(1)), "the same one");
        get(2);
        get(3);
        assert!(!Arc::ptr_eq(&first, &get(1)), "made again after it was forgotten");
        assert_eq!(made, 4);
        assert!(kept.get(9, || Err::<String, &str>("no")).is_err());
    }

    fn answer(engine: &str, part: &str) -> Diagnostic {
        let recipe = serde_json::json!({
            "engine": engine, "files": {"policies": [], "drafts": [], "mapping": null},
            "library_sha256": "", "sides": [], "channel": "hold", "keys": [], "sample": null,
        });
        let question = crate::wire::pack(&serde_json::from_value(recipe).unwrap()).unwrap();
        let signature = Signature::any(2, Volatility::Volatile);
        let decide = Decide { signature, version: "2.0.0".to_owned() };
        decide.answer(&question, part).unwrap_err()
    }

    const PART: &str = r#"{"run": "r", "number": 0, "first_row": 0, "index": 0, "rows": 1, "out": null,
        "file": {"name": "no/such.parquet", "at": "/no/such.parquet", "format": "Parquet", "bytes": 9, "partitions": []}}"#;

    #[test]
    fn a_question_of_another_version_is_refused_with_both() {
        let refused = answer("1.0.0", PART);
        assert_eq!(refused.code, "cluster-version");
        assert!(
            refused.message.contains("comity 1.0.0") && refused.message.contains("comity 2.0.0")
        );
        assert_eq!(answer("2.0.0", PART).code, "missing-places", "the same version is read on");
        assert_eq!(answer("2.0.0", "no part").code, "bad-recipe");
    }
}

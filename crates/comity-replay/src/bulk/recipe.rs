//! A question as bytes that another machine can ask: the law, the mapping, the keys.
//!
//! The files themselves travel, not their meaning: what is compiled from them elsewhere is
//! what is compiled from them here.

use super::cases::Reading;
use super::keys::Key;
use super::sample::Sample;
use super::work::{Question, Side};
use crate::mapping::{self, Mapping};
use crate::receipt::library_sha256;
use arrow_schema::Schema;
use comity_model::Diagnostic;
use comity_policy::{Channel, Library, PolicyFile, PolicyIndex, Scope};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A file by name and text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextFile {
    /// As messages name it.
    pub name: String,
    /// What it says.
    pub text: String,
}

/// The files that a question was made of.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Files {
    /// Those of the library, the registry of places among them.
    pub policies: Vec<TextFile>,
    /// Drafts, which replace policies of their ids.
    pub drafts: Vec<TextFile>,
    /// The mapping, if the table needs one.
    pub mapping: Option<TextFile>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Law {
    InForce,
    Under(Vec<String>),
    Only(Vec<String>),
}

/// A question that can be sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// Name and version of the engine that made it.
    pub engine: String,
    files: Files,
    /// What all policies together must hash to.
    library_sha256: String,
    sides: Vec<(String, Law)>,
    channel: String,
    keys: Vec<String>,
    sample: Option<Sample>,
}

/// A recipe, ready to be asked of any part.
#[derive(Debug)]
pub struct Compiled {
    library: Library,
    mapping: Option<Mapping>,
    sides: Arc<[Side]>,
    channel: Channel,
    keys: Vec<String>,
    sample: Option<Sample>,
}

impl Recipe {
    /// The recipe of a question that was made of these files, by an engine of this name.
    pub fn of(question: &Question<'_>, files: Files, engine: &str) -> Recipe {
        let library = question.library;
        let ids = |list: &[PolicyIndex]| {
            list.iter().map(|i| library.policy(*i).id.to_string()).collect::<Vec<_>>()
        };
        let law = |scope: &Scope| match scope {
            Scope::InForce => Law::InForce,
            Scope::Under(list) => Law::Under(ids(list)),
            Scope::Only(list) => Law::Only(ids(list)),
        };
        Recipe {
            engine: engine.to_owned(),
            files,
            library_sha256: library_sha256(library),
            sides: question.sides.iter().map(|s| (s.name.clone(), law(&s.scope))).collect(),
            channel: question.channel.name().to_owned(),
            keys: question.keys.iter().map(|k| k.name.clone()).collect(),
            sample: question.sample,
        }
    }

    /// Reads the law and compiles it.
    ///
    /// # Errors
    /// A file has an error, or together they are another library than the one it was made of.
    pub fn compile(&self) -> Result<Compiled, Diagnostic> {
        let first = |found: Vec<Diagnostic>| {
            found.into_iter().find(Diagnostic::is_error).unwrap_or_else(|| wrong("no finding"))
        };
        let library = Library::with_drafts(
            &policy_files(&self.files.policies),
            &policy_files(&self.files.drafts),
        )
        .map_err(first)?;
        let found = library_sha256(&library);
        if found != self.library_sha256 {
            return Err(wrong(&format!(
                "its policies hash to {found}, and not to {} as it says",
                self.library_sha256
            )));
        }
        let mapping = match &self.files.mapping {
            None => None,
            Some(f) => {
                Some(mapping::parse(&f.name, f.text.as_bytes(), library.places()).map_err(first)?)
            }
        };
        let channel = Channel::from_name(&self.channel)
            .ok_or_else(|| wrong(&format!("`{}` is no channel", self.channel)))?;
        let mut sides = Vec::new();
        for (name, law) in &self.sides {
            let indices = |ids: &[String]| {
                ids.iter().map(|id| library.find(id)).collect::<Result<Vec<_>, _>>().map_err(|d| *d)
            };
            let scope = match law {
                Law::InForce => Scope::InForce,
                Law::Under(ids) => Scope::Under(indices(ids)?),
                Law::Only(ids) => Scope::Only(indices(ids)?),
            };
            sides.push(Side::new(name.clone(), &library, scope, channel));
        }
        let (keys, sample) = (self.keys.clone(), self.sample);
        Ok(Compiled { library, mapping, sides: sides.into(), channel, keys, sample })
    }
}

impl Compiled {
    /// The question, of a table of these columns.
    ///
    /// # Errors
    /// A key that the table does not have.
    pub fn question(&self, schema: &Schema) -> Result<Question<'_>, Diagnostic> {
        let keys = self.keys.iter().map(|k| Key::find(k, schema)).collect::<Result<_, _>>()?;
        Ok(Question {
            library: &self.library,
            sides: Arc::clone(&self.sides),
            channel: self.channel,
            reading: self.mapping.as_ref().map_or(Reading::CaseTable, Reading::Mapped),
            keys,
            sample: self.sample,
        })
    }
}

fn policy_files(files: &[TextFile]) -> Vec<PolicyFile> {
    let file = |f: &TextFile| PolicyFile { name: f.name.clone(), bytes: f.text.clone().into() };
    files.iter().map(file).collect()
}

fn wrong(why: &str) -> Diagnostic {
    Diagnostic::error("bad-recipe", format!("a question was sent that cannot be asked: {why}"))
        .help(
            "the machines of a cluster must run the same comity; start them again with one binary",
        )
}

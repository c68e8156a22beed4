//! Checkpoints (C2SP tlog-checkpoint): a log's name, its size and its root, as the text of a
//! signed note.

use crate::hash::Hash;
use crate::key::SecretKey;
use crate::note::{NOTE_BYTES_MAX, Note, NoteSignature};
use crate::text::Lines;
use comity_model::Diagnostic;
use serde::Serialize;

/// What a log says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checkpoint {
    /// The name of the log, `jail.example/ledger`.
    pub origin: String,
    /// Leaves in the tree.
    pub size: u64,
    /// Its root.
    pub root: Hash,
    /// Lines after the third, not interpreted. Comity writes none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<String>,
}

impl Checkpoint {
    /// Reads the text of a note; [`Checkpoint::to_text`] gives the same text again.
    ///
    /// # Errors
    /// What is wrong, at which line, in which field.
    pub fn parse(file: &str, text: &str) -> Result<Checkpoint, Diagnostic> {
        let mut lines = Lines::new(file, text.as_bytes(), "the checkpoint", NOTE_BYTES_MAX)?;
        let origin = lines.next("origin")?.to_owned();
        if origin.is_empty() {
            return Err(lines.fault("empty", "origin", "the origin is empty"));
        }
        let size = lines.next("tree size")?;
        let size = lines.decimal("tree size", size)?;
        let root = lines.next("root hash")?;
        let root = Hash::from_bytes(lines.bytes("root hash", root)?);
        if size == 0 && root != Hash::EMPTY_TREE {
            let message = format!("the root of an empty tree is `{}`", Hash::EMPTY_TREE);
            return Err(lines.fault("wrong-root", "root hash", message));
        }
        let mut extensions = Vec::new();
        while !lines.is_done() {
            let line = lines.next("extension")?;
            if line.is_empty() {
                return Err(lines.fault("empty", "extension", "an extension line is empty"));
            }
            extensions.push(line.to_owned());
        }
        Ok(Checkpoint { origin, size, root, extensions })
    }

    /// The text of the note.
    pub fn to_text(&self) -> String {
        let mut text = format!("{}\n{}\n{}\n", self.origin, self.size, self.root);
        for line in &self.extensions {
            text.push_str(line);
            text.push('\n');
        }
        text
    }
}

/// A checkpoint with the note that it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    note: Note,
    checkpoint: Checkpoint,
}

impl SignedCheckpoint {
    /// Reads a signed checkpoint. Its signatures are not checked:
    /// [`Trust::check`](crate::Trust::check) does that.
    ///
    /// # Errors
    /// What is wrong, at which line, in which field.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<SignedCheckpoint, Diagnostic> {
        SignedCheckpoint::parse_at(file, bytes, 0)
    }

    pub(crate) fn parse_at(
        file: &str,
        bytes: &[u8],
        lines_before: usize,
    ) -> Result<SignedCheckpoint, Diagnostic> {
        let note = Note::parse_at(file, bytes, lines_before)?;
        let checkpoint = Checkpoint::parse(file, note.text()).map_err(|mut fault| {
            fault.line += lines_before;
            fault
        })?;
        Ok(SignedCheckpoint { note, checkpoint })
    }

    /// A checkpoint signed by its log. `None` if the key is a witness's, or the origin or an
    /// extension could not be read back.
    pub fn sign(checkpoint: Checkpoint, key: &SecretKey) -> Option<SignedCheckpoint> {
        let mut note = Note::new(&checkpoint.to_text()).ok()?;
        let is_same = Checkpoint::parse("", note.text()).is_ok_and(|read| read == checkpoint);
        note.add(note.sign(key)?);
        is_same.then_some(SignedCheckpoint { note, checkpoint })
    }

    /// The note.
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// What the log says.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Adds a countersignature.
    pub fn add(&mut self, signature: NoteSignature) {
        self.note.add(signature);
    }

    /// The note as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.note.to_bytes()
    }
}

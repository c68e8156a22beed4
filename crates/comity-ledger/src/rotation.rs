//! Change of a log's key: a note signed by both keys, which takes effect at a tree size.

use crate::key::{KeyKind, SecretKey, VerifierKey};
use crate::note::Note;
use crate::text::Lines;
use crate::trust::{LogKey, Trust};
use comity_model::Diagnostic;

/// First line of the note.
const MARK: &str = "comity-key-rotation/v1";

/// A change of key as its note says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The key so far.
    pub old: VerifierKey,
    /// The key from now on, of the same name.
    pub new: VerifierKey,
    /// The largest tree that the old key signs, and the smallest that the new one does.
    pub size: u64,
}

impl Rotation {
    /// The note, signed by both keys: the old one lets go, the new one shows that somebody
    /// holds it. `None` unless both are keys of one log.
    pub fn sign(old: &SecretKey, new: &SecretKey, size: u64) -> Option<Note> {
        let (before, after) = (old.verifier(), new.verifier());
        if before.name() != after.name() || before == after {
            return None;
        }
        let mut note =
            Note::new(&format!("{MARK}\nold {before}\nnew {after}\nsize {size}\n")).ok()?;
        note.add(note.sign(old)?);
        note.add(note.sign(new)?);
        Some(note)
    }

    /// Reads the note and checks both signatures.
    ///
    /// # Errors
    /// What is wrong, at which line, in which field; `unsigned`, `bad-signature`.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Rotation, Diagnostic> {
        let note = Note::parse(file, bytes)?;
        let mut lines = Lines::new(file, note.text().as_bytes(), "the note", note.text().len())?;
        lines.expect("format", MARK)?;
        let old = read_key(&mut lines, "old")?;
        let new = read_key(&mut lines, "new")?;
        if old.name() != new.name() || old == new {
            return Err(lines.fault("bad-key", "new", "the new key is another one of one name"));
        }
        let size = lines.word("size").map(str::to_owned);
        let Some(size) = size else {
            lines.next("size")?;
            return Err(lines.fault("unexpected", "size", "here stands `size ` and a number"));
        };
        let size = lines.decimal("size", &size)?;
        if !lines.is_done() {
            lines.next("end")?;
            return Err(lines.fault("unexpected", "end", "a change of key has four lines"));
        }
        for key in [&old, &new] {
            if note.check(key)?.is_none() {
                let message = format!("key `{}` did not sign", key.id());
                return Err(lines.fault("unsigned", "signature", message));
            }
        }
        Ok(Rotation { old, new, size })
    }
}

fn read_key(lines: &mut Lines, field: &'static str) -> Result<VerifierKey, Diagnostic> {
    let Some(text) = lines.word(field) else {
        lines.next(field)?;
        return Err(lines.fault("unexpected", field, format!("here stands `{field} ` and a key")));
    };
    let key = VerifierKey::parse(text).map_err(|f| lines.fault(f.code, field, f.message))?;
    if key.kind() != KeyKind::Log {
        return Err(lines.fault("bad-key", field, "a log's key is of type 0x01"));
    }
    Ok(key)
}

/// The keys of a log whose key was changed, from the first to the one in use, each with the
/// sizes for which it is believed.
///
/// # Errors
/// `broken-chain`: the changes do not lead from one key to the next and to the one in use.
pub fn key_chain(in_use: &VerifierKey, changes: &[Rotation]) -> Result<Vec<LogKey>, Diagnostic> {
    let mut keys = Vec::with_capacity(changes.len() + 1);
    let mut first = 0;
    for (i, change) in changes.iter().enumerate() {
        let next = changes.get(i + 1).map_or(in_use, |next| &next.old);
        if change.new != *next || change.size < first {
            let message = format!("the change of key number {} leads to no key in use", i + 1);
            return Err(Diagnostic::error("broken-chain", message).path("key"));
        }
        keys.push(LogKey { key: change.old.clone(), first, last: Some(change.size) });
        first = change.size;
    }
    keys.push(LogKey { key: in_use.clone(), first, last: None });
    Ok(keys)
}

impl Trust {
    /// Takes a log's new key.
    ///
    /// # Errors
    /// `unknown-key`: the old key is not one in use.
    pub fn take(&mut self, rotation: &Rotation) -> Result<(), Diagnostic> {
        self.rotate(&rotation.old, &rotation.new, rotation.size)
    }
}

//! Changing the key that signs the ledger's checkpoints.
//!
//! The old key signs the ledger as it stands for the last time, and a note by both keys says from
//! which size on the new one signs. The note is kept in the store, stands in the ledger as its
//! first leaf under the new key, and goes to every peer. What the old key signed before holds as
//! it did; beyond that size it holds no more.

use crate::fault::NodeFault;
use crate::node::{Node, Work};
use comity_ledger::{LogKey, Rotation, SecretKey, VerifierKey, key_chain};
use comity_model::Diagnostic;
use comity_store::{Change, Reads};
use jiff::Timestamp;
use serde_json::{Map, Value};

/// Under which name the store keeps the notes: a JSON array of texts.
const CHANGES: &str = "log-key-changes";

/// The notes of every change of this ledger's key, in order.
///
/// # Errors
/// The store; `not-json`.
pub fn log_key_notes(reads: &mut dyn Reads) -> Result<Vec<String>, Diagnostic> {
    let Some(stored) = reads.value(CHANGES).map_err(Diagnostic::from)? else {
        return Ok(Vec::new());
    };
    serde_json::from_slice(&stored)
        .map_err(|e| Diagnostic::error("not-json", e.to_string()).path(CHANGES))
}

/// The keys of this ledger, from the first to the one in use, each with its sizes. The changes
/// are read from the store and believed for their signatures alone.
///
/// # Errors
/// The store; a note that does not hold; `broken-chain`.
pub fn log_keys(reads: &mut dyn Reads, in_use: &VerifierKey) -> Result<Vec<LogKey>, Diagnostic> {
    let notes = log_key_notes(reads)?;
    let changes: Result<Vec<Rotation>, Diagnostic> =
        notes.iter().map(|note| Rotation::parse(CHANGES, note.as_bytes())).collect();
    key_chain(in_use, &changes?)
}

impl Node {
    /// Signs checkpoints with another key from now on. Who keeps keys in files lets the new one
    /// take the old one's place after this returned; [`log_keys`] says whether it did return.
    ///
    /// # Errors
    /// `bad-key`: the new key is no key of this ledger, or the one in use. The store; nothing
    /// happened then.
    pub fn rotate_log_key(&mut self, new: SecretKey, now: Timestamp) -> Result<(), NodeFault> {
        if self.stored == u64::MAX {
            self.reload()?;
        }
        let mut work = Work { changes: Vec::new(), now };
        if let Err(fault) = self.change_log_key(&mut work, &new) {
            return Err(self.give_up(fault));
        }
        self.commit(work)?;
        self.identity.log_key = new;
        Ok(())
    }

    fn change_log_key(&mut self, work: &mut Work, new: &SecretKey) -> Result<(), NodeFault> {
        self.checkpoint(work)?;
        let size = self.tree.size();
        let note = Rotation::sign(&self.identity.log_key, new, size).ok_or_else(|| {
            let message = "the new key is another one of the same ledger";
            NodeFault::wrong(Diagnostic::error("bad-key", message).path("key"))
        })?;
        let note = String::from_utf8_lossy(&note.to_bytes()).into_owned();
        let mut says = Map::new();
        says.insert("note".to_owned(), note.as_str().into());
        self.beside_nobody(work, "key.log_replaced", says)?;
        let mut notes = log_key_notes(self.store.as_mut()).map_err(NodeFault::Damaged)?;
        notes.push(note.clone());
        let value = Value::from(notes).to_string().into_bytes();
        work.changes.push(Change::Set { name: CHANGES.to_owned(), value });
        self.tell_log_key(work, &note)
    }
}

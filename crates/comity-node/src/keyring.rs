//! A store seen as the ledger wants to see it: tiles and persons' keys, read behind `&self`.

use comity_ledger::{KeyState, PersonKeyId, PersonKeys, StoreKey, TileId, Tiles};
use comity_model::Diagnostic;
use comity_store::{Fault, Reads};
use std::cell::RefCell;

/// A store's tiles and keys. One reader at a time.
pub struct TileShelf<'a> {
    reads: RefCell<&'a mut dyn Reads>,
    store_key: Option<&'a StoreKey>,
}

impl<'a> TileShelf<'a> {
    /// The tiles of a store; with the node's key the persons' keys too.
    pub fn new(reads: &'a mut dyn Reads, store_key: Option<&'a StoreKey>) -> TileShelf<'a> {
        TileShelf { reads: RefCell::new(reads), store_key }
    }
}

impl Tiles for TileShelf<'_> {
    fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, Diagnostic> {
        let tile = self.reads.borrow_mut().tile(id).map_err(unread)?;
        // A tile that grew since holds the narrower one of an earlier size.
        Ok(tile.map(|mut tile| {
            tile.bytes.truncate(usize::from(id.width) * 32);
            tile.bytes
        }))
    }
}

impl PersonKeys for TileShelf<'_> {
    fn person_key(&self, id: &PersonKeyId) -> Result<Option<KeyState>, Diagnostic> {
        let Some(store_key) = self.store_key else { return Ok(None) };
        let row = self.reads.borrow_mut().person_key(*id).map_err(unread)?;
        row.map(|row| key_state(store_key, &row)).transpose()
    }
}

/// A stored key, unwrapped.
pub(crate) fn key_state(
    store_key: &StoreKey,
    row: &comity_store::PersonKeyRow,
) -> Result<KeyState, Diagnostic> {
    match (&row.wrapped, row.destroyed_at) {
        (Some(wrapped), None) => store_key.unwrap_key(row.id, wrapped).map(KeyState::Held),
        (_, Some(at)) => Ok(KeyState::Destroyed { at }),
        (None, None) => {
            let message = format!("the key of person `{}` is neither there nor destroyed", row.id);
            Err(Diagnostic::error("wrong-key", message))
        }
    }
}

/// A fault of the store as a finding.
pub(crate) fn unread(fault: Fault) -> Diagnostic {
    Diagnostic::error(fault.code(), fault.to_string())
}

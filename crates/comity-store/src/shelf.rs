//! A store seen as the ledger wants to see it: tiles and persons' keys, read behind `&self`.

use crate::fault::Fault;
use crate::row::PersonKeyRow;
use crate::store::Reads;
use comity_ledger::{KeyState, PersonKeyId, PersonKeys, StoreKey, TileId, Tiles};
use comity_model::Diagnostic;
use std::cell::{RefCell, RefMut};

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

    /// The store, for a moment.
    pub(crate) fn reads(&self) -> RefMut<'_, &'a mut dyn Reads> {
        self.reads.borrow_mut()
    }
}

impl Tiles for TileShelf<'_> {
    fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, Diagnostic> {
        let Some(mut tile) = self.reads().tile(id)? else { return Ok(None) };
        if tile.bytes.len() != 32 * usize::from(tile.id.width) {
            // Of no width that is asked for: named as a tile of the wrong length.
            return Ok(Some(Vec::new()));
        }
        if tile.id.width < id.width {
            return Ok(None);
        }
        // A tile that grew since holds the narrower one of an earlier size.
        tile.bytes.truncate(32 * usize::from(id.width));
        Ok(Some(tile.bytes))
    }
}

impl PersonKeys for TileShelf<'_> {
    fn person_key(&self, id: &PersonKeyId) -> Result<Option<KeyState>, Diagnostic> {
        let Some(store_key) = self.store_key else { return Ok(None) };
        let row = self.reads().person_key(*id)?;
        row.map(|row| key_state(store_key, &row)).transpose()
    }
}

/// A stored key, unwrapped.
///
/// # Errors
/// `wrong-key`: it is neither held nor destroyed, or the node has another key.
pub fn key_state(store_key: &StoreKey, row: &PersonKeyRow) -> Result<KeyState, Diagnostic> {
    match (&row.wrapped, row.destroyed_at) {
        (_, Some(at)) => Ok(KeyState::Destroyed { at }),
        (Some(wrapped), None) => store_key.unwrap_key(row.id, wrapped).map(KeyState::Held),
        (None, None) => {
            let message = format!("the key of person `{}` is neither there nor destroyed", row.id);
            Err(Diagnostic::error("wrong-key", message))
        }
    }
}

impl From<Fault> for Diagnostic {
    fn from(fault: Fault) -> Diagnostic {
        Diagnostic::error(fault.code(), fault.to_string())
    }
}

//! The ledger of a store, recomputed: [`comity_ledger::fsck`] over the rows that are stored.

use crate::fault::Fault;
use crate::row::{CheckpointRow, LeafRow};
use crate::store::Reads;
use comity_ledger::{
    Against, Events, Finding, FsckReport, KeyState, PersonKey, PersonKeyId, PersonKeys,
    SignedCheckpoint, StoredLeaf, TILE_WIDTH, Tile, TileId, Tiles, Trust, fsck,
};
use comity_model::Diagnostic;
use std::cell::RefCell;
use std::collections::VecDeque;

/// Rows that are read at once.
const ROWS_AT_ONCE: usize = 512;

/// Unwraps a person's key with the node's own.
pub type Unwrap<'a> = &'a dyn Fn(PersonKeyId, &[u8]) -> Result<PersonKey, Diagnostic>;

/// How a store is checked.
pub struct FsckOptions<'a> {
    /// The keys that must have signed the checkpoints.
    pub trust: &'a Trust,
    /// Unwraps persons' keys, so that every event that is not erased is opened too. `None`: the
    /// sealed events are hashed only.
    pub unwrap: Option<Unwrap<'a>>,
    /// Whether no node is running that could write meanwhile or be about to sign.
    pub is_at_rest: bool,
}

/// Checks leaves, sealed events, tiles, checkpoints, and with [`FsckOptions::unwrap`] persons'
/// keys. Memory grows with the checkpoints and not with the leaves. `progress` is told of the
/// number of leaves done.
///
/// The other tables are not covered: cases, tasks and files follow from the events or are bound
/// to them by digest; messages carry their own signatures; accounts, sessions, replies and
/// values are this node's alone; the audit has a chain of its own.
///
/// # Errors
/// The store could not be read. What is wrong in what it holds is in the report.
pub fn fsck_store(
    store: &mut dyn Reads,
    options: &FsckOptions,
    progress: impl FnMut(u64),
) -> Result<FsckReport, Diagnostic> {
    let mut more = Vec::new();
    let rows = checkpoints(store)?;
    checkpoint_rows(store, &rows, &mut more)?;
    let checkpoints: Vec<Vec<u8>> = rows.into_iter().map(|row| row.note).collect();
    let view = View { store: RefCell::new(store), unwrap: options.unwrap };
    let against = Against {
        tiles: &view,
        checkpoints: &checkpoints,
        trust: options.trust,
        events: match options.unwrap {
            Some(_) => Events::Open(&view),
            None => Events::Sealed,
        },
        is_at_rest: options.is_at_rest,
    };
    let mut leaves = Leaves::new(&view);
    let mut report = fsck(&against, &mut leaves, progress)?;
    more.extend(leaves.misplaced);
    let size = report.leaves;
    extra_tiles(*view.store.borrow_mut(), size, options.is_at_rest, &mut more)?;
    for finding in more {
        let at = report.findings.partition_point(|f| f.index <= finding.index);
        report.findings.insert(at, finding);
        report.findings_total += 1;
    }
    Ok(report)
}

impl From<Fault> for Diagnostic {
    fn from(fault: Fault) -> Diagnostic {
        Diagnostic::error(fault.code(), fault.to_string())
    }
}

/// A store that is asked from two sides.
struct View<'a> {
    store: RefCell<&'a mut dyn Reads>,
    unwrap: Option<Unwrap<'a>>,
}

impl Tiles for View<'_> {
    fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, Diagnostic> {
        let Some(mut tile) = self.store.borrow_mut().tile(id)? else { return Ok(None) };
        if tile.bytes.len() != 32 * usize::from(tile.id.width) {
            // Of no width that is asked for: named as a tile of the wrong length.
            return Ok(Some(Vec::new()));
        }
        // While a node runs, a tile may have grown since the leaves were read.
        tile.bytes.truncate(32 * usize::from(id.width));
        Ok(Some(tile.bytes))
    }
}

impl PersonKeys for View<'_> {
    fn person_key(&self, id: &PersonKeyId) -> Result<Option<KeyState>, Diagnostic> {
        let Some(row) = self.store.borrow_mut().person_key(*id)? else { return Ok(None) };
        match (row.wrapped, row.destroyed_at, self.unwrap) {
            (_, Some(at), _) => Ok(Some(KeyState::Destroyed { at })),
            (Some(wrapped), None, Some(unwrap)) => {
                unwrap(*id, &wrapped).map(|key| Some(KeyState::Held(key)))
            }
            _ => Ok(None),
        }
    }
}

/// Leaves in the order of their indexes, some at a time.
struct Leaves<'a, 'b> {
    view: &'a View<'b>,
    next: u64,
    position: u64,
    read: VecDeque<LeafRow>,
    misplaced: Option<Finding>,
}

impl<'a, 'b> Leaves<'a, 'b> {
    fn new(view: &'a View<'b>) -> Leaves<'a, 'b> {
        Leaves { view, next: 0, position: 0, read: VecDeque::new(), misplaced: None }
    }
}

impl Iterator for Leaves<'_, '_> {
    type Item = Result<StoredLeaf, Diagnostic>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.read.is_empty() {
            match self.view.store.borrow_mut().leaves(self.next, ROWS_AT_ONCE) {
                Ok(rows) => self.read = rows.into(),
                Err(fault) => return Some(Err(fault.into())),
            }
        }
        let row = self.read.pop_front()?;
        if row.index != self.position && self.misplaced.is_none() {
            self.misplaced = Some(Finding {
                index: self.position,
                place: format!("leaf {}", self.position),
                code: "leaf-misplaced",
                message: format!("it is not there; the next one is stored as {}", row.index),
            });
        }
        self.position += 1;
        self.next = row.index.saturating_add(1);
        Some(Ok(StoredLeaf { leaf: row.leaf, sealed: row.sealed }))
    }
}

fn checkpoints(store: &mut dyn Reads) -> Result<Vec<CheckpointRow>, Fault> {
    let mut all: Vec<CheckpointRow> = Vec::new();
    loop {
        let from = all.last().map_or(0, |row| row.size.saturating_add(1));
        let rows = store.checkpoints(from, ROWS_AT_ONCE)?;
        if rows.is_empty() {
            return Ok(all);
        }
        all.extend(rows);
    }
}

/// Each checkpoint stands under its own size, and none is missing.
fn checkpoint_rows(
    store: &mut dyn Reads,
    rows: &[CheckpointRow],
    more: &mut Vec<Finding>,
) -> Result<(), Fault> {
    for (number, row) in rows.iter().enumerate() {
        // What cannot be read is found by the check of the ledger.
        let Ok(signed) = SignedCheckpoint::parse("", &row.note) else { continue };
        let signed = signed.checkpoint().size;
        if signed != row.size {
            more.push(Finding {
                index: signed.min(row.size),
                place: format!("checkpoint {number}"),
                code: "checkpoint-misplaced",
                message: format!("it signed {signed} leaves and is stored as that of {}", row.size),
            });
        }
    }
    if let Some(size) = store.checkpoint_missing()? {
        more.push(Finding {
            index: size,
            place: format!("checkpoint of {size} leaves"),
            code: "checkpoint-missing",
            message: "it was stored, and is not there any more".to_owned(),
        });
    }
    Ok(())
}

/// Tiles that no leaf has made.
fn extra_tiles(
    store: &mut dyn Reads,
    size: u64,
    is_at_rest: bool,
    more: &mut Vec<Finding>,
) -> Result<(), Fault> {
    let mut after = None;
    loop {
        let tiles = store.tiles(after, ROWS_AT_ONCE)?;
        let Some(last) = tiles.last() else { return Ok(()) };
        after = Some(last.id);
        // While a node runs, leaves come after those that were counted.
        let extra = |tile: &&Tile| tile.id.width > width(tile.id, size);
        for tile in tiles.iter().filter(extra).filter(|_| is_at_rest) {
            more.push(Finding {
                index: size,
                place: tile.id.path(),
                code: "tile-extra",
                message: format!("a ledger of {size} leaves has no such tile"),
            });
        }
    }
}

/// Hashes that a tile has in a tree of so many leaves.
fn width(id: TileId, size: u64) -> u16 {
    let hashes = size.checked_shr(8 * u32::from(id.level)).unwrap_or(0);
    let before = id.index.saturating_mul(TILE_WIDTH as u64);
    hashes.saturating_sub(before).min(TILE_WIDTH as u64) as u16
}

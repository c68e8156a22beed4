//! The ledger of a store, recomputed: [`comity_ledger::fsck`] over the rows that are stored.

use crate::fault::Fault;
use crate::row::{CheckpointRow, LeafRow};
use crate::shelf::TileShelf;
use crate::store::Reads;
use comity_ledger::{
    Against, Events, Finding, FsckReport, SignedCheckpoint, StoreKey, StoredLeaf, TILE_WIDTH, Tile,
    TileId, Trust, fsck,
};
use comity_model::Diagnostic;
use std::collections::VecDeque;

/// Rows that are read at once.
const ROWS_AT_ONCE: usize = 512;

/// How a store is checked.
pub struct FsckOptions<'a> {
    /// The keys that must have signed the checkpoints.
    pub trust: &'a Trust,
    /// The node's own key, so that every event that is not erased is opened too. `None`: the
    /// sealed events are hashed only.
    pub store_key: Option<&'a StoreKey>,
    /// Whether no node is running that could write meanwhile or be about to sign.
    pub is_at_rest: bool,
}

/// Checks leaves, sealed events, tiles, checkpoints, and with [`FsckOptions::store_key`] persons'
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
    let shelf = TileShelf::new(store, options.store_key);
    let against = Against {
        tiles: &shelf,
        checkpoints: &checkpoints,
        trust: options.trust,
        events: match options.store_key {
            Some(_) => Events::Open(&shelf),
            None => Events::Sealed,
        },
        is_at_rest: options.is_at_rest,
    };
    let mut leaves = Leaves::new(&shelf);
    let mut report = fsck(&against, &mut leaves, progress)?;
    more.extend(leaves.misplaced);
    let size = report.leaves;
    extra_tiles(*shelf.reads(), size, options.is_at_rest, &mut more)?;
    for finding in more {
        let at = report.findings.partition_point(|f| f.index <= finding.index);
        report.findings.insert(at, finding);
        report.findings_total += 1;
    }
    Ok(report)
}

/// Leaves in the order of their indexes, some at a time.
struct Leaves<'a, 'b> {
    shelf: &'a TileShelf<'b>,
    next: u64,
    position: u64,
    read: VecDeque<LeafRow>,
    misplaced: Option<Finding>,
}

impl<'a, 'b> Leaves<'a, 'b> {
    fn new(shelf: &'a TileShelf<'b>) -> Leaves<'a, 'b> {
        Leaves { shelf, next: 0, position: 0, read: VecDeque::new(), misplaced: None }
    }
}

impl Iterator for Leaves<'_, '_> {
    type Item = Result<StoredLeaf, Diagnostic>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.read.is_empty() {
            match self.shelf.reads().leaves(self.next, ROWS_AT_ONCE) {
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

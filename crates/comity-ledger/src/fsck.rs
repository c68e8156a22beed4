//! Recomputes a whole log from its raw bytes and names the first place that is wrong.

use crate::checkpoint::{Checkpoint, SignedCheckpoint};
use crate::hash::Hash;
use crate::leaf::Leaf;
use crate::range::Tree;
use crate::seal::{PersonKeys, Sealed, Unsealed, unseal};
use crate::tile::{TILE_WIDTH, Tile, TileId, Tiles};
use crate::trust::Trust;
use comity_model::Diagnostic;
use jiff::Timestamp;
use serde::Serialize;

/// Most findings that are listed; the rest is counted.
const FINDINGS_MAX: usize = 100;

/// One stored record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLeaf {
    /// The leaf's bytes.
    pub leaf: Vec<u8>,
    /// The sealed event's bytes. They stay when a key is destroyed; not looked at with
    /// [`Events::Absent`].
    pub sealed: Vec<u8>,
}

/// What of the sealed events is there to be checked.
#[derive(Clone, Copy)]
pub enum Events<'a> {
    /// Nothing: an auditor has the log alone.
    Absent,
    /// Their bytes: each is hashed against its leaf.
    Sealed,
    /// Their bytes and the persons' keys: each that is not erased is opened too.
    Open(&'a dyn PersonKeys),
}

/// What a log is checked against.
pub struct Against<'a> {
    /// Its tiles.
    pub tiles: &'a dyn Tiles,
    /// Every checkpoint that was stored, as bytes.
    pub checkpoints: &'a [Vec<u8>],
    /// The keys that must have signed them.
    pub trust: &'a Trust,
    /// What of the sealed events is there.
    pub events: Events<'a>,
    /// Whether a leaf beyond the largest checkpoint is wrong: so when no node is running that
    /// could be about to sign it.
    pub is_at_rest: bool,
}

/// Something wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The first leaf that is concerned.
    pub index: u64,
    /// What is wrong: `leaf 17`, `tile/0/000`, `checkpoint 3`.
    pub place: String,
    /// Stable name of the kind of finding.
    pub code: &'static str,
    /// In a sentence.
    pub message: String,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct FsckReport {
    /// Leaves read and hashed.
    pub leaves: u64,
    /// Leaves beyond the largest checkpoint: recorded, not yet signed.
    pub uncovered: u64,
    /// Tiles compared.
    pub tiles: u64,
    /// Checkpoints whose root was compared.
    pub checkpoints: u64,
    /// Events opened and hashed.
    pub opened: u64,
    /// Events whose key was destroyed.
    pub erased: u64,
    /// The root of all leaves.
    pub root: Option<Hash>,
    /// What is wrong, by the first leaf concerned; at most 100.
    pub findings: Vec<Finding>,
    /// How much is wrong.
    pub findings_total: u64,
}

impl FsckReport {
    /// True if nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.findings_total == 0
    }

    /// The first place that is wrong.
    pub fn first(&self) -> Option<&Finding> {
        self.findings.first()
    }
}

/// Checks a log: every leaf, sealed event, tile and checkpoint. Memory does not grow with the
/// number of leaves. `progress` is told of the number of leaves done after each tile.
///
/// # Errors
/// The store could not be read. What is wrong in what it holds is in the report.
pub fn fsck(
    against: &Against,
    leaves: impl IntoIterator<Item = Result<StoredLeaf, Diagnostic>>,
    mut progress: impl FnMut(u64),
) -> Result<FsckReport, Diagnostic> {
    let mut check = Check::new(against);
    let mut block = Vec::with_capacity(TILE_WIDTH);
    for stored in leaves {
        block.push(check.leaf(&stored?));
        if block.len() == TILE_WIDTH {
            check.block(&block)?;
            block.clear();
            progress(check.by_leaves.size());
        }
    }
    check.block(&block)?;
    check.finish()
}

struct Check<'a> {
    against: &'a Against<'a>,
    /// Good checkpoints, by size; those before `next` are done.
    checkpoints: Vec<(usize, Checkpoint)>,
    next: usize,
    /// The tree that follows from the leaves, and the one that follows from the tiles of
    /// leaf hashes. Where they differ, a checkpoint tells which of them was changed.
    by_leaves: Tree,
    by_tiles: Tree,
    /// The first place since the last checkpoint at which they differ.
    differs: Option<u64>,
    /// Leaves up to here are known to be those of a checkpoint.
    good: u64,
    last_at: Option<Timestamp>,
    report: FsckReport,
}

impl<'a> Check<'a> {
    fn new(against: &'a Against<'a>) -> Check<'a> {
        let mut check = Check {
            against,
            checkpoints: Vec::new(),
            next: 0,
            by_leaves: Tree::default(),
            by_tiles: Tree::default(),
            differs: None,
            good: 0,
            last_at: None,
            report: FsckReport::default(),
        };
        for (number, bytes) in against.checkpoints.iter().enumerate() {
            match read_checkpoint(bytes, against.trust) {
                Ok(checkpoint) => check.checkpoints.push((number, checkpoint)),
                Err(fault) => {
                    let place = format!("checkpoint {number}");
                    check.finding(0, place, fault.code, fault.message);
                }
            }
        }
        check.checkpoints.sort_by_key(|(_, checkpoint)| checkpoint.size);
        check
    }

    fn finding(&mut self, index: u64, place: String, code: &'static str, message: String) {
        self.report.findings_total += 1;
        let at = self.report.findings.partition_point(|f| f.index <= index);
        self.report.findings.insert(at, Finding { index, place, code, message });
        self.report.findings.truncate(FINDINGS_MAX);
    }

    /// Checks a leaf by itself and returns its hash.
    fn leaf(&mut self, stored: &StoredLeaf) -> Hash {
        let index = self.report.leaves;
        self.report.leaves += 1;
        let place = || format!("leaf {index}");
        match Leaf::parse("", &stored.leaf) {
            Err(fault) => self.finding(index, place(), fault.code, fault.message),
            Ok(leaf) => {
                if self.last_at.is_some_and(|last| leaf.sequenced_at < last) {
                    let message = format!("`{}` is before the leaf before it", leaf.sequenced_at);
                    self.finding(index, place(), "time-went-back", message);
                }
                self.last_at = Some(leaf.sequenced_at);
                match self.sealed(&leaf, &stored.sealed) {
                    Ok(()) => {}
                    Err(fault) => {
                        let place = format!("sealed event of leaf {index}");
                        self.finding(index, place, fault.code, fault.message);
                    }
                }
            }
        }
        Hash::of_leaf(&stored.leaf)
    }

    fn sealed(&mut self, leaf: &Leaf, bytes: &[u8]) -> Result<(), Diagnostic> {
        let keys = match self.against.events {
            Events::Absent => return Ok(()),
            Events::Sealed => return Sealed::parse(bytes)?.check(leaf),
            Events::Open(keys) => keys,
        };
        let sealed = Sealed::parse(bytes)?;
        match unseal(leaf, &sealed, keys)? {
            Unsealed::Open(_) => self.report.opened += 1,
            Unsealed::Erased { .. } => self.report.erased += 1,
        }
        Ok(())
    }

    /// Checks up to 256 leaves against their tile, and checkpoints among them.
    fn block(&mut self, block: &[Hash]) -> Result<(), Diagnostic> {
        if block.is_empty() {
            self.checkpoints_here();
            return Ok(());
        }
        let first = self.by_leaves.size();
        let stored = self.leaf_tile(first, block.len())?;
        self.checkpoints_here();
        for (i, hash) in block.iter().enumerate() {
            let at = self.by_leaves.append(*hash);
            let in_tile = stored.get(i).copied().unwrap_or(*hash);
            self.by_tiles.append(in_tile);
            if in_tile != *hash && self.differs.is_none() {
                self.differs = Some(at);
            }
            self.checkpoints_here();
        }
        self.upper_tiles()
    }

    /// The stored hashes of up to 256 leaves. If leaves were removed or added, the tile at the
    /// right edge has the width that the largest checkpoint gives it.
    fn leaf_tile(&mut self, first: u64, width: usize) -> Result<Vec<Hash>, Diagnostic> {
        let id = TileId { level: 0, index: first / TILE_WIDTH as u64, width: width as u16 };
        let signed = self.checkpoints.last().map_or(0, |(_, c)| c.size.saturating_sub(first));
        let other = TileId { width: signed.min(TILE_WIDTH as u64) as u16, ..id };
        if other.width > 0
            && other != id
            && self.against.tiles.tile(id)?.is_none()
            && self.against.tiles.tile(other)?.is_some()
        {
            return Ok(self.tile(other, first)?.unwrap_or_default());
        }
        // The edge of a live ledger is written with its next checkpoint.
        if other.width == 0
            && !self.against.is_at_rest
            && width < TILE_WIDTH
            && self.against.tiles.tile(id)?.is_none()
        {
            return Ok(Vec::new());
        }
        Ok(self.tile(id, first)?.unwrap_or_default())
    }

    /// A stored tile; a missing or short one is a finding.
    fn tile(&mut self, id: TileId, index: u64) -> Result<Option<Vec<Hash>>, Diagnostic> {
        self.report.tiles += 1;
        match Tile::read(self.against.tiles, id) {
            Ok(tile) => Ok(Some(tile.hashes())),
            Err(fault) if fault.code.starts_with("tile-") => {
                self.finding(index, id.path(), fault.code, fault.message);
                Ok(None)
            }
            Err(fault) => Err(fault),
        }
    }

    /// Compares full tiles above the leaves, each with what both trees say it is.
    fn upper_tiles(&mut self) -> Result<(), Diagnostic> {
        let by_leaves = self.by_leaves.take_full_tiles();
        let by_tiles = self.by_tiles.take_full_tiles();
        for (one, other) in by_leaves.into_iter().zip(by_tiles) {
            self.upper_tile(&one, &other)?;
        }
        Ok(())
    }

    fn upper_tile(&mut self, one: &Tile, other: &Tile) -> Result<(), Diagnostic> {
        if one.id.level == 0 {
            return Ok(());
        }
        let span = 8 * (u32::from(one.id.level) + 1);
        let first = one.id.index << span.min(63);
        let Some(hashes) = self.tile(one.id, first)? else { return Ok(()) };
        let stored = Tile::new(one.id, &hashes);
        if stored != *one && stored != *other {
            let wrong = hashes.iter().zip(one.hashes()).position(|(a, b)| *a != b).unwrap_or(0);
            let index = first + ((wrong as u64) << (span - 8));
            let message = format!("hash {wrong} of it is not that of the tile below");
            self.finding(index, one.id.path(), "tile-differs", message);
        }
        Ok(())
    }

    /// Compares the checkpoints of the size that is reached.
    fn checkpoints_here(&mut self) {
        let size = self.by_leaves.size();
        while let Some((number, checkpoint)) = self.checkpoints.get(self.next)
            && checkpoint.size == size
        {
            let (number, root) = (*number, checkpoint.root);
            self.next += 1;
            self.report.checkpoints += 1;
            self.compare(number, size, root);
        }
    }

    fn compare(&mut self, number: usize, size: u64, root: Hash) {
        let leaves_fit = self.by_leaves.root() == root;
        let tiles_fit = self.by_tiles.root() == root;
        match (self.differs.take(), leaves_fit, tiles_fit) {
            (None, true, _) => {}
            (Some(at), true, _) => {
                let id = TileId::full(0, at / TILE_WIDTH as u64);
                let message = format!(
                    "hash {} of it is not that of leaf {at}, which checkpoint {number} vouches for",
                    at % TILE_WIDTH as u64
                );
                self.finding(at, id.path(), "tile-differs", message);
                self.by_tiles = self.by_leaves.clone();
            }
            (Some(at), false, true) => {
                let message = format!("its bytes are not those that checkpoint {number} signed");
                self.finding(at, format!("leaf {at}"), "leaf-differs", message);
                self.by_leaves = self.by_tiles.clone();
            }
            (at, false, _) => {
                let first = at.unwrap_or(self.good);
                let message = format!(
                    "the leaves from {} on are not those that it signed, and the tiles do not \
                     tell which: its root is `{root}`, theirs `{}`",
                    self.good,
                    self.by_leaves.root()
                );
                self.finding(first, format!("checkpoint {number}"), "root-differs", message);
            }
        }
        self.good = size;
    }

    fn finish(mut self) -> Result<FsckReport, Diagnostic> {
        let size = self.by_leaves.size();
        if let Some(at) = self.differs {
            let message = "it and its tile differ, and no checkpoint tells which was changed";
            self.finding(at, format!("leaf {at}"), "leaf-or-tile-differs", message.to_owned());
        }
        let covered = self.checkpoints.last().map_or(0, |(_, checkpoint)| checkpoint.size);
        let is_growing = !self.against.is_at_rest && covered < size;
        let partial = self.by_leaves.partial_tiles().into_iter().zip(self.by_tiles.partial_tiles());
        for (one, other) in partial.collect::<Vec<_>>() {
            // As in `leaf_tile`: it waits for the next checkpoint.
            if !(is_growing && self.against.tiles.tile(one.id)?.is_none()) {
                self.upper_tile(&one, &other)?;
            }
        }
        for (number, checkpoint) in self.checkpoints.split_off(self.next) {
            let message = format!(
                "it signed {} leaves, and only {size} are stored: the rest is lost",
                checkpoint.size
            );
            self.finding(size, format!("checkpoint {number}"), "leaves-missing", message);
        }
        self.report.uncovered = size.saturating_sub(covered);
        if self.against.is_at_rest && self.report.uncovered > 0 {
            let message = format!("the largest checkpoint signed {covered} leaves, without it");
            self.finding(covered, format!("leaf {covered}"), "not-covered", message);
        }
        self.report.root = Some(self.by_leaves.root());
        Ok(self.report)
    }
}

/// A stored checkpoint that holds in every line: a signature that nobody can check is damage
/// here, although a reader of foreign notes passes over it.
fn read_checkpoint(bytes: &[u8], trust: &Trust) -> Result<Checkpoint, Diagnostic> {
    let signed = SignedCheckpoint::parse("", bytes)?;
    trust.check(&signed)?;
    let keys = trust.keys();
    for signature in signed.note().signatures() {
        if !keys.iter().any(|k| *k.name() == signature.name && k.id() == signature.key_id) {
            let message = format!("`{}` signed with a key that is not known", signature.name);
            return Err(Diagnostic::error("unknown-signer", message).path("signature"));
        }
    }
    Ok(signed.checkpoint().clone())
}

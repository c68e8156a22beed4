//! Tiles: how the hashes and leaves of a tree are stored, as C2SP tlog-tiles lays them out.
//! A tile holds 256 neighboring hashes of one level; the level above it holds their roots.

use crate::hash::Hash;
use crate::range::root_of;
use comity_model::Diagnostic;
use std::collections::BTreeMap;
use std::fmt;

/// Hashes in a full tile, leaves in a full bundle of leaves.
pub const TILE_WIDTH: usize = 256;

/// Most bytes of one leaf: its length is stored in two bytes.
pub const LEAF_BYTES_MAX: usize = u16::MAX as usize;

/// Which tile: level, place within the level, number of hashes (1 to 256).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    /// 0 holds the hashes of leaves; a hash of level `n` spans 256^n leaves.
    pub level: u8,
    /// Place within the level, from 0.
    pub index: u64,
    /// Hashes in it; 256 when full.
    pub width: u16,
}

impl TileId {
    /// A full tile.
    pub fn full(level: u8, index: u64) -> TileId {
        TileId { level, index, width: TILE_WIDTH as u16 }
    }

    /// The path below the log's folder, `tile/0/x001/234.p/5`.
    pub fn path(&self) -> String {
        format!("tile/{}/{}", self.level, numbered(self.index, self.width))
    }

    /// The path of the bundle of leaves that a tile of level 0 holds the hashes of.
    pub fn leaves_path(&self) -> String {
        format!("tile/entries/{}", numbered(self.index, self.width))
    }

    /// A path as [`TileId::path`] writes it.
    pub fn parse(path: &str) -> Option<TileId> {
        let (level, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (number, width.parse().ok()?),
            None => (rest, TILE_WIDTH as u16),
        };
        let mut index = 0_u64;
        for group in number.split('/') {
            let digits: u64 = group.strip_prefix('x').unwrap_or(group).parse().ok()?;
            index = index.checked_mul(1000)?.checked_add(digits)?;
        }
        let id = TileId { level: level.parse().ok()?, index, width };
        // One tile has one path: leading zeros, signs and missing `x` are caught here.
        (id.level < 64 && (1..=256).contains(&width) && id.path() == path).then_some(id)
    }
}

impl fmt::Display for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path())
    }
}

fn numbered(index: u64, width: u16) -> String {
    let mut path = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1000);
        rest /= 1000;
    }
    if usize::from(width) < TILE_WIDTH {
        path.push_str(&format!(".p/{width}"));
    }
    path
}

/// Where tiles are stored. The stores of a node implement it; so does memory.
pub trait Tiles {
    /// The bytes of a tile, `None` if it is not stored. A full tile may stand in for a partial
    /// one of its place.
    ///
    /// # Errors
    /// The store could not be read.
    fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, Diagnostic>;
}

/// Tiles in memory.
#[derive(Debug, Clone, Default)]
pub struct MemoryTiles {
    /// The bytes by tile.
    pub tiles: BTreeMap<TileId, Vec<u8>>,
}

impl MemoryTiles {
    /// Stores tiles.
    pub fn put(&mut self, tiles: impl IntoIterator<Item = Tile>) {
        self.tiles.extend(tiles.into_iter().map(|tile| (tile.id, tile.bytes)));
    }
}

impl Tiles for MemoryTiles {
    fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, Diagnostic> {
        Ok(self.tiles.get(&id).cloned())
    }
}

/// A tile and its bytes: 32 for each hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// Which.
    pub id: TileId,
    /// Its hashes in a row.
    pub bytes: Vec<u8>,
}

impl Tile {
    /// A tile of hashes.
    pub fn new(id: TileId, hashes: &[Hash]) -> Tile {
        Tile { id, bytes: hashes.iter().flat_map(|h| *h.as_bytes()).collect() }
    }

    /// A tile from a store: the one asked for, or the first hashes of the full one.
    ///
    /// # Errors
    /// It is missing, has the wrong length, or could not be read.
    pub fn read(tiles: &dyn Tiles, id: TileId) -> Result<Tile, Diagnostic> {
        let mut found = tiles.tile(id)?;
        let mut width = id.width;
        if found.is_none() && usize::from(id.width) < TILE_WIDTH {
            found = tiles.tile(TileId::full(id.level, id.index))?;
            width = TILE_WIDTH as u16;
        }
        let Some(mut bytes) = found else {
            return Err(Diagnostic::error("tile-missing", format!("`{id}` is not stored"))
                .help("run `comity ledger fsck`; full tiles can be made again from the leaves"));
        };
        if bytes.len() != 32 * usize::from(width) {
            let message =
                format!("`{id}` has {} bytes and not {}", bytes.len(), 32 * usize::from(width));
            return Err(Diagnostic::error("tile-length", message));
        }
        bytes.truncate(32 * usize::from(id.width));
        Ok(Tile { id, bytes })
    }

    /// Its hashes.
    pub fn hashes(&self) -> Vec<Hash> {
        let (hashes, _) = self.bytes.as_chunks::<32>();
        hashes.iter().map(|h| Hash::from_bytes(*h)).collect()
    }
}

/// The complete subtrees of a stored tree of one size.
pub struct Nodes<'a> {
    tiles: &'a dyn Tiles,
    size: u64,
}

impl<'a> Nodes<'a> {
    /// The nodes of a tree whose first `size` leaves are stored.
    pub fn new(tiles: &'a dyn Tiles, size: u64) -> Nodes<'a> {
        Nodes { tiles, size }
    }

    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root over the leaves `index << level` up to but not including `(index + 1) << level`,
    /// all of which must be in the tree.
    ///
    /// # Errors
    /// A tile is missing or has the wrong length.
    pub(crate) fn node(&self, level: u32, index: u64) -> Result<Hash, Diagnostic> {
        let tile_level = level / 8;
        let within = level % 8;
        // First and number of the tile's hashes that lie below this node.
        let first = index << within;
        let count = 1_usize << within;
        let number = first / TILE_WIDTH as u64;
        let stored = (self.size >> (8 * tile_level)).saturating_sub(number * TILE_WIDTH as u64);
        let id = TileId {
            level: tile_level as u8,
            index: number,
            width: stored.min(TILE_WIDTH as u64) as u16,
        };
        let hashes = Tile::read(self.tiles, id)?.hashes();
        let at = (first % TILE_WIDTH as u64) as usize;
        match hashes.get(at..at + count) {
            Some(below) => Ok(root_of(below)),
            None => Err(Diagnostic::error(
                "beyond-tree",
                format!("node {index} of level {level} is not in a tree of {} leaves", self.size),
            )),
        }
    }
}

/// A bundle of leaves as C2SP tlog-tiles stores them: each with its length in two bytes, big
/// end first. `None` if a leaf is longer than [`LEAF_BYTES_MAX`].
pub fn write_leaves<'a>(leaves: impl IntoIterator<Item = &'a [u8]>) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    for leaf in leaves {
        out.extend(u16::try_from(leaf.len()).ok()?.to_be_bytes());
        out.extend(leaf);
    }
    Some(out)
}

/// A bundle of sealed events, laid out like the leaves' but with lengths of four bytes. `None`
/// if one is longer than that can say.
pub fn write_sealed<'a>(sealed: impl IntoIterator<Item = &'a [u8]>) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    for bytes in sealed {
        out.extend(u32::try_from(bytes.len()).ok()?.to_be_bytes());
        out.extend(bytes);
    }
    Some(out)
}

/// The leaves of a bundle.
///
/// # Errors
/// It ends within a leaf, or holds more than 256.
pub fn read_leaves(bytes: &[u8]) -> Result<Vec<&[u8]>, Diagnostic> {
    read_bundle::<2>(bytes)
}

/// The sealed events of a bundle.
///
/// # Errors
/// It ends within an event, or holds more than 256.
pub fn read_sealed(bytes: &[u8]) -> Result<Vec<&[u8]>, Diagnostic> {
    read_bundle::<4>(bytes)
}

fn read_bundle<const N: usize>(mut bytes: &[u8]) -> Result<Vec<&[u8]>, Diagnostic> {
    let mut items = Vec::new();
    while !bytes.is_empty() {
        let cut = || {
            let message = format!("the bundle ends within number {} of it", items.len());
            Diagnostic::error("cut-off", message).path("bundle")
        };
        let (length, rest) = bytes.split_first_chunk::<N>().ok_or_else(cut)?;
        let length = length.iter().fold(0_usize, |n, byte| n << 8 | usize::from(*byte));
        if rest.len() < length {
            return Err(cut());
        }
        let (item, rest) = rest.split_at(length);
        items.push(item);
        bytes = rest;
        if items.len() > TILE_WIDTH {
            let message = "the bundle holds more than 256";
            return Err(Diagnostic::error("too-large", message).path("bundle"));
        }
    }
    Ok(items)
}

//! A tree that grows: the roots of its complete subtrees, and the tiles that follow from them.

use crate::hash::Hash;
use crate::tile::{TILE_WIDTH, Tile, TileId, Tiles};
use comity_model::Diagnostic;

/// A compact range from leaf 0: what must be remembered of a tree to add leaves to it and to
/// know its root, at most 64 hashes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CompactRange {
    size: u64,
    /// Roots of complete subtrees, largest first; their sizes are the ones of `size` in binary.
    peaks: Vec<Hash>,
}

impl CompactRange {
    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf. `complete` is told of every subtree that this completes, with its level
    /// (0 for the leaf itself): each node of the tree exactly once.
    pub fn append(&mut self, leaf: Hash, mut complete: impl FnMut(u32, Hash)) {
        let mut hash = leaf;
        complete(0, hash);
        for level in 0..self.size.trailing_ones() {
            let Some(left) = self.peaks.pop() else { break };
            hash = Hash::of_node(left, hash);
            complete(level + 1, hash);
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The root (RFC 6962, section 2.1).
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return Hash::EMPTY_TREE };
        peaks.fold(*last, |right, left| Hash::of_node(*left, right))
    }
}

/// A tree that grows and gives the tiles to be stored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tree {
    range: CompactRange,
    /// Per tile level, the hashes of its tile that is not full.
    edges: Vec<Vec<Hash>>,
    /// Tiles that became full since they were last taken.
    full: Vec<Tile>,
}

impl Tree {
    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.range.size()
    }

    /// The root.
    pub fn root(&self) -> Hash {
        self.range.root()
    }

    /// Adds the hash of a leaf and returns its index.
    pub fn append(&mut self, leaf: Hash) -> u64 {
        let index = self.size();
        let (edges, full) = (&mut self.edges, &mut self.full);
        self.range.append(leaf, |level, hash| {
            if level % 8 != 0 {
                return;
            }
            let tile_level = (level / 8) as usize;
            if edges.len() == tile_level {
                edges.push(Vec::new());
            }
            let Some(edge) = edges.get_mut(tile_level) else { return };
            edge.push(hash);
            if edge.len() == TILE_WIDTH {
                let number = index >> (level + 8);
                full.push(Tile::new(TileId::full(tile_level as u8, number), edge));
                edge.clear();
            }
        });
        index
    }

    /// The tiles that became full since the last call, in the order in which they did.
    pub fn take_full_tiles(&mut self) -> Vec<Tile> {
        std::mem::take(&mut self.full)
    }

    /// The tiles at the right edge that are not full: to be stored beside the checkpoint of
    /// this size.
    pub fn partial_tiles(&self) -> Vec<Tile> {
        let mut tiles = Vec::new();
        for (level, edge) in self.edges.iter().enumerate().filter(|(_, edge)| !edge.is_empty()) {
            let id = TileId {
                level: level as u8,
                index: self.size() >> (8 * (level + 1)).min(63),
                width: edge.len() as u16,
            };
            tiles.push(Tile::new(id, edge));
        }
        tiles
    }

    /// The tree of a size, from its stored tiles; the root must be compared with a checkpoint.
    ///
    /// # Errors
    /// A tile at the right edge is missing or has the wrong length.
    pub fn resume(tiles: &dyn Tiles, size: u64) -> Result<Tree, Diagnostic> {
        let mut tree = Tree::default();
        let mut level = 0_u8;
        while size >> (8 * u32::from(level)).min(63) > 0 && level < 8 {
            let hashes_of_level = size >> (8 * u32::from(level));
            let width = (hashes_of_level % TILE_WIDTH as u64) as u16;
            let index = hashes_of_level / TILE_WIDTH as u64;
            let edge = match width {
                0 => Vec::new(),
                _ => Tile::read(tiles, TileId { level, index, width })?.hashes(),
            };
            tree.edges.push(edge);
            level += 1;
        }
        // From the top: each level's hashes lie left of all below it.
        let mut peaks = Vec::new();
        for edge in tree.edges.iter().rev() {
            let mut at = 0;
            while at < edge.len() {
                let len = 1 << (edge.len() - at).ilog2();
                peaks.push(root_of(&edge[at..at + len]));
                at += len;
            }
        }
        tree.range = CompactRange { size, peaks };
        Ok(tree)
    }
}

/// The root over neighboring hashes, a power of two of them.
pub fn root_of(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => Hash::EMPTY_TREE,
        [one] => *one,
        _ => {
            let (left, right) = hashes.split_at(hashes.len() / 2);
            Hash::of_node(root_of(left), root_of(right))
        }
    }
}

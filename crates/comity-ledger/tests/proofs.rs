//! Every proof of every tree holds, and nothing else does.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use comity_ledger::*;
use common::Random;
use proptest::prelude::*;

/// Leaves of the tree that the tests take pieces of.
const LEAVES: u64 = 700;

fn leaf(n: u64) -> Hash {
    Hash::of_leaf(&n.to_be_bytes())
}

/// The definition of RFC 6962, section 2.1, word by word.
fn definition(from: u64, to: u64) -> Hash {
    match to - from {
        0 => Hash::EMPTY_TREE,
        1 => leaf(from),
        n => {
            let mut k = 1;
            while k * 2 < n {
                k *= 2;
            }
            Hash::of_node(definition(from, from + k), definition(from + k, to))
        }
    }
}

fn tiles_of(size: u64) -> (MemoryTiles, Tree) {
    let mut tree = Tree::default();
    let mut tiles = MemoryTiles::default();
    for n in 0..size {
        assert_eq!(tree.append(leaf(n)), n);
        tiles.put(tree.take_full_tiles());
    }
    tiles.put(tree.partial_tiles());
    (tiles, tree)
}

#[test]
fn a_growing_tree_has_the_root_of_the_definition_at_every_size() {
    let mut tree = Tree::default();
    let mut range = CompactRange::default();
    for size in 0..=LEAVES {
        assert_eq!(tree.root(), definition(0, size), "{size} leaves");
        assert_eq!(range.root(), tree.root());
        tree.append(leaf(size));
        range.append(leaf(size), |_, _| {});
    }
}

#[test]
fn a_tree_goes_on_from_its_stored_tiles() {
    for size in [0, 1, 2, 7, 255, 256, 257, 511, 512, 513, 700] {
        let (tiles, tree) = tiles_of(size);
        let mut resumed = Tree::resume(&tiles, size).unwrap();
        assert_eq!(resumed.root(), tree.root(), "{size} leaves");
        assert_eq!(resumed.partial_tiles(), tree.partial_tiles());
        let mut whole = tree;
        whole.take_full_tiles();
        for n in size..size + 300 {
            whole.append(leaf(n));
            resumed.append(leaf(n));
        }
        assert_eq!(resumed.root(), whole.root());
        assert_eq!(resumed.take_full_tiles(), whole.take_full_tiles());
    }
}

#[test]
fn a_large_tree_has_tiles_of_three_levels() {
    let (tiles, tree) = tiles_of(70_000);
    let count = |level: u8, full: bool| {
        tiles.tiles.keys().filter(|id| id.level == level && (id.width == 256) == full).count()
    };
    // The example of C2SP tlog-tiles: 273 full tiles of leaves and one of 112, one full tile
    // of level 1 and one of 17, one of width 1 at level 2.
    assert_eq!((count(0, true), count(0, false)), (273, 1));
    assert_eq!((count(1, true), count(1, false)), (1, 1));
    assert_eq!((count(2, true), count(2, false)), (0, 1));
    assert!(tiles.tiles.contains_key(&TileId { level: 0, index: 273, width: 112 }));
    assert!(tiles.tiles.contains_key(&TileId { level: 1, index: 1, width: 17 }));
    assert!(tiles.tiles.contains_key(&TileId { level: 2, index: 0, width: 1 }));
    let nodes = Nodes::new(&tiles, 70_000);
    assert_eq!(root_at(&nodes, 70_000).unwrap(), tree.root());
    for index in [0, 255, 256, 65_535, 65_536, 69_888, 69_999] {
        let path = inclusion_proof(&nodes, index, 70_000).unwrap();
        assert_eq!(verify_inclusion(leaf(index), index, 70_000, &path, tree.root()), Ok(()));
    }
    for old in [1, 2, 255, 256, 65_535, 65_536, 65_537, 69_999] {
        let proof = consistency_proof(&nodes, old, 70_000).unwrap();
        let before = root_at(&nodes, old).unwrap();
        assert_eq!(verify_consistency(old, 70_000, &proof, before, tree.root()), Ok(()));
    }
}

#[test]
fn every_leaf_of_every_small_tree_is_proved_and_no_other() {
    let (tiles, _) = tiles_of(70);
    let nodes = Nodes::new(&tiles, 70);
    for size in 1..=70 {
        let root = definition(0, size);
        for index in 0..size {
            let path = inclusion_proof(&nodes, index, size).unwrap();
            assert_eq!(verify_inclusion(leaf(index), index, size, &path, root), Ok(()));
            for other in (0..size).filter(|other| *other != index) {
                assert!(verify_inclusion(leaf(other), index, size, &path, root).is_err());
                assert!(verify_inclusion(leaf(index), other, size, &path, root).is_err());
            }
        }
        assert!(inclusion_proof(&nodes, size, size).is_err());
    }
}

#[test]
fn every_small_tree_is_shown_to_begin_with_every_smaller_one() {
    let (tiles, _) = tiles_of(70);
    let nodes = Nodes::new(&tiles, 70);
    for new in 1..=70 {
        let new_root = definition(0, new);
        for old in 0..=new {
            let old_root = definition(0, old);
            let proof = consistency_proof(&nodes, old, new).unwrap();
            assert_eq!(verify_consistency(old, new, &proof, old_root, new_root), Ok(()));
            let wrong = Hash::of_leaf(b"another");
            assert!(verify_consistency(old, new, &proof, wrong, new_root).is_err());
            // Every tree begins with the empty one.
            assert_eq!(verify_consistency(old, new, &proof, old_root, wrong).is_err(), old > 0);
            if old > 0 && old < new {
                let prefix = prefix_proof(&nodes, old, new).unwrap();
                assert_eq!(verify_prefix(old, new, &prefix, new_root), Ok(old_root));
                assert!(verify_prefix(old, new, &prefix, wrong).is_err());
            }
        }
        assert!(consistency_proof(&nodes, new, new - 1).is_err());
    }
}

fn flip(hash: Hash, bit: usize) -> Hash {
    let mut bytes = *hash.as_bytes();
    bytes[bit / 8] ^= 1 << (bit % 8);
    Hash::from_bytes(bytes)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_flipped_bit_breaks_an_inclusion_proof(size in 1..LEAVES, seed in 1..u64::MAX) {
        let mut random = Random(seed);
        let (tiles, tree) = tiles_of(size);
        let index = random.next() % size;
        let path = inclusion_proof(&Nodes::new(&tiles, size), index, size).unwrap();
        prop_assert_eq!(verify_inclusion(leaf(index), index, size, &path, tree.root()), Ok(()));
        let bit = random.below(256);
        prop_assert!(verify_inclusion(flip(leaf(index), bit), index, size, &path, tree.root()).is_err());
        prop_assert!(verify_inclusion(leaf(index), index, size, &path, flip(tree.root(), bit)).is_err());
        for at in 0..path.len() {
            let mut other = path.clone();
            other[at] = flip(other[at], bit);
            prop_assert!(verify_inclusion(leaf(index), index, size, &other, tree.root()).is_err());
            other.remove(at);
            prop_assert!(verify_inclusion(leaf(index), index, size, &other, tree.root()).is_err());
        }
        let mut longer = path.clone();
        longer.push(leaf(0));
        prop_assert!(verify_inclusion(leaf(index), index, size, &longer, tree.root()).is_err());
    }

    #[test]
    fn one_flipped_bit_breaks_a_consistency_proof(new in 2..LEAVES, seed in 1..u64::MAX) {
        let mut random = Random(seed);
        let (tiles, tree) = tiles_of(new);
        let nodes = Nodes::new(&tiles, new);
        let old = 1 + random.next() % (new - 1);
        let before = root_at(&nodes, old).unwrap();
        let proof = consistency_proof(&nodes, old, new).unwrap();
        let after = tree.root();
        prop_assert_eq!(verify_consistency(old, new, &proof, before, after), Ok(()));
        let bit = random.below(256);
        prop_assert!(verify_consistency(old, new, &proof, flip(before, bit), after).is_err());
        prop_assert!(verify_consistency(old, new, &proof, before, flip(after, bit)).is_err());
        for at in 0..proof.len() {
            let mut other = proof.clone();
            other[at] = flip(other[at], bit);
            prop_assert!(verify_consistency(old, new, &other, before, after).is_err());
            other.remove(at);
            prop_assert!(verify_consistency(old, new, &other, before, after).is_err());
        }
        let mut longer = proof.clone();
        longer.push(leaf(0));
        prop_assert!(verify_consistency(old, new, &longer, before, after).is_err());
        prop_assert!(verify_consistency(new, old, &proof, after, before).is_err());
    }

    /// Numbers at their limits must not overflow, whatever the proof.
    #[test]
    fn no_size_breaks_the_verifier(
        a in any::<u64>(), b in any::<u64>(), length in 0_usize..130, shift in 0_u32..64,
    ) {
        let proof = vec![leaf(1); length];
        let (a, b) = (a >> shift, b >> (63 - shift));
        let _ = verify_inclusion(leaf(0), a, b, &proof, leaf(2));
        let _ = verify_consistency(a, b, &proof, leaf(0), leaf(2));
        let _ = verify_prefix(a, b, &proof, leaf(2));
    }
}

#[test]
fn tile_paths_are_those_of_c2sp_and_have_one_spelling() {
    let id = TileId::full(0, 1_234_067);
    assert_eq!(id.path(), "tile/0/x001/x234/067");
    assert_eq!(id.leaves_path(), "tile/entries/x001/x234/067");
    assert_eq!(TileId { level: 2, index: 7, width: 13 }.path(), "tile/2/007.p/13");
    let mut random = Random(7);
    for _ in 0..1000 {
        let index = random.next() >> random.below(64);
        let width = 1 + random.below(256) as u16;
        let id = TileId { level: random.below(64) as u8, index, width };
        assert_eq!(TileId::parse(&id.path()), Some(id));
    }
    for path in [
        "",
        "tile",
        "tile/0",
        "tile/0/",
        "tile/00/000",
        "tile/64/000",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x001/x234/067.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/001/067",
        "tile/0/x000/067",
        "tile/0/+01",
        "tile/0/x001/x234/067/",
        "tile/entries/000",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        "../tile/0/000",
    ] {
        assert_eq!(TileId::parse(path), None, "{path}");
    }
}

#[test]
fn bundles_of_leaves_are_read_back_and_cut_ones_refused() {
    let leaves: Vec<Vec<u8>> = (0..256).map(|n| vec![n as u8; n]).collect();
    let bytes = write_leaves(leaves.iter().map(Vec::as_slice)).unwrap();
    assert_eq!(read_leaves(&bytes).unwrap(), leaves);
    let long = vec![7; LEAF_BYTES_MAX + 1];
    let sealed = write_sealed([long.as_slice(), &[], &[1]]).unwrap();
    assert_eq!(read_sealed(&sealed).unwrap(), [long.as_slice(), &[], &[1]]);
    assert!(read_sealed(&sealed[..sealed.len() - 1]).is_err());
    assert!(read_leaves(&bytes[..bytes.len() - 1]).is_err());
    assert!(read_leaves(&[&bytes[..], &[0, 0]].concat()).is_err());
    assert!(read_leaves(&[0]).is_err());
    assert!(write_leaves([vec![0; LEAF_BYTES_MAX].as_slice()]).is_some());
    assert!(write_leaves([vec![0; LEAF_BYTES_MAX + 1].as_slice()]).is_none());
}

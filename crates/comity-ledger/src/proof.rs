//! Proofs: that a leaf is in a tree, and that one tree begins with another. Made as RFC 6962,
//! section 2.1 defines them, checked by the algorithms of RFC 9162, sections 2.1.3.2 and
//! 2.1.4.2.

use crate::hash::Hash;
use crate::tile::Nodes;
use comity_model::Diagnostic;
use std::fmt;

/// Why a proof does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProofFault {
    /// The leaf's index is not in a tree of this size.
    BeyondTree {
        /// The index.
        index: u64,
        /// Leaves in the tree.
        size: u64,
    },
    /// The older tree is larger than the newer one.
    Backwards {
        /// Leaves of the tree said to be older.
        old: u64,
        /// Leaves of the other.
        new: u64,
    },
    /// More or fewer hashes than a proof for these sizes has.
    Length {
        /// Hashes given.
        found: usize,
        /// Hashes needed.
        needed: usize,
    },
    /// The hashes lead to another root.
    Root {
        /// The root that they lead to.
        computed: Hash,
    },
    /// The hashes belong to the newer tree, and that tree begins with another older one: proof
    /// that the log rewrote its past.
    OldRoot {
        /// The root of the newer tree's beginning.
        computed: Hash,
    },
}

impl fmt::Display for ProofFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProofFault::BeyondTree { index, size } => {
                write!(f, "leaf {index} is not in a tree of {size} leaves")
            }
            ProofFault::Backwards { old, new } => {
                write!(f, "a tree of {new} leaves cannot begin with one of {old}")
            }
            ProofFault::Length { found, needed } => {
                write!(f, "the proof has {found} hashes and not {needed}")
            }
            ProofFault::Root { computed } => write!(f, "the proof leads to the root `{computed}`"),
            ProofFault::OldRoot { computed } => {
                write!(
                    f,
                    "the newer tree begins with the root `{computed}`, not with the older one"
                )
            }
        }
    }
}

impl std::error::Error for ProofFault {}

/// The largest power of two below `n`, for `n` of 2 or more: where RFC 6962 splits a tree.
fn split(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}

/// The root over the leaves `from..to` of a stored tree, which start at a multiple of the
/// power of two that is not below their number.
fn range_root(nodes: &Nodes, from: u64, to: u64) -> Result<Hash, Diagnostic> {
    let n = to - from;
    if n.is_power_of_two() {
        return nodes.node(n.ilog2(), from / n);
    }
    let middle = from + split(n);
    Ok(Hash::of_node(range_root(nodes, from, middle)?, range_root(nodes, middle, to)?))
}

/// The root of the first `size` leaves of a stored tree.
///
/// # Errors
/// The tree is smaller, or a tile is missing.
pub fn root_at(nodes: &Nodes, size: u64) -> Result<Hash, Diagnostic> {
    within(nodes, size)?;
    if size == 0 { Ok(Hash::EMPTY_TREE) } else { range_root(nodes, 0, size) }
}

fn within(nodes: &Nodes, size: u64) -> Result<(), Diagnostic> {
    if size <= nodes.size() {
        return Ok(());
    }
    let message = format!("the stored tree has {} leaves, not {size}", nodes.size());
    Err(Diagnostic::error("beyond-tree", message))
}

/// The inclusion proof of leaf `index` in the tree of the first `size` leaves, from the
/// leaf's sibling to the root's child.
///
/// # Errors
/// The leaf is not in the tree, or a tile is missing.
pub fn inclusion_proof(nodes: &Nodes, index: u64, size: u64) -> Result<Vec<Hash>, Diagnostic> {
    within(nodes, size)?;
    if index >= size {
        let fault = ProofFault::BeyondTree { index, size };
        return Err(Diagnostic::error("beyond-tree", fault.to_string()));
    }
    let mut path = Vec::new();
    let (mut from, mut to) = (0, size);
    while to - from > 1 {
        let middle = from + split(to - from);
        if index < middle {
            path.push(range_root(nodes, middle, to)?);
            to = middle;
        } else {
            path.push(range_root(nodes, from, middle)?);
            from = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// Checks that a leaf is in a tree (RFC 9162, section 2.1.3.2).
///
/// # Errors
/// Why it is not shown to be.
pub fn verify_inclusion(
    leaf: Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: Hash,
) -> Result<(), ProofFault> {
    if index >= size {
        return Err(ProofFault::BeyondTree { index, size });
    }
    let needed = inclusion_length(index, size);
    if proof.len() != needed {
        return Err(ProofFault::Length { found: proof.len(), needed });
    }
    let (mut node, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in proof {
        if node % 2 == 1 || node == last {
            hash = Hash::of_node(*sibling, hash);
            let zeros = if node == 0 { 0 } else { node.trailing_zeros() };
            (node, last) = (node >> zeros, last >> zeros);
        } else {
            hash = Hash::of_node(hash, *sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    if hash == root { Ok(()) } else { Err(ProofFault::Root { computed: hash }) }
}

/// Hashes in an inclusion proof: one for each level at which the leaf's path has a sibling.
fn inclusion_length(index: u64, size: u64) -> usize {
    let inner = u64::BITS - (index ^ (size - 1)).leading_zeros();
    (inner + (index >> inner.min(63)).count_ones()) as usize
}

/// The proof that the tree of the first `new` leaves begins with that of the first `old`.
/// Empty if they are one, or if `old` is 0.
///
/// # Errors
/// `old` is larger than `new`, the stored tree is smaller, or a tile is missing.
pub fn consistency_proof(nodes: &Nodes, old: u64, new: u64) -> Result<Vec<Hash>, Diagnostic> {
    within(nodes, new)?;
    if old > new {
        let fault = ProofFault::Backwards { old, new };
        return Err(Diagnostic::error("backwards", fault.to_string()));
    }
    if old == 0 || old == new {
        return Ok(Vec::new());
    }
    let mut path = Vec::new();
    let (mut from, mut to) = (0, new);
    while to != old {
        let middle = from + split(to - from);
        if old <= middle {
            path.push(range_root(nodes, middle, to)?);
            to = middle;
        } else {
            path.push(range_root(nodes, from, middle)?);
            from = middle;
        }
    }
    // If the older tree is itself a node of the newer one, the reader knows its root.
    if from > 0 {
        path.push(range_root(nodes, from, to)?);
    }
    path.reverse();
    Ok(path)
}

/// A consistency proof that assumes nothing about the older root: its first hash is always
/// given. Whoever holds the newer tree's hashes can show with it which tree it begins with.
///
/// # Errors
/// As [`consistency_proof`]; `old` must be at least 1 and below `new`.
pub fn prefix_proof(nodes: &Nodes, old: u64, new: u64) -> Result<Vec<Hash>, Diagnostic> {
    if old == 0 || old >= new {
        let fault = ProofFault::Backwards { old, new };
        return Err(Diagnostic::error("backwards", fault.to_string()));
    }
    let mut path = consistency_proof(nodes, old, new)?;
    if old.is_power_of_two() {
        path.insert(0, nodes.node(old.ilog2(), 0)?);
    }
    Ok(path)
}

/// Checks that the newer tree begins with the older one (RFC 9162, section 2.1.4.2).
///
/// # Errors
/// Why that is not shown. [`ProofFault::OldRoot`] shows the contrary.
pub fn verify_consistency(
    old: u64,
    new: u64,
    proof: &[Hash],
    old_root: Hash,
    new_root: Hash,
) -> Result<(), ProofFault> {
    if old > new {
        return Err(ProofFault::Backwards { old, new });
    }
    if old == 0 || old == new {
        if !proof.is_empty() {
            return Err(ProofFault::Length { found: proof.len(), needed: 0 });
        }
        let wanted = if old == 0 { Hash::EMPTY_TREE } else { new_root };
        let holds = old_root == wanted && (new > 0 || new_root == wanted);
        return if holds { Ok(()) } else { Err(ProofFault::Root { computed: wanted }) };
    }
    let (began, ended) = if old.is_power_of_two() {
        walk(old, new, old_root, proof)?
    } else {
        let needed = prefix_length(old, new);
        let (seed, path) = proof.split_first().ok_or(ProofFault::Length { found: 0, needed })?;
        walk(old, new, *seed, path)
            .map_err(|_| ProofFault::Length { found: proof.len(), needed })?
    };
    compare(began, ended, old_root, new_root)
}

/// What a log shows with a newer checkpoint: a [`prefix_proof`] where both trees have leaves and
/// they differ in size, so that a tree that begins otherwise convicts its log. Else empty.
///
/// # Errors
/// As [`consistency_proof`].
pub fn growth_proof(nodes: &Nodes, old: u64, new: u64) -> Result<Vec<Hash>, Diagnostic> {
    if old == 0 || old >= new {
        return consistency_proof(nodes, old, new);
    }
    prefix_proof(nodes, old, new)
}

/// [`verify_consistency`] by a [`growth_proof`], or by one that leaves the older root out where
/// RFC 6962 does: where the older tree is itself a node of the newer one.
///
/// # Errors
/// As [`verify_consistency`]. Only the first kind can show the contrary for every size.
pub fn verify_growth(
    old: u64,
    new: u64,
    proof: &[Hash],
    old_root: Hash,
    new_root: Hash,
) -> Result<(), ProofFault> {
    let tells_the_old_root = old > 0 && old < new && proof.len() == prefix_length(old, new);
    if !tells_the_old_root {
        return verify_consistency(old, new, proof, old_root, new_root);
    }
    match verify_prefix(old, new, proof, new_root)? {
        began if began == old_root => Ok(()),
        began => Err(ProofFault::OldRoot { computed: began }),
    }
}

/// What the tree of `new` leaves with this root begins with: the root of its first `old`
/// leaves, by a [`prefix_proof`].
///
/// # Errors
/// The proof is not one for this tree.
pub fn verify_prefix(
    old: u64,
    new: u64,
    proof: &[Hash],
    new_root: Hash,
) -> Result<Hash, ProofFault> {
    if old == 0 || old >= new {
        return Err(ProofFault::Backwards { old, new });
    }
    let needed = prefix_length(old, new);
    let (seed, path) = proof.split_first().ok_or(ProofFault::Length { found: 0, needed })?;
    let (began, ended) = walk(old, new, *seed, path)
        .map_err(|_| ProofFault::Length { found: proof.len(), needed })?;
    if ended == new_root { Ok(began) } else { Err(ProofFault::Root { computed: ended }) }
}

fn compare(began: Hash, ended: Hash, old_root: Hash, new_root: Hash) -> Result<(), ProofFault> {
    if ended != new_root {
        Err(ProofFault::Root { computed: ended })
    } else if began != old_root {
        Err(ProofFault::OldRoot { computed: began })
    } else {
        Ok(())
    }
}

/// Hashes after the first in a proof from `old` to `new`: those of the path of the older
/// tree's last complete subtree.
fn walk_length(old: u64, new: u64) -> usize {
    let shift = old.trailing_zeros();
    inclusion_length((old - 1) >> shift, ((new - 1) >> shift) + 1)
}

fn prefix_length(old: u64, new: u64) -> usize {
    1 + walk_length(old, new)
}

/// The roots of both trees that a path leads to.
fn walk(old: u64, new: u64, seed: Hash, path: &[Hash]) -> Result<(Hash, Hash), ProofFault> {
    let needed = walk_length(old, new);
    if path.len() != needed {
        return Err(ProofFault::Length { found: path.len(), needed });
    }
    let shift = old.trailing_zeros();
    let (mut node, mut last) = ((old - 1) >> shift, (new - 1) >> shift);
    let (mut began, mut ended) = (seed, seed);
    for hash in path {
        if node % 2 == 1 || node == last {
            began = Hash::of_node(*hash, began);
            ended = Hash::of_node(*hash, ended);
            let zeros = if node == 0 { 0 } else { node.trailing_zeros() };
            (node, last) = (node >> zeros, last >> zeros);
        } else {
            ended = Hash::of_node(ended, *hash);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    Ok((began, ended))
}

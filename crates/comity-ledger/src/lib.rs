//! The ledger of a node: an append-only log of everything that it accepted, which no side can
//! change later without the other one seeing it.
//!
//! - A **leaf** ([`Leaf`]) says what kind of event, of which case by pseudonym, when, and
//!   commits to the event with a salt. The event itself is sealed beside it under its person's
//!   key ([`record`], [`unseal`]); destroying the key erases it, and every proof still holds.
//! - Leaves form a **Merkle tree** ([`Tree`], RFC 6962), stored in tiles ([`Tiles`], C2SP
//!   tlog-tiles). [`inclusion_proof`] and [`growth_proof`] are made from them.
//! - A **checkpoint** ([`SignedCheckpoint`], C2SP tlog-checkpoint) is the signed root.
//!   [`Trust`] says whose signatures and countersignatures it needs.
//! - The other side keeps a [`PeerView`]: it accepts a checkpoint only if it continues the ones
//!   before, countersigns it, and otherwise has a [`SplitView`] in hand that convicts the log.
//! - A [`Bundle`] is evidence in one file, checked offline. [`fsck`] recomputes a whole log.
//!
//! Pure: bytes, keys, random bytes and instants come as arguments.
//!
//! ```
//! use comity_ledger::{Hash, Tree, verify_inclusion};
//!
//! let mut tree = Tree::default();
//! let (first, second) = (Hash::of_leaf(b"booked"), Hash::of_leaf(b"released"));
//! tree.append(first);
//! tree.append(second);
//! assert!(verify_inclusion(first, 0, 2, &[second], tree.root()).is_ok());
//! assert!(verify_inclusion(first, 1, 2, &[second], tree.root()).is_err());
//! ```

mod bundle;
mod checkpoint;
mod crypto;
mod evidence;
mod fsck;
mod hash;
mod key;
mod leaf;
mod note;
mod peer;
mod proof;
mod range;
mod rotation;
mod seal;
mod split;
mod text;
mod tile;
mod trust;

pub use bundle::{Bundle, LogProof, Shown};
pub use checkpoint::{Checkpoint, SignedCheckpoint};
pub use evidence::{Claim, Evidence, prove};
pub use fsck::{Against, Events, Finding, FsckReport, StoredLeaf, fsck};
pub use hash::Hash;
pub use key::{KeyId, KeyKind, KeyName, ReplyKey, SecretKey, VerifierKey};
pub use leaf::{CaseRef, Commitment, EventKind, Leaf, Opening, SealedHash};
pub use note::{NOTE_BYTES_MAX, Note, NoteSignature, SIGNATURES_MAX, Signed};
pub use peer::{Accepted, PeerView, Refusal};
pub use proof::{
    ProofFault, consistency_proof, growth_proof, inclusion_proof, prefix_proof, root_at,
    verify_consistency, verify_growth, verify_inclusion, verify_prefix,
};
pub use range::{CompactRange, Tree};
pub use rotation::{Rotation, key_chain};
pub use seal::{
    Draft, EVENT_BYTES_MAX, Fresh, KeyState, MemoryKeys, PersonKey, PersonKeyId, PersonKeys,
    Sealed, StoreKey, Unsealed, record, unseal,
};
pub use split::{Contradiction, Proved, SplitView};
pub use tile::{
    LEAF_BYTES_MAX, MemoryTiles, Nodes, TILE_WIDTH, Tile, TileId, Tiles, read_leaves, read_sealed,
    write_leaves, write_sealed,
};
pub use trust::{Checked, Countersigned, LogKey, Trust, WitnessKey};

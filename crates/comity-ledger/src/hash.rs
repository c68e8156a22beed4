//! The hash of leaves and nodes: RFC 6962, section 2.1, with SHA-256.

use crate::crypto::sha256;
use crate::text::{base64, from_base64};
use serde::{Serialize, Serializer};
use std::fmt;

/// The hash of a leaf, of a node, or the root of a tree: 32 bytes, shown in base64.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// The root of a tree without leaves: SHA-256 of nothing.
    pub const EMPTY_TREE: Hash = Hash([
        0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9,
        0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52,
        0xb8, 0x55,
    ]);

    /// The hash of a leaf: SHA-256 of 0x00 and its bytes.
    pub fn of_leaf(bytes: &[u8]) -> Hash {
        Hash(sha256(&[&[0], bytes]))
    }

    /// The hash of a node: SHA-256 of 0x01 and both children. The first byte keeps a node from
    /// passing as a leaf.
    pub fn of_node(left: Hash, right: Hash) -> Hash {
        Hash(sha256(&[&[1], &left.0, &right.0]))
    }

    /// Bytes as a hash.
    pub fn from_bytes(bytes: [u8; 32]) -> Hash {
        Hash(bytes)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A hash in base64, in its only spelling.
    pub fn parse(text: &str) -> Option<Hash> {
        from_base64(text)?.try_into().ok().map(Hash)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

//! Making evidence, and reading a stored record as evidence: never without hashing it again.

use crate::bundle::{Bundle, LogProof, Shown};
use crate::checkpoint::SignedCheckpoint;
use crate::key::VerifierKey;
use crate::leaf::{Leaf, Opening};
use crate::proof::inclusion_proof;
use crate::seal::{PersonKeys, Sealed, Unsealed, unseal};
use crate::tile::Nodes;
use crate::trust::Trust;
use comity_model::Diagnostic;

/// What is to be proved.
pub struct Claim<'a> {
    /// The leaf's place.
    pub index: u64,
    /// Its stored bytes.
    pub leaf: &'a [u8],
    /// The event, if it is to be disclosed.
    pub opening: Option<Opening>,
    /// The checkpoint to prove it under.
    pub checkpoint: SignedCheckpoint,
    /// Keys to put into the bundle.
    pub keys: Vec<VerifierKey>,
}

/// Makes the evidence that a leaf is in the log, and checks that it is.
///
/// # Errors
/// The leaf is not the one in the tree, the event is not the leaf's, a tile is missing.
pub fn prove(claim: Claim, nodes: &Nodes) -> Result<Bundle, Diagnostic> {
    let Claim { index, leaf, opening, checkpoint, keys } = claim;
    let path = inclusion_proof(nodes, index, checkpoint.checkpoint().size)?;
    let proof = LogProof { index, path, checkpoint };
    proof.check_path(crate::Hash::of_leaf(leaf))?;
    let leaf = Leaf::parse("", leaf)?;
    if let Some(opening) = &opening {
        leaf.check(opening)?;
    }
    Ok(Bundle { keys, leaf, opening, proof })
}

/// A record that was read from a store and found to be the one in the log. There is no other
/// way to make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    shown: Shown,
    content: Unsealed,
}

impl Evidence {
    /// Reads a stored record as evidence: its bytes are hashed up to the root, the root's
    /// signatures are checked, the sealed event is opened and hashed against the leaf.
    ///
    /// # Errors
    /// The first thing that does not hold. Nothing of the record is to be shown then.
    pub fn read(
        leaf: &[u8],
        sealed: &[u8],
        proof: LogProof,
        trust: &Trust,
        keys: &dyn PersonKeys,
    ) -> Result<Evidence, Diagnostic> {
        proof.check_path(crate::Hash::of_leaf(leaf))?;
        let leaf = Leaf::parse("", leaf)?;
        let content = unseal(&leaf, &Sealed::parse(sealed)?, keys)?;
        let opening = match &content {
            Unsealed::Open(opening) => Some(opening.clone()),
            Unsealed::Erased { .. } => None,
        };
        let shown = Bundle { keys: Vec::new(), leaf, opening, proof }.verify(trust)?;
        Ok(Evidence { shown, content })
    }

    /// Leaf, place, checkpoint, signatures.
    pub fn shown(&self) -> &Shown {
        &self.shown
    }

    /// The event, or when it was erased.
    pub fn content(&self) -> &Unsealed {
        &self.content
    }
}

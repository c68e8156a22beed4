//! Evidence in one file: a leaf, if wanted what it commits to, and the proof that it is in a
//! log. Checked with nothing but bytes, offline.

use crate::checkpoint::{Checkpoint, SignedCheckpoint};
use crate::hash::Hash;
use crate::key::VerifierKey;
use crate::leaf::{Leaf, Opening};
use crate::note::NOTE_BYTES_MAX;
use crate::proof::verify_inclusion;
use crate::text::{Lines, base64};
use crate::trust::{Checked, Trust};
use comity_model::Diagnostic;
use serde::Serialize;

/// First line of a bundle.
const MARK: &str = "comity-evidence/v1";

/// First line of a proof (C2SP tlog-proof).
const PROOF_MARK: &str = "c2sp.org/tlog-proof@v1";

/// Most bytes of a bundle: an event in base64, and a note.
const BUNDLE_BYTES_MAX: usize = 4 * NOTE_BYTES_MAX;

/// Most hashes of an inclusion proof.
const PATH_MAX: usize = 63;

/// Most keys in a bundle.
const KEYS_MAX: usize = 64;

/// That a leaf is in a log: a C2SP tlog-proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogProof {
    /// The leaf's place, from 0.
    pub index: u64,
    /// From the leaf's sibling to the root's child.
    pub path: Vec<Hash>,
    /// The checkpoint with its signatures.
    pub checkpoint: SignedCheckpoint,
}

impl LogProof {
    /// Reads a proof; [`LogProof::to_bytes`] gives the same bytes again. A line `extra`, which
    /// the format allows, is refused: nothing vouches for it.
    ///
    /// # Errors
    /// What is wrong, at which line, in which field.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<LogProof, Diagnostic> {
        let mut lines = Lines::new(file, bytes, "the proof", BUNDLE_BYTES_MAX)?;
        LogProof::read(file, &mut lines)
    }

    fn read(file: &str, lines: &mut Lines) -> Result<LogProof, Diagnostic> {
        lines.expect("proof format", PROOF_MARK)?;
        let Some(index) = lines.word("index") else {
            lines.next("index")?;
            return Err(lines.fault("unexpected", "index", "here stands `index ` and a number"));
        };
        let index = lines.decimal("index", index)?;
        let mut path = Vec::new();
        while lines.peek().is_some_and(|line| !line.is_empty()) {
            let line = lines.next("proof hash")?;
            path.push(Hash::from_bytes(lines.bytes("proof hash", line)?));
            if path.len() > PATH_MAX {
                let message = format!("a proof has at most {PATH_MAX} hashes");
                return Err(lines.fault("too-large", "proof hash", message));
            }
        }
        lines.expect("checkpoint", "")?;
        let (rest, before) = lines.rest();
        let checkpoint = SignedCheckpoint::parse_at(file, rest.as_bytes(), before)?;
        Ok(LogProof { index, path, checkpoint })
    }

    /// The proof as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = format!("{PROOF_MARK}\nindex {}\n", self.index);
        for hash in &self.path {
            out.push_str(&format!("{hash}\n"));
        }
        out.push('\n');
        let mut out = out.into_bytes();
        out.extend(self.checkpoint.to_bytes());
        out
    }

    /// Checks that a leaf of this hash stands at the place in the checkpoint's tree. Says
    /// nothing about signatures.
    ///
    /// # Errors
    /// `not-included`.
    pub fn check_path(&self, leaf: Hash) -> Result<(), Diagnostic> {
        let Checkpoint { size, root, .. } = self.checkpoint.checkpoint();
        verify_inclusion(leaf, self.index, *size, &self.path, *root).map_err(|fault| {
            let message =
                format!("the leaf is not shown to be leaf {} of the log: {fault}", self.index);
            Diagnostic::error("not-included", message)
                .path("proof")
                .help("the leaf, the proof or the checkpoint was changed")
        })
    }
}

/// Evidence that an event was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// The keys that the sender believes are to be checked with: a help for the reader, who
    /// must know from elsewhere whose they are.
    pub keys: Vec<VerifierKey>,
    /// The leaf.
    pub leaf: Leaf,
    /// What the leaf commits to, if it is disclosed.
    pub opening: Option<Opening>,
    /// That the leaf is in the log.
    pub proof: LogProof,
}

/// What a bundle shows, after everything in it was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// The log.
    pub origin: String,
    /// The leaf's place in it.
    pub index: u64,
    /// The leaf.
    pub leaf: Leaf,
    /// Leaves in the tree of the checkpoint.
    pub size: u64,
    /// Its root.
    pub root: Hash,
    /// Whether the event itself is disclosed, and is the one that was recorded.
    pub is_opened: bool,
    /// Whose signatures hold.
    pub signatures: Checked,
    /// Whether the keys are the reader's own. If not, the bundle only agrees with itself.
    pub is_trusted: bool,
}

impl Bundle {
    /// Reads a bundle; [`Bundle::to_bytes`] gives the same bytes again.
    ///
    /// # Errors
    /// What is wrong, at which line, in which field.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Bundle, Diagnostic> {
        let mut lines = Lines::new(file, bytes, "the bundle", BUNDLE_BYTES_MAX)?;
        lines.expect("format", MARK)?;
        let mut keys: Vec<VerifierKey> = Vec::new();
        while let Some(text) = lines.word("key") {
            let key =
                VerifierKey::parse(text).map_err(|f| lines.fault(f.code, "key", f.message))?;
            if keys.contains(&key) || keys.len() == KEYS_MAX {
                return Err(lines.fault("twice", "key", "a key twice, or too many of them"));
            }
            keys.push(key);
        }
        let Some(text) = lines.word("leaf") else {
            lines.next("leaf")?;
            return Err(lines.fault("unexpected", "leaf", "here stands `leaf ` and its base64"));
        };
        let leaf = Leaf::parse(file, &lines.base64("leaf", text)?).map_err(|fault| {
            // The place within the leaf means little to who looks at a line of base64.
            lines.fault(fault.code, &format!("leaf.{}", fault.path), fault.message)
        })?;
        let opening = match lines.word("salt") {
            None => None,
            Some(salt) => {
                let salt = lines.bytes("salt", salt)?;
                let Some(event) = lines.word("event") else {
                    lines.next("event")?;
                    let message = "after a salt stands `event ` and its base64";
                    return Err(lines.fault("unexpected", "event", message));
                };
                Some(Opening { salt, event: lines.base64("event", event)? })
            }
        };
        lines.expect("proof", "")?;
        let proof = LogProof::read(file, &mut lines)?;
        Ok(Bundle { keys, leaf, opening, proof })
    }

    /// The bundle as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = format!("{MARK}\n");
        for key in &self.keys {
            out.push_str(&format!("key {key}\n"));
        }
        out.push_str(&format!("leaf {}\n", base64(&self.leaf.to_bytes())));
        if let Some(Opening { salt, event }) = &self.opening {
            out.push_str(&format!("salt {}\nevent {}\n", base64(salt), base64(event)));
        }
        out.push('\n');
        let mut out = out.into_bytes();
        out.extend(self.proof.to_bytes());
        out
    }

    /// Checks everything: signatures and quorum by the reader's own policy, the path from the
    /// leaf to the root, and the event against the leaf.
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub fn verify(&self, trust: &Trust) -> Result<Shown, Diagnostic> {
        self.check(trust, true)
    }

    /// The same with the keys of the bundle itself: shows that it is whole, not that its keys
    /// are those of a log that exists.
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub fn verify_with_own_keys(&self) -> Result<Shown, Diagnostic> {
        self.check(&Trust::in_keys(&self.keys), false)
    }

    fn check(&self, trust: &Trust, is_trusted: bool) -> Result<Shown, Diagnostic> {
        let signatures = trust.check(&self.proof.checkpoint)?;
        self.proof.check_path(Hash::of_leaf(&self.leaf.to_bytes()))?;
        if let Some(opening) = &self.opening {
            self.leaf.check(opening)?;
        }
        let checkpoint = self.proof.checkpoint.checkpoint();
        Ok(Shown {
            origin: checkpoint.origin.clone(),
            index: self.proof.index,
            leaf: self.leaf.clone(),
            size: checkpoint.size,
            root: checkpoint.root,
            is_opened: self.opening.is_some(),
            signatures,
            is_trusted,
        })
    }
}

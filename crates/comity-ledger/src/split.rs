//! A split view: a log that told two stories. The evidence stands alone: whoever has the
//! log's public key can check it, and nobody can make it but the holder of the secret one.

use crate::checkpoint::{Checkpoint, SignedCheckpoint};
use crate::hash::Hash;
use crate::key::VerifierKey;
use crate::note::NOTE_BYTES_MAX;
use crate::proof::{prefix_proof, root_at, verify_inclusion, verify_prefix};
use crate::text::Lines;
use crate::tile::Nodes;
use crate::trust::Trust;
use comity_model::Diagnostic;
use serde::Serialize;

/// First line of the evidence.
const MARK: &str = "comity-split-view/v1";

/// Most bytes of evidence: two notes, keys and proofs.
const SPLIT_BYTES_MAX: usize = 3 * NOTE_BYTES_MAX;

/// Most hashes of one proof.
const PROOF_MAX: usize = 65;

/// How two checkpoints of one log contradict each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contradiction {
    /// One size, two roots.
    Roots,
    /// The tree of the second begins otherwise than the first: the proof gives the root of its
    /// beginning ([`prefix_proof`]).
    Beginning {
        /// Hashes of the second tree.
        proof: Vec<Hash>,
    },
    /// One place holds two leaves.
    Leaves {
        /// The place.
        index: u64,
        /// The leaf's hash and path in the first tree.
        first: (Hash, Vec<Hash>),
        /// The leaf's hash and path in the second tree.
        second: (Hash, Vec<Hash>),
    },
}

/// Evidence that a log told two stories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitView {
    /// Keys of the log, for the reader to compare.
    pub keys: Vec<VerifierKey>,
    /// The one story; the smaller tree if the sizes differ.
    pub first: SignedCheckpoint,
    /// The other.
    pub second: SignedCheckpoint,
    /// How they contradict each other.
    pub contradiction: Contradiction,
}

/// What is proved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proved {
    /// The log.
    pub origin: String,
    /// What it did, in a sentence.
    pub says: String,
    /// Whether the keys are the reader's own.
    pub is_trusted: bool,
}

impl SplitView {
    /// Reads evidence; [`SplitView::to_bytes`] gives the same bytes again.
    ///
    /// # Errors
    /// What is wrong, at which line, in which field.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<SplitView, Diagnostic> {
        let mut lines = Lines::new(file, bytes, "the evidence", SPLIT_BYTES_MAX)?;
        lines.expect("format", MARK)?;
        let mut keys: Vec<VerifierKey> = Vec::new();
        while let Some(text) = lines.word("key") {
            let key =
                VerifierKey::parse(text).map_err(|f| lines.fault(f.code, "key", f.message))?;
            if keys.contains(&key) || keys.len() == 64 {
                return Err(lines.fault("twice", "key", "a key twice, or too many of them"));
            }
            keys.push(key);
        }
        let kind = lines.next("contradiction")?;
        let contradiction = match kind.strip_prefix("contradiction ") {
            Some("roots") => Contradiction::Roots,
            Some("beginning") => Contradiction::Beginning { proof: read_hashes(&mut lines)? },
            Some("leaves") => Contradiction::Leaves {
                index: {
                    let index = required(&mut lines, "index")?;
                    lines.decimal("index", index)?
                },
                first: read_leaf(&mut lines)?,
                second: read_leaf(&mut lines)?,
            },
            _ => {
                let message = "here stands `contradiction roots`, `beginning` or `leaves`";
                return Err(lines.fault("unexpected", "contradiction", message));
            }
        };
        let first = read_checkpoint(file, &mut lines)?;
        let second = read_checkpoint(file, &mut lines)?;
        if !lines.is_done() {
            lines.next("end")?;
            return Err(lines.fault("unexpected", "end", "evidence ends after two checkpoints"));
        }
        Ok(SplitView { keys, first, second, contradiction })
    }

    /// The evidence as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = format!("{MARK}\n");
        for key in &self.keys {
            out.push_str(&format!("key {key}\n"));
        }
        match &self.contradiction {
            Contradiction::Roots => out.push_str("contradiction roots\n"),
            Contradiction::Beginning { proof } => {
                out.push_str("contradiction beginning\n");
                write_hashes(&mut out, proof);
            }
            Contradiction::Leaves { index, first, second } => {
                out.push_str(&format!("contradiction leaves\nindex {index}\n"));
                for (leaf, path) in [first, second] {
                    out.push_str(&format!("leaf {leaf}\n"));
                    write_hashes(&mut out, path);
                }
            }
        }
        for signed in [&self.first, &self.second] {
            let bytes = signed.to_bytes();
            let note = String::from_utf8_lossy(&bytes);
            out.push_str(&format!("checkpoint {}\n{note}", note.lines().count()));
        }
        out.into_bytes()
    }

    /// Checks the evidence with the reader's own keys of the log.
    ///
    /// # Errors
    /// `no-split-view` if it does not show what it says; signature faults.
    pub fn verify(&self, trust: &Trust) -> Result<Proved, Diagnostic> {
        self.check(trust, true)
    }

    /// The same with the keys in the evidence.
    ///
    /// # Errors
    /// As [`SplitView::verify`].
    pub fn verify_with_own_keys(&self) -> Result<Proved, Diagnostic> {
        self.check(&Trust::in_keys(&self.keys), false)
    }

    fn check(&self, trust: &Trust, is_trusted: bool) -> Result<Proved, Diagnostic> {
        trust.check_log(&self.first)?;
        trust.check_log(&self.second)?;
        let (a, b) = (self.first.checkpoint(), self.second.checkpoint());
        if a.origin != b.origin {
            return no_split(format!("`{}` and `{}` are two logs", a.origin, b.origin));
        }
        let says = match &self.contradiction {
            Contradiction::Roots => contradicting_roots(a, b)?,
            Contradiction::Beginning { proof } => contradicting_beginning(a, b, proof)?,
            Contradiction::Leaves { index, first, second } => {
                for (checkpoint, (leaf, path)) in [(a, first), (b, second)] {
                    let Checkpoint { size, root, .. } = checkpoint;
                    verify_inclusion(*leaf, *index, *size, path, *root).or_else(|fault| {
                        no_split(format!(
                            "leaf {index} is not shown in the tree of {size}: {fault}"
                        ))
                    })?;
                }
                if first.0 == second.0 {
                    return no_split(format!("leaf {index} is the same in both"));
                }
                format!(
                    "`{}` signed two trees, of {} and of {} leaves, in which leaf {index} differs",
                    a.origin, a.size, b.size
                )
            }
        };
        Ok(Proved { origin: a.origin.clone(), says, is_trusted })
    }

    /// Evidence from the hashes of the larger tree, where the log could not or would not show
    /// that it begins with the smaller one. `None` if it does begin with it.
    ///
    /// # Errors
    /// The hashes are not those of the larger tree, or not all of them are stored.
    pub fn from_nodes(
        older: &SignedCheckpoint,
        newer: &SignedCheckpoint,
        nodes: &Nodes,
        keys: Vec<VerifierKey>,
    ) -> Result<Option<SplitView>, Diagnostic> {
        let (a, b) = (older.checkpoint(), newer.checkpoint());
        if root_at(nodes, b.size)? != b.root {
            let message = format!("the stored hashes do not give the root of {} leaves", b.size);
            return Err(Diagnostic::error("wrong-root", message));
        }
        if a.size > b.size || root_at(nodes, a.size)? == a.root {
            return Ok(None);
        }
        let contradiction = if a.size == b.size {
            Contradiction::Roots
        } else {
            Contradiction::Beginning { proof: prefix_proof(nodes, a.size, b.size)? }
        };
        let (first, second) = (older.clone(), newer.clone());
        Ok(Some(SplitView { keys, first, second, contradiction }))
    }
}

fn no_split<T>(why: String) -> Result<T, Diagnostic> {
    Err(Diagnostic::error("no-split-view", format!("this shows no split view: {why}")))
}

fn contradicting_roots(a: &Checkpoint, b: &Checkpoint) -> Result<String, Diagnostic> {
    if a.size != b.size || a.root == b.root {
        return no_split("the sizes differ, or the roots do not".to_owned());
    }
    Ok(format!("`{}` signed two roots for {} leaves", a.origin, a.size))
}

fn contradicting_beginning(
    a: &Checkpoint,
    b: &Checkpoint,
    proof: &[Hash],
) -> Result<String, Diagnostic> {
    let began = verify_prefix(a.size, b.size, proof, b.root)
        .or_else(|fault| no_split(format!("the proof is not of the larger tree: {fault}")))?;
    if began == a.root {
        return no_split("the larger tree begins with the smaller one".to_owned());
    }
    Ok(format!(
        "`{}` signed a tree of {} leaves that does not begin with the {} it had signed",
        a.origin, b.size, a.size
    ))
}

fn required<'a>(lines: &mut Lines<'a>, field: &'static str) -> Result<&'a str, Diagnostic> {
    match lines.word(field) {
        Some(value) => Ok(value),
        None => {
            lines.next(field)?;
            Err(lines.fault("unexpected", field, format!("here stands `{field} ` and a value")))
        }
    }
}

fn read_hashes(lines: &mut Lines) -> Result<Vec<Hash>, Diagnostic> {
    let mut hashes = Vec::new();
    while let Some(text) = lines.word("hash") {
        hashes.push(Hash::from_bytes(lines.bytes("hash", text)?));
        if hashes.len() > PROOF_MAX {
            let message = format!("a proof has at most {PROOF_MAX} hashes");
            return Err(lines.fault("too-large", "hash", message));
        }
    }
    Ok(hashes)
}

fn read_leaf(lines: &mut Lines) -> Result<(Hash, Vec<Hash>), Diagnostic> {
    let leaf = required(lines, "leaf")?;
    let leaf = Hash::from_bytes(lines.bytes("leaf", leaf)?);
    Ok((leaf, read_hashes(lines)?))
}

fn write_hashes(out: &mut String, hashes: &[Hash]) {
    for hash in hashes {
        out.push_str(&format!("hash {hash}\n"));
    }
}

fn read_checkpoint(file: &str, lines: &mut Lines) -> Result<SignedCheckpoint, Diagnostic> {
    let count = required(lines, "checkpoint")?;
    let count = lines.decimal("checkpoint", count)?;
    let before = lines.line();
    let mut note = String::new();
    for _ in 0..count {
        note.push_str(lines.next("checkpoint")?);
        note.push('\n');
    }
    SignedCheckpoint::parse_at(file, note.as_bytes(), before)
}

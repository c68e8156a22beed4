//! A log as its peer sees it: the largest checkpoint that was shown to continue the ones
//! before, and what is held against the log if one does not.

use crate::checkpoint::SignedCheckpoint;
use crate::hash::Hash;
use crate::key::SecretKey;
use crate::note::NoteSignature;
use crate::proof::{ProofFault, verify_growth};
use crate::rotation::Rotation;
use crate::split::{Contradiction, SplitView};
use crate::tile::Nodes;
use crate::trust::Trust;
use comity_model::Diagnostic;

/// Most checkpoints that are kept as not yet shown to be consistent.
const UNPROVEN_MAX: usize = 64;

/// What a peer or witness knows of one log.
#[derive(Debug, Clone)]
pub struct PeerView {
    origin: String,
    trust: Trust,
    held: Option<SignedCheckpoint>,
    unproven: Vec<SignedCheckpoint>,
    countersigned_s: u64,
}

/// What a checkpoint came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// It continues what was held and is held now.
    Newer,
    /// It is the one that is held.
    Same,
    /// It is an earlier one, consistent with the one that is held.
    Older,
}

/// Why a checkpoint is not accepted.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// It is no checkpoint of this log by a key that is believed.
    NotTheLogs(Diagnostic),
    /// The log told two stories. The evidence is to be kept, and shown to everybody.
    Split(Box<SplitView>),
    /// It was not shown to be consistent. Either the proof is missing or wrong, and the log
    /// can give another; or there is none. It is kept ([`PeerView::unproven`]) until that is
    /// known.
    Unproven {
        /// Leaves in the checkpoint that is held.
        held: u64,
        /// Leaves in the one shown.
        shown: u64,
        /// What is wrong with the proof.
        fault: ProofFault,
    },
}

impl PeerView {
    /// A log of which nothing is known but its name and keys.
    pub fn new(origin: &str, trust: Trust) -> PeerView {
        PeerView {
            origin: origin.to_owned(),
            trust,
            held: None,
            unproven: Vec::new(),
            countersigned_s: 0,
        }
    }

    /// The same log after a restart: with the checkpoint that was held, the ones not shown to
    /// be consistent, and the time of the last countersignature in seconds since 1970.
    ///
    /// # Errors
    /// A stored checkpoint is not the log's.
    pub fn resume(
        mut self,
        held: Option<SignedCheckpoint>,
        unproven: Vec<SignedCheckpoint>,
        countersigned_s: u64,
    ) -> Result<PeerView, Diagnostic> {
        for signed in held.iter().chain(&unproven) {
            self.check(signed)?;
        }
        (self.held, self.unproven) = (held, unproven);
        self.countersigned_s = countersigned_s;
        Ok(self)
    }

    /// The largest checkpoint that is consistent with all before.
    pub fn held(&self) -> Option<&SignedCheckpoint> {
        self.held.as_ref()
    }

    /// Checkpoints that the log signed and did not show to be consistent. While there is one,
    /// the log owes a proof.
    pub fn unproven(&self) -> &[SignedCheckpoint] {
        &self.unproven
    }

    /// Takes a checkpoint, with the proof between it and the one that is held
    /// ([`growth_proof`](crate::growth_proof)). The first one is taken without.
    ///
    /// # Errors
    /// [`Refusal`]; what is held does not change then.
    pub fn offer(&mut self, shown: SignedCheckpoint, proof: &[Hash]) -> Result<Accepted, Refusal> {
        self.check(&shown).map_err(Refusal::NotTheLogs)?;
        let Some(held) = &self.held else {
            self.held = Some(shown);
            return Ok(Accepted::Newer);
        };
        let (known, new) = (held.checkpoint(), shown.checkpoint());
        if known.size == new.size {
            return if known.root == new.root {
                // The same tree again, perhaps with more countersignatures.
                if let Some(held) = &mut self.held
                    && held.note().text() == shown.note().text()
                {
                    shown.note().signatures().iter().for_each(|s| held.add(s.clone()));
                }
                Ok(Accepted::Same)
            } else {
                Err(self.split(held.clone(), shown, Contradiction::Roots))
            };
        }
        let is_newer = known.size < new.size;
        let (older, newer) = if is_newer { (known, new) } else { (new, known) };
        let outcome = verify_growth(older.size, newer.size, proof, older.root, newer.root);
        let (held_size, shown_size) = (known.size, new.size);
        match outcome {
            Ok(()) => {
                self.unproven.retain(|kept| *kept != shown);
                if is_newer {
                    self.held = Some(shown);
                    Ok(Accepted::Newer)
                } else {
                    Ok(Accepted::Older)
                }
            }
            Err(ProofFault::OldRoot { .. }) => {
                let contradiction = Contradiction::Beginning { proof: proof.to_vec() };
                let held = held.clone();
                let (first, second) = if is_newer { (held, shown) } else { (shown, held) };
                Err(self.split(first, second, contradiction))
            }
            Err(fault) => {
                if !self.unproven.contains(&shown) && self.unproven.len() < UNPROVEN_MAX {
                    self.unproven.push(shown);
                }
                Err(Refusal::Unproven { held: held_size, shown: shown_size, fault })
            }
        }
    }

    /// Takes a consistency proof between an earlier checkpoint that was not shown to be
    /// consistent and the one that is held. Whatever it proves is owed no more.
    ///
    /// # Errors
    /// The log told two stories.
    pub fn prove_earlier(&mut self, proof: &[Hash]) -> Result<(), Box<SplitView>> {
        let Some(held) = self.held.clone() else { return Ok(()) };
        let new = held.checkpoint();
        for shown in std::mem::take(&mut self.unproven) {
            let old = shown.checkpoint();
            if old.size >= new.size {
                // Of the same size it is the same tree, or a contradiction.
                if old.size == new.size && old.root != new.root {
                    return match self.split(held, shown, Contradiction::Roots) {
                        Refusal::Split(split) => Err(split),
                        _ => Ok(()),
                    };
                }
                if old.size > new.size {
                    self.unproven.push(shown);
                }
                continue;
            }
            match verify_growth(old.size, new.size, proof, old.root, new.root) {
                Ok(()) => {}
                Err(ProofFault::OldRoot { .. }) => {
                    let contradiction = Contradiction::Beginning { proof: proof.to_vec() };
                    return match self.split(shown, held, contradiction) {
                        Refusal::Split(split) => Err(split),
                        _ => Ok(()),
                    };
                }
                Err(_) => self.unproven.push(shown),
            }
        }
        Ok(())
    }

    /// Settles a checkpoint that was not shown to be consistent, with the hashes of the larger
    /// of the two trees: evidence against the log, or `None` if it is consistent after all, and
    /// can be offered again with a proof made of these hashes.
    ///
    /// # Errors
    /// The hashes are not those of the larger tree.
    pub fn settle(
        &self,
        shown: &SignedCheckpoint,
        nodes: &Nodes,
    ) -> Result<Option<SplitView>, Diagnostic> {
        let Some(held) = &self.held else { return Ok(None) };
        let (older, newer) = if held.checkpoint().size <= shown.checkpoint().size {
            (held, shown)
        } else {
            (shown, held)
        };
        SplitView::from_nodes(older, newer, nodes, self.log_keys())
    }

    /// Countersigns what is held, at a time in seconds since 1970: "of all trees of this log
    /// that I saw, this is the largest". `None` if nothing is held, if the key is a log's, if
    /// the clock went back behind the last countersignature, or while the log owes a proof.
    pub fn countersign(&mut self, key: &SecretKey, time_s: u64) -> Option<NoteSignature> {
        if time_s < self.countersigned_s || !self.unproven.is_empty() {
            return None;
        }
        let held = self.held.as_mut()?;
        let signature = held.note().countersign(key, time_s)?;
        held.add(signature.clone());
        self.countersigned_s = time_s;
        Some(signature)
    }

    /// Takes a change of the log's key.
    ///
    /// # Errors
    /// It names a tree smaller than the one held, or an old key that is not in use.
    pub fn rotate(&mut self, rotation: &Rotation) -> Result<(), Diagnostic> {
        let held = self.held.as_ref().map_or(0, |held| held.checkpoint().size);
        if rotation.size < held {
            let message = format!(
                "the new key is to be believed from {} leaves on; {held} are held already",
                rotation.size
            );
            return Err(Diagnostic::error("backwards", message).path("size"));
        }
        self.trust.take(rotation)
    }

    fn check(&self, signed: &SignedCheckpoint) -> Result<(), Diagnostic> {
        let origin = &signed.checkpoint().origin;
        if *origin != self.origin {
            let message = format!("the checkpoint is of `{origin}`, not of `{}`", self.origin);
            return Err(Diagnostic::error("other-log", message).path("origin"));
        }
        self.trust.check_log(signed).map(drop)
    }

    fn log_keys(&self) -> Vec<crate::key::VerifierKey> {
        self.trust.logs().iter().map(|log| log.key.clone()).collect()
    }

    fn split(
        &self,
        first: SignedCheckpoint,
        second: SignedCheckpoint,
        contradiction: Contradiction,
    ) -> Refusal {
        Refusal::Split(Box::new(SplitView { keys: self.log_keys(), first, second, contradiction }))
    }
}

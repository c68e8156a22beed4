//! Checkpoints: of this node's ledger, countersigned by the peers, and of theirs, countersigned
//! here.

use crate::fault::NodeFault;
use crate::node::{Done, Node, Work};
use crate::peer::Peer;
use comity_exchange::Party;
use comity_ledger::{
    Checkpoint, Hash, Nodes, NoteSignature, Refusal, SignedCheckpoint, SplitView, growth_proof,
};
use comity_model::Diagnostic;
use comity_store::{Change, CheckpointRow, TileShelf};

/// This node's ledger as it is shown to a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The checkpoint.
    pub note: Vec<u8>,
    /// That it continues the one that the peer has.
    pub proof: Vec<Hash>,
    /// Leaves that it covers.
    pub size: u64,
}

/// What is said to a peer that showed its ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeadReply {
    /// The checkpoint with our countersignature.
    Countersigned(Vec<u8>),
    /// A proof is owed from this size on.
    ProofFrom(u64),
    /// It is not countersigned now: our clock went back, or another checkpoint is not proved.
    NotNow,
    /// The ledger told two stories; the evidence.
    Split(Vec<u8>),
}

impl Node {
    /// Signs the ledger as it stands, if it grew since the last checkpoint.
    pub(crate) fn checkpoint(&mut self, work: &mut Work) -> Result<Done, NodeFault> {
        let size = self.tree.size();
        if size == self.signed {
            return Ok(Done::Ok);
        }
        let origin = self.identity.origin.clone();
        let checkpoint =
            Checkpoint { origin, size, root: self.tree.root(), extensions: Vec::new() };
        let signed =
            SignedCheckpoint::sign(checkpoint, &self.identity.log_key).ok_or_else(|| {
                let message = "the ledger's key signs no checkpoint of this name";
                NodeFault::wrong(Diagnostic::error("bad-key", message))
            })?;
        work.changes.extend(self.tree.partial_tiles().into_iter().map(Change::PutTile));
        let row = CheckpointRow { size, note: signed.to_bytes() };
        work.changes.push(Change::PutCheckpoint(row));
        self.signed = size;
        Ok(Done::Ok)
    }

    /// The newest checkpoint with a proof that it continues one of `from` leaves; `None` if it
    /// is no larger.
    ///
    /// # Errors
    /// The store; a tile that is missing.
    pub fn head(&mut self, from: u64) -> Result<Option<Head>, NodeFault> {
        let Some(row) = self.store.checkpoint()?.filter(|row| row.size > from) else {
            return Ok(None);
        };
        let shelf = TileShelf::new(self.store.as_mut(), None);
        let nodes = Nodes::new(&shelf, row.size);
        let proof = growth_proof(&nodes, from, row.size).map_err(NodeFault::Damaged)?;
        Ok(Some(Head { note: row.note, proof, size: row.size }))
    }

    /// A peer shows its ledger.
    pub(crate) fn peer_head(
        &mut self,
        work: &mut Work,
        party: &Party,
        note: &[u8],
        proof: &[Hash],
    ) -> Result<Done, NodeFault> {
        let mut peer = self.peer(party)?.clone();
        let shown = SignedCheckpoint::parse("checkpoint", note).map_err(NodeFault::wrong)?;
        let size = shown.checkpoint().size;
        let reply = match peer.view.offer(shown, proof) {
            Ok(_) => self.countersign_or_ask(&mut peer, proof, work),
            Err(Refusal::Unproven { held, .. }) => HeadReply::ProofFrom(held),
            Err(Refusal::Split(split)) => split_reply(work, party, size, &split),
            Err(Refusal::NotTheLogs(fault)) => return Err(NodeFault::wrong(fault)),
        };
        self.put_peer(work, peer)?;
        Ok(Done::Head(reply))
    }

    /// Countersigns what is held; or asks for the proof of an earlier checkpoint that was shown
    /// and not proved yet, because the reply to it was lost.
    fn countersign_or_ask(&self, peer: &mut Peer, proof: &[Hash], work: &mut Work) -> HeadReply {
        if let Err(split) = peer.view.prove_earlier(proof) {
            let size = split.second.checkpoint().size;
            return split_reply(work, &peer.party, size, &split);
        }
        let time_s = work.now.as_second().max(0) as u64;
        if peer.view.countersign(&self.identity.witness_key, time_s).is_some() {
            peer.countersigned_s = time_s;
            let held = peer.view.held().map(SignedCheckpoint::to_bytes);
            return HeadReply::Countersigned(held.unwrap_or_default());
        }
        let owed = peer.view.unproven().iter().map(|u| u.checkpoint().size).min();
        owed.map_or(HeadReply::NotNow, HeadReply::ProofFrom)
    }

    /// A peer countersigned our checkpoint.
    pub(crate) fn countersigned(
        &mut self,
        work: &mut Work,
        party: &Party,
        note: &[u8],
    ) -> Result<Done, NodeFault> {
        let mut peer = self.peer(party)?.clone();
        let signed = SignedCheckpoint::parse("checkpoint", note).map_err(NodeFault::wrong)?;
        let size = signed.checkpoint().size;
        // Another peer may have countersigned it in the same turn.
        let in_turn = work.changes.iter().rev().find_map(|change| match change {
            Change::PutCheckpoint(row) if row.size == size => Some(row.clone()),
            _ => None,
        });
        let row = match in_turn {
            Some(row) => Some(row),
            None => self.store.checkpoints(size, 1)?.into_iter().find(|row| row.size == size),
        };
        let Some(row) = row else {
            let message = format!("no checkpoint of {size} leaves was signed here");
            return Err(NodeFault::wrong(Diagnostic::error("never-signed", message)));
        };
        let mut own =
            SignedCheckpoint::parse("checkpoint", &row.note).map_err(NodeFault::Damaged)?;
        let is_ours = own.note().text() == signed.note().text();
        let holds = signed.note().check(&peer.witness_key).map_err(NodeFault::wrong)?;
        if !is_ours || holds.is_none() {
            let message = format!("`{party}` did not countersign our checkpoint of {size} leaves");
            return Err(NodeFault::wrong(Diagnostic::error("unsigned", message)));
        }
        // The lines that were checked, and no other: one whose name was changed on its way has
        // the key's id still.
        let key = &peer.witness_key;
        let is_checked = |s: &&NoteSignature| s.key_id == key.id() && s.name == *key.name();
        for signature in signed.note().signatures().iter().filter(is_checked) {
            own.add(signature.clone());
        }
        let row = CheckpointRow { size, note: own.to_bytes() };
        work.changes.push(Change::PutCheckpoint(row));
        peer.countersigned_size = peer.countersigned_size.max(size);
        self.put_peer(work, peer)?;
        Ok(Done::Ok)
    }
}

/// Keeps the evidence that a ledger told two stories.
fn split_reply(work: &mut Work, party: &Party, size: u64, split: &SplitView) -> HeadReply {
    let value = split.to_bytes();
    let name = format!("split/{party}/{size}");
    work.changes.push(Change::Set { name, value: value.clone() });
    HeadReply::Split(value)
}

//! Claims of citizenship or lawful status. While one is open nothing goes on against the
//! person: no request, no hold, no transfer, no notice.

use super::ids::ClaimId;
use super::person::Side;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimKind {
    /// To be a citizen or national of the United States.
    Citizenship,
    /// To have lawful immigration status.
    LawfulStatus,
}

/// A claim as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// Its id.
    pub claim: ClaimId,
    /// What is claimed.
    pub kind: ClaimKind,
    /// True if proof was shown.
    pub proof_shown: bool,
    /// Agency: the person agreed that the federal side is told of it. Without that it is not.
    pub may_be_told: bool,
}

/// How a claim was resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// It is true: nothing more is asked of the person.
    Upheld,
    /// It is not. What was stopped does not go on by itself; a person decides again.
    NotUpheld,
}

/// A claim as one party knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownClaim {
    /// The claim.
    pub claim: Claim,
    /// When it was recorded here.
    pub made_at: Timestamp,
    /// Which party recorded it.
    pub made_at_side: Side,
    /// How this party resolved it; `None` while it is open.
    pub resolution: Option<Resolution>,
    /// What the other party says of it. An opinion: it opens no way to a hold.
    pub peer_says: Option<Resolution>,
}

impl KnownClaim {
    /// True until this party has resolved it.
    pub fn is_open(&self) -> bool {
        self.resolution.is_none()
    }
}

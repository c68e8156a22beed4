//! The weekly review of the audit, signed off by an auditor (CJIS Security Policy AU-6).

use comity_node::{Ask, Node, NodeFault};
use comity_store::{Change, Fault, Reads};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Under which name the store keeps the reviews.
const NAME: &str = "audit-reviews";

/// Most reviews that are kept: ten years of weeks.
const KEPT_MAX: usize = 520;

/// Most characters of what an auditor notes.
pub const NOTE_CHARS_MAX: usize = 1000;

/// How long after the last review the next one is due.
pub const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// When it was signed off.
    pub at: Timestamp,
    /// By which account.
    pub by: String,
    /// The first line that it covers.
    pub from: u64,
    /// The last line that it covers.
    pub through: u64,
    /// What the auditor noted.
    pub note: String,
}

/// The reviews, the oldest first.
///
/// # Errors
/// The store.
pub fn read(reads: &mut dyn Reads) -> Result<Vec<Review>, Fault> {
    let Some(bytes) = reads.value(NAME)? else { return Ok(Vec::new()) };
    serde_json::from_slice(&bytes).map_err(|e| Fault::Other(format!("the reviews: {e}")))
}

/// Why a review is not taken.
#[derive(Debug)]
pub enum Unreviewed {
    /// Nothing came after the last review, or the line is not there.
    Nothing,
    /// The node says why.
    Fault(NodeFault),
}

impl From<NodeFault> for Unreviewed {
    fn from(fault: NodeFault) -> Unreviewed {
        Unreviewed::Fault(fault)
    }
}

impl From<Fault> for Unreviewed {
    fn from(fault: Fault) -> Unreviewed {
        Unreviewed::Fault(fault.into())
    }
}

/// Signs off every line after the last review up to one, with a line of the audit that says so.
/// Runs on the node's thread, so that two auditors at once sign off after each other.
///
/// # Errors
/// [`Unreviewed`].
pub fn sign_off(
    node: &mut Node,
    (by, through, note): (&str, u64, &str),
    line: Ask,
    now: Timestamp,
) -> Result<Review, Unreviewed> {
    let mut all = read(node.store())?;
    let from = all.last().map_or(1, |last| last.through + 1);
    let last = node.store().audit_last()?.map_or(0, |row| row.number);
    if through < from || through > last {
        return Err(Unreviewed::Nothing);
    }
    let (by, note) = (by.to_owned(), note.to_owned());
    let review = Review { at: now, by, from, through, note };
    all.push(review.clone());
    let start = all.len().saturating_sub(KEPT_MAX);
    let value = serde_json::to_vec(&all[start..]).map_err(|e| Fault::Other(e.to_string()))?;
    let keep = Ask::Keep(vec![Change::Set { name: NAME.to_owned(), value }]);
    for done in node.turn(vec![line, keep], now)? {
        done?;
    }
    Ok(review)
}

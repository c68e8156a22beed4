//! How a node is doing: what administrators and auditors look at, the same on the page and in
//! the API.

use crate::app::App;
use crate::problem::Problem;
use comity_exchange::Party;
use comity_exchange::case::{Side, TaskKind};
use comity_node::Peer;
use comity_store::{Fault, Reads};
use jiff::Timestamp;
use serde::Serialize;

/// Most lines that are counted; more are said to be there.
pub const COUNTED_MAX: usize = 1000;

/// A peer, as the ledgers stand between the two.
#[derive(Debug, Clone, Serialize)]
pub struct PeerHealth {
    /// Who.
    pub party: String,
    /// Largest of its ledgers' sizes that it showed and proved.
    pub held_size: Option<u64>,
    /// How many of its checkpoints are not proven to continue what was held.
    pub unproven: usize,
    /// Largest of our sizes that it countersigned.
    pub countersigned_size: u64,
    /// Messages to it that are not receipted, at most [`COUNTED_MAX`].
    pub mail_waiting: usize,
    /// How often the first of them was tried.
    pub attempts: u32,
    /// Messages of it that wait for one before them.
    pub inbox_waiting: usize,
}

/// How the scheduler is doing.
#[derive(Debug, Clone, Serialize)]
pub struct Alarms {
    /// When it last looked at the clock.
    pub looked_at: Option<Timestamp>,
    /// When it must look next.
    pub next_at: Option<Timestamp>,
    /// Cases that it should have looked at by now, at most [`COUNTED_MAX`].
    pub due: usize,
}

/// How a node is doing.
#[derive(Debug, Clone, Serialize)]
pub struct Health {
    /// The moment, by the node's clock.
    pub now: Timestamp,
    /// The program's version.
    pub version: &'static str,
    /// The kind of store.
    pub store: &'static str,
    /// Leaves in the ledger.
    pub leaves: u64,
    /// Leaves that the last checkpoint covers.
    pub signed: u64,
    /// People in custody.
    pub in_custody: u64,
    /// Cases in all.
    pub cases: u64,
    /// Lines of the audit.
    pub audit_lines: u64,
    /// Prints that wait to be searched, at a federal node; at most [`COUNTED_MAX`].
    pub searches_waiting: usize,
    /// Bytes free where the node's folder is; `None` where the system does not say.
    pub disk_free_bytes: Option<u64>,
    /// Bytes of that disk.
    pub disk_bytes: Option<u64>,
    /// The scheduler.
    pub alarms: Alarms,
    /// The peers, by name.
    pub peers: Vec<PeerHealth>,
}

/// What is read of the store.
struct Stored {
    leaves: u64,
    signed: u64,
    counts: (u64, u64),
    audit_lines: u64,
    searches: usize,
    due: usize,
    next_at: Option<Timestamp>,
    mail: Vec<(usize, u32, usize)>,
}

fn searches(reads: &mut dyn Reads, side: Side) -> Result<usize, Fault> {
    if side != Side::Federal {
        return Ok(0);
    }
    let role = TaskKind::Search.role(side);
    let (mut count, mut after) = (0, None);
    while count < COUNTED_MAX {
        let page = reads.tasks(Some(role), after.as_ref(), 256)?;
        count += page.rows.iter().filter(|t| t.key.starts_with(TaskKind::Search.says())).count();
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(count.min(COUNTED_MAX))
}

fn stored(
    reads: &mut dyn Reads,
    (side, now): (Side, Timestamp),
    peers: &[Party],
) -> Result<Stored, Fault> {
    let mut mail = Vec::new();
    for peer in peers {
        let waiting = reads.outbox_pending(peer, COUNTED_MAX)?;
        let attempts = waiting.first().map_or(0, |row| row.attempts);
        mail.push((waiting.len(), attempts, reads.inbox_waiting(peer)?.len()));
    }
    Ok(Stored {
        leaves: reads.size()?,
        signed: reads.checkpoint()?.map_or(0, |row| row.size),
        counts: reads.case_counts()?,
        audit_lines: reads.audit_last()?.map_or(0, |row| row.number),
        searches: searches(reads, side)?,
        due: reads.cases_due(now, COUNTED_MAX)?.len(),
        next_at: reads.next_at()?,
        mail,
    })
}

#[cfg(unix)]
fn disk(folder: &std::path::Path) -> (Option<u64>, Option<u64>) {
    let Ok(found) = rustix::fs::statvfs(folder) else { return (None, None) };
    let bytes = |blocks: u64| Some(blocks.saturating_mul(found.f_frsize));
    (bytes(found.f_bavail), bytes(found.f_blocks))
}

#[cfg(not(unix))]
fn disk(_: &std::path::Path) -> (Option<u64>, Option<u64>) {
    (None, None)
}

/// Looks.
///
/// # Errors
/// The store; the node is stopping.
pub async fn look(app: &App) -> Result<Health, Problem> {
    let (side, now) = (app.side, app.engine.clock.now());
    let peers: Vec<Peer> = app.engine.with(|node| node.peers().cloned().collect()).await?;
    let parties: Vec<Party> = peers.iter().map(|peer| peer.party.clone()).collect();
    let stored = app.rows(move |reads| stored(reads, (side, now), &parties)).await?;
    let (disk_free_bytes, disk_bytes) = disk(&app.home.folder);
    let looked_s = app.metrics.looked_s.get();
    let peers = peers.iter().zip(&stored.mail).map(|(peer, mail)| PeerHealth {
        party: peer.party.as_str().to_owned(),
        held_size: peer.view.held().map(|held| held.checkpoint().size),
        unproven: peer.view.unproven().len(),
        countersigned_size: peer.countersigned_size,
        mail_waiting: mail.0,
        attempts: mail.1,
        inbox_waiting: mail.2,
    });
    Ok(Health {
        now,
        version: env!("CARGO_PKG_VERSION"),
        store: app.backups.kind(),
        leaves: stored.leaves,
        signed: stored.signed,
        cases: stored.counts.0,
        in_custody: stored.counts.1,
        audit_lines: stored.audit_lines,
        searches_waiting: stored.searches,
        disk_free_bytes,
        disk_bytes,
        alarms: Alarms {
            looked_at: Timestamp::from_second(looked_s).ok().filter(|_| looked_s != 0),
            next_at: stored.next_at,
            due: stored.due,
        },
        peers: peers.collect(),
    })
}

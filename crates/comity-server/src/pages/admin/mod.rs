//! The administrator's room: how the node is doing, accounts, tokens, peers, keys, backups.

mod accounts;
mod backups;
mod keys;
mod peers;
mod tokens;

pub(crate) use backups::{
    is_known as backup_is_known, running as backups_running, standing as backups_standing,
};

use super::frame::{Frame, show};
use super::{PageRoute, needs, page, words};
use crate::account::{Actor, Permission};
use crate::api::as_json;
use crate::app::App;
use crate::door::{Caller, at_desk};
use crate::health::{self, COUNTED_MAX, Health};
use crate::home::Settings;
use crate::problem::Problem;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use comity_exchange::Digest;
use comity_ledger::VerifierKey;
use jiff::SignedDuration;
use std::sync::Arc;

const OVERVIEW: &[PageRoute] = &[
    page("GET", "/admin", needs(Permission::SeeHealth), "How the node is doing", || get(overview)),
    page("GET", "/admin.json", needs(Permission::SeeHealth), "The same as JSON", || {
        get(overview_json)
    }),
];

/// The pages of the room.
pub(super) const ROOMS: [&[PageRoute]; 6] =
    [OVERVIEW, accounts::PAGES, tokens::PAGES, peers::PAGES, keys::PAGES, backups::PAGES];

/// The room's path, for the links of the head.
const ROOM: &str = "/admin";

/// A line of what is looked at: what, how it stands, and what to do where something is wrong.
struct Look {
    what: &'static str,
    says: String,
    /// Empty where all is well.
    wrong: String,
}

#[derive(Template)]
#[template(path = "admin.html")]
struct AdminPage {
    frame: Frame,
    looks: Vec<Look>,
    peers: Vec<PeerLine>,
    links: Vec<(&'static str, &'static str, &'static str)>,
    settings: Vec<(&'static str, String)>,
    is_well: bool,
}

struct PeerLine {
    party: String,
    held: String,
    countersigned: u64,
    mail: String,
    inbox: usize,
    wrong: String,
}

/// Pages of the room, what is there, and what they need.
const LINKS: [(&str, &str, &str, Permission); 5] = [
    (
        "/admin/accounts",
        "Accounts",
        "people, their roles and factors; invite, disable, release",
        Permission::ManageAccounts,
    ),
    ("/admin/tokens", "Tokens for programs", "made, shown once, ended", Permission::ManageAccounts),
    ("/admin/peers", "Peers", "the other parties and their keys", Permission::ManagePeers),
    (
        "/admin/keys",
        "Keys",
        "this node's keys; change the one for messages",
        Permission::ManageKeys,
    ),
    (
        "/admin/backups",
        "Backups",
        "make one now, and try whether it can be put back",
        Permission::ManageBackups,
    ),
];

/// Bytes in a unit that people read: `1.2 GB`.
fn size(bytes: u64) -> String {
    let units = [("TB", 1_000_000_000_000_u64), ("GB", 1_000_000_000), ("MB", 1_000_000)];
    match units.iter().find(|(_, unit)| bytes >= *unit) {
        Some((name, unit)) => format!("{:.1} {name}", bytes as f64 / *unit as f64),
        None => format!("{} kB", bytes.div_ceil(1000)),
    }
}

fn counted(n: usize) -> String {
    if n >= COUNTED_MAX { format!("{COUNTED_MAX} or more") } else { n.to_string() }
}

/// SHA-256 of a key's 32 bytes in groups of four digits, to be read to somebody on the telephone.
fn fingerprint(key: &VerifierKey) -> String {
    let hex = Digest::of_bytes(key.public()).to_string();
    let groups: Vec<&str> =
        (0..hex.len()).step_by(4).filter_map(|at| hex.get(at..at + 4)).collect();
    groups.join(" ")
}

/// Asks who it is before an act that is not on accounts.
///
/// # Errors
/// `unconfirmed`.
pub(crate) async fn must_be_confirmed(app: &Arc<App>, caller: &Caller) -> Result<(), Problem> {
    let person = caller.person.clone();
    at_desk(app, caller.origin, move |desk| desk.confirmed(Actor::Person(&person))).await
}

/// Least free disk that is no reason to act.
const DISK_FREE_MIN: u64 = 2_000_000_000;

/// Longest time between two looks of the scheduler that is no reason to act.
const LOOK_LATE: SignedDuration = SignedDuration::from_mins(2);

fn alarms_look(health: &Health, frame: &Frame) -> Look {
    let alarms = &health.alarms;
    let since = alarms.looked_at.map(|at| health.now.duration_since(at));
    let says = match (alarms.looked_at, alarms.next_at) {
        (None, _) => "the scheduler has not looked at the clock yet".to_owned(),
        (Some(at), None) => format!("last look {}; nothing is due later", frame.at(&at)),
        (Some(at), Some(next)) => {
            format!("last look {}; the next case is due {}", frame.at(&at), frame.at(&next))
        }
    };
    // A clock that was set by hand is ahead of the last look for a moment.
    let is_late = since.is_none_or(|since| since > LOOK_LATE) && !frame.is_rehearsal;
    let wrong = if is_late {
        "The scheduler does not look. Start the node again, and keep its log.".to_owned()
    } else if alarms.due > 0 && !frame.is_rehearsal {
        format!("{} cases are due now and wait for the scheduler.", counted(alarms.due))
    } else {
        String::new()
    };
    Look { what: "Alarms", says, wrong }
}

fn looks(health: &Health, frame: &Frame) -> Vec<Look> {
    let well = |what, says: String| Look { what, says, wrong: String::new() };
    let behind = health.leaves - health.signed.min(health.leaves);
    let disk = match (health.disk_free_bytes, health.disk_bytes) {
        (Some(free), Some(all)) => format!("{} of {} are free", size(free), size(all)),
        _ => "the system does not say".to_owned(),
    };
    let is_full = health.disk_free_bytes.is_some_and(|free| free < DISK_FREE_MIN);
    let disk_wrong = "Make room: when the disk is full, entries are refused.";
    let mut out = vec![
        well("Version", format!("Comity {}, store {}", health.version, health.store)),
        well("Cases", format!("{}, {} in custody", health.cases, health.in_custody)),
        well(
            "Ledger",
            format!("{} leaves, {behind} of them since the last checkpoint", health.leaves),
        ),
        well("Audit", format!("{} lines", health.audit_lines)),
        alarms_look(health, frame),
        Look {
            what: "Disk",
            says: disk,
            wrong: if is_full { disk_wrong.to_owned() } else { String::new() },
        },
    ];
    if health.searches_waiting > 0 {
        let says = format!("{} prints wait to be searched", counted(health.searches_waiting));
        out.push(well("Search", says));
    }
    out
}

fn peer_line(peer: &health::PeerHealth) -> PeerLine {
    let wrong = if peer.unproven > 0 {
        "Its ledger does not continue the one it showed before. Telephone them: \
         both signed checkpoints are kept as evidence."
    } else if peer.attempts > 5 {
        "It has not answered for a while. Messages wait and arrive in order when it is back."
    } else if peer.inbox_waiting > 0 {
        "A message before these is missing; it is asked for again by itself."
    } else {
        ""
    };
    PeerLine {
        party: peer.party.clone(),
        held: peer.held_size.map_or_else(|| "not shown yet".to_owned(), |n| format!("{n} leaves")),
        countersigned: peer.countersigned_size,
        mail: counted(peer.mail_waiting),
        inbox: peer.inbox_waiting,
        wrong: wrong.to_owned(),
    }
}

/// What the node is set to, as far as it is no secret; the API says the same.
pub fn settings(of: &Settings) -> Vec<(&'static str, String)> {
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "not set".to_owned());
    let path = |path: &Option<std::path::PathBuf>| {
        or_none(path.as_ref().map(|path| path.display().to_string()))
    };
    vec![
        ("party", of.party.clone()),
        ("side", format!("{:?}", of.side).to_lowercase()),
        ("listen", of.listen.to_string()),
        ("url", of.url.clone()),
        // An address may carry a password, though it is not meant to.
        ("store", of.store.rsplit('@').next().unwrap_or_default().to_owned()),
        ("gallery", path(&of.gallery)),
        ("tls", or_none(of.tls.as_ref().map(|tls| tls.certificate.display().to_string()))),
        ("peer_ca", path(&of.peer_ca)),
        ("head_s", of.head_s.to_string()),
        ("drop_folder", path(&of.drop_folder)),
        ("webhooks", of.webhook.len().to_string()),
        ("outside_sign_in", or_none(of.outside_sign_in.as_ref().map(|o| o.issuer.clone()))),
        ("idle_minutes", of.idle_minutes.to_string()),
        ("place", or_none(of.place.clone())),
        ("time_zone", of.time_zone.clone()),
        ("second_factor", of.second_factor.to_string()),
        ("simulated_from", or_none(of.simulated_from.map(|at| at.to_string()))),
    ]
}

/// `GET /admin`
async fn overview(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    let health = health::look(&app).await?;
    let frame = Frame::of(&app, &caller, "How the node is doing", ROOM);
    let may = |permission| caller.person.may(permission);
    let links = LINKS.iter().filter(|link| may(link.3)).map(|link| (link.0, link.1, link.2));
    let settings =
        if may(Permission::ManageSettings) { settings(&app.home.settings) } else { Vec::new() };
    let (looks, peers) = (looks(&health, &frame), health.peers.iter().map(peer_line));
    let peers: Vec<PeerLine> = peers.collect();
    let is_well = looks.iter().all(|look| look.wrong.is_empty())
        && peers.iter().all(|peer| peer.wrong.is_empty());
    show(&AdminPage { looks, peers, links: links.collect(), settings, is_well, frame })
}

/// `GET /admin.json`
async fn overview_json(State(app): State<Arc<App>>, _: Caller) -> Result<Response, Problem> {
    Ok(as_json(StatusCode::OK, &health::look(&app).await?))
}

/// When something was, or a dash.
fn at_or_never(frame: &Frame, at: Option<jiff::Timestamp>, never: &str) -> String {
    at.map_or_else(|| never.to_owned(), |at| words::moment(at, &frame.zone))
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_in_units_that_people_read() {
        let said: Vec<String> = [0, 999, 1_500_000, 2_000_000_000].map(size).into();
        assert_eq!(said, ["0 kB", "1 kB", "1.5 MB", "2.0 GB"]);
    }
}

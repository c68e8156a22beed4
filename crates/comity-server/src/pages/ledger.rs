//! The ledger: how far it is and who countersigned, one leaf with its proof, evidence to take
//! away, and in plain words what all of it proves. What is shown as evidence is hashed again
//! when it is read.

use super::form::Sent;
use super::frame::{Frame, go, show};
use super::sheet::Sheet;
use super::{PageRoute, needs, page, timeline, words};
use crate::account::{Permission, Subject};
use crate::api::as_json;
use crate::api::ledger::bundle;
use crate::app::App;
use crate::door::Caller;
use crate::problem::Problem;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use comity_exchange::case::CaseId;
use comity_ledger::{Bundle, Hash, Leaf, Shown, SignedCheckpoint, Trust, VerifierKey};
use comity_node::NodeFault;
use comity_store::{CheckpointRow, LeafRow};
use jiff::Timestamp;
use std::sync::Arc;

const SEE: crate::routes::Needs = needs(Permission::SeeLedger);

pub(super) const PAGES: &[PageRoute] = &[
    page("GET", "/ledger", SEE, "The ledger and who countersigned it", || get(status)),
    page("GET", "/ledger.csv", SEE, "Its checkpoints as CSV", || get(status_csv)),
    page("GET", "/ledger.json", SEE, "Its checkpoints as JSON", || get(status_json)),
    page("POST", "/ledger/find", SEE, "Find a leaf by its place or its case", || post(find)),
    page(
        "GET",
        "/ledger/cases/{case}",
        needs(Permission::SeeCases),
        "The leaves of a case",
        || get(of_case),
    ),
    page("GET", "/ledger/events/{index}", SEE, "A leaf with its proof", || get(event)),
    page("GET", "/ledger/events/{index}/proof.json", SEE, "What was verified, as JSON", || {
        get(event_json)
    }),
    page(
        "GET",
        "/ledger/events/{index}/evidence.txt",
        needs(Permission::Prove),
        "Evidence, to be verified offline",
        || get(evidence),
    ),
    page("GET", "/ledger/trust.txt", SEE, "Whose signatures evidence needs", || get(trust_file)),
    page("GET", "/ledger/verify", SEE, "How evidence is verified, and what it proves", || {
        get(verify)
    }),
];

/// Checkpoints on one page.
const CHECKPOINTS: usize = 20;

/// How far before the end checkpoints are looked for: one at most for each size.
const BEFORE_END: u64 = 2000;

/// The keys with which this node's ledger is signed, and the peers' that countersign it.
async fn keys(app: &App) -> Result<Vec<VerifierKey>, Problem> {
    let keys = app.engine.with(|node| {
        let identity = node.identity();
        let own = [&identity.log_key, &identity.witness_key].map(|key| key.verifier().clone());
        own.into_iter().chain(node.peers().map(|peer| peer.witness_key.clone())).collect()
    });
    Ok(keys.await?)
}

struct Line {
    size: u64,
    root: String,
    by: String,
    /// Who countersigned, and when.
    witnesses: Vec<String>,
    /// Why it does not hold; empty where it does.
    wrong: String,
}

struct PeerLine {
    party: String,
    theirs: String,
    ours: u64,
    wrong: bool,
}

#[derive(Template)]
#[template(path = "ledger.html")]
struct LedgerPage {
    frame: Frame,
    leaves: u64,
    signed: u64,
    lines: Vec<Line>,
    peers: Vec<PeerLine>,
    may_see_cases: bool,
}

fn line(row: &CheckpointRow, trust: &Trust, frame: &Frame) -> Line {
    let read = SignedCheckpoint::parse("checkpoint", &row.note);
    let checked = read.and_then(|signed| {
        let checked = trust.check(&signed)?;
        Ok((signed.checkpoint().root, checked))
    });
    match checked {
        Err(fault) => {
            let (root, by) = (String::new(), String::new());
            Line { size: row.size, root, by, witnesses: Vec::new(), wrong: fault.message }
        }
        Ok((root, checked)) => {
            let names: Vec<&str> = checked.log_keys.iter().map(|key| key.name().as_str()).collect();
            let seen = |by: &comity_ledger::Countersigned| {
                format!("{}, {}", by.name, seconds(by.time_s, frame))
            };
            Line {
                size: row.size,
                root: root.to_string(),
                by: names.join(", "),
                witnesses: checked.witnesses.iter().map(seen).collect(),
                wrong: String::new(),
            }
        }
    }
}

fn seconds(time_s: u64, frame: &Frame) -> String {
    let at = i64::try_from(time_s).ok().and_then(|s| Timestamp::from_second(s).ok());
    at.map_or_else(String::new, |at| words::moment(at, &frame.zone))
}

/// The last checkpoints, the newest first, and the size of the ledger.
async fn checkpoints(app: &App) -> Result<(u64, Vec<CheckpointRow>), Problem> {
    app.rows(|reads| {
        let size = reads.size()?;
        let from = size.saturating_sub(BEFORE_END);
        let mut rows = reads.checkpoints(from, BEFORE_END as usize + 1)?;
        if rows.is_empty() {
            rows.extend(reads.checkpoint()?);
        }
        rows.reverse();
        rows.truncate(CHECKPOINTS);
        Ok((size, rows))
    })
    .await
}

/// `GET /ledger`
async fn status(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    let frame = Frame::of(&app, &caller, "The ledger", "/ledger");
    let trust = Trust::in_keys(&keys(&app).await?);
    let (leaves, rows) = checkpoints(&app).await?;
    let peers = app.engine.with(|node| {
        let line = |peer: &comity_node::Peer| PeerLine {
            party: peer.party.as_str().to_owned(),
            theirs: peer.view.held().map_or_else(
                || "it has shown none yet".to_owned(),
                |held| format!("seen and proven up to {} leaves", held.checkpoint().size),
            ),
            ours: peer.countersigned_size,
            wrong: !peer.view.unproven().is_empty(),
        };
        node.peers().map(line).collect()
    });
    let page = LedgerPage {
        leaves,
        signed: rows.first().map_or(0, |row| row.size),
        lines: rows.iter().map(|row| line(row, &trust, &frame)).collect(),
        peers: peers.await?,
        may_see_cases: caller.person.may(Permission::SeeCases),
        frame,
    };
    show(&page)
}

async fn sheet(app: &App, caller: &Caller) -> Result<Sheet, Problem> {
    let frame = Frame::of(app, caller, "", "/ledger");
    let trust = Trust::in_keys(&keys(app).await?);
    let (_, rows) = checkpoints(app).await?;
    let row = |row: &CheckpointRow| {
        let line = line(row, &trust, &frame);
        vec![line.size.to_string(), line.root, line.by, line.witnesses.join("; "), line.wrong]
    };
    let columns = &["size", "root", "signed_by", "countersigned_by", "wrong"];
    Ok(Sheet::of_texts("checkpoints", columns, rows.iter().map(row).collect()))
}

/// `GET /ledger.csv`
async fn status_csv(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    Ok(sheet(&app, &caller).await?.csv())
}

/// `GET /ledger.json`
async fn status_json(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    Ok(sheet(&app, &caller).await?.json())
}

/// `POST /ledger/find`: a place in the ledger, or the id of a case.
async fn find(caller: Caller, sent: Sent) -> Result<Response, Problem> {
    let text = sent.get("find");
    if let Ok(index) = text.parse::<u64>() {
        return Ok(go(&format!("/ledger/events/{index}")));
    }
    match CaseId::parse(text) {
        Some(_) if !caller.person.may(Permission::SeeCases) => Err(Problem::forbidden()),
        Some(case) => Ok(go(&format!("/ledger/cases/{case}"))),
        None => {
            let detail = "a leaf is a number from 0, and a case 32 hexadecimal digits, as in the \
                          address of its page";
            Err(Problem::bad_request("bad-place", detail))
        }
    }
}

struct CaseLine {
    leaf: u64,
    says: String,
    at: String,
    by: String,
}

#[derive(Template)]
#[template(path = "ledger_case.html")]
struct CasePage {
    frame: Frame,
    case: CaseId,
    lines: Vec<CaseLine>,
}

/// `GET /ledger/cases/{case}`
async fn of_case(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(case): Path<String>,
) -> Result<Response, Problem> {
    let id = crate::api::id_of(&case)?;
    let view = app.case(id).await?;
    caller.saw(&app, Subject::Case(id)).await?;
    let frame = Frame::of(&app, &caller, "The leaves of a case", "/ledger");
    let lines = timeline::lines(&view.events, app.side, &frame.zone);
    let line = |line: timeline::Line| CaseLine {
        leaf: line.leaf,
        says: line.says,
        at: line.at,
        by: line.by,
    };
    show(&CasePage { frame, case: id, lines: lines.into_iter().map(line).collect() })
}

/// A leaf as it was read, and what became of verifying it.
pub(super) struct Verified {
    pub(super) row: LeafRow,
    size: u64,
    /// `None`: no checkpoint covers it yet.
    pub(super) shown: Option<Result<(Shown, Bundle), String>>,
}

/// Reads a leaf, hashes it, and verifies it up to the signatures of the newest checkpoint.
pub(super) async fn verified(app: &Arc<App>, index: &str) -> Result<Verified, Problem> {
    let at: u64 = index.parse().map_err(|_| Problem::not_found())?;
    let keys = keys(app).await?;
    let trust = Trust::in_keys(&keys);
    let read = app.readers.read(move |reads| {
        let row = reads.leaves(at, 1)?.into_iter().find(|row| row.index == at);
        let Some(row) = row else { return Ok(None) };
        let shown = match bundle(reads, at, keys) {
            Ok(None) => None,
            Ok(Some(bundle)) => {
                Some(bundle.verify(&trust).map(|s| (s, bundle)).map_err(|fault| fault.message))
            }
            // What does not hold is the answer here, not a fault of the page.
            Err(NodeFault::Damaged(fault)) => Some(Err(fault.message)),
            Err(fault) => return Err(fault),
        };
        Ok::<_, NodeFault>(Some(Verified { row, size: reads.size()?, shown }))
    });
    read.await?.map_err(Problem::from)?.ok_or_else(Problem::not_found)
}

struct Step {
    hash: String,
}

#[derive(Template)]
#[template(path = "ledger_event.html")]
struct EventPage {
    frame: Frame,
    index: u64,
    size: u64,
    leaf: Option<Leaf>,
    leaf_text: String,
    leaf_hash: String,
    at: String,
    shown: Option<Shown>,
    witnesses: Vec<String>,
    steps: Vec<Step>,
    wrong: String,
    is_waiting: bool,
    event: Option<timeline::Line>,
    case: Option<CaseId>,
    may_prove: bool,
}

/// What of a leaf's event may be shown to a caller: in words, and of which case.
pub(super) async fn event_of(
    app: &Arc<App>,
    caller: &Caller,
    row: &LeafRow,
) -> Result<(Option<timeline::Line>, Option<CaseId>), Problem> {
    let Some((case, version)) = row.of else { return Ok((None, None)) };
    if !caller.person.may(Permission::SeeCases) {
        return Ok((None, None));
    }
    let view = app.case(case).await?;
    caller.saw(app, Subject::Case(case)).await?;
    let events: Vec<_> = view.events.into_iter().filter(|(e, _)| e.version == version).collect();
    Ok((timeline::lines(&events, app.side, &app.zone).pop(), Some(case)))
}

/// `GET /ledger/events/{index}`
async fn event(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(index): Path<String>,
) -> Result<Response, Problem> {
    let Verified { row, size, shown } = verified(&app, &index).await?;
    let (event, case) = event_of(&app, &caller, &row).await?;
    let frame = Frame::of(&app, &caller, &format!("Leaf {}", row.index), "/ledger");
    let leaf = Leaf::parse("leaf", &row.leaf).ok();
    let is_waiting = shown.is_none();
    let (shown, bundle, wrong) = match shown {
        None => (None, None, String::new()),
        Some(Ok((shown, bundle))) => (Some(shown), Some(bundle), String::new()),
        Some(Err(why)) => (None, None, why),
    };
    let path = bundle.iter().flat_map(|bundle| &bundle.proof.path);
    let seen =
        |by: &comity_ledger::Countersigned| format!("{}, {}", by.name, seconds(by.time_s, &frame));
    let page = EventPage {
        index: row.index,
        size,
        at: leaf.as_ref().map_or_else(String::new, |leaf| frame.at(&leaf.sequenced_at)),
        leaf_text: String::from_utf8_lossy(&row.leaf).into_owned(),
        leaf_hash: Hash::of_leaf(&row.leaf).to_string(),
        witnesses: shown.iter().flat_map(|s| &s.signatures.witnesses).map(seen).collect(),
        steps: path.map(|hash| Step { hash: hash.to_string() }).collect(),
        leaf,
        shown,
        wrong,
        is_waiting,
        event,
        case,
        may_prove: caller.person.may(Permission::Prove),
        frame,
    };
    show(&page)
}

/// `GET /ledger/events/{index}/proof.json`
async fn event_json(
    State(app): State<Arc<App>>,
    _: Caller,
    Path(index): Path<String>,
) -> Result<Response, Problem> {
    match verified(&app, &index).await?.shown {
        Some(Ok((shown, _))) => Ok(as_json(StatusCode::OK, &shown)),
        Some(Err(why)) => Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "not-whole", why)),
        None => Err(uncovered()),
    }
}

pub(super) fn uncovered() -> Problem {
    let detail = "no checkpoint covers this leaf yet; one is signed within a minute";
    Problem::new(StatusCode::CONFLICT, "not-covered", detail)
}

fn file(name: &str, text: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (StatusCode::OK, headers, text).into_response()
}

/// `GET /ledger/events/{index}/evidence.txt`
async fn evidence(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(index): Path<String>,
) -> Result<Response, Problem> {
    let Verified { row, shown, .. } = verified(&app, &index).await?;
    let bundle = match shown {
        Some(Ok((_, bundle))) => bundle,
        Some(Err(why)) => {
            return Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "not-whole", why));
        }
        None => return Err(uncovered()),
    };
    app.engine.ask(caller.used(Permission::Prove, Subject::Node)).await?;
    Ok(file(&format!("evidence-leaf-{}.txt", row.index), bundle.to_bytes()))
}

/// `GET /ledger/trust.txt`
async fn trust_file(State(app): State<Arc<App>>, _: Caller) -> Result<Response, Problem> {
    let mut text = format!(
        "# Whose signatures the ledger of {} needs. Compare the keys with the party by another\n\
         # way before you believe evidence that they signed.\n",
        app.party.as_str()
    );
    let keys = keys(&app).await?;
    for log in Trust::in_keys(&keys).logs() {
        text.push_str(&format!("log {}\n", log.key));
    }
    for key in keys.iter().filter(|key| key.kind() == comity_ledger::KeyKind::Witness) {
        text.push_str(&format!("witness {} {key}\n", key.name()));
    }
    text.push_str("quorum none\n");
    Ok(file("trust.txt", text.into_bytes()))
}

#[derive(Template)]
#[template(path = "ledger_verify.html")]
struct VerifyPage {
    frame: Frame,
}

/// `GET /ledger/verify`
async fn verify(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    let frame = Frame::of(&app, &caller, "How evidence is verified", "/ledger");
    show(&VerifyPage { frame })
}

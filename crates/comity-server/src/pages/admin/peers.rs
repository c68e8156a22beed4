//! The other parties: who is known, by which keys, and how one is made known.

use super::super::form::Sent;
use super::super::frame::{Frame, go, show};
use super::super::sheet::Sheet;
use super::super::{PageRoute, needs, page};
use super::{ROOM, fingerprint, must_be_confirmed};
use crate::account::{Permission, Subject};
use crate::api::Query;
use crate::app::App;
use crate::door::Caller;
use crate::problem::Problem;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use comity_exchange::{Party, PartyKey};
use comity_model::Diagnostic;
use comity_node::{Ask, NodeFault, Peer, PeerNews};
use serde::Deserialize;
use std::sync::Arc;

const MANAGE: crate::routes::Needs = needs(Permission::ManagePeers);

pub(super) const PAGES: &[PageRoute] = &[
    page("GET", "/admin/peers", MANAGE, "The parties that this node knows", || get(list)),
    page("GET", "/admin/peers.csv", MANAGE, "The parties as CSV", || get(list_csv)),
    page("GET", "/admin/peers.json", MANAGE, "The parties as JSON", || get(list_json)),
    page("POST", "/admin/peers/check", MANAGE, "Look at a new party before it is known", || {
        post(check)
    }),
    page("POST", "/admin/peers", MANAGE, "Make a party known", || post(add)),
    page("POST", "/admin/peers/move", MANAGE, "Say where a party listens now", || post(move_to)),
];

/// Most bytes of what is pasted.
const NEWS_BYTES_MAX: usize = 16 * 1024;

struct KeyLine {
    what: &'static str,
    fingerprint: String,
    valid: String,
}

struct PeerLine {
    party: String,
    side: String,
    url: String,
    origin: String,
    keys: Vec<KeyLine>,
}

#[derive(Template)]
#[template(path = "admin_peers.html")]
struct PeersPage {
    frame: Frame,
    peers: Vec<PeerLine>,
    own: String,
    pasted: String,
    failed: String,
}

#[derive(Template)]
#[template(path = "admin_peer_check.html")]
struct CheckPage {
    frame: Frame,
    peer: PeerLine,
    news: String,
    is_known: bool,
}

/// The peers with the keys of their messages.
pub(super) async fn known(app: &Arc<App>) -> Result<Vec<(Peer, Vec<PartyKey>)>, Problem> {
    let rows = app.rows(|reads| reads.peers()).await?;
    let read: Result<Vec<_>, Diagnostic> = rows.iter().map(Peer::from_row).collect();
    read.map_err(|fault| NodeFault::Damaged(fault).into())
}

fn key_lines(peer: &Peer, keys: &[PartyKey], frame: &Frame) -> Vec<KeyLine> {
    let mut out = Vec::new();
    for key in keys {
        let valid = match (key.revoked_at, key.until) {
            (Some(at), _) => format!("not believed since {}", frame.at(&at)),
            (None, Some(at)) => format!("believed until {}", frame.at(&at)),
            (None, None) => "in use".to_owned(),
        };
        out.push(KeyLine { what: "messages", fingerprint: fingerprint(&key.key), valid });
    }
    for key in &peer.log_keys {
        let valid = match key.last {
            Some(last) => format!("up to leaf {last}"),
            None => "in use".to_owned(),
        };
        out.push(KeyLine { what: "ledger", fingerprint: fingerprint(&key.key), valid });
    }
    let valid = "in use".to_owned();
    let fingerprint = fingerprint(&peer.witness_key);
    out.push(KeyLine { what: "countersignatures", fingerprint, valid });
    out
}

fn peer_line(peer: &Peer, keys: &[PartyKey], frame: &Frame) -> PeerLine {
    PeerLine {
        party: peer.party.as_str().to_owned(),
        side: format!("{:?}", peer.side).to_lowercase(),
        url: peer.url.clone(),
        origin: peer.origin.clone(),
        keys: key_lines(peer, keys, frame),
    }
}

#[derive(Debug, Deserialize)]
struct DoneQuery {
    #[serde(default)]
    done: String,
}

/// `GET /admin/peers`
async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(query): Query<DoneQuery>,
) -> Result<Response, Problem> {
    let done = match query.done.as_str() {
        "added" => "The party is known now. They must make this node known on their side too.",
        "moved" => "The address is changed. What waits is sent there.",
        _ => "",
    };
    list_page(&app, &caller, done, "", String::new()).await
}

async fn list_page(
    app: &Arc<App>,
    caller: &Caller,
    done: &str,
    pasted: &str,
    failed: String,
) -> Result<Response, Problem> {
    let mut frame = Frame::of(app, caller, "Peers", ROOM);
    done.clone_into(&mut frame.done);
    let known = known(app).await?;
    let peers = known.iter().map(|(peer, keys)| peer_line(peer, keys, &frame)).collect();
    let own = app.home.news().map_err(NodeFault::Damaged)?;
    let own = serde_json::to_string_pretty(&own).unwrap_or_default();
    show(&PeersPage { frame, peers, own, pasted: pasted.to_owned(), failed })
}

async fn sheet(app: &Arc<App>) -> Result<Sheet, Problem> {
    let mut rows = Vec::new();
    for (peer, keys) in known(app).await? {
        let side = format!("{:?}", peer.side).to_lowercase();
        let messages = keys.iter().map(|key| ("messages", &key.key));
        let ledger = peer.log_keys.iter().map(|key| ("ledger", &key.key));
        let all = messages.chain(ledger).chain([("countersignatures", &peer.witness_key)]);
        for (what, key) in all {
            rows.push(vec![
                peer.party.as_str().to_owned(),
                side.clone(),
                peer.url.clone(),
                what.to_owned(),
                key.to_string(),
                fingerprint(key),
            ]);
        }
    }
    let columns = &["party", "side", "url", "key_for", "key", "sha256"];
    Ok(Sheet::of_texts("peers", columns, rows))
}

/// `GET /admin/peers.csv`
async fn list_csv(State(app): State<Arc<App>>, _: Caller) -> Result<Response, Problem> {
    Ok(sheet(&app).await?.csv())
}

/// `GET /admin/peers.json`
async fn list_json(State(app): State<Arc<App>>, _: Caller) -> Result<Response, Problem> {
    Ok(sheet(&app).await?.json())
}

/// Reads what was pasted, and what of it is wrong in a sentence.
fn read(text: &str) -> Result<(PeerNews, Peer, PartyKey), String> {
    if text.len() > NEWS_BYTES_MAX {
        return Err("This is longer than any node's. Paste what `comity node show` prints, and \
                    nothing else."
            .to_owned());
    }
    let news: PeerNews = serde_json::from_str(text).map_err(|e| {
        format!("This is not what `comity node show` prints: {e}. Copy it from the first brace to the last.")
    })?;
    let (peer, key) = Peer::new(&news).map_err(|fault| {
        let place = if fault.path.is_empty() { "the text" } else { fault.path.as_str() };
        format!("In {place}: {}.", fault.message)
    })?;
    if key.name().as_str() != peer.party.as_str() {
        return Err(
            "The key for messages is named after another party. Ask them to print it again."
                .to_owned(),
        );
    }
    let from = jiff::Timestamp::UNIX_EPOCH;
    Ok((news, peer, PartyKey { key, from, until: None, revoked_at: None }))
}

/// `POST /admin/peers/check`
async fn check(
    State(app): State<Arc<App>>,
    caller: Caller,
    sent: Sent,
) -> Result<Response, Problem> {
    let text = sent.get("news");
    let (news, peer, key) = match read(text) {
        Ok(read) => read,
        Err(why) => return list_page(&app, &caller, "", text, why).await,
    };
    if peer.party == app.party {
        let why = "This is this node itself. Paste what the other party's node prints.";
        return list_page(&app, &caller, "", text, why.to_owned()).await;
    }
    let is_known = known(&app).await?.iter().any(|(known, _)| known.party == peer.party);
    let frame = Frame::of(&app, &caller, "Is this the other party?", ROOM);
    let peer = peer_line(&peer, &[key], &frame);
    let news = serde_json::to_string(&news).unwrap_or_default();
    show(&CheckPage { frame, peer, news, is_known })
}

/// `POST /admin/peers`
async fn add(State(app): State<Arc<App>>, caller: Caller, sent: Sent) -> Result<Response, Problem> {
    must_be_confirmed(&app, &caller).await?;
    let text = sent.get("news");
    let news = match read(text) {
        Ok((news, peer, _)) if peer.party != app.party => news,
        Ok(_) => return Err(Problem::bad_request("bad-peer", "this is this node itself")),
        Err(why) => return list_page(&app, &caller, "", text, why).await,
    };
    let subject = Party::new(&news.party).map_or(Subject::Node, Subject::Peer);
    let asks = vec![Ask::AddPeer(news), caller.used(Permission::ManagePeers, subject)];
    app.engine.turn(asks).await?.swap_remove(0)?;
    Ok(go("/admin/peers?done=added"))
}

/// `POST /admin/peers/move`
async fn move_to(
    State(app): State<Arc<App>>,
    caller: Caller,
    sent: Sent,
) -> Result<Response, Problem> {
    must_be_confirmed(&app, &caller).await?;
    let party = Party::new(sent.get("party")).map_err(|_| Problem::not_found())?;
    let url = sent.get("url").to_owned();
    let used = caller.used(Permission::ManagePeers, Subject::Peer(party.clone()));
    let asks = vec![Ask::MovePeer { party, url }, used];
    app.engine.turn(asks).await?.swap_remove(0)?;
    Ok(go("/admin/peers?done=moved"))
}

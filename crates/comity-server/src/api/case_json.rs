//! A case as the API shows it.

use comity_exchange::case::{Advice, Case, Event, Identification, PastHold, Task, allowed, tasks};
use comity_model::Diagnostic;
use comity_node::CaseView;
use comity_policy::Library;
use comity_store::{CaseRow, TaskRow};
use jiff::Timestamp;
use serde_json::{Value, json};

/// A case whole, as it stands at a moment.
pub fn case(view: &CaseView, now: Timestamp) -> Value {
    let case = &view.case;
    json!({
        "id": case.id,
        "side": case.side,
        "peer": view.row.peer.as_str(),
        "version": case.version,
        "opened_at": view.row.opened_at,
        "changed_at": view.row.changed_at,
        "in_custody": case.in_custody(),
        "card": view.card,
        "booking": case.booking,
        "identification": identification(case),
        "determination": case.determination,
        "evaluated": case.evaluated.as_ref().map(|e| json!({
            "at": e.at, "current": e.current, "finding": e.finding,
        })),
        "requests": case.requests.iter().map(|r| json!({
            "draft": r.draft, "issued_by": r.issued_by, "received_at": r.received_at,
            "served_at": r.served_at, "stands": r.stands(),
            "ended": r.ended.map(|(why, at)| json!({ "why": why, "at": at })),
        })).collect::<Vec<_>>(),
        "answers": case.answers.values().map(|given| json!({
            "answer": given.answer, "given_at": given.given_at, "outdated_at": given.outdated_at,
        })).collect::<Vec<_>>(),
        "told": case.told.values().map(|(told, at)| json!({ "answer": told, "at": at }))
            .collect::<Vec<_>>(),
        "eligible": case.eligible,
        "notice": case.notice.map(|(notice, at)| json!({ "notice": notice, "at": at })),
        "hold": case.hold_at(now).map(hold),
        "past_holds": case.past_holds.iter().map(past_hold).collect::<Vec<_>>(),
        "custody_end": case.custody_end,
        "taken_reported_at": case.taken_reported_at,
        "claims": case.claims.values().map(|c| json!({
            "claim": c.claim, "made_at": c.made_at, "made_at_side": c.made_at_side,
            "resolution": c.resolution, "peer_says": c.peer_says,
        })).collect::<Vec<_>>(),
        "duties": case.duties.iter().enumerate().map(|(number, d)| json!({
            "number": number, "duty": d.duty, "since": d.since, "done_at": d.done_at,
        })).collect::<Vec<_>>(),
        "set_aside": case.set_aside,
        "tasks": tasks(case, now).iter().map(task).collect::<Vec<_>>(),
        "allowed": allowed(case, now),
    })
}

fn hold(hold: &comity_exchange::case::Hold) -> Value {
    let ends_at = hold.ends_at();
    json!({ "hold": hold, "ends_at": ends_at })
}

fn past_hold(past: &PastHold) -> Value {
    json!({ "hold": past.hold, "ended_at": past.ended_at })
}

fn identification(case: &Case) -> Value {
    let stands = match &case.identification {
        Identification::NotSubmitted => "not_submitted",
        Identification::Submitted => "submitted",
        Identification::Candidates(_) => "candidates",
        Identification::NoMatch => "no_match",
        Identification::Matched(_) => "matched",
        Identification::ReportedVerified => "reported_verified",
        Identification::Failed(_) => "failed",
        Identification::TakenBack => "taken_back",
    };
    let (mut candidates, mut verified, mut failed) = (None, None, None);
    match &case.identification {
        Identification::Candidates(list) => candidates = Some(list),
        Identification::Matched(found) => verified = Some(found),
        Identification::Failed(why) => failed = Some(why),
        _ => {}
    }
    json!({
        "stands": stands, "since": case.identified_at, "candidates": candidates,
        "match": verified, "failed": failed,
        "submission": case.submitted.as_ref().map(|s| &s.submission),
    })
}

/// A task.
pub fn task(task: &Task) -> Value {
    json!({ "kind": task.kind, "says": task.kind.says(), "due_at": task.due_at, "key": task.key() })
}

/// The kind of a task, by its name.
pub fn task_kind(row: &TaskRow) -> Option<String> {
    let body: Value = serde_json::from_slice(&row.body).ok()?;
    match body.get("kind")? {
        Value::String(name) => Some(name.clone()),
        Value::Object(with) => with.keys().next().cloned(),
        _ => None,
    }
}

/// A line of a worklist.
pub fn task_row(row: &TaskRow) -> Value {
    let body: Value = serde_json::from_slice(&row.body).unwrap_or(Value::Null);
    json!({
        "case": row.case, "key": row.key, "kind": body.get("kind"), "due_at": row.due_at,
        "role": row.role,
    })
}

/// A line of a list of cases.
pub fn row(row: &CaseRow) -> Value {
    json!({
        "id": row.case, "peer": row.peer.as_str(), "version": row.version,
        "opened_at": row.opened_at, "changed_at": row.changed_at, "ended_at": row.ended_at,
        "next_at": row.next_at,
    })
}

/// An event with its place in the ledger.
pub fn event((event, leaf): &(Event, u64)) -> Value {
    json!({ "event": event, "leaf": leaf, "kind": event.what.kind_name() })
}

/// What the law says of a case now, and what it allows.
///
/// # Errors
/// Findings on the facts.
pub fn advice(library: &Library, case: &Case, now: Timestamp) -> Result<Value, Vec<Diagnostic>> {
    let advice = Advice::of(library, case, now)?;
    Ok(
        json!({ "version": case.version, "finding": advice.finding(), "allowed": allowed(case, now) }),
    )
}

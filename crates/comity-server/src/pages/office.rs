//! The board of a federal office: people by what awaits them, and answers that came in.

use super::board::{Group, Row, known_by};
use super::requests::choice_says;
use super::words;
use comity_exchange::case::{CaseId, OfficialRole, Side, TaskKind};
use comity_ledger::StoreKey;
use comity_node::{CaseView, NodeFault, read_case};
use comity_store::Reads;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// How long an answer that asks for nothing stays on the board, in hours.
const SHOWN_HOURS: i64 = 24;

/// Most cases that are looked through for answers: those that changed last.
const CASES: usize = 40;

/// Cases in custody in which an answer came in a short time ago, besides those that stand on the
/// board anyhow.
///
/// # Errors
/// The store.
pub fn answered(
    reads: &mut dyn Reads,
    key: &StoreKey,
    now: Timestamp,
    known: &BTreeSet<CaseId>,
) -> Result<Vec<CaseView>, NodeFault> {
    let since = now.checked_sub(SignedDuration::from_hours(SHOWN_HOURS)).unwrap_or(now);
    let mut out = Vec::new();
    for row in reads.cases(true, None, CASES)?.rows {
        // The list begins with those that changed last.
        if row.changed_at < since {
            break;
        }
        if known.contains(&row.case) {
            continue;
        }
        match read_case(reads, key, Side::Federal, row.case) {
            Ok(view) if told_at(&view).is_some_and(|at| at >= since) => out.push(view),
            // Erased since the list was read.
            Ok(_) | Err(NodeFault::NoCase(_)) => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(out)
}

/// When the answer to the request that stands came in.
fn told_at(view: &CaseView) -> Option<Timestamp> {
    let standing = view.case.standing()?;
    view.case.told.get(&standing.draft.request).map(|(_, at)| *at)
}

/// The answer to the request that stands, channel by channel.
fn answer_says(view: &CaseView) -> Option<String> {
    let standing = view.case.standing()?;
    let (told, _) = view.case.told.get(&standing.draft.request)?;
    let one = |(channel, told): (&comity_policy::Channel, &comity_exchange::case::ToldChoice)| {
        format!("{}: {}", words::plain(channel.name()), choice_says(told.choice))
    };
    Some(told.channels.iter().map(one).collect::<Vec<_>>().join(", "))
}

/// The row of somebody who needs nothing, and about whom an answer came in.
pub fn row(view: &CaseView, now: Timestamp) -> Option<Row> {
    if view.case.side != Side::Federal {
        return None;
    }
    let (at, says) = (told_at(view)?, answer_says(view)?);
    let (who, number) = known_by(view);
    Some(Row {
        case: view.case.id,
        who,
        number,
        says: words::sentence(&says),
        more: 0,
        due_at: at,
        due: words::due(at, now),
        ends_at: None,
        left: String::new(),
        state: "",
        kind: None,
        href: format!("/cases/{}", view.case.id),
    })
}

/// People by what awaits them; for an examiner the candidates alone.
pub fn groups(rows: Vec<Row>, role: Option<OfficialRole>) -> Vec<Group> {
    let all = [
        ("Candidates to look at", "candidates", "No candidate waits for an examiner."),
        ("Answers that came in", "answers", "No answer came in during the last day."),
        ("Status to determine", "status", "Nobody waits for a determination."),
        ("To decide whether to ask", "ask", "Nobody waits for that decision."),
        ("Other things", "other", "Nothing else is to be done."),
    ];
    let group = |(name, state, none)| Group { name, state, none, rows: Vec::new() };
    let mut groups: Vec<Group> = all.into_iter().map(group).collect();
    for row in rows {
        let place = match row.kind {
            Some(TaskKind::VerifyCandidates) => 0,
            Some(TaskKind::TakeCustody) | None => 1,
            Some(TaskKind::DetermineStatus) => 2,
            Some(TaskKind::EvaluateProgram | TaskKind::DecideRequest) => 3,
            Some(_) => 4,
        };
        if let Some(group) = groups.get_mut(place) {
            group.rows.push(row);
        }
    }
    groups.retain(|group| {
        let is_candidates = group.state == "candidates";
        !group.rows.is_empty()
            || match role {
                Some(OfficialRole::Examiner) => is_candidates,
                Some(OfficialRole::DutyOfficer) => !is_candidates && group.state != "other",
                _ => group.state != "other",
            }
    });
    groups
}

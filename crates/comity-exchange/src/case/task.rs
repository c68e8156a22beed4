//! What is to be done, by whom, and since when: the pure core of worklists and alarms.
//!
//! Tasks follow from the case; none is stored. [`due`] lists those whose moment has come,
//! however late the question is asked: after a restart, a sleep or a step of the clock nothing
//! is missed. A step back changes nothing, because time in a case never goes back.

use super::answer::Choice;
use super::apply::hours_after;
use super::custody::Eligible;
use super::identify::Identification;
use super::ids::{ClaimId, RequestId};
use super::law::Law;
use super::person::{OfficialRole, Side};
use super::request::{ASKED, program_channel};
use super::state::{Case, KnownDuty};
use comity_policy::Channel;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// Minutes before the end of a hold at which somebody is told to prepare the release.
pub const LEAD_MINUTES: [i64; 3] = [240, 60, 15];

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// Release the person: the moment has come, and no hold runs.
    Release,
    /// A hold ends soon.
    PrepareRelease {
        /// In so many minutes.
        minutes: i64,
    },
    /// Record how custody ended: the federal side says that it took the person.
    RecordEnd,
    /// Send the prints, or send them again.
    SubmitPrints,
    /// Serve a copy of the request on the person.
    ServeRequest(RequestId),
    /// Answer the request.
    AnswerRequest(RequestId),
    /// Answer again: facts changed.
    AnswerAgain(RequestId),
    /// Find the facts without which the law is undetermined.
    FindFacts(RequestId),
    /// Tell the federal side the moment of release, as answered.
    GiveNotice(RequestId),
    /// Do a duty, by its number in the case.
    Duty(u32),
    /// Resolve a claim.
    ResolveClaim(ClaimId),
    /// Search the gallery.
    Search,
    /// An examiner looks at the candidates.
    VerifyCandidates,
    /// Determine status.
    DetermineStatus,
    /// Evaluate the program, or evaluate it again.
    EvaluateProgram,
    /// Decide whether to ask: the program requires it, or lets the officer.
    DecideRequest,
    /// Take the person: the agency complies, or gave notice.
    TakeCustody,
    /// Destroy the person's key: nothing is kept of somebody who did not match.
    Forget,
}

impl TaskKind {
    /// The names of all kinds, as JSON has them.
    pub const NAMES: [&'static str; 18] = [
        "release",
        "prepare_release",
        "record_end",
        "submit_prints",
        "serve_request",
        "answer_request",
        "answer_again",
        "find_facts",
        "give_notice",
        "duty",
        "resolve_claim",
        "search",
        "verify_candidates",
        "determine_status",
        "evaluate_program",
        "decide_request",
        "take_custody",
        "forget",
    ];

    /// The words shown to people.
    pub fn says(self) -> &'static str {
        match self {
            TaskKind::Release => "release the person",
            TaskKind::PrepareRelease { .. } => "prepare the release",
            TaskKind::RecordEnd => "record how custody ended",
            TaskKind::SubmitPrints => "send the prints",
            TaskKind::ServeRequest(_) => "serve the request on the person",
            TaskKind::AnswerRequest(_) => "answer the request",
            TaskKind::AnswerAgain(_) => "answer again: facts changed",
            TaskKind::FindFacts(_) => "find the missing facts",
            TaskKind::GiveNotice(_) => "give notice of release",
            TaskKind::Duty(_) => "do a duty",
            TaskKind::ResolveClaim(_) => "resolve the claim",
            TaskKind::Search => "search the gallery",
            TaskKind::VerifyCandidates => "look at the candidates",
            TaskKind::DetermineStatus => "determine status",
            TaskKind::EvaluateProgram => "evaluate the program",
            TaskKind::DecideRequest => "decide whether to ask",
            TaskKind::TakeCustody => "take the person",
            TaskKind::Forget => "destroy the person's key",
        }
    }

    /// Who does it.
    pub fn role(self, side: Side) -> OfficialRole {
        match (self, side) {
            (TaskKind::Search | TaskKind::VerifyCandidates, _) => OfficialRole::Examiner,
            (TaskKind::ResolveClaim(_), Side::Agency) => OfficialRole::Supervisor,
            (_, Side::Agency) => OfficialRole::Clerk,
            (_, Side::Federal) => OfficialRole::DutyOfficer,
        }
    }
}

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Task {
    /// When it is due. Tasks are in this order.
    pub due_at: Timestamp,
    /// What.
    pub kind: TaskKind,
}

impl Task {
    /// A name that stays while the task and its moment do: a task that moves is told again.
    pub fn key(&self) -> String {
        let subject = match self.kind {
            TaskKind::PrepareRelease { minutes } => minutes.to_string(),
            TaskKind::ServeRequest(id)
            | TaskKind::AnswerRequest(id)
            | TaskKind::AnswerAgain(id)
            | TaskKind::FindFacts(id)
            | TaskKind::GiveNotice(id) => id.to_string(),
            TaskKind::Duty(number) => number.to_string(),
            TaskKind::ResolveClaim(id) => id.to_string(),
            _ => String::new(),
        };
        format!("{} {subject} {}", self.kind.says(), self.due_at)
    }
}

/// Everything that is to be done as of a moment, also what is due later, in order of time.
pub fn tasks(case: &Case, now: Timestamp) -> Vec<Task> {
    let mut out = Vec::new();
    match case.side {
        Side::Agency => agency(case, now, &mut out),
        Side::Federal => federal(case, &mut out),
    }
    for known in case.open_claims() {
        out.push(Task { due_at: known.made_at, kind: TaskKind::ResolveClaim(known.claim.claim) });
    }
    for (number, known) in case.duties.iter().enumerate() {
        if let Some(due_at) = duty_due_at(case, known).filter(|_| known.done_at.is_none()) {
            out.push(Task { due_at, kind: TaskKind::Duty(number as u32) });
        }
    }
    out.sort_unstable();
    out
}

/// The tasks whose moment has come.
pub fn due(case: &Case, now: Timestamp) -> Vec<Task> {
    let now = case.time(now);
    let mut out = tasks(case, now);
    out.retain(|task| task.due_at <= now);
    out
}

/// The next moment at which the scheduler must look at the case: the earliest task of which
/// nobody was told. It may have passed already. `None`: nothing will come due by itself.
pub fn next_at(case: &Case) -> Option<Timestamp> {
    let now = case.last_at?;
    let untold = |task: &Task| !case.raised.contains(&task.key());
    tasks(case, now).into_iter().find(untold).map(|task| task.due_at)
}

fn agency(case: &Case, now: Timestamp, out: &mut Vec<Task>) {
    if !case.in_custody() {
        return;
    }
    let mut add = |due_at, kind| out.push(Task { due_at, kind });
    let unsent =
        matches!(case.identification, Identification::NotSubmitted | Identification::Failed(_));
    if let Some(at) = case.identified_at.filter(|_| unsent) {
        add(at, TaskKind::SubmitPrints);
    }
    if let Some(at) = case.taken_reported_at {
        add(at, TaskKind::RecordEnd);
    }
    if let Some(eligible) = case.eligible {
        match case.hold_at(now) {
            Some(hold) => {
                add(hold.ends_at(), TaskKind::Release);
                for minutes in LEAD_MINUTES {
                    let before = hold.ends_at().checked_sub(SignedDuration::from_mins(minutes));
                    let at = before.map_or(hold.started_at(), |at| at.max(hold.started_at()));
                    add(at, TaskKind::PrepareRelease { minutes });
                }
            }
            None => add(release_at(case, eligible), TaskKind::Release),
        }
    }
    let Some(request) = case.standing() else { return };
    let id = request.draft.request;
    if request.served_at.is_none() {
        add(request.received_at, TaskKind::ServeRequest(id));
    }
    let Some(given) = case.answers.get(&id) else {
        add(request.received_at, TaskKind::AnswerRequest(id));
        return;
    };
    if let Some(at) = given.outdated_at {
        add(at, TaskKind::AnswerAgain(id));
        return;
    }
    if given.answer.choices.values().any(|c| *c == Choice::Open) {
        add(given.given_at, TaskKind::FindFacts(id));
    }
    let told = |e: &Eligible| case.notice.is_some_and(|(n, _)| n.release_at == e.at);
    if given.answer.complies(Channel::Notify) && case.eligible.is_some_and(|e| !told(&e)) {
        add(given.given_at, TaskKind::GiveNotice(id));
    }
}

/// When the person is to be released where no hold runs: at release eligibility, or where a
/// hold ran since then, at its end.
fn release_at(case: &Case, eligible: Eligible) -> Timestamp {
    let open = case.hold.as_ref().map(|hold| hold.ends_at());
    let past = case.past_holds.iter().map(|past| past.ended_at);
    past.chain(open).fold(eligible.at, |at, ended| at.max(ended))
}

fn federal(case: &Case, out: &mut Vec<Task>) {
    let Some(since) = case.identified_at else { return };
    let mut add = |kind| out.push(Task { due_at: since, kind });
    match &case.identification {
        Identification::Submitted => add(TaskKind::Search),
        Identification::Candidates(_) => add(TaskKind::VerifyCandidates),
        Identification::NoMatch => add(TaskKind::Forget),
        Identification::Matched(_) => federal_matched(case, since, out),
        Identification::NotSubmitted
        | Identification::ReportedVerified
        | Identification::Failed(_)
        | Identification::TakenBack => {}
    }
}

fn federal_matched(case: &Case, since: Timestamp, out: &mut Vec<Task>) {
    let mut add = |due_at, kind| out.push(Task { due_at, kind });
    let Some(determination) = &case.determination else {
        add(since, TaskKind::DetermineStatus);
        return;
    };
    let stopped = case.open_claims().next().is_some() || case.claim_upheld();
    if stopped || !case.in_custody() || !determination.removable {
        return;
    }
    if let Some(request) = case.standing() {
        let told = case.told.get(&request.draft.request).filter(|(told, _)| {
            [Channel::Hold, Channel::Transfer].iter().any(|channel| told.complies(*channel))
        });
        let known = [told.map(|(_, at)| *at), case.notice.map(|(_, at)| at)];
        if let Some(at) = known.into_iter().flatten().min() {
            add(at, TaskKind::TakeCustody);
        }
        return;
    }
    // A request that ended was somebody's decision, or the person is gone.
    if !case.requests.is_empty() {
        return;
    }
    match &case.evaluated {
        Some(evaluated) if evaluated.current => {
            let may_ask = ASKED
                .into_iter()
                .filter_map(program_channel)
                .any(|program| matches!(evaluated.finding.on(program), Law::Must(_) | Law::May(_)));
            if may_ask {
                add(evaluated.at, TaskKind::DecideRequest);
            }
        }
        _ => add(case.changed_at.unwrap_or(since), TaskKind::EvaluateProgram),
    }
}

/// When a duty is due: so many hours after the moment that the law names, or at that moment.
/// `None` while the moment is not known.
fn duty_due_at(case: &Case, known: &KnownDuty) -> Option<Timestamp> {
    let from = match known.duty.after.as_str() {
        "request_received" => known.received_at,
        "release_eligible" => case.eligible?.at,
        _ => known.since,
    };
    Some(known.duty.within_hours.map_or(from, |hours| hours_after(from, hours)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use serde_json::Value;

    #[test]
    fn the_names_are_those_of_json_and_none_is_missing() {
        let (request, claim) = (RequestId([1; 16]), ClaimId([1; 16]));
        let all = [
            TaskKind::Release,
            TaskKind::PrepareRelease { minutes: 15 },
            TaskKind::RecordEnd,
            TaskKind::SubmitPrints,
            TaskKind::ServeRequest(request),
            TaskKind::AnswerRequest(request),
            TaskKind::AnswerAgain(request),
            TaskKind::FindFacts(request),
            TaskKind::GiveNotice(request),
            TaskKind::Duty(1),
            TaskKind::ResolveClaim(claim),
            TaskKind::Search,
            TaskKind::VerifyCandidates,
            TaskKind::DetermineStatus,
            TaskKind::EvaluateProgram,
            TaskKind::DecideRequest,
            TaskKind::TakeCustody,
            TaskKind::Forget,
        ];
        let name = |kind: &TaskKind| match serde_json::to_value(kind).unwrap() {
            Value::String(name) => name,
            with => with.as_object().unwrap().keys().next().unwrap().clone(),
        };
        assert_eq!(all.iter().map(name).collect::<Vec<_>>(), TaskKind::NAMES);
    }
}

//! What the federal side does.

use super::command::Act;
use super::decide::Record;
use super::event::What;
use super::facts::FactsOf;
use super::identify::{Identification, Match};
use super::law::{Advice, Law};
use super::permit::search_result;
use super::refusal::Why;
use super::request::{ASKED, Draft, RequestEnd, program_channel};
use super::state::Case;

/// The mark by which policies say that a form could not be issued on its date.
const FORM_NOT_AUTHORIZED: &str = "form_not_authorized";

pub(super) fn act(record: &mut Record<'_>, before: &Case, act: &Act) -> Result<(), Why> {
    match act {
        Act::RecordSearch(result) => {
            search_result(result)?;
            record.add(What::SearchRecorded(result.clone()));
        }
        Act::VerifyMatch { gallery_record } => {
            let official = record.official()?;
            let Identification::Candidates(candidates) = &record.case.identification else {
                return Err(Why::NothingToSearch);
            };
            let candidate = candidates.iter().find(|c| c.gallery_record == *gallery_record);
            let candidate = candidate.ok_or(Why::NotACandidate)?;
            let roles = record.command.act.name().roles();
            let found = Match::verified(candidate, &official).ok_or(Why::WrongActor(roles))?;
            record.add(What::MatchVerified(found));
        }
        Act::RejectCandidates => record.add(What::CandidatesRejected),
        Act::DetermineStatus(determination) => {
            Record::facts(&determination.facts, FactsOf::Determination)?;
            record.add(What::StatusDetermined(determination.clone()));
        }
        Act::EvaluateProgram(advice) => {
            if !advice.is_of(before, record.at) || advice.draft().is_some() {
                return Err(Why::AdviceOutdated);
            }
            record.add(What::ProgramEvaluated(advice.finding().clone()));
        }
        Act::IssueRequest { draft, advice } => issue(record, before, draft, advice)?,
        Act::WithdrawRequest { request, reason } => {
            let stands = record.case.request(*request).is_some_and(|r| r.stands());
            if !stands {
                return Err(Why::NotThatRequest(*request));
            }
            let (request, reason) = (*request, reason.clone());
            record.add(What::RequestEnded { request, why: RequestEnd::Withdrawn, reason });
        }
        _ => {}
    }
    Ok(())
}

/// An officer issues a request: on a form that is valid on the day it is dated, for nothing
/// that the program in force does not allow.
fn issue(
    record: &mut Record<'_>,
    before: &Case,
    draft: &Draft,
    advice: &Advice,
) -> Result<(), Why> {
    if !advice.is_of(before, record.at) || advice.draft() != Some(draft) {
        return Err(Why::AdviceOutdated);
    }
    if record.case.day_of(record.at).ok() != Some(draft.issued_on) {
        return Err(Why::OtherDate);
    }
    if draft.asks.is_empty() || !draft.asks.iter().all(|channel| ASKED.contains(channel)) {
        return Err(Why::AsksNothing);
    }
    Record::facts(&draft.states, FactsOf::Request)?;
    if record.case.request(draft.request).is_some() {
        return Err(Why::RequestKnown(draft.request));
    }
    if let Some(old) = draft.supersedes
        && !record.case.request(old).is_some_and(|r| r.stands())
    {
        return Err(Why::NotThatRequest(old));
    }
    let finding = advice.finding();
    if let Some(flag) = finding.flags.iter().find(|f| f.flag == FORM_NOT_AUTHORIZED) {
        return Err(Why::FormNotAuthorized(format!("{} ({})", flag.says, flag.cite)));
    }
    for channel in draft.asks.iter().copied() {
        let Some(program) = program_channel(channel) else { continue };
        match finding.on(program) {
            Law::Must(_) | Law::May(_) => {}
            law @ (Law::MustNot(_) | Law::Undetermined { .. }) => {
                return Err(Why::NotAllowedToAsk(program, law.clone()));
            }
        }
    }
    let (draft, finding) = (draft.clone(), finding.clone());
    record.add(What::RequestIssued { draft, finding });
    Ok(())
}

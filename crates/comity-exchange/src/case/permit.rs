//! Which commands a case allows: the conditions that hang on the case alone and not on what
//! the command carries. [`allowed`] and the decision itself ask the same function.

use super::command::CommandName;
use super::custody::Subject;
use super::identify::{Identification, SearchResult};
use super::ids::Version;
use super::person::Side;
use super::refusal::Why;
use super::state::Case;
use comity_policy::Channel;
use jiff::Timestamp;

/// The commands that a case allows at a moment, in the order of a case.
pub fn allowed(case: &Case, now: Timestamp) -> Vec<CommandName> {
    CommandName::ALL.iter().copied().filter(|name| permit(case, *name, now).is_ok()).collect()
}

/// Whether a case allows a command at a moment.
pub(super) fn permit(case: &Case, name: CommandName, now: Timestamp) -> Result<(), Why> {
    if let Some(side) = name.side()
        && side != case.side
    {
        return Err(Why::OtherSide(side));
    }
    if case.booking.is_none() {
        // The agency opens a case by booking, the federal side by the prints that it receives.
        let opens = match name {
            CommandName::Book => case.side == Side::Agency,
            CommandName::Receive | CommandName::Tick => true,
            _ => false,
        };
        return if opens { Ok(()) } else { Err(Why::NotOpened) };
    }
    match name {
        CommandName::Book => Err(Why::AlreadyOpened),
        CommandName::AmendBooking => in_custody(case),
        CommandName::SubmitPrints => {
            in_custody(case)?;
            match case.identification {
                Identification::NotSubmitted | Identification::Failed(_) => Ok(()),
                _ => Err(Why::PrintsSubmitted),
            }
        }
        CommandName::RecordSearch
        | CommandName::VerifyMatch
        | CommandName::RejectCandidates
        | CommandName::DetermineStatus
        | CommandName::EvaluateProgram
        | CommandName::IssueRequest => identification(case, name),
        CommandName::WithdrawRequest => standing(case),
        CommandName::TakeCustody => {
            in_custody(case)?;
            standing(case)?;
            no_claim(case)
        }
        CommandName::ServeRequest => {
            in_custody(case)?;
            standing(case)?;
            let unserved = case.requests.iter().any(|r| r.stands() && r.served_at.is_none());
            must(unserved, Why::ServedAlready)
        }
        CommandName::AnswerRequest => {
            in_custody(case)?;
            standing(case)
        }
        CommandName::SetEligible
        | CommandName::GiveNotice
        | CommandName::StartHold
        | CommandName::EndHold
        | CommandName::Transfer => release(case, name, now),
        CommandName::EndCustody | CommandName::MakeClaim => in_custody(case),
        CommandName::ResolveClaim => must(case.open_claims().next().is_some(), Why::NoClaim),
        CommandName::DoDuty => must(case.duties.iter().any(|d| d.done_at.is_none()), Why::NoDuty),
        CommandName::Correct => {
            must(own_words(case).next().is_some(), Why::NotCorrectable(Vec::new()))
        }
        CommandName::Note | CommandName::Receive | CommandName::Tick => Ok(()),
    }
}

/// What is done about a release: its moment, the notice of it, a hold past it, a transfer.
fn release(case: &Case, name: CommandName, now: Timestamp) -> Result<(), Why> {
    match name {
        CommandName::SetEligible => {
            in_custody(case)?;
            must(case.hold_at(now).is_none(), Why::Holding)
        }
        CommandName::GiveNotice => {
            in_custody(case)?;
            no_claim(case)?;
            let eligible = case.eligible.ok_or(Why::NotEligible)?;
            complied(case, Channel::Notify)?;
            let told = case.notice.is_some_and(|(n, _)| n.release_at == eligible.at);
            must(!told, Why::NoticeGiven)
        }
        CommandName::StartHold => {
            in_custody(case)?;
            no_claim(case)?;
            must(case.hold_at(now).is_none(), Why::Holding)?;
            let eligible = case.eligible.ok_or(Why::NotEligible)?;
            if case.time(now) < eligible.at {
                return Err(Why::InFuture(eligible.at));
            }
            complied(case, Channel::Hold)
        }
        CommandName::EndHold => must(case.hold_at(now).is_some(), Why::NotHolding),
        // A transfer; nothing else comes here, and nothing is allowed by default.
        _ => {
            in_custody(case)?;
            no_claim(case)?;
            standing(case)?;
            // Recorded after the hold: at which moment it ran, the command says.
            let held = case.hold.is_some() || !case.past_holds.is_empty();
            if held { Ok(()) } else { complied(case, Channel::Transfer) }
        }
    }
}

/// What this party said itself and can correct. Whether a copy was served is the agency's word:
/// it corrects it, and tells the federal side.
pub(super) fn own_words(case: &Case) -> impl Iterator<Item = (Version, Subject)> {
    let own =
        |subject: &Subject| case.side == Side::Agency || !matches!(subject, Subject::Served(_));
    case.correctable.iter().map(|(event, subject)| (*event, *subject)).filter(move |(_, s)| own(s))
}

fn must(is: bool, why: Why) -> Result<(), Why> {
    if is { Ok(()) } else { Err(why) }
}

/// The way of the federal side from a search to a request. No step can be left out.
fn identification(case: &Case, name: CommandName) -> Result<(), Why> {
    match name {
        CommandName::RecordSearch => {
            let waits = case.identification == Identification::Submitted;
            return must(waits, Why::NothingToSearch);
        }
        CommandName::VerifyMatch | CommandName::RejectCandidates => {
            let waits = matches!(case.identification, Identification::Candidates(_));
            return must(waits, Why::NothingToSearch);
        }
        _ => {}
    }
    if !matches!(case.identification, Identification::Matched(_)) {
        return Err(Why::NoMatch);
    }
    if name == CommandName::DetermineStatus {
        return Ok(());
    }
    in_custody(case)?;
    no_claim(case)?;
    let determination = case.determination.as_ref().ok_or(Why::NotDetermined)?;
    if name == CommandName::EvaluateProgram {
        return Ok(());
    }
    let stated = determination.basis.name() != "none";
    if !(determination.removable && determination.probable_cause && stated) {
        return Err(Why::NotRemovable);
    }
    let current = case.evaluated.as_ref().is_some_and(|e| e.current);
    if current { Ok(()) } else { Err(Why::NotEvaluated) }
}

fn in_custody(case: &Case) -> Result<(), Why> {
    if case.in_custody() { Ok(()) } else { Err(Why::CustodyEnded) }
}

fn standing(case: &Case) -> Result<(), Why> {
    case.standing().map(|_| ()).ok_or(Why::NoRequest)
}

/// Everything stops while a claim is open, and for good once one is upheld.
fn no_claim(case: &Case) -> Result<(), Why> {
    if case.open_claims().next().is_some() {
        return Err(Why::ClaimOpen);
    }
    if case.claim_upheld() { Err(Why::ClaimUpheld) } else { Ok(()) }
}

/// The latest answer to the request that stands says that the agency complies, and still
/// rests on the facts of the case.
pub(super) fn complied(case: &Case, channel: Channel) -> Result<(), Why> {
    let request = case.standing().ok_or(Why::NoRequest)?;
    let given = case.answers.get(&request.draft.request).ok_or(Why::NotAnsweredSo(channel))?;
    if !given.answer.complies(channel) {
        return Err(Why::NotAnsweredSo(channel));
    }
    given.outdated_at.map_or(Ok(()), |at| Err(Why::AnswerOutdated(at)))
}

/// What a search may come to.
pub(super) fn search_result(result: &SearchResult) -> Result<(), Why> {
    match result {
        SearchResult::Candidates(list) if list.is_empty() => Err(Why::NoCandidates),
        _ => Ok(()),
    }
}

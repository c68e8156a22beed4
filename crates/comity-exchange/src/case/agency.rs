//! What the agency does.

use super::answer::{Answer, Choice};
use super::command::Act;
use super::custody::{CustodyEnd, HowEnded, Notice};
use super::decide::Record;
use super::event::What;
use super::facts::FactsOf;
use super::hold::{Hold, HoldEnd};
use super::ids::RequestId;
use super::law::Advice;
use super::permit::complied;
use super::refusal::Why;
use super::request::Request;
use super::state::Case;
use super::words::Remark;
use comity_policy::Channel;
use std::collections::BTreeMap;

pub(super) fn act(record: &mut Record<'_>, before: &Case, act: &Act) -> Result<(), Why> {
    match act {
        Act::Book(booking) => {
            record.past(booking.booked_at)?;
            Record::facts(&booking.facts, FactsOf::Booking)?;
            record.add(What::Booked(booking.clone()));
        }
        Act::AmendBooking { facts, reason } => {
            Record::facts(facts, FactsOf::Booking)?;
            let (facts, reason) = (facts.clone(), reason.clone());
            record.add(What::BookingAmended { facts, reason });
        }
        Act::SubmitPrints(submission) => {
            record.add(What::PrintsSubmitted(submission.clone()));
        }
        Act::ServeRequest { request, served_at } => {
            record.past(*served_at)?;
            if standing(&record.case, *request)?.served_at.is_some() {
                return Err(Why::ServedAlready);
            }
            record.add(What::RequestServed { request: *request, served_at: *served_at });
        }
        Act::AnswerRequest { request, advice, choices, reason } => {
            answer(record, before, *request, advice, choices, reason)?;
        }
        Act::SetEligible(eligible) => {
            record.after_booking(eligible.at)?;
            record.add(What::EligibleSet(*eligible));
        }
        Act::GiveNotice { request } => {
            standing_alone(&record.case, *request)?;
            let eligible = record.case.eligible.ok_or(Why::NotEligible)?;
            let notice = Notice { request: *request, release_at: eligible.at };
            record.add(What::NoticeGiven(notice));
        }
        Act::StartHold { request, advice } => start_hold(record, before, *request, advice)?,
        Act::EndHold { reason } => {
            record.add(What::HoldEnded(HoldEnd::ByAgency(reason.clone())));
        }
        Act::Transfer { request, at } => {
            record.past(*at)?;
            standing_alone(&record.case, *request)?;
            if !record.case.was_held_at(*at) {
                complied(&record.case, Channel::Transfer)?;
            }
            record.add(What::CustodyEnded(CustodyEnd { at: *at, how: HowEnded::Transferred }));
        }
        Act::EndCustody(end) => {
            record.past(end.at)?;
            if end.how == HowEnded::Transferred {
                return Err(Why::UseTransfer);
            }
            record.add(What::CustodyEnded(end.clone()));
        }
        _ => {}
    }
    Ok(())
}

fn answer(
    record: &mut Record<'_>,
    before: &Case,
    id: RequestId,
    advice: &Advice,
    choices: &BTreeMap<Channel, Choice>,
    reason: &Remark,
) -> Result<(), Why> {
    let decided_by = record.official()?;
    let request = standing_alone(&record.case, id)?;
    if !advice.is_of(before, record.at) || advice.draft().is_some() {
        return Err(Why::AdviceOutdated);
    }
    let asks = request.draft.asks.iter().copied();
    let finding = advice.finding().clone();
    let answer = Answer::make(id, asks, choices.clone(), finding, decided_by, reason.clone());
    let answer = answer.map_err(Why::Answer)?;
    // While a claim is open, or one was upheld, the agency may only decline.
    let complies = answer.choices.values().any(|c| *c == Choice::Comply);
    if complies && record.case.open_claims().next().is_some() {
        return Err(Why::ClaimOpen);
    }
    if complies && record.case.claim_upheld() {
        return Err(Why::ClaimUpheld);
    }
    record.add(What::RequestAnswered(answer));
    Ok(())
}

fn start_hold(
    record: &mut Record<'_>,
    before: &Case,
    id: RequestId,
    advice: &Advice,
) -> Result<(), Why> {
    let started_by = record.official()?;
    standing_alone(&record.case, id)?;
    if !advice.is_of(before, record.at) || advice.draft().is_some() {
        return Err(Why::AdviceOutdated);
    }
    let eligible = record.case.eligible.ok_or(Why::NotEligible)?;
    let (bound, at) = (record.case.hold_bound, record.at);
    let hold = Hold::start(id, advice.finding(), started_by, eligible.at, bound, at);
    record.add(What::HoldStarted(hold.map_err(Why::Hold)?));
    Ok(())
}

fn standing(case: &Case, id: RequestId) -> Result<&Request, Why> {
    case.request(id).filter(|r| r.stands()).ok_or(Why::NotThatRequest(id))
}

/// The request that is to be dealt with: of several that stand, the latest.
fn standing_alone(case: &Case, id: RequestId) -> Result<&Request, Why> {
    let latest = case.standing().ok_or(Why::NoRequest)?;
    if latest.draft.request == id { Ok(latest) } else { Err(Why::NotThatRequest(id)) }
}

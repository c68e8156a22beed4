//! What either party does: claims, duties, notes, corrections.

use super::claim::Resolution;
use super::command::Act;
use super::custody::{Correction, Subject};
use super::decide::Record;
use super::event::What;
use super::ids::{RequestId, Version};
use super::permit::own_words;
use super::person::{OfficialRole, Side};
use super::refusal::Why;
use super::request::RequestEnd;
use super::words::Remark;

pub(super) fn act(record: &mut Record<'_>, act: &Act) -> Result<(), Why> {
    match act {
        Act::MakeClaim(claim) => {
            if record.case.claims.contains_key(&claim.claim) {
                return Err(Why::ClaimKnown);
            }
            record.add(What::ClaimMade(claim.clone()));
        }
        Act::ResolveClaim { claim, resolution, reason } => {
            let open = record.case.claims.get(claim).is_some_and(|c| c.is_open());
            if !open {
                return Err(Why::NoClaim);
            }
            let (claim, resolution, reason) = (*claim, *resolution, reason.clone());
            record.add(What::ClaimResolved { claim, resolution, reason });
            if resolution == Resolution::Upheld {
                withdraw_all(record);
            }
        }
        Act::DoDuty { duty, done_at } => {
            record.past(*done_at)?;
            let open = record.case.duties.get(*duty as usize).is_some_and(|d| d.done_at.is_none());
            if !open {
                return Err(Why::NoDuty);
            }
            record.add(What::DutyDone { duty: *duty, done_at: *done_at });
        }
        Act::Note(text) => {
            if text.is_empty() {
                return Err(Why::EmptyNote);
            }
            record.add(What::Noted(text.clone()));
        }
        Act::Correct { event, says, reason } => correct(record, *event, says, reason)?,
        _ => {}
    }
    Ok(())
}

/// Federal side: requests about a person to whom they do not apply are withdrawn at once.
fn withdraw_all(record: &mut Record<'_>) {
    if record.case.side != Side::Federal {
        return;
    }
    let standing: Vec<RequestId> =
        record.case.requests.iter().filter(|r| r.stands()).map(|r| r.draft.request).collect();
    for request in standing {
        let (why, reason) = (RequestEnd::Withdrawn, Remark::default());
        record.add(What::RequestEnded { request, why, reason });
    }
}

fn correct(
    record: &mut Record<'_>,
    event: Version,
    says: &Correction,
    reason: &Remark,
) -> Result<(), Why> {
    let subject = says.subject();
    if !own_words(&record.case).any(|own| own == (event, subject)) {
        let can = own_words(&record.case).map(|(event, _)| event).collect();
        return Err(Why::NotCorrectable(can));
    }
    match says {
        Correction::BookedAt(at) => {
            if *at > record.at {
                return Err(Why::InFuture(*at));
            }
        }
        Correction::Eligible(Some(eligible)) => record.after_booking(eligible.at)?,
        Correction::Served(_, Some(at)) => record.past(*at)?,
        Correction::CustodyEnd(Some(end)) => record.past(end.at)?,
        Correction::MatchTakenBack => {
            let by = record.official()?;
            if by.role != OfficialRole::Examiner {
                return Err(Why::WrongActor(&[OfficialRole::Examiner]));
            }
        }
        Correction::Eligible(None) | Correction::Served(_, None) | Correction::CustodyEnd(None) => {
        }
    }
    let (says, reason) = (says.clone(), reason.clone());
    record.add(What::Corrected { event, says, reason });
    if subject == Subject::Match {
        withdraw_all(record);
    }
    Ok(())
}

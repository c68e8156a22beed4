//! What the other party's messages make happen. A message is never refused for what it says:
//! its sender has a receipt. One that does not fit the case is set aside, visibly, and its
//! sender is told.

use super::claim::{Claim, Resolution};
use super::custody::{Correction, CustodyEnd, HowEnded, Subject};
use super::decide::Record;
use super::event::What;
use super::identify::{Identification, PrintsAnswer};
use super::ids::{ClaimId, RequestId};
use super::message::{Message, Says, SetAside};
use super::person::{By, Side};
use super::refusal::Why;
use super::request::{Draft, RequestEnd};
use super::words::Remark;
use jiff::Timestamp;

pub(super) fn receive(record: &mut Record<'_>, message: &Message) -> Result<(), Why> {
    if message.case != record.case.id {
        return Err(Why::OtherCase);
    }
    if let Err(why) = take(record, &message.says) {
        // A note of ours that came back is no reason to send another one.
        let By::Peer(envelope) = record.command.by else { return Err(why) };
        record.add(What::MessageSetAside(SetAside {
            envelope,
            kind: message.says.kind_name().to_owned(),
            why: why.code().to_owned(),
        }));
    }
    Ok(())
}

fn take(record: &mut Record<'_>, says: &Says) -> Result<(), Why> {
    if let Says::SetAside(aside) = says {
        record.add(What::SetAsideByPeer(aside.clone()));
        return Ok(());
    }
    if says.sender() == Some(record.case.side) {
        return Err(Why::OtherSide(record.case.side));
    }
    let opens = matches!(says, Says::PrintsSubmitted { .. });
    if record.case.booking.is_none() && !opens {
        return Err(Why::NotOpened);
    }
    match says {
        Says::PrintsSubmitted { submission, booking } => {
            let first = record.case.booking.is_none();
            let again = matches!(record.case.identification, Identification::Failed(_));
            if !first && !again {
                return Err(Why::PrintsSubmitted);
            }
            let (submission, booking) = (submission.clone(), booking.clone());
            record.add(What::PrintsReceived { submission, booking });
        }
        Says::PrintsAnswered(answer) => prints(record, *answer)?,
        Says::RequestIssued(draft) => request(record, draft)?,
        Says::RequestWithdrawn(id) => end_request(record, *id, RequestEnd::Withdrawn)?,
        Says::NotInCustody(id) => end_request(record, *id, RequestEnd::NotInCustody)?,
        Says::RequestServed { request, served_at } => served(record, *request, *served_at)?,
        Says::RequestAnswered(told) => {
            known(record, told.request)?;
            record.add(What::AnswerReceived(told.clone()));
        }
        Says::ReleaseNotice(notice) => {
            known(record, notice.request)?;
            record.add(What::NoticeGiven(*notice));
        }
        Says::Transferred { at } => {
            // Where the federal side has recorded it, both say the same.
            if record.case.in_custody() {
                let how = HowEnded::Transferred;
                record.add(What::CustodyEnded(CustodyEnd { at: *at, how }));
            }
        }
        Says::CustodyTaken { at } => {
            // The agency's own record of custody ends by its own person's word.
            if record.case.in_custody() {
                record.add(What::TakenReported { at: *at });
            }
        }
        Says::ClaimMade { claim, kind } => {
            if record.case.claims.contains_key(claim) {
                return Err(Why::ClaimKnown);
            }
            let (claim, kind) = (*claim, *kind);
            let claim = Claim { claim, kind, proof_shown: false, may_be_told: true };
            record.add(What::ClaimMade(claim));
        }
        Says::ClaimResolved { claim, resolution } => resolved(record, *claim, *resolution)?,
        Says::SetAside(_) => {}
    }
    Ok(())
}

fn known(record: &Record<'_>, id: RequestId) -> Result<(), Why> {
    record.case.request(id).map(|_| ()).ok_or(Why::NotThatRequest(id))
}

fn prints(record: &mut Record<'_>, answer: PrintsAnswer) -> Result<(), Why> {
    let fits = match answer {
        PrintsAnswer::TakenBack => Identification::ReportedVerified,
        PrintsAnswer::NoMatch | PrintsAnswer::Verified | PrintsAnswer::Failed(_) => {
            Identification::Submitted
        }
    };
    if record.case.identification != fits {
        return Err(Why::NothingToSearch);
    }
    record.add(What::PrintsAnswered(answer));
    Ok(())
}

fn request(record: &mut Record<'_>, draft: &Draft) -> Result<(), Why> {
    let id = draft.request;
    if record.case.request(id).is_some() {
        return Err(Why::RequestKnown(id));
    }
    let in_custody = record.case.in_custody();
    record.add(What::RequestReceived(draft.clone()));
    if !in_custody {
        // Recorded, so that nobody wonders where it went; it asks for nothing any more.
        let (why, reason) = (RequestEnd::NotInCustody, Remark::default());
        record.add(What::RequestEnded { request: id, why, reason });
    }
    Ok(())
}

fn end_request(record: &mut Record<'_>, id: RequestId, why: RequestEnd) -> Result<(), Why> {
    let stands = record.case.request(id).is_some_and(|r| r.stands());
    if !stands {
        return Err(Why::NotThatRequest(id));
    }
    record.add(What::RequestEnded { request: id, why, reason: Remark::default() });
    Ok(())
}

fn served(
    record: &mut Record<'_>,
    request: RequestId,
    served_at: Option<Timestamp>,
) -> Result<(), Why> {
    let known = record.case.request(request).ok_or(Why::NotThatRequest(request))?;
    let subject = Subject::Served(request);
    let earlier = record.case.correctable.iter().find(|(_, s)| **s == subject);
    match (earlier, known.served_at, served_at) {
        (Some((event, _)), ..) => {
            let (event, reason) = (*event, Remark::default());
            let says = Correction::Served(request, served_at);
            record.add(What::Corrected { event, says, reason });
        }
        (None, _, Some(served_at)) => record.add(What::RequestServed { request, served_at }),
        (None, ..) => return Err(Why::NotCorrectable(Vec::new())),
    }
    Ok(())
}

/// At the agency, the federal side's word that a claim is true settles it. Everything else is
/// an opinion: while the claim is open all stands still, and a person of this party resolves it.
fn resolved(record: &mut Record<'_>, claim: ClaimId, resolution: Resolution) -> Result<(), Why> {
    let known = record.case.claims.get(&claim).ok_or(Why::NoClaim)?;
    let settles = record.case.side == Side::Agency && resolution == Resolution::Upheld;
    if settles && known.is_open() {
        let reason = Remark::default();
        record.add(What::ClaimResolved { claim, resolution, reason });
    } else {
        record.add(What::ClaimOpinion { claim, resolution });
    }
    Ok(())
}

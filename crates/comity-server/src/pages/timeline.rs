//! What happened in a case, in words.

use super::words;
use comity_exchange::case::{
    By, ClaimKind, Event, HoldEnd, HowEnded, PrintsAnswer, RequestEnd, Resolution, SearchResult,
    Side, What,
};
use comity_policy::Channel;
use jiff::tz::TimeZone;

/// Something that happened.
pub struct Line {
    /// What.
    pub says: String,
    /// More of it.
    pub more: String,
    /// Who.
    pub by: String,
    /// When, in the facility's zone.
    pub at: String,
    /// Where in the ledger.
    pub leaf: u64,
    /// Its number in the case.
    pub version: u64,
}

/// The events of a case, the newest first.
pub fn lines(events: &[(Event, u64)], side: Side, zone: &TimeZone) -> Vec<Line> {
    let line = |(event, leaf): &(Event, u64)| {
        let (says, more) = says(&event.what, zone);
        Line {
            says: words::sentence(&says),
            more,
            by: by(&event.by, side),
            at: words::moment(event.at, zone),
            leaf: *leaf,
            version: event.version.0,
        }
    };
    let shown = events.iter().rev().filter(|(e, _)| !matches!(e.what, What::AlarmRaised { .. }));
    shown.map(line).collect()
}

fn by(by: &By, side: Side) -> String {
    match (by, side) {
        (By::Official(official), _) => official.to_string(),
        (By::Peer(_), Side::Agency) => "the federal side".to_owned(),
        (By::Peer(_), Side::Federal) => "the agency".to_owned(),
        (By::Alarm, _) => "the clock".to_owned(),
        (By::Search, _) => "the search of the gallery".to_owned(),
    }
}

fn channels<'a>(list: impl IntoIterator<Item = &'a Channel>) -> String {
    let names: Vec<String> = list.into_iter().map(|c| words::plain(c.name())).collect();
    names.join(", ")
}

fn says(what: &What, zone: &TimeZone) -> (String, String) {
    let at = |at: jiff::Timestamp| words::moment(at, zone);
    let one = |text: &str| (text.to_owned(), String::new());
    let two = |text: &str, more: String| (text.to_owned(), more);
    match what {
        What::Booked(booking) => {
            two("booked", format!("{}, {}", at(booking.booked_at), booking.place.code()))
        }
        What::BookingAmended { reason, .. } => {
            two("the booking was edited", reason.as_str().to_owned())
        }
        What::PrintsSubmitted(sent) => {
            two("prints were sent", format!("control number {}", sent.tcn.as_str()))
        }
        What::PrintsReceived { submission, .. } => {
            two("prints came in", format!("control number {}", submission.tcn.as_str()))
        }
        What::SearchRecorded(result) => match result {
            SearchResult::NoMatch => one("the search found nobody"),
            SearchResult::Candidates(list) => two(
                "the search found candidates for an examiner",
                format!("{} of them; a score is not an answer", list.len()),
            ),
            SearchResult::Error(why) => two("the prints could not be searched", format!("{why:?}")),
        },
        What::MatchVerified(found) => {
            two("an examiner verified a match", format!("record {}", found.gallery_record()))
        }
        What::CandidatesRejected => one("an examiner rejected every candidate"),
        What::PrintsAnswered(answer) => match answer {
            PrintsAnswer::NoMatch => one("the federal side found no match"),
            PrintsAnswer::Verified => {
                one("the federal side says that an examiner verified a match")
            }
            PrintsAnswer::TakenBack => one("the federal side takes the match back"),
            PrintsAnswer::Failed(why) => {
                two("the prints could not be searched", format!("{why:?}"))
            }
        },
        _ => asked(what, zone),
    }
}

/// What concerns determinations, requests and answers.
fn asked(what: &What, zone: &TimeZone) -> (String, String) {
    let at = |at: jiff::Timestamp| words::moment(at, zone);
    let two = |text: &str, more: String| (text.to_owned(), more);
    match what {
        What::StatusDetermined(d) => two(
            if d.removable { "determined: removable" } else { "determined: not removable" },
            format!("basis: {}", words::plain(d.basis.name())),
        ),
        What::ProgramEvaluated(finding) => two("the program was asked", words::day(finding.on)),
        What::RequestIssued { draft, .. } => two(
            &format!("request {} issued", draft.form.name()),
            format!("asks for {}", channels(&draft.asks)),
        ),
        What::RequestReceived(draft) => two(
            &format!("request {} came in", draft.form.name()),
            format!("asks for {}", channels(&draft.asks)),
        ),
        What::RequestEnded { why, reason, .. } => two(
            match why {
                RequestEnd::Withdrawn => "the request was withdrawn",
                RequestEnd::Superseded(_) => "another request took its place",
                RequestEnd::NotInCustody => "the request came when the person was not in custody",
            },
            reason.as_str().to_owned(),
        ),
        What::RequestServed { served_at, .. } => {
            two("a copy of the request was given to the person", at(*served_at))
        }
        What::RequestAnswered(answer) => {
            let choices = answer.choices.iter().map(|(channel, choice)| {
                let choice = format!("{choice:?}").to_lowercase();
                format!("{}: {choice}", words::plain(channel.name()))
            });
            let why = (!answer.reason.is_empty()).then(|| answer.reason.as_str().to_owned());
            two("the request was answered", choices.chain(why).collect::<Vec<_>>().join("; "))
        }
        What::AnswerReceived(told) => {
            let choices = told.channels.iter().map(|(channel, told)| {
                let choice = format!("{:?}", told.choice).to_lowercase();
                format!("{}: {choice}", words::plain(channel.name()))
            });
            two("the agency's answer came in", choices.collect::<Vec<_>>().join("; "))
        }
        _ => custody(what, zone),
    }
}

fn custody(what: &What, zone: &TimeZone) -> (String, String) {
    let at = |at: jiff::Timestamp| words::moment(at, zone);
    let two = |text: &str, more: String| (text.to_owned(), more);
    match what {
        What::EligibleSet(eligible) => two(
            &format!("would be released {}", at(eligible.at)),
            words::plain(eligible.reason.name()),
        ),
        What::NoticeGiven(notice) => two("notice of release was given", at(notice.release_at)),
        What::HoldStarted(hold) => two(
            &format!("a hold started, until {}", at(hold.ends_at())),
            hold.ground().rule().cite.clone(),
        ),
        What::HoldEnded(why) => two(
            "the hold ended",
            match why {
                HoldEnd::Expired => "its clock ran out".to_owned(),
                HoldEnd::RequestEnded => "the request no longer stands".to_owned(),
                HoldEnd::ClaimMade => "a claim was made".to_owned(),
                HoldEnd::MatchTakenBack => "the match was taken back".to_owned(),
                HoldEnd::EligibilityCorrected => "release eligibility was corrected".to_owned(),
                HoldEnd::AnswerChanged => "the agency answered again".to_owned(),
                HoldEnd::ByAgency(reason) => reason.as_str().to_owned(),
                HoldEnd::Transferred => "the person was handed over".to_owned(),
                HoldEnd::CustodyEnded => "custody ended".to_owned(),
            },
        ),
        What::CustodyEnded(end) => {
            let (says, more) = match &end.how {
                HowEnded::Released => ("released", String::new()),
                HowEnded::Transferred => ("transferred to the federal side", String::new()),
                HowEnded::Other(how) => ("custody ended", how.as_str().to_owned()),
            };
            let when = at(end.at);
            two(says, if more.is_empty() { when } else { format!("{when}; {more}") })
        }
        What::TakenReported { at: taken } => {
            two("the federal side says that it took the person", at(*taken))
        }
        _ => rest(what, zone),
    }
}

/// What concerns claims, duties, notes and messages.
fn rest(what: &What, zone: &TimeZone) -> (String, String) {
    let one = |text: &str| (text.to_owned(), String::new());
    let two = |text: &str, more: String| (text.to_owned(), more);
    match what {
        What::ClaimMade(claim) => two(
            match claim.kind {
                ClaimKind::Citizenship => "says to be a citizen: everything stops",
                ClaimKind::LawfulStatus => "says to have lawful status: everything stops",
            },
            if claim.proof_shown { "proof was shown".to_owned() } else { String::new() },
        ),
        What::ClaimResolved { resolution, reason, .. } => two(
            match resolution {
                Resolution::Upheld => "the claim is true",
                Resolution::NotUpheld => "the claim was not upheld",
            },
            reason.as_str().to_owned(),
        ),
        What::ClaimOpinion { resolution, .. } => two(
            "the other side says of the claim",
            match resolution {
                Resolution::Upheld => "it is true".to_owned(),
                Resolution::NotUpheld => "it is not upheld".to_owned(),
            },
        ),
        What::DutyDone { done_at, .. } => two("a duty was done", words::moment(*done_at, zone)),
        What::Noted(text) => two("note", text.as_str().to_owned()),
        What::Corrected { event, reason, .. } => {
            two(&format!("event {event} was corrected"), reason.as_str().to_owned())
        }
        What::MessageSetAside(aside) => {
            two("a message that did not fit was set aside", aside.why.clone())
        }
        What::SetAsideByPeer(aside) => two("the other side set a message aside", aside.why.clone()),
        What::AlarmRaised { task, .. } => two("due", task.clone()),
        _ => one(what.kind_name()),
    }
}

//! The fold: what an event makes of a case. Knows no law and refuses nothing; an event that
//! was recorded happened.

use super::answer::{Answer, GivenAnswer};
use super::claim::{Claim, KnownClaim, Resolution};
use super::custody::{Correction, CustodyEnd, HowEnded, KnownCorrection, Subject};
use super::event::{Event, What};
use super::hold::{Hold, HoldEnd, PastHold};
use super::identify::{Identification, PrintsAnswer, SearchResult, Submitted};
use super::ids::RequestId;
use super::law::Finding;
use super::person::{Official, Side};
use super::request::{Draft, Request, RequestEnd};
use super::state::{Case, Evaluated, KnownDuty};
use comity_policy::Channel;
use jiff::{SignedDuration, Timestamp};

/// A case from its events, in order.
#[must_use]
pub fn fold<'a>(case: Case, events: impl IntoIterator<Item = &'a Event>) -> Case {
    events.into_iter().fold(case, apply)
}

/// What an event makes of a case.
#[must_use]
pub fn apply(mut case: Case, event: &Event) -> Case {
    case.version = event.version;
    case.last_at = Some(case.time(event.at));
    case.commands.insert(event.command, event.command_sha256);
    match &event.what {
        What::Booked(booking) => {
            case.booking = Some(booking.clone());
            case.identified_at = Some(event.at);
            case.correctable.insert(event.version, Subject::BookedAt);
        }
        What::BookingAmended { facts, .. } => {
            if let Some(booking) = &mut case.booking {
                booking.facts = booking.facts.with(facts);
            }
            case.facts_changed(event.at);
        }
        What::PrintsSubmitted(_)
        | What::PrintsReceived { .. }
        | What::SearchRecorded(_)
        | What::MatchVerified(_)
        | What::CandidatesRejected
        | What::PrintsAnswered(_)
        | What::StatusDetermined(_)
        | What::ProgramEvaluated(_) => case.identify(event),
        What::RequestIssued { draft, finding } => {
            case.add_request(draft, event.at, event.by.official());
            case.add_duties(finding, event.at, event.at);
        }
        What::RequestReceived(draft) => case.add_request(draft, event.at, None),
        What::RequestEnded { request, why, .. } => case.end_request(*request, *why, event.at),
        What::RequestServed { request, served_at } => {
            case.served(*request, Some(*served_at));
            case.correctable.insert(event.version, Subject::Served(*request));
        }
        What::RequestAnswered(answer) => case.answer(answer, event.at),
        What::AnswerReceived(told) => {
            case.told.insert(told.request, (told.clone(), event.at));
        }
        What::EligibleSet(eligible) => {
            case.eligible = Some(*eligible);
            case.forget(Subject::Eligible);
            case.correctable.insert(event.version, Subject::Eligible);
        }
        What::NoticeGiven(notice) => case.notice = Some((*notice, event.at)),
        What::HoldStarted(hold) => case.start_hold(hold),
        What::HoldEnded(why) => case.end_hold(why.clone(), event.at),
        What::CustodyEnded(end) => {
            case.end_custody(end);
            case.correctable.insert(event.version, Subject::CustodyEnd);
        }
        What::TakenReported { at } => case.taken_reported_at = Some(*at),
        What::ClaimMade(_) | What::ClaimResolved { .. } | What::ClaimOpinion { .. } => {
            case.claim(event);
        }
        What::DutyDone { duty, done_at } => {
            if let Some(known) = case.duties.get_mut(*duty as usize) {
                known.done_at = Some(*done_at);
            }
        }
        What::Noted(_) => case.notes += 1,
        What::Corrected { event: number, says, .. } => case.correct(event, *number, says),
        What::MessageSetAside(aside) | What::SetAsideByPeer(aside) => {
            case.set_aside.push(aside.clone());
        }
        What::AlarmRaised { task, .. } => {
            case.raised.insert(task.clone());
        }
    }
    case
}

impl Case {
    /// A claim that is made, resolved, or on which the other party has a word.
    fn claim(&mut self, event: &Event) {
        match &event.what {
            What::ClaimMade(claim) => {
                let own = event.by.official().is_some();
                self.make_claim(claim, own, event.at);
            }
            What::ClaimResolved { claim, resolution, .. } => {
                if let Some(known) = self.claims.get_mut(claim) {
                    known.resolution = Some(*resolution);
                }
                self.facts_changed(event.at);
            }
            What::ClaimOpinion { claim, resolution } => {
                if let Some(known) = self.claims.get_mut(claim) {
                    known.peer_says = Some(*resolution);
                }
            }
            _ => {}
        }
    }

    /// Facts that answers and evaluations rest on are no longer the same.
    fn facts_changed(&mut self, at: Timestamp) {
        self.changed_at = Some(at);
        for given in self.answers.values_mut() {
            given.outdated_at.get_or_insert(at);
        }
        if let Some(evaluated) = &mut self.evaluated {
            evaluated.current = false;
        }
    }

    fn identify(&mut self, event: &Event) {
        if !matches!(event.what, What::StatusDetermined(_) | What::ProgramEvaluated(_)) {
            self.identified_at = Some(event.at);
        }
        match &event.what {
            What::PrintsSubmitted(submission) | What::PrintsReceived { submission, .. } => {
                let submission = submission.clone();
                self.submitted = Some(Submitted { submission, at: event.at });
                self.identification = Identification::Submitted;
            }
            What::SearchRecorded(SearchResult::Candidates(candidates)) => {
                self.identification = Identification::Candidates(candidates.clone());
            }
            What::SearchRecorded(SearchResult::NoMatch)
            | What::CandidatesRejected
            | What::PrintsAnswered(PrintsAnswer::NoMatch) => {
                self.identification = Identification::NoMatch;
            }
            What::SearchRecorded(SearchResult::Error(why))
            | What::PrintsAnswered(PrintsAnswer::Failed(why)) => {
                self.identification = Identification::Failed(*why);
            }
            What::MatchVerified(found) => {
                self.identification = Identification::Matched(found.clone());
                self.correctable.insert(event.version, Subject::Match);
            }
            What::PrintsAnswered(PrintsAnswer::Verified) => {
                self.identification = Identification::ReportedVerified;
            }
            What::PrintsAnswered(PrintsAnswer::TakenBack) => self.take_match_back(event.at),
            What::StatusDetermined(determination) => {
                self.determination = Some(determination.clone());
                self.facts_changed(event.at);
            }
            What::ProgramEvaluated(finding) => {
                let finding = finding.clone();
                self.evaluated = Some(Evaluated { finding, at: event.at, current: true });
            }
            _ => {}
        }
        if let What::PrintsReceived { booking, .. } = &event.what {
            self.booking = Some(booking.clone());
        }
        // Nothing is kept of a person who did not match.
        if self.side == Side::Federal && self.identification == Identification::NoMatch {
            if let Some(booking) = &mut self.booking {
                booking.facts = super::facts::Facts::default();
            }
            self.submitted = None;
        }
    }

    fn take_match_back(&mut self, at: Timestamp) {
        self.identification = Identification::TakenBack;
        self.identified_at = Some(at);
        self.determination = None;
        self.evaluated = None;
        self.forget(Subject::Match);
        self.end_hold(HoldEnd::MatchTakenBack, at);
        self.facts_changed(at);
    }

    fn add_request(&mut self, draft: &Draft, at: Timestamp, issued_by: Option<&Official>) {
        if let Some(old) = draft.supersedes {
            self.end_request(old, RequestEnd::Superseded(draft.request), at);
        }
        let to_the_second = Timestamp::from_second(at.as_second()).unwrap_or(at);
        self.requests.push(Request {
            draft: draft.clone(),
            issued_by: issued_by.cloned(),
            received_at: to_the_second,
            served_at: None,
            ended: None,
        });
    }

    fn end_request(&mut self, id: RequestId, why: RequestEnd, at: Timestamp) {
        if let Some(request) = self.requests.iter_mut().find(|r| r.draft.request == id) {
            request.ended.get_or_insert((why, at));
        }
        if self.hold.as_ref().is_some_and(|hold| hold.request() == id) {
            self.end_hold(HoldEnd::RequestEnded, at);
        }
    }

    fn served(&mut self, id: RequestId, at: Option<Timestamp>) {
        if let Some(request) = self.requests.iter_mut().find(|r| r.draft.request == id) {
            request.served_at = at;
        }
    }

    fn answer(&mut self, answer: &Answer, at: Timestamp) {
        let received_at = self.request(answer.request).map_or(at, |r| r.received_at);
        self.add_duties(&answer.finding, received_at, at);
        let holds_on = answer.complies(Channel::Hold);
        if !holds_on && self.hold.as_ref().is_some_and(|h| h.request() == answer.request) {
            self.end_hold(HoldEnd::AnswerChanged, at);
        }
        let given = GivenAnswer { answer: answer.clone(), given_at: at, outdated_at: None };
        self.answers.insert(answer.request, given);
    }

    /// The duties of this party that the law attaches, each once.
    fn add_duties(&mut self, finding: &Finding, received_at: Timestamp, at: Timestamp) {
        for duty in finding.duties.iter().filter(|duty| duty.side() == self.side) {
            let same = |known: &KnownDuty| {
                (&known.duty.policy, &known.duty.duty) == (&duty.policy, &duty.duty)
            };
            if !self.duties.iter().any(same) {
                let duty = duty.clone();
                self.duties.push(KnownDuty { duty, since: at, received_at, done_at: None });
            }
        }
    }

    fn start_hold(&mut self, hold: &Hold) {
        let bound = self.hold_bound.map_or(hold.ends_at(), |b| b.min(hold.ends_at()));
        self.hold_bound = Some(bound);
        self.hold = Some(hold.clone());
    }

    fn end_hold(&mut self, why: HoldEnd, at: Timestamp) {
        if let Some(hold) = self.hold.take() {
            // A hold whose clock ran out before anybody looked was over then.
            let (ended_at, why) =
                if at >= hold.ends_at() { (hold.ends_at(), HoldEnd::Expired) } else { (at, why) };
            self.past_holds.push(PastHold { hold, ended_at, why });
        }
    }

    fn end_custody(&mut self, end: &CustodyEnd) {
        let why = match end.how {
            HowEnded::Transferred => HoldEnd::Transferred,
            HowEnded::Released | HowEnded::Other(_) => HoldEnd::CustodyEnded,
        };
        self.end_hold(why.clone(), end.at);
        // Recorded late: the hold was over when the person left, and not when somebody looked.
        if let Some(past) = self.past_holds.last_mut()
            && past.hold.started_at() <= end.at
            && end.at < past.ended_at
        {
            (past.ended_at, past.why) = (end.at, why);
        }
        self.custody_end = Some(end.clone());
    }

    fn make_claim(&mut self, claim: &Claim, own: bool, at: Timestamp) {
        let made_at_side = match (self.side, own) {
            (Side::Agency, true) | (Side::Federal, false) => Side::Agency,
            (Side::Federal, true) | (Side::Agency, false) => Side::Federal,
        };
        let known = KnownClaim {
            claim: claim.clone(),
            made_at: at,
            made_at_side,
            resolution: None,
            peer_says: None,
        };
        self.claims.insert(claim.claim, known);
        self.end_hold(HoldEnd::ClaimMade, at);
        self.facts_changed(at);
    }

    fn forget(&mut self, subject: Subject) {
        self.correctable.retain(|_, known| *known != subject);
    }

    fn correct(&mut self, event: &Event, number: super::ids::Version, says: &Correction) {
        let says = says.clone();
        match &says {
            Correction::BookedAt(at) => {
                if let Some(booking) = &mut self.booking {
                    booking.booked_at = *at;
                }
            }
            Correction::Eligible(eligible) => {
                self.eligible = *eligible;
                self.end_hold(HoldEnd::EligibilityCorrected, event.at);
                if eligible.is_none() {
                    // Back in local custody: a later release has a clock of its own, and its
                    // hold a decision of its own.
                    self.hold_bound = None;
                }
            }
            Correction::Served(request, at) => self.served(*request, *at),
            Correction::CustodyEnd(None) => self.custody_end = None,
            Correction::CustodyEnd(Some(end)) => self.end_custody(end),
            Correction::MatchTakenBack => self.take_match_back(event.at),
        }
        self.facts_changed(event.at);
        let subject = says.subject();
        self.forget(subject);
        if subject != Subject::Match {
            self.correctable.insert(event.version, subject);
        }
        self.corrections.push(KnownCorrection { event: number, says, at: event.at });
    }

    /// True if a claim was upheld: nothing more is asked of the person.
    pub fn claim_upheld(&self) -> bool {
        self.claims.values().any(|c| c.resolution == Some(Resolution::Upheld))
    }
}

/// `hours` after an instant.
pub(super) fn hours_after(at: Timestamp, hours: u32) -> Timestamp {
    at.saturating_add(SignedDuration::from_hours(i64::from(hours))).unwrap_or(Timestamp::MAX)
}

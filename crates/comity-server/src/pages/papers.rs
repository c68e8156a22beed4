//! What a person in custody is handed: the notice, the form of consent to an interview, the
//! notice that a hold has ended; in English and Spanish, as PDF.

use super::board::known_by;
use super::person::zone_of;
use super::{PageRoute, needs, page};
use crate::account::{Permission, Subject};
use crate::api::id_of;
use crate::app::App;
use crate::door::Caller;
use crate::problem::Problem;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use comity_exchange::case::{self, Advice, Case, HoldEnd, Law, PastHold, RequestEnd, Side};
use comity_model::clock;
use comity_node::CaseView;
use comity_notice::{
    Agency, CapKind, Channel, ChannelAnswer, Choice, ClaimKind, Consent, HoldTime, Language, Limit,
    Modality, Notice, NoticeError, Person, Reason, Release, ReleaseWhy, Request, RequestCopy, Text,
    Verified,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::sync::Arc;

pub(super) const PAGES: &[PageRoute] = &[page(
    "GET",
    "/cases/{case}/papers/{paper}",
    needs(Permission::SeeCases),
    "A paper for the person, as PDF: notice, consent or release, .en.pdf or .es.pdf",
    || get(paper),
)];

/// `GET /cases/{case}/papers/notice.es.pdf`
async fn paper(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((case, paper)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let view = app.case(id_of(&case)?).await?;
    if view.case.side != Side::Agency {
        return Err(Problem::not_found());
    }
    caller.saw(&app, Subject::Case(view.case.id)).await?;
    let (name, language) = match paper.split_once('.') {
        Some((name, "en.pdf")) => (name.to_owned(), Language::En),
        Some((name, "es.pdf")) => (name.to_owned(), Language::Es),
        _ => return Err(Problem::not_found()),
    };
    let now = app.engine.clock.now();
    let written = Written { app: app.clone(), zone: zone_of(&app, &view), view, now };
    // Setting a page takes some hundredths of a second of a processor.
    let made = tokio::task::spawn_blocking(move || written.pdf(&name, language)).await;
    let pdf = made.map_err(|_| crate::api::later())??;
    let kind = (header::CONTENT_TYPE, "application/pdf".to_owned());
    let file = format!("inline; filename=\"{paper}\"");
    Ok((StatusCode::OK, [kind, (header::CONTENT_DISPOSITION, file)], pdf).into_response())
}

/// What papers are made from.
struct Written {
    app: Arc<App>,
    view: CaseView,
    zone: TimeZone,
    now: Timestamp,
}

/// The letterhead: the node's own, or the party's name alone.
pub(super) fn agency(app: &App) -> Agency {
    let head = app.home.settings.letterhead.clone().unwrap_or_default();
    let name = if head.name.is_empty() { app.party.as_str().to_owned() } else { head.name };
    Agency { name, facility: head.facility, address: head.address, phone: head.phone }
}

/// A request as papers tell of it.
pub(super) fn request_of(request: &case::Request, view: &CaseView) -> Request {
    Request {
        form: Some(request.draft.form.name().to_owned()),
        issued_on: Some(request.draft.issued_on),
        from: view.row.peer.as_str().to_owned(),
        received_at: request.received_at,
        asks: request.draft.asks.iter().filter_map(|c| channel_of(*c)).collect(),
        copy: request.served_at.map_or(RequestCopy::Attached, |at| RequestCopy::Given { at }),
    }
}

pub(super) fn not_yet(detail: &str) -> Problem {
    Problem::new(StatusCode::CONFLICT, "no-paper-yet", detail)
}

pub(super) fn not_set(fault: &NoticeError) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "paper-not-made", fault.to_string())
}

impl Written {
    fn pdf(&self, name: &str, language: Language) -> Result<Vec<u8>, Problem> {
        let made = match name {
            "notice" => self.notice()?.pdf(language),
            "consent" => self.consent().pdf(language),
            "release" => self.release()?.pdf(language),
            _ => return Err(Problem::not_found()),
        };
        made.map_err(|fault| not_set(&fault))
    }

    fn agency(&self) -> Agency {
        agency(&self.app)
    }

    fn person(&self) -> Person {
        let (name, booking_number) = known_by(&self.view);
        Person { name, booking_number }
    }

    fn reference(&self) -> String {
        format!("case {}, event {}", self.view.case.id, self.view.case.version)
    }

    fn notice(&self) -> Result<Notice, Problem> {
        let case = &self.view.case;
        let request = case.standing().or(case.requests.last());
        let request = request.ok_or_else(|| not_yet("nobody has asked for anything yet"))?;
        let given = case.answers.get(&request.draft.request);
        let answers = given.map(|given| {
            let one = |(channel, choice): (&comity_policy::Channel, &case::Choice)| {
                let law = given.answer.finding.on(*channel);
                Some(ChannelAnswer {
                    channel: channel_of(*channel)?,
                    choice: choice_of(*choice),
                    law: modality_of(law),
                    reasons: law.rule().map(reason).into_iter().collect(),
                })
            };
            given.answer.choices.iter().filter_map(one).collect()
        });
        Ok(Notice {
            agency: self.agency(),
            person: self.person(),
            reference: self.reference(),
            prepared_at: self.now,
            zone: self.zone.clone(),
            request: request_of(request, &self.view),
            answers: answers.unwrap_or_default(),
            hold: self.hold(),
            lawyers: Vec::new(),
            consulates: Vec::new(),
            claims: Vec::new(),
        })
    }

    fn hold(&self) -> HoldTime {
        let case = &self.view.case;
        if let Some(hold) = case.hold_at(self.now) {
            return HoldTime::Running { began_at: hold.started_at(), limits: limits(hold.caps()) };
        }
        let request = case.standing().map(|r| r.draft.request);
        let given = request.and_then(|id| case.answers.get(&id));
        let complies = given.is_some_and(|g| g.answer.complies(comity_policy::Channel::Hold));
        let release_at = case.eligible.map(|e| e.at);
        if !complies {
            return HoldTime::None { release_at };
        }
        let caps = match Advice::of(&self.app.library, case, self.now) {
            Ok(advice) => match &advice.finding().clock {
                case::ClockFinding::Caps(caps) => limits(caps),
                _ => Vec::new(),
            },
            Err(_) => Vec::new(),
        };
        HoldTime::Ahead { begins_at: release_at, limits: caps }
    }

    fn consent(&self) -> Consent {
        Consent {
            agency: self.agency(),
            person: self.person(),
            reference: self.reference(),
            prepared_at: self.now,
            zone: self.zone.clone(),
            from: self.view.row.peer.as_str().to_owned(),
            purpose: None,
            planned_at: None,
        }
    }

    fn release(&self) -> Result<Release, Problem> {
        let case = &self.view.case;
        let past = case.past_holds.last();
        let past = past.ok_or_else(|| not_yet("no hold of this person has ended yet"))?;
        Ok(Release {
            agency: self.agency(),
            person: self.person(),
            reference: self.reference(),
            prepared_at: self.now,
            zone: self.zone.clone(),
            began_at: past.hold.started_at(),
            held_until: past.ended_at,
            why: why(case, past)?,
        })
    }
}

/// Why a hold ended, where there is a paper that says it.
fn why(case: &Case, past: &PastHold) -> Result<ReleaseWhy, Problem> {
    match &past.why {
        HoldEnd::Expired => Ok(ReleaseWhy::ClockRanOut { limits: limits(past.hold.caps()) }),
        HoldEnd::RequestEnded => {
            let request = case.request(past.hold.request()).and_then(|r| r.ended);
            match request {
                Some((RequestEnd::Withdrawn, at)) => Ok(ReleaseWhy::RequestWithdrawn { at }),
                _ => Err(not_yet("the request was not withdrawn: another took its place")),
            }
        }
        HoldEnd::ClaimMade => {
            let upheld = |c: &&case::KnownClaim| c.resolution == Some(case::Resolution::Upheld);
            let claim = case.claims.values().find(upheld);
            let claim = claim.ok_or_else(|| not_yet("the claim is not resolved yet"))?;
            Ok(ReleaseWhy::ClaimUpheld(match claim.claim.kind {
                case::ClaimKind::Citizenship => ClaimKind::Citizenship,
                case::ClaimKind::LawfulStatus => ClaimKind::LawfulStatus,
            }))
        }
        _ => Err(not_yet("the hold ended for a reason of which no paper tells")),
    }
}

pub(crate) fn channel_of(channel: comity_policy::Channel) -> Option<Channel> {
    Channel::ALL.into_iter().find(|own| own.name() == channel.name())
}

pub(crate) fn choice_of(choice: case::Choice) -> Choice {
    match choice {
        case::Choice::Comply => Choice::Comply,
        case::Choice::Decline => Choice::Decline,
        case::Choice::Open => Choice::Open,
    }
}

pub(super) fn modality_of(law: &Law) -> Modality {
    match law {
        Law::Must(_) => Modality::Must,
        Law::May(_) => Modality::May,
        Law::MustNot(_) => Modality::MustNot,
        Law::Undetermined { .. } => Modality::Undetermined,
    }
}

pub(super) fn reason(rule: &case::Rule) -> Reason {
    Reason {
        cite: rule.cite.clone(),
        says: Text::english(rule.says.clone()),
        verified: verified_of(rule.verified),
    }
}

pub(crate) fn verified_of(verified: comity_policy::Verified) -> Verified {
    match verified {
        comity_policy::Verified::Primary => Verified::Primary,
        comity_policy::Verified::Secondary => Verified::Secondary,
        comity_policy::Verified::Recalled => Verified::Recalled,
    }
}

pub(super) fn limits(caps: &[case::CapEnd]) -> Vec<Limit> {
    let one = |cap: &case::CapEnd| Limit {
        kind: match cap.kind {
            clock::CapKind::Requested => CapKind::Requested,
            clock::CapKind::Regulatory => CapKind::Regulatory,
            clock::CapKind::Local => CapKind::Local,
            clock::CapKind::LawChange => CapKind::LawChange,
        },
        counting: None,
        ends_at: cap.ends_at,
        cite: cap.cite.clone(),
        // How well a limit was read is not kept with a hold: the paper says the careful thing.
        verified: Verified::Secondary,
    };
    caps.iter().map(one).collect()
}

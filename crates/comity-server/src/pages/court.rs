//! Papers for an official, a lawyer or a court, as PDF: the report on a claim, and what the
//! evidence of a leaf proves, in plain words. English.

use super::board::known_by;
use super::ledger::{event_of, uncovered, verified};
use super::papers::{agency, choice_of, limits, modality_of, not_set, not_yet, reason, request_of};
use super::person;
use super::report::{Claimed, Kind, claims, hold_of, latest, of};
use super::timeline;
use super::{PageRoute, needs, page};
use crate::account::{Permission, Subject};
use crate::app::App;
use crate::door::Caller;
use crate::problem::Problem;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use comity_exchange::case::Choice;
use comity_ledger::SignedCheckpoint;
use comity_node::CaseView;
use comity_notice::{
    ChannelAnswer, Countersigner, NoticeError, Observation, Officer, Person, Proof, ProofRef,
    Report, ReportKind,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::sync::Arc;

pub(super) const PAGES: &[PageRoute] = &[
    page(
        "GET",
        "/cases/{case}/report/{kind}/report.pdf",
        needs(Permission::SeeCases),
        "The report on a claim, as PDF",
        || get(report),
    ),
    page(
        "GET",
        "/ledger/events/{index}/proof.pdf",
        needs(Permission::Prove),
        "What the evidence of a leaf proves, in plain words, as PDF",
        || get(proof),
    ),
];

/// Sets a paper on a thread of its own: it takes some hundredths of a second of a processor.
async fn set(
    name: String,
    pdf: impl FnOnce() -> Result<Vec<u8>, NoticeError> + Send + 'static,
) -> Result<Response, Problem> {
    let made = tokio::task::spawn_blocking(pdf).await.map_err(|_| crate::api::later())?;
    let made = made.map_err(|fault| not_set(&fault))?;
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (header::CONTENT_DISPOSITION, format!("inline; filename=\"{name}\"")),
    ];
    Ok((StatusCode::OK, headers, made).into_response())
}

/// `GET /cases/{case}/report/{kind}/report.pdf`
async fn report(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((case, kind)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (case, kind) = of(&app, &case, &kind)?;
    let view = app.case(case).await?;
    caller.saw(&app, Subject::Case(case)).await?;
    let zone = person::zone_of(&app, &view);
    let claim = claims(&view.events, kind, &zone).pop();
    let claim = claim.ok_or_else(|| {
        not_yet("no such claim is on record; take it down on the page of the report first")
    })?;
    let proof = proof_ref(&app, claim.leaf).await?;
    let (name, number) = known_by(&view);
    let report = Report {
        agency: agency(&app),
        person: Person { name, booking_number: number },
        reference: format!("{}, case {case}, leaf {}", kind.name(), claim.leaf),
        prepared_at: app.engine.clock.now(),
        kind: reported(kind, &view)?,
        claimed_by: said_by(&claim),
        claimed_at: claim.made_at,
        taken_by: Officer { name: claim.by.clone(), employee_number: String::new() },
        rules: match kind {
            Kind::OverDetention => {
                hold_of(&view.case).map(|hold| reason(hold.ground().rule())).into_iter().collect()
            }
            Kind::WrongRefusal => Vec::new(),
        },
        facts: observations(&view, &zone),
        proof,
        zone,
    };
    set(format!("{}.pdf", kind.name()), move || report.pdf()).await
}

/// Who made a claim, as it was taken down: `NAME: WHAT`.
fn said_by(claim: &Claimed) -> String {
    claim.says.split_once(": ").map_or_else(String::new, |(by, _)| by.to_owned())
}

fn reported(kind: Kind, view: &CaseView) -> Result<ReportKind, Problem> {
    let case = &view.case;
    if kind == Kind::OverDetention {
        let hold = hold_of(case);
        return Ok(ReportKind::OverDetention {
            began_at: hold.map(comity_exchange::case::Hold::started_at),
            eligible_at: case.eligible.map(|e| e.at),
            limits: hold.map(|hold| limits(hold.caps())).unwrap_or_default(),
            ended_at: case.custody_end.as_ref().map(|end| end.at),
        });
    }
    let given = latest(case).ok_or_else(|| not_yet("no request of this case was answered"))?;
    let request = case.request(given.answer.request).ok_or_else(Problem::not_found)?;
    Ok(ReportKind::WrongRefusal {
        request: request_of(request, view),
        answered_at: given.given_at,
        answers: refused(given),
    })
}

/// The answers that are no "yes"; all of them where there is none.
fn refused(given: &comity_exchange::case::GivenAnswer) -> Vec<ChannelAnswer> {
    let one = |(channel, choice): (&comity_policy::Channel, &Choice)| {
        let law = given.answer.finding.on(*channel);
        Some(ChannelAnswer {
            channel: super::papers::channel_of(*channel)?,
            choice: choice_of(*choice),
            law: modality_of(law),
            reasons: law.rule().map(reason).into_iter().collect(),
        })
    };
    let is_refused = |(_, choice): &(&comity_policy::Channel, &Choice)| **choice != Choice::Comply;
    let some: Vec<ChannelAnswer> =
        given.answer.choices.iter().filter(is_refused).filter_map(one).collect();
    if some.is_empty() { given.answer.choices.iter().filter_map(one).collect() } else { some }
}

/// The record, in order of time.
fn observations(view: &CaseView, zone: &TimeZone) -> Vec<Observation> {
    let one = |event: &(comity_exchange::case::Event, u64)| {
        let line = timeline::lines(std::slice::from_ref(event), view.case.side, zone).pop()?;
        let says = [line.says, line.more].into_iter().filter(|s| !s.is_empty()).collect::<Vec<_>>();
        let source = format!("event {}, leaf {}", line.version, line.leaf);
        Some(Observation { at: event.0.at, says: says.join(". "), source })
    };
    view.events.iter().filter_map(one).collect()
}

/// Where the proof of a leaf is, under the newest checkpoint.
async fn proof_ref(app: &Arc<App>, index: u64) -> Result<ProofRef, Problem> {
    let stored = app.rows(|reads| reads.checkpoint()).await?;
    let stored = stored.filter(|stored| stored.size > index).ok_or_else(uncovered)?;
    let signed = SignedCheckpoint::parse("checkpoint", &stored.note);
    let signed = signed.map_err(comity_node::NodeFault::Damaged)?;
    let checkpoint = signed.checkpoint();
    Ok(ProofRef {
        origin: checkpoint.origin.clone(),
        index,
        size: stored.size,
        root: checkpoint.root.to_string(),
        evidence_file: format!("evidence-leaf-{index}.txt"),
    })
}

/// `GET /ledger/events/{index}/proof.pdf`
async fn proof(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(index): Path<String>,
) -> Result<Response, Problem> {
    let leaf = verified(&app, &index).await?;
    let shown = match leaf.shown {
        Some(Ok((shown, _))) => shown,
        Some(Err(why)) => {
            return Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "not-whole", why));
        }
        None => return Err(uncovered()),
    };
    let (event, _) = event_of(&app, &caller, &leaf.row).await?;
    app.engine.ask(caller.used(Permission::Prove, Subject::Node)).await?;
    let event = event.map(|line| {
        [line.says, line.more].into_iter().filter(|s| !s.is_empty()).collect::<Vec<_>>().join(". ")
    });
    let second = |by: &comity_ledger::Countersigned| {
        let signed_at = i64::try_from(by.time_s).ok().map(Timestamp::from_second)?.ok()?;
        Some(Countersigner { name: by.name.to_string(), signed_at })
    };
    let paper = Proof {
        agency: agency(&app),
        reference: format!("{}, leaf {}", shown.origin, shown.index),
        prepared_at: app.engine.clock.now(),
        zone: app.zone.clone(),
        index: shown.index,
        kind: shown.leaf.kind.to_string(),
        recorded_at: shown.leaf.sequenced_at,
        commitment: shown.leaf.commitment.to_string(),
        size: shown.size,
        root: shown.root.to_string(),
        signers: shown.signatures.log_keys.iter().map(|key| key.name().to_string()).collect(),
        countersigners: shown.signatures.witnesses.iter().filter_map(second).collect(),
        is_trusted: shown.is_trusted,
        // The page of a leaf opens the sealed event and hashes it against the leaf.
        is_opened: shown.is_opened || event.is_some(),
        event,
        evidence_file: format!("evidence-leaf-{}.txt", shown.index),
        origin: shown.origin,
    };
    set(format!("proof-leaf-{}.pdf", paper.index), move || paper.pdf()).await
}

//! What the federal side's people record, and what people of both sides do.

#![allow(clippy::unnecessary_wraps, reason = "the functions of flows have one shape")]

use super::agency::{moment, moment_ask, request};
use super::ask::{Ask, Choice, Kind, Wrong};
use super::{Flow, Scene};
use comity_exchange::case::{CommandName, Identification};
use serde_json::{Value, json};

pub(super) const FLOWS: &[Flow] = &[
    Flow {
        name: "verify",
        command: CommandName::VerifyMatch,
        title: "Verify a candidate",
        send: "It is the same person",
        done: "The match is verified.",
        asks: |scene| Ok(vec![candidate_ask(scene)]),
        entry: |scene| {
            Ok(json!({ "verify_match": { "gallery_record": scene.sent.get("candidate") } }))
        },
    },
    Flow {
        name: "reject",
        command: CommandName::RejectCandidates,
        title: "Reject every candidate",
        send: "No candidate is this person",
        done: "No match: nothing is kept of the person.",
        asks: |_| Ok(Vec::new()),
        entry: |_| Ok(json!({ "reject_candidates": {} })),
    },
    super::determine::DETERMINE,
    Flow {
        name: "evaluate",
        command: CommandName::EvaluateProgram,
        title: "Ask what the program allows",
        send: "Ask now",
        done: "What the program allows is recorded.",
        asks: |_| Ok(Vec::new()),
        entry: |_| Ok(json!({ "evaluate_program": {} })),
    },
    super::issue::ISSUE,
    Flow {
        name: "withdraw",
        command: CommandName::WithdrawRequest,
        title: "Withdraw a request",
        send: "Withdraw it",
        done: "The request is withdrawn.",
        asks: |_| Ok(vec![Ask::new("reason", "Why is it withdrawn?", Kind::Text)]),
        entry: |scene| {
            let (request, reason) = (request(scene)?, scene.sent.get("reason"));
            Ok(json!({ "withdraw_request": { "request": request, "reason": reason } }))
        },
    },
    Flow {
        name: "taken",
        command: CommandName::TakeCustody,
        title: "Record that the person was taken",
        send: "Record it",
        done: "It is recorded.",
        asks: |scene| Ok(vec![moment_ask(scene, "at", "When was the person taken?")]),
        entry: |scene| Ok(json!({ "take_custody": { "at": moment(scene, "at")? } })),
    },
    Flow {
        name: "claim",
        command: CommandName::MakeClaim,
        title: "Record a claim of citizenship or lawful status",
        send: "Record the claim",
        done: "The claim is recorded: everything stops until it is resolved.",
        asks: |_| {
            let kinds = Kind::One(vec![
                Choice::new("citizenship", "To be a citizen or national of the United States"),
                Choice::new("lawful_status", "To have lawful immigration status"),
            ]);
            Ok(vec![
                Ask::new("kind", "What does the person say?", kinds),
                Ask::new("proof_shown", "Was proof shown?", Kind::One(Choice::yes_no()))
                    .hint("A passport, a birth certificate, a card."),
                Ask::new(
                    "may_be_told",
                    "Does the person agree that the other side is told?",
                    Kind::One(Choice::yes_no()),
                ),
            ])
        },
        entry: |scene| {
            let yes = |id: &str| scene.sent.get(id) == "yes";
            Ok(json!({ "make_claim": {
                "claim": scene.sent.get(crate::pages::form::KEY_FIELD),
                "kind": scene.sent.get("kind"),
                "proof_shown": yes("proof_shown"), "may_be_told": yes("may_be_told"),
            } }))
        },
    },
    Flow {
        name: "resolve-claim",
        command: CommandName::ResolveClaim,
        title: "Resolve a claim",
        send: "Resolve it",
        done: "The claim is resolved.",
        asks: |_| {
            let how = Kind::One(vec![
                Choice::new("upheld", "The claim is true")
                    .hint("Nothing more is asked of the person."),
                Choice::new("not_upheld", "It is not")
                    .hint("What was stopped does not go on by itself."),
            ]);
            Ok(vec![
                Ask::new("resolution", "How is it resolved?", how),
                Ask::new("reason", "Why?", Kind::Text),
            ])
        },
        entry: resolve,
    },
    Flow {
        name: "duty",
        command: CommandName::DoDuty,
        title: "Record that a duty was done",
        send: "Record it",
        done: "The duty is recorded as done.",
        asks: |scene| {
            let said = duty(scene).map(|d| d.duty.says.clone()).unwrap_or_default();
            Ok(vec![moment_ask(scene, "done_at", "When was it done?").hint(said)])
        },
        entry: |scene| {
            let number: u32 = scene.of().parse().unwrap_or_default();
            Ok(json!({ "do_duty": { "duty": number, "done_at": moment(scene, "done_at")? } }))
        },
    },
    Flow {
        name: "note",
        command: CommandName::Note,
        title: "Write a note",
        send: "Keep the note",
        done: "The note is kept.",
        asks: |_| {
            let ask = Ask::new("text", "What should be noted?", Kind::Text);
            Ok(vec![ask.hint("It stays with this party, and can be read by its people.")])
        },
        entry: |scene| Ok(json!({ "note": { "text": scene.sent.get("text") } })),
    },
];

fn candidate_ask(scene: &Scene<'_>) -> Ask {
    let choices = match scene.case().map(|case| &case.identification) {
        Some(Identification::Candidates(list)) => list
            .iter()
            .map(|c| {
                let says = format!("Record {}", c.gallery_record);
                let hint = format!(
                    "Score {}; false matches that the search expected in its gallery: {}.",
                    c.score, c.false_matches
                );
                Choice::new(&c.gallery_record.to_string(), &says).hint(hint)
            })
            .collect(),
        _ => Vec::new(),
    };
    let hint = "A score is not an answer: look at both prints first.";
    Ask::new("candidate", "Which candidate is the person?", Kind::One(choices)).hint(hint)
}

fn duty<'a>(scene: &'a Scene<'_>) -> Option<&'a comity_exchange::case::KnownDuty> {
    let number: usize = scene.of().parse().ok()?;
    scene.case()?.duties.get(number)
}

fn resolve(scene: &Scene<'_>) -> Result<Value, Vec<Wrong>> {
    let case = scene.case();
    let named = case.and_then(|c| c.claims.keys().find(|id| id.to_string() == scene.of()).copied());
    let open = case.and_then(|c| c.open_claims().next().map(|known| known.claim.claim));
    let claim = named.or(open).ok_or_else(|| vec![Wrong::with("", "No claim is open.")])?;
    Ok(json!({ "resolve_claim": {
        "claim": claim, "resolution": scene.sent.get("resolution"),
        "reason": scene.sent.get("reason"),
    } }))
}

/// What follows from an answer, for the page on which it is checked; empty where its buttons
/// say enough.
pub(super) fn what_follows(flow: &str) -> &'static str {
    match flow {
        "verify" => {
            "You say that both prints are of one person. The agency is told that an examiner \
             verified a match, not the score. An officer determines status next."
        }
        "reject" => {
            "You say that no candidate is this person. The agency is told that there is no match, \
             and what this node knows of the person is destroyed."
        }
        _ => "",
    }
}

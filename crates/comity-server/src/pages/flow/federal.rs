//! What the federal side's people record, and what people of both sides do.

#![allow(clippy::unnecessary_wraps, reason = "the functions of flows have one shape")]

use super::agency::{moment, moment_ask, request};
use super::ask::{Ask, Choice, Kind, Wrong};
use super::{Flow, Scene, book};
use crate::problem::Problem;
use comity_exchange::case::{CommandName, Identification};
use comity_model::schema::enums;
use serde_json::{Map, Value, json};

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
    Flow {
        name: "determine",
        command: CommandName::DetermineStatus,
        title: "Determine status",
        send: "Record the determination",
        done: "The determination is recorded.",
        asks: |_| {
            Ok(vec![
                Ask::new("removable", "Is the person removable?", Kind::One(Choice::yes_no())),
                Ask::new(
                    "basis",
                    "On what basis is that known?",
                    Kind::One(book::words(&enums::BASIS)),
                ),
                Ask::new("probable_cause", "Is there probable cause?", Kind::One(Choice::yes_no())),
                Ask::new(
                    "final_order",
                    "Is there a final order of removal?",
                    Kind::One(Choice::yes_no_unknown()),
                ),
                Ask::new("final_order_on", "On which day was it issued?", Kind::Day)
                    .hint("Leave it empty if there is none.")
                    .optional(),
            ])
        },
        entry: determination,
    },
    Flow {
        name: "evaluate",
        command: CommandName::EvaluateProgram,
        title: "Ask what the program allows",
        send: "Ask now",
        done: "What the program allows is recorded.",
        asks: |_| Ok(Vec::new()),
        entry: |_| Ok(json!({ "evaluate_program": {} })),
    },
    Flow {
        name: "issue",
        command: CommandName::IssueRequest,
        title: "Issue a request",
        send: "Issue the request",
        done: "The request is issued and on its way.",
        asks: issue_asks,
        entry: issue,
    },
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
                    "Score {}; {} false matches expected in this gallery.",
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

fn determination(scene: &Scene<'_>) -> Result<Value, Vec<Wrong>> {
    let sent = scene.sent;
    let yes = |id: &str| sent.get(id) == "yes";
    let mut person = Map::new();
    if sent.get("final_order") != "unknown" {
        person.insert("final_order".to_owned(), yes("final_order").into());
    }
    if let Some(day) = scene.day("final_order_on") {
        person.insert("final_order_on".to_owned(), day.to_string().into());
    }
    Ok(json!({ "determine_status": {
        "removable": yes("removable"), "basis": sent.get("basis"),
        "probable_cause": yes("probable_cause"),
        "facts": { "complete": false, "tree": { "person": person } },
    } }))
}

fn issue_asks(scene: &Scene<'_>) -> Result<Vec<Ask>, Problem> {
    let asks = Kind::Several(vec![
        Choice::new("hold", "Hold the person past release"),
        Choice::new("notify", "Give notice of release"),
        Choice::new("transfer", "Hand the person over"),
        Choice::new("interview", "Allow an interview"),
        Choice::new("share_status", "Share status"),
    ]);
    Ok(vec![
        Ask::new("form", "On which form?", Kind::One(book::words(&enums::FORM))),
        Ask::new("form_version", "Which revision?", Kind::One(book::words(&enums::FORM_VERSION)))
            .hint("Printed at the foot of the form.")
            .optional(),
        Ask::new("issued_on", "Which day is it dated?", Kind::Day).first(scene.day_of(scene.now)),
        Ask::new("asks", "What does it ask for?", asks),
        Ask::new("basis", "Which basis does it state?", Kind::One(book::words(&enums::BASIS))),
        Ask::new("warrant", "Which warrant is attached?", Kind::One(book::words(&enums::WARRANT)))
            .first("none"),
        Ask::new(
            "boxes",
            "Which boxes are marked?",
            Kind::Several(vec![
                Choice::new("priority_box", "Enforcement priority"),
                Choice::new("probable_cause_box", "Probable cause"),
                Choice::new("officer_authorized", "Signed by an officer who may"),
                Choice::new("facially_complete", "Every field is filled in"),
            ]),
        ),
    ])
}

fn issue(scene: &Scene<'_>) -> Result<Value, Vec<Wrong>> {
    let sent = scene.sent;
    let asks: Vec<&str> = sent.every("asks").collect();
    if asks.is_empty() {
        return Err(vec![Wrong::with("asks", "A request asks for something.")]);
    }
    let marked: Vec<&str> = sent.every("boxes").collect();
    let boxes = ["priority_box", "probable_cause_box", "officer_authorized", "facially_complete"];
    let boxes: Map<String, Value> =
        boxes.iter().map(|b| ((*b).to_owned(), marked.contains(b).into())).collect();
    let mut draft = json!({
        "request": sent.get(crate::pages::form::KEY_FIELD),
        "form": sent.get("form"), "issued_on": sent.get("issued_on"), "asks": asks,
        "basis": sent.get("basis"),
        "states": { "complete": false, "tree": { "request": boxes } },
    });
    if !sent.get("form_version").is_empty() {
        draft["version"] = sent.get("form_version").into();
    }
    if !["none", ""].contains(&sent.get("warrant")) {
        draft["warrant"] = json!({ "kind": sent.get("warrant") });
    }
    Ok(json!({ "issue_request": { "draft": draft } }))
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

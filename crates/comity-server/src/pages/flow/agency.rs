//! What an agency's people record.

use super::ask::{Ask, Choice, Kind, LawSaid, Wrong};
use super::scene::law_said;
use super::{Flow, Scene, book};
use crate::problem::Problem;
use crate::second::{Act, Override, REASONS};
use comity_exchange::case::{Choice as ChoiceOf, CommandName, Law};
use comity_model::schema::enums;
use comity_node::NodeFault;
use comity_policy::Channel;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

pub(super) const FLOWS: &[Flow] = &[
    Flow {
        name: "prints",
        command: CommandName::SubmitPrints,
        title: "Send the prints",
        send: "Send the prints",
        done: "The prints are on their way.",
        asks: |_| Ok(vec![file_ask()]),
        entry: prints,
    },
    Flow {
        name: "serve",
        command: CommandName::ServeRequest,
        title: "Record service on the person",
        send: "Record it",
        done: "Service is recorded.",
        asks: |scene| {
            Ok(vec![moment_ask(scene, "served_at", "When was a copy given to the person?")])
        },
        entry: |scene| {
            let (request, at) = (request(scene)?, moment(scene, "served_at")?);
            Ok(json!({ "serve_request": { "request": request, "served_at": at } }))
        },
    },
    Flow {
        name: "answer",
        command: CommandName::AnswerRequest,
        title: "Answer the request",
        send: "Send the answer",
        done: "The answer is recorded and on its way.",
        asks: answer_asks,
        entry: answer,
    },
    Flow {
        name: "eligible",
        command: CommandName::SetEligible,
        title: "Set when the person would be released",
        send: "Record it",
        done: "Release eligibility is recorded.",
        asks: |scene| {
            let reasons = Kind::One(book::words(&enums::RELEASE_REASON));
            Ok(vec![
                moment_ask(scene, "at", "When would the person otherwise be released?")
                    .hint("The moment at which nothing of the agency's own keeps the person."),
                Ask::new("reason", "Why then?", reasons),
            ])
        },
        entry: |scene| {
            let at = moment(scene, "at")?;
            Ok(json!({ "set_eligible": { "at": at, "reason": scene.sent.get("reason") } }))
        },
    },
    Flow {
        name: "notice",
        command: CommandName::GiveNotice,
        title: "Give notice of release",
        send: "Give notice",
        done: "Notice is given.",
        asks: |scene| Ok(vec![sure_ask(scene, Channel::Notify, "Give notice of release now?")?]),
        entry: |scene| {
            sure(scene)?;
            Ok(json!({ "give_notice": { "request": request(scene)? } }))
        },
    },
    Flow {
        name: "hold",
        command: CommandName::StartHold,
        title: "Start a hold",
        send: "Start the hold",
        done: "The hold runs. It ends by itself.",
        asks: |scene| {
            let mut asks = vec![sure_ask(scene, Channel::Hold, "Hold the person past release?")?];
            if let Some(request) = scene.request_id()
                && let Some(over) = scene.override_of(&Act::StartHold { request })
            {
                asks.extend(override_asks(&over));
            }
            Ok(asks)
        },
        entry: |scene| {
            sure(scene)?;
            Ok(json!({ "start_hold": { "request": request(scene)? } }))
        },
    },
    Flow {
        name: "end-hold",
        command: CommandName::EndHold,
        title: "End the hold",
        send: "End the hold",
        done: "The hold is over. Release the person.",
        asks: |scene| {
            Ok(match scene.override_of(&Act::EndHold {}) {
                Some(over) => override_asks(&over).into(),
                None => vec![Ask::new("reason", "Why does the hold end?", Kind::Text)],
            })
        },
        entry: |scene| Ok(json!({ "end_hold": { "reason": scene.reason() } })),
    },
    Flow {
        name: "transfer",
        command: CommandName::Transfer,
        title: "Transfer the person",
        send: "Record the transfer",
        done: "The transfer is recorded.",
        asks: |scene| {
            let mut ask = moment_ask(scene, "at", "When was the person handed over?");
            ask.law = law_of(scene, Channel::Transfer)?;
            Ok(vec![ask.hint("In a secure area, at the request that stands.")])
        },
        entry: |scene| {
            let (request, at) = (request(scene)?, moment(scene, "at")?);
            Ok(json!({ "transfer": { "request": request, "at": at } }))
        },
    },
    Flow {
        name: "release",
        command: CommandName::EndCustody,
        title: "Release the person",
        send: "Record the release",
        done: "Custody has ended.",
        asks: |scene| {
            let how = Kind::One(vec![
                Choice::new("released", "The person was released"),
                Choice::new("other", "Another end").hint("Another agency, or anything else."),
            ]);
            let mut asks = vec![
                moment_ask(scene, "at", "When did custody end?"),
                Ask::new("how", "How?", how).first("released"),
            ];
            if scene.sent.get("how") == "other" {
                asks.push(Ask::new("other", "How did custody end?", Kind::Text));
            }
            Ok(asks)
        },
        entry: |scene| {
            let at = moment(scene, "at")?;
            let how = match scene.sent.get("how") {
                "other" => json!({ "other": scene.sent.get("other") }),
                _ => json!("released"),
            };
            Ok(json!({ "end_custody": { "at": at, "how": how } }))
        },
    },
];

fn file_ask() -> Ask {
    Ask::new("file", "The file of the ten-print card", Kind::File)
        .hint("An ANSI/NIST-ITL transaction (.an2, .eft) as the live-scan device wrote it.")
}

fn prints(scene: &Scene<'_>) -> Result<Value, Vec<Wrong>> {
    let bytes =
        scene.sent.file("file").ok_or_else(|| vec![Wrong::with("file", "Choose a file.")])?;
    crate::api::cases::submission(bytes).map_err(|problem| {
        vec![Wrong::with("file", crate::pages::words::sentence(&problem.detail))]
    })
}

/// A question for a moment; now, at first.
pub(super) fn moment_ask(scene: &Scene<'_>, id: &'static str, legend: &str) -> Ask {
    Ask::new(id, legend, Kind::Moment).first(scene.field_of(scene.now))
}

/// The moment that was answered, for an entry.
pub(super) fn moment(scene: &Scene<'_>, id: &str) -> Result<String, Vec<Wrong>> {
    let at = scene.moment(id).ok_or_else(|| vec![Wrong::with(id, "When was it?")])?;
    Ok(at.to_string())
}

/// The request that the flow is about, for an entry.
pub(super) fn request(scene: &Scene<'_>) -> Result<String, Vec<Wrong>> {
    let id = scene.request_id().ok_or_else(|| vec![Wrong::with("", "No request stands.")])?;
    Ok(id.to_string())
}

fn law_of(scene: &Scene<'_>, channel: Channel) -> Result<Vec<LawSaid>, Problem> {
    let finding = scene.finding().map_err(NodeFault::Wrong)?;
    Ok(vec![law_said(channel, finding.on(channel))])
}

fn sure_ask(scene: &Scene<'_>, channel: Channel, legend: &str) -> Result<Ask, Problem> {
    let choices = vec![Choice::new("yes", "Yes"), Choice::new("no", "No, leave it")];
    Ok(Ask::new("sure", legend, Kind::One(choices)).law(law_of(scene, channel)?))
}

fn sure(scene: &Scene<'_>) -> Result<(), Vec<Wrong>> {
    if scene.sent.get("sure") == "yes" {
        return Ok(());
    }
    Err(vec![Wrong::with("sure", "You chose not to. Leave it, or change the answer.")])
}

/// The field of a channel's choice.
fn field(channel: Channel) -> &'static str {
    match channel {
        Channel::Hold => "hold",
        Channel::Notify => "notify",
        Channel::Transfer => "transfer",
        Channel::Interview => "interview",
        _ => "share_status",
    }
}

/// What a request asks on a channel.
fn asked(channel: Channel) -> &'static str {
    match channel {
        Channel::Hold => "The request asks you to hold the person past release. Will you?",
        Channel::Notify => "The request asks for notice of release. Will you give it?",
        Channel::Transfer => "The request asks you to hand the person over. Will you?",
        Channel::Interview => {
            "The request asks for an interview with the person. Will you allow it?"
        }
        _ => "The request asks for the person's status. Will you share it?",
    }
}

fn answer_asks(scene: &Scene<'_>) -> Result<Vec<Ask>, Problem> {
    let Some(request) = scene.request() else { return Ok(Vec::new()) };
    let finding = scene.finding().map_err(NodeFault::Wrong)?;
    let ask = |channel: &Channel| {
        let law = finding.on(*channel);
        let comply = Choice::new("comply", "Yes, do what is asked");
        let decline = Choice::new("decline", "No, decline");
        // Only what the law leaves open can be chosen; where it says may, nothing is chosen first.
        let choices = match law {
            Law::Must(_) => vec![comply.hint("The law requires it.")],
            Law::May(_) => vec![comply, decline],
            Law::MustNot(_) => vec![decline.hint("The law forbids the rest.")],
            Law::Undetermined { .. } => vec![
                Choice::new("open", "It cannot be said yet")
                    .hint("Nothing is done meanwhile; the missing facts become a task."),
                decline,
            ],
        };
        let law = vec![law_said(*channel, law)];
        Ask::new(field(*channel), asked(*channel), Kind::One(choices)).law(law)
    };
    let mut asks: Vec<Ask> = request.draft.asks.iter().map(ask).collect();
    match scene.override_of(&Act::Answer { request: request.draft.request, choices: chosen(scene) })
    {
        Some(over) => asks.extend(override_asks(&over)),
        None => asks.push(
            Ask::new("reason", "Why was it decided so?", Kind::Text)
                .hint("In your own words. It stays at this agency.")
                .optional(),
        ),
    }
    Ok(asks)
}

/// What was chosen so far on the channels that are asked about.
fn chosen(scene: &Scene<'_>) -> BTreeMap<Channel, ChoiceOf> {
    let asks = scene.request().map(|r| r.draft.asks.clone()).unwrap_or_default();
    let one = |channel: Channel| {
        let choice = match scene.sent.get(field(channel)) {
            "comply" => ChoiceOf::Comply,
            "decline" => ChoiceOf::Decline,
            "open" => ChoiceOf::Open,
            _ => return None,
        };
        Some((channel, choice))
    };
    asks.into_iter().filter_map(one).collect()
}

/// What an override asks for.
fn override_asks(over: &Override) -> [Ask; 2] {
    let reasons = REASONS.iter().map(|(name, says)| Choice::new(name, says)).collect();
    let second = if over.second {
        " A second person has to confirm it before anything is done."
    } else {
        ""
    };
    [
        Ask::new("why", "Why otherwise than it was decided before?", Kind::One(reasons))
            .hint(format!("This goes against {}.{second}", over.says())),
        Ask::new("reason", "What is the reason, in your own words?", Kind::Text)
            .hint("It stays at this agency, with the event."),
    ]
}

fn answer(scene: &Scene<'_>) -> Result<Value, Vec<Wrong>> {
    let asks = scene.request().map(|r| r.draft.asks.clone()).unwrap_or_default();
    let choices: Map<String, Value> = asks
        .iter()
        .map(|channel| (channel.name().to_owned(), scene.sent.get(field(*channel)).into()))
        .collect();
    Ok(json!({ "answer_request": {
        "request": request(scene)?, "choices": choices, "reason": scene.reason(),
    } }))
}

//! Issuing a request: beside every question what the program in force says of it. What it
//! forbids cannot be chosen, and the reason stands in its place; nothing is chosen first.

use super::ask::{Ask, Choice, Kind, LawSaid, Wrong};
use super::{Flow, Scene, book};
use crate::pages::program::{asked, draft_on, not_authorized, said};
use crate::pages::words;
use crate::problem::Problem;
use comity_exchange::case::{Advice, CommandName, Draft, FactsOf, Finding, Form, Law};
use comity_model::schema::enums;
use comity_node::NodeFault;
use comity_policy::Channel;
use serde_json::{Map, Value, json};

pub(super) const ISSUE: Flow = Flow {
    name: "issue",
    command: CommandName::IssueRequest,
    title: "Issue a request",
    send: "Issue the request",
    done: "The request is issued and on its way.",
    asks,
    entry,
};

/// What a request asks for, by the agency's channel; and the program's channel, where programs
/// speak of it.
const ASKS: [(&str, &str, Option<Channel>); 5] = [
    ("hold", "Hold the person past release", Some(Channel::RequestHold)),
    ("notify", "Give notice of release", Some(Channel::RequestNotice)),
    ("transfer", "Hand the person over", Some(Channel::RequestTransfer)),
    ("interview", "Allow an interview", None),
    ("share_status", "Share status", None),
];

const BOXES: [(&str, &str); 4] = [
    ("priority_box", "Enforcement priority"),
    ("probable_cause_box", "Probable cause"),
    ("officer_authorized", "Signed by an officer who may"),
    ("facially_complete", "Every field is filled in"),
];

/// True if an officer may ask: the law says must, or may.
fn may_ask(law: &Law) -> bool {
    matches!(law, Law::Must(_) | Law::May(_))
}

/// What the law says of the case with the request as far as it is filled in.
fn finding(scene: &Scene<'_>, draft: Option<&Draft>) -> Result<Finding, Problem> {
    let case = scene.case().ok_or_else(Problem::not_found)?;
    let (library, now) = (&scene.app.library, scene.now);
    let advice = match draft {
        Some(draft) => Advice::of_draft(library, case, draft, now),
        None => Advice::of(library, case, now),
    };
    Ok(advice.map_err(NodeFault::Wrong)?.finding().clone())
}

/// The form's question: a form that cannot be issued today is no choice, and says why.
fn form_ask(scene: &Scene<'_>) -> Result<Ask, Problem> {
    let case = scene.case().ok_or_else(Problem::not_found)?;
    let (mut choices, mut law) = (Vec::new(), Vec::new());
    for choice in book::words(&enums::FORM) {
        let Some(form) = Form::named(&choice.value).filter(|form| form.name() != "none") else {
            continue;
        };
        let draft = draft_on(form, case, scene.now).map_err(NodeFault::Wrong)?;
        match not_authorized(&finding(scene, Some(&draft))?) {
            Some((says, cite)) => law.push(LawSaid {
                name: "must_not",
                on: format!("Form {}", form.name()),
                says,
                cite,
                unverified: false,
            }),
            None => choices.push(choice),
        }
    }
    Ok(Ask::new("form", "On which form?", Kind::One(choices)).law(law))
}

/// What is asked for: beside it what the program says; what it does not allow is no choice.
fn asks_ask(scene: &Scene<'_>) -> Result<Ask, Problem> {
    let draft = draft_of(scene).ok();
    let finding = finding(scene, draft.as_ref())?;
    let (mut choices, mut law) = (Vec::new(), Vec::new());
    for (name, says, program) in ASKS {
        let choice = Choice::new(name, says);
        let Some(program) = program else {
            choices.push(choice.hint("No program speaks of it; the agency decides."));
            continue;
        };
        let on = finding.on(program);
        law.push(said(program, on));
        if may_ask(on) {
            choices.push(choice.hint(format!("The program says: {}.", words::plain(on.name()))));
        }
    }
    let ask = Ask::new("asks", "What does it ask for?", Kind::Several(choices)).law(law);
    Ok(ask.hint("What the program does not allow is not offered; its reason is above."))
}

/// What the determination knows and a form may state; the agency learns what is marked and no
/// more.
fn stateable(scene: &Scene<'_>) -> Vec<(String, Value)> {
    let Some(determination) = scene.case().and_then(|c| c.determination.as_ref()) else {
        return Vec::new();
    };
    let mut out = vec![("person.removable".to_owned(), determination.removable.into())];
    for (group, members) in determination.facts.tree() {
        let Value::Object(members) = members else { continue };
        for (name, value) in members {
            let path = format!("{group}.{name}");
            if FactsOf::Request.may_state(&path) {
                out.push((path, value.clone()));
            }
        }
    }
    out
}

fn states_ask(scene: &Scene<'_>) -> Option<Ask> {
    let one = |(path, value): (String, Value)| {
        let says = match &value {
            Value::Bool(true) => "yes".to_owned(),
            Value::Bool(false) => "no".to_owned(),
            Value::String(text) => words::plain(text),
            other => other.to_string(),
        };
        let name = words::sentence(&words::plain(&path.replace('.', ": ")));
        Choice::new(&path, &format!("{name}: {says}"))
    };
    let choices: Vec<Choice> = stateable(scene).into_iter().map(one).collect();
    let hint = "The agency learns what you mark here, and nothing else of the determination. Some \
                local laws ask for it.";
    let ask = Ask::new("states", "What does the form state of the person?", Kind::Several(choices));
    scene.case()?.determination.as_ref().map(|_| ask.hint(hint))
}

fn asks(scene: &Scene<'_>) -> Result<Vec<Ask>, Problem> {
    let boxes = BOXES.iter().map(|(name, says)| Choice::new(name, says)).collect();
    let mut asks = vec![
        form_ask(scene)?,
        Ask::new("form_version", "Which revision?", Kind::One(book::words(&enums::FORM_VERSION)))
            .hint("Printed at the foot of the form. Leave it open if none is.")
            .optional(),
        Ask::new("issued_on", "Which day is it dated?", Kind::Day)
            .hint("A request is dated the day it is issued: today.")
            .first(scene.day_of(scene.now)),
        Ask::new("basis", "Which basis does it state?", Kind::One(book::words(&enums::BASIS))),
        Ask::new("warrant", "Which warrant is attached?", Kind::One(book::words(&enums::WARRANT))),
    ];
    if !["none", ""].contains(&scene.sent.get("warrant")) {
        let signers = Kind::One(book::words(&enums::WARRANT_SIGNER));
        let ask = Ask::new("signed_by", "Who signed the warrant?", signers);
        asks.push(ask.hint("Leave it open if it cannot be read.").optional());
    }
    asks.push(Ask::new("boxes", "Which boxes are marked?", Kind::Several(boxes)));
    asks.push(asks_ask(scene)?);
    asks.extend(states_ask(scene));
    if let Some(standing) = scene.case().and_then(|case| case.standing()) {
        let legend = format!(
            "Does it take the place of the request on Form {} that stands?",
            standing.draft.form.name()
        );
        asks.push(Ask::new("supersedes", legend, Kind::One(Choice::yes_no())));
    }
    Ok(asks)
}

/// The request as far as it is filled in, as JSON. Until something is asked for, it asks for
/// everything: the law is asked before the officer chooses.
fn drafted(scene: &Scene<'_>) -> Value {
    let sent = scene.sent;
    let mut wanted: Vec<&str> = sent.every("asks").collect();
    if wanted.is_empty() {
        wanted.extend(ASKS.iter().map(|(name, ..)| *name));
    }
    let marked: Vec<&str> = sent.every("boxes").collect();
    let boxes: Map<String, Value> =
        BOXES.iter().map(|(b, _)| ((*b).to_owned(), marked.contains(b).into())).collect();
    let mut tree = Map::new();
    tree.insert("request".to_owned(), Value::Object(boxes));
    for (path, value) in stateable(scene) {
        let is_marked = sent.every("states").any(|marked| marked == path);
        if let (Some((group, name)), true) = (path.split_once('.'), is_marked) {
            let members = tree.entry(group).or_insert_with(|| json!({}));
            members[name] = value;
        }
    }
    let mut draft = json!({
        "request": sent.get(crate::pages::form::KEY_FIELD),
        "form": sent.get("form"), "issued_on": sent.get("issued_on"),
        "asks": wanted, "basis": sent.get("basis"),
        "states": { "complete": false, "tree": tree },
    });
    if !sent.get("form_version").is_empty() {
        draft["version"] = sent.get("form_version").into();
    }
    if !["none", ""].contains(&sent.get("warrant")) {
        draft["warrant"] = json!({ "kind": sent.get("warrant") });
        if !sent.get("signed_by").is_empty() {
            draft["warrant"]["signed_by"] = sent.get("signed_by").into();
        }
    }
    let standing = scene.case().and_then(|case| case.standing());
    if let (Some(standing), "yes") = (standing, sent.get("supersedes")) {
        draft["supersedes"] = standing.draft.request.to_string().into();
    }
    draft
}

fn draft_of(scene: &Scene<'_>) -> Result<Draft, Wrong> {
    serde_json::from_value(drafted(scene)).map_err(|e| Wrong::with("", format!("{e}.")))
}

fn entry(scene: &Scene<'_>) -> Result<Value, Vec<Wrong>> {
    let chosen: Vec<&str> = scene.sent.every("asks").collect();
    if chosen.is_empty() {
        return Err(vec![Wrong::with("asks", "A request asks for something: mark what.")]);
    }
    let draft = draft_of(scene).map_err(|wrong| vec![wrong])?;
    let finding = finding(scene, Some(&draft))
        .map_err(|problem| vec![Wrong::with("", words::sentence(&problem.detail))])?;
    let mut wrong = Vec::new();
    if let Some((says, cite)) = not_authorized(&finding) {
        wrong.push(Wrong::with("form", format!("{says} ({cite})")));
    }
    for (name, _, program) in ASKS {
        let Some(program) = program.filter(|_| chosen.contains(&name)) else { continue };
        let law = finding.on(program);
        if !may_ask(law) {
            let LawSaid { says, cite, .. } = said(program, law);
            let cite = if cite.is_empty() { cite } else { format!(" ({cite})") };
            let word = words::plain(law.name());
            let says = format!("{}: {word}. {says}{cite}", asked(program));
            wrong.push(Wrong::with("asks", says));
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    Ok(json!({ "issue_request": { "draft": drafted(scene) } }))
}

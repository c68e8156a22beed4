//! One instrument: where it was read, its rules and parameters, what is not coded, its cases,
//! and what came before and after it.

use super::{find, name_of, places_of, twin, until_of};
use crate::app::App;
use crate::door::Caller;
use crate::pages::frame::{Frame, show};
use crate::pages::words;
use crate::problem::Problem;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use comity_policy::explain::{PolicyView, RuleText, policy_view};
use comity_policy::policy::Anchor;
use comity_policy::{Library, Policy, PolicyIndex, Verified};
use serde_json::json;
use std::sync::Arc;

struct Said {
    channel: String,
    /// The class of its word: `must`, `may`, `must_not`.
    name: &'static str,
    word: String,
}

struct Rule {
    id: String,
    cite: String,
    says: String,
    mark: &'static str,
    said: Vec<Said>,
    when: String,
    unless: String,
    cap: String,
    /// Flags, labels and duties, each as a word and its text.
    more: Vec<(&'static str, String)>,
    exercised: bool,
}

struct CaseRow {
    title: String,
    passes: bool,
    disputed: bool,
    differences: Vec<String>,
    number: usize,
}

/// Another instrument of the same name or place.
struct Other {
    id: String,
    title: String,
    from: String,
    until: String,
    relation: &'static str,
    level: &'static str,
}

#[derive(Template)]
#[template(path = "policy.html")]
struct PolicyPage {
    frame: Frame,
    view: PolicyView,
    place: String,
    level: &'static str,
    anchor: &'static str,
    url: String,
    rules: Vec<Rule>,
    exercised: usize,
    cases: Vec<CaseRow>,
    failing: usize,
    golden: Vec<String>,
    others: Vec<Other>,
    text: String,
}

fn anchor(of: Anchor) -> &'static str {
    match of {
        Anchor::Decision => "the day the answer is for",
        Anchor::RequestIssued => "the day the request was issued",
        Anchor::ReleaseEligible => "the day of release eligibility",
        Anchor::Arrest => "the day of the arrest",
    }
}

fn rule(of: &RuleText, exercised: bool) -> Rule {
    let said = |(channel, stance): (&comity_policy::Channel, &comity_policy::Stance)| Said {
        channel: words::plain(channel.name()),
        name: match stance {
            comity_policy::Stance::Protect => "may",
            other => other.name(),
        },
        word: words::plain(stance.name()),
    };
    let mut more: Vec<(&'static str, String)> = Vec::new();
    more.extend(of.flag.iter().map(|(flag, says)| ("Flag", format!("{flag}: {says}"))));
    more.extend(of.labels.iter().map(|(k, v)| ("Label", format!("{k} = {v}"))));
    more.extend(of.duties.iter().map(|d| {
        let within = d.within_hours.map_or_else(String::new, |h| format!(", within {h} hours"));
        ("Duty", format!("{}{within} ({})", d.says, d.cite))
    }));
    Rule {
        id: of.id.0.clone(),
        cite: of.cite.clone(),
        says: of.says.clone(),
        mark: if of.verified == Verified::Primary { "" } else { of.verified.words() },
        said: of.stances.iter().map(said).collect(),
        when: of.when.clone(),
        unless: of.unless.clone(),
        cap: of.cap.clone(),
        more,
        exercised,
    }
}

fn others(library: &Library, policy: &Policy) -> Vec<Other> {
    let related = |p: &Policy| {
        let shares = p.instrument == policy.instrument;
        let local = policy.places.iter().any(|place| place.0 != "us" && p.places.contains(place));
        p.id != policy.id && (shares || local)
    };
    let relation = |p: &Policy| match (p.instrument == policy.instrument, p.from.cmp(&policy.from))
    {
        (true, std::cmp::Ordering::Less) => "an earlier version",
        (true, _) => "a later version",
        (false, std::cmp::Ordering::Less) => "began earlier at the same place",
        (false, _) => "began later at the same place",
    };
    let mut out: Vec<&Policy> = library.policies().map(|(_, p)| p).filter(|p| related(p)).collect();
    out.sort_by_key(|p| (p.instrument != policy.instrument, p.from));
    out.into_iter()
        .map(|p| Other {
            id: p.id.0.clone(),
            title: p.title.clone(),
            from: p.from.to_string(),
            until: until_of(p),
            relation: relation(p),
            level: p.level.name(),
        })
        .collect()
}

/// `GET /policies/{id}`: the page; with `.toml`, `.json` or `.csv` behind the id, the file and
/// the twins.
pub(super) async fn one(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let library = &app.library;
    if let Ok(index) = library.find(&id) {
        return page(&app, &caller, index);
    }
    let (id, suffix) = id.rsplit_once('.').ok_or_else(Problem::not_found)?;
    let policy = library.policy(find(library, id)?);
    match suffix {
        "toml" => {
            let name = format!("{}.toml", policy.id);
            Ok(twin::file(&name, "application/toml; charset=utf-8", policy.text.clone()))
        }
        "json" => Ok(twin::json(&json!(policy_view(policy)))),
        "csv" => Ok(rules_csv(policy)),
        _ => Err(Problem::not_found()),
    }
}

fn rules_csv(policy: &Policy) -> Response {
    let heads = ["rule", "cite", "says", "reading", "channels", "when", "unless", "cap"];
    let rows: Vec<Vec<String>> = policy_view(policy)
        .rules
        .into_iter()
        .map(|r| {
            let said: Vec<String> =
                r.stances.iter().map(|(c, s)| format!("{} {c}", s.name())).collect();
            let reading = r.verified.words().to_owned();
            vec![r.id.0, r.cite, r.says, reading, said.join("; "), r.when, r.unless, r.cap]
        })
        .collect();
    twin::csv(&policy.id.0, &heads, &rows)
}

fn page(app: &App, caller: &Caller, index: PolicyIndex) -> Result<Response, Problem> {
    let library = &app.library;
    let policy = library.policy(index);
    let coverage = app.counsel.coverage(library);
    let view = policy_view(policy);
    let rules: Vec<Rule> =
        view.rules.iter().enumerate().map(|(i, r)| rule(r, coverage.has(index, i))).collect();
    let case = |(i, r): (usize, &comity_policy::case::CaseReport)| CaseRow {
        title: if r.title.is_empty() { r.case.clone() } else { r.title.clone() },
        passes: r.passes(),
        disputed: r.disputed,
        differences: r
            .mismatches
            .iter()
            .map(|m| format!("{}: expected {}, found {}", m.what, m.expected, m.found))
            .collect(),
        number: i + 1,
    };
    let cases: Vec<CaseRow> = coverage.own(index).iter().enumerate().map(case).collect();
    let golden = coverage.golden(index).map(|r| format!("{}: {}", r.case, r.title)).collect();
    // An address of another scheme is text, and no link.
    let url = &policy.source.url;
    let is_link = url.starts_with("https://") || url.starts_with("http://");
    show(&PolicyPage {
        frame: Frame::of(app, caller, &policy.title, "/policies"),
        place: places_of(library, policy),
        level: policy.level.name(),
        anchor: anchor(policy.anchor),
        url: if is_link { url.clone() } else { String::new() },
        exercised: rules.iter().filter(|r| r.exercised).count(),
        rules,
        failing: cases.iter().filter(|c| !c.passes).count(),
        cases,
        golden,
        others: others(library, policy),
        text: policy.text.clone(),
        view,
    })
}

/// What a place is called, for the pages beside this one.
pub(super) fn called(library: &Library, code: &str) -> String {
    if code.is_empty() { "any place".to_owned() } else { name_of(library, code) }
}

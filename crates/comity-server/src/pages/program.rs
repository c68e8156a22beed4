//! What the federal program in force allows in one case, with its rules: as the case stands, and
//! as it would be with a request on a form, before anything is issued.

use super::board::known_by;
use super::flow::{self, LawSaid};
use super::frame::{Frame, show};
use super::sheet::Sheet;
use super::{PageRoute, needs, page, words};
use crate::account::{Permission, Subject};
use crate::api::{Query, id_of};
use crate::app::App;
use crate::door::Caller;
use crate::problem::Problem;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use comity_exchange::case::{
    ASKED, Advice, Case, CaseId, CommandName, Draft, Facts, FactsOf, Finding, Form, Law, RequestId,
    Side, allowed,
};
use comity_model::{CaseFacts, Day, Diagnostic};
use comity_node::CaseView;
use comity_policy::{Channel, ClauseRef, Library, Policy, PolicyIndex, Verified};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

const SEE: crate::routes::Needs = needs(Permission::SeeCases);

pub(super) const PAGES: &[PageRoute] = &[
    page("GET", "/cases/{case}/program", SEE, "What the program in force allows", || get(program)),
    page("GET", "/cases/{case}/program.csv", SEE, "The same as CSV", || get(csv)),
    page("GET", "/cases/{case}/program.json", SEE, "The same as JSON", || get(json)),
];

/// What a program speaks of.
pub const REQUESTS: [Channel; 3] =
    [Channel::RequestHold, Channel::RequestNotice, Channel::RequestTransfer];

/// The forms that somebody may want to look ahead for.
const FORMS: [&str; 5] = ["I-247A", "I-247D", "I-247N", "I-247X", "I-247"];

/// The mark of a form that could not be issued on its day.
const NOT_AUTHORIZED: &str = "form_not_authorized";

/// What a program lets the officer ask, in words.
pub fn asked(channel: Channel) -> &'static str {
    match channel {
        Channel::RequestHold => "Ask the agency to hold",
        Channel::RequestNotice => "Ask for notice of release",
        Channel::RequestTransfer => "Ask for a transfer",
        other => other.name(),
    }
}

/// Instruments in force on a day that speak of requests.
fn in_force(library: &Library, day: Date) -> impl Iterator<Item = (PolicyIndex, &Policy)> {
    let day = Day::from_civil(day);
    library.policies().filter(move |(_, policy)| {
        let runs = policy.from <= day && policy.until.is_none_or(|until| day <= until);
        runs && policy.spoken.iter().any(|channel| REQUESTS.contains(channel))
    })
}

/// The facts that the programs in force on a day ask for, by their paths; a list by its name.
pub fn facts_asked(library: &Library, day: Date) -> BTreeSet<String> {
    let nothing = CaseFacts::default();
    let mut out = BTreeSet::new();
    for (index, policy) in in_force(library, day) {
        for (number, clause) in policy.clauses.iter().enumerate() {
            if !clause.stances.iter().any(|(channel, _)| REQUESTS.contains(channel)) {
                continue;
            }
            let clause = ClauseRef { policy: index, clause: number as u8 };
            // With nothing known, nothing settles a condition before all of it was read.
            out.extend(library.reads(clause, &nothing).iter().map(ToString::to_string));
        }
    }
    out
}

/// A request on a form, as it would be if it were filled in as far as it can be.
///
/// # Errors
/// None that a form of the schema can cause.
pub fn draft_on(form: Form, case: &Case, now: Timestamp) -> Result<Draft, Vec<Diagnostic>> {
    let marked = ["priority_box", "probable_cause_box", "officer_authorized", "facially_complete"];
    let boxes: Map<String, Value> = marked.iter().map(|b| ((*b).to_owned(), true.into())).collect();
    let mut tree = Map::new();
    tree.insert("request".to_owned(), Value::Object(boxes));
    let none = || vec![Diagnostic::error("no-basis", "the schema has no basis `none`")];
    let basis = case.determination.as_ref().map(|d| d.basis);
    Ok(Draft {
        request: RequestId([0; 16]),
        form,
        version: None,
        issued_on: case.day_of(now).map_err(|d| vec![d])?,
        asks: ASKED.into_iter().collect(),
        basis: match basis {
            Some(basis) => basis,
            None => comity_exchange::case::Basis::named("none").ok_or_else(none)?,
        },
        warrant: None,
        states: Facts::read(tree, false, FactsOf::Request)?,
        supersedes: None,
    })
}

/// Most sets of missing facts that a sentence names.
const SETS_SHOWN: usize = 3;

/// What the law says on a channel of requests, with the facts that it lacks.
pub fn said(channel: Channel, law: &Law) -> LawSaid {
    let mut said = flow::law_said(channel, law);
    asked(channel).clone_into(&mut said.on);
    match law {
        Law::Undetermined { needs, .. } => {
            let sets: Vec<String> = needs.iter().take(SETS_SHOWN).map(|set| needed(set)).collect();
            if !sets.is_empty() {
                let more = match needs.len().saturating_sub(SETS_SHOWN) {
                    0 => String::new(),
                    more => format!(" ({more} more on the page of missing facts)"),
                };
                let sets = sets.join("; or ");
                said.says = format!("{} What would settle it: {sets}{more}.", said.says);
            }
        }
        Law::May(None) => {
            "No program in force speaks of it: an officer decides.".clone_into(&mut said.says);
        }
        _ => {}
    }
    said
}

fn needed(set: &[String]) -> String {
    let one = |path: &String| words::plain(&path.replace('.', ": "));
    set.iter().map(one).collect::<Vec<_>>().join(" and ")
}

/// Why the form could not be issued on its day, with the citation.
pub fn not_authorized(finding: &Finding) -> Option<(String, String)> {
    // A form of another time contradicts its own date: the law is not even asked of it.
    let of_form = |path: &str| path.starts_with("request.form");
    let odd = finding.at_odds.iter().find(|odd| of_form(&odd.first) || of_form(&odd.second));
    if let Some(odd) = odd {
        return Some((format!("{}.", words::sentence(&odd.says)), String::new()));
    }
    let flag = finding.flags.iter().find(|f| f.flag == NOT_AUTHORIZED && !f.uncertain)?;
    Some((flag.says.clone(), flag.cite.clone()))
}

/// What a link says.
#[derive(Debug, Default, Deserialize)]
struct Chosen {
    #[serde(default)]
    form: String,
}

impl Chosen {
    fn form(&self) -> Option<Form> {
        FORMS.iter().find(|name| **name == self.form).and_then(|name| Form::named(name))
    }
}

struct Tab {
    href: String,
    says: &'static str,
    is_here: bool,
}

struct Row {
    law: LawSaid,
    policy: String,
    channel: Channel,
}

struct Instrument {
    title: String,
    from: String,
    until: String,
    cite: String,
    url: String,
    verified: &'static str,
    is_primary: bool,
}

#[derive(Template)]
#[template(path = "program.html")]
struct ProgramPage {
    frame: Frame,
    case: CaseId,
    who: String,
    day: String,
    form: String,
    tabs: Vec<Tab>,
    rows: Vec<Row>,
    stopped: Option<(String, String)>,
    trouble: String,
    instruments: Vec<Instrument>,
    determined: String,
    may_issue: bool,
    sheet: String,
}

/// What was found of a case.
struct Asked {
    rows: Vec<Row>,
    stopped: Option<(String, String)>,
    day: Date,
}

fn ask(app: &App, view: &CaseView, form: Option<Form>) -> Result<Asked, Vec<Diagnostic>> {
    let now = app.engine.clock.now();
    let case = &view.case;
    let advice = match form {
        Some(form) => Advice::of_draft(&app.library, case, &draft_on(form, case, now)?, now)?,
        None => Advice::of(&app.library, case, now)?,
    };
    let finding = advice.finding();
    let row = |channel: Channel| {
        let law = finding.on(channel);
        let policy = law.rule().map_or_else(String::new, |rule| rule.policy.to_string());
        Row { law: said(channel, law), policy, channel }
    };
    let stopped = not_authorized(finding).filter(|_| form.is_some());
    Ok(Asked { rows: REQUESTS.into_iter().map(row).collect(), stopped, day: finding.on })
}

async fn view_of(app: &App, caller: &Caller, case: &str) -> Result<CaseView, Problem> {
    let view = app.case(id_of(case)?).await?;
    if view.case.side != Side::Federal {
        return Err(Problem::not_found());
    }
    caller.saw(app, Subject::Case(view.case.id)).await?;
    Ok(view)
}

/// `GET /cases/{case}/program`
async fn program(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(case): Path<String>,
    Query(chosen): Query<Chosen>,
) -> Result<Response, Problem> {
    let view = view_of(&app, &caller, &case).await?;
    let form = chosen.form();
    let now = app.engine.clock.now();
    let (asked, trouble) = match ask(&app, &view, form) {
        Ok(asked) => (Some(asked), String::new()),
        Err(found) => {
            let messages: Vec<String> = found.into_iter().map(|d| d.message).collect();
            (None, messages.join("; "))
        }
    };
    let day = asked.as_ref().map_or_else(|| now.to_zoned(app.zone.clone()).date(), |a| a.day);
    let path = format!("/cases/{}/program", view.case.id);
    let name = form.map(Form::name).unwrap_or_default();
    let all = std::iter::once("").chain(FORMS);
    let tabs = all.map(|form| Tab {
        href: if form.is_empty() { path.clone() } else { format!("{path}?form={form}") },
        says: if form.is_empty() { "No form yet" } else { form },
        is_here: form == name,
    });
    let can_issue = allowed(&view.case, now).contains(&CommandName::IssueRequest);
    let (rows, stopped) = asked.map(|a| (a.rows, a.stopped)).unwrap_or_default();
    show(&ProgramPage {
        frame: Frame::of(&app, &caller, "What the program allows", "/cases"),
        case: view.case.id,
        who: known_by(&view).0,
        day: words::day(day),
        form: name.to_owned(),
        tabs: tabs.collect(),
        rows,
        stopped,
        trouble,
        instruments: in_force(&app.library, day).map(|(_, policy)| instrument(policy)).collect(),
        determined: determined(&view.case),
        may_issue: can_issue && caller.person.may(Permission::Enter(CommandName::IssueRequest)),
        sheet: if name.is_empty() { String::new() } else { format!("?form={name}") },
    })
}

fn determined(case: &Case) -> String {
    case.determination.as_ref().map_or_else(String::new, |d| {
        let removable = if d.removable { "removable" } else { "not removable" };
        let cause = if d.probable_cause { "probable cause" } else { "no probable cause" };
        format!("{removable}, {cause}, basis: {}", words::plain(d.basis.name()))
    })
}

fn instrument(policy: &Policy) -> Instrument {
    let day = |day: Day| words::day(day.to_civil());
    // Only what a browser may be sent to.
    let is_web = policy.source.url.starts_with("https://");
    Instrument {
        title: policy.title.clone(),
        from: day(policy.from),
        until: policy.until.map_or_else(|| "still".to_owned(), day),
        cite: policy.source.cite.clone(),
        url: if is_web { policy.source.url.clone() } else { String::new() },
        verified: policy.source.verified.name(),
        is_primary: policy.source.verified == Verified::Primary,
    }
}

fn sheet(app: &App, view: &CaseView, chosen: &Chosen) -> Result<Sheet, Problem> {
    let form = chosen.form();
    let asked = ask(app, view, form).map_err(comity_node::NodeFault::Wrong)?;
    let day = asked.day.to_string();
    let row = |row: Row| {
        vec![
            json!(form.map_or("none", Form::name)),
            json!(day),
            json!(row.channel.name()),
            json!(row.law.name),
            json!(row.law.says),
            json!(row.law.cite),
            json!(!row.law.unverified),
            json!(row.policy),
        ]
    };
    let rows = asked.rows.into_iter().map(row).collect();
    Ok(Sheet { name: "program", columns: COLUMNS, rows })
}

const COLUMNS: &[&str] =
    &["form", "on", "channel", "law", "says", "cite", "read_in_primary_text", "policy"];

/// `GET /cases/{case}/program.csv`
async fn csv(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(case): Path<String>,
    Query(chosen): Query<Chosen>,
) -> Result<Response, Problem> {
    let view = view_of(&app, &caller, &case).await?;
    sheet(&app, &view, &chosen)?.reply("csv")
}

/// `GET /cases/{case}/program.json`
async fn json(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(case): Path<String>,
    Query(chosen): Query<Chosen>,
) -> Result<Response, Problem> {
    let view = view_of(&app, &caller, &case).await?;
    sheet(&app, &view, &chosen)?.reply("json")
}

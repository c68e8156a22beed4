//! The workbench: a draft beside what is wrong with it, its cases, and a sample case decided with
//! and without it. A draft is text in a form and never touches the node's own library; nothing of
//! it is stored.

use super::coverage::in_turn;
use super::{find, twin};
use crate::account::Permission;
use crate::api::Query;
use crate::app::App;
use crate::door::Caller;
use crate::pages::form::Sent;
use crate::pages::frame::{Frame, show};
use crate::pages::words;
use crate::problem::Problem;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use comity_model::Diagnostic;
use comity_policy::case::{CaseFile, Question, read_case};
use comity_policy::explain::body_html;
use comity_policy::prove::prove_one;
use comity_policy::{Channel, Library, PolicyFile, PolicyIndex, Scope};
use serde::Deserialize;
use std::sync::Arc;

/// Most bytes of a draft. The largest file of the library has 40 KB.
pub const DRAFT_BYTES_MAX: usize = 128 << 10;

/// Most bytes of a case.
pub const CASE_BYTES_MAX: usize = 32 << 10;

/// Most findings that are shown.
const FINDINGS_MAX: usize = 100;

/// What the draft is called in findings.
const DRAFT: &str = "draft.toml";

/// Where a draft and its case start from.
#[derive(Debug, Deserialize)]
pub(super) struct From {
    /// A policy of the library.
    #[serde(default)]
    from: String,
    /// `own-3`, or the id of a golden case.
    #[serde(default)]
    sample: String,
}

/// A finding beside the text.
struct Finding {
    is_error: bool,
    line: usize,
    column: usize,
    path: String,
    message: String,
    text: String,
    help: String,
    /// Empty for the draft itself: another file that it clashes with.
    file: String,
}

struct CaseLine {
    title: String,
    passes: bool,
    differences: Vec<String>,
}

/// What the checks say.
struct Checked {
    findings: Vec<Finding>,
    more: usize,
    /// The draft loads.
    loads: bool,
    /// The rules were proved not to contradict each other or other instruments.
    proof: String,
    cases: Vec<CaseLine>,
    failing: usize,
    uncovered: Vec<String>,
    rules: usize,
}

struct Answer {
    channel: String,
    before: String,
    after: String,
    differs: bool,
}

/// A case decided with the draft in the library.
struct Decided {
    title: String,
    trouble: Vec<Finding>,
    answers: Vec<Answer>,
    html: String,
}

struct Sample {
    value: String,
    says: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "workbench.html")]
struct Workbench {
    frame: Frame,
    text: String,
    case: String,
    sample: String,
    own: Vec<Sample>,
    golden: Vec<Sample>,
    checked: Option<Checked>,
    decided: Option<Decided>,
    has_research: bool,
    draft_kb_max: usize,
    lines: Vec<String>,
}

/// What a draft starts as where no policy is named.
const EMPTY: &str = include_str!("../../../assets/draft.toml");

/// `GET /policies/workbench`
pub(super) async fn start(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(from): Query<From>,
) -> Result<Response, Problem> {
    let text = if from.from.is_empty() {
        EMPTY.to_owned()
    } else {
        let policy = app.library.policy(find(&app.library, &from.from)?);
        policy.text.clone()
    };
    answer(app, caller, Work { text, case: String::new(), sample: from.sample, act: Act::Open })
        .await
}

/// What somebody asks of the workbench.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Open,
    Check,
    Decide,
}

#[derive(Debug, Clone)]
struct Work {
    text: String,
    case: String,
    sample: String,
    act: Act,
}

fn too_large(what: &str, max: usize) -> Problem {
    let detail = format!("{what} has more than {} KB", max >> 10);
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail)
}

/// A form's text. Browsers send line ends as CR LF.
fn text_of(sent: &Sent, field: &str, what: &str, max: usize) -> Result<String, Problem> {
    let text = sent.raw(field).replace("\r\n", "\n");
    if text.len() > max { Err(too_large(what, max)) } else { Ok(text) }
}

/// `POST /policies/workbench`
pub(super) async fn work(
    State(app): State<Arc<App>>,
    caller: Caller,
    sent: Sent,
) -> Result<Response, Problem> {
    let case = text_of(&sent, "case", "the case", CASE_BYTES_MAX)?;
    // Another sample was chosen than the one whose text stands there.
    let is_new = !sent.get("sample").is_empty() && sent.get("sample") != sent.get("was");
    let work = Work {
        text: text_of(&sent, "text", "the draft", DRAFT_BYTES_MAX)?,
        case: if is_new { String::new() } else { case },
        sample: sent.get("sample").to_owned(),
        act: if sent.get("act") == "decide" { Act::Decide } else { Act::Check },
    };
    answer(app, caller, work).await
}

/// `POST /policies/workbench/file`
pub(super) async fn file(sent: Sent) -> Result<Response, Problem> {
    let text = text_of(&sent, "text", "the draft", DRAFT_BYTES_MAX)?;
    // The file is called by its id, where its first lines have one.
    let id = text.lines().find_map(|l| l.trim().strip_prefix("id")?.trim().strip_prefix('='));
    let id = id.map(|id| id.trim().trim_matches(['"', '\'']).to_owned());
    let name =
        id.filter(|id| !id.is_empty() && id.len() < 100).unwrap_or_else(|| "draft".to_owned());
    Ok(twin::file(&format!("{name}.toml"), "application/toml; charset=utf-8", text))
}

async fn answer(app: Arc<App>, caller: Caller, work: Work) -> Result<Response, Problem> {
    let frame = Frame::of(&app, &caller, "Policy workbench", "/policies");
    let may_ask = caller.person.may(Permission::Export);
    let made = in_turn(&app, move |app| Made::of(app, &work)).await?;
    let Made { work, checked, decided, own } = made;
    let is = |value: &str| value == work.sample;
    let golden = app.counsel.cases.iter().map(|f| {
        let value = case_id(&f.name);
        Sample { says: golden_title(f), chosen: is(&value), value }
    });
    let own = own.into_iter().enumerate().map(|(i, says)| {
        let value = format!("own-{}", i + 1);
        Sample { chosen: is(&value), value, says }
    });
    show(&Workbench {
        frame,
        own: own.collect(),
        golden: golden.collect(),
        lines: work.text.lines().map(str::to_owned).collect(),
        text: work.text,
        case: work.case,
        sample: work.sample,
        checked,
        decided,
        has_research: app.research.is_some() && may_ask,
        draft_kb_max: DRAFT_BYTES_MAX >> 10,
    })
}

/// `SC002` of `cases/scenarios/SC002.toml`.
fn case_id(name: &str) -> String {
    let file = name.rsplit('/').next().unwrap_or(name);
    file.split('.').next().unwrap_or(file).to_owned()
}

fn golden_title(file: &PolicyFile) -> String {
    let text = String::from_utf8_lossy(&file.bytes);
    let title = text.lines().find_map(|l| l.strip_prefix("title")?.trim().strip_prefix('='));
    let title = title.map(|t| t.trim().trim_matches('"').to_owned()).unwrap_or_default();
    format!("{}: {title}", case_id(&file.name))
}

/// What was made of what was sent.
struct Made {
    work: Work,
    checked: Option<Checked>,
    decided: Option<Decided>,
    /// The titles of the draft's own cases.
    own: Vec<String>,
}

impl Made {
    fn of(app: &App, work: &Work) -> Made {
        let mut work = work.clone();
        let draft = PolicyFile { name: DRAFT.to_owned(), bytes: work.text.clone().into_bytes() };
        let loaded = app.library.with_draft(&draft);
        let own = loaded.as_ref().map_or_else(|_| Vec::new(), |(l, i, _)| titles(l, *i));
        if work.act != Act::Check && work.case.trim().is_empty() {
            work.case = sample_text(app, &loaded, &work.sample);
        }
        let checked = Some(checked(&loaded));
        let decided = match &loaded {
            Ok((library, ..)) if work.act == Act::Decide => {
                Some(decide(&app.library, library, &work.case))
            }
            _ => None,
        };
        Made { work, checked, decided, own }
    }
}

type Loaded = Result<(Library, PolicyIndex, Vec<Diagnostic>), Vec<Diagnostic>>;

fn titles(library: &Library, index: PolicyIndex) -> Vec<String> {
    let title = |i: usize| library.own_case(index, i).map(|c| c.title).unwrap_or_default();
    (0..library.cases(index).len()).map(|i| format!("{}. {}", i + 1, title(i))).collect()
}

/// The text of a sample: a case of the draft, or a golden one.
fn sample_text(app: &App, loaded: &Loaded, sample: &str) -> String {
    if let Some(number) = sample.strip_prefix("own-") {
        let Ok((library, index, _)) = loaded else { return String::new() };
        let number = number.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
        let text = number.and_then(|n| library.own_case_texts(*index).into_iter().nth(n));
        return text.unwrap_or_default();
    }
    let golden = app.counsel.cases.iter().find(|f| case_id(&f.name) == sample);
    golden.map(|f| String::from_utf8_lossy(&f.bytes).into_owned()).unwrap_or_default()
}

fn finding(d: &Diagnostic) -> Finding {
    Finding {
        is_error: d.is_error(),
        line: d.line,
        column: d.column,
        path: d.path.clone(),
        message: words::sentence(&d.message),
        text: d.text.clone(),
        help: d.help.clone(),
        file: if d.file == DRAFT { String::new() } else { d.file.clone() },
    }
}

fn checked(loaded: &Loaded) -> Checked {
    let mut found: Vec<Finding> = Vec::new();
    let mut out = Checked {
        findings: Vec::new(),
        more: 0,
        loads: loaded.is_ok(),
        proof: String::new(),
        cases: Vec::new(),
        failing: 0,
        uncovered: Vec::new(),
        rules: 0,
    };
    match loaded {
        Err(findings) => found.extend(findings.iter().map(finding)),
        Ok((library, index, warnings)) => {
            found.extend(warnings.iter().map(finding));
            let (reports, unread) = library.run_own_cases(*index);
            found.extend(unread.iter().map(finding));
            let report = prove_one(library, *index);
            found.extend(report.diagnostics.iter().map(finding));
            out.proof = if report.is_proof() {
                format!(
                    "Proved: no two of its rules disagree on any case, and it contradicts no \
                     other instrument of its level ({} pairs of rules).",
                    report.pairs_checked
                )
            } else if report.unsettled > 0 {
                format!("{} questions were not settled.", report.unsettled)
            } else {
                "It contradicts itself or another instrument: see the findings.".to_owned()
            };
            let exercised: std::collections::BTreeSet<u8> = reports
                .iter()
                .flat_map(|r| &r.exercised)
                .filter(|c| c.policy == *index)
                .map(|c| c.clause)
                .collect();
            let clauses = &library.policy(*index).clauses;
            out.rules = clauses.len();
            let uncovered = clauses.iter().enumerate();
            out.uncovered = uncovered
                .filter(|(i, _)| !exercised.contains(&(*i as u8)))
                .map(|(_, c)| c.id.0.clone())
                .collect();
            out.cases = reports
                .iter()
                .map(|r| CaseLine {
                    title: if r.title.is_empty() { r.case.clone() } else { r.title.clone() },
                    passes: r.passes(),
                    differences: r
                        .mismatches
                        .iter()
                        .map(|m| format!("{}: expected {}, found {}", m.what, m.expected, m.found))
                        .collect(),
                })
                .collect();
            out.failing = out.cases.iter().filter(|c| !c.passes).count();
        }
    }
    out.more = found.len().saturating_sub(FINDINGS_MAX);
    found.truncate(FINDINGS_MAX);
    out.findings = found;
    out
}

/// Decides a case with the draft and without it.
fn decide(before: &Library, after: &Library, text: &str) -> Decided {
    let mut out = Decided {
        title: String::new(),
        trouble: Vec::new(),
        answers: Vec::new(),
        html: String::new(),
    };
    let case = match read_case(after, "case", text.as_bytes(), &Question::default()) {
        Ok(case) => case,
        Err(found) => {
            out.trouble = found.iter().take(FINDINGS_MAX).map(finding).collect();
            return out;
        }
    };
    let CaseFile { title, steps, .. } = case;
    out.title = title;
    // Of a case of several days, the last is shown: what was known in the end.
    let Some(step) = steps.last() else { return out };
    let (old, new) = (
        before.derive(&step.facts, &Scope::InForce).answer,
        after.derive(&step.facts, &Scope::InForce).answer,
    );
    let explained = after.explain(&step.facts, &Scope::InForce, None);
    let shown = |c: &Channel| explained.channels.iter().any(|v| v.channel == *c);
    let word = |set: comity_policy::ModalitySet| match set.only() {
        Some(one) => one.words().to_owned(),
        None => {
            let words: Vec<&str> = set.iter().map(comity_policy::Modality::words).collect();
            format!("undetermined: {}", words.join(" or "))
        }
    };
    out.answers = Channel::ALL
        .into_iter()
        .filter(|c| shown(c) || old.outcome(*c) != new.outcome(*c))
        .map(|c| Answer {
            channel: words::plain(c.name()),
            before: word(old.outcome(c)),
            after: word(new.outcome(c)),
            differs: old.outcome(c) != new.outcome(c),
        })
        .collect();
    out.html = body_html(&explained);
    out
}

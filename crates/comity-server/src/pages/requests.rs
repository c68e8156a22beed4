//! The requests that this office sent, and what the agencies answered.

use super::board::known_by;
use super::frame::{Frame, show};
use super::sheet::Sheet;
use super::{PageRoute, needs, page, words};
use crate::account::{Permission, Subject};
use crate::api::Query;
use crate::app::App;
use crate::door::Caller;
use crate::problem::Problem;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use comity_exchange::case::{
    ASKED, Case, CaseId, Choice, CommandName, Request, RequestEnd, Side, ToldAnswer,
};
use comity_node::{CaseView, NodeFault, read_case};
use comity_policy::Channel;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

const SEE: crate::routes::Needs = needs(Permission::SeeCases);

pub(super) const PAGES: &[PageRoute] = &[
    page("GET", "/requests", SEE, "Requests that were sent, and their answers", || get(list)),
    page("GET", "/requests.csv", SEE, "The same as CSV", || get(csv)),
    page("GET", "/requests.json", SEE, "The same as JSON", || get(json)),
];

/// Requests on one page.
const ROWS: usize = 25;

/// Most requests in one file.
const FILE_ROWS: usize = 1_000;

/// Most cases that are read for one file.
const FILE_CASES: usize = 5_000;

/// Most cases that are read for one page: most cases have no request, and a page must come soon.
const CASES: usize = 150;

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    Waits,
    Answered,
    Withdrawn,
    Replaced,
    TooLate,
    Taken,
    Over,
}

/// The states that can be looked for, with their words.
const FILTERS: [(&str, &str); 6] = [
    ("", "All"),
    ("waits", "Not answered yet"),
    ("answered", "Answered"),
    ("withdrawn", "Withdrawn"),
    ("taken", "Taken"),
    ("over", "Over otherwise"),
];

impl Stands {
    fn of(case: &Case, request: &Request) -> Stands {
        match request.ended.map(|(why, _)| why) {
            Some(RequestEnd::Withdrawn) => return Stands::Withdrawn,
            Some(RequestEnd::Superseded(_)) => return Stands::Replaced,
            Some(RequestEnd::NotInCustody) => return Stands::TooLate,
            None => {}
        }
        if case.taken_reported_at.is_some() {
            return Stands::Taken;
        }
        if !case.in_custody() {
            return Stands::Over;
        }
        let is_answered = case.told.contains_key(&request.draft.request);
        if is_answered { Stands::Answered } else { Stands::Waits }
    }

    fn filter(self) -> &'static str {
        match self {
            Stands::Waits => "waits",
            Stands::Answered => "answered",
            Stands::Withdrawn => "withdrawn",
            Stands::Taken => "taken",
            Stands::Replaced | Stands::TooLate | Stands::Over => "over",
        }
    }

    fn says(self) -> &'static str {
        match self {
            Stands::Waits => "not answered yet",
            Stands::Answered => "answered",
            Stands::Withdrawn => "withdrawn",
            Stands::Replaced => "another took its place",
            Stands::TooLate => "came when the person had left",
            Stands::Taken => "the person was taken",
            Stands::Over => "custody ended",
        }
    }
}

/// The answer on one channel.
struct Answer {
    on: String,
    says: &'static str,
    law: String,
    cite: String,
}

/// One request.
struct Row {
    case: CaseId,
    who: String,
    number: String,
    agency: String,
    request: String,
    form: String,
    issued_at: Timestamp,
    issued_by: String,
    asks: Vec<Channel>,
    stands: Stands,
    served_at: Option<Timestamp>,
    answered_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    answers: Vec<Answer>,
    told: Option<ToldAnswer>,
    may_withdraw: bool,
}

fn rows_of(view: &CaseView) -> impl Iterator<Item = Row> + '_ {
    let (who, number) = known_by(view);
    view.case.requests.iter().map(move |request| {
        let id = request.draft.request;
        let told = view.case.told.get(&id);
        let issued_by = request.issued_by.as_ref();
        Row {
            case: view.case.id,
            who: who.clone(),
            number: number.clone(),
            agency: view.row.peer.as_str().to_owned(),
            request: id.to_string(),
            form: request.draft.form.name().to_owned(),
            issued_at: request.received_at,
            issued_by: issued_by.map_or_else(String::new, |by| by.id.as_str().to_owned()),
            asks: request.draft.asks.iter().copied().collect(),
            stands: Stands::of(&view.case, request),
            served_at: request.served_at,
            answered_at: told.map(|(_, at)| *at),
            ended_at: request.ended.map(|(_, at)| at),
            answers: told.map(|(told, _)| answers(told)).unwrap_or_default(),
            told: told.map(|(told, _)| told.clone()),
            may_withdraw: request.stands(),
        }
    })
}

/// What an agency says on a channel.
pub fn choice_says(choice: Choice) -> &'static str {
    match choice {
        Choice::Comply => "complies",
        Choice::Decline => "declines",
        Choice::Open => "cannot say yet",
    }
}

fn answers(told: &ToldAnswer) -> Vec<Answer> {
    let one = |(channel, told): (&Channel, &comity_exchange::case::ToldChoice)| Answer {
        on: words::sentence(&words::plain(channel.name())),
        says: choice_says(told.choice),
        law: words::plain(&told.law),
        cite: told.cite.clone(),
    };
    told.channels.iter().map(one).collect()
}

/// What a link says.
#[derive(Debug, Default, Deserialize)]
struct ListQuery {
    #[serde(default)]
    state: String,
    after: Option<String>,
}

impl ListQuery {
    /// The state that is looked for; one that there is not is none.
    fn state(&self) -> &'static str {
        FILTERS.iter().find(|(name, _)| *name == self.state).map_or("", |(name, _)| *name)
    }
}

struct Tab {
    href: String,
    says: &'static str,
    is_here: bool,
}

#[derive(Template)]
#[template(path = "requests.html")]
struct RequestsPage {
    frame: Frame,
    tabs: Vec<Tab>,
    rows: Vec<Row>,
    next: String,
    state: &'static str,
    may_withdraw: bool,
}

impl Row {
    /// What it asks for, in words.
    fn channels(&self) -> String {
        let names: Vec<String> = self.asks.iter().map(|c| words::plain(c.name())).collect();
        names.join(", ")
    }
}

struct Read {
    rows: Vec<Row>,
    next: Option<(Timestamp, CaseId)>,
}

/// Requests of the cases that changed last, until there are enough, or enough cases were read.
async fn read(
    app: &App,
    caller: &Caller,
    query: &ListQuery,
    (rows_max, cases_max): (usize, usize),
) -> Result<Read, Problem> {
    if app.side != Side::Federal {
        return Err(Problem::not_found());
    }
    let after = query.after.as_deref().map(crate::api::cases::cursor).transpose()?;
    let (key, side, state) = (app.store_key.clone(), app.side, query.state());
    let read = app
        .readers
        .read(move |reads| {
            let (mut rows, mut next, mut seen) = (Vec::new(), after, 0);
            loop {
                let page = reads.cases(false, next, ROWS)?;
                next = page.next;
                for row in page.rows {
                    match read_case(reads, &key, side, row.case) {
                        Ok(view) => rows.extend(
                            rows_of(&view)
                                .filter(|r| state.is_empty() || r.stands.filter() == state),
                        ),
                        // Erased since the list was read.
                        Err(NodeFault::NoCase(_)) => {}
                        Err(fault) => return Err(fault),
                    }
                    seen += 1;
                }
                if next.is_none() || rows.len() >= rows_max || seen >= cases_max {
                    return Ok(Read { rows, next });
                }
            }
        })
        .await?;
    caller.saw(app, Subject::Cases).await?;
    let mut read = read.map_err(Problem::from)?;
    read.rows.sort_by_key(|row| std::cmp::Reverse(row.issued_at));
    Ok(read)
}

/// `GET /requests`
async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let Read { rows, next } = read(&app, &caller, &query, (ROWS, CASES)).await?;
    let state = query.state();
    let tabs = FILTERS.iter().map(|(name, says)| Tab {
        href: if name.is_empty() {
            "/requests".to_owned()
        } else {
            format!("/requests?state={name}")
        },
        says,
        is_here: *name == state,
    });
    let next = next.map(|(at, case)| format!("{}_{case}", at.as_nanosecond())).unwrap_or_default();
    show(&RequestsPage {
        frame: Frame::of(&app, &caller, "Requests", "/requests"),
        tabs: tabs.collect(),
        rows,
        next,
        state,
        may_withdraw: caller.person.may(Permission::Enter(CommandName::WithdrawRequest)),
    })
}

const COLUMNS: &[&str] = &[
    "case",
    "submission",
    "agency",
    "request",
    "form",
    "issued_at",
    "issued_by",
    "asks",
    "state",
    "served_at",
    "answered_at",
    "ended_at",
    "hold",
    "notify",
    "transfer",
    "interview",
    "share_status",
];

async fn sheet(app: &App, caller: &Caller, query: &ListQuery) -> Result<Sheet, Problem> {
    let read = read(app, caller, query, (FILE_ROWS, FILE_CASES)).await?;
    let moment = |at: Option<Timestamp>| at.map_or(Value::Null, |at| json!(at.to_string()));
    let one = |row: Row| {
        let asks: Vec<&str> = row.asks.iter().map(|c| c.name()).collect();
        let mut cells = vec![
            json!(row.case.to_string()),
            json!(row.number),
            json!(row.agency),
            json!(row.request),
            json!(row.form),
            json!(row.issued_at.to_string()),
            json!(row.issued_by),
            json!(asks.join(" ")),
            json!(row.stands.says()),
            moment(row.served_at),
            moment(row.answered_at),
            moment(row.ended_at),
        ];
        cells.extend(ASKED.iter().map(|channel| {
            let told = row.told.as_ref().and_then(|told| told.channels.get(channel));
            told.map_or(Value::Null, |told| json!(told.choice))
        }));
        cells
    };
    let rows = read.rows.into_iter().map(one).collect();
    Ok(Sheet { name: "requests", columns: COLUMNS, rows })
}

/// `GET /requests.csv`
async fn csv(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    sheet(&app, &caller, &query).await?.reply("csv")
}

/// `GET /requests.json`
async fn json(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    sheet(&app, &caller, &query).await?.reply("json")
}

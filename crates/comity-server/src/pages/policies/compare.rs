//! Two instruments, or the law of a place on two days: per channel, the exact case on which they
//! part, or the proof that there is none.

use super::coverage::in_turn;
use super::days::{self, DayChannel, Moved};
use super::one::called;
use super::{Choice, day_of, find, place_choices, place_of, policy_choices, twin};
use crate::api::Query;
use crate::app::App;
use crate::door::Caller;
use crate::pages::frame::{Frame, show};
use crate::pages::words;
use crate::problem::Problem;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use comity_model::Day;
use comity_policy::prove::{Compared, Parting, Said, compare};
use comity_policy::{Channel, Library, Policy, PolicyIndex};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What is compared: `a` and `b`, or the law at `at` on the days `on` and `then`.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Ask {
    #[serde(default)]
    a: String,
    #[serde(default)]
    b: String,
    #[serde(default)]
    at: String,
    #[serde(default)]
    on: String,
    #[serde(default)]
    then: String,
}

/// One channel of two instruments.
#[derive(Debug, Serialize)]
pub(super) struct ChannelRow {
    pub channel: String,
    /// `parts`, `same`, `unsettled`.
    pub result: &'static str,
    pub first: String,
    pub first_rule: String,
    pub second: String,
    pub second_rule: String,
    pub place: String,
    /// The case, as lines of a case file.
    pub case: Vec<String>,
}

/// What came of a comparison.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Result_ {
    Instruments { first: Head, second: Head, channels: Vec<ChannelRow> },
    Days { place: String, on: String, then: String, moved: Vec<Moved>, channels: Vec<DayChannel> },
}

/// An instrument that is compared.
#[derive(Debug, Serialize)]
struct Head {
    id: String,
    title: String,
    from: String,
    until: String,
    reading: &'static str,
    #[serde(skip)]
    is_primary: bool,
    sha256: String,
}

#[derive(Template)]
#[template(path = "policies_compare.html")]
struct ComparePage {
    frame: Frame,
    ask: Ask,
    first: Vec<(&'static str, Vec<Choice>)>,
    second: Vec<(&'static str, Vec<Choice>)>,
    places: Vec<Choice>,
    query: String,
    result: Option<Result_>,
}

fn head(policy: &Policy) -> Head {
    Head {
        id: policy.id.0.clone(),
        title: policy.title.clone(),
        from: policy.from.to_string(),
        until: super::until_of(policy),
        reading: super::weakest(policy).words(),
        is_primary: super::weakest(policy) == comity_policy::Verified::Primary,
        sha256: policy.hash.to_string(),
    }
}

fn said(of: &Said) -> (String, String) {
    let rule = of.clause.as_ref().map(|rule| rule.0.clone()).unwrap_or_default();
    (words::plain(of.stance.name()), rule)
}

fn row(library: &Library, channel: Channel, compared: &Compared) -> ChannelRow {
    let plain = |result| ChannelRow {
        channel: words::plain(channel.name()),
        result,
        first: String::new(),
        first_rule: String::new(),
        second: String::new(),
        second_rule: String::new(),
        place: String::new(),
        case: Vec::new(),
    };
    match compared {
        Compared::Same => plain("same"),
        Compared::Unsettled => plain("unsettled"),
        Compared::Parts(parting) => {
            let Parting { first, second, lines, place, .. } = parting.as_ref();
            let ((first, first_rule), (second, second_rule)) = (said(first), said(second));
            let (case, place) = (lines.clone(), called(library, place));
            ChannelRow { first, first_rule, second, second_rule, place, case, ..plain("parts") }
        }
    }
}

fn instruments(library: &Library, a: PolicyIndex, b: PolicyIndex) -> Result_ {
    let (first, second) = (library.policy(a), library.policy(b));
    let compared = compare(first, second, library.places());
    let channels = compared.iter().map(|(channel, c)| row(library, *channel, c)).collect();
    Result_::Instruments { first: head(first), second: head(second), channels }
}

impl Ask {
    /// The two days, the earlier first.
    fn days(&self) -> Result<Option<(Day, Day)>, Problem> {
        Ok(day_of(&self.on)?.zip(day_of(&self.then)?).map(|(a, b)| (a.min(b), a.max(b))))
    }

    fn query(&self) -> String {
        let pairs = [
            ("a", &self.a),
            ("b", &self.b),
            ("at", &self.at),
            ("on", &self.on),
            ("then", &self.then),
        ];
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs.into_iter().filter(|(_, value)| !value.is_empty()));
        query.finish()
    }
}

async fn result(app: &Arc<App>, ask: &Ask) -> Result<Option<Result_>, Problem> {
    if !ask.a.is_empty() && !ask.b.is_empty() {
        let (a, b) = (find(&app.library, &ask.a)?, find(&app.library, &ask.b)?);
        return in_turn(app, move |app| instruments(&app.library, a, b)).await.map(Some);
    }
    let Some((on, then)) = ask.days()? else { return Ok(None) };
    let place = place_of(&app.library, &ask.at)?.clone();
    let days = in_turn(app, move |app| {
        let (moved, channels) = days::compare_days(&app.library, &place, on, then);
        let (on, then) = (on.to_string(), then.to_string());
        Result_::Days { place: place.name, on, then, moved, channels }
    });
    days.await.map(Some)
}

/// `GET /policies/compare`
pub(super) async fn page(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(ask): Query<Ask>,
) -> Result<Response, Problem> {
    let result = result(&app, &ask).await?;
    show(&ComparePage {
        frame: Frame::of(&app, &caller, "Compare the law", "/policies"),
        first: policy_choices(&app.library, &ask.a),
        second: policy_choices(&app.library, &ask.b),
        places: place_choices(&app.library, &ask.at),
        query: ask.query(),
        ask,
        result,
    })
}

/// `GET /policies/compare.json`
pub(super) async fn json(
    State(app): State<Arc<App>>,
    Query(ask): Query<Ask>,
) -> Result<Response, Problem> {
    let result = result(&app, &ask).await?.ok_or_else(nothing)?;
    Ok(twin::json(&result))
}

fn nothing() -> Problem {
    Problem::bad_request("nothing-to-compare", "name two instruments, or a place and two days")
}

/// `GET /policies/compare.csv`
pub(super) async fn csv(
    State(app): State<Arc<App>>,
    Query(ask): Query<Ask>,
) -> Result<Response, Problem> {
    let heads = ["channel", "result", "first", "first_rule", "second", "second_rule", "case"];
    let rows: Vec<Vec<String>> = match result(&app, &ask).await?.ok_or_else(nothing)? {
        Result_::Instruments { channels, .. } => channels
            .into_iter()
            .map(|c| {
                let (case, result) = (c.case.join("\n"), c.result.to_owned());
                vec![c.channel, result, c.first, c.first_rule, c.second, c.second_rule, case]
            })
            .collect(),
        Result_::Days { channels, .. } => channels
            .into_iter()
            .map(|c| {
                let (case, result) = (c.case.join("\n"), c.result.to_owned());
                vec![c.channel, result, c.first, c.first_cite, c.second, c.second_cite, case]
            })
            .collect(),
    };
    Ok(twin::csv("comparison", &heads, &rows))
}

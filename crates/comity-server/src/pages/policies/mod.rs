//! Counsel's room: the library as a table, on a map and on a timeline; one instrument; two of
//! them compared; and the workbench. The library is public: everybody who is signed in reads it.

mod compare;
mod coverage;
mod days;
mod list;
mod map;
mod one;
mod timeline;
mod twin;
mod workbench;

pub use coverage::Counsel;
pub use workbench::DRAFT_BYTES_MAX;

use super::{PageRoute, page};
use crate::problem::Problem;
use crate::routes::Needs;
use axum::routing::{get, post};
use comity_model::Day;
use comity_model::place::Place;
use comity_policy::{Level, Library, Policy, PolicyIndex, Verified};
use serde::Deserialize;

pub(super) const PAGES: &[PageRoute] = &[
    page("GET", "/policies", Needs::SignedIn, "The library: table, map and timeline", || {
        get(list::list)
    }),
    page("GET", "/policies.csv", Needs::SignedIn, "The library as CSV", || get(list::csv)),
    page("GET", "/policies.json", Needs::SignedIn, "The library as JSON", || get(list::json)),
    page("GET", "/policies/map.svg", Needs::SignedIn, "The library as a map", || get(list::map)),
    page("GET", "/policies/compare", Needs::SignedIn, "Two instruments, or two days", || {
        get(compare::page)
    }),
    page("GET", "/policies/compare.csv", Needs::SignedIn, "A comparison as CSV", || {
        get(compare::csv)
    }),
    page("GET", "/policies/compare.json", Needs::SignedIn, "A comparison as JSON", || {
        get(compare::json)
    }),
    page("GET", "/policies/workbench", Needs::SignedIn, "Draft a policy", || get(workbench::start)),
    page("POST", "/policies/workbench", Needs::SignedIn, "Check, run and decide a draft", || {
        post(workbench::work)
    }),
    page("POST", "/policies/workbench/file", Needs::SignedIn, "The draft as a file", || {
        post(workbench::file)
    }),
    page("GET", "/policies/{id}", Needs::SignedIn, "One instrument", || get(one::one)),
];

/// What of the library is shown.
#[derive(Debug, Clone, Default, Deserialize)]
struct Filter {
    /// A place's code; empty: everywhere.
    #[serde(default)]
    at: String,
    /// A day; empty: whenever.
    #[serde(default)]
    on: String,
}

impl Filter {
    /// The instruments that bind the place and are in force on the day.
    fn choose<'a>(&self, library: &'a Library) -> Result<Vec<(PolicyIndex, &'a Policy)>, Problem> {
        let place = self.place(library)?;
        let on = day_of(&self.on)?;
        let binds = |p: &Policy| {
            place.is_none_or(|at| binds(p, at)) && on.is_none_or(|day| p.in_force_on(day))
        };
        Ok(library.policies().filter(|(_, p)| binds(p)).collect())
    }

    fn place<'a>(&self, library: &'a Library) -> Result<Option<&'a Place>, Problem> {
        if self.at.is_empty() { Ok(None) } else { place_of(library, &self.at).map(Some) }
    }

    /// As the query of an address.
    fn query(&self) -> String {
        let pairs = [("at", &self.at), ("on", &self.on)];
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs.into_iter().filter(|(_, value)| !value.is_empty()));
        let query = query.finish();
        if query.is_empty() { query } else { format!("?{query}") }
    }
}

fn place_of<'a>(library: &'a Library, code: &str) -> Result<&'a Place, Problem> {
    library.places().find(code).map_err(|d| Problem::bad_request("unknown-place", d.message))
}

/// A day as forms send it; none where the field is empty.
fn day_of(text: &str) -> Result<Option<Day>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    Day::parse(text).map(Some).ok_or_else(|| {
        Problem::bad_request("bad-day", format!("`{text}` is no day; write 2014-06-02"))
    })
}

/// True if an instrument binds a place: the place itself, its state, a county around it.
pub(crate) fn binds(policy: &Policy, at: &Place) -> bool {
    policy.places.iter().any(|p| {
        p.0 == "us"
            || *p == at.code
            || Some(p) == at.county.as_ref()
            || Some(p.0.as_str()) == at.code.state()
    })
}

/// The policy of an id.
fn find(library: &Library, id: &str) -> Result<PolicyIndex, Problem> {
    library.find(id).map_err(|_| Problem::not_found())
}

fn name_of(library: &Library, code: &str) -> String {
    match library.places().get(code) {
        Some(place) => place.name.clone(),
        None if code == "us" => "United States".to_owned(),
        None => code.to_owned(),
    }
}

/// Where an instrument binds, in words.
fn places_of(library: &Library, policy: &Policy) -> String {
    let names: Vec<String> = policy.places.iter().map(|p| name_of(library, &p.0)).collect();
    names.join(", ")
}

fn until_of(policy: &Policy) -> String {
    policy.until.map(|day| day.to_string()).unwrap_or_default()
}

/// The weakest reading among an instrument's source and its rules.
fn weakest(policy: &Policy) -> Verified {
    let rules = policy.clauses.iter().map(|c| c.verified);
    rules.fold(policy.source.verified, Verified::max)
}

/// A choice of a form.
struct Choice {
    value: String,
    says: String,
    chosen: bool,
}

/// Places to choose from: states and every place of the registry, by name within its state.
fn place_choices(library: &Library, chosen: &str) -> Vec<Choice> {
    let label = |p: &Place| match p.code.state() {
        Some(state) if state != p.code.0 => format!("{} – {}", name_of(library, state), p.name),
        _ => p.name.clone(),
    };
    let mut out: Vec<Choice> = library
        .places()
        .iter()
        .map(|p| Choice { value: p.code.0.clone(), says: label(p), chosen: p.code.0 == chosen })
        .collect();
    out.sort_by(|a, b| a.says.cmp(&b.says));
    out
}

/// The library to choose an instrument from, by level and title.
fn policy_choices(library: &Library, chosen: &str) -> Vec<(&'static str, Vec<Choice>)> {
    let of = |level: Level| {
        let here = library.policies().filter(move |(_, p)| p.level == level);
        here.map(|(_, p)| Choice {
            value: p.id.0.clone(),
            says: format!(
                "{} ({} to {})",
                p.title,
                p.from,
                p.until.map_or_else(|| "open".to_owned(), |d| d.to_string())
            ),
            chosen: p.id.0 == chosen,
        })
        .collect()
    };
    Level::ALL.into_iter().map(|level| (level.name(), of(level))).collect()
}

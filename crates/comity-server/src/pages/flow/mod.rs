//! Recording something: one question a page, the answers to be checked before anything is sent,
//! and the same command however often it is sent.
//!
//! The answers so far travel in the form itself: nothing is kept at the node until it is sent,
//! two tabs do not disturb each other, and a restart of the node loses nothing.

mod agency;
mod ask;
mod book;
mod determine;
mod federal;
mod issue;
pub mod missing;
mod record;
mod run;
mod scene;

pub use ask::{Ask, Cell, Choice, Kind, LawSaid, Wrong};
pub use record::FACTS;
pub use run::random_hex;
pub use scene::{Scene, law_said};

use super::{PageRoute, page};
use crate::problem::Problem;
use crate::routes::Needs;
use axum::routing::{get, post};
use comity_exchange::case::CommandName;
use serde_json::Value;

pub(super) const PAGES: &[PageRoute] = &[
    page("GET", "/book", super::needs(BOOK), "Book a person", || get(run::begin_booking)),
    page("POST", "/book", super::needs(BOOK), "Book a person", || post(run::go_on_booking)),
    page("GET", "/cases/{case}/do/{flow}", Needs::Command, "Record something", || get(run::begin)),
    page("POST", "/cases/{case}/do/{flow}", Needs::Command, "Record something", || {
        post(run::go_on)
    }),
];

const BOOK: crate::account::Permission = crate::account::Permission::Enter(CommandName::Book);

/// A way to record one thing.
pub struct Flow {
    /// Its name in paths: `answer`.
    pub name: &'static str,
    /// The command that comes of it.
    pub command: CommandName,
    /// What it is for: the title of its pages.
    pub title: &'static str,
    /// The words of its last button.
    pub send: &'static str,
    /// What the person's page says afterwards.
    pub done: &'static str,
    /// Its questions, as the case stands.
    pub asks: fn(&Scene<'_>) -> Result<Vec<Ask>, Problem>,
    /// The entry that the answers make, as JSON.
    pub entry: fn(&Scene<'_>) -> Result<Value, Vec<Wrong>>,
}

/// All flows, in the order of a case.
pub fn all() -> impl Iterator<Item = &'static Flow> {
    std::iter::once(&book::BOOK).chain(agency::FLOWS).chain(record::FLOWS).chain(federal::FLOWS)
}

/// The flow of a name.
pub fn named(name: &str) -> Option<&'static Flow> {
    all().find(|flow| flow.name == name)
}

//! The desk: pages for people. Each module has the pages of one room, as a table of routes with
//! their handlers; `templates/` has what they look like.

pub mod account;
pub mod admin;
pub mod assets;
pub mod audit;
pub mod board;
pub mod candidates;
pub mod cases;
pub mod confirm;
pub mod court;
pub mod facts;
pub mod flow;
pub mod form;
pub mod frame;
pub mod gate;
pub mod help;
pub mod ledger;
pub mod mapping;
pub mod office;
pub mod papers;
pub mod person;
pub mod policies;
pub mod program;
pub mod qr;
pub mod report;
pub mod requests;
pub mod research;
pub mod second;
pub mod sheet;
pub mod sign_in;
pub mod timeline;
pub mod words;

use crate::account::Permission;
use crate::app::App;
use crate::routes::{Needs, Route, route};
use axum::routing::MethodRouter;
use std::sync::Arc;

/// A page: its route and what answers.
#[derive(Clone, Copy)]
pub struct PageRoute {
    /// The route.
    pub route: Route,
    /// Its handler.
    pub handler: fn() -> MethodRouter<Arc<App>>,
}

/// A page for everybody, or for everybody who is signed in, or for a permission.
pub(crate) const fn page(
    method: &'static str,
    path: &'static str,
    needs: Needs,
    says: &'static str,
    handler: fn() -> MethodRouter<Arc<App>>,
) -> PageRoute {
    PageRoute { route: route(method, path, needs, says), handler }
}

pub(crate) const fn needs(permission: Permission) -> Needs {
    Needs::Permission(permission)
}

/// The tables of all rooms.
const ROOMS: &[&[PageRoute]] = &[
    assets::PAGES,
    sign_in::PAGES,
    board::PAGES,
    cases::PAGES,
    facts::PAGES,
    flow::PAGES,
    papers::PAGES,
    person::PAGES,
    report::PAGES,
    court::PAGES,
    second::PAGES,
    account::PAGES,
    audit::PAGES,
    ledger::PAGES,
    help::PAGES,
    admin::ROOMS[0],
    admin::ROOMS[1],
    admin::ROOMS[2],
    admin::ROOMS[3],
    admin::ROOMS[4],
    admin::ROOMS[5],
    candidates::PAGES,
    program::PAGES,
    requests::PAGES,
    policies::PAGES,
    research::PAGES,
    mapping::PAGES,
];

/// Every page.
pub fn all() -> impl Iterator<Item = &'static PageRoute> {
    ROOMS.iter().flat_map(|room| room.iter())
}

/// The page of a request.
pub fn find(method: &str, path: &str) -> Option<&'static Route> {
    all().map(|page| &page.route).find(|route| route.method == method && route.path == path)
}

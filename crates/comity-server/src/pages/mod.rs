//! The desk: pages for people. Each module has the pages of one room, as a table of routes with
//! their handlers; `templates/` has what they look like.

pub mod assets;
pub mod board;
pub mod cases;
pub mod flow;
pub mod form;
pub mod frame;
pub mod gate;
pub mod person;
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
const ROOMS: &[&[PageRoute]] =
    &[assets::PAGES, sign_in::PAGES, board::PAGES, cases::PAGES, flow::PAGES, person::PAGES];

/// Every page.
pub fn all() -> impl Iterator<Item = &'static PageRoute> {
    ROOMS.iter().flat_map(|room| room.iter())
}

/// The page of a request.
pub fn find(method: &str, path: &str) -> Option<&'static Route> {
    all().map(|page| &page.route).find(|route| route.method == method && route.path == path)
}

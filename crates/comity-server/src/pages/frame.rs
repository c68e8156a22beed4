//! What every page has around it.

use crate::account::Permission;
use crate::app::App;
use crate::door::Caller;
use crate::pages::{help, words};
use crate::problem::Problem;
use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use comity_exchange::case::{CommandName, Side};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// What a browser may load and do: what comes from the node itself.
pub const CONTENT_SECURITY: &str = "default-src 'none'; style-src 'self'; font-src 'self'; \
     img-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'";

/// A link of the head.
pub struct Link {
    /// Where to.
    pub href: &'static str,
    /// Its words.
    pub says: &'static str,
    /// True on the pages below it.
    pub is_here: bool,
}

/// What every page has around it.
pub struct Frame {
    /// What the page is for.
    pub title: String,
    /// The party's name.
    pub party: String,
    /// Whose desk it is.
    pub desk: &'static str,
    /// Who is signed in; empty for nobody.
    pub account: String,
    /// In which roles.
    pub roles: String,
    /// The session's token against forms of other sites.
    pub csrf: String,
    /// The links of the head.
    pub links: Vec<Link>,
    /// Where the help on this page is.
    pub help: String,
    /// What was just done, to be said once.
    pub done: String,
    /// The node's clock, for browsers whose own is wrong.
    pub now: Timestamp,
    /// The node's zone.
    pub zone: TimeZone,
    /// True where the clock is set by hand.
    pub is_rehearsal: bool,
}

impl Frame {
    /// Around a page that everybody may see.
    pub fn open(app: &App, title: &str) -> Frame {
        Frame {
            title: title.to_owned(),
            party: app.party.as_str().to_owned(),
            desk: match app.side {
                Side::Agency => "Custody desk",
                Side::Federal => "Federal desk",
            },
            account: String::new(),
            roles: String::new(),
            csrf: String::new(),
            links: Vec::new(),
            help: "/help".to_owned(),
            done: String::new(),
            now: app.engine.clock.now(),
            zone: app.zone.clone(),
            is_rehearsal: app.engine.clock.is_simulated(),
        }
    }

    /// Around a page of somebody who is signed in. `room` is the first part of the page's path:
    /// `/cases`.
    pub fn of(app: &App, caller: &Caller, title: &str, room: &str) -> Frame {
        let roles: Vec<&str> = caller.person.account().roles().map(|r| r.name()).collect();
        let links = LINKS
            .iter()
            .filter(|(href, ..)| *href != REQUESTS || app.side == Side::Federal)
            .filter(|(_, _, needs)| needs.is_none_or(|permission| caller.person.may(permission)))
            .filter(|(href, ..)| *href != "/research" || app.research.is_some())
            .map(|(href, says, _)| Link { href, says, is_here: *href == room })
            .collect();
        Frame {
            account: caller.account.as_str().to_owned(),
            roles: roles.join(", "),
            csrf: caller.person.csrf().to_owned(),
            links,
            help: help::place(caller.person.account().roles(), room),
            ..Frame::open(app, title)
        }
    }

    /// A moment in the node's zone: `March 1, 2016, 8:05 a.m. EST`.
    pub fn at(&self, at: &Timestamp) -> String {
        words::moment(*at, &self.zone)
    }
}

/// The page of requests that were sent: of the federal side alone.
const REQUESTS: &str = "/requests";

/// The links of the head, and what each needs.
const LINKS: &[(&str, &str, Option<Permission>)] = &[
    ("/board", "Today", Some(Permission::SeeWorklist)),
    ("/cases", "People", Some(Permission::SeeCases)),
    (REQUESTS, "Requests", Some(Permission::SeeCases)),
    ("/book", "Book", Some(Permission::Enter(CommandName::Book))),
    ("/standing", "Standing choices", Some(Permission::Confirm)),
    ("/policies", "Law", None),
    ("/research", "Research", Some(Permission::Export)),
    ("/ledger", "Ledger", Some(Permission::SeeLedger)),
    ("/audit", "Audit", Some(Permission::SeeAudit)),
    ("/admin", "The node", Some(Permission::SeeHealth)),
    ("/account", "Your account", Some(Permission::OwnAccount)),
];

/// A page as a reply.
///
/// # Errors
/// The page cannot be written.
pub fn show(page: &impl Template) -> Result<Response, Problem> {
    show_as(StatusCode::OK, page)
}

/// A page as a reply with a status.
///
/// # Errors
/// The page cannot be written.
pub fn show_as(status: StatusCode, page: &impl Template) -> Result<Response, Problem> {
    let html = page.render().map_err(|e| {
        tracing::error!("a page cannot be written: {e}");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "fault", "the page cannot be written")
    })?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY)),
    ];
    Ok((status, headers, html).into_response())
}

/// Sends the browser on.
pub fn go(to: &str) -> Response {
    let place = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response()
}

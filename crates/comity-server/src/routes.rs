//! Every route, what it needs and what it is for: the router, the permission check, the OpenAPI
//! document and the tests are made from this one table.

use crate::account::Permission;
use crate::api::{admin, cases, desk, exchange, import, ledger, own, session, webhooks};
use crate::app::App;
use crate::door::{self, Knock};
use crate::metrics::RequestLabels;
use crate::pages;
use crate::parcel::PARCEL_BYTES_MAX;
use crate::problem::Problem;
use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, get, post, put};
use comity_exchange::bookings::SHEET_BYTES_MAX;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tower_http::timeout::TimeoutLayer;

/// Most bytes of a body, where the route does not say otherwise.
const BODY_BYTES_MAX: usize = 1 << 20;

/// Longest time for one request.
const TIMEOUT: Duration = Duration::from_secs(60);

/// What a route needs of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: health, sign-in, and what proves itself by signatures.
    Nobody,
    /// A session or token.
    SignedIn,
    /// A permission.
    Permission(Permission),
    /// That the entry's own command is allowed; the handler asks when it knows which.
    Command,
}

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// None.
    None,
    /// JSON of a named schema.
    Json(&'static str),
    /// Bytes of a content type.
    Bytes(&'static str),
    /// A text of one of these content types.
    Text(&'static [&'static str]),
}

/// A route.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// `GET`, `POST`, `PUT`, `DELETE`.
    pub method: &'static str,
    /// The path, with names in braces.
    pub path: &'static str,
    /// What it needs.
    pub needs: Needs,
    /// What it is for.
    pub says: &'static str,
    /// The body that it takes.
    pub body: Body,
    /// The statuses that it answers with when all is well.
    pub ok: &'static [u16],
    /// Parameters of the query.
    pub query: &'static [&'static str],
}

pub(crate) const fn route(
    method: &'static str,
    path: &'static str,
    needs: Needs,
    says: &'static str,
) -> Route {
    Route { method, path, needs, says, body: Body::None, ok: &[200], query: &[] }
}

impl Route {
    const fn takes(self, body: Body) -> Route {
        Route { body, ..self }
    }

    const fn ok(self, ok: &'static [u16]) -> Route {
        Route { ok, ..self }
    }

    const fn query(self, query: &'static [&'static str]) -> Route {
        Route { query, ..self }
    }
}

const fn needs(permission: Permission) -> Needs {
    Needs::Permission(permission)
}

const OWN: Needs = needs(Permission::OwnAccount);
const ACCOUNTS: Needs = needs(Permission::ManageAccounts);
const BACKUPS: Needs = needs(Permission::ManageBackups);

/// All of them.
pub const ROUTES: &[Route] = &[
    route("GET", "/healthz", Needs::Nobody, "Whether the node answers and its store can be read"),
    route("GET", "/metrics", needs(Permission::SeeHealth), "Counters for Prometheus"),
    route("GET", "/api/v1/openapi.json", Needs::Nobody, "This document"),
    route("GET", "/api/v1/clock", Needs::SignedIn, "What the node's clock says"),
    route("PUT", "/api/v1/clock", needs(Permission::ManageSettings), "Set a simulated clock")
        .takes(Body::Json("SetClock")),
    route("POST", "/api/v1/session", Needs::Nobody, "Sign in")
        .takes(Body::Json("Credentials"))
        .ok(&[200, 202]),
    route("POST", "/api/v1/session/factor", Needs::Nobody, "Sign in: the second factor")
        .takes(Body::Json("Proof"))
        .ok(&[200, 202]),
    route(
        "POST",
        "/api/v1/session/unlock",
        Needs::Nobody,
        "Unlock a session, or show again who you are",
    )
    .takes(Body::Json("Proof"))
    .ok(&[200, 202]),
    route("PUT", "/api/v1/session/password", Needs::Nobody, "Set the first password, or change it")
        .takes(Body::Json("NewPassword"))
        .ok(&[200, 202]),
    route("POST", "/api/v1/session/app", Needs::Nobody, "A secret for an authenticator app"),
    route(
        "PUT",
        "/api/v1/session/app",
        Needs::Nobody,
        "Add the authenticator app by its first code",
    )
    .takes(Body::Json("AppCode")),
    route("GET", "/api/v1/session", Needs::SignedIn, "Who is signed in, and what the roles allow"),
    route("DELETE", "/api/v1/session", Needs::SignedIn, "Sign out").ok(&[204]),
    route(
        "GET",
        "/api/v1/worklist",
        needs(Permission::SeeWorklist),
        "What is to be done, by due time",
    )
    .query(&["role", "kind", "after", "limit"]),
    route(
        "GET",
        "/api/v1/stream",
        needs(Permission::SeeWorklist),
        "Server-sent events: something changed",
    ),
    route("GET", "/api/v1/cases", needs(Permission::SeeCases), "Cases, the last changed first")
        .query(&["in_custody", "after", "limit", "number"]),
    route("GET", "/api/v1/cases/{case}", needs(Permission::SeeCases), "A case as it stands")
        .ok(&[200, 304]),
    route(
        "GET",
        "/api/v1/cases/{case}/events",
        needs(Permission::SeeCases),
        "What happened in a case, each event with its leaf",
    ),
    route(
        "GET",
        "/api/v1/cases/{case}/advice",
        needs(Permission::SeeCases),
        "What the law says of a case now",
    ),
    route(
        "POST",
        "/api/v1/cases/{case}/advice",
        needs(Permission::SeeCases),
        "What the law says with a request that is not issued yet",
    )
    .takes(Body::Json("Draft")),
    route("POST", "/api/v1/cases/{case}/entries", Needs::Command, "Enter something into a case")
        .takes(Body::Json("EntrySent"))
        .ok(&[200, 201]),
    route(
        "PUT",
        "/api/v1/cases/{case}/prints",
        Needs::Command,
        "Send prints: an ANSI/NIST-ITL transaction",
    )
    .takes(Body::Bytes("application/octet-stream")),
    route(
        "POST",
        "/api/v1/bookings/import",
        needs(Permission::ImportBookings),
        "Book everybody on a sheet who was not imported before, or nobody",
    )
    .takes(Body::Text(import::SHEET_TYPES))
    .ok(&[200, 201]),
    route(
        "GET",
        "/api/v1/ledger",
        needs(Permission::SeeLedger),
        "How far the ledger is, and who countersigned",
    ),
    route(
        "GET",
        "/api/v1/ledger/checkpoint",
        needs(Permission::SeeLedger),
        "The newest checkpoint, a signed note",
    ),
    route("GET", "/api/v1/ledger/leaves/{index}", needs(Permission::SeeLedger), "A leaf"),
    route(
        "GET",
        "/api/v1/ledger/leaves/{index}/evidence",
        needs(Permission::Prove),
        "Evidence that a leaf is in the ledger, to be verified offline",
    ),
    route("GET", "/api/v1/audit", needs(Permission::SeeAudit), "Who saw and did what")
        .query(&["from", "case", "account", "limit"]),
    route("GET", "/api/v1/peers", needs(Permission::SeeLedger), "The parties that this node knows"),
    route("POST", "/api/v1/peers", needs(Permission::ManagePeers), "Make a party known")
        .takes(Body::Json("PeerNews"))
        .ok(&[201]),
    route("POST", "/api/v1/session/passkey/request", Needs::Nobody, "What a passkey is to sign"),
    route("POST", "/api/v1/session/passkey", Needs::Nobody, "Begin to add a passkey"),
    route("PUT", "/api/v1/session/passkey", Needs::Nobody, "Add the passkey")
        .takes(Body::Json("PasskeySent")),
    route("GET", "/api/v1/account", OWN, "One's own factors and sessions"),
    route("POST", "/api/v1/account/recovery", OWN, "New recovery codes, told once"),
    route("DELETE", "/api/v1/account/app", OWN, "Remove one's own authenticator app").ok(&[204]),
    route("DELETE", "/api/v1/account/passkeys/{passkey}", OWN, "Remove a passkey of one's own")
        .ok(&[204]),
    route("DELETE", "/api/v1/account/sessions", OWN, "End all other sessions of one's own")
        .ok(&[204]),
    route("DELETE", "/api/v1/account/sessions/{session}", OWN, "End a session of one's own")
        .ok(&[204]),
    route("GET", "/api/v1/accounts", ACCOUNTS, "The accounts"),
    route("POST", "/api/v1/accounts", ACCOUNTS, "Make an account; the invitation is told once")
        .takes(Body::Json("AccountSent"))
        .ok(&[201]),
    route("GET", "/api/v1/accounts/{account}", ACCOUNTS, "An account with its sessions"),
    route(
        "POST",
        "/api/v1/accounts/{account}/acts",
        ACCOUNTS,
        "Invite again, disable, enable, release, remove factors, end sessions",
    )
    .takes(Body::Json("ActSent")),
    route("PUT", "/api/v1/accounts/{account}/roles", ACCOUNTS, "Change its roles")
        .takes(Body::Json("RolesSent"))
        .ok(&[204]),
    route("PUT", "/api/v1/accounts/{account}/external", ACCOUNTS, "How it is known elsewhere")
        .takes(Body::Json("ExternalSent"))
        .ok(&[204]),
    route(
        "POST",
        "/api/v1/accounts/{account}/tokens",
        ACCOUNTS,
        "Make a token for a program; it is told once",
    )
    .takes(Body::Json("TokenSent"))
    .ok(&[201]),
    route(
        "DELETE",
        "/api/v1/accounts/{account}/sessions/{session}",
        ACCOUNTS,
        "End a session of an account, or a token",
    )
    .ok(&[204]),
    route("GET", "/api/v1/health", needs(Permission::SeeHealth), "How the node is doing"),
    route("GET", "/api/v1/settings", needs(Permission::ManageSettings), "What the node is set to"),
    route("GET", "/api/v1/keys", needs(Permission::ManageKeys), "What others need of this node"),
    route(
        "POST",
        "/api/v1/keys/rotate",
        needs(Permission::ManageKeys),
        "Change the key that signs messages",
    )
    .takes(Body::Json("RotateSent")),
    route(
        "POST",
        "/api/v1/keys/rotate-ledger",
        needs(Permission::ManageKeys),
        "Change the key that signs the ledger",
    ),
    route(
        "GET",
        "/api/v1/webhooks",
        needs(Permission::ManageWebhooks),
        "Where the node tells of events, and how the receivers are doing",
    ),
    route("GET", "/api/v1/backups", BACKUPS, "The backups, and what is under way"),
    route("POST", "/api/v1/backups", BACKUPS, "Begin a backup").ok(&[202]),
    route("POST", "/api/v1/backups/{backup}/drill", BACKUPS, "Begin a restore drill").ok(&[202]),
    route("GET", "/api/v1/audit/reviews", needs(Permission::SeeAudit), "The reviews of the audit"),
    route(
        "POST",
        "/api/v1/audit/reviews",
        needs(Permission::ReviewAudit),
        "Sign off a review of the audit",
    )
    .takes(Body::Json("ReviewSent"))
    .ok(&[201]),
    route(
        "POST",
        "/exchange/v1/messages",
        Needs::Nobody,
        "A peer's message with its files; signed",
    )
    .takes(Body::Bytes(crate::parcel::PARCEL_TYPE)),
    route("POST", "/exchange/v1/heads", Needs::Nobody, "A peer shows its ledger; signed")
        .takes(Body::Json("ShownHead")),
    route(
        "POST",
        "/exchange/v1/letters",
        Needs::Nobody,
        "Either of the two before, sealed, as a relay passes it on",
    )
    .takes(Body::Bytes(crate::post::LETTER_TYPE)),
];

fn handler(method: &str, path: &str) -> Option<MethodRouter<Arc<App>>> {
    Some(match (method, path) {
        ("GET", "/healthz") => get(desk::health),
        ("GET", "/metrics") => get(desk::metrics),
        ("GET", "/api/v1/openapi.json") => get(crate::openapi::serve),
        ("GET", "/api/v1/clock") => get(desk::clock),
        ("PUT", "/api/v1/clock") => put(desk::set_clock),
        ("POST", "/api/v1/session") => post(session::sign_in),
        ("POST", "/api/v1/session/factor") => post(session::factor),
        ("POST", "/api/v1/session/unlock") => post(session::unlock),
        ("PUT", "/api/v1/session/password") => put(session::password),
        ("POST", "/api/v1/session/app") => post(session::begin_app),
        ("PUT", "/api/v1/session/app") => put(session::finish_app),
        ("GET", "/api/v1/session") => get(session::who),
        ("DELETE", "/api/v1/session") => delete(session::sign_out),
        ("GET", "/api/v1/worklist") => get(desk::worklist),
        ("GET", "/api/v1/stream") => get(desk::stream),
        ("GET", "/api/v1/cases") => get(cases::list),
        ("GET", "/api/v1/cases/{case}") => get(cases::one),
        ("GET", "/api/v1/cases/{case}/events") => get(cases::events),
        ("GET", "/api/v1/cases/{case}/advice") => get(cases::advice),
        ("POST", "/api/v1/cases/{case}/advice") => post(cases::advice_of_draft),
        ("POST", "/api/v1/cases/{case}/entries") => post(cases::enter),
        ("PUT", "/api/v1/cases/{case}/prints") => {
            put(cases::prints).layer(DefaultBodyLimit::max(PARCEL_BYTES_MAX))
        }
        ("POST", "/api/v1/bookings/import") => {
            post(import::bookings).layer(DefaultBodyLimit::max(SHEET_BYTES_MAX))
        }
        ("GET", "/api/v1/ledger") => get(ledger::status),
        ("GET", "/api/v1/ledger/checkpoint") => get(ledger::checkpoint),
        ("GET", "/api/v1/ledger/leaves/{index}") => get(ledger::leaf),
        ("GET", "/api/v1/ledger/leaves/{index}/evidence") => get(ledger::evidence),
        ("GET", "/api/v1/audit") => get(desk::audit),
        ("GET", "/api/v1/peers") => get(desk::peers),
        ("POST", "/api/v1/peers") => post(desk::add_peer),
        ("POST", "/exchange/v1/messages") => {
            post(exchange::messages).layer(DefaultBodyLimit::max(PARCEL_BYTES_MAX))
        }
        ("POST", "/exchange/v1/letters") => post(exchange::letters).layer(DefaultBodyLimit::max(
            PARCEL_BYTES_MAX + comity_exchange::LETTER_OVERHEAD_BYTES,
        )),
        ("POST", "/exchange/v1/heads") => post(exchange::heads),
        _ => return account_handler(method, path),
    })
}

/// Handlers of what is about accounts and about the node itself.
fn account_handler(method: &str, path: &str) -> Option<MethodRouter<Arc<App>>> {
    let path = path.strip_prefix("/api/v1")?;
    Some(match (method, path) {
        ("POST", "/session/passkey/request") => post(own::passkey_request),
        ("POST", "/session/passkey") => post(own::begin_passkey),
        ("PUT", "/session/passkey") => put(own::finish_passkey),
        ("GET", "/account") => get(own::own),
        ("POST", "/account/recovery") => post(own::recovery),
        ("DELETE", "/account/app") => delete(own::remove_app),
        ("DELETE", "/account/passkeys/{passkey}") => delete(own::remove_passkey),
        ("DELETE", "/account/sessions") => delete(own::end_others),
        ("DELETE", "/account/sessions/{session}") => delete(own::end_session),
        ("GET", "/accounts") => get(admin::accounts),
        ("POST", "/accounts") => post(admin::make_account),
        ("GET", "/accounts/{account}") => get(admin::account),
        ("POST", "/accounts/{account}/acts") => post(admin::act),
        ("PUT", "/accounts/{account}/roles") => put(admin::set_roles),
        ("PUT", "/accounts/{account}/external") => put(admin::set_external),
        ("POST", "/accounts/{account}/tokens") => post(admin::make_token),
        ("DELETE", "/accounts/{account}/sessions/{session}") => delete(admin::end_session),
        ("GET", "/health") => get(admin::health),
        ("GET", "/settings") => get(admin::settings),
        ("GET", "/keys") => get(admin::keys),
        ("POST", "/keys/rotate") => post(admin::rotate_key),
        ("POST", "/keys/rotate-ledger") => post(admin::rotate_log_key),
        ("GET", "/webhooks") => get(webhooks::list),
        ("GET", "/backups") => get(admin::backups),
        ("POST", "/backups") => post(admin::make_backup),
        ("POST", "/backups/{backup}/drill") => post(admin::drill_backup),
        ("GET", "/audit/reviews") => get(admin::reviews),
        ("POST", "/audit/reviews") => post(admin::sign_off),
        _ => return None,
    })
}

/// The router over the table.
pub fn router(app: Arc<App>) -> Router {
    let mut router = Router::new();
    // Several methods on one path are merged by the router itself.
    for route in ROUTES {
        if let Some(handler) = handler(route.method, route.path) {
            router = router.route(route.path, handler);
        }
    }
    for page in pages::all() {
        router = router.route(page.route.path, (page.handler)());
    }
    router
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .route_layer(middleware::from_fn_with_state(app.clone(), guard))
        .fallback(nothing)
        .method_not_allowed_fallback(|| async {
            let status = StatusCode::METHOD_NOT_ALLOWED;
            Problem::new(status, "method", "this is not done here with that method")
        })
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, TIMEOUT))
        .with_state(app)
}

/// What is not in the table.
async fn nothing(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let problem = Problem::not_found();
    if pages::gate::is_browser(&headers) {
        return with_headers(pages::gate::page_of(&app, &problem));
    }
    problem.into_response()
}

/// The route of a request, by the table, and whether it is a page's.
fn find(method: &str, path: &str) -> Option<(&'static Route, bool)> {
    // A HEAD is a GET whose body is not sent.
    let method = if method == "HEAD" { "GET" } else { method };
    let known = ROUTES.iter().find(|route| route.method == method && route.path == path);
    known.map(|route| (route, false)).or_else(|| Some((pages::find(method, path)?, true)))
}

/// Before every handler: who calls, and whether the route is for them. After it: the count.
async fn guard(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let start = Instant::now();
    let path = request.extensions().get::<MatchedPath>().map(|p| p.as_str().to_owned());
    let route = find(request.method().as_str(), path.as_deref().unwrap_or_default());
    let response = match route {
        // What is not in the table is not there, whatever the router says.
        None => Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", "not done with that method")
            .into_response(),
        Some((route, is_page)) => {
            let from = request.extensions().get::<ConnectInfo<SocketAddr>>();
            let knock = Knock {
                cookie: app.door.cookie(),
                method: request.method().clone(),
                headers: request.headers().clone(),
                address: from.map(|ConnectInfo(address)| address.ip()),
            };
            if is_page {
                pages::gate::pass(&app, route, knock, request, next).await
            } else {
                match door::admit(&app, route, &knock).await {
                    Ok(caller) => {
                        request.extensions_mut().insert(knock);
                        if let Some(caller) = caller {
                            request.extensions_mut().insert(caller);
                        }
                        next.run(request).await
                    }
                    Err(problem) => problem.into_response(),
                }
            }
        }
    };
    if let Some((route, _)) = route {
        let labels = RequestLabels {
            route: route.path,
            method: route.method,
            status: response.status().as_u16(),
        };
        app.metrics.requests.get_or_create(&labels).inc();
        app.metrics.seconds.observe(start.elapsed().as_secs_f64());
    }
    with_headers(response)
}

/// What every reply carries.
fn with_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let mut put = |name: header::HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    put(header::CACHE_CONTROL, "no-store");
    put(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(header::REFERRER_POLICY, "no-referrer");
    put(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    put(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    response
}

//! Who calls, and whether a route is for them.

use crate::account::{
    AccountFault, AccountKey, AuditEvent, AuditOutcome, Desk, Origin, Outcome, Permission, Person,
    Presence, RelyingParty, Rules, SecondFactorRule, Stage, Subject, Throttle, What, Who,
    official_for,
};
use crate::app::App;
use crate::engine::Clock;
use crate::home::{Settings, SystemRandom};
use crate::problem::Problem;
use crate::routes::{Needs, Route};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use comity_exchange::case::{CommandName, OfficialId, OfficialRole, Side};
use comity_ledger::StoreKey;
use comity_model::Diagnostic;
use comity_node::{Ask, NodeFault};
use jiff::Timestamp;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The cookie of a session, where pages are served over TLS. The prefix keeps other hosts and
/// plain HTTP from setting it (RFC 6265bis, section 4.1.3.2).
const COOKIE: &str = "__Host-comity";

/// The header that carries a page's CSRF token.
pub const CSRF_HEADER: &str = "x-comity-csrf";

/// Most addresses whose failures are remembered.
const ADDRESSES_MAX: usize = 10_000;

/// The route that a page listens to as long as it is open.
const STREAM: &str = "/api/v1/stream";

/// How often something about an account is tried again that somebody else changed meanwhile.
const TRIES_MAX: usize = 4;

/// Sign-in of a server.
pub struct Door {
    side: Side,
    key: AccountKey,
    rules: Rules,
    throttle: Mutex<Throttle>,
    cookie: Arc<str>,
    is_secure: bool,
    clock: Clock,
}

impl Door {
    /// Sign-in of a node, as it is set.
    ///
    /// # Errors
    /// `bad-settings`.
    pub fn of(settings: &Settings, store_key: &StoreKey, clock: Clock) -> Result<Door, Diagnostic> {
        let host = settings.url.split("//").nth(1).unwrap_or_default();
        let id = host.split(['/', ':']).next().unwrap_or_default().to_owned();
        let (origin, name) = (settings.url.clone(), settings.party.clone());
        let second_factor = if settings.second_factor {
            SecondFactorRule::Required
        } else {
            SecondFactorRule::Optional
        };
        let rules = Rules::new(RelyingParty { id, origin, name }).second_factor(second_factor);
        let rules = rules.idle_minutes(settings.idle_minutes).ok_or_else(|| {
            Diagnostic::error("bad-settings", "a session locks after 1 to 30 minutes")
                .path("idle_minutes")
        })?;
        let throttle = Mutex::new(Throttle::new(ADDRESSES_MAX));
        let is_secure = settings.url.starts_with("https://");
        // Browsers keep one jar for all ports of a host: nodes on one machine need names of
        // their own.
        let cookie = if is_secure {
            COOKIE.to_owned()
        } else {
            format!("comity-{}", settings.listen.port())
        };
        let (side, key, cookie) = (settings.side, AccountKey::of(store_key), cookie.into());
        let clock = if settings.machine_sessions { Clock::system() } else { clock };
        Ok(Door { side, key, rules, throttle, cookie, is_secure, clock })
    }

    /// What the clock says that sessions and lockouts live by.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The name of a session's cookie.
    pub fn cookie(&self) -> Arc<str> {
        self.cookie.clone()
    }

    /// True where pages are served over TLS.
    pub fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// The addresses that failed.
    pub fn throttle(&self) -> MutexGuard<'_, Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Accounts as one request sees them.
    pub fn desk<'a>(
        &'a self,
        reads: &'a mut dyn comity_store::Reads,
        random: &'a mut SystemRandom,
        now: Timestamp,
        origin: Origin,
    ) -> Desk<'a> {
        Desk { reads, random, key: &self.key, rules: &self.rules, side: self.side, now, origin }
    }
}

/// Who calls.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The account.
    pub account: OfficialId,
    /// The person or program behind it, with session.
    pub person: Person,
    /// The session's token.
    pub token: Token,
    /// From where.
    pub origin: Origin,
    /// When.
    pub at: Timestamp,
}

/// A session's token; never printed.
#[derive(Clone)]
pub struct Token(pub String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Caller, Problem> {
        parts.extensions.get::<Caller>().cloned().ok_or_else(Problem::unauthorized)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Knock {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Knock, Problem> {
        parts.extensions.get::<Knock>().cloned().ok_or_else(Problem::unauthorized)
    }
}

impl Caller {
    /// As whom the caller gives a command: in the role that was said, or the first that may.
    ///
    /// # Errors
    /// No role may.
    pub fn role_for(
        &self,
        command: CommandName,
        said: Option<OfficialRole>,
    ) -> Result<OfficialRole, Problem> {
        if !self.person.may(Permission::Enter(command)) {
            return Err(Problem::forbidden());
        }
        let roles = self.person.account().roles();
        let fits = |role: &crate::account::Role| said.is_none() || role.official() == said;
        let side = self.person.side();
        official_for(roles.filter(fits), side, command).ok_or_else(Problem::forbidden)
    }

    fn event(&self, what: What, subject: Subject) -> AuditEvent {
        let who = Who::Account(self.account.clone());
        let (at, origin) = (self.at, self.origin);
        AuditEvent { what, at, origin, who, outcome: AuditOutcome::Done, subject }
    }

    /// Leaves a line in the audit before what was read is shown. No line, nothing shown.
    ///
    /// # Errors
    /// The store.
    pub async fn saw(&self, app: &App, subject: Subject) -> Result<(), Problem> {
        let ask = self.event(What::PersonRead, subject).to_ask();
        app.engine.ask(ask).await.map(drop).map_err(Problem::from)
    }

    /// The line of the audit for a permission that the caller uses.
    pub fn used(&self, permission: Permission, subject: Subject) -> Ask {
        self.event(What::PermissionUsed(permission), subject).to_ask()
    }
}

/// What of a request says who calls.
#[derive(Debug, Clone)]
pub struct Knock {
    /// The name of a session's cookie.
    pub cookie: Arc<str>,
    /// The method.
    pub method: Method,
    /// The headers.
    pub headers: HeaderMap,
    /// From where.
    pub address: Option<IpAddr>,
}

impl Knock {
    /// From where, for the audit.
    pub fn origin(&self) -> Origin {
        self.address.map_or(Origin::Node, Origin::Address)
    }

    /// The session's token, and whether a browser sent it by itself.
    pub fn token(&self) -> Option<(String, bool)> {
        let bearer = self.headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
        if let Some(token) = bearer.and_then(|v| v.strip_prefix("Bearer ")) {
            return Some((token.trim().to_owned(), false));
        }
        let cookies = self.headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
        let mut pairs = cookies.flat_map(|c| c.split(';')).filter_map(|c| c.trim().split_once('='));
        let (_, token) = pairs.find(|(name, _)| *name == &*self.cookie)?;
        Some((token.to_owned(), true))
    }
}

/// Lets a request in, or says why not. `None`: the route is for everybody.
///
/// # Errors
/// Nobody is signed in; a locked session; a role that may not; a change that another site sent.
pub async fn admit(
    app: &Arc<App>,
    route: &Route,
    knock: &Knock,
) -> Result<Option<Caller>, Problem> {
    let Some((token, by_cookie)) = knock.token() else {
        return if route.needs == Needs::Nobody { Ok(None) } else { Err(Problem::unauthorized()) };
    };
    let is_change = by_cookie && !knock.method.is_safe();
    if route.needs == Needs::Nobody && !is_change {
        return Ok(None);
    }
    let known = token.clone();
    // What a page asks by itself, again and again, keeps no session from locking.
    let is_activity = route.needs != Needs::Nobody && route.path != STREAM;
    let presence = at_desk(app, knock.origin(), move |desk| desk.present(&known, is_activity));
    let presence = presence.await?;
    if is_change {
        let (Presence::Locked(person) | Presence::Present(person)) = &presence else {
            return Err(Problem::unauthorized());
        };
        let sent = knock.headers.get(CSRF_HEADER).and_then(|v| v.to_str().ok());
        if !sent.is_some_and(|sent| person.csrf_fits(sent)) {
            let detail = format!("a change from a page carries `{CSRF_HEADER}`");
            return Err(Problem::new(StatusCode::FORBIDDEN, "csrf", detail));
        }
        if route.needs == Needs::Nobody {
            return Ok(None);
        }
    }
    let person = match presence {
        Presence::Nobody => return Err(Problem::unauthorized()),
        Presence::Locked(_) => {
            let detail = "the session is locked; unlock it with POST /api/v1/session/unlock";
            return Err(Problem::new(StatusCode::UNAUTHORIZED, "locked", detail));
        }
        Presence::Present(person) => person,
    };
    if ![Stage::Full, Stage::Software].contains(&person.stage()) {
        let detail = "signing in is not finished: a second factor or a password is still to come";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "half-signed-in", detail));
    }
    let caller = called(app, knock, token, person);
    let (at, origin) = (caller.at, caller.origin);
    if let Needs::Permission(permission) = route.needs
        && !caller.person.may(permission)
    {
        let refused = caller.person.audit_of(permission, Subject::Node, at, origin);
        app.engine.ask(refused.to_ask()).await.map_err(Problem::from)?;
        return Err(Problem::forbidden());
    }
    Ok(Some(caller))
}

fn called(app: &App, knock: &Knock, token: String, person: Person) -> Caller {
    let (at, origin) = (app.engine.clock.now(), knock.origin());
    Caller { account: person.id().clone(), person, token: Token(token), origin, at }
}

/// Who is signed in, whatever the route needs; nobody in a locked or half begun session.
///
/// # Errors
/// The store.
pub async fn present(app: &Arc<App>, knock: &Knock) -> Result<Option<Caller>, Problem> {
    let Some((token, _)) = knock.token() else { return Ok(None) };
    caller_of(app, knock, token).await
}

/// The same for a token that the caller was only just given.
///
/// # Errors
/// The store.
pub async fn caller_of(
    app: &Arc<App>,
    knock: &Knock,
    token: String,
) -> Result<Option<Caller>, Problem> {
    let known = token.clone();
    let presence = at_desk(app, knock.origin(), move |desk| desk.present(&known, true)).await?;
    Ok(match presence {
        Presence::Present(person) if person.stage() == Stage::Full => {
            Some(called(app, knock, token, person))
        }
        _ => None,
    })
}

/// Asks something about accounts that changes nothing.
///
/// # Errors
/// What the desk or the store says.
pub async fn look<T: Send + 'static>(
    app: &Arc<App>,
    origin: Origin,
    ask: impl FnOnce(&mut Desk<'_>) -> Result<T, AccountFault> + Send + 'static,
) -> Result<T, Problem> {
    let (desk_app, now) = (app.clone(), app.door.now());
    let seen = app.readers.read(move |reads| {
        let mut random = SystemRandom;
        ask(&mut desk_app.door.desk(reads, &mut random, now, origin))
    });
    Ok(seen.await??)
}

/// Asks something about accounts, keeps what comes of it, and only then tells it.
///
/// # Errors
/// What the desk or the store says.
pub async fn at_desk<T: Send + 'static>(
    app: &Arc<App>,
    origin: Origin,
    ask: impl Fn(&mut Desk<'_>) -> Result<Outcome<T>, AccountFault> + Send + Sync + 'static,
) -> Result<T, Problem> {
    let ask = Arc::new(ask);
    let mut tries = 0;
    loop {
        tries += 1;
        let (desk_app, ask, now) = (app.clone(), ask.clone(), app.door.now());
        let outcome = app.readers.read(move |reads| {
            let mut random = SystemRandom;
            ask(&mut desk_app.door.desk(reads, &mut random, now, origin))
        });
        let Outcome { value, changes, audit } = outcome.await??;
        if changes.is_empty() && audit.is_empty() {
            return Ok(value);
        }
        let mut asks: Vec<Ask> = audit.iter().map(AuditEvent::to_ask).collect();
        asks.push(Ask::Keep(changes));
        match app.engine.turn(asks).await {
            // Of two requests at once one finds the account changed, and is asked again.
            Err(NodeFault::Store(comity_store::Fault::Misfit(_))) => {
                if tries == TRIES_MAX {
                    let detail = "the account was changed by somebody else meanwhile; try again";
                    return Err(Problem::new(StatusCode::CONFLICT, "account-changed", detail));
                }
            }
            Err(fault) => return Err(fault.into()),
            Ok(done) => {
                for done in done {
                    done?;
                }
                return Ok(value);
            }
        }
    }
}

impl From<AccountFault> for Problem {
    fn from(fault: AccountFault) -> Problem {
        match fault {
            AccountFault::Wrong(found) => {
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                Problem::new(status, found.code, found.message)
            }
            AccountFault::NotPermitted(_) => Problem::forbidden(),
            AccountFault::Unconfirmed => {
                let detail = "show again who you are: POST /api/v1/session/unlock";
                Problem::new(StatusCode::FORBIDDEN, "unconfirmed", detail)
            }
            AccountFault::Damaged(found) => NodeFault::Damaged(found).into(),
            AccountFault::Store(fault) => fault.into(),
        }
    }
}

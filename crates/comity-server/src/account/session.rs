//! Sessions: who is signed in, how far, and until when. The browser holds a random token, the
//! store its hash.

use super::audit::{AuditEvent, AuditOutcome, Origin, Subject, What, Who};
use super::fault::AccountFault;
use super::passkey::Challenge;
use super::permission::Permission;
use super::record::Account;
use super::secret::{Secret, base64url, hmac_sha256, is_same, random, sha256};
use comity_exchange::case::{CommandName, Official, OfficialId, Side};
use comity_model::Diagnostic;
use comity_node::Random;
use comity_store::SessionRow;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// What programs' tokens start with, so that one that leaked is recognized.
pub const TOKEN_PREFIX: &str = "comity_";

/// Characters of 256 random bits in base64url.
const TOKEN_CHARS: usize = 43;

/// Names a session; says nothing about its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(pub(super) u64);

impl SessionId {
    /// A session's id as it is shown: 16 hexadecimal digits.
    pub fn parse(text: &str) -> Option<SessionId> {
        let fits = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
        u64::from_str_radix(text, 16).ok().filter(|_| fits).map(SessionId)
    }

    pub(super) fn new(from: &mut dyn Random) -> SessionId {
        SessionId(u64::from_be_bytes(random(from)))
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// How far somebody has signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The password was right; the second factor is to be shown.
    SecondFactor,
    /// A password or a second factor is to be set before anything else.
    Setup,
    /// Signed in.
    Full,
    /// A program, by its token.
    Software,
}

/// What the body of a session's row says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    pub id: SessionId,
    pub stage: Stage,
    pub started_at: Timestamp,
    /// The last time that its person did something, to the half minute.
    pub seen_at: Timestamp,
    /// The last time that its person showed who it is.
    pub confirmed_at: Timestamp,
    pub origin: String,
    /// Signed in by an invitation: a new password is to be set.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_invited: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<Challenge>,
    /// What a program's token is for.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub scopes: BTreeSet<Permission>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
}

/// A session of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Whose.
    pub account: OfficialId,
    /// When it ends at the latest.
    pub ends_at: Timestamp,
    pub(super) token_sha256: [u8; 32],
    pub(super) body: Body,
}

impl Session {
    pub(super) fn read(row: &SessionRow) -> Result<Session, AccountFault> {
        let body = serde_json::from_slice(&row.body).map_err(|e| {
            AccountFault::Damaged(
                Diagnostic::error("session-damaged", format!("a session cannot be read: {e}"))
                    .help("end the account's sessions"),
            )
        })?;
        Ok(Session {
            account: row.account.clone(),
            ends_at: row.ends_at,
            token_sha256: row.token_sha256,
            body,
        })
    }

    pub(super) fn row(&self) -> Result<SessionRow, AccountFault> {
        let body = serde_json::to_vec(&self.body).map_err(|e| {
            AccountFault::Damaged(Diagnostic::error("session-damaged", e.to_string()))
        })?;
        Ok(SessionRow {
            token_sha256: self.token_sha256,
            account: self.account.clone(),
            ends_at: self.ends_at,
            body,
        })
    }

    /// Its id.
    pub fn id(&self) -> SessionId {
        self.body.id
    }

    /// How far its person has signed in.
    pub fn stage(&self) -> Stage {
        self.body.stage
    }

    /// When it started.
    pub fn started_at(&self) -> Timestamp {
        self.body.started_at
    }

    /// When its person last did something, to the half minute.
    pub fn seen_at(&self) -> Timestamp {
        self.body.seen_at
    }

    /// From where it was started.
    pub fn origin(&self) -> &str {
        &self.body.origin
    }

    /// What a program's token is called; empty for a person's session.
    pub fn label(&self) -> &str {
        &self.body.label
    }

    /// What a program's token is for; empty for a person's session.
    pub fn scopes(&self) -> &BTreeSet<Permission> {
        &self.body.scopes
    }

    /// True if it is locked at a moment: nothing was done for too long, or the clock went back so
    /// far that nobody knows for how long.
    pub fn is_locked(&self, idle_max: SignedDuration, now: Timestamp) -> bool {
        let idle = now.duration_since(self.body.seen_at);
        self.body.stage == Stage::Full && (idle >= idle_max || idle <= -CLOCK_BACK_MAX)
    }
}

/// How far the clock may go back before sessions lock.
pub(super) const CLOCK_BACK_MAX: SignedDuration = SignedDuration::from_secs(120);

/// A token that was just made, and the session that it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    /// What the browser, or the program, is given. It is nowhere else.
    pub token: Secret,
    /// The session.
    pub session: Session,
}

/// A new token and its hash.
pub(super) fn new_token(prefix: &str, from: &mut dyn Random) -> (Secret, [u8; 32]) {
    let text = format!("{prefix}{}", base64url(&random::<32>(from)));
    let hash = sha256(text.as_bytes());
    (Secret::new(text), hash)
}

/// The hash of a token; `None` if no token looks like this.
pub(super) fn token_sha256(token: &str) -> Option<[u8; 32]> {
    let random = token.strip_prefix(TOKEN_PREFIX).unwrap_or(token);
    let is_sign = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    let fits = random.len() == TOKEN_CHARS && random.bytes().all(is_sign);
    fits.then(|| sha256(token.as_bytes()))
}

/// What a page must send back with every change, so that no other site can make the browser
/// send one. It follows from the token, which other sites cannot read.
pub(super) fn csrf_of(token: &str) -> String {
    base64url(&hmac_sha256(token.as_bytes(), b"comity-csrf/v1"))
}

/// Who sent a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    /// Nobody who is known: no token, or one that is over.
    Nobody,
    /// Somebody whose session is locked. What was under way is kept; nothing is shown.
    Locked(Person),
    /// Somebody; [`Person::stage`] says how far.
    Present(Person),
}

/// Somebody with a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub(super) account: Account,
    pub(super) session: Session,
    pub(super) side: Side,
    pub(super) csrf: String,
    pub(super) is_locked: bool,
}

impl Person {
    /// The account.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The account's name.
    pub fn id(&self) -> &OfficialId {
        &self.account.id
    }

    /// The session.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// How far they have signed in.
    pub fn stage(&self) -> Stage {
        self.session.body.stage
    }

    /// Which side their party is.
    pub fn side(&self) -> Side {
        self.side
    }

    /// What their pages carry against requests of other sites.
    pub fn csrf(&self) -> &str {
        &self.csrf
    }

    /// Whether a request carries it. A program's token is sent by no browser and needs none.
    pub fn csrf_fits(&self, sent: &str) -> bool {
        self.stage() == Stage::Software || is_same(self.csrf.as_bytes(), sent.as_bytes())
    }

    /// Whether they may do something now: signed in fully, not locked, one of the roles has the
    /// permission, and for a program one of the scopes.
    pub fn may(&self, permission: Permission) -> bool {
        let is_in = match self.stage() {
            Stage::Full => !self.is_locked,
            Stage::Software => self.session.body.scopes.contains(&permission),
            Stage::SecondFactor | Stage::Setup => false,
        };
        is_in && self.account.may(self.side, permission)
    }

    /// As whom they give a command; `None` if they may not.
    pub fn official(&self, command: CommandName) -> Option<Official> {
        let official = self.account.official(self.side, command);
        official.filter(|_| self.may(Permission::Enter(command)))
    }

    /// The line of the audit for a permission that they use, or are refused.
    pub fn audit_of(
        &self,
        permission: Permission,
        subject: Subject,
        at: Timestamp,
        origin: Origin,
    ) -> AuditEvent {
        let outcome = match (self.may(permission), self.is_locked, self.stage()) {
            (true, _, _) => AuditOutcome::Done,
            (_, true, _) => AuditOutcome::Refused("locked-session"),
            (_, _, Stage::SecondFactor | Stage::Setup) => AuditOutcome::Refused("not-signed-in"),
            _ => AuditOutcome::Refused("not-permitted"),
        };
        let who = Who::Account(self.id().clone());
        AuditEvent { what: What::PermissionUsed(permission), at, origin, who, outcome, subject }
    }
}

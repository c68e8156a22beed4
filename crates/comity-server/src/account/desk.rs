//! Where accounts are asked for anything: what is read, what is changed, what the audit is told.

use super::audit::{AuditEvent, AuditOutcome, Origin, Subject, What, Who};
use super::fault::AccountFault;
use super::passkey::RelyingParty;
use super::password::{Cost, Hasher};
use super::permission::Permission;
use super::record::Account;
use super::secret::AccountKey;
use super::session::{NewSession, Person, Session};
use comity_exchange::case::{OfficialId, Side};
use comity_node::Random;
use comity_store::{Change, Reads};
use jiff::{SignedDuration, Timestamp};

/// Longest idle time before a session locks (CJIS Security Policy AC-11: 30 minutes).
pub const IDLE_MINUTES_MAX: i64 = 30;

/// Failures that lock an account, and within how long (CJIS Security Policy AC-7).
pub const FAILURES_MAX: usize = 5;
/// See [`FAILURES_MAX`].
pub const FAILURES_WINDOW: SignedDuration = SignedDuration::from_mins(15);

/// Longest a session lives, whatever is done in it.
pub const SESSION_MAX: SignedDuration = SignedDuration::from_hours(12);

/// How long an account may go unused (CJIS Security Policy AC-2(3)).
pub const INACTIVE_MAX: SignedDuration = SignedDuration::from_hours(90 * 24);

/// How long an invitation is good.
pub const INVITATION_MAX: SignedDuration = SignedDuration::from_hours(72);

/// Longest that a program's token is good.
pub const TOKEN_MAX: SignedDuration = SignedDuration::from_hours(366 * 24);

/// How long the second step of signing in may take.
pub(super) const SECOND_STEP_MAX: SignedDuration = SignedDuration::from_mins(10);

/// How long setting up a password and a factor may take.
pub(super) const SETUP_MAX: SignedDuration = SignedDuration::from_mins(30);

/// For how long somebody who showed who it is may change factors.
pub(super) const CONFIRMED_FOR: SignedDuration = SignedDuration::from_mins(10);

/// Whether a person needs a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondFactorRule {
    /// Always (CJIS Security Policy IA-2(1), IA-2(2)).
    Required,
    /// Only those that have one: for a demonstration with invented people, and nothing else.
    Optional,
}

/// What a node may set about accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    pub(super) site: RelyingParty,
    pub(super) idle_max: SignedDuration,
    pub(super) cost: Cost,
    pub(super) second_factor: SecondFactorRule,
}

impl Rules {
    /// Sessions lock after 15 minutes, passwords cost what OWASP says, second factors are
    /// required.
    pub fn new(site: RelyingParty) -> Rules {
        Rules {
            site,
            idle_max: SignedDuration::from_mins(15),
            cost: Cost::OWASP,
            second_factor: SecondFactorRule::Required,
        }
    }

    /// With another idle time, in minutes; `None` unless it is 1 to [`IDLE_MINUTES_MAX`].
    pub fn idle_minutes(mut self, minutes: i64) -> Option<Rules> {
        self.idle_max = SignedDuration::from_mins(minutes);
        (1..=IDLE_MINUTES_MAX).contains(&minutes).then_some(self)
    }

    /// With another cost of passwords. Older ones are hashed anew when they are next used.
    #[must_use]
    pub fn cost(mut self, cost: Cost) -> Rules {
        self.cost = cost;
        self
    }

    /// With another rule on second factors.
    #[must_use]
    pub fn second_factor(mut self, rule: SecondFactorRule) -> Rules {
        self.second_factor = rule;
        self
    }
}

/// What came of something, and what is to be kept before anybody is told.
///
/// The changes of one outcome go into one batch. An account's row is replaced only where it is
/// still the one that was read, so of two requests at once one finds its changes refused by the
/// store (`misfit`); it is asked again, from reading on. A code is good once, and the fifth failure
/// locks, because of that.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Outcome<T> {
    /// What came of it.
    pub value: T,
    /// What is to be kept, in this order.
    pub changes: Vec<Change>,
    /// What the audit is to be told.
    pub audit: Vec<AuditEvent>,
}

impl<T> Outcome<T> {
    pub(super) fn new(value: T) -> Outcome<T> {
        Outcome { value, changes: Vec::new(), audit: Vec::new() }
    }

    pub(super) fn map<U>(self, change: impl FnOnce(T) -> U) -> Outcome<U> {
        Outcome { value: change(self.value), changes: self.changes, audit: self.audit }
    }

    pub(super) fn put(&mut self, account: &Account) -> Result<(), AccountFault> {
        let row = account.row().map_err(AccountFault::Damaged)?;
        self.changes.push(Change::PutAccount(row));
        Ok(())
    }

    pub(super) fn put_session(&mut self, session: &Session) -> Result<(), AccountFault> {
        self.changes.push(Change::PutSession(session.row()?));
        Ok(())
    }
}

/// What came of an attempt to sign in. Why it failed stands in the audit alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignIn {
    /// It failed. This is all that a client is told.
    Failed,
    /// A session started, or went on under a new token; its stage says what is next.
    Started(Box<NewSession>),
}

/// Who asks for a change of accounts.
#[derive(Debug, Clone, Copy)]
pub enum Actor<'a> {
    /// Somebody who is signed in.
    Person(&'a Person),
    /// Whoever may run commands on the node's machine: makes the first administrator.
    Console,
}

impl Actor<'_> {
    pub(super) fn who(self) -> Who {
        match self {
            Actor::Person(person) => Who::Account(person.id().clone()),
            Actor::Console => Who::Console,
        }
    }

    pub(super) fn must(self, permission: Permission) -> Result<(), AccountFault> {
        match self {
            Actor::Person(person) if !person.may(permission) => {
                Err(AccountFault::NotPermitted(permission))
            }
            Actor::Person(_) | Actor::Console => Ok(()),
        }
    }
}

/// Accounts as one request sees them: what to read from, the moment, and where it came from.
pub struct Desk<'a> {
    /// Where accounts and sessions are read.
    pub reads: &'a mut dyn Reads,
    /// Where random bytes come from.
    pub random: &'a mut dyn Random,
    /// The node's key for accounts.
    pub key: &'a AccountKey,
    /// What the node has set.
    pub rules: &'a Rules,
    /// The node's side.
    pub side: Side,
    /// The moment.
    pub now: Timestamp,
    /// Where the request came from.
    pub origin: Origin,
}

impl Desk<'_> {
    pub(super) fn hasher(&self) -> Hasher<'_> {
        Hasher::new(self.key, self.rules.cost)
    }

    pub(super) fn find(&mut self, id: &OfficialId) -> Result<Option<Account>, AccountFault> {
        let row = self.reads.account(id)?;
        row.map(|row| Account::read(&row)).transpose().map_err(AccountFault::Damaged)
    }

    pub(super) fn event(
        &self,
        what: What,
        who: Who,
        outcome: AuditOutcome,
        subject: Subject,
    ) -> AuditEvent {
        AuditEvent { what, at: self.now, origin: self.origin, who, outcome, subject }
    }

    /// An event that an account did to itself.
    pub(super) fn done(&self, what: What, account: &OfficialId) -> AuditEvent {
        let who = Who::Account(account.clone());
        self.event(what, who, AuditOutcome::Done, Subject::Account(account.clone()))
    }
}

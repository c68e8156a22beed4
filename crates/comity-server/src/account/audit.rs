//! What the audit tells: what, when, where, who, with which outcome, and about whom or what
//! (NIST SP 800-53 AU-3, CJIS Security Policy AU-2 and AU-3). Every field has a type that cannot
//! be empty. A person in custody stands in it by the case alone.

use super::permission::Permission;
use super::record::FactorKind;
use super::role::Role;
use super::session::SessionId;
use comity_exchange::Party;
use comity_exchange::case::{CaseId, OfficialId};
use comity_node::Ask;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::fmt;
use std::net::IpAddr;

/// Where something was done from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Over the network, from an address.
    Address(IpAddr),
    /// On the node's own machine, by its command line.
    Console,
    /// By the node itself.
    Node,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Address(address) => address.fmt(f),
            Origin::Console => f.write_str("console"),
            Origin::Node => f.write_str("node"),
        }
    }
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// An account that is signed in, or that signs in.
    Account(OfficialId),
    /// Somebody who gave the name of no account. The name is not kept: people type their
    /// passwords there.
    Stranger,
    /// Whoever may run commands on the node's machine.
    Console,
    /// The node: its nightly job.
    Node,
}

impl Who {
    fn text(&self) -> String {
        match self {
            Who::Account(id) => format!("account {}", id.as_str()),
            Who::Stranger => "stranger".to_owned(),
            Who::Console => "console".to_owned(),
            Who::Node => "node".to_owned(),
        }
    }
}

/// What it was about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// An account.
    Account(OfficialId),
    /// A name that no account has.
    NoAccount,
    /// A session of an account.
    Session(OfficialId, SessionId),
    /// A case.
    Case(CaseId),
    /// A list of cases: a worklist, a search, an export.
    Cases,
    /// Another party.
    Peer(Party),
    /// The node as a whole.
    Node,
}

impl Subject {
    fn text(&self) -> String {
        match self {
            Subject::Account(id) => format!("account {}", id.as_str()),
            Subject::NoAccount => "no account".to_owned(),
            Subject::Session(id, session) => format!("session {session} of {}", id.as_str()),
            Subject::Case(case) => format!("case {case}"),
            Subject::Cases => "cases".to_owned(),
            Subject::Peer(party) => format!("peer {}", party.as_str()),
            Subject::Node => "node".to_owned(),
        }
    }
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditOutcome {
    /// It was done.
    Done,
    /// It was refused, and why. The person may have been told less.
    Refused(&'static str),
}

/// What was done or tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Signing in by name and password, or by the agency's own sign-in.
    SignIn,
    /// The second step of signing in.
    SecondFactor(FactorKind),
    /// A session started.
    SessionStarted,
    /// A session was unlocked, or its person showed again who it is.
    Confirmed,
    /// A session ended.
    SessionEnded,
    /// All sessions of an account were ended.
    SessionsEnded,
    /// An account locked after too many failures.
    Locked,
    /// An administrator released it.
    Released,
    /// A password was set or changed.
    PasswordChanged,
    /// An invitation to set a new password was made.
    Invited,
    /// A second factor was added.
    FactorAdded(FactorKind),
    /// A second factor was removed.
    FactorRemoved(FactorKind),
    /// An account was made.
    AccountMade(Vec<Role>),
    /// Its roles, or how its person is known elsewhere, were changed.
    AccountChanged(Vec<Role>),
    /// It was disabled.
    AccountDisabled,
    /// It was enabled again.
    AccountEnabled,
    /// A token was made for a program.
    TokenMade,
    /// A permission was used, or refused.
    PermissionUsed(Permission),
    /// Data on a person was read.
    PersonRead,
    /// A privileged act other than on accounts: a stable name.
    Privileged(&'static str),
}

impl What {
    /// A stable name.
    pub fn code(&self) -> &'static str {
        match self {
            What::SignIn => "sign-in",
            What::SecondFactor(_) => "second-factor",
            What::SessionStarted => "session-started",
            What::Confirmed => "confirmed",
            What::SessionEnded => "session-ended",
            What::SessionsEnded => "sessions-ended",
            What::Locked => "locked",
            What::Released => "released",
            What::PasswordChanged => "password-changed",
            What::Invited => "invited",
            What::FactorAdded(_) => "factor-added",
            What::FactorRemoved(_) => "factor-removed",
            What::AccountMade(_) => "account-made",
            What::AccountChanged(_) => "account-changed",
            What::AccountDisabled => "account-disabled",
            What::AccountEnabled => "account-enabled",
            What::TokenMade => "token-made",
            What::PermissionUsed(_) => "permission-used",
            What::PersonRead => "person-read",
            What::Privileged(_) => "privileged",
        }
    }

    fn detail(&self) -> Option<Value> {
        match self {
            What::SecondFactor(kind) | What::FactorAdded(kind) | What::FactorRemoved(kind) => {
                Some(json!(kind.name()))
            }
            What::AccountMade(roles) | What::AccountChanged(roles) => Some(json!(roles)),
            What::PermissionUsed(permission) => Some(json!(permission)),
            What::Privileged(name) => Some(json!(name)),
            _ => None,
        }
    }
}

/// One line of the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// What.
    pub what: What,
    /// When.
    pub at: Timestamp,
    /// From where.
    pub origin: Origin,
    /// Who.
    pub who: Who,
    /// How it ended.
    pub outcome: AuditOutcome,
    /// About whom or what.
    pub subject: Subject,
}

impl AuditEvent {
    /// As a JSON object with `what`, `at`, `where`, `who`, `outcome`, `subject`; `detail` and
    /// `why` where there is more to say.
    pub fn to_json(&self) -> Map<String, Value> {
        let mut out = Map::new();
        let mut put = |name: &str, value: Value| out.insert(name.to_owned(), value);
        put("what", json!(self.what.code()));
        put("at", json!(self.at.to_string()));
        put("where", json!(self.origin.to_string()));
        put("who", json!(self.who.text()));
        put("subject", json!(self.subject.text()));
        match self.outcome {
            AuditOutcome::Done => put("outcome", json!("done")),
            AuditOutcome::Refused(why) => {
                put("why", json!(why));
                put("outcome", json!("refused"))
            }
        };
        if let Some(detail) = self.what.detail() {
            put("detail", detail);
        }
        out
    }

    /// What the node is asked, to keep this line.
    pub fn to_ask(&self) -> Ask {
        let account = match (&self.who, &self.subject) {
            (Who::Account(id), _) | (_, Subject::Account(id)) => Some(id.clone()),
            _ => None,
        };
        let case = match self.subject {
            Subject::Case(case) => Some(case),
            _ => None,
        };
        Ask::Audit { account, case, what: self.to_json() }
    }
}

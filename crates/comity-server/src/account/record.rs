//! An account, and how it stands in the store: JSON in the body of its row.

use super::passkey::Passkey;
use super::permission::{Permission, official_for};
use super::role::Role;
use super::session::SessionId;
use super::totp::AppSecret;
use comity_exchange::case::{CommandName, Official, OfficialId, Side};
use comity_model::Diagnostic;
use comity_store::AccountRow;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Kinds of second factors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactorKind {
    /// A code of an authenticator app (RFC 6238).
    App,
    /// A code from the printed list, each good once.
    Recovery,
    /// A passkey or security key (WebAuthn).
    Passkey,
}

impl FactorKind {
    /// A stable name.
    pub fn name(self) -> &'static str {
        match self {
            FactorKind::App => "app",
            FactorKind::Recovery => "recovery",
            FactorKind::Passkey => "passkey",
        }
    }
}

/// How a person is known to the agency's own sign-in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExternalId {
    /// The provider (`iss`).
    pub issuer: String,
    /// What the provider's configured claim says of the person (`sub` unless configured).
    pub subject: String,
}

/// An invitation to choose a password, made by an administrator; good once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Invitation {
    /// Hash of the code.
    pub code_sha256: [u8; 32],
    /// When it is good no more.
    pub ends_at: Timestamp,
}

/// A session that ended before its time. Sessions are rows of their own that a request in flight
/// may write once more; what stands here stays ended all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ended {
    /// Which.
    pub session: SessionId,
    /// After which it would be over anyway, and this line can go.
    pub ends_at: Timestamp,
}

/// What the body of an account's row says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    pub roles: BTreeSet<Role>,
    pub made_at: Timestamp,
    /// The last sign-in, or when it was made or enabled.
    pub active_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked_at: Option<Timestamp>,
    /// Failures since the last success, as many as count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<Timestamp>,
    /// Argon2id, as a PHC text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation: Option<Invitation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<AppSecret>,
    /// Hashes of the recovery codes that are left.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recovery: Vec<[u8; 32]>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passkeys: Vec<Passkey>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external: Option<ExternalId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ended: Vec<Ended>,
}

/// An account of a person or a program with this party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub id: OfficialId,
    pub(super) version: u64,
    pub(super) body: Body,
}

impl Account {
    pub(super) fn read(row: &AccountRow) -> Result<Account, Diagnostic> {
        let body = serde_json::from_slice(&row.body).map_err(|e| {
            let name = row.id.as_str();
            Diagnostic::error("account-damaged", format!("account `{name}` cannot be read: {e}"))
                .help("restore the store from a backup, or make the account anew")
        })?;
        Ok(Account { id: row.id.clone(), version: row.version, body })
    }

    /// The row of the account as it is now, to follow the one that was read.
    pub(super) fn row(&self) -> Result<AccountRow, Diagnostic> {
        let body = serde_json::to_vec(&self.body)
            .map_err(|e| Diagnostic::error("account-damaged", e.to_string()))?;
        Ok(AccountRow { id: self.id.clone(), version: self.version + 1, body })
    }

    /// Its roles, in the order of [`Role::ALL`].
    pub fn roles(&self) -> impl Iterator<Item = Role> + '_ {
        self.body.roles.iter().copied()
    }

    /// Whether one of its roles has a permission. Says nothing about whether its person is
    /// signed in: routes ask [`Person::may`](super::Person::may).
    pub fn may(&self, side: Side, permission: Permission) -> bool {
        self.roles().any(|role| permission.is_of(role, side))
    }

    /// As whom it gives a command; `None` if it may not.
    pub fn official(&self, side: Side, command: CommandName) -> Option<Official> {
        let role = official_for(self.roles(), side, command)?;
        Some(Official { id: self.id.clone(), role })
    }

    /// True for an account of a program.
    pub fn is_software(&self) -> bool {
        self.body.roles.contains(&Role::Software)
    }

    /// When it was made.
    pub fn made_at(&self) -> Timestamp {
        self.body.made_at
    }

    /// When it was last signed in with, or made or enabled.
    pub fn active_at(&self) -> Timestamp {
        self.body.active_at
    }

    /// When it was disabled; `None` if it is not.
    pub fn disabled_at(&self) -> Option<Timestamp> {
        self.body.disabled_at
    }

    /// When it locked after too many failures; `None` if it is not locked.
    pub fn locked_at(&self) -> Option<Timestamp> {
        self.body.locked_at
    }

    /// True once it has a password of its own.
    pub fn has_password(&self) -> bool {
        self.body.password.is_some()
    }

    /// True while an invitation waits, used or over or not.
    pub fn is_invited(&self) -> bool {
        self.body.invitation.is_some()
    }

    /// The second factors that it has, recovery codes among them only beside another.
    pub fn factors(&self) -> Vec<FactorKind> {
        let mut out = Vec::new();
        if self.body.app.as_ref().is_some_and(AppSecret::is_proven) {
            out.push(FactorKind::App);
        }
        if !self.body.passkeys.is_empty() {
            out.push(FactorKind::Passkey);
        }
        if !out.is_empty() && !self.body.recovery.is_empty() {
            out.push(FactorKind::Recovery);
        }
        out
    }

    /// How many recovery codes are left.
    pub fn recovery_codes_left(&self) -> usize {
        self.body.recovery.len()
    }

    /// Its passkeys, by the name that their person gave them and the day they were added.
    pub fn passkeys(&self) -> impl Iterator<Item = &Passkey> + '_ {
        self.body.passkeys.iter()
    }

    /// How its person is known to the agency's own sign-in.
    pub fn external(&self) -> Option<&ExternalId> {
        self.body.external.as_ref()
    }

    pub(super) fn has_ended(&self, session: SessionId) -> bool {
        self.body.ended.iter().any(|ended| ended.session == session)
    }

    /// Notes that a session ended, and forgets those that would be over by now anyway. They are
    /// kept for a day longer, as a clock may go back.
    pub(super) fn end(&mut self, session: SessionId, ends_at: Timestamp, now: Timestamp) {
        let day = jiff::SignedDuration::from_hours(24);
        let keeps = |e: &Ended| now.duration_since(e.ends_at) < day && e.session != session;
        self.body.ended.retain(keeps);
        self.body.ended.push(Ended { session, ends_at });
    }
}

//! What administrators do with accounts, and what the node does by itself at night.

use super::audit::{AuditOutcome, Subject, What, Who};
use super::desk::{Actor, Desk, INACTIVE_MAX, INVITATION_MAX, Outcome, TOKEN_MAX};
use super::fault::AccountFault;
use super::own::check_label;
use super::permission::Permission;
use super::record::{Account, Body, ExternalId, FactorKind, Invitation};
use super::role::Role;
use super::secret::{Secret, code, code_sha256, random};
use super::session::{self, NewSession, Session, SessionId, Stage, TOKEN_PREFIX};
use super::sign_in::later;
use comity_exchange::case::OfficialId;
use comity_store::Change;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// An account to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// Its name, in any case; kept in lower case.
    pub name: String,
    /// Its roles; software alone, or any others of the node's side.
    pub roles: BTreeSet<Role>,
    /// How its person is known to the agency's own sign-in.
    pub external: Option<ExternalId>,
}

/// What an administrator does with an account that needs nothing more to be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountAct {
    /// [`Desk::invite`].
    Invite,
    /// [`Desk::disable`].
    Disable,
    /// [`Desk::enable`].
    Enable,
    /// [`Desk::release`].
    Release,
    /// [`Desk::remove_factors`].
    RemoveFactors,
    /// [`Desk::end_sessions`].
    EndSessions,
}

impl AccountAct {
    /// All of them.
    pub const ALL: [AccountAct; 6] = [
        AccountAct::Invite,
        AccountAct::Disable,
        AccountAct::Enable,
        AccountAct::Release,
        AccountAct::RemoveFactors,
        AccountAct::EndSessions,
    ];

    /// A stable name: `remove_factors`.
    pub fn name(self) -> &'static str {
        match self {
            AccountAct::Invite => "invite",
            AccountAct::Disable => "disable",
            AccountAct::Enable => "enable",
            AccountAct::Release => "release",
            AccountAct::RemoveFactors => "remove_factors",
            AccountAct::EndSessions => "end_sessions",
        }
    }

    /// The act of a name.
    pub fn parse(name: &str) -> Option<AccountAct> {
        AccountAct::ALL.into_iter().find(|act| act.name() == name)
    }
}

impl Desk<'_> {
    /// Does something with an account. The value is the invitation, where one is made.
    ///
    /// # Errors
    /// Those of the act.
    pub fn act(
        &mut self,
        by: Actor<'_>,
        id: &OfficialId,
        act: AccountAct,
    ) -> Result<Outcome<Option<Secret>>, AccountFault> {
        let nothing = |out: Outcome<()>| out.map(|()| None);
        match act {
            AccountAct::Invite => self.invite(by, id).map(|out| out.map(Some)),
            AccountAct::Disable => self.disable(by, id).map(nothing),
            AccountAct::Enable => self.enable(by, id).map(nothing),
            AccountAct::Release => self.release(by, id).map(nothing),
            AccountAct::RemoveFactors => self.remove_factors(by, id).map(nothing),
            AccountAct::EndSessions => self.end_sessions(by, id).map(nothing),
        }
    }

    fn managed(&mut self, by: Actor<'_>, id: &OfficialId) -> Result<Account, AccountFault> {
        by.must(Permission::ManageAccounts)?;
        let account = self.find(id)?;
        account.ok_or_else(|| AccountFault::wrong("no-account", "account", "no such account"))
    }

    /// Nobody gives themselves roles, or lifts what holds them back.
    fn of_another(by: Actor<'_>, id: &OfficialId) -> Result<(), AccountFault> {
        match by {
            Actor::Person(person) if person.id() == id => {
                let message = "this needs another administrator";
                Err(AccountFault::wrong("own-account", "account", message))
            }
            _ => Ok(()),
        }
    }

    /// What gives somebody more than before asks who gives it.
    fn must_be_confirmed(&self, by: Actor<'_>) -> Result<(), AccountFault> {
        match by {
            Actor::Person(person) if !self.is_confirmed(&person.session) => {
                Err(AccountFault::Unconfirmed)
            }
            _ => Ok(()),
        }
    }

    /// Whether somebody showed a short while ago who it is: asked before an act that is not on
    /// accounts and matters as much, such as a new peer.
    ///
    /// # Errors
    /// [`AccountFault::Unconfirmed`].
    pub fn confirmed(&self, by: Actor<'_>) -> Result<Outcome<()>, AccountFault> {
        self.must_be_confirmed(by).map(|()| Outcome::new(()))
    }

    fn keep(
        &self,
        by: Actor<'_>,
        what: What,
        account: &Account,
        mut out: Outcome<()>,
    ) -> Result<Outcome<()>, AccountFault> {
        out.put(account)?;
        let subject = Subject::Account(account.id.clone());
        out.audit.push(self.event(what, by.who(), AuditOutcome::Done, subject));
        Ok(out)
    }

    /// Ends every session of an account, its programs' tokens among them.
    fn end_all(
        &mut self,
        account: &mut Account,
        out: &mut Outcome<()>,
    ) -> Result<(), AccountFault> {
        for row in self.reads.sessions_of(&account.id)? {
            // A row that cannot be read back ends with the rest.
            if let Ok(session) = Session::read(&row) {
                account.end(session.id(), session.ends_at, self.now);
            }
        }
        out.changes.push(Change::RemoveSessions(account.id.clone()));
        Ok(())
    }

    fn check_roles(&self, roles: &BTreeSet<Role>) -> Result<(), AccountFault> {
        let wrong = |message| Err(AccountFault::wrong("roles", "roles", message));
        if roles.is_empty() {
            return wrong("an account needs a role");
        }
        if roles.contains(&Role::Software) && roles.len() > 1 {
            return wrong("a program has the role software alone");
        }
        if !roles.iter().all(|role| role.fits(self.side)) {
            return wrong("a role is not of this side of the exchange");
        }
        Ok(())
    }

    /// Refuses to let two accounts be one person of the agency's own sign-in.
    fn check_external(
        &mut self,
        id: &OfficialId,
        external: Option<&ExternalId>,
    ) -> Result<(), AccountFault> {
        let Some(external) = external else { return Ok(()) };
        let taken = self.by_external(external)?.is_some_and(|account| account.id != *id);
        if taken || external.issuer.is_empty() || external.subject.is_empty() {
            let message = "another account is this person, or it is nobody";
            return Err(AccountFault::wrong("external", "external", message));
        }
        Ok(())
    }

    pub(super) fn by_external(
        &mut self,
        external: &ExternalId,
    ) -> Result<Option<Account>, AccountFault> {
        for row in self.reads.accounts()? {
            let account = Account::read(&row).map_err(AccountFault::Damaged)?;
            if account.body.external.as_ref() == Some(external) {
                return Ok(Some(account));
            }
        }
        Ok(None)
    }

    /// Makes an account. The value is the invitation to choose a password: to be handed to the
    /// person, good for 72 hours. None for a program, which gets a token.
    ///
    /// # Errors
    /// [`AccountFault::Wrong`] `name`, `account-taken`, `roles`, `external`;
    /// [`AccountFault::NotPermitted`]; [`AccountFault::Unconfirmed`].
    pub fn make_account(
        &mut self,
        by: Actor<'_>,
        new: NewAccount,
    ) -> Result<Outcome<Option<Secret>>, AccountFault> {
        by.must(Permission::ManageAccounts)?;
        self.must_be_confirmed(by)?;
        let message = "an account has 1 to 64 characters of a-z 0-9 . _ -";
        let id = OfficialId::new(&new.name.trim().to_ascii_lowercase())
            .ok_or_else(|| AccountFault::wrong("name", "name", message))?;
        if self.find(&id)?.is_some() || id.as_str() == crate::import::folder::ACCOUNT {
            let message = "there is an account of this name; names are not used again";
            return Err(AccountFault::wrong("account-taken", "name", message));
        }
        self.check_roles(&new.roles)?;
        self.check_external(&id, new.external.as_ref())?;
        let is_software = new.roles.contains(&Role::Software);
        let roles: Vec<Role> = new.roles.iter().copied().collect();
        let mut account = Account {
            id: id.clone(),
            version: 0,
            body: Body {
                roles: new.roles,
                made_at: self.now,
                active_at: self.now,
                disabled_at: None,
                locked_at: None,
                failures: Vec::new(),
                password: None,
                invitation: None,
                app: None,
                recovery: Vec::new(),
                passkeys: Vec::new(),
                external: new.external,
                ended: Vec::new(),
            },
        };
        let invitation = if is_software { None } else { Some(self.invitation(&mut account)?) };
        let made = self.keep(by, What::AccountMade(roles), &account, Outcome::new(()))?;
        Ok(made.map(|()| invitation))
    }

    fn invitation(&mut self, account: &mut Account) -> Result<Secret, AccountFault> {
        let invitation = code(random(self.random));
        let code_sha256 = code_sha256(invitation.show());
        let ends_at = later(self.now, INVITATION_MAX)?;
        account.body.invitation = Some(Invitation { code_sha256, ends_at });
        Ok(invitation)
    }

    /// Invites somebody to choose a new password. The old one is good no more, and every session
    /// ends; second factors stay, and are asked for.
    ///
    /// # Errors
    /// As [`Desk::make_account`]; `no-account`, `own-account`.
    pub fn invite(
        &mut self,
        by: Actor<'_>,
        id: &OfficialId,
    ) -> Result<Outcome<Secret>, AccountFault> {
        let mut account = self.managed(by, id)?;
        Self::of_another(by, id)?;
        self.must_be_confirmed(by)?;
        if account.is_software() {
            let message = "a program has a token and no password";
            return Err(AccountFault::wrong("roles", "account", message));
        }
        account.body.password = None;
        let invitation = self.invitation(&mut account)?;
        let mut out = Outcome::new(());
        self.end_all(&mut account, &mut out)?;
        Ok(self.keep(by, What::Invited, &account, out)?.map(|()| invitation))
    }

    /// Changes roles, and ends every session: nobody goes on under what they were.
    ///
    /// # Errors
    /// As [`Desk::invite`]; `roles`.
    pub fn set_roles(
        &mut self,
        by: Actor<'_>,
        id: &OfficialId,
        roles: BTreeSet<Role>,
    ) -> Result<Outcome<()>, AccountFault> {
        let mut account = self.managed(by, id)?;
        Self::of_another(by, id)?;
        self.must_be_confirmed(by)?;
        self.check_roles(&roles)?;
        if account.is_software() != roles.contains(&Role::Software) {
            let message = "an account of a person does not become a program's, nor the other way";
            return Err(AccountFault::wrong("roles", "roles", message));
        }
        let list = roles.iter().copied().collect();
        account.body.roles = roles;
        let mut out = Outcome::new(());
        self.end_all(&mut account, &mut out)?;
        self.keep(by, What::AccountChanged(list), &account, out)
    }

    /// Says how the person is known to the agency's own sign-in.
    ///
    /// # Errors
    /// As [`Desk::invite`]; `external`.
    pub fn set_external(
        &mut self,
        by: Actor<'_>,
        id: &OfficialId,
        external: Option<ExternalId>,
    ) -> Result<Outcome<()>, AccountFault> {
        let mut account = self.managed(by, id)?;
        Self::of_another(by, id)?;
        self.must_be_confirmed(by)?;
        self.check_external(id, external.as_ref())?;
        account.body.external = external;
        let roles = account.roles().collect();
        self.keep(by, What::AccountChanged(roles), &account, Outcome::new(()))
    }

    /// Disables an account and ends every session: the kill switch. Asks nobody who they are
    /// again, as it takes and gives nothing.
    ///
    /// # Errors
    /// `no-account`, `own-account`; [`AccountFault::NotPermitted`].
    pub fn disable(&mut self, by: Actor<'_>, id: &OfficialId) -> Result<Outcome<()>, AccountFault> {
        let mut account = self.managed(by, id)?;
        Self::of_another(by, id)?;
        account.body.disabled_at = account.body.disabled_at.or(Some(self.now));
        account.body.invitation = None;
        let mut out = Outcome::new(());
        self.end_all(&mut account, &mut out)?;
        self.keep(by, What::AccountDisabled, &account, out)
    }

    /// Enables an account again.
    ///
    /// # Errors
    /// As [`Desk::invite`].
    pub fn enable(&mut self, by: Actor<'_>, id: &OfficialId) -> Result<Outcome<()>, AccountFault> {
        let mut account = self.managed(by, id)?;
        Self::of_another(by, id)?;
        self.must_be_confirmed(by)?;
        account.body.disabled_at = None;
        account.body.active_at = self.now;
        self.keep(by, What::AccountEnabled, &account, Outcome::new(()))
    }

    /// Releases an account that locked after too many failures.
    ///
    /// # Errors
    /// As [`Desk::invite`].
    pub fn release(&mut self, by: Actor<'_>, id: &OfficialId) -> Result<Outcome<()>, AccountFault> {
        let mut account = self.managed(by, id)?;
        Self::of_another(by, id)?;
        self.must_be_confirmed(by)?;
        account.body.locked_at = None;
        account.body.failures.clear();
        self.keep(by, What::Released, &account, Outcome::new(()))
    }

    /// Removes every second factor of somebody who lost them, and ends every session. At the next
    /// sign-in new ones are set up.
    ///
    /// # Errors
    /// As [`Desk::invite`].
    pub fn remove_factors(
        &mut self,
        by: Actor<'_>,
        id: &OfficialId,
    ) -> Result<Outcome<()>, AccountFault> {
        let mut account = self.managed(by, id)?;
        Self::of_another(by, id)?;
        self.must_be_confirmed(by)?;
        let kinds: Vec<FactorKind> = account.factors();
        account.body.app = None;
        account.body.passkeys.clear();
        account.body.recovery.clear();
        let mut out = Outcome::new(());
        self.end_all(&mut account, &mut out)?;
        let subject = Subject::Account(id.clone());
        for kind in kinds {
            let (what, done) = (What::FactorRemoved(kind), AuditOutcome::Done);
            out.audit.push(self.event(what, by.who(), done, subject.clone()));
        }
        out.put(&account)?;
        Ok(out)
    }

    /// Ends every session of an account and leaves it otherwise as it is.
    ///
    /// # Errors
    /// `no-account`; [`AccountFault::NotPermitted`].
    pub fn end_sessions(
        &mut self,
        by: Actor<'_>,
        id: &OfficialId,
    ) -> Result<Outcome<()>, AccountFault> {
        let mut account = self.managed(by, id)?;
        let mut out = Outcome::new(());
        self.end_all(&mut account, &mut out)?;
        self.keep(by, What::SessionsEnded, &account, out)
    }

    /// Ends one session of an account, or one token of a program.
    ///
    /// # Errors
    /// `no-account`; `no-session` if the account has none of that id;
    /// [`AccountFault::NotPermitted`].
    pub fn end_one(
        &mut self,
        by: Actor<'_>,
        id: &OfficialId,
        which: SessionId,
    ) -> Result<Outcome<()>, AccountFault> {
        let mut account = self.managed(by, id)?;
        let known = self.sessions(id)?.into_iter().find(|session| session.id() == which);
        let Some(known) = known else {
            let message = "the account has no such session or token, or it is over";
            return Err(AccountFault::wrong("no-session", "session", message));
        };
        account.end(which, known.ends_at, self.now);
        let mut out = Outcome::new(());
        out.put(&account)?;
        out.changes.push(Change::RemoveSession(known.token_sha256));
        let subject = Subject::Session(id.clone(), which);
        let done = AuditOutcome::Done;
        out.audit.push(self.event(What::SessionEnded, by.who(), done, subject));
        Ok(out)
    }

    /// Makes a token for a program. It is shown once.
    ///
    /// # Errors
    /// As [`Desk::invite`]; `scopes` if the role software has one of them not, or there are
    /// none; `days` unless 1 to 366; `label`.
    pub fn make_token(
        &mut self,
        by: Actor<'_>,
        id: &OfficialId,
        (label, scopes, days): (&str, BTreeSet<Permission>, i64),
    ) -> Result<Outcome<NewSession>, AccountFault> {
        let account = self.managed(by, id)?;
        self.must_be_confirmed(by)?;
        check_label(label)?;
        let wrong = |code, path, message| Err(AccountFault::wrong(code, path, message));
        if !account.is_software() || account.body.disabled_at.is_some() {
            return wrong("roles", "account", "tokens are for the account of a program, in use");
        }
        if scopes.is_empty() || !scopes.iter().all(|s| s.is_of(Role::Software, self.side)) {
            return wrong("scopes", "scopes", "a token is for some of what a program may do");
        }
        if !(1..=TOKEN_MAX.as_hours() / 24).contains(&days) {
            return wrong("days", "days", "a token is good for 1 to 366 days");
        }
        let (token, token_sha256) = session::new_token(TOKEN_PREFIX, self.random);
        let body = session::Body {
            id: SessionId::new(self.random),
            stage: Stage::Software,
            started_at: self.now,
            seen_at: self.now,
            confirmed_at: self.now,
            origin: self.origin.to_string(),
            is_invited: false,
            challenge: None,
            scopes,
            label: label.trim().to_owned(),
        };
        let ends_at = later(self.now, SignedDuration::from_hours(24 * days))?;
        let session = Session { account: id.clone(), ends_at, token_sha256, body };
        // The account's row goes along, so that a token made while it is disabled is refused.
        let mut out = Outcome::new(());
        out.put_session(&session)?;
        let kept = self.keep(by, What::TokenMade, &account, out)?;
        Ok(kept.map(|()| NewSession { token, session }))
    }

    /// Every account, by name.
    ///
    /// # Errors
    /// [`AccountFault::NotPermitted`], [`AccountFault::Store`], [`AccountFault::Damaged`].
    pub fn accounts(&mut self, by: Actor<'_>) -> Result<Vec<Account>, AccountFault> {
        by.must(Permission::ManageAccounts)?;
        let rows = self.reads.accounts()?;
        rows.iter().map(|row| Account::read(row).map_err(AccountFault::Damaged)).collect()
    }

    /// Disables every account that was not used for 90 days: the nightly job. A program's account
    /// is used when one of its tokens is.
    ///
    /// # Errors
    /// [`AccountFault::Store`], [`AccountFault::Damaged`].
    pub fn disable_inactive(&mut self) -> Result<Outcome<Vec<OfficialId>>, AccountFault> {
        let mut out = Outcome::new(());
        let mut disabled = Vec::new();
        for row in self.reads.accounts()? {
            let mut account = Account::read(&row).map_err(AccountFault::Damaged)?;
            if account.body.disabled_at.is_some() {
                continue;
            }
            let mut active_at = account.body.active_at;
            for row in self.reads.sessions_of(&account.id)? {
                active_at = active_at.max(Session::read(&row)?.seen_at());
            }
            if self.now.duration_since(active_at) < INACTIVE_MAX {
                continue;
            }
            account.body.disabled_at = Some(self.now);
            self.end_all(&mut account, &mut out)?;
            out.put(&account)?;
            let subject = Subject::Account(account.id.clone());
            let done = AuditOutcome::Done;
            out.audit.push(self.event(What::AccountDisabled, Who::Node, done, subject));
            disabled.push(account.id);
        }
        Ok(out.map(|()| disabled))
    }
}

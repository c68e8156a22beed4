//! Signing in, in one or two steps; unlocking; signing out.

use super::audit::{AuditOutcome, Subject, What, Who};
use super::desk::{
    CONFIRMED_FOR, Desk, FAILURES_MAX, FAILURES_WINDOW, INACTIVE_MAX, Outcome, SECOND_STEP_MAX,
    SESSION_MAX, SETUP_MAX, SecondFactorRule, SignIn,
};
use super::fault::AccountFault;
use super::passkey::{self, Purpose};
use super::record::{Account, FactorKind};
use super::secret::{code_sha256, is_same};
use super::session::{
    self, Body, NewSession, Person, Presence, Session, SessionId, Stage, TOKEN_PREFIX,
};
use comity_exchange::case::OfficialId;
use comity_store::Change;
use jiff::SignedDuration;
use std::collections::BTreeSet;

/// With what a person shows who it is.
#[derive(Debug, Clone, Copy)]
pub enum Proof<'a> {
    /// The password: unlocks and confirms, and is no second factor.
    Password(&'a str),
    /// A code of the authenticator app.
    App(&'a str),
    /// A code of the printed list.
    Recovery(&'a str),
    /// What the browser says for a passkey: `PublicKeyCredential.toJSON()` as text.
    Passkey(&'a str),
}

impl Proof<'_> {
    fn factor(self) -> Option<FactorKind> {
        match self {
            Proof::Password(_) => None,
            Proof::App(_) => Some(FactorKind::App),
            Proof::Recovery(_) => Some(FactorKind::Recovery),
            Proof::Passkey(_) => Some(FactorKind::Passkey),
        }
    }

    fn what(self, otherwise: What) -> What {
        self.factor().map_or(otherwise, What::SecondFactor)
    }
}

/// How a sign-in came about, before the second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum First {
    Password,
    Invitation,
    /// The agency's own sign-in, with more than a password.
    OutsideStrong,
    /// The agency's own sign-in, by a password as far as we know.
    Outside,
}

/// How little a session's last sighting is worth a write.
const SEEN_STEP: SignedDuration = SignedDuration::from_secs(30);

impl Desk<'_> {
    /// The first step: name and password, or name and invitation. Takes as long for a name that
    /// no account has; the caller slows down addresses that fail ([`Throttle`](super::Throttle)).
    ///
    /// # Errors
    /// [`AccountFault::Store`], [`AccountFault::Damaged`].
    pub fn sign_in(&mut self, name: &str, secret: &str) -> Result<Outcome<SignIn>, AccountFault> {
        let id = OfficialId::new(&name.trim().to_ascii_lowercase());
        let account = id.map(|id| self.find(&id)).transpose()?.flatten();
        let hash = account.as_ref().and_then(|a| a.body.password.clone());
        let is_password = {
            let hasher = super::password::Hasher::new(self.key, self.rules.cost);
            hasher.verify(secret, hash.as_deref(), self.random)
        };
        let Some(mut account) = account else {
            let refused = AuditOutcome::Refused("no-account");
            let event = self.event(What::SignIn, Who::Stranger, refused, Subject::NoAccount);
            return Ok(failed(event));
        };
        let is_invitation = self.takes_invitation(&account, secret);
        if let Some(refused) = self.barred(&mut account)? {
            return Ok(refused);
        }
        if !is_password && !is_invitation {
            let why = if hash.is_none() { "no-password" } else { "wrong-password" };
            return self.failure(account, What::SignIn, why, None);
        }
        if let Some(hash) = hash.filter(|hash| is_password && self.hasher().is_dated(hash)) {
            // Hashing may fail for want of memory; the old hash still does its work then.
            let hasher = super::password::Hasher::new(self.key, self.rules.cost);
            account.body.password = Some(hasher.hash(secret, self.random).unwrap_or(hash));
        }
        let first = if is_invitation { First::Invitation } else { First::Password };
        self.first_step_done(account, first)
    }

    fn takes_invitation(&self, account: &Account, secret: &str) -> bool {
        let invitation = account.body.invitation.as_ref();
        invitation
            .is_some_and(|i| self.now < i.ends_at && is_same(&i.code_sha256, &code_sha256(secret)))
    }

    /// Refuses an account that nobody may sign in with. One that was not used for too long is
    /// disabled here, should the nightly job not have come by.
    pub(super) fn barred(
        &mut self,
        account: &mut Account,
    ) -> Result<Option<Outcome<SignIn>>, AccountFault> {
        let why = if account.body.disabled_at.is_some() {
            "disabled"
        } else if account.body.locked_at.is_some() {
            "locked"
        } else if account.is_software() {
            "software"
        } else if self.now.duration_since(account.body.active_at) >= INACTIVE_MAX {
            account.body.disabled_at = Some(self.now);
            "inactive"
        } else {
            return Ok(None);
        };
        let subject = Subject::Account(account.id.clone());
        let refused = AuditOutcome::Refused(why);
        let mut out = failed(self.event(What::SignIn, Who::Stranger, refused, subject.clone()));
        if why == "inactive" {
            out.put(account)?;
            let done = AuditOutcome::Done;
            out.audit.push(self.event(What::AccountDisabled, Who::Node, done, subject));
        }
        Ok(Some(out))
    }

    /// Counts a failure, and locks the account at the fifth within the window. A failure that the
    /// clock says is still to come counts too.
    fn failure(
        &mut self,
        mut account: Account,
        what: What,
        why: &'static str,
        session: Option<&Session>,
    ) -> Result<Outcome<SignIn>, AccountFault> {
        let now = self.now;
        account.body.failures.retain(|at| now.duration_since(*at) < FAILURES_WINDOW);
        account.body.failures.push(now);
        let id = account.id.clone();
        let subject = Subject::Account(id.clone());
        let refused = AuditOutcome::Refused(why);
        let mut out = failed(self.event(what, Who::Stranger, refused, subject.clone()));
        if account.body.failures.len() >= FAILURES_MAX {
            account.body.locked_at = Some(now);
            let done = AuditOutcome::Done;
            out.audit.push(self.event(What::Locked, Who::Node, done, subject));
            // Half a sign-in must not wait for the release.
            if let Some(half) = session.filter(|s| s.stage() != Stage::Full) {
                account.end(half.id(), half.ends_at, now);
                out.changes.push(Change::RemoveSession(half.token_sha256));
            }
        }
        out.put(&account)?;
        Ok(out)
    }

    /// Name and password were right, or the agency's own sign-in vouches.
    pub(super) fn first_step_done(
        &mut self,
        mut account: Account,
        first: First,
    ) -> Result<Outcome<SignIn>, AccountFault> {
        let has_factor = !account.factors().is_empty();
        let needs_factor = self.rules.second_factor == SecondFactorRule::Required;
        let is_strong = first == First::OutsideStrong;
        let stage = match first {
            _ if has_factor && !is_strong => Stage::SecondFactor,
            First::Invitation => Stage::Setup,
            _ if needs_factor && !is_strong => Stage::Setup,
            _ => Stage::Full,
        };
        let mut out = Outcome::new(SignIn::Failed);
        let (who, id) = (Who::Account(account.id.clone()), account.id.clone());
        let subject = Subject::Account(id.clone());
        out.audit.push(self.event(What::SignIn, who, AuditOutcome::Done, subject));
        let is_invited = first == First::Invitation;
        self.start(&mut account, stage, is_invited, None, &mut out)?;
        Ok(out)
    }

    /// Starts a session, or takes one on under a new token and a new id. Failures are forgotten
    /// when somebody is in, and not before: a right password must not give more guesses at the
    /// second factor.
    pub(super) fn start(
        &mut self,
        account: &mut Account,
        stage: Stage,
        is_invited: bool,
        before: Option<&Session>,
        out: &mut Outcome<SignIn>,
    ) -> Result<(), AccountFault> {
        let now = self.now;
        let (token, token_sha256) = session::new_token("", self.random);
        let length = match stage {
            Stage::SecondFactor => SECOND_STEP_MAX,
            Stage::Setup => SETUP_MAX,
            Stage::Full | Stage::Software => SESSION_MAX,
        };
        let mut ends_at = later(now, length)?;
        let mut started_at = now;
        if let Some(before) = before {
            account.end(before.id(), before.ends_at, now);
            out.changes.push(Change::RemoveSession(before.token_sha256));
            if before.stage() == Stage::Full {
                // The same session under another token: it does not live longer for that.
                ends_at = ends_at.min(before.ends_at);
                started_at = before.body.started_at;
            }
        }
        let body = Body {
            id: SessionId::new(self.random),
            stage,
            started_at,
            seen_at: now,
            confirmed_at: now,
            origin: self.origin.to_string(),
            is_invited,
            challenge: None,
            scopes: BTreeSet::new(),
            label: String::new(),
        };
        let session = Session { account: account.id.clone(), ends_at, token_sha256, body };
        if stage == Stage::Full {
            account.body.failures.clear();
            // A clock that went back must not make an account look unused for longer.
            account.body.active_at = account.body.active_at.max(now);
            let is_same_session = before.is_some_and(|b| b.stage() == Stage::Full);
            if !is_same_session {
                let subject = Subject::Session(account.id.clone(), session.id());
                let who = Who::Account(account.id.clone());
                let done = AuditOutcome::Done;
                out.audit.push(self.event(What::SessionStarted, who, done, subject));
            }
        }
        out.put(account)?;
        out.put_session(&session)?;
        out.value = SignIn::Started(Box::new(NewSession { token, session }));
        Ok(())
    }

    /// The second step: a second factor, after the first step gave a token.
    ///
    /// # Errors
    /// As [`Desk::sign_in`].
    pub fn second_factor(
        &mut self,
        token: &str,
        proof: Proof<'_>,
    ) -> Result<Outcome<SignIn>, AccountFault> {
        let Some((account, session)) = self.live(token)? else {
            return Ok(Outcome::new(SignIn::Failed));
        };
        if session.stage() != Stage::SecondFactor || proof.factor().is_none() {
            return Ok(Outcome::new(SignIn::Failed));
        }
        let stage = if session.body.is_invited { Stage::Setup } else { Stage::Full };
        self.proven(account, session, proof, stage)
    }

    /// Unlocks a session, or shows again who its person is before something that matters. The
    /// session goes on under a new token.
    ///
    /// # Errors
    /// As [`Desk::sign_in`].
    pub fn confirm(
        &mut self,
        token: &str,
        proof: Proof<'_>,
    ) -> Result<Outcome<SignIn>, AccountFault> {
        let Some((account, session)) = self.live(token)? else {
            return Ok(Outcome::new(SignIn::Failed));
        };
        if session.stage() != Stage::Full {
            return Ok(Outcome::new(SignIn::Failed));
        }
        self.proven(account, session, proof, Stage::Full)
    }

    fn proven(
        &mut self,
        mut account: Account,
        mut session: Session,
        proof: Proof<'_>,
        stage: Stage,
    ) -> Result<Outcome<SignIn>, AccountFault> {
        let what = proof.what(What::Confirmed);
        let checked = self.check(&mut account, &mut session, proof);
        if let Some(refused) = self.barred(&mut account)? {
            return Ok(refused);
        }
        if let Err(why) = checked {
            let mut out = self.failure(account, what, why, Some(&session))?;
            let is_over = out.changes.iter().any(|c| matches!(c, Change::RemoveSession(_)));
            if matches!(proof, Proof::Passkey(_)) && !is_over {
                out.put_session(&session)?;
            }
            return Ok(out);
        }
        let mut out = Outcome::new(SignIn::Failed);
        out.audit.push(self.done(what, &account.id));
        let is_invited = session.body.is_invited;
        self.start(&mut account, stage, is_invited, Some(&session), &mut out)?;
        Ok(out)
    }

    /// Checks a proof, and uses up what is good once.
    fn check(
        &mut self,
        account: &mut Account,
        session: &mut Session,
        proof: Proof<'_>,
    ) -> Result<(), &'static str> {
        match proof {
            Proof::Password(password) => {
                let hash = account.body.password.as_deref();
                let hasher = super::password::Hasher::new(self.key, self.rules.cost);
                let fits = hasher.verify(password, hash, self.random);
                if fits { Ok(()) } else { Err("wrong-password") }
            }
            Proof::App(code) => {
                let app = account.body.app.as_mut().filter(|app| app.is_proven());
                let fits = app.is_some_and(|app| app.take(self.key, &account.id, code, self.now));
                if fits { Ok(()) } else { Err("wrong-code") }
            }
            Proof::Recovery(code) => {
                let typed = code_sha256(code);
                let before = account.body.recovery.len();
                account.body.recovery.retain(|kept| !is_same(kept, &typed));
                if account.body.recovery.len() < before { Ok(()) } else { Err("wrong-code") }
            }
            Proof::Passkey(reply) => {
                // Answered, rightly or not, it is answered.
                let challenge = session.body.challenge.take();
                let challenge = challenge
                    .filter(|c| c.is_open(Purpose::Prove, self.now))
                    .ok_or("passkey-challenge")?;
                let site = &self.rules.site;
                passkey::prove(site, &challenge, reply, &mut account.body.passkeys)
            }
        }
    }

    /// Who sent a request. `is_activity` is false for what a page asks by itself: it does not keep
    /// a session from locking.
    ///
    /// # Errors
    /// As [`Desk::sign_in`].
    pub fn present(
        &mut self,
        token: &str,
        is_activity: bool,
    ) -> Result<Outcome<Presence>, AccountFault> {
        let Some((account, mut session)) = self.live(token)? else {
            return Ok(Outcome::new(Presence::Nobody));
        };
        let is_locked = session.is_locked(self.rules.idle_max, self.now);
        let mut changes = Vec::new();
        let since = self.now.duration_since(session.seen_at());
        if !is_locked && is_activity && since >= SEEN_STEP {
            session.body.seen_at = self.now;
            changes.push(Change::PutSession(session.row()?));
        }
        let csrf = session::csrf_of(token);
        let person = Person { account, session, side: self.side, csrf, is_locked };
        let value = if is_locked { Presence::Locked(person) } else { Presence::Present(person) };
        Ok(Outcome { value, changes, audit: Vec::new() })
    }

    /// The session of a token and its account, if neither is over.
    pub(super) fn live(&mut self, token: &str) -> Result<Option<(Account, Session)>, AccountFault> {
        let Some(hash) = session::token_sha256(token) else { return Ok(None) };
        let Some(row) = self.reads.session(&hash)? else { return Ok(None) };
        let session = Session::read(&row)?;
        let Some(account) = self.find(&row.account)? else { return Ok(None) };
        let is_token = token.starts_with(TOKEN_PREFIX);
        let is_live = self.now < session.ends_at
            && account.body.disabled_at.is_none()
            && !account.has_ended(session.id())
            && is_token == (session.stage() == Stage::Software);
        Ok(is_live.then_some((account, session)))
    }

    /// Ends the session of a token.
    ///
    /// # Errors
    /// As [`Desk::sign_in`].
    pub fn sign_out(&mut self, token: &str) -> Result<Outcome<()>, AccountFault> {
        let mut out = Outcome::new(());
        let Some((mut account, session)) = self.live(token)? else { return Ok(out) };
        account.end(session.id(), session.ends_at, self.now);
        out.put(&account)?;
        out.changes.push(Change::RemoveSession(session.token_sha256));
        let who = Who::Account(account.id.clone());
        let subject = Subject::Session(account.id.clone(), session.id());
        out.audit.push(self.event(What::SessionEnded, who, AuditOutcome::Done, subject));
        Ok(out)
    }

    /// True if a person showed a short while ago who it is.
    pub(super) fn is_confirmed(&self, session: &Session) -> bool {
        let since = self.now.duration_since(session.body.confirmed_at);
        !since.is_negative() && since <= CONFIRMED_FOR
    }
}

fn failed(event: super::audit::AuditEvent) -> Outcome<SignIn> {
    let mut out = Outcome::new(SignIn::Failed);
    out.audit.push(event);
    out
}

/// An instant later; the calendar ends in the year 9999.
pub(super) fn later(
    at: jiff::Timestamp,
    by: SignedDuration,
) -> Result<jiff::Timestamp, AccountFault> {
    at.checked_add(by).map_err(|_| AccountFault::wrong("clock", "now", "the clock is off"))
}

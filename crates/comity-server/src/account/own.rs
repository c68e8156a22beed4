//! What people do with their own account: password, second factors, sessions.

use super::audit::{AuditOutcome, Subject, What, Who};
use super::desk::{Desk, Outcome, SecondFactorRule, SignIn};
use super::fault::AccountFault;
use super::passkey::{self, Challenge, PASSKEYS_MAX, Purpose};
use super::password;
use super::record::{Account, FactorKind};
use super::secret::{Secret, code, code_sha256, hmac_sha256, random};
use super::session::{NewSession, Session, SessionId, Stage};
use super::sign_in::Proof;
use super::totp::{AppSecret, AppSetup};
use comity_exchange::case::OfficialId;
use comity_store::Change;
use serde_json::Value;

/// How many recovery codes are made at once.
pub const RECOVERY_CODES: usize = 10;

/// Most characters of what people call a passkey or a token.
const LABEL_CHARS_MAX: usize = 64;

/// A second factor was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactorAdded {
    /// New recovery codes, to print; none where the account has some.
    pub recovery: Vec<Secret>,
    /// The session under a new token, where this was the last thing to set up.
    pub next: Option<NewSession>,
}

fn no_session() -> AccountFault {
    AccountFault::wrong("no-session", "session", "nobody is signed in here, or the session is over")
}

impl Desk<'_> {
    /// The account and session of somebody who may change their own account: setting it up, or
    /// signed in, not locked, and having shown a short while ago who they are.
    fn own(&mut self, token: &str) -> Result<(Account, Session), AccountFault> {
        let (account, session) = self.live(token)?.ok_or_else(no_session)?;
        match session.stage() {
            Stage::Setup => Ok((account, session)),
            Stage::Full if session.is_locked(self.rules.idle_max, self.now) => Err(no_session()),
            Stage::Full if !self.is_confirmed(&session) => Err(AccountFault::Unconfirmed),
            Stage::Full => Ok((account, session)),
            Stage::SecondFactor | Stage::Software => Err(no_session()),
        }
    }

    /// Sets a password: in place of the present one, which is asked for and counts as an attempt
    /// to sign in, or the first one after an invitation. Every other session of the account ends,
    /// and this one goes on under a new token.
    ///
    /// # Errors
    /// [`AccountFault::Wrong`] if the new password may not be chosen (`password-short`,
    /// `password-long`, `password-common`) or nobody is signed in (`no-session`).
    pub fn set_password(
        &mut self,
        token: &str,
        present: &str,
        new: &str,
    ) -> Result<Outcome<SignIn>, AccountFault> {
        let (account, session) = self.live(token)?.ok_or_else(no_session)?;
        let is_first = match session.stage() {
            Stage::Setup => true,
            Stage::Full if !session.is_locked(self.rules.idle_max, self.now) => false,
            _ => return Err(no_session()),
        };
        password::check(new, &account.id).map_err(AccountFault::Wrong)?;
        if !is_first {
            let confirmed = self.confirm(token, Proof::Password(present))?;
            if confirmed.value == SignIn::Failed {
                return Ok(confirmed);
            }
        }
        self.replace_password(account, session, new)
    }

    fn replace_password(
        &mut self,
        mut account: Account,
        mut session: Session,
        new: &str,
    ) -> Result<Outcome<SignIn>, AccountFault> {
        let hasher = password::Hasher::new(self.key, self.rules.cost);
        account.body.password = Some(hasher.hash(new, self.random).map_err(AccountFault::Damaged)?);
        account.body.invitation = None;
        let mut out = Outcome::new(SignIn::Failed);
        out.audit.push(self.done(What::PasswordChanged, &account.id));
        for row in self.reads.sessions_of(&account.id)? {
            let other = Session::read(&row)?;
            if other.id() != session.id() {
                account.end(other.id(), other.ends_at, self.now);
                out.changes.push(Change::RemoveSession(other.token_sha256));
            }
        }
        session.body.is_invited = false;
        let stage = self.stage_after(&account, &session);
        self.start(&mut account, stage, false, Some(&session), &mut out)?;
        Ok(out)
    }

    /// Where somebody stands who has set something up.
    fn stage_after(&self, account: &Account, session: &Session) -> Stage {
        let has_factor = !account.factors().is_empty();
        let needs_factor = self.rules.second_factor == SecondFactorRule::Required;
        match session.stage() {
            Stage::Setup if session.body.is_invited || (needs_factor && !has_factor) => {
                Stage::Setup
            }
            Stage::Setup => Stage::Full,
            other => other,
        }
    }

    /// Makes a secret for an authenticator app, to be proven by a first code.
    ///
    /// # Errors
    /// [`AccountFault::Wrong`] `app-known` if there is one: it is removed first.
    pub fn begin_app(&mut self, token: &str) -> Result<Outcome<AppSetup>, AccountFault> {
        let (mut account, _) = self.own(token)?;
        if account.factors().contains(&FactorKind::App) {
            let message = "there is an authenticator app already; remove it first";
            return Err(AccountFault::wrong("app-known", "app", message));
        }
        let issuer = &self.rules.site.name;
        let (secret, setup) = AppSecret::new(self.key, &account.id, issuer, self.random)
            .ok_or_else(|| AccountFault::wrong("app-seal", "app", "the secret cannot be kept"))?;
        account.body.app = Some(secret);
        let mut out = Outcome::new(setup);
        out.put(&account)?;
        Ok(out)
    }

    /// Adds the authenticator app by its first code.
    ///
    /// # Errors
    /// [`AccountFault::Wrong`] `wrong-code`.
    pub fn finish_app(
        &mut self,
        token: &str,
        code: &str,
    ) -> Result<Outcome<FactorAdded>, AccountFault> {
        let (mut account, session) = self.own(token)?;
        let (key, now, id) = (self.key, self.now, account.id.clone());
        let app = account.body.app.as_mut().filter(|app| !app.is_proven());
        if !app.is_some_and(|app| app.take(key, &id, code, now)) {
            let message = "this is not the code that the app shows now";
            return Err(AccountFault::wrong("wrong-code", "code", message));
        }
        self.factor_added(account, session, FactorKind::App)
    }

    /// What `navigator.credentials.create` is given to add a passkey.
    ///
    /// # Errors
    /// [`AccountFault::Wrong`] `passkeys-many`.
    pub fn begin_passkey(&mut self, token: &str) -> Result<Outcome<Value>, AccountFault> {
        let (account, mut session) = self.own(token)?;
        if account.body.passkeys.len() >= PASSKEYS_MAX {
            let message = "there are ten passkeys already; remove one first";
            return Err(AccountFault::wrong("passkeys-many", "passkey", message));
        }
        let challenge = Challenge::new(Purpose::Register, self.now, self.random);
        // The handle names the account to the device and says nothing to anybody else.
        let handle_key = self.key.derive("comity-user-handle/v1");
        let handle = hmac_sha256(handle_key.as_slice(), account.id.as_str().as_bytes());
        let user = (handle.as_slice(), account.id.as_str());
        let known = &account.body.passkeys;
        let mut out = Outcome::new(passkey::creation(&self.rules.site, &challenge, user, known));
        session.body.challenge = Some(challenge);
        out.put_session(&session)?;
        Ok(out)
    }

    /// Adds a passkey by what the browser says of it: `PublicKeyCredential.toJSON()` as text.
    ///
    /// # Errors
    /// [`AccountFault::Wrong`] with what is wrong about it, or `label`.
    pub fn finish_passkey(
        &mut self,
        token: &str,
        label: &str,
        reply: &str,
    ) -> Result<Outcome<FactorAdded>, AccountFault> {
        let (mut account, mut session) = self.own(token)?;
        check_label(label)?;
        let wrong = |code| AccountFault::wrong(code, "passkey", "this passkey cannot be added");
        let challenge = session.body.challenge.take();
        let challenge = challenge.filter(|c| c.is_open(Purpose::Register, self.now));
        let challenge = challenge.ok_or_else(|| wrong("passkey-challenge"))?;
        let site = &self.rules.site;
        let key = passkey::register(site, &challenge, reply, (label, self.now)).map_err(wrong)?;
        if account.body.passkeys.iter().any(|known| known.credential == key.credential) {
            return Err(wrong("passkey-known"));
        }
        account.body.passkeys.push(key);
        self.factor_added(account, session, FactorKind::Passkey)
    }

    /// What `navigator.credentials.get` is given: for the second step, or to unlock.
    ///
    /// # Errors
    /// [`AccountFault::Wrong`] `no-session`.
    pub fn passkey_request(&mut self, token: &str) -> Result<Outcome<Value>, AccountFault> {
        let (account, mut session) = self.live(token)?.ok_or_else(no_session)?;
        if !matches!(session.stage(), Stage::SecondFactor | Stage::Full) {
            return Err(no_session());
        }
        let challenge = Challenge::new(Purpose::Prove, self.now, self.random);
        let known = &account.body.passkeys;
        let mut out = Outcome::new(passkey::request(&self.rules.site, &challenge, known));
        session.body.challenge = Some(challenge);
        out.put_session(&session)?;
        Ok(out)
    }

    fn factor_added(
        &mut self,
        mut account: Account,
        session: Session,
        kind: FactorKind,
    ) -> Result<Outcome<FactorAdded>, AccountFault> {
        let recovery =
            if account.body.recovery.is_empty() { self.codes(&mut account) } else { Vec::new() };
        let mut out = Outcome::new(SignIn::Failed);
        out.audit.push(self.done(What::FactorAdded(kind), &account.id));
        let stage = self.stage_after(&account, &session);
        if stage == session.stage() {
            out.put(&account)?;
            out.put_session(&session)?;
        } else {
            self.start(&mut account, stage, false, Some(&session), &mut out)?;
        }
        Ok(out.map(|signed_in| match signed_in {
            SignIn::Started(new) => FactorAdded { recovery, next: Some(*new) },
            SignIn::Failed => FactorAdded { recovery, next: None },
        }))
    }

    fn codes(&mut self, account: &mut Account) -> Vec<Secret> {
        let codes: Vec<Secret> = (0..RECOVERY_CODES).map(|_| code(random(self.random))).collect();
        account.body.recovery = codes.iter().map(|c| code_sha256(c.show())).collect();
        codes
    }

    /// New recovery codes in place of those that are left.
    ///
    /// # Errors
    /// [`AccountFault::Unconfirmed`], [`AccountFault::Wrong`] `no-factor`.
    pub fn new_recovery_codes(
        &mut self,
        token: &str,
    ) -> Result<Outcome<Vec<Secret>>, AccountFault> {
        let (mut account, _) = self.own(token)?;
        if account.factors().is_empty() {
            let message = "add an authenticator app or a passkey first";
            return Err(AccountFault::wrong("no-factor", "recovery", message));
        }
        let codes = self.codes(&mut account);
        let mut out = Outcome::new(codes);
        out.put(&account)?;
        out.audit.push(self.done(What::FactorAdded(FactorKind::Recovery), &account.id));
        Ok(out)
    }

    /// Removes the authenticator app, or a passkey by its id.
    ///
    /// # Errors
    /// [`AccountFault::Unconfirmed`]; [`AccountFault::Wrong`] `no-factor` if it is not there,
    /// `last-factor` if another is needed first.
    pub fn remove_factor(
        &mut self,
        token: &str,
        passkey: Option<&str>,
    ) -> Result<Outcome<()>, AccountFault> {
        let (mut account, _) = self.own(token)?;
        let before = account.factors();
        let keys = account.body.passkeys.len();
        let kind = if let Some(id) = passkey {
            account.body.passkeys.retain(|key| key.id() != id);
            FactorKind::Passkey
        } else {
            account.body.app = None;
            FactorKind::App
        };
        if account.factors() == before && account.body.passkeys.len() == keys {
            let message = "the account has no such factor";
            return Err(AccountFault::wrong("no-factor", "factor", message));
        }
        let needs_factor = self.rules.second_factor == SecondFactorRule::Required;
        if account.factors().is_empty() {
            if needs_factor {
                let message = "this is the last factor; add another one first";
                return Err(AccountFault::wrong("last-factor", "factor", message));
            }
            account.body.recovery.clear();
        }
        let mut out = Outcome::new(());
        out.put(&account)?;
        out.audit.push(self.done(What::FactorRemoved(kind), &account.id));
        Ok(out)
    }

    /// The sessions of an account that are not over, the last seen first.
    ///
    /// # Errors
    /// [`AccountFault::Store`], [`AccountFault::Damaged`].
    pub fn sessions(&mut self, id: &OfficialId) -> Result<Vec<Session>, AccountFault> {
        let Some(account) = self.find(id)? else { return Ok(Vec::new()) };
        let mut sessions = Vec::new();
        for row in self.reads.sessions_of(id)? {
            let session = Session::read(&row)?;
            if self.now < session.ends_at && !account.has_ended(session.id()) {
                sessions.push(session);
            }
        }
        sessions.sort_by_key(|s| (std::cmp::Reverse(s.seen_at()), s.id()));
        Ok(sessions)
    }

    /// Ends one of the sessions of whoever is signed in with a token.
    ///
    /// # Errors
    /// [`AccountFault::Wrong`] `no-session` if it is not theirs; [`AccountFault::Unconfirmed`].
    pub fn end_session(&mut self, token: &str, id: SessionId) -> Result<Outcome<()>, AccountFault> {
        let out = self.end_where(token, |session, _| session.id() == id)?;
        if out.changes.is_empty() { Err(no_session()) } else { Ok(out) }
    }

    /// Ends every session of whoever is signed in with a token but that one.
    ///
    /// # Errors
    /// As [`Desk::end_session`].
    pub fn end_others(&mut self, token: &str) -> Result<Outcome<()>, AccountFault> {
        self.end_where(token, |session, own| session.id() != own.id())
    }

    fn end_where(
        &mut self,
        token: &str,
        is_meant: impl Fn(&Session, &Session) -> bool,
    ) -> Result<Outcome<()>, AccountFault> {
        let (mut account, own) = self.own(token)?;
        let mut out = Outcome::new(());
        for session in self.sessions(&account.id)?.iter().filter(|s| is_meant(s, &own)) {
            account.end(session.id(), session.ends_at, self.now);
            out.changes.push(Change::RemoveSession(session.token_sha256));
            let who = Who::Account(account.id.clone());
            let subject = Subject::Session(account.id.clone(), session.id());
            out.audit.push(self.event(What::SessionEnded, who, AuditOutcome::Done, subject));
        }
        if !out.changes.is_empty() {
            out.put(&account)?;
        }
        Ok(out)
    }
}

/// What people call a thing: some characters, no control characters among them.
pub(super) fn check_label(label: &str) -> Result<(), AccountFault> {
    let fits = (1..=LABEL_CHARS_MAX).contains(&label.trim().chars().count());
    if fits && !label.chars().any(char::is_control) {
        return Ok(());
    }
    Err(AccountFault::wrong("label", "label", "give it a name of 1 to 64 characters"))
}

//! A node's accounts over the store in memory, with a clock and random bytes of the test's own.

use comity_exchange::Digest;
use comity_exchange::case::{OfficialId, Side};
use comity_node::Random;
use comity_server::account::*;
use comity_store::{Batch, Fault, MemoryStore, Store};
use jiff::{SignedDuration, Timestamp};
use ring::hmac;

/// A password that may be chosen.
pub const PASSWORD: &str = "orchid tin glacier fence";

/// Random bytes that follow from a counter.
pub struct Counter(pub u64);

impl Random for Counter {
    fn fill(&mut self, bytes: &mut [u8]) {
        for part in bytes.chunks_mut(32) {
            self.0 += 1;
            let block = Digest::of_bytes(&self.0.to_be_bytes()).0;
            part.copy_from_slice(&block[..part.len()]);
        }
    }
}

pub fn site() -> RelyingParty {
    RelyingParty {
        id: "jail.example".to_owned(),
        origin: "https://jail.example:8443".to_owned(),
        name: "Example County Jail".to_owned(),
    }
}

pub fn id(name: &str) -> OfficialId {
    OfficialId::new(name).unwrap()
}

pub struct World {
    pub store: MemoryStore,
    pub random: Counter,
    pub key: AccountKey,
    pub rules: Rules,
    pub side: Side,
    pub now: Timestamp,
    pub audit: Vec<AuditEvent>,
}

impl World {
    pub fn new() -> World {
        World::on(Side::Agency)
    }

    pub fn on(side: Side) -> World {
        World {
            store: MemoryStore::new(),
            random: Counter(0),
            key: AccountKey::from_bytes([7; 32]),
            rules: Rules::new(site()).cost(Cost::for_tests()),
            side,
            now: "2026-03-02T08:00:00Z".parse().unwrap(),
            audit: Vec::new(),
        }
    }

    pub fn later(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
    }

    pub fn desk(&mut self) -> Desk<'_> {
        Desk {
            reads: &mut self.store,
            random: &mut self.random,
            key: &self.key,
            rules: &self.rules,
            side: self.side,
            now: self.now,
            origin: Origin::Address("192.0.2.7".parse().unwrap()),
        }
    }

    /// Keeps what came of something, as the server does before it replies.
    pub fn try_keep<T>(&mut self, out: Outcome<T>) -> Result<T, Fault> {
        self.store.commit(&Batch { expects: None, changes: out.changes })?;
        self.audit.extend(out.audit);
        Ok(out.value)
    }

    pub fn keep<T>(&mut self, out: Result<Outcome<T>, AccountFault>) -> T {
        self.try_keep(out.unwrap()).unwrap()
    }

    pub fn sign_in(&mut self, name: &str, secret: &str) -> SignIn {
        let out = self.desk().sign_in(name, secret);
        self.keep(out)
    }

    /// The token of a sign-in that must succeed, and how far it leads.
    pub fn signed_in(&mut self, name: &str, secret: &str) -> (String, Stage) {
        started(self.sign_in(name, secret))
    }

    pub fn presence(&mut self, token: &str) -> Presence {
        let out = self.desk().present(token, true);
        self.keep(out)
    }

    pub fn person(&mut self, token: &str) -> Person {
        match self.presence(token) {
            Presence::Present(person) => person,
            other => panic!("not present: {other:?}"),
        }
    }

    /// Makes an account from the console; its invitation.
    pub fn make(&mut self, name: &str, roles: &[Role]) -> String {
        let new = NewAccount {
            name: name.to_owned(),
            roles: roles.iter().copied().collect(),
            external: None,
        };
        let out = self.desk().make_account(Actor::Console, new);
        self.keep(out).map_or_else(String::new, |code| code.show().to_owned())
    }

    /// An account with a password and an app, its person signed in; token and app secret.
    pub fn member(&mut self, name: &str, roles: &[Role]) -> Member {
        let invitation = self.make(name, roles);
        let (token, stage) = self.signed_in(name, &invitation);
        assert_eq!(stage, Stage::Setup);
        let out = self.desk().set_password(&token, "", PASSWORD);
        let (token, stage) = started(self.keep(out));
        assert_eq!(stage, Stage::Setup, "a factor is still to be set");
        let out = self.desk().begin_app(&token);
        let app = App::read(self.keep(out).secret.show());
        let code = app.code(self.now);
        let out = self.desk().finish_app(&token, &code);
        let added = self.keep(out);
        let next = added.next.expect("set up");
        assert_eq!(next.session.stage(), Stage::Full);
        let recovery = added.recovery.iter().map(|c| c.show().to_owned()).collect();
        self.later(60);
        Member { token: next.token.show().to_owned(), app, recovery }
    }

    pub fn account(&mut self, name: &str) -> Account {
        let all = self.desk().accounts(Actor::Console).unwrap();
        all.into_iter().find(|a| a.id == id(name)).unwrap()
    }

    /// What the audit tells since it was last asked: what, and why where it was refused.
    pub fn told(&mut self) -> Vec<String> {
        let tell = |event: AuditEvent| match event.outcome {
            AuditOutcome::Done => event.what.code().to_owned(),
            AuditOutcome::Refused(why) => format!("{} {why}", event.what.code()),
        };
        self.audit.drain(..).map(tell).collect()
    }
}

/// Somebody who is signed in.
pub struct Member {
    pub token: String,
    pub app: App,
    pub recovery: Vec<String>,
}

/// An authenticator app, written from RFC 4226 and RFC 6238.
pub struct App(Vec<u8>);

impl App {
    pub fn read(base32: &str) -> App {
        let value = |c: char| "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(c).unwrap() as u128;
        let mut bytes = Vec::new();
        for group in base32.chars().collect::<Vec<_>>().chunks(8) {
            let bits = group.iter().fold(0_u128, |all, c| all * 32 + value(*c));
            bytes.extend(&bits.to_be_bytes()[11..]);
        }
        App(bytes)
    }

    pub fn code(&self, at: Timestamp) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let counter = (at.as_second() as u64 / 30).to_be_bytes();
        let tag = hmac::sign(&key, &counter);
        let tag = tag.as_ref();
        let offset = (tag[19] & 0xf) as usize;
        let bytes: [u8; 4] = tag[offset..offset + 4].try_into().unwrap();
        format!("{:06}", (u32::from_be_bytes(bytes) & 0x7fff_ffff) % 1_000_000)
    }
}

pub fn started(outcome: SignIn) -> (String, Stage) {
    match outcome {
        SignIn::Started(new) => (new.token.show().to_owned(), new.session.stage()),
        SignIn::Failed => panic!("sign-in failed"),
    }
}

pub fn wrong<T: std::fmt::Debug>(result: Result<T, AccountFault>) -> String {
    result.expect_err("refused").code().to_owned()
}

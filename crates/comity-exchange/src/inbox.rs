//! What came from one peer: each message is given out once, in the sender's order, however
//! often and in whatever order it arrives.

use crate::envelope::{Digest, Envelope, EnvelopeId, Party, Signed};
use crate::keys::PartyKeys;
use comity_ledger::VerifierKey;
use comity_model::Diagnostic;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fmt;

/// Most messages that wait for one before them.
pub const WAITING_MAX: usize = 1024;

/// How far a sender's clock may be ahead of ours: beyond it, a message is refused until its
/// time has come.
const AHEAD_MAX_S: i64 = 300;

/// How far it may be ahead before somebody is told.
const AHEAD_NOTICE_S: i64 = 2;

/// What an arrival came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Taken {
    /// These are to be applied now, in this order, in one transaction with the inbox; each is
    /// then receipted.
    Apply(Vec<Signed>),
    /// It came before the one with this number and waits for it. Not receipted yet.
    Waits {
        /// The number that is missing.
        missing: u64,
    },
    /// It was applied before: nothing is to be done, but its receipt is to be sent again.
    Again {
        /// Its number.
        number: u64,
    },
}

/// Why a message is not taken. It is not receipted; an honest sender tries again.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// It cannot be read, or is not signed by a key that is believed.
    Unbelieved(Diagnostic),
    /// It is for somebody else, or from somebody else.
    NotOurs(Diagnostic),
    /// It is dated after now: a clock is wrong.
    FutureDated {
        /// Seconds ahead.
        ahead_s: i64,
    },
    /// The peer signed two messages under one number, or one id under two numbers. Both notes
    /// together prove it.
    Contradicts {
        /// The number.
        number: u64,
        /// The message that was taken.
        taken: Digest,
        /// The other one.
        other: Box<Signed>,
    },
    /// Too many wait already; the missing one must come first.
    Full {
        /// The number that is missing.
        missing: u64,
    },
}

impl Refusal {
    /// A stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::Unbelieved(fault) | Refusal::NotOurs(fault) => fault.code,
            Refusal::FutureDated { .. } => "future-dated",
            Refusal::Contradicts { .. } => "contradicts",
            Refusal::Full { .. } => "inbox-full",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Unbelieved(fault) | Refusal::NotOurs(fault) => f.write_str(&fault.message),
            Refusal::FutureDated { ahead_s } => {
                write!(f, "the message is dated {ahead_s} seconds ahead: a clock is wrong")
            }
            Refusal::Contradicts { number, .. } => {
                write!(f, "another message was signed as number {number}, or under its id")
            }
            Refusal::Full { missing } => {
                write!(f, "too many messages wait for number {missing}, which must come first")
            }
        }
    }
}

/// What one party received from another.
#[derive(Debug, Clone, PartialEq)]
pub struct Inbox {
    from: Party,
    to: Party,
    next: u64,
    /// What was applied, by number and by id.
    applied: BTreeMap<u64, Digest>,
    ids: BTreeMap<EnvelopeId, u64>,
    waiting: BTreeMap<u64, Signed>,
    ahead_s: Option<i64>,
}

impl Inbox {
    /// An empty inbox for messages `from` a peer `to` this party.
    pub fn new(from: Party, to: Party) -> Inbox {
        Inbox {
            from,
            to,
            next: 1,
            applied: BTreeMap::new(),
            ids: BTreeMap::new(),
            waiting: BTreeMap::new(),
            ahead_s: None,
        }
    }

    /// The inbox after a restart: the number that is to be applied next, and what waits. What
    /// was applied is told to it when it matters ([`Inbox::remember`]).
    #[must_use]
    pub fn resume(mut self, next: u64, waiting: Vec<Signed>) -> Inbox {
        self.next = next;
        self.waiting = waiting.into_iter().map(|s| (s.envelope.number, s)).collect();
        self
    }

    /// Tells the inbox of a message that was applied, as it is stored, before it takes one with
    /// that number or id.
    pub fn remember(&mut self, number: u64, id: EnvelopeId, digest: Digest) {
        self.applied.insert(number, digest);
        self.ids.insert(id, number);
    }

    /// Drops from memory what was applied: the store keeps it.
    pub fn let_go(&mut self) {
        self.applied.clear();
        self.ids.clear();
    }

    /// The number that is to be applied next.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// What waits for a message before it.
    pub fn waiting(&self) -> impl Iterator<Item = &Signed> {
        self.waiting.values()
    }

    /// Seconds by which the peer's clock was seen ahead of ours at the last arrival, if more
    /// than two: somebody should look at the clocks.
    pub fn ahead_s(&self) -> Option<i64> {
        self.ahead_s
    }

    /// Takes what arrived at an instant. If it is refused, the inbox is as before.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn take(
        &mut self,
        bytes: &[u8],
        keys: &PartyKeys,
        received_at: Timestamp,
    ) -> Result<Taken, Refusal> {
        let signed =
            Envelope::read("envelope", bytes, keys, received_at).map_err(Refusal::Unbelieved)?;
        self.take_read(signed, received_at)
    }

    /// The same for an envelope that was read, and its signature checked, at that instant.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn take_read(&mut self, signed: Signed, received_at: Timestamp) -> Result<Taken, Refusal> {
        let Envelope { id, from, to, number, sent_at, .. } = &signed.envelope;
        if (from, to) != (&self.from, &self.to) {
            let message = format!("the message is from `{from}` to `{to}`");
            return Err(Refusal::NotOurs(Diagnostic::error("not-ours", message).path("to")));
        }
        let (id, number, sent_at) = (*id, *number, *sent_at);
        // A message that was seen is known by its digest, however late it comes again.
        let before = self.applied.get(&number).copied();
        let before = before.or_else(|| self.waiting.get(&number).map(|kept| kept.digest));
        let other_number = self.number_of(id).filter(|known| *known != number);
        match before {
            Some(taken) if taken != signed.digest => {
                let other = Box::new(signed);
                return Err(Refusal::Contradicts { number, taken, other });
            }
            Some(_) if number < self.next => return Ok(Taken::Again { number }),
            Some(_) => return Ok(Taken::Waits { missing: self.next }),
            None => {}
        }
        if let Some(known) = other_number
            && let Some(taken) = self.digest_of(known)
        {
            return Err(Refusal::Contradicts { number: known, taken, other: Box::new(signed) });
        }
        let ahead_s = sent_at.duration_since(received_at).as_secs();
        if ahead_s > AHEAD_MAX_S {
            return Err(Refusal::FutureDated { ahead_s });
        }
        if number > self.next && self.waiting.len() >= WAITING_MAX {
            return Err(Refusal::Full { missing: self.next });
        }
        self.ahead_s = (ahead_s > AHEAD_NOTICE_S).then_some(ahead_s);
        self.waiting.insert(number, signed);
        let mut apply = Vec::new();
        while let Some(signed) = self.waiting.remove(&self.next) {
            self.applied.insert(self.next, signed.digest);
            self.ids.insert(signed.envelope.id, self.next);
            self.next += 1;
            apply.push(signed);
        }
        let missing = self.next;
        Ok(if apply.is_empty() { Taken::Waits { missing } } else { Taken::Apply(apply) })
    }

    /// Drops what waits and was signed by a key that is revoked now; its sender, if it was the
    /// party, signs and sends it again. Returns how many.
    pub fn drop_signed_by(&mut self, key: &VerifierKey) -> usize {
        let before = self.waiting.len();
        self.waiting.retain(|_, signed| signed.key != *key);
        before - self.waiting.len()
    }

    fn number_of(&self, id: EnvelopeId) -> Option<u64> {
        let waiting = || self.waiting.iter().find(|(_, s)| s.envelope.id == id).map(|(n, _)| *n);
        self.ids.get(&id).copied().or_else(waiting)
    }

    fn digest_of(&self, number: u64) -> Option<Digest> {
        let waiting = || self.waiting.get(&number).map(|signed| signed.digest);
        self.applied.get(&number).copied().or_else(waiting)
    }
}

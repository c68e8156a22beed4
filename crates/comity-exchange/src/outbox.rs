//! What was sent to one peer and is not yet receipted. Nothing leaves it but by a receipt.

use crate::envelope::{Body, Envelope, EnvelopeId, MessageKind, Party, Signed};
use crate::receipt::Receipt;
use comity_ledger::SecretKey;
use comity_model::Diagnostic;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// Wait after the first attempt; doubled after each further one.
const WAIT_FIRST_S: i64 = 2;

/// Longest wait between attempts.
const WAIT_MAX_S: i64 = 300;

/// A message on its way.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    /// The message with its signed bytes.
    pub signed: Signed,
    /// How often it was sent.
    pub attempts: u32,
    /// When to send it again.
    pub due_at: Timestamp,
}

/// What a receipt came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// The message arrived; it is not sent again.
    Now,
    /// It was settled before.
    Before,
}

/// Messages from one party to another.
#[derive(Debug, Clone, PartialEq)]
pub struct Outbox {
    from: Party,
    to: Party,
    next: u64,
    pending: BTreeMap<u64, Pending>,
}

impl Outbox {
    /// An empty outbox.
    pub fn new(from: Party, to: Party) -> Outbox {
        Outbox { from, to, next: 1, pending: BTreeMap::new() }
    }

    /// The outbox after a restart: the number of the next message, and what is on its way.
    #[must_use]
    pub fn resume(mut self, next: u64, pending: Vec<Pending>) -> Outbox {
        self.next = next;
        self.pending = pending.into_iter().map(|p| (p.signed.envelope.number, p)).collect();
        self
    }

    /// Signs a message and keeps it until it is receipted. The id must be new and random; the
    /// same id again is the same message, and gives what was kept.
    ///
    /// # Errors
    /// As [`Envelope::sign`]; `id-reused` for another message under an id that is on its way.
    pub fn post(
        &mut self,
        id: EnvelopeId,
        kind: MessageKind,
        reply_to: Option<EnvelopeId>,
        body: Body,
        key: &SecretKey,
        at: Timestamp,
    ) -> Result<&Pending, Diagnostic> {
        let twice = self.pending.values().find(|p| p.signed.envelope.id == id);
        let number = if let Some(Pending { signed: Signed { envelope, .. }, .. }) = twice {
            let Envelope { kind: k, reply_to: r, body: b, number, .. } = envelope;
            if (k, r, b) != (&kind, &reply_to, &body) {
                let message = format!("id `{id}` is that of another message");
                return Err(Diagnostic::error("id-reused", message).path("id"));
            }
            *number
        } else {
            let (from, to, number) = (self.from.clone(), self.to.clone(), self.next);
            let envelope = Envelope { id, from, to, number, kind, sent_at: at, reply_to, body };
            let signed = envelope.sign(key)?;
            self.pending.insert(number, Pending { signed, attempts: 0, due_at: at });
            self.next += 1;
            number
        };
        self.pending.get(&number).ok_or_else(|| Diagnostic::error("missing", "not kept"))
    }

    /// Signs again, with a new key, what is on its way: the messages stay the same, and so do
    /// their digests.
    ///
    /// # Errors
    /// `bad-key`: the key is not the sender's.
    pub fn sign_again(&mut self, key: &SecretKey) -> Result<(), Diagnostic> {
        self.sign_again_after(0, key)
    }

    /// The same for what comes after a number: the message of that number tells the peer of the
    /// key, and is believed by the one before.
    ///
    /// # Errors
    /// `bad-key`: the key is not the sender's.
    pub fn sign_again_after(&mut self, number: u64, key: &SecretKey) -> Result<(), Diagnostic> {
        let after = (std::ops::Bound::Excluded(number), std::ops::Bound::Unbounded);
        let again: Result<Vec<Signed>, Diagnostic> =
            self.pending.range(after).map(|(_, p)| p.signed.envelope.clone().sign(key)).collect();
        for ((_, pending), signed) in self.pending.range_mut(after).zip(again?) {
            pending.signed = signed;
        }
        Ok(())
    }

    /// The number of the next message.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// What is on its way, in order.
    pub fn pending(&self) -> impl Iterator<Item = &Pending> {
        self.pending.values()
    }

    /// What is to be sent at an instant, in order. Each is to be told to
    /// [`Outbox::attempted`].
    pub fn due(&self, at: Timestamp) -> impl Iterator<Item = &Pending> {
        self.pending.values().filter(move |pending| pending.due_at <= at)
    }

    /// A message was sent; it is due again after a wait that doubles, up to five minutes.
    pub fn attempted(&mut self, number: u64, at: Timestamp) {
        if let Some(pending) = self.pending.get_mut(&number) {
            let wait = WAIT_FIRST_S << pending.attempts.min(8);
            pending.attempts += 1;
            let wait = SignedDuration::from_secs(wait.min(WAIT_MAX_S));
            pending.due_at = at.saturating_add(wait).unwrap_or(Timestamp::MAX);
        }
    }

    /// The peer answers again: everything is due now.
    pub fn hurry(&mut self, at: Timestamp) {
        for pending in self.pending.values_mut() {
            pending.due_at = pending.due_at.min(at);
        }
    }

    /// Settles a message by its receipt, whose signature was checked
    /// ([`Receipt::read`]). The receipt is to be kept: it proves that the peer received.
    ///
    /// # Errors
    /// `not-ours`: for another pair of parties. `never-sent`. `other-message`: the receipt is
    /// for other bytes under this number; the peer was shown something else, or lies.
    pub fn settle(&mut self, receipt: &Receipt) -> Result<Settled, Diagnostic> {
        if receipt.from != self.to || receipt.to != self.from {
            let message = format!("the receipt is of `{}` for `{}`", receipt.from, receipt.to);
            return Err(Diagnostic::error("not-ours", message).path("from"));
        }
        if receipt.number == 0 || receipt.number >= self.next {
            let message = format!("message {} was never sent", receipt.number);
            return Err(Diagnostic::error("never-sent", message).path("number"));
        }
        let Some(pending) = self.pending.get(&receipt.number) else { return Ok(Settled::Before) };
        if pending.signed.digest != receipt.digest || pending.signed.envelope.id != receipt.id {
            let message = format!("the receipt is not for message {} as sent", receipt.number);
            return Err(Diagnostic::error("other-message", message)
                .path("digest")
                .help("keep the receipt: it is signed, and shows what the peer says it received"));
        }
        self.pending.remove(&receipt.number);
        Ok(Settled::Now)
    }
}

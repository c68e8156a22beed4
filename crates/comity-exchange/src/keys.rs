//! Which keys of which party are believed, and until when.

use crate::envelope::Party;
use comity_ledger::{KeyKind, Note, VerifierKey};
use comity_model::Diagnostic;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// A party's key and its time. Times are of arrival here: what a sender writes as its time is
/// a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartyKey {
    /// The key; its name is the party's.
    pub key: VerifierKey,
    /// From when.
    pub from: Timestamp,
    /// Until when it is believed, if it was replaced.
    pub until: Option<Timestamp>,
    /// Since when it is not believed any more, if it was stolen or lost.
    pub revoked_at: Option<Timestamp>,
}

impl PartyKey {
    fn is_valid_at(&self, at: Timestamp) -> bool {
        self.from <= at
            && self.until.is_none_or(|until| at <= until)
            && self.revoked_at.is_none_or(|revoked| at < revoked)
    }
}

/// What a party says of its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyNews {
    /// A new key; the ones before are believed until an instant, so that what is on its way
    /// still arrives.
    Replaced {
        /// The new key.
        key: VerifierKey,
        /// Until when the old ones are believed.
        until: Timestamp,
    },
    /// A key is not to be believed any more.
    Revoked {
        /// The key.
        key: VerifierKey,
    },
}

/// The keys of all parties that a node talks to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartyKeys {
    keys: BTreeMap<Party, Vec<PartyKey>>,
}

impl PartyKeys {
    /// Takes a party's first key, which somebody checked by another way: a letter, a visit.
    ///
    /// # Errors
    /// `bad-key`: of another name, or a witness's. `twice`: the party is known.
    pub fn introduce(
        &mut self,
        party: &Party,
        key: VerifierKey,
        from: Timestamp,
    ) -> Result<(), Diagnostic> {
        check_name(party, &key)?;
        if self.keys.contains_key(party) {
            let message = format!("`{party}` is known; its next key is signed by the one before");
            return Err(Diagnostic::error("twice", message).path("party"));
        }
        let key = PartyKey { key, from, until: None, revoked_at: None };
        self.keys.insert(party.clone(), vec![key]);
        Ok(())
    }

    /// The keys of a party as they were stored.
    pub fn restore(&mut self, party: &Party, keys: Vec<PartyKey>) {
        self.keys.insert(party.clone(), keys);
    }

    /// The keys of a party, in the order in which they came.
    pub fn of(&self, party: &Party) -> &[PartyKey] {
        self.keys.get(party).map_or(&[], Vec::as_slice)
    }

    /// The key that letters to a party are sealed to at an instant: its newest valid one.
    pub fn current(&self, party: &Party, at: Timestamp) -> Option<&VerifierKey> {
        self.of(party).iter().rev().find(|known| known.is_valid_at(at)).map(|known| &known.key)
    }

    /// Which valid key of a party signed a note that came at an instant.
    ///
    /// # Errors
    /// `unknown-party`, `unsigned`, `bad-signature`, `key-not-valid`.
    pub fn check(
        &self,
        party: &Party,
        note: &Note,
        received_at: Timestamp,
    ) -> Result<VerifierKey, Diagnostic> {
        let Some(keys) = self.keys.get(party) else {
            let message = format!("`{party}` is no party that this node knows");
            return Err(Diagnostic::error("unknown-party", message)
                .path("from")
                .help("`comity node add-peer` makes a party known"));
        };
        let mut by_invalid = None;
        for known in keys {
            if note.check(&known.key)?.is_none() {
                continue;
            }
            if known.is_valid_at(received_at) {
                return Ok(known.key.clone());
            }
            by_invalid = Some(known);
        }
        match by_invalid {
            Some(PartyKey { key, revoked_at: Some(at), .. }) => {
                let message = format!("key `{}` of `{party}` was revoked at {at}", key.id());
                Err(Diagnostic::error("key-not-valid", message)
                    .path("signature")
                    .help("whoever sent it may have a stolen key; call the party"))
            }
            Some(PartyKey { key, .. }) => {
                let message = format!("key `{}` of `{party}` is not valid now", key.id());
                Err(Diagnostic::error("key-not-valid", message).path("signature"))
            }
            None => {
                let message = format!("no known key of `{party}` signed this");
                Err(Diagnostic::error("unsigned", message).path("signature"))
            }
        }
    }

    /// Takes news of a party's keys, that came at an instant in a message signed by a valid
    /// key of the party. A revoked key never comes back.
    ///
    /// # Errors
    /// `bad-key`, `unknown-party`, `unknown-key`, `twice`; `last-key`: the party would have
    /// none left and could not say so any more.
    pub fn take(
        &mut self,
        party: &Party,
        news: KeyNews,
        received_at: Timestamp,
    ) -> Result<(), Diagnostic> {
        let fault = |code, message: String| Err(Diagnostic::error(code, message).path("key"));
        let Some(keys) = self.keys.get_mut(party) else {
            return fault("unknown-party", format!("`{party}` is no party that this node knows"));
        };
        match news {
            KeyNews::Replaced { key, until } => {
                check_name(party, &key)?;
                if keys.iter().any(|known| known.key.public() == key.public()) {
                    return fault("twice", format!("`{}` was a key before", key.id()));
                }
                for known in keys.iter_mut() {
                    known.until = Some(known.until.map_or(until, |before| before.min(until)));
                }
                keys.push(PartyKey { key, from: received_at, until: None, revoked_at: None });
            }
            KeyNews::Revoked { key } => {
                let others = keys.iter().any(|k| k.key != key && k.is_valid_at(received_at));
                let Some(known) = keys.iter_mut().find(|known| known.key == key) else {
                    return fault("unknown-key", format!("`{}` is no key of `{party}`", key.id()));
                };
                if !others {
                    let message = format!("`{party}` has no other key; first give a new one");
                    return fault("last-key", message);
                }
                let since = known.revoked_at.map_or(received_at, |before| before.min(received_at));
                known.revoked_at = Some(since);
            }
        }
        Ok(())
    }

    /// Stops believing every key of a party: what an administrator does on a telephone call.
    /// The party is introduced again with [`PartyKeys::reintroduce`].
    pub fn revoke_all(&mut self, party: &Party, at: Timestamp) {
        for known in self.keys.get_mut(party).into_iter().flatten() {
            known.revoked_at = Some(known.revoked_at.map_or(at, |before| before.min(at)));
        }
    }

    /// A new key for a party that has no valid one left, checked by another way.
    ///
    /// # Errors
    /// `bad-key`; `twice`: the key was one before, or the party still has a valid one.
    pub fn reintroduce(
        &mut self,
        party: &Party,
        key: VerifierKey,
        from: Timestamp,
    ) -> Result<(), Diagnostic> {
        check_name(party, &key)?;
        let keys = self.keys.entry(party.clone()).or_default();
        if keys.iter().any(|k| k.is_valid_at(from) || k.key.public() == key.public()) {
            let message = format!("`{party}` has a valid key, or had this one");
            return Err(Diagnostic::error("twice", message).path("key"));
        }
        keys.push(PartyKey { key, from, until: None, revoked_at: None });
        Ok(())
    }
}

fn check_name(party: &Party, key: &VerifierKey) -> Result<(), Diagnostic> {
    if key.name().as_str() == party.as_str() && key.kind() == KeyKind::Log {
        return Ok(());
    }
    let message = format!("`{}` is no key that `{party}` signs envelopes with", key.name());
    Err(Diagnostic::error("bad-key", message).path("key"))
}

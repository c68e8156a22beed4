//! Words that stand where personal data would, looked for where none may be.

use crate::fault::{Checked, Must, demand};
use comity_exchange::Party;
use comity_store::{MemoryStore, Reads};

/// What every planted word begins with.
const ANY: &[u8] = b"canary";

/// Charges go with the prints; no other planted word may leave its party.
const TRAVELS: &[u8] = b"canary-charge";

/// True if bytes hold a planted word, other than those that are allowed.
fn holds(bytes: &[u8], allowed: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|b| *b == ANY[0]) {
        rest = &rest[at..];
        if rest.starts_with(ANY) && (allowed.is_empty() || !rest.starts_with(allowed)) {
            return true;
        }
        rest = &rest[1..];
    }
    false
}

/// What goes over the wire holds no text of an official, no name, no candidate.
///
/// # Errors
/// It does.
pub fn check_wire(envelope: &[u8]) -> Checked {
    let names_record = envelope.windows(14).any(|w| w == b"gallery_record");
    demand(!holds(envelope, TRAVELS) && !names_record, "private-words-stay", || {
        String::from_utf8_lossy(envelope).into_owned()
    })
}

/// No unsealed byte of a store holds a planted word.
///
/// # Errors
/// One does.
pub fn check_store(store: &mut MemoryStore, peers: &[Party]) -> Checked {
    let clean = |bytes: &[u8], allowed: &[u8], what: &str| {
        demand(!holds(bytes, allowed), "no-personal-text-unsealed", || {
            format!("{what}: {}", String::from_utf8_lossy(bytes))
        })
    };
    for row in store.leaves(0, usize::MAX).must("reads")? {
        clean(&row.leaf, b"", "leaf")?;
        clean(&row.sealed, b"", "sealed event")?;
    }
    for row in store.cases(false, None, usize::MAX).must("reads")?.rows {
        clean(row.card_sealed.as_deref().unwrap_or_default(), b"", "card")?;
    }
    for row in store.tasks(None, None, usize::MAX).must("reads")?.rows {
        clean(&row.body, b"", "task")?;
        clean(row.key.as_bytes(), b"", "task")?;
    }
    for row in store.checkpoints(0, usize::MAX).must("reads")? {
        clean(&row.note, b"", "checkpoint")?;
    }
    for row in store.peers().must("reads")? {
        clean(&row.body, b"", "peer")?;
    }
    for peer in peers {
        for row in store.inbox_waiting(peer).must("reads")? {
            clean(row.waiting.as_deref().unwrap_or_default(), b"", "message that waits")?;
        }
        for row in store.outbox_pending(peer, usize::MAX).must("reads")? {
            clean(row.bytes.as_deref().unwrap_or_default(), b"", "message to be sent")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planted_words_are_seen_and_allowed_ones_are_not() {
        assert!(holds(b"a canary-remark-1", TRAVELS));
        assert!(holds(b"canary-charge", b""));
        assert!(!holds(b"can canary-charge ca", TRAVELS));
        assert!(holds(b"canary-charge canary-card", TRAVELS));
        assert!(check_wire(b"{\"gallery_record\":1}").is_err());
    }
}

//! Changing the keys that sign messages and the ledger.

use crate::home::Home;
use comity_exchange::KeyNews;
use comity_ledger::VerifierKey;
use comity_node::{Ask, Node, NodeFault};
use comity_store::Change;
use jiff::{SignedDuration, Timestamp};

/// Longest that peers are asked to believe the key before.
pub const DAYS_MAX: u16 = 90;

/// Under which name the store keeps the key that the peers were told of.
const TOLD: &str = "message-key";

fn turn(node: &mut Node, asks: Vec<Ask>, now: Timestamp) -> Result<(), NodeFault> {
    node.turn(asks, now)?.into_iter().try_for_each(|done| done.map(drop))
}

/// Tells the peers of a new key under the old one, signs again what is on its way, and lets the
/// new key take the old one's place. Cut off anywhere, it is begun again with the same key.
/// The key before is believed for `days` more.
///
/// # Errors
/// What the disk or the store says.
pub fn rotate(
    home: &Home,
    node: &mut Node,
    days: u16,
    now: Timestamp,
) -> Result<VerifierKey, NodeFault> {
    let key = home.next_key("message").map_err(NodeFault::Damaged)?;
    let new = key.verifier().clone();
    let line = new.to_string();
    let told = node.store().value(TOLD)?;
    if told.as_deref() != Some(line.as_bytes()) {
        let until = now + SignedDuration::from_hours(24 * i64::from(days));
        let news = KeyNews::Replaced { key: new.clone(), until };
        let set = Change::Set { name: TOLD.to_owned(), value: line.into_bytes() };
        turn(node, vec![Ask::TellKey(news), Ask::Keep(vec![set])], now)?;
    }
    node.set_message_key(key);
    let again = node.sign_again()?;
    turn(node, vec![Ask::Keep(again)], now)?;
    home.use_next_key("message").map_err(NodeFault::Damaged)?;
    Ok(new)
}

/// Lets a new key sign the ledger: the old one signs it for the last time, a note by both says
/// from which size on, and every peer is told. Cut off before the ledger has the note, it is
/// begun again with the same key; after it, the next start ends it.
///
/// # Errors
/// What the disk or the store says.
pub fn rotate_log(home: &Home, node: &mut Node, now: Timestamp) -> Result<VerifierKey, NodeFault> {
    home.finish_log_key(node.store()).map_err(NodeFault::Damaged)?;
    let key = home.next_key("log").map_err(NodeFault::Damaged)?;
    let new = key.verifier().clone();
    node.rotate_log_key(key, now)?;
    home.use_next_key("log").map_err(NodeFault::Damaged)?;
    Ok(new)
}

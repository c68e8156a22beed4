//! Who a node is: its party's name, side and keys.

use comity_exchange::Party;
use comity_exchange::case::Side;
use comity_ledger::{SecretKey, StoreKey};

/// Where random bytes come from: the system's generator, or a simulator's seed.
pub trait Random: Send {
    /// Fills a buffer.
    fn fill(&mut self, bytes: &mut [u8]);
}

/// `N` random bytes.
pub(crate) fn random<const N: usize>(from: &mut dyn Random) -> [u8; N] {
    let mut bytes = [0; N];
    from.fill(&mut bytes);
    bytes
}

/// Who a node is. The keys are in files that only the node can read, never in the store.
#[derive(Clone)]
pub struct Identity {
    /// Its party.
    pub party: Party,
    /// Which side of the exchange it is.
    pub side: Side,
    /// The name of its ledger, which checkpoints carry: `jail.example/ledger`.
    pub origin: String,
    /// Signs envelopes and receipts; named like the party.
    pub message_key: SecretKey,
    /// Signs checkpoints; named like the ledger.
    pub log_key: SecretKey,
    /// Countersigns the peers' checkpoints.
    pub witness_key: SecretKey,
    /// Wraps persons' keys.
    pub store_key: StoreKey,
}

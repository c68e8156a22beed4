//! A ledger in a store: leaves, sealed events, tiles, checkpoints, persons' keys.

use comity_ledger::*;
use comity_store::*;
use jiff::Timestamp;

/// The name of the log of the tests.
pub const ORIGIN: &str = "jail.example/ledger";

/// The log's key.
pub fn log_key() -> SecretKey {
    SecretKey::from_seed(KeyName::new(ORIGIN).unwrap(), KeyKind::Log, [1; 32])
}

/// Trust in the log's key, without a quorum.
pub fn trust() -> Trust {
    let policy = format!("log {}\nquorum none\n", log_key().verifier());
    Trust::parse("policy", policy.as_bytes()).unwrap()
}

/// The node's own key.
pub fn store_key() -> StoreKey {
    StoreKey::from_bytes([0x5a; 32])
}

/// How the tests check a store.
pub fn checked(store: &mut dyn Reads) -> FsckReport {
    let (trust, key) = (trust(), store_key());
    let options = FsckOptions { trust: &trust, store_key: Some(&key), is_at_rest: true };
    fsck_store(store, &options, |_| {}).unwrap()
}

/// Appends to a store as a node does.
#[derive(Default)]
pub struct Writer {
    pub tree: Tree,
}

/// The key of the `n`th person.
fn person(n: u64) -> (PersonKeyId, [u8; 32]) {
    (PersonKeyId([n as u8 + 1; 16]), [n as u8 + 100; 32])
}

impl Writer {
    /// The keys of ten persons, before anything else.
    pub fn keys() -> Vec<Change> {
        let row = |n| {
            let (id, key) = person(n);
            let key = PersonKey::from_bytes(key);
            let wrapped = store_key().wrap(id, &key, [n as u8; 12]).unwrap();
            let row = PersonKeyRow { id, wrapped: Some(wrapped), destroyed_at: None };
            Change::AddPersonKey(row)
        };
        (0..10).map(row).collect()
    }

    /// One batch of so many events with their tiles and checkpoint.
    pub fn batch(&mut self, events: u64) -> Batch {
        let first = self.tree.size();
        let mut changes = Vec::new();
        for index in first..first + events {
            let (id, key) = person(index % 10);
            let event = format!("{{\"n\":{index},\"what\":\"{:0>200}\"}}", index);
            let mut nonce = [0; 12];
            nonce[..8].copy_from_slice(&index.to_be_bytes());
            let mut salt = [7; 32];
            salt[..8].copy_from_slice(&index.to_be_bytes());
            let draft = Draft {
                kind: EventKind::new("request.issued").unwrap(),
                case_id: &[index as u8 % 10],
                event: event.as_bytes(),
                sequenced_at: Timestamp::from_second(1_790_000_000 + index as i64).unwrap(),
            };
            let fresh = Fresh { salt, nonce };
            let key = PersonKey::from_bytes(key);
            let (leaf, sealed) = record(id, &key, draft, fresh).unwrap();
            self.tree.append(Hash::of_leaf(&leaf.to_bytes()));
            changes.push(Change::Append(LeafRow {
                index,
                leaf: leaf.to_bytes(),
                sealed: sealed.to_bytes(),
                of: None,
            }));
        }
        let tiles = self.tree.take_full_tiles().into_iter().chain(self.tree.partial_tiles());
        changes.extend(tiles.map(Change::PutTile));
        let checkpoint = Checkpoint {
            origin: ORIGIN.to_owned(),
            size: self.tree.size(),
            root: self.tree.root(),
            extensions: Vec::new(),
        };
        let note = SignedCheckpoint::sign(checkpoint, &log_key()).unwrap().to_bytes();
        changes.push(Change::PutCheckpoint(CheckpointRow { size: self.tree.size(), note }));
        Batch { expects: Some(first), changes }
    }
}

/// Fills a store with events, in batches of such sizes one after the other.
pub fn fill(store: &mut dyn Store, sizes: &[u64]) {
    store.commit(&Batch { expects: None, changes: Writer::keys() }).unwrap();
    let mut writer = Writer::default();
    for size in sizes {
        store.commit(&writer.batch(*size)).unwrap();
    }
}

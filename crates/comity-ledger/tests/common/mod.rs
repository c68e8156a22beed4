//! A log with its keys, as the tests need it.

#![allow(dead_code, reason = "each test file uses a part")]

use comity_ledger::*;
use jiff::Timestamp;

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// The bytes of hexadecimal.
pub fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

/// A generator of xorshift numbers: a seed gives the same run on every machine.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| (self.next() >> 24) as u8)
    }
}

/// The name of the log of the tests.
pub const ORIGIN: &str = "jail.example/ledger";

/// A log's key.
pub fn log_key(seed: u8) -> SecretKey {
    SecretKey::from_seed(KeyName::new(ORIGIN).unwrap(), KeyKind::Log, [seed; 32])
}

/// A witness's key.
pub fn witness_key(name: &str, seed: u8) -> SecretKey {
    SecretKey::from_seed(KeyName::new(name).unwrap(), KeyKind::Witness, [seed; 32])
}

/// Trust in the log's first key, without a quorum.
pub fn trust() -> Trust {
    let policy = format!("log {}\nquorum none\n", log_key(1).verifier());
    Trust::parse("policy", policy.as_bytes()).unwrap()
}

/// A whole log in memory: leaves, sealed events, tiles, checkpoints, persons' keys.
#[derive(Clone, Default)]
pub struct World {
    pub tree: Tree,
    pub tiles: MemoryTiles,
    pub stored: Vec<StoredLeaf>,
    pub events: Vec<Vec<u8>>,
    pub checkpoints: Vec<Vec<u8>>,
    pub keys: MemoryKeys,
    persons: Vec<(PersonKeyId, PersonKey)>,
}

/// The instant of the `n`th event.
pub fn at(n: usize) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + n as i64).unwrap()
}

impl World {
    /// A log of so many events of ten persons, with a checkpoint at the end.
    pub fn of(events: usize) -> World {
        let mut world = World::default();
        let mut random = Random(0x5eed);
        for _ in 0..events {
            world.append(&mut random);
        }
        world.checkpoint();
        world
    }

    /// Records an event.
    pub fn append(&mut self, random: &mut Random) {
        let n = self.stored.len();
        let person = n % 10;
        while self.persons.len() <= person {
            let id = PersonKeyId(random.bytes());
            let key = PersonKey::from_bytes(random.bytes());
            assert!(self.keys.add(id, key.clone()));
            self.persons.push((id, key));
        }
        let (id, key) = &self.persons[person];
        let event = format!("{{\"n\":{n},\"person\":\"P-{person}\"}}").into_bytes();
        let draft = Draft {
            kind: EventKind::new("request.issued").unwrap(),
            case_id: &[person as u8],
            event: &event,
            sequenced_at: at(n),
        };
        let fresh = Fresh { salt: random.bytes(), nonce: random.bytes() };
        let (leaf, sealed) = record(*id, key, draft, fresh).unwrap();
        self.tree.append(Hash::of_leaf(&leaf.to_bytes()));
        self.tiles.put(self.tree.take_full_tiles());
        self.stored.push(StoredLeaf { leaf: leaf.to_bytes(), sealed: sealed.to_bytes() });
        self.events.push(event);
    }

    /// Signs the log as it stands.
    pub fn checkpoint(&mut self) -> SignedCheckpoint {
        self.tiles.put(self.tree.partial_tiles());
        let signed = signed(&self.tree, &log_key(1));
        self.checkpoints.push(signed.to_bytes());
        signed
    }

    /// The id of a person's key.
    pub fn person(&self, n: usize) -> PersonKeyId {
        self.persons[n].0
    }

    /// Its nodes.
    pub fn nodes(&self) -> Nodes<'_> {
        Nodes::new(&self.tiles, self.tree.size())
    }

    /// What fsck says.
    pub fn fsck(&self) -> FsckReport {
        let against = Against {
            tiles: &self.tiles,
            checkpoints: &self.checkpoints,
            trust: &trust(),
            events: Events::Open(&self.keys),
            is_at_rest: true,
        };
        fsck(&against, self.stored.iter().cloned().map(Ok), |_| {}).unwrap()
    }
}

/// A tree's checkpoint, signed.
pub fn signed(tree: &Tree, key: &SecretKey) -> SignedCheckpoint {
    let checkpoint = Checkpoint {
        origin: ORIGIN.to_owned(),
        size: tree.size(),
        root: tree.root(),
        extensions: Vec::new(),
    };
    SignedCheckpoint::sign(checkpoint, key).unwrap()
}

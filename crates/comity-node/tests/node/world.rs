//! Two nodes on stores in memory, and the mail between them.

use crate::library::library;
use comity_exchange::Party;
use comity_exchange::case::*;
use comity_ledger::{KeyKind, KeyName, SecretKey, StoreKey};
use comity_node::*;
use comity_store::MemoryStore;
use jiff::{SignedDuration, Timestamp};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use serde_json::{Value, json};

pub const JAIL: &str = "jail.example/party";
pub const OFFICE: &str = "office.example/party";
pub const FILE: &[u8] = b"a file that stands for an EBTS transaction";

pub struct Seeded(Xoshiro256PlusPlus);

impl Seeded {
    pub fn new(seed: u64) -> Seeded {
        Seeded(Xoshiro256PlusPlus::seed_from_u64(seed))
    }
}

impl Random for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }
}

pub fn party(name: &str) -> Party {
    Party::new(name).unwrap()
}

pub fn identity(name: &str, side: Side, seed: u8) -> Identity {
    let key = |name: &str, kind, n: u8| {
        SecretKey::from_seed(KeyName::new(name).unwrap(), kind, [seed.wrapping_mul(8) + n; 32])
    };
    let origin = name.replace("/party", "/ledger");
    Identity {
        party: party(name),
        side,
        message_key: key(name, KeyKind::Log, 1),
        log_key: key(&origin, KeyKind::Log, 2),
        witness_key: key(&name.replace("/party", "/witness"), KeyKind::Witness, 3),
        store_key: StoreKey::from_bytes([seed; 32]),
        origin,
    }
}

pub fn news(of: &Identity) -> PeerNews {
    PeerNews {
        party: of.party.as_str().to_owned(),
        side: of.side,
        url: format!("https://{}", of.party.as_str().split('/').next().unwrap()),
        message_key: of.message_key.verifier().to_string(),
        log_key: of.log_key.verifier().to_string(),
        witness_key: of.witness_key.verifier().to_string(),
    }
}

pub fn at(minute: i64) -> Timestamp {
    let start: Timestamp = "2016-03-01T14:00:00Z".parse().unwrap();
    start + SignedDuration::from_mins(minute)
}

/// One node with its store, which outlives it.
pub struct House {
    pub node: Node,
    pub store: MemoryStore,
    pub identity: Identity,
    seed: u64,
    next: u64,
}

impl House {
    pub fn new(name: &str, side: Side, seed: u8) -> House {
        let (store, identity) = (MemoryStore::new(), identity(name, side, seed));
        let node = open(&store, &identity, u64::from(seed));
        House { node, store, identity, seed: u64::from(seed), next: 0 }
    }

    /// The process ends, and is started again on the same store.
    pub fn restart(&mut self) {
        self.seed += 100;
        self.node = open(&self.store, &self.identity, self.seed);
    }

    pub fn turn(&mut self, ask: Ask, now: Timestamp) -> Result<Done, NodeFault> {
        self.node.turn(vec![ask], now)?.pop().unwrap()
    }

    pub fn ok(&mut self, ask: Ask, now: Timestamp) -> Done {
        self.turn(ask, now).unwrap_or_else(|fault| panic!("{fault} {fault:?}"))
    }

    pub fn ask(&mut self, role: OfficialRole, entry: Entry) -> Ask {
        self.next += 1;
        let mut id = [0; 16];
        id[0] = self.identity.side as u8 + 1;
        id[8..].copy_from_slice(&self.next.to_be_bytes());
        let official = Official { id: OfficialId::new("somebody").unwrap(), role };
        let file = matches!(entry, Entry::SubmitPrints { .. }).then(|| FILE.to_vec());
        Ask::Enter {
            case: CASE,
            id: CommandId(id),
            by: By::Official(official),
            expects: None,
            entry: Box::new(entry),
            peer: None,
            file,
        }
    }

    pub fn enter(&mut self, role: OfficialRole, entry: Entry, now: Timestamp) -> Done {
        let ask = self.ask(role, entry);
        self.ok(ask, now)
    }

    pub fn case(&mut self) -> Case {
        let key = self.identity.store_key.clone();
        let side = self.identity.side;
        read_case(self.node.store(), &key, side, CASE).unwrap().case
    }
}

pub const CASE: CaseId = CaseId([7; 16]);

fn open(store: &MemoryStore, identity: &Identity, seed: u64) -> Node {
    let (store, random) = (Box::new(store.again()), Box::new(Seeded::new(seed)));
    Node::open(store, identity.clone(), library().clone(), random).unwrap()
}

pub struct World {
    pub jail: House,
    pub office: House,
}

impl World {
    pub fn new() -> World {
        let mut jail = House::new(JAIL, Side::Agency, 1);
        let mut office = House::new(OFFICE, Side::Federal, 2);
        jail.ok(Ask::AddPeer(news(&office.identity)), at(-10));
        office.ok(Ask::AddPeer(news(&jail.identity)), at(-10));
        World { jail, office }
    }

    /// Carries mail both ways until nothing is due; how many messages were carried.
    pub fn carry(&mut self, now: Timestamp) -> usize {
        let mut carried = 0;
        loop {
            let n = one_way(&mut self.jail, &mut self.office, now)
                + one_way(&mut self.office, &mut self.jail, now);
            if n == 0 {
                return carried;
            }
            carried += n;
        }
    }
}

/// Carries what is due from one to the other, and the receipts back.
pub fn one_way(from: &mut House, to: &mut House, now: Timestamp) -> usize {
    let parcels = from.node.parcels(now, 100).unwrap();
    for Parcel { envelope, files, .. } in &parcels {
        let ask = Ask::Deliver { envelope: envelope.clone(), files: files.clone() };
        let Done::Receipts(receipts) = to.ok(ask, now) else { panic!("receipts") };
        for receipt in receipts {
            from.ok(Ask::Receipt(receipt), now);
        }
    }
    parcels.len()
}

pub fn entry(json: Value) -> Entry {
    serde_json::from_value(json).unwrap_or_else(|e| panic!("{e}"))
}

pub fn booking() -> Entry {
    entry(json!({ "book": {
        "booking": {
            "booked_at": "2016-03-01T14:00:00Z",
            "place": "us-ga",
            "time_zone": "America/New_York",
            "facts": { "complete": true, "tree": {
                "person": { "age_years": 30 },
                "custody": { "criminal_arrest": true, "facility_kind": "county_jail",
                             "arrested_on": "2016-03-01" },
                "charges": [{ "category": "theft", "level": "felony", "disposition": "pending",
                              "offense_on": "2016-03-01" }],
                "convictions": [{ "category": "robbery", "level": "felony",
                                  "convicted_on": "2012-05-04", "punishable_over_one_year": true,
                                  "sentence_days": 800 }],
            } },
        },
        "card": { "name": "Somebody Synthetic", "number": "B-0001" },
    } }))
}

pub fn prints() -> Entry {
    let file = comity_exchange::Digest::of_bytes(FILE).to_string();
    entry(json!({ "submit_prints": { "tcn": "TEST-0000000001", "file": file } }))
}

pub fn candidates() -> SearchResult {
    SearchResult::Candidates(vec![Candidate {
        gallery_record: GalleryRecord([1; 16]),
        score: "12.5".to_owned(),
        false_matches: "0.0001".to_owned(),
    }])
}

pub fn determination() -> Entry {
    entry(json!({ "determine_status": {
        "removable": true, "basis": "final_order", "probable_cause": true,
        "facts": { "complete": true, "tree": {
            "person": { "final_order": true, "final_order_on": "2014-02-03" },
            "convictions": [{ "category": "robbery", "level": "felony",
                              "convicted_on": "2012-05-04", "punishable_over_one_year": true,
                              "sentence_days": 800 }],
        } },
    } }))
}

pub fn request() -> Entry {
    entry(json!({ "issue_request": { "draft": {
        "request": REQUEST,
        "form": "I-247D", "version": "2015-05", "issued_on": "2016-03-01",
        "asks": ["hold", "notify"], "basis": "final_order",
        "states": { "complete": true, "tree": {
            "person": { "removable": true, "final_order": true },
            "request": { "priority_box": true, "probable_cause_box": true,
                         "officer_authorized": true, "facially_complete": true },
        } },
    } } }))
}

impl World {
    /// Booked, prints sent, found, verified, determined, asked, received.
    pub fn requested() -> World {
        let mut world = World::new();
        let World { jail, office } = &mut world;
        jail.enter(OfficialRole::Clerk, booking(), at(0));
        jail.enter(OfficialRole::Clerk, prints(), at(1));
        one_way(jail, office, at(2));
        office.ok(Ask::Searched { case: CASE, result: candidates() }, at(3));
        let verify = json!({ "verify_match": { "gallery_record": "01".repeat(16) } });
        office.enter(OfficialRole::Examiner, entry(verify), at(4));
        office.enter(OfficialRole::DutyOfficer, determination(), at(5));
        office.enter(OfficialRole::DutyOfficer, entry(json!({ "evaluate_program": {} })), at(6));
        office.enter(OfficialRole::DutyOfficer, request(), at(7));
        world.carry(at(8));
        world
    }

    /// The same, and a copy of the request was served on the person.
    pub fn served() -> World {
        let mut world = World::requested();
        let serve = json!({ "request": REQUEST, "served_at": at(9).to_string() });
        world.jail.enter(OfficialRole::Clerk, entry(json!({ "serve_request": serve })), at(10));
        world
    }
}

/// The one request of these tests.
pub const REQUEST: &str = "00000000000000000000000000000001";

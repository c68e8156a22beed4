//! Random batches: most of them fit, some do not.

use super::*;

/// A generator of xorshift numbers: a seed gives the same run on every machine.
pub struct Random(pub u64);

impl Random {
    /// A run of a seed.
    pub fn new(seed: u64) -> Random {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for _ in 0..8 {
            random.next();
        }
        random
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 8
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize].clone()
    }

    pub fn bytes(&mut self, most: u64) -> Vec<u8> {
        (0..self.below(most)).map(|_| self.next() as u8).collect()
    }

    /// To the nanosecond: what a store rounds is seen.
    pub fn at(&mut self) -> Timestamp {
        Timestamp::from_nanosecond(1_790_000_000_000_000_000 + i128::from(self.below(100))).unwrap()
    }

    pub fn maybe_at(&mut self) -> Option<Timestamp> {
        if self.one_in(3) { None } else { Some(self.at()) }
    }
}

const PEERS: [&str; 3] = ["ice.example/party", "JAIL.example/party", "jail.example/partei-ß"];
const ACCOUNTS: [&str; 4] = ["a", "a-b", "a.b", "b_c"];
const KEYS: [&str; 6] = ["", "a", "A", "aé", "a b", "zz"];
const NAMES: u64 = 6;

/// A batch that a store might be given after what it has.
pub fn any_batch(random: &mut Random, store: &mut dyn Reads) -> Batch {
    let size = store.size().unwrap();
    let expects = match random.below(8) {
        0 => None,
        1 => Some(size + random.below(2)),
        _ => Some(size),
    };
    let mut next = Next {
        leaf: size,
        audit: store.audit_last().unwrap().map_or(1, |row| row.number + 1),
        posted: [0; 3],
    };
    // Now and then as many as people at work make in a moment.
    let most = if random.one_in(6) { 30 } else { 6 };
    let count = 1 + random.below(most);
    let changes = (0..count).map(|_| any_change(random, store, &mut next)).collect();
    Batch { expects, changes }
}

struct Next {
    leaf: u64,
    audit: u64,
    posted: [u64; 3],
}

fn any_change(random: &mut Random, store: &mut dyn Reads, next: &mut Next) -> Change {
    match random.below(26) {
        0..4 => {
            let index = next.leaf + u64::from(random.one_in(40));
            next.leaf += 1;
            let of = (!random.one_in(4)).then(|| (random.below(NAMES) as u8, random.below(400)));
            Change::Append(LeafRow { sealed: random.bytes(300), ..leaf(index, of) })
        }
        4 => {
            let width = 1 + random.below(256) as u16;
            Change::PutTile(tile(random.below(3) as u8, random.below(4), width))
        }
        5 => {
            Change::PutCheckpoint(CheckpointRow { size: random.below(20), note: random.bytes(200) })
        }
        6 => Change::AddPersonKey(person_key(random.below(40) as u8)),
        7 => Change::DestroyPersonKey { id: key_id(random.below(60) as u8), at: random.at() },
        8..11 => any_case(random),
        11 | 12 => {
            let case = random.below(NAMES) as u8;
            let tasks = (0..random.below(4)).map(|_| any_task(random, case)).collect();
            Change::PutTasks { case: case_id(case), tasks }
        }
        13 if random.one_in(3) => Change::RemoveFiles(case_id(random.below(NAMES) as u8)),
        13 => Change::AddFile(file(random.below(NAMES) as u8, random.below(20) as u8)),
        14 => Change::PutPeer(PeerRow { party: any_peer(random).1, body: random.bytes(50) }),
        15..20 => any_message(random, store, next),
        _ => any_other(random, store, next),
    }
}

fn any_peer(random: &mut Random) -> (usize, Party) {
    let at = random.below(PEERS.len() as u64) as usize;
    (at, peer(PEERS[at]))
}

fn any_case(random: &mut Random) -> Change {
    let n = random.below(NAMES) as u8;
    Change::PutCase(CaseRow {
        peer: any_peer(random).1,
        person_key: key_id(random.below(40) as u8),
        version: Version(random.below(100)),
        opened_at: random.at(),
        changed_at: random.at(),
        ended_at: random.maybe_at(),
        next_at: random.maybe_at(),
        card_sealed: (!random.one_in(3)).then(|| random.bytes(60)),
        number_ref: (!random.one_in(3)).then(|| [random.below(4) as u8; 32]),
        ..case(n)
    })
}

fn any_task(random: &mut Random, case: u8) -> TaskRow {
    let role = random.of(&OfficialRole::ALL);
    TaskRow { due_at: random.at(), ..task(case, random.of(&KEYS), role, 0) }
}

fn any_message(random: &mut Random, store: &mut dyn Reads, next: &mut Next) -> Change {
    let (which, peer) = any_peer(random);
    let sent = store.outbox_next(&peer).unwrap();
    let number = 1 + random.below(sent);
    match random.below(8) {
        0..3 => {
            let number = sent + next.posted[which] + u64::from(random.one_in(30));
            next.posted[which] += 1;
            let case = (!random.one_in(3)).then(|| case_id(random.below(NAMES) as u8));
            Change::Post(OutboxRow { case, due_at: Some(random.at()), ..to(peer.as_str(), number) })
        }
        3 => Change::Attempt { peer, number, attempts: number as u32, due_at: random.at() },
        4 => Change::SignAgain { peer, number, bytes: random.bytes(50) },
        5 => Change::Settle { peer, number, receipt: random.bytes(50) },
        6 => {
            let number = store.inbox_next(&peer).unwrap() + random.below(4);
            let row = if random.one_in(2) {
                from(peer.as_str(), number)
            } else {
                waiting(peer.as_str(), number)
            };
            Change::PutInbox(row)
        }
        _ => {
            let number = store.inbox_next(&peer).unwrap() + random.below(4);
            Change::DropWaiting { peer, number }
        }
    }
}

fn any_other(random: &mut Random, store: &mut dyn Reads, next: &mut Next) -> Change {
    let name = random.of(&ACCOUNTS);
    match random.below(9) {
        0 | 1 => {
            let stored = store.account(&official(name)).unwrap().map_or(0, |row| row.version);
            Change::PutAccount(account(name, stored + 1 + u64::from(random.one_in(10))))
        }
        2 => Change::AddAccount(account(name, 1 + random.below(5))),
        3 => Change::PutSession(SessionRow {
            ends_at: random.at(),
            ..session(random.below(9) as u8, name, 0)
        }),
        4 if random.one_in(2) => Change::RemoveSession([random.below(9) as u8; 32]),
        4 => Change::RemoveSessions(official(name)),
        5 | 6 => {
            let number = next.audit + u64::from(random.one_in(30));
            next.audit += 1;
            let case = random.one_in(2).then(|| random.below(NAMES) as u8);
            Change::Audit(audit(number, random.one_in(2).then_some(name), case))
        }
        7 if random.one_in(4) => Change::DropEnded(random.at()),
        7 => {
            Change::PutReply(ReplyRow { ends_at: random.at(), ..reply(random.below(200) as u8, 0) })
        }
        _ => set(random.of(&KEYS), &random.bytes(100)),
    }
}

/// Asks a store everything that can be asked of it.
pub fn answers(random: &mut Random, store: &mut dyn Reads) -> String {
    let mut all = String::new();
    let mut say = |what: &str, answer: &dyn std::fmt::Debug| {
        all.push_str(&format!("{what}: {answer:?}\n"));
    };
    let by = random.at();
    let max = 1 + random.below(5) as usize;
    let case = case_id(random.below(NAMES) as u8);
    let number = 1 + random.below(6);
    let (_, peer) = any_peer(random);
    let account = official(random.of(&ACCOUNTS));
    let role = random.of(&OfficialRole::ALL);
    say("size", &store.size());
    say("leaves", &store.leaves(random.below(30), max));
    say("leaves_of", &store.leaves_of(case));
    let id = TileId {
        level: random.below(3) as u8,
        index: random.below(4),
        width: 1 + random.below(256) as u16,
    };
    say("tile", &store.tile(id));
    say("tiles", &store.tiles(random.one_in(2).then_some(id), max));
    say("checkpoints", &store.checkpoints(random.below(20), max));
    say("checkpoint", &store.checkpoint());
    say("person_key", &store.person_key(key_id(random.below(40) as u8)));
    say("case", &store.case(case));
    say("case_by_number", &store.case_by_number(&[random.below(4) as u8; 32]));
    let after = random.one_in(2).then(|| (random.at(), case));
    say("cases", &store.cases(random.one_in(2), after, max));
    say("case_counts", &store.case_counts());
    say("cases_due", &store.cases_due(by, max));
    say("next_at", &store.next_at());
    let key = random.of(&KEYS).to_owned();
    let after = TaskCursor { due_at: random.at(), case, key: key.clone() };
    let after = random.one_in(2).then_some(&after);
    say("tasks", &store.tasks(random.one_in(2).then_some(role), after, max));
    say("tasks_of", &store.tasks_of(case));
    say("file", &store.file(case, Digest([random.below(20) as u8; 32])));
    say("peers", &store.peers());
    say("outbox_next", &store.outbox_next(&peer));
    say("outbox_pending", &store.outbox_pending(&peer, max));
    say("outbox_due", &store.outbox_due(by, max));
    say("outbox_next_at", &store.outbox_next_at());
    say("outbox", &store.outbox(&peer, number));
    say("inbox_next", &store.inbox_next(&peer));
    say("inbox", &store.inbox(&peer, number));
    say("inbox_by_id", &store.inbox_by_id(&peer, EnvelopeId([number as u8; 16])));
    say("inbox_waiting", &store.inbox_waiting(&peer));
    say("account", &store.account(&account));
    say("accounts", &store.accounts());
    say("session", &store.session(&[random.below(9) as u8; 32]));
    say("sessions_of", &store.sessions_of(&account));
    say("audit_last", &store.audit_last());
    let of = random.one_in(2).then_some(&account);
    say("audit", &store.audit(number, random.one_in(2).then_some(case), of, max));
    say("reply", &store.reply(&[random.below(200) as u8; 32]));
    say("value", &store.value(&key));
    all
}

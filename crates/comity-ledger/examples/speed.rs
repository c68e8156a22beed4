//! How fast the ledger is and how large its proofs are, on this machine:
//! `cargo run --release -p comity-ledger --example speed -- 1000000`

#![allow(clippy::expect_used, reason = "a measurement stops at what it did not expect")]

use comity_ledger::*;
use std::time::{Duration, Instant};

fn main() {
    let count = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let name = KeyName::new("speed.example/ledger").expect("a name");
    let key = SecretKey::from_seed(name.clone(), KeyKind::Log, [1; 32]);
    let trust = Trust::in_keys([key.verifier()]);
    let person = PersonKey::from_bytes([2; 32]);
    let id = PersonKeyId([3; 16]);
    let mut keys = MemoryKeys::default();
    assert!(keys.add(id, person.clone()));

    let event = [b'e'; 512];
    let (stored, seal) =
        timed(|| (0..count).map(|n| stored(n, id, &person, &event)).collect::<Vec<_>>());
    rate("record: commit, seal, leaf (512-byte event)", count, seal);
    let mut tiles = MemoryTiles::default();
    let (tree, grow) = timed(|| {
        let mut tree = Tree::default();
        for leaf in &stored {
            tree.append(Hash::of_leaf(&leaf.leaf));
            if tree.size() % 65_536 == 0 {
                tiles.put(tree.take_full_tiles());
            }
        }
        tiles.put(tree.take_full_tiles());
        tiles.put(tree.partial_tiles());
        tree
    });
    rate("append to the tree, with tiles", count, grow);

    let checkpoint = Checkpoint {
        origin: name.to_string(),
        size: count,
        root: tree.root(),
        extensions: Vec::new(),
    };
    let signed = SignedCheckpoint::sign(checkpoint, &key).expect("a log's key");
    let nodes = Nodes::new(&tiles, count);
    let tries = 2000;
    let (bundles, prove_time) = timed(|| {
        let claim = |n: u64| Claim {
            index: n * (count / tries).max(1) % count,
            leaf: &stored[(n * (count / tries).max(1) % count) as usize].leaf,
            opening: None,
            checkpoint: signed.clone(),
            keys: Vec::new(),
        };
        (0..tries).map(|n| prove(claim(n), &nodes).expect("a proof").to_bytes()).collect::<Vec<_>>()
    });
    rate("prove one leaf from tiles", tries, prove_time);
    let ((), verify) = timed(|| {
        for bytes in &bundles {
            let bundle = Bundle::parse("evidence", bytes).expect("a bundle");
            assert_eq!(bundle.verify(&trust).expect("evidence").size, count);
        }
    });
    rate("read and verify evidence, with its signature", tries, verify);
    let hashes = Bundle::parse("evidence", &bundles[0]).map_or(0, |b| b.proof.path.len());
    println!("evidence of one leaf: {} bytes, {hashes} hashes", bundles[0].len());
    let proof = consistency_proof(&nodes, count / 3 + 1, count).expect("a proof");
    println!("consistency from {} leaves: {} hashes", count / 3 + 1, proof.len());

    for (what, events) in
        [("fsck without keys", Events::Sealed), ("fsck, every event opened", Events::Open(&keys))]
    {
        let checkpoints = [signed.to_bytes()];
        let against = Against {
            tiles: &tiles,
            checkpoints: &checkpoints,
            trust: &trust,
            events,
            is_at_rest: true,
        };
        let (report, check) =
            timed(|| fsck(&against, stored.iter().cloned().map(Ok), |_| {}).expect("a report"));
        assert!(report.is_clean(), "{:?}", report.findings);
        rate(what, count, check);
    }
}

fn stored(n: u64, id: PersonKeyId, person: &PersonKey, event: &[u8]) -> StoredLeaf {
    let mut fresh = Fresh { salt: [0; 32], nonce: [0; 12] };
    fresh.salt[..8].copy_from_slice(&n.to_be_bytes());
    fresh.nonce[..8].copy_from_slice(&n.to_be_bytes());
    let draft = Draft {
        kind: EventKind::new("request.issued").expect("a kind"),
        case_id: &(n / 10).to_be_bytes(),
        event,
        sequenced_at: jiff::Timestamp::from_second(1_780_000_000 + n as i64).expect("an instant"),
    };
    let (leaf, sealed) = record(id, person, draft, fresh).expect("a record");
    StoredLeaf { leaf: leaf.to_bytes(), sealed: sealed.to_bytes() }
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    (work(), began.elapsed())
}

fn rate(what: &str, count: u64, took: Duration) {
    let seconds = took.as_secs_f64();
    let each_us = seconds * 1e6 / count as f64;
    println!(
        "{what}: {count} in {seconds:.2} s, {:.0}/s, {each_us:.2} us each",
        count as f64 / seconds
    );
}

//! `comity ledger` on a log in a folder.

use super::ran::{Ran, in_repository};
use comity_ledger::*;
use std::fs;
use std::path::Path;

const ORIGIN: &str = "jail.example/ledger";

fn ledger(args: &[&str]) -> Ran {
    in_repository(&[&["ledger"], args].concat())
}

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(KeyName::new(ORIGIN).unwrap(), KeyKind::Log, [seed; 32])
}

fn put(folder: &Path, path: &str, bytes: &[u8]) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn signed(tree: &Tree, key: &SecretKey) -> SignedCheckpoint {
    let origin = ORIGIN.to_owned();
    let (size, root) = (tree.size(), tree.root());
    let checkpoint = Checkpoint { origin, size, root, extensions: Vec::new() };
    SignedCheckpoint::sign(checkpoint, key).unwrap()
}

/// A log of so many events with a checkpoint after the tenth, and a trust file beside it.
fn write_log(folder: &Path, events: u8) {
    let person = PersonKey::from_bytes([5; 32]);
    let mut tree = Tree::default();
    let (mut leaves, mut sealed) = (Vec::new(), Vec::new());
    for n in 0..events {
        let draft = Draft {
            kind: EventKind::new("request.issued").unwrap(),
            case_id: b"case",
            event: &[b'{', b'}', n],
            sequenced_at: jiff::Timestamp::from_second(1_780_000_000 + i64::from(n)).unwrap(),
        };
        let fresh = Fresh { salt: [n; 32], nonce: [n; 12] };
        let (leaf, event) = record(PersonKeyId([6; 16]), &person, draft, fresh).unwrap();
        tree.append(Hash::of_leaf(&leaf.to_bytes()));
        leaves.push(leaf.to_bytes());
        sealed.push(event.to_bytes());
        if n == 9 {
            put(folder, "checkpoints/10", &signed(&tree, &key(1)).to_bytes());
        }
    }
    for tile in tree.take_full_tiles().into_iter().chain(tree.partial_tiles()) {
        put(folder, &tile.id.path(), &tile.bytes);
    }
    let id = TileId { level: 0, index: 0, width: u16::from(events) };
    let bundle = write_leaves(leaves.iter().map(Vec::as_slice)).unwrap();
    put(folder, &id.leaves_path(), &bundle);
    let bundle = write_sealed(sealed.iter().map(Vec::as_slice)).unwrap();
    put(folder, &id.leaves_path().replacen("tile/entries", "sealed", 1), &bundle);
    put(folder, "checkpoint", &signed(&tree, &key(1)).to_bytes());
    put(folder, "trust", format!("log {}\nquorum none\n", key(1).verifier()).as_bytes());
}

#[test]
fn a_log_in_a_folder_is_checked_and_its_records_are_proved() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path();
    write_log(log, 200);
    let (at, trust) = (log.to_str().unwrap(), log.join("trust"));
    let trust = trust.to_str().unwrap();
    let output = ledger(&["fsck", at, "--trust", trust]);
    assert_eq!(output.code, 0, "{}", output.err);
    assert_eq!(output.out, "200 leaves, 1 tiles, 2 checkpoints: 0 wrong\n");

    let output = ledger(&["prove", at, "123", "--trust", trust]);
    assert_eq!(output.code, 0, "{}", output.err);
    put(log, "evidence", output.out.as_bytes());
    let evidence = log.join("evidence");
    let evidence = evidence.to_str().unwrap();
    let output = ledger(&["verify", evidence, "--trust", trust]);
    assert_eq!(output.code, 0, "{}", output.err);
    assert!(output.out.starts_with("recorded     leaf 123 of jail.example/ledger, of 200"));
    let output = ledger(&["verify", evidence]);
    assert!(output.out.contains("the keys are those in the file"));
    let output = in_repository(&["--json", "ledger", "verify", evidence, "--trust", trust]);
    assert_eq!(output.json()["is_trusted"], true);

    let output = ledger(&["prove", at, "200"]);
    assert_eq!(output.code, 2);
    assert!(output.err.contains("the log has leaves 0 to 199"));

    // One byte of one leaf.
    let path = log.join("tile/entries/000.p/200");
    let mut bytes = fs::read(&path).unwrap();
    let place = 60 * (bytes.len() / 200) + 40;
    bytes[place] ^= 1;
    fs::write(&path, bytes).unwrap();
    let output = ledger(&["fsck", at, "--trust", trust]);
    assert_eq!(output.code, 1);
    assert!(output.out.contains("leaf 60 is concerned"), "{}", output.out);
    let output = ledger(&["prove", at, "60"]);
    assert_eq!(output.code, 1);

    // A bundle that is cut.
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    let output = ledger(&["fsck", at, "--trust", trust]);
    assert_eq!(output.code, 1);
    assert!(output.err.contains("tile/entries/000.p/200"), "{}", output.err);
}

#[test]
fn evidence_of_two_stories_is_verified() {
    let folder = tempfile::tempdir().unwrap();
    let (mut one, mut other) = (Tree::default(), Tree::default());
    one.append(Hash::of_leaf(b"held"));
    other.append(Hash::of_leaf(b"released"));
    let split = SplitView {
        keys: vec![key(1).verifier().clone()],
        first: signed(&one, &key(1)),
        second: signed(&other, &key(1)),
        contradiction: Contradiction::Roots,
    };
    put(folder.path(), "evidence", &split.to_bytes());
    put(folder.path(), "trust", format!("log {}\nquorum none\n", key(2).verifier()).as_bytes());
    let (evidence, trust) = (folder.path().join("evidence"), folder.path().join("trust"));
    let output = ledger(&["verify", evidence.to_str().unwrap()]);
    assert_eq!(output.code, 0, "{}", output.err);
    assert!(output.out.contains("signed two roots for 1 leaves"));
    // By a key that the reader does not believe it proves nothing.
    let output =
        ledger(&["verify", evidence.to_str().unwrap(), "--trust", trust.to_str().unwrap()]);
    assert_eq!(output.code, 1);
}

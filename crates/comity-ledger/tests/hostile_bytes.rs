//! Hostile bytes for every reader of the ledger: none may panic or take long, and what is read
//! is written back to the same bytes. `COMITY_HOSTILE_ROUNDS`, `COMITY_HOSTILE_SECONDS` and
//! `COMITY_HOSTILE_SEED` change the run.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;
#[path = "../../comity-policy/tests/mutate/mod.rs"]
mod mutate;

use comity_ledger::*;
use common::{World, log_key, trust, witness_key};
use mutate::{Corpus, Limits, hammer};

/// One good file of every format.
fn corpus() -> Corpus {
    let mut world = World::of(300);
    let mut signed = world.checkpoint();
    let witness = witness_key("peer.example/w", 4);
    signed.add(signed.note().countersign(&witness, 1_800_000_000).unwrap());
    let stored = &world.stored[7];
    let leaf = Leaf::parse("leaf", &stored.leaf).unwrap();
    let sealed = Sealed::parse(&stored.sealed).unwrap();
    let Unsealed::Open(opening) = unseal(&leaf, &sealed, &world.keys).unwrap() else { panic!() };
    let keys = vec![log_key(1).verifier().clone(), witness.verifier().clone()];
    let claim = Claim {
        index: 7,
        leaf: &stored.leaf,
        opening: Some(opening),
        checkpoint: signed.clone(),
        keys: keys.clone(),
    };
    let bundle = prove(claim, &world.nodes()).unwrap();
    let split = |contradiction| SplitView {
        keys: keys.clone(),
        first: signed.clone(),
        second: signed.clone(),
        contradiction,
    };
    let path = bundle.proof.path.clone();
    let hash = Hash::of_leaf(b"leaf");
    let policy = format!(
        "log {}\nsizes {} 0 500\nwitness w {}\ntimes w 2026-01-01T00:00:00Z -\n\
         group g 1 w\nquorum g\n",
        keys[0], keys[0], keys[1]
    );
    let leaves = write_leaves(world.stored[..5].iter().map(|s| s.leaf.as_slice())).unwrap();
    let mut corpus = Corpus::default();
    for (name, bytes) in [
        ("checkpoint", signed.to_bytes()),
        ("leaf", stored.leaf.clone()),
        ("sealed", stored.sealed.clone()),
        ("bundle", bundle.to_bytes()),
        ("proof", bundle.proof.to_bytes()),
        ("roots", split(Contradiction::Roots).to_bytes()),
        ("beginning", split(Contradiction::Beginning { proof: path.clone() }).to_bytes()),
        (
            "leaves",
            split(Contradiction::Leaves {
                index: 7,
                first: (hash, path.clone()),
                second: (hash, path),
            })
            .to_bytes(),
        ),
        ("rotation", Rotation::sign(&log_key(1), &log_key(2), 9).unwrap().to_bytes()),
        ("policy", policy.into_bytes()),
        ("entries", leaves),
        ("key", keys[0].to_string().into_bytes()),
        ("secret", log_key(1).to_line().as_bytes().to_vec()),
        ("tile", b"tile/0/x001/x234/067.p/17".to_vec()),
    ] {
        corpus.push(name, &bytes);
    }
    corpus
}

/// Every reader on the same bytes; what one of them takes must come out as it went in.
fn read_all(bytes: &[u8]) {
    if let Ok(note) = Note::parse("hostile", bytes) {
        assert_eq!(note.to_bytes(), bytes);
        let _ = note.check(log_key(1).verifier());
    }
    if let Ok(signed) = SignedCheckpoint::parse("hostile", bytes) {
        assert_eq!(signed.to_bytes(), bytes);
        assert_eq!(signed.checkpoint().to_text(), signed.note().text());
        let _ = trust().check(&signed);
    }
    if let Ok(leaf) = Leaf::parse("hostile", bytes) {
        assert_eq!(leaf.to_bytes(), bytes);
    }
    if let Ok(sealed) = Sealed::parse(bytes) {
        assert_eq!(sealed.to_bytes(), bytes);
    }
    if let Ok(bundle) = Bundle::parse("hostile", bytes) {
        assert_eq!(bundle.to_bytes(), bytes);
        let _ = bundle.verify(&trust());
        let _ = bundle.verify_with_own_keys();
    }
    if let Ok(proof) = LogProof::parse("hostile", bytes) {
        assert_eq!(proof.to_bytes(), bytes);
    }
    if let Ok(split) = SplitView::parse("hostile", bytes) {
        assert_eq!(split.to_bytes(), bytes);
        assert!(split.verify(&trust()).is_err(), "an honest log was convicted");
        let _ = split.verify_with_own_keys();
    }
    if let Ok(leaves) = read_leaves(bytes) {
        assert_eq!(write_leaves(leaves).unwrap(), bytes);
    }
    if let Ok(sealed) = read_sealed(bytes) {
        assert_eq!(write_sealed(sealed).unwrap(), bytes);
    }
    let _ = Rotation::parse("hostile", bytes);
    let _ = Trust::parse("hostile", bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Ok(key) = VerifierKey::parse(text) {
            assert_eq!(key.to_string(), text);
        }
        if let Ok(key) = SecretKey::parse(text) {
            assert_eq!(key.to_line().as_str(), text);
        }
        if let Some(id) = TileId::parse(text) {
            assert_eq!(id.path(), text);
        }
    }
}

#[test]
fn good_files_are_read_by_their_readers() {
    let corpus = corpus();
    let of = |name: &str| corpus.files.iter().find(|(n, _)| n == name).unwrap().1.as_slice();
    assert!(SignedCheckpoint::parse("c", of("checkpoint")).is_ok());
    assert!(Bundle::parse("b", of("bundle")).unwrap().verify_with_own_keys().is_ok());
    assert!(LogProof::parse("p", of("proof")).is_ok());
    for name in ["roots", "beginning", "leaves"] {
        assert!(SplitView::parse("s", of(name)).is_ok(), "{name}");
    }
    assert!(Rotation::parse("r", of("rotation")).is_ok());
    assert!(Trust::parse("t", of("policy")).is_ok());
    assert_eq!(read_leaves(of("entries")).unwrap().len(), 5);
    assert!(SecretKey::parse(std::str::from_utf8(of("secret")).unwrap()).is_ok());
    for (_, bytes) in &corpus.files {
        read_all(bytes);
    }
}

#[test]
fn hostile_bytes_are_refused_or_read_back_to_the_byte() {
    hammer("ledger files", &corpus(), Limits::of(40_000), read_all);
}

#[test]
fn a_fault_names_line_and_field() {
    let corpus = corpus();
    let text = |name: &str| {
        let (_, bytes) = corpus.files.iter().find(|(n, _)| n == name).unwrap();
        String::from_utf8(bytes.clone()).unwrap()
    };
    let checkpoint = text("checkpoint");
    for (from, to, line, field) in [
        ("jail.example/ledger\n300", "\n300", 1, "origin"),
        ("\n300\n", "\n0300\n", 2, "tree size"),
        ("\n300\n", "\n+300\n", 2, "tree size"),
        ("\n300\n", "\n9223372036854775808\n", 2, "tree size"),
        ("\n300\n", "\n300\nA", 3, "root hash"),
        ("=\n\n", "\n\n", 3, "root hash"),
        ("=\n\n", "=\n\nan extension\n\n", 4, "extension"),
        ("\u{2014} jail", "- jail", 5, "signature"),
        ("\u{2014} jail.example", "\u{2014} jail+example", 5, "key name"),
        ("\u{2014} jail.example", "\u{2014}  jail.example", 5, "key name"),
        ("\u{2014} peer", "\u{2014} peer\u{2003}", 6, "key name"),
        ("=\n\u{2014} peer", "\n\u{2014} peer", 5, "signature"),
        ("\u{2014} peer", "\r\u{2014} peer", 6, ""),
    ] {
        let changed = checkpoint.replacen(from, to, 1);
        assert_ne!(changed, checkpoint, "{from:?}");
        let fault = SignedCheckpoint::parse("checkpoint", changed.as_bytes()).unwrap_err();
        assert_eq!((fault.line, fault.path.as_str()), (line, field), "{from:?}: {fault}");
    }
    let bundle = text("bundle");
    for (from, to, line, field) in [
        ("comity-evidence/v1", "comity-evidence/v2", 1, "format"),
        ("key jail", "key jai", 2, "key"),
        ("leaf ", "leaf =", 4, "leaf"),
        ("salt ", "salt AAAA", 5, "salt"),
        ("event ", "events ", 6, "event"),
        ("\n\nc2sp", "\nc2sp", 7, "proof"),
        ("tlog-proof@v1", "tlog-proof@v2", 8, "proof format"),
        ("index 7", "index 07", 9, "index"),
        ("index 7\n", "index 7\nextra AAAA\n", 10, "proof hash"),
        ("\n300\n", "\n0300\n", 21, "tree size"),
    ] {
        let changed = bundle.replacen(from, to, 1);
        assert_ne!(changed, bundle, "{from:?}");
        let fault = Bundle::parse("evidence", changed.as_bytes()).unwrap_err();
        assert_eq!((fault.line, fault.path.as_str()), (line, field), "{from:?}: {fault}");
    }
}

#[test]
fn oversized_files_are_refused_before_they_are_read() {
    let huge = vec![b'\n'; 5 << 20];
    for code in [
        Note::parse("n", &huge).unwrap_err().code,
        Bundle::parse("b", &huge).unwrap_err().code,
        SplitView::parse("s", &huge).unwrap_err().code,
        Trust::parse("t", &huge).unwrap_err().code,
        Leaf::parse("l", &huge).unwrap_err().code,
    ] {
        assert_eq!(code, "too-large");
    }
    let line = "\u{2014} a AAAAAAAA\n";
    let many = format!("text\n\n{}", line.repeat(SIGNATURES_MAX + 1));
    assert_eq!(Note::parse("n", many.as_bytes()).unwrap_err().code, "too-large");
    assert!(Note::parse("n", format!("text\n\n{}", line.repeat(16)).as_bytes()).is_ok());
}

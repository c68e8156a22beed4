//! Published vectors: RFC 6962 trees, and the signed notes of C2SP and of Go's `sumdb/note`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use comity_ledger::*;
use common::{hex, unhex};

/// The eight leaves of the tests of Certificate Transparency, in hexadecimal.
const LEAVES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];

/// The root after each leaf.
const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn hash(text: &str) -> Hash {
    Hash::from_bytes(unhex(text).try_into().unwrap())
}

fn tree() -> MemoryTiles {
    let mut tree = Tree::default();
    for leaf in LEAVES {
        tree.append(Hash::of_leaf(&unhex(leaf)));
    }
    let mut tiles = MemoryTiles::default();
    tiles.put(tree.partial_tiles());
    tiles
}

#[test]
fn the_roots_of_the_eight_leaves_are_those_published() {
    let mut tree = Tree::default();
    assert_eq!(tree.root(), Hash::EMPTY_TREE);
    for (leaf, root) in LEAVES.iter().zip(ROOTS) {
        tree.append(Hash::of_leaf(&unhex(leaf)));
        assert_eq!(hex(tree.root().as_bytes()), root);
    }
}

#[test]
fn inclusion_proofs_are_those_published() {
    // Of leaf 0 in 8, of leaf 5 in 8, of leaf 2 in 3, of leaf 1 in 5.
    let cases: [(u64, u64, &[&str]); 4] = [
        (
            0,
            8,
            &[
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            5,
            8,
            &[
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (2, 3, &["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
        (
            1,
            5,
            &[
                "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
    ];
    let tiles = tree();
    let nodes = Nodes::new(&tiles, 8);
    for (index, size, path) in cases {
        let path: Vec<Hash> = path.iter().map(|h| hash(h)).collect();
        assert_eq!(inclusion_proof(&nodes, index, size).unwrap(), path, "leaf {index} in {size}");
        let leaf = Hash::of_leaf(&unhex(LEAVES[index as usize]));
        let root = hash(ROOTS[size as usize - 1]);
        assert_eq!(verify_inclusion(leaf, index, size, &path, root), Ok(()));
    }
}

#[test]
fn consistency_proofs_are_those_published() {
    let cases: [(u64, u64, &[&str]); 4] = [
        (1, 1, &[]),
        (
            1,
            8,
            &[
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            6,
            8,
            &[
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (
            2,
            5,
            &[
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
    ];
    let tiles = tree();
    let nodes = Nodes::new(&tiles, 8);
    for (old, new, path) in cases {
        let path: Vec<Hash> = path.iter().map(|h| hash(h)).collect();
        assert_eq!(consistency_proof(&nodes, old, new).unwrap(), path, "from {old} to {new}");
        let (before, after) = (hash(ROOTS[old as usize - 1]), hash(ROOTS[new as usize - 1]));
        assert_eq!(verify_consistency(old, new, &path, before, after), Ok(()));
    }
}

/// The key and note of Go's `sumdb/note`, also those of its documentation.
const GO_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_SECRET: &str =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const GO_TEXT: &str = "If you think cryptography is the answer to your problem,\n\
                       then you don't know what your problem is.\n";
const GO_SIGNATURE: &str = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

#[test]
fn the_note_of_go_verifies_and_is_signed_to_the_same_bytes() {
    let bytes = format!("{GO_TEXT}\n{GO_SIGNATURE}");
    let key = VerifierKey::parse(GO_KEY).unwrap();
    let note = Note::parse("note", bytes.as_bytes()).unwrap();
    assert_eq!(note.text(), GO_TEXT);
    assert!(note.check(&key).unwrap().is_some());
    assert_eq!(note.to_bytes(), bytes.as_bytes());

    let secret = SecretKey::parse(GO_SECRET).unwrap();
    assert_eq!(secret.verifier(), &key);
    assert_eq!(key.to_string(), GO_KEY);
    assert_eq!(secret.to_line().as_str(), GO_SECRET);
    let mut made = Note::new(GO_TEXT).unwrap();
    made.add(made.sign(&secret).unwrap());
    assert_eq!(made.to_bytes(), bytes.as_bytes());
}

#[test]
fn no_part_and_no_other_byte_of_a_key_line_is_a_key() {
    for from in 0..GO_KEY.len() {
        for to in from + 1..=GO_KEY.len() {
            assert!(
                (from, to) == (0, GO_KEY.len()) || VerifierKey::parse(&GO_KEY[from..to]).is_err()
            );
        }
    }
    for at in 0..GO_KEY.len() {
        let mut other = GO_KEY.as_bytes().to_vec();
        other[at] += 1;
        assert!(VerifierKey::parse(&String::from_utf8(other).unwrap()).is_err(), "byte {at}");
    }
    // A key of wrong length and one of an unknown type, with hashes that fit.
    for key in [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ] {
        assert!(VerifierKey::parse(key).is_err(), "{key}");
    }
}

/// The example of C2SP tlog-cosignature: log and witness of its text.
const C2SP_CHECKPOINT: &str = "example.com/behind-the-sofa\n20852163\n\
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
\u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
\u{2014} witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";

#[test]
fn the_checkpoint_of_c2sp_is_read_and_written_to_the_same_bytes() {
    let signed = SignedCheckpoint::parse("checkpoint", C2SP_CHECKPOINT.as_bytes()).unwrap();
    assert_eq!(signed.checkpoint().origin, "example.com/behind-the-sofa");
    assert_eq!(signed.checkpoint().size, 20_852_163);
    assert_eq!(signed.to_bytes(), C2SP_CHECKPOINT.as_bytes());
    let witness = &signed.note().signatures()[1];
    assert_eq!(witness.name.as_str(), "witness.example.com/w1");
    assert_eq!(witness.key_id.to_string(), "8d66cf3f");
    // `time 1679315147` in the text of the specification.
    assert_eq!(witness.bytes[..8], 1_679_315_147_u64.to_be_bytes());
    assert_eq!(witness.bytes.len(), 72);
}

#[test]
fn a_countersignature_is_over_the_message_that_c2sp_gives() {
    // Checked by hand: the message is signed as the text of an ordinary note would be.
    let name = KeyName::new("witness.example.com/w1").unwrap();
    let witness = SecretKey::from_seed(name.clone(), KeyKind::Witness, [7; 32]);
    let plain = SecretKey::from_seed(name, KeyKind::Log, [7; 32]);
    let text =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let message = format!("cosignature/v1\ntime 1679315147\n{text}");
    let note = Note::new(text).unwrap();
    let signature = note.countersign(&witness, 1_679_315_147).unwrap();
    let expected = Note::new(&message).unwrap().sign(&plain).unwrap();
    assert_eq!(signature.bytes[8..], expected.bytes);
    assert_eq!(signature.bytes[..8], 1_679_315_147_u64.to_be_bytes());
}

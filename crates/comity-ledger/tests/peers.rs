//! What a peer accepts, what it refuses, and how it convicts a log that tells two stories.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use comity_ledger::*;
use common::{ORIGIN, log_key, signed, trust, witness_key};

/// A log of leaves that a story names: leaf `n` is different from `fork` on.
struct Story {
    tiles: MemoryTiles,
    checkpoints: Vec<SignedCheckpoint>,
}

impl Story {
    /// A log with a checkpoint of every size, with one story up to leaf `fork`, another after.
    fn of(size: u64, fork: u64) -> Story {
        let mut tree = Tree::default();
        let mut tiles = MemoryTiles::default();
        let mut checkpoints = vec![signed(&tree, &log_key(1))];
        for n in 0..size {
            let story = if n >= fork { "other" } else { "one" };
            tree.append(Hash::of_leaf(format!("{story} {n}").as_bytes()));
            tiles.put(tree.take_full_tiles());
            checkpoints.push(signed(&tree, &log_key(1)));
        }
        tiles.put(tree.partial_tiles());
        Story { tiles, checkpoints }
    }

    fn nodes(&self) -> Nodes<'_> {
        Nodes::new(&self.tiles, self.checkpoints.len() as u64 - 1)
    }

    /// What a node shows with a checkpoint.
    fn proof(&self, old: u64, new: u64) -> Vec<Hash> {
        growth_proof(&self.nodes(), old, new).unwrap()
    }

    fn at(&self, size: u64) -> SignedCheckpoint {
        self.checkpoints[size as usize].clone()
    }
}

const NEVER: u64 = u64::MAX;

fn view() -> PeerView {
    PeerView::new(ORIGIN, trust())
}

/// The evidence in a refusal, after a trip through bytes, checked by a stranger who has only
/// the log's key.
fn convicted(refusal: Refusal) -> Proved {
    let Refusal::Split(split) = refusal else { panic!("no split view: {refusal:?}") };
    let bytes = split.to_bytes();
    let read = SplitView::parse("evidence", &bytes).unwrap();
    assert_eq!(read, *split);
    assert_eq!(read.to_bytes(), bytes);
    assert!(read.verify_with_own_keys().is_ok());
    let proved = read.verify(&trust()).unwrap();
    assert!(proved.is_trusted);
    proved
}

#[test]
fn an_honest_log_is_followed_step_by_step() {
    let story = Story::of(40, NEVER);
    let mut view = view();
    assert_eq!(view.offer(story.at(0), &[]), Ok(Accepted::Newer));
    let mut held = 0;
    for size in [1, 2, 3, 7, 8, 9, 31, 32, 40] {
        assert_eq!(view.offer(story.at(size), &story.proof(held, size)), Ok(Accepted::Newer));
        assert_eq!(view.offer(story.at(size), &[]), Ok(Accepted::Same));
        assert_eq!(view.offer(story.at(held), &story.proof(held, size)), Ok(Accepted::Older));
        held = size;
    }
    assert_eq!(view.held().unwrap().checkpoint().size, 40);
}

#[test]
fn two_roots_of_one_size_convict_the_log() {
    let (one, other) = (Story::of(12, NEVER), Story::of(12, 5));
    let mut view = view();
    view.offer(one.at(12), &[]).unwrap();
    let proved = convicted(view.offer(other.at(12), &[]).unwrap_err());
    assert_eq!(proved.says, "`jail.example/ledger` signed two roots for 12 leaves");
    assert_eq!(view.held().unwrap().checkpoint().root, one.at(12).checkpoint().root);
}

#[test]
fn a_rewritten_past_convicts_the_log_at_every_pair_of_sizes() {
    let one = Story::of(40, NEVER);
    for fork in [0, 1, 7, 8, 20] {
        let other = Story::of(40, fork);
        for old in fork + 1..40 {
            for new in old + 1..=40 {
                let mut view = view();
                view.offer(one.at(old), &[]).unwrap();
                // The proof is the other story's own: the best that the liar can give.
                let evidence = view.offer(other.at(new), &other.proof(old, new)).unwrap_err();
                let proved = convicted(evidence);
                assert!(proved.says.contains("does not begin with"), "{}", proved.says);
            }
        }
    }
}

#[test]
fn a_proof_that_leaves_the_old_root_out_is_taken_and_convicts_nobody_by_itself() {
    let (one, other) = (Story::of(40, NEVER), Story::of(40, 3));
    for old in [4, 8, 16, 32] {
        let short = |story: &Story| consistency_proof(&story.nodes(), old, 40).unwrap();
        let mut view = view();
        view.offer(one.at(old), &[]).unwrap();
        // RFC 6962 leaves the old root out: of two stories nobody can tell which proof is wrong.
        let refusal = view.offer(other.at(40), &short(&other)).unwrap_err();
        let Refusal::Unproven { held, shown, .. } = refusal else { panic!("{refusal:?}") };
        assert_eq!((held, shown), (old, 40));
        assert_eq!(view.countersign(&witness_key("peer.example/w", 9), 100), None);
        // With the hashes of the tree it signed, the log convicts itself.
        let split = view.settle(&other.at(40), &other.nodes()).unwrap().unwrap();
        convicted(Refusal::Split(Box::new(split)));
        // So does the whole proof of a checkpoint that was owed one.
        let mut late = self::view();
        late.offer(other.at(40), &[]).unwrap();
        late.offer(one.at(old), &[]).unwrap_err();
        let split = late.prove_earlier(&other.proof(old, 40)).unwrap_err();
        convicted(Refusal::Split(split));
        assert_eq!(view.offer(one.at(40), &short(&one)), Ok(Accepted::Newer));
    }
}

#[test]
fn a_checkpoint_from_the_past_of_another_story_convicts_the_log() {
    let (one, other) = (Story::of(40, NEVER), Story::of(40, 10));
    let mut view = view();
    view.offer(one.at(40), &[]).unwrap();
    let refusal = view.offer(other.at(21), &one.proof(21, 40)).unwrap_err();
    assert!(convicted(refusal).says.contains("a tree of 40 leaves"));
}

#[test]
fn a_missing_proof_is_owed_and_can_be_given_later() {
    let story = Story::of(40, NEVER);
    let mut view = view();
    let witness = witness_key("peer.example/w", 9);
    view.offer(story.at(20), &[]).unwrap();
    let refusal = view.offer(story.at(30), &[]).unwrap_err();
    let fault = ProofFault::Length { found: 0, needed: story.proof(20, 30).len() };
    assert_eq!(refusal, Refusal::Unproven { held: 20, shown: 30, fault });
    // While a proof is owed, nothing is countersigned.
    assert_eq!(view.countersign(&witness, 100), None);
    assert_eq!(view.offer(story.at(30), &story.proof(20, 30)), Ok(Accepted::Newer));
    assert!(view.unproven().is_empty());
    assert!(view.countersign(&witness, 100).is_some());
}

#[test]
fn two_leaves_in_one_place_convict_the_log() {
    // The sender of a request kept its receipt: a proof under an early checkpoint.
    let (one, other) = (Story::of(12, NEVER), Story::of(30, 5));
    let leaf = |story: &str| Hash::of_leaf(format!("{story} 7").as_bytes());
    let split = SplitView {
        keys: vec![log_key(1).verifier().clone()],
        first: one.at(12),
        second: other.at(30),
        contradiction: Contradiction::Leaves {
            index: 7,
            first: (leaf("one"), inclusion_proof(&one.nodes(), 7, 12).unwrap()),
            second: (leaf("other"), inclusion_proof(&other.nodes(), 7, 30).unwrap()),
        },
    };
    let proved = convicted(Refusal::Split(Box::new(split)));
    assert!(proved.says.ends_with("in which leaf 7 differs"), "{}", proved.says);
}

#[test]
fn an_honest_log_cannot_be_convicted() {
    let story = Story::of(40, NEVER);
    let keys = vec![log_key(1).verifier().clone()];
    let refused = |first: u64, second: u64, contradiction: Contradiction| {
        let split = SplitView {
            keys: keys.clone(),
            first: story.at(first),
            second: story.at(second),
            contradiction,
        };
        assert_eq!(split.verify(&trust()).unwrap_err().code, "no-split-view");
    };
    refused(12, 12, Contradiction::Roots);
    refused(12, 13, Contradiction::Roots);
    for (old, new) in [(1, 2), (5, 9), (8, 40), (39, 40)] {
        let proof = prefix_proof(&story.nodes(), old, new).unwrap();
        refused(old, new, Contradiction::Beginning { proof: proof.clone() });
        // Nor with a proof of other sizes, or a changed one.
        for at in 0..proof.len() {
            let mut changed = proof.clone();
            changed[at] = Hash::of_leaf(b"slander");
            refused(old, new, Contradiction::Beginning { proof: changed });
        }
        refused(old, new, Contradiction::Beginning { proof: Vec::new() });
    }
    let path = |size| inclusion_proof(&story.nodes(), 3, size).unwrap();
    let leaf = Hash::of_leaf(b"one 3");
    let (first, second) = ((leaf, path(12)), (leaf, path(30)));
    refused(12, 30, Contradiction::Leaves { index: 3, first: first.clone(), second });
    let second = (Hash::of_leaf(b"slander"), path(30));
    refused(12, 30, Contradiction::Leaves { index: 3, first, second });
    assert_eq!(SplitView::from_nodes(&story.at(7), &story.at(40), &story.nodes(), keys), Ok(None));
}

#[test]
fn a_forger_without_the_key_convicts_nobody_and_is_not_followed() {
    let story = Story::of(12, NEVER);
    let mut view = view();
    let mut tree = Tree::default();
    for n in 0..12_u8 {
        tree.append(Hash::of_leaf(&[n]));
    }
    let forged = signed(&tree, &log_key(66));
    let Err(Refusal::NotTheLogs(fault)) = view.offer(forged.clone(), &[]) else { panic!() };
    assert_eq!(fault.code, "unsigned");
    let split = SplitView {
        keys: vec![log_key(66).verifier().clone(), log_key(1).verifier().clone()],
        first: story.at(12),
        second: forged,
        contradiction: Contradiction::Roots,
    };
    assert_eq!(split.verify(&trust()).unwrap_err().code, "unsigned");

    // A signature carried over to another text.
    let honest = String::from_utf8(story.at(12).to_bytes()).unwrap();
    let changed = honest.replacen("\n12\n", "\n13\n", 1);
    let changed = SignedCheckpoint::parse("checkpoint", changed.as_bytes()).unwrap();
    let Err(Refusal::NotTheLogs(fault)) = view.offer(changed, &[]) else { panic!() };
    assert_eq!(fault.code, "bad-signature");

    // A good checkpoint of another log.
    let name = KeyName::new("other.example/ledger").unwrap();
    let key = SecretKey::from_seed(name, KeyKind::Log, [1; 32]);
    let checkpoint = Checkpoint {
        origin: "other.example/ledger".to_owned(),
        size: 0,
        root: Hash::EMPTY_TREE,
        extensions: Vec::new(),
    };
    let other = SignedCheckpoint::sign(checkpoint, &key).unwrap();
    let Err(Refusal::NotTheLogs(fault)) = view.offer(other, &[]) else { panic!() };
    assert_eq!(fault.code, "other-log");
    assert_eq!(view.held(), None);
}

#[test]
fn countersignatures_go_forward_in_time_and_are_checked_with_it() {
    let story = Story::of(3, NEVER);
    let witness = witness_key("peer.example/w", 9);
    let mut view = view();
    assert_eq!(view.countersign(&witness, 100), None, "nothing is held yet");
    view.offer(story.at(3), &[]).unwrap();
    assert_eq!(view.countersign(&log_key(1), 100), None, "a log's key has no time");
    let signature = view.countersign(&witness, 100).unwrap();
    assert_eq!(view.countersign(&witness, 99), None, "the clock went back");
    let note = view.held().unwrap().note();
    assert_eq!(note.check(witness.verifier()), Ok(Some(Signed { time_s: Some(100) })));
    // Another time on the same signature.
    let mut moved = signature.clone();
    moved.bytes[7] ^= 1;
    let mut forged = story.at(3);
    forged.add(moved);
    assert_eq!(forged.note().check(witness.verifier()).unwrap_err().code, "bad-signature");
    // After a restart the view goes on where it was.
    let held = view.held().cloned();
    let mut resumed = self::view().resume(held, Vec::new(), 100).unwrap();
    assert_eq!(resumed.countersign(&witness, 99), None);
    assert!(resumed.countersign(&witness, 101).is_some());
}

#[test]
fn a_log_changes_its_key_and_the_old_one_is_believed_for_its_time_only() {
    let (old, new) = (log_key(1), log_key(2));
    let mut trees = vec![Tree::default()];
    for n in 0..6_u8 {
        let mut tree = trees[usize::from(n)].clone();
        tree.append(Hash::of_leaf(&[n]));
        trees.push(tree);
    }
    let mut tiles = MemoryTiles::default();
    tiles.put(trees[6].partial_tiles());
    let nodes = Nodes::new(&tiles, 6);
    let proof = |from, to| consistency_proof(&nodes, from, to).unwrap();
    let mut view = view();
    view.offer(signed(&trees[3], &old), &[]).unwrap();
    let note = Rotation::sign(&old, &new, 4).unwrap().to_bytes();
    let rotation = Rotation::parse("rotation", &note).unwrap();
    let early = signed(&trees[4], &new);
    let Err(Refusal::NotTheLogs(_)) = view.offer(early.clone(), &proof(3, 4)) else { panic!() };
    view.rotate(&rotation).unwrap();
    assert_eq!(view.offer(early, &proof(3, 4)), Ok(Accepted::Newer));
    assert_eq!(view.offer(signed(&trees[3], &old), &proof(3, 4)), Ok(Accepted::Older));
    let Err(Refusal::NotTheLogs(fault)) = view.offer(signed(&trees[5], &old), &proof(4, 5)) else {
        panic!()
    };
    assert_eq!(fault.code, "key-not-valid");
    assert_eq!(view.offer(signed(&trees[6], &new), &proof(4, 6)), Ok(Accepted::Newer));
    assert_eq!(view.rotate(&rotation).unwrap_err().code, "backwards");

    // Signed by one of the two only: by a thief, or by a mistake.
    for keeps in [0, 1] {
        let whole = String::from_utf8(note.clone()).unwrap();
        let (body, signatures) = whole.rsplit_once("\n\n").unwrap();
        let line = signatures.lines().nth(keeps).unwrap();
        let one = format!("{body}\n\n{line}\n");
        assert_eq!(Rotation::parse("rotation", one.as_bytes()).unwrap_err().code, "unsigned");
    }
    assert!(Rotation::sign(&old, &old, 4).is_none());
    assert!(Rotation::sign(&old, &witness_key(ORIGIN, 3), 4).is_none());
}

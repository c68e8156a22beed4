//! Records: what a leaf gives away, erasure, disclosure, evidence.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use comity_ledger::*;
use common::{ORIGIN, Random, World, at, log_key, trust, witness_key};

fn proof(world: &World, index: u64) -> LogProof {
    let checkpoint = SignedCheckpoint::parse("c", world.checkpoints.last().unwrap()).unwrap();
    let path = inclusion_proof(&world.nodes(), index, checkpoint.checkpoint().size).unwrap();
    LogProof { index, path, checkpoint }
}

fn opening(world: &World, index: usize) -> Unsealed {
    let StoredLeaf { leaf, sealed } = &world.stored[index];
    let leaf = Leaf::parse("leaf", leaf).unwrap();
    unseal(&leaf, &Sealed::parse(sealed).unwrap(), &world.keys).unwrap()
}

fn bundle(
    world: &World,
    index: usize,
    opening: Option<Opening>,
) -> Result<Bundle, comity_model::Diagnostic> {
    let claim = Claim {
        index: index as u64,
        leaf: &world.stored[index].leaf,
        opening,
        checkpoint: proof(world, index as u64).checkpoint,
        keys: vec![log_key(1).verifier().clone()],
    };
    prove(claim, &world.nodes())
}

#[test]
fn a_leaf_is_text_with_one_spelling_and_no_personal_data() {
    let world = World::of(3);
    let text = String::from_utf8(world.stored[2].leaf.clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[..2], ["comity-leaf/v1", "kind request.issued"]);
    assert!(lines[2].starts_with("case "), "{text}");
    assert_eq!(lines[3], format!("sequenced_at {}", at(2)));
    assert!(lines[4].starts_with("commitment ") && lines[5].starts_with("sealed "));
    assert_eq!(lines.len(), 6);
    assert_eq!(Leaf::parse("leaf", text.as_bytes()).unwrap().to_bytes(), text.as_bytes());
    for (from, to, field) in [
        ("comity-leaf/v1", "comity-leaf/v2", "format"),
        ("kind request.issued", "kind Request.issued", "kind"),
        ("kind request.issued", "kind ", "kind"),
        ("kind ", "sort ", "kind"),
        ("case ", "case  ", "case"),
        ("sequenced_at 2026", "sequenced_at 2026-", "sequenced_at"),
        ("Z\ncommitment", "+00:00\ncommitment", "sequenced_at"),
        ("Z\ncommitment", ".000Z\ncommitment", "sequenced_at"),
        ("=\nsealed", "\nsealed", "commitment"),
        ("\ncommitment ", "\n\ncommitment ", "commitment"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        let fault = Leaf::parse("leaf", changed.as_bytes()).unwrap_err();
        assert_eq!((fault.path.as_str(), fault.line > 0), (field, true), "{from}: {fault}");
    }
    assert_eq!(Leaf::parse("leaf", format!("{text}\n").as_bytes()).unwrap_err().path, "end");
    assert_eq!(Leaf::parse("leaf", text.trim_end().as_bytes()).unwrap_err().code, "cut-off");
}

#[test]
fn the_leaf_of_the_reference_page_is_a_leaf() {
    let page = include_str!("../../../docs/reference/ledger.md");
    let leaf = page.split("```\n").find(|block| block.starts_with("comity-leaf/v1\n")).unwrap();
    assert_eq!(Leaf::parse("ledger.md", leaf.as_bytes()).unwrap().to_bytes(), leaf.as_bytes());
}

#[test]
fn the_same_event_twice_gives_two_leaves_that_do_not_look_alike() {
    let mut random = Random(3);
    let key = PersonKey::from_bytes(random.bytes());
    let mut make = |case: &[u8]| {
        let draft = Draft {
            kind: EventKind::new("person.booked").unwrap(),
            case_id: case,
            event: b"{}",
            sequenced_at: at(0),
        };
        let fresh = Fresh { salt: random.bytes(), nonce: random.bytes() };
        record(PersonKeyId([1; 16]), &key, draft, fresh).unwrap().0
    };
    let (first, second, third) = (make(b"case 1"), make(b"case 1"), make(b"case 2"));
    assert_ne!(first.commitment, second.commitment);
    assert_ne!(first.sealed, second.sealed);
    // Events of one case can be found together, two cases of one person cannot be linked.
    assert_eq!(first.case, second.case);
    assert_ne!(first.case, third.case);
    let other = PersonKey::from_bytes([9; 32]);
    assert_ne!(other.case_ref(b"case 1"), first.case);
}

#[test]
fn a_commitment_binds_kind_case_salt_and_event() {
    let opening = Opening { salt: [1; 32], event: b"event".to_vec() };
    let kind = EventKind::new("a.b").unwrap();
    let case = CaseRef([2; 32]);
    let commitment = opening.commitment(&kind, &case);
    assert_ne!(opening.commitment(&EventKind::new("a.c").unwrap(), &case), commitment);
    assert_ne!(opening.commitment(&kind, &CaseRef([3; 32])), commitment);
    let other = Opening { salt: [9; 32], ..opening.clone() };
    assert_ne!(other.commitment(&kind, &case), commitment);
    let other = Opening { event: b"events".to_vec(), ..opening };
    assert_ne!(other.commitment(&kind, &case), commitment);
}

#[test]
fn a_sealed_event_opens_for_its_leaf_only_and_every_bit_counts() {
    let world = World::of(12);
    for (n, event) in world.events.iter().enumerate() {
        let Unsealed::Open(opening) = opening(&world, n) else { panic!() };
        assert_eq!(opening.event, *event);
    }
    let StoredLeaf { leaf, sealed } = &world.stored[4];
    let leaf = Leaf::parse("leaf", leaf).unwrap();
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let fault = Sealed::parse(&changed).and_then(|s| unseal(&leaf, &s, &world.keys));
        assert!(fault.is_err(), "bit {bit}");
    }
    for length in 0..sealed.len() {
        let fault = Sealed::parse(&sealed[..length]).and_then(|s| unseal(&leaf, &s, &world.keys));
        assert!(fault.is_err(), "{length} bytes");
    }
    // Leaf 14 would be the same person's: 4 and 14 may not be exchanged either.
    let other = Sealed::parse(&world.stored[5].sealed).unwrap();
    assert_eq!(unseal(&leaf, &other, &world.keys).unwrap_err().code, "damaged");
    let sealed = Sealed::parse(sealed).unwrap();
    let fault = unseal(&leaf, &sealed, &MemoryKeys::default()).unwrap_err();
    assert_eq!(fault.code, "key-unknown");
    let mut wrong = MemoryKeys::default();
    assert!(wrong.add(sealed.key_id, PersonKey::from_bytes([0; 32])));
    assert_eq!(unseal(&leaf, &sealed, &wrong).unwrap_err().code, "wrong-key");
}

#[test]
fn a_leaf_that_names_other_content_than_its_seal_is_found() {
    // Whoever records a false commitment is found when the event is opened.
    let world = World::of(1);
    let mut leaf = Leaf::parse("leaf", &world.stored[0].leaf).unwrap();
    leaf.kind = EventKind::new("request.withdrawn").unwrap();
    let sealed = Sealed::parse(&world.stored[0].sealed).unwrap();
    let fault = unseal(&leaf, &sealed, &world.keys).unwrap_err();
    assert_eq!(fault.code, "not-this-event");
}

#[test]
fn erasure_leaves_every_proof_and_nothing_to_read() {
    let mut world = World::of(300);
    let before = proof(&world, 17);
    let erased_at = at(1000);
    let person = world.person(7);
    assert!(world.keys.destroy(&person, erased_at));
    assert!(!world.keys.destroy(&person, erased_at), "a key is destroyed once");
    assert!(!world.keys.add(person, PersonKey::from_bytes([1; 32])), "and never comes back");
    let mut erased = 0;
    for n in 0..300 {
        match opening(&world, n) {
            Unsealed::Erased { at } => {
                assert_eq!((at, n % 10), (erased_at, 7));
                erased += 1;
            }
            Unsealed::Open(opening) => assert_eq!(opening.event, world.events[n]),
        }
        let shown = bundle(&world, n, None).unwrap().verify(&trust()).unwrap();
        assert!(!shown.is_opened);
    }
    assert_eq!(erased, 30);
    before.check_path(Hash::of_leaf(&world.stored[17].leaf)).unwrap();
    let report = world.fsck();
    assert!(report.is_clean(), "{report:?}");
    assert_eq!((report.opened, report.erased), (270, 30));
    // A record that was erased is still evidence that something was here.
    let StoredLeaf { leaf, sealed } = &world.stored[17];
    let evidence = Evidence::read(leaf, sealed, before, &trust(), &world.keys).unwrap();
    assert_eq!(*evidence.content(), Unsealed::Erased { at: erased_at });
    assert_eq!(evidence.shown().index, 17);
    // What was stored holds neither the event nor the salt in the clear.
    assert!(!sealed.windows(8).any(|w| world.events[17].windows(8).any(|e| e == w)));
}

#[test]
fn an_auditor_is_shown_one_event_and_no_other() {
    let world = World::of(300);
    let Unsealed::Open(opened) = opening(&world, 123) else { panic!() };
    let made = bundle(&world, 123, Some(opened.clone())).unwrap();
    let bytes = made.to_bytes();
    let read = Bundle::parse("evidence", &bytes).unwrap();
    assert_eq!((&read, read.to_bytes()), (&made, bytes.clone()));
    let shown = read.verify(&trust()).unwrap();
    assert!(shown.is_opened && shown.is_trusted);
    assert_eq!((shown.index, shown.size, shown.origin.as_str()), (123, 300, ORIGIN));
    assert_eq!(read.opening.as_ref().unwrap().event, world.events[123]);
    // Without knowing the key from elsewhere the reader sees only that it agrees with itself.
    assert!(!read.verify_with_own_keys().unwrap().is_trusted);
    // The opening of one leaf is of no use for another.
    assert_eq!(bundle(&world, 124, Some(opened)).unwrap_err().code, "not-this-event");
    // Under another reader's policy it is nothing.
    let stranger = format!("log {}\nquorum none\n", log_key(8).verifier());
    let stranger = Trust::parse("policy", stranger.as_bytes()).unwrap();
    assert_eq!(read.verify(&stranger).unwrap_err().code, "unsigned");
}

#[test]
fn no_bit_of_a_bundle_can_be_changed_but_in_the_keys_it_only_suggests() {
    let world = World::of(20);
    let Unsealed::Open(opened) = opening(&world, 13) else { panic!() };
    let bytes = bundle(&world, 13, Some(opened)).unwrap().to_bytes();
    let (first, rest) = (bytes.iter().position(|b| *b == b'\n').unwrap() + 1, trust());
    let key_end = first + bytes[first..].iter().position(|b| *b == b'\n').unwrap();
    for bit in 0..bytes.len() * 8 {
        if (first..key_end).contains(&(bit / 8)) {
            continue;
        }
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let outcome = Bundle::parse("evidence", &changed).and_then(|b| b.verify(&rest));
        assert!(outcome.is_err(), "bit {bit}: {outcome:?}");
    }
}

#[test]
fn evidence_is_hashed_again_when_it_is_read() {
    let world = World::of(300);
    let StoredLeaf { leaf, sealed } = &world.stored[200];
    let evidence = Evidence::read(leaf, sealed, proof(&world, 200), &trust(), &world.keys).unwrap();
    let Unsealed::Open(opening) = evidence.content() else { panic!() };
    assert_eq!(opening.event, world.events[200]);
    let refused = |leaf: &[u8], sealed: &[u8], index: u64| {
        Evidence::read(leaf, sealed, proof(&world, index), &trust(), &world.keys).unwrap_err().code
    };
    let mut changed = leaf.clone();
    changed[40] ^= 1;
    assert_eq!(refused(&changed, sealed, 200), "not-included");
    assert_eq!(refused(leaf, sealed, 201), "not-included");
    assert_eq!(refused(leaf, &world.stored[201].sealed, 200), "damaged");
    // A whole record in the place of another.
    let StoredLeaf { leaf, sealed } = &world.stored[210];
    assert_eq!(refused(leaf, sealed, 200), "not-included");
}

#[test]
fn a_policy_asks_for_keys_quorum_and_their_time() {
    let peer = witness_key("peer.example/w", 11);
    let one = witness_key("one.example/w", 12);
    let two = witness_key("two.example/w", 13);
    let lines = |quorum: &str| {
        format!(
            "# who must have seen it\nlog {} https://jail.example/\n\n\
             witness peer {}\nwitness one {}\n\twitness  two\t{}\n\
             group outside any one two\ngroup both all peer outside\n{quorum}\n",
            log_key(1).verifier(),
            peer.verifier(),
            one.verifier(),
            two.verifier()
        )
    };
    let policy = |quorum: &str| Trust::parse("policy", lines(quorum).as_bytes());
    let mut world = World::of(5);
    let checkpoint = world.checkpoint();
    let signed_by = |keys: &[&SecretKey]| {
        let mut signed = checkpoint.clone();
        keys.iter().for_each(|k| signed.add(signed.note().countersign(k, 1_800_000_000).unwrap()));
        signed
    };
    let both = policy("quorum both").unwrap();
    for (keys, holds) in [
        (vec![], false),
        (vec![&peer], false),
        (vec![&one, &two], false),
        (vec![&peer, &two], true),
        (vec![&peer, &one], true),
        (vec![&two, &one, &peer], true),
    ] {
        let outcome = both.check(&signed_by(&keys));
        assert_eq!(outcome.is_ok(), holds, "{outcome:?}");
        match outcome {
            Ok(checked) => assert_eq!(checked.witnesses.len(), keys.len()),
            Err(fault) => assert_eq!(fault.code, "quorum"),
        }
    }
    assert!(policy("quorum none").unwrap().check(&signed_by(&[])).is_ok());
    // A stranger's signature is passed over, a false one by a known witness is not.
    let stranger = witness_key("stranger.example/w", 20);
    assert!(both.check(&signed_by(&[&peer, &one, &stranger])).is_ok());
    let mut forged = signed_by(&[&peer, &one]);
    let mut line = forged.note().countersign(&two, 5).unwrap();
    line.bytes[20] ^= 4;
    forged.add(line);
    assert_eq!(both.check(&forged).unwrap_err().code, "bad-signature");
    // Keys have their time: a witness's by the clock, a log's by the size of its tree.
    let during = policy("quorum both\ntimes peer 2026-01-01T00:00:00Z 2028-01-01T00:00:00Z");
    assert!(during.unwrap().check(&signed_by(&[&peer, &one])).is_ok());
    let after = policy("quorum both\ntimes peer - 2026-01-01T00:00:00Z").unwrap();
    assert_eq!(after.check(&signed_by(&[&peer, &one])).unwrap_err().code, "quorum");
    let key = log_key(1).verifier().to_string();
    assert!(
        policy(&format!("quorum none\nsizes {key} 0 5")).unwrap().check(&signed_by(&[])).is_ok()
    );
    let until_four = policy(&format!("quorum none\nsizes {key} 0 4")).unwrap();
    assert_eq!(until_four.check(&signed_by(&[])).unwrap_err().code, "key-not-valid");
    for (quorum, line, field) in [
        ("quorum nobody", 9, "quorum"),
        ("quorum both\nquorum both", 10, "quorum"),
        ("group again any one", 9, "member"),
        ("group again 2 both", 9, "threshold"),
        ("group one any both", 9, "name"),
        ("witness", 9, "line"),
        ("log x", 9, "key"),
        ("times both - -", 9, "witness"),
        ("times one yesterday -", 9, "from"),
        ("sizes x 0 -", 9, "key"),
        ("", 9, "quorum"),
    ] {
        let fault = policy(quorum).unwrap_err();
        assert!(fault.line >= line && fault.path == field, "{quorum}: {fault}");
    }
}

//! Searches of galleries: one finger, ten fingers, nobody, and cards that are not as they should.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use comity_print::FingerPosition;
use comity_print::candidate::Candidates;
use comity_print::gallery::file::{Shard, ShardHeader, records};
use comity_print::gallery::{Calibration, Effort, FingerEntry, Gallery, Probe, Record, SubjectId};
use comity_print::synth::{Difficulty, DirectFinger};
use comity_print::template::Template;

const EFFORT: Effort = Effort { glance_share: 0.1, glance_min: 20, exact: 10 };

/// A finger of a person, as if it were the one at a position.
fn entry(person: u64, finger: u64, impression: u64, position: u8) -> FingerEntry {
    let drawn = DirectFinger::draw(21, 10 * person + finger);
    let finger = FingerPosition::of_code(position).unwrap();
    FingerEntry { finger, template: drawn.template(impression, Difficulty::Easy) }
}

fn id(person: u64) -> SubjectId {
    SubjectId(u128::from(person).to_be_bytes())
}

/// A shard with the first `fingers` fingers of people 0 to `people - 1`.
fn shard(people: u64, fingers: u8) -> Vec<u8> {
    let header = ShardHeader { gallery: [1; 16], shard: 0, shards: 1 };
    let list: Vec<Record> = (0..people)
        .map(|p| Record {
            subject: id(p),
            fingers: (1..=fingers).map(|f| entry(p, f.into(), 1, f)).collect(),
        })
        .collect();
    [header.to_bytes().as_slice(), &records(&list)].concat()
}

fn search(gallery: &Gallery<'_>, entries: &[FingerEntry], effort: &Effort) -> Candidates {
    let probes: Vec<Probe> = entries.iter().map(|e| Probe::new(e, gallery)).collect();
    gallery.search(&probes, effort, &Calibration::default(), 0.01)
}

fn first(found: &Candidates) -> Option<SubjectId> {
    found.list.first().map(|c| c.subject())
}

#[test]
fn a_subject_is_found_among_others_and_not_by_another_finger() {
    let bytes = shard(150, 2);
    let gallery = Gallery::new(vec![Shard::read(&bytes).unwrap()]);
    assert_eq!(gallery.len(), 300);
    for p in [3, 77, 149] {
        let find = |entries: &[FingerEntry]| first(&search(&gallery, entries, &EFFORT));
        assert_eq!(find(&[entry(p, 1, 2, 1)]), Some(id(p)));
        assert_eq!(find(&[entry(p, 1, 2, 1), entry(p, 2, 2, 2)]), Some(id(p)));
        // The thumb looked for among index fingers is somebody else at best.
        assert_ne!(find(&[entry(p, 1, 2, 2)]), Some(id(p)));
        // Unknown: compared with all.
        assert_eq!(find(&[entry(p, 1, 2, 0)]), Some(id(p)));
    }
}

#[test]
fn a_card_with_a_missing_finger_and_two_swapped_still_finds_its_person() {
    let bytes = shard(40, 10);
    let gallery = Gallery::new(vec![Shard::read(&bytes).unwrap()]);
    // The right ring finger is missing; the left thumb and index finger are swapped.
    let card: Vec<FingerEntry> = (1..=10_u8)
        .filter(|position| *position != 4)
        .map(|position| {
            let finger = match position {
                6 => 7,
                7 => 6,
                same => u64::from(same),
            };
            entry(7, finger, 2, position)
        })
        .collect();
    let found = search(&gallery, &card, &EFFORT);
    let named: Vec<SubjectId> = found.above_threshold().map(|c| c.subject()).collect();
    assert_eq!(named, [id(7)]);
    let best = &found.list[0];
    assert!(best.fingers().iter().all(|f| f.finger.code() != 4));
    assert!(best.false_match_rate() < 1e-9, "{}", best.false_match_rate());
    let pairs = |position: u8| {
        let of = best.fingers().iter().find(|f| f.finger.code() == position);
        of.map_or(0, |f| f.pairs.len())
    };
    assert!(pairs(1) > pairs(6), "a right finger fits better than a swapped one");
}

#[test]
fn the_threshold_follows_from_size_and_wanted_rate_and_strangers_stay_below_it() {
    let bytes = shard(40, 10);
    let gallery = Gallery::new(vec![Shard::read(&bytes).unwrap()]);
    for stranger in 1_000..1_010 {
        let card: Vec<_> = (1..=10_u8).map(|f| entry(stranger, f.into(), 1, f)).collect();
        let found = search(&gallery, &card, &EFFORT);
        assert_eq!(found.above_threshold().count(), 0, "stranger {stranger}: {:?}", found.list[0]);
        assert_eq!((found.gallery_fingers, found.fpir), (400, 0.01));
        assert!((found.false_match_rate_max - 2.5e-5).abs() < 1e-6);
    }
}

#[test]
fn parts_give_what_the_whole_gives() {
    let bytes = shard(60, 2);
    let gallery = Gallery::new(vec![Shard::read(&bytes).unwrap()]);
    let probe = Probe::new(&entry(4, 1, 2, 1), &gallery);
    let exhaustive = search(&gallery, &[entry(4, 1, 2, 1)], &Effort::EXHAUSTIVE);
    let effort = Effort { glance_share: 0.5, glance_min: 1, exact: 20 };
    let halves = [0..60, 60..120].map(|part| gallery.survivors(part, &probe, &effort));
    let best = gallery.best(halves.to_vec(), &effort);
    let compared = best.first().and_then(|s| gallery.compare(&probe, s.number));
    assert_eq!(compared.map(|c| c.0), first(&exhaustive));
}

#[test]
fn prints_of_no_and_of_too_many_minutiae_are_searched_and_enrolled() {
    let mut crowded = entry(1, 1, 1, 1);
    crowded.template.minutiae = crowded.template.minutiae.repeat(10);
    crowded.template.minutiae.truncate(300);
    assert!(crowded.template.minutiae.len() > 255);
    let nothing = FingerEntry { finger: FingerPosition::Unknown, template: Template::default() };
    let list = [&crowded, &nothing].map(|e| Record { subject: id(99), fingers: vec![e.clone()] });
    let bytes = [shard(20, 1), records(&list)].concat();
    let read = Shard::read(&bytes).unwrap();
    assert_eq!((read.fingers.len(), read.damaged.len()), (22, 0));
    let gallery = Gallery::new(vec![read]);
    for probe in [crowded, nothing.clone()] {
        let found = search(&gallery, &[probe], &Effort::EXHAUSTIVE);
        assert_eq!(found.list.len(), 21);
    }
    assert_eq!(search(&gallery, &[nothing], &EFFORT).above_threshold().count(), 0);
}

#[test]
fn a_search_sees_what_was_whole_when_it_began_while_another_appends() {
    let before = shard(20, 1);
    let added = records(&[Record { subject: id(500), fingers: vec![entry(500, 1, 1, 1)] }]);
    let probes = [entry(7, 1, 2, 1), entry(500, 1, 2, 1)];
    let found = |bytes: &[u8]| {
        let gallery = Gallery::new(vec![Shard::read(bytes).unwrap()]);
        let one = |p: &FingerEntry| search(&gallery, std::slice::from_ref(p), &EFFORT);
        probes.each_ref().map(|p| (gallery.len(), first(&one(p))))
    };
    // At every byte of the append, as a reader may see it.
    for cut in (0..added.len()).step_by(97) {
        let seen = [before.as_slice(), &added[..cut]].concat();
        let [old, new] = found(&seen);
        assert_eq!(old, (20, Some(id(7))), "{cut} bytes appended");
        assert_ne!(new.1, Some(id(500)));
    }
    let [old, new] = found(&[before, added].concat());
    assert_eq!((old, new), ((21, Some(id(7))), (21, Some(id(500)))));
}

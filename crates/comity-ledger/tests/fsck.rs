//! The check of a whole log: nothing that was changed escapes, nothing else is blamed.
//! `COMITY_FSCK_ROUNDS=100` makes a hundred times as many changes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use comity_ledger::*;
use common::{Random, World, trust, witness_key};

/// So many rounds, or a multiple.
fn rounds(count: usize) -> usize {
    let times = std::env::var("COMITY_FSCK_ROUNDS").ok().and_then(|n| n.parse().ok());
    count * times.unwrap_or(1)
}

/// A log of three checkpoints, the last of which covers all.
fn log() -> World {
    let mut world = World::default();
    let mut random = Random(11);
    for n in 0..700 {
        world.append(&mut random);
        if [10, 256].contains(&(n + 1)) {
            world.checkpoint();
        }
    }
    world.checkpoint();
    world
}

#[test]
fn clean_logs_of_many_sizes_are_clean() {
    for size in [0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 600] {
        let report = World::of(size).fsck();
        assert!(report.is_clean(), "{size}: {:?}", report.findings);
        assert_eq!((report.leaves, report.opened), (size as u64, size as u64));
        assert_eq!((report.checkpoints, report.uncovered), (1, 0));
    }
    let world = log();
    let report = world.fsck();
    assert!(report.is_clean(), "{:?}", report.findings);
    assert_eq!(report.checkpoints, 3);
    assert_eq!(report.root, Some(world.tree.root()));
}

#[test]
fn a_changed_bit_of_any_leaf_is_found_and_the_leaf_named() {
    let clean = log();
    let mut random = Random(12);
    for round in 0..rounds(60) {
        let mut world = clean.clone();
        let index = random.below(world.stored.len());
        let leaf = &mut world.stored[index].leaf;
        let bit = random.below(leaf.len() * 8);
        leaf[bit / 8] ^= 1 << (bit % 8);
        let report = world.fsck();
        let first = report.first().unwrap_or_else(|| panic!("round {round}: nothing is found"));
        assert_eq!(first.index, index as u64, "round {round}: {:?}", report.findings);
        assert!(
            report.findings.iter().any(|f| f.code == "leaf-differs"
                && f.index == index as u64
                && f.place == format!("leaf {index}")),
            "round {round}: {:?}",
            report.findings
        );
        // Nobody else is blamed; a time that changed may make the next leaf look early.
        assert!(report.findings.iter().all(|f| f.index <= index as u64 + 1), "{report:?}");
    }
}

#[test]
fn a_changed_bit_of_a_sealed_event_is_found_without_any_key() {
    let clean = log();
    let mut random = Random(13);
    for round in 0..rounds(60) {
        let mut world = clean.clone();
        if round % 2 == 0 {
            world.keys = MemoryKeys::default();
        }
        let index = random.below(world.stored.len());
        let sealed = &mut world.stored[index].sealed;
        let bit = random.below(sealed.len() * 8);
        sealed[bit / 8] ^= 1 << (bit % 8);
        let against = Against {
            tiles: &world.tiles,
            checkpoints: &world.checkpoints,
            trust: &trust(),
            events: if round % 2 == 0 { Events::Sealed } else { Events::Open(&world.keys) },
            is_at_rest: true,
        };
        let report = fsck(&against, world.stored.iter().cloned().map(Ok), |_| {}).unwrap();
        assert_eq!(report.findings_total, 1, "round {round}: {report:?}");
        assert_eq!(report.first().unwrap().place, format!("sealed event of leaf {index}"));
    }
}

#[test]
fn rows_that_were_removed_added_exchanged_or_doubled_are_found_at_the_first() {
    let clean = log();
    let mut random = Random(14);
    for round in 0..rounds(80) {
        let mut world = clean.clone();
        let index = random.below(world.stored.len());
        let mut first = index as u64;
        let what = match round % 4 {
            0 => {
                world.stored.remove(index);
                "removed"
            }
            1 => {
                let row = world.stored[random.below(index + 1)].clone();
                world.stored.insert(index, row);
                // A row that is put before itself changes nothing up to its second copy.
                while clean.stored.get(first as usize) == world.stored.get(first as usize) {
                    first += 1;
                }
                "added"
            }
            2 => {
                let other = random.below(world.stored.len());
                if other == index {
                    continue;
                }
                world.stored.swap(index, other);
                first = first.min(other as u64);
                "exchanged"
            }
            _ => {
                world.stored.truncate(index);
                "cut off"
            }
        };
        let report = world.fsck();
        let found = report.first().unwrap_or_else(|| panic!("round {round}: {what}: nothing"));
        assert_eq!(found.index, first, "round {round}: {what}: {:?}", report.findings);
    }
}

#[test]
fn a_changed_bit_of_any_tile_is_found_and_the_tile_blamed() {
    let clean = log();
    let mut random = Random(15);
    let ids: Vec<TileId> = clean.tiles.tiles.keys().copied().collect();
    let mut found_in_full = 0;
    for round in 0..rounds(60) {
        let mut world = clean.clone();
        let id = ids[random.below(ids.len())];
        let bytes = world.tiles.tiles.get_mut(&id).unwrap();
        let bit = random.below(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        let report = world.fsck();
        // Partial tiles of earlier sizes are kept for old readers and not read any more.
        let is_current = id.width == 256 || id.index == 700 >> (8 * (u32::from(id.level) + 1));
        let is_used =
            is_current && (id.width == 256 || id.width as u64 == 700 >> (8 * id.level) & 255);
        assert_eq!(!report.is_clean(), is_used, "round {round}: {id}: {:?}", report.findings);
        if is_used {
            found_in_full += 1;
            assert_eq!(report.findings_total, 1, "{report:?}");
            assert_eq!(report.first().unwrap().code, "tile-differs");
            let span = 1_u64 << (8 * id.level);
            let leaf = (id.index * 256 + bit as u64 / 256) * span;
            assert_eq!(report.first().unwrap().index, leaf, "{id}");
        }
    }
    assert!(found_in_full > 15);
}

#[test]
fn a_changed_bit_of_any_checkpoint_is_found() {
    let clean = log();
    let mut random = Random(16);
    for round in 0..rounds(60) {
        let mut world = clean.clone();
        let number = random.below(3);
        let bytes = &mut world.checkpoints[number];
        let bit = random.below(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        let report = world.fsck();
        let place = format!("checkpoint {number}");
        assert!(report.findings.iter().any(|f| f.place == place), "round {round}: {report:?}");
    }
}

/// The check of a log whose node goes on.
fn fsck_live(world: &World) -> FsckReport {
    let against = Against {
        tiles: &world.tiles,
        checkpoints: &world.checkpoints,
        trust: &trust(),
        events: Events::Sealed,
        is_at_rest: false,
    };
    fsck(&against, world.stored.iter().cloned().map(Ok), |_| {}).unwrap()
}

#[test]
fn missing_tiles_and_uncovered_leaves_are_told() {
    let clean = log();
    let mut world = clean.clone();
    world.tiles.tiles.remove(&TileId::full(0, 1)).unwrap();
    let report = world.fsck();
    let first = report.first().unwrap();
    assert_eq!((first.code, first.index, report.findings_total), ("tile-missing", 256, 1));
    let mut world = clean.clone();
    world.tiles.tiles.insert(TileId::full(0, 1), vec![0; 31]);
    assert_eq!(world.fsck().first().unwrap().code, "tile-length");

    let mut world = clean;
    let mut random = Random(1);
    world.append(&mut random);
    world.tiles.put(world.tree.partial_tiles());
    let report = world.fsck();
    assert_eq!((report.uncovered, report.first().unwrap().code), (1, "not-covered"));
    let report = fsck_live(&world);
    assert!(report.is_clean(), "{report:?}");
    assert_eq!(report.uncovered, 1);
}

#[test]
fn a_log_that_grew_since_its_last_checkpoint_is_not_blamed() {
    for signed in [0, 1, 2, 255, 256, 257, 511, 512, 700] {
        for grown in [1, 2, 254, 255, 256, 257, 600] {
            let mut random = Random(signed as u64 * 1000 + grown as u64);
            let mut world = World::default();
            (0..signed).for_each(|_| world.append(&mut random));
            if signed > 0 {
                world.checkpoint();
            }
            (0..grown).for_each(|_| world.append(&mut random));
            let report = fsck_live(&world);
            assert!(report.is_clean(), "{signed} + {grown}: {:?}", report.findings);
            assert_eq!(report.uncovered, grown as u64);
            assert_eq!(report.root, Some(world.tree.root()));
        }
    }
}

#[test]
fn whoever_rewrites_leaves_tiles_and_all_still_lacks_the_key() {
    // A clerk with the whole database changes an event and everything that follows from it.
    let honest = log();
    let mut forged = World::default();
    let mut random = Random(99);
    (0..700).for_each(|_| forged.append(&mut random));
    forged.tiles.put(forged.tree.partial_tiles());
    forged.checkpoints = honest.checkpoints.clone();
    let report = forged.fsck();
    assert_eq!(report.first().unwrap().code, "root-differs");
    assert_eq!(report.findings_total, 3, "{:?}", report.findings);
}

#[test]
fn a_signature_that_nobody_can_check_is_damage_in_ones_own_store() {
    let mut world = log();
    let mut signed = SignedCheckpoint::parse("c", world.checkpoints.last().unwrap()).unwrap();
    let stranger = witness_key("stranger.example/w", 3);
    signed.add(signed.note().countersign(&stranger, 1).unwrap());
    *world.checkpoints.last_mut().unwrap() = signed.to_bytes();
    assert_eq!(world.fsck().first().unwrap().code, "unknown-signer");
}

#[test]
fn an_auditor_with_the_log_alone_checks_all_but_the_events() {
    let mut world = log();
    for stored in &mut world.stored {
        stored.sealed.clear();
    }
    let believed = trust();
    let against = |events| Against {
        tiles: &world.tiles,
        checkpoints: &world.checkpoints,
        trust: &believed,
        events,
        is_at_rest: true,
    };
    let run =
        |events| fsck(&against(events), world.stored.iter().cloned().map(Ok), |_| {}).unwrap();
    assert!(run(Events::Absent).is_clean());
    let missing = run(Events::Sealed);
    assert_eq!((missing.findings_total, missing.findings.len()), (700, 100));
}

#[test]
fn a_store_that_cannot_be_read_is_an_error_and_not_a_finding() {
    let world = log();
    let against = Against {
        tiles: &world.tiles,
        checkpoints: &world.checkpoints,
        trust: &trust(),
        events: Events::Sealed,
        is_at_rest: true,
    };
    let broken = || Err(comity_model::Diagnostic::error("disk", "the disk does not answer"));
    let leaves = world.stored.iter().cloned().map(Ok).take(300).chain([broken()]);
    assert_eq!(fsck(&against, leaves, |_| {}).unwrap_err().code, "disk");
}

#[test]
fn a_hundred_thousand_leaves_are_checked_and_a_needle_is_found() {
    let mut world = World::of(100_000);
    let mut steps = 0;
    let against = Against {
        tiles: &world.tiles,
        checkpoints: &world.checkpoints,
        trust: &trust(),
        events: Events::Sealed,
        is_at_rest: true,
    };
    let report = fsck(&against, world.stored.iter().cloned().map(Ok), |done| {
        steps += 1;
        assert_eq!(done, steps * 256);
    });
    let report = report.unwrap();
    assert!(report.is_clean(), "{:?}", report.findings);
    // 391 tiles of leaf hashes, two above them, one above those.
    assert_eq!((report.leaves, report.tiles, steps), (100_000, 394, 390));
    world.stored[77_777].leaf[25] ^= 1;
    let report = world.fsck();
    assert_eq!(report.first().unwrap().index, 77_777);
    assert!(report.findings.iter().any(|f| f.place == "leaf 77777"));
}

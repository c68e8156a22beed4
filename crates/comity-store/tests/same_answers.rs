//! Random batches on all stores: what one takes, all take; what one refuses, all refuse; and
//! they give the same answers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use common::random::{Random, answers, any_batch};
use common::*;
use proptest::prelude::*;

fn run(seed: u64, batches: usize) {
    let mut rigs = [memory(), sqlite()];
    let mut random = Random::new(seed);
    let (mut taken, mut refused) = (0, 0);
    for number in 0..batches {
        let batch = any_batch(&mut random, &mut *rigs[0].store);
        let results: Vec<_> = rigs
            .iter_mut()
            .map(|rig| rig.store.commit(&batch).map_err(|fault| fault.code()))
            .collect();
        let asked = random.0;
        let mut all = Vec::new();
        for (rig, result) in rigs.iter_mut().zip(&results) {
            let kind = rig.store.kind();
            assert_eq!(*result, results[0], "seed {seed}, batch {number}, {kind}: {batch:?}");
            all.push(answers(&mut Random(asked), &mut *rig.store));
            assert_eq!(all.last(), all.first(), "seed {seed}, batch {number}, {kind}");
        }
        random.next();
        if results[0].is_ok() { taken += 1 } else { refused += 1 }
    }
    let first = dump(&mut *rigs[0].store);
    for rig in &mut rigs[1..] {
        let kind = rig.store.kind();
        assert_eq!(dump(&mut *rig.store), first, "seed {seed}: {kind}");
        assert_eq!(dump(&mut *rig.store.reader().unwrap()), first, "seed {seed}: {kind}");
    }
    assert!(batches < 100 || (taken > 10 && refused > 10), "{taken} taken, {refused} refused");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..Default::default() })]

    #[test]
    fn random_batches_come_to_the_same_in_every_store(seed in any::<u64>()) {
        run(seed, 120);
    }
}

#[test]
fn known_seeds_come_to_the_same_in_every_store() {
    for seed in 0..4 {
        run(seed, 120);
    }
}

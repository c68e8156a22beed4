//! A table of cases is decided as each of its cases is: stances, binding clause and conflict
//! of every channel, for the golden cases and for random libraries and cases.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use comity_model::CaseFacts;
use comity_policy::columns::{ColumnPlan, Scratch, case_batch};
use comity_policy::{Channel, PolicyIndex, Scope};
use std::cell::RefCell;
use support::equal::{Seen, compare, request};
use support::random::{Dice, world};
use support::tape::for_all;
use support::{golden_cases, library};

fn golden_facts() -> Vec<(String, CaseFacts)> {
    let mut out = Vec::new();
    for (name, case) in golden_cases() {
        for (i, step) in case.steps.iter().enumerate() {
            out.push((format!("{name} step {}", i + 1), step.facts.clone()));
        }
    }
    out
}

#[test]
fn every_golden_case_is_decided_alike_one_by_one_and_in_one_batch() {
    let (library, cases) = (library(), golden_facts());
    assert!(cases.len() >= 95, "{}", cases.len());
    let mut scratch = Scratch::default();
    for (name, facts) in &cases {
        let seen = compare(library, &Scope::InForce, std::slice::from_ref(facts), &mut scratch);
        seen.unwrap_or_else(|e| panic!("{name}: {e}"));
    }
    let all: Vec<CaseFacts> = cases.iter().map(|(_, f)| f.clone()).collect();
    let seen = compare(library, &Scope::InForce, &all, &mut scratch).unwrap();
    assert!(seen.settled > 300 && seen.open > 0, "{seen:?}");
}

#[test]
fn every_golden_case_is_decided_alike_under_each_policy_alone() {
    let library = library();
    let all: Vec<CaseFacts> = golden_facts().into_iter().map(|(_, f)| f).collect();
    let mut scratch = Scratch::default();
    let mut seen = Seen::default();
    for (index, policy) in library.policies() {
        for scope in [Scope::Under(vec![index]), Scope::Only(vec![index])] {
            let one = compare(library, &scope, &all, &mut scratch);
            seen += one.unwrap_or_else(|e| panic!("{}: {e}", policy.id));
        }
    }
    assert!(seen.settled > 10_000 && seen.open > 300, "{seen:?}");
    let every: Vec<PolicyIndex> = library.policies().map(|(i, _)| i).collect();
    compare(library, &Scope::Under(every), &all, &mut scratch).unwrap();
}

#[test]
fn random_libraries_decide_random_tables_as_their_cases() {
    let scratch = RefCell::new(Scratch::default());
    let seen = RefCell::new(Seen::default());
    for_all(11, 600, 1_500, |tape| {
        let world = world(tape);
        let scope = world.scope(tape);
        let known = tape.one(&[3, 6, 9, 10]);
        let cases: Vec<CaseFacts> = (0..=tape.pick(5)).map(|_| world.case(tape, known)).collect();
        let one = compare(&world.library, &scope, &cases, &mut scratch.borrow_mut());
        *seen.borrow_mut() += one.map_err(|e| format!("{e}\n{}", world.text))?;
        Ok(())
    });
    let seen = seen.into_inner();
    assert!(seen.settled > 500 && seen.open > 500 && seen.conflicts > 10, "{seen:?}");
}

/// More rows than are evaluated or read at a time, every one of them compared.
#[test]
fn a_long_table_is_decided_as_a_short_one() {
    let mut dice = Dice(0x10_96);
    for _ in 0..3 {
        let mut tape = dice.tape(2_000);
        let world = world(&mut tape);
        let cases: Vec<CaseFacts> = (0..997).map(|_| world.case(&mut dice.tape(120), 8)).collect();
        let plan = ColumnPlan::compile(&world.library, &Scope::InForce, &request());
        let short = case_batch(&cases).unwrap();
        let parts = vec![&short; 71];
        let long = arrow_select::concat::concat_batches(&short.schema(), parts).unwrap();
        assert!(long.num_rows() > 70_000);
        let mut scratch = Scratch::default();
        let (short, long) =
            (plan.decide(&short, &mut scratch).unwrap(), plan.decide(&long, &mut scratch).unwrap());
        for row in 0..long.len() {
            assert_eq!(long.hold_hours_max(row), short.hold_hours_max(row % 997));
            for channel in Channel::ALL {
                let (a, b) = (long.at(&plan, channel, row), short.at(&plan, channel, row % 997));
                assert_eq!(a, b, "row {row}, {channel}");
            }
        }
    }
}

/// A replay of a billion rows decides batch after batch with one scratch.
#[test]
fn a_scratch_does_not_grow_with_the_number_of_batches() {
    let cases: Vec<CaseFacts> = golden_facts().into_iter().map(|(_, facts)| facts).collect();
    let batch = case_batch(&cases).unwrap();
    let plan = ColumnPlan::compile(library(), &Scope::InForce, &request());
    let mut scratch = Scratch::default();
    let mut after = |batches: usize| {
        for _ in 0..batches {
            plan.decide(&batch, &mut scratch).unwrap();
        }
        scratch.buffers()
    };
    // The bound is reached once it is full; more batches do not move it.
    let full = after(400);
    assert_eq!(after(200), full);
}

/// The same with larger tables and without shrinking; `make soak` runs ten million.
#[test]
fn two_hundred_thousand_random_cases_are_decided_alike() {
    let seed = 0x00C0_1717;
    let seen = support::soak::run(seed, 200_000, |_, _| {}).unwrap_or_else(|e| panic!("{e}"));
    assert!(seen.cases >= 200_000 && seen.open > 50_000 && seen.conflicts > 1_000, "{seen:?}");
}

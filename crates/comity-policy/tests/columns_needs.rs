//! The needs mask holds every fact of the exact needs, and only unknown ones; caps are those
//! of the clauses in effect.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use comity_model::check::contradictions;
use comity_model::facts::{FactPath, ListState};
use comity_model::{CaseFacts, Tri};
use comity_policy::columns::{ColumnPlan, ColumnRequest, Field, NeedFact, Scratch, case_batch};
use comity_policy::policy::CapLimit;
use comity_policy::{Channel, Library, Scope};
use std::collections::BTreeSet;
use support::filling::{forget, shown};
use support::random::{Dice, world};
use support::{golden_cases, library};

fn fact_of(path: FactPath) -> NeedFact {
    match path {
        FactPath::Scalar(f) => NeedFact::Field(Field::Scalar(f)),
        FactPath::Element(l, _, f) => NeedFact::Field(Field::Element(l, f)),
        FactPath::List(l) => NeedFact::List(l),
    }
}

fn is_unknown(facts: &CaseFacts, fact: NeedFact) -> bool {
    match fact {
        NeedFact::Field(Field::Scalar(f)) => !facts.get(f).is_known(),
        NeedFact::Field(Field::Element(l, f)) => {
            (0..facts.list(l).len()).any(|i| !facts.list(l).get(i, f).is_known())
        }
        NeedFact::List(l) => facts.list(l).state != ListState::Complete,
    }
}

/// Facts named by the exact needs, and rows that are open.
fn compare(library: &Library, scope: &Scope, cases: &[CaseFacts]) -> (usize, usize, usize) {
    let request = ColumnRequest { needs: true, hold_cap: true, ..ColumnRequest::default() };
    let plan = ColumnPlan::compile(library, scope, &request);
    let answers = plan.decide(&case_batch(cases).unwrap(), &mut Scratch::default()).unwrap();
    let (mut exact, mut masked, mut caps) = (0, 0, 0);
    for (row, facts) in cases.iter().enumerate() {
        let d = library.derive(facts, scope);
        let mask: BTreeSet<NeedFact> = answers.needs(&plan, row).into_iter().copied().collect();
        let needs = d.needs.iter().flat_map(|(_, needs)| needs).flat_map(|n| &n.facts);
        for path in needs {
            assert!(
                mask.contains(&fact_of(*path)),
                "row {row}: {path} is needed, the mask has {:?}\n{}",
                mask.iter().map(ToString::to_string).collect::<Vec<_>>(),
                shown(facts)
            );
            exact += 1;
        }
        for fact in &mask {
            assert!(is_unknown(facts, *fact), "row {row}: {fact} is known\n{}", shown(facts));
        }
        let settled = Channel::ALL.iter().all(|c| d.answer.outcome(*c).only().is_some());
        assert!(!settled || mask.is_empty(), "row {row} is settled and needs {mask:?}");
        masked += mask.len();
        let in_effect = library.effects(&d).filter(|(_, t)| *t == Tri::True);
        let hours = in_effect.filter_map(|(r, _)| {
            let clause = &library.policy(r.policy).clauses[r.clause as usize];
            match clause.cap.as_ref().map(|c| &c.limit) {
                Some(CapLimit::Hours { hours_max, .. }) => Some(*hours_max),
                _ => None,
            }
        });
        let wanted = hours.min();
        assert_eq!(answers.hold_hours_max(row), wanted, "row {row}\n{}", shown(facts));
        caps += usize::from(wanted.is_some());
    }
    (exact, masked, caps)
}

#[test]
fn the_mask_holds_every_need_of_golden_cases_with_forgotten_facts() {
    let mut dice = Dice(0x5EED);
    let mut cases = Vec::new();
    for (_, case) in golden_cases() {
        for step in case.steps.iter().filter(|s| contradictions(&s.facts).is_empty()) {
            for odds in [3, 10] {
                let mut facts = step.facts.clone();
                forget(&mut facts, &mut dice.tape(400), odds);
                cases.push(facts);
            }
            cases.push(step.facts.clone());
        }
    }
    let (exact, masked, caps) = compare(library(), &Scope::InForce, &cases);
    assert!(exact > 500 && masked > 500 && caps > 20, "{exact} {masked} {caps}");
}

#[test]
fn the_mask_holds_every_need_of_random_cases() {
    let mut dice = Dice(77);
    let (mut exact, mut masked, mut caps) = (0, 0, 0);
    for _ in 0..150 {
        let mut tape = dice.tape(2_000);
        let world = world(&mut tape);
        let scope = world.scope(&mut tape);
        let mut cases: Vec<CaseFacts> =
            (0..12).map(|_| world.case(&mut dice.tape(120), 8)).collect();
        cases.retain(|c| contradictions(c).is_empty());
        let (e, m, c) = compare(&world.library, &scope, &cases);
        exact += e;
        masked += m;
        caps += c;
    }
    assert!(exact > 500 && masked > 300 && caps > 100, "{exact} {masked} {caps}");
}

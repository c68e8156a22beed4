//! The compiled plan and the tree agree on every clause of the library, for the facts
//! of every golden case and for a hundred thousand random ones.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use comity_model::Tri;
use comity_model::facts::{ListState, NotListed, Value};
use comity_model::schema::{ElemFieldId, FieldId, Kind, ListId, fields};
use comity_model::{CaseFacts, Day};
use comity_policy::cond::{Silent, eval};

/// Xorshift; a seed means the same everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % n
    }

    fn value(&mut self, kind: &Kind, facts: &mut CaseFacts) -> Value {
        if self.below(5) == 0 {
            return Value::Unknown;
        }
        match kind {
            Kind::Bool => Value::Bool(self.below(2) == 0),
            Kind::Int(_) => Value::Int(self.below(400) as i64),
            Kind::Enum(set) => Value::Enum(self.below(set.values.len() as u64) as u8),
            // 2006 to 2026, where the library's dates lie.
            Kind::Date => Value::Date(Day(13_149 + self.below(7_600) as i32)),
            Kind::Instant => Value::Unknown,
            Kind::Text => {
                facts.text_value(["us-ca", "us-tx", "chicago", "i1", "i2"][self.below(5) as usize])
            }
        }
    }

    fn facts(&mut self) -> CaseFacts {
        let mut facts = CaseFacts::new(NotListed::Unknown);
        for (i, def) in fields::SCALARS.iter().enumerate() {
            let v = self.value(&def.kind, &mut facts);
            facts.set(FieldId(i as u16), v);
        }
        for (l, def) in fields::LISTS.iter().enumerate() {
            let list = ListId(l as u8);
            facts.list_mut(list).state =
                [ListState::Unknown, ListState::AtLeast, ListState::Complete, ListState::Complete]
                    [self.below(4) as usize];
            for _ in 0..self.below(5) {
                let at = facts.list_mut(list).push_unknown();
                for (f, d) in def.fields.iter().enumerate() {
                    let v = self.value(&d.kind, &mut facts);
                    facts.list_mut(list).set(at, ElemFieldId(f as u16), v);
                }
            }
        }
        facts
    }
}

#[test]
fn the_plan_and_the_tree_agree_on_every_clause() {
    let library = support::library();
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let compiled = library.policies().filter(|(_, p)| p.plan.is_some()).count();
    assert_eq!(compiled, library.len(), "every policy of the library has a plan");
    let mut compared = 0_u64;
    for _ in 0..250 {
        let facts = dice.facts();
        for (_, policy) in library.policies() {
            let truths = policy.plan.as_ref().unwrap().truths(&facts);
            for &i in &policy.order {
                let clause = &policy.clauses[i as usize];
                let fast = match (truths.holds >> i & 1, truths.holds_unknown >> i & 1) {
                    (1, _) => Tri::True,
                    (_, 1) => Tri::Unknown,
                    _ => Tri::False,
                };
                let tree = eval(&clause.when, &facts, &mut Silent);
                assert_eq!(fast, tree, "{} {}: {}", policy.id, clause.id, clause.when_text);
                compared += 1;
            }
        }
    }
    assert!(compared >= 100_000, "{compared}");
}

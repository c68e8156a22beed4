//! Random pairs of rules and random cases: whatever a random case shows to be possible
//! must be found, and nothing is left open.

use super::*;
use crate::cond::{Silent, eval};
use comity_model::facts::{ListState, Value};
use comity_model::schema::{ElemFieldId, FieldId, Kind, ListId, fields, find_list, find_scalar};
use comity_model::{CaseFacts, Day, Tri};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn scalar_test() -> impl Strategy<Value = String> {
    let day = prop_oneof![
        Just("decision.on"),
        Just("person.entered_on"),
        Just("person.present_since"),
        Just("request.issued_on")
    ];
    let op = prop_oneof![Just("<"), Just("<="), Just("=="), Just("!="), Just(">"), Just(">=")];
    prop_oneof![
        Just("person.visa_abuse".to_owned()),
        Just("request.asks_hold".to_owned()),
        (0..6_i64, op.clone()).prop_map(|(n, op)| format!("person.age_years {op} {n}")),
        (op.clone(), 1..5_u32, day.clone())
            .prop_map(|(op, d, f)| format!("{f} {op} date('2016-02-{:02}')", 26 + d.min(3))),
        (op, day.clone(), day.clone()).prop_map(|(op, a, b)| format!("{a} {op} {b}")),
        (day.clone(), day.clone(), 0..3_u32)
            .prop_map(|(a, b, n)| format!("within({a}, {b}, days({n}))")),
        (day.clone(), day).prop_map(|(a, b)| format!("within({a}, {b}, years(1))")),
        prop_oneof![Just("I-200"), Just("I-205"), Just("none")]
            .prop_map(|w| format!("request.warrant == '{w}'")),
        prop_oneof![Just("none"), Just("I-247")].prop_map(|w| format!("request.form == '{w}'")),
    ]
}

fn element_test() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("c.serious".to_owned()),
        Just("c.category == 'theft'".to_owned()),
        Just("c.category in ['theft', 'arson']".to_owned()),
        (0..3_i64).prop_map(|n| format!("c.sentence_days > {n}")),
        Just("c.incident == 'i0'".to_owned()),
        (0..3_u32).prop_map(|n| format!("within(c.convicted_on, decision.on, days({n}))")),
    ]
}

fn tree(leaf: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = String> {
    leaf.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
            inner.prop_map(|a| format!("!({a})")),
        ]
    })
}

fn condition() -> impl Strategy<Value = String> {
    let quantified =
        (tree(element_test()), 0..5_u32, 1..3_u32).prop_map(|(body, kind, n)| match kind {
            0 => format!("convictions.all(c, {body})"),
            1 => format!("convictions.exists(c, {body})"),
            2 => format!("convictions.at_least({n}, c, {body})"),
            3 => format!("convictions.at_least({n}, c.incident, c, {body})"),
            _ => format!("convictions.at_least({n}, c.sentence_days, c, {body})"),
        });
    tree(prop_oneof![2 => scalar_test(), 1 => quantified])
}

fn days() -> impl Strategy<Value = Day> {
    // Around 2016-02-29 and the same days a year earlier.
    prop_oneof![16_855..16_866_i32, 16_489..16_500_i32].prop_map(Day)
}

fn case() -> impl Strategy<Value = CaseFacts> {
    let element = (any::<bool>(), 0..3_usize, 0..5_i64, 0..3_u32, days());
    let scalars =
        (any::<[bool; 2]>(), 0..7_i64, [days(), days(), days(), days()], 0..5_u8, any::<u64>());
    (scalars, prop::collection::vec(element, 0..5)).prop_map(
        |((yes, age, on, warrant, forget), list)| {
            let mut facts = CaseFacts::default();
            // About one fact in eight is not known.
            let mut forget = (0..).map(|i| forget >> (3 * i) & 7 == 0);
            let mut set = |path: &str, value| {
                let value = if forget.next().unwrap() { Value::Unknown } else { value };
                facts.set(find_scalar(path).unwrap(), value);
            };
            set("person.visa_abuse", Value::Bool(yes[0]));
            set("request.asks_hold", Value::Bool(yes[1]));
            set("person.age_years", Value::Int(age));
            set("decision.on", Value::Date(on[0]));
            set("person.entered_on", Value::Date(on[1]));
            set("person.present_since", Value::Date(on[2]));
            set("request.warrant", Value::Enum(warrant));
            set("request.form", Value::Enum(warrant % 2));
            let issued = if warrant % 2 == 0 { Value::Unknown } else { Value::Date(on[3]) };
            set("request.issued_on", issued);
            let id: ListId = find_list("convictions").unwrap();
            facts.list_mut(id).state = ListState::Complete;
            for (serious, category, days, incident, convicted) in list {
                let incident = facts.text_value(&format!("i{incident}"));
                let code = [33, 43, 1][category];
                let items = facts.list_mut(id);
                let i = items.push_unknown();
                let mut set = |name: &str, value| {
                    let field: ElemFieldId = id.field(name).unwrap();
                    items.set(i, field, value);
                };
                set("serious", Value::Bool(serious));
                set("category", Value::Enum(code));
                set("sentence_days", Value::Int(days));
                set("incident", incident);
                set("convicted_on", Value::Date(convicted));
            }
            facts
        },
    )
}

/// Cases that print short.
struct Cases(Vec<CaseFacts>);

impl std::fmt::Debug for Cases {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} cases", self.0.len())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, max_shrink_iters: 4000, ..ProptestConfig::default() })]

    #[test]
    fn what_a_case_shows_is_found(
        a in condition(),
        b in condition(),
        cases in prop::collection::vec(case(), 60).prop_map(Cases),
    ) {
        let rules = [
            rule("a", "may = [\"hold\"]", &format!("when = \"\"\"{a}\"\"\"")),
            rule("b", "must_not = [\"hold\"]", &format!("when = \"\"\"{b}\"\"\"")),
        ];
        let policy = load(&text("us-ca.a.2014", "us-ca", "state", ALWAYS, &rules.concat()));
        let report = prove_policy(&policy, &places());
        prop_assert_eq!(report.unsettled, 0, "{} / {}: {:?}", a, b, report.diagnostics);
        let is_found = codes(&report).contains(&"contradicting-rules");
        let shown = cases.0.iter().any(|facts| {
            let holds = |i: usize| eval(&policy.clauses[i].when, facts, &mut Silent) == Tri::True;
            holds(0) && holds(1) && comity_model::check::contradictions(facts).is_empty()
        });
        prop_assert!(!shown || is_found, "{} / {}", a, b);
    }
}

fn any_value(kind: &Kind, n: u32) -> Value {
    match kind {
        Kind::Bool => Value::Bool(n.is_multiple_of(2)),
        Kind::Int(_) => Value::Int(i64::from(n % 40)),
        Kind::Enum(set) => Value::Enum((n as usize % set.values.len()) as u8),
        // Around the first days of the forms, so that they and the ages matter.
        Kind::Date => {
            Value::Date(Day([16_556, 17_198, 9_000][n as usize % 3] + (n / 3 % 7) as i32 - 3))
        }
        Kind::Instant | Kind::Text => Value::Unknown,
    }
}

fn anything() -> impl Strategy<Value = CaseFacts> {
    let width = fields::LISTS.iter().map(|l| l.fields.len()).sum::<usize>();
    let size = fields::SCALARS.len() + width;
    prop::collection::vec(any::<u32>(), size).prop_map(|random| {
        let mut random = random.into_iter();
        let mut facts = CaseFacts::default();
        for (i, field) in fields::SCALARS.iter().enumerate() {
            let n = random.next().unwrap();
            facts.set(
                FieldId(i as u16),
                if n.is_multiple_of(5) { Value::Unknown } else { any_value(&field.kind, n / 5) },
            );
        }
        for (l, list) in fields::LISTS.iter().enumerate() {
            let items = facts.list_mut(ListId(l as u8));
            items.state = ListState::Complete;
            let at = items.push_unknown();
            for (f, field) in list.fields.iter().enumerate() {
                items.set(
                    at,
                    ElemFieldId(f as u16),
                    any_value(&field.kind, random.next().unwrap()),
                );
            }
        }
        facts
    })
}

/// Forgets facts until none contradict each other.
fn peaceful(mut facts: CaseFacts) -> CaseFacts {
    while let Some(first) = comity_model::check::contradictions(&facts).into_iter().next() {
        match first.first {
            comity_model::FactPath::Scalar(f) => facts.set(f, Value::Unknown),
            comity_model::FactPath::Element(l, i, f) => {
                facts.list_mut(l).set(i as usize, f, Value::Unknown);
            }
            comity_model::FactPath::List(_) => unreachable!("a list contradicts nothing"),
        }
    }
    facts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_learned_holds_of_every_case(cases in prop::collection::vec(anything(), 200).prop_map(Cases)) {
        let mut axioms = axioms::Axioms::default();
        for facts in &cases.0 {
            let mut facts = facts.clone();
            while let Some(first) = comity_model::check::contradictions(&facts).into_iter().next() {
                axioms.learn(&facts);
                facts = match first.second {
                    comity_model::FactPath::Scalar(f) => { facts.set(f, Value::Unknown); facts }
                    comity_model::FactPath::Element(l, i, f) => { facts.list_mut(l).set(i as usize, f, Value::Unknown); facts }
                    comity_model::FactPath::List(_) => break,
                };
            }
        }
        let scalars = (0..fields::SCALARS.len()).map(|f| formula::Key::Scalar(FieldId(f as u16)));
        let elements = fields::LISTS.iter().enumerate().flat_map(|(l, list)| {
            (0..list.fields.len()).map(move |f| formula::Key::Elem(ListId(l as u8), ElemFieldId(f as u16)))
        });
        let every: BTreeSet<formula::Key> = scalars.chain(elements).collect();
        let learned = axioms.about(&every);
        prop_assert!(learned.len() > 20, "{} axioms", learned.len());
        for facts in cases.0 {
            let facts = peaceful(facts);
            for axiom in &learned {
                // Where a fact that it speaks of is unknown, it says nothing.
                prop_assert!(eval(axiom, &facts, &mut Silent) != Tri::False, "{:?}", axiom);
            }
        }
    }
}

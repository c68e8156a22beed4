//! Random pairs of rules and random cases: whatever a random case shows to be possible
//! must be found, and nothing is left open.

use super::*;
use crate::cond::{Silent, eval};
use comity_model::facts::{ListState, Value};
use comity_model::schema::{ElemFieldId, ListId, find_list, find_scalar};
use comity_model::{CaseFacts, Day, Tri};
use proptest::prelude::*;

fn scalar_test() -> impl Strategy<Value = String> {
    let day =
        prop_oneof![Just("decision.on"), Just("person.entered_on"), Just("person.present_since")];
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
    let scalars = (any::<[bool; 2]>(), 0..7_i64, [days(), days(), days()], 0..5_u8);
    (scalars, prop::collection::vec(element, 0..5)).prop_map(|((yes, age, on, warrant), list)| {
        let mut facts = CaseFacts::default();
        let mut set = |path: &str, value| facts.set(find_scalar(path).unwrap(), value);
        set("person.visa_abuse", Value::Bool(yes[0]));
        set("request.asks_hold", Value::Bool(yes[1]));
        set("person.age_years", Value::Int(age));
        set("decision.on", Value::Date(on[0]));
        set("person.entered_on", Value::Date(on[1]));
        set("person.present_since", Value::Date(on[2]));
        set("request.warrant", Value::Enum(warrant));
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
    })
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

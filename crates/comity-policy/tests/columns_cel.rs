//! A third opinion where every fact is known: the `cel` crate reads the same conditions. What
//! cannot be put to it is said in `support/cel.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use comity_model::{CaseFacts, Value};
use comity_policy::columns::{ColumnPlan, ColumnRequest, Scratch, case_batch};
use comity_policy::{Channel, Modality, Scope};
use std::sync::Arc;
use support::cel::{facts_of, text_of};
use support::conditions::{ANCHOR, Vocabulary, Writer, compile};
use support::filling::shown;
use support::random::{Dice, World};

#[test]
fn cel_agrees_on_every_condition_that_it_can_say() {
    let mut dice = Dice(0xCE1);
    let (mut translated, mut holds, mut compared) = (0, 0, 0);
    let env = Arc::new(cel::Env::stdlib());
    let mut scratch = Scratch::default();
    for _ in 0..1_500 {
        let mut tape = dice.tape(400);
        let vocabulary = Vocabulary::of(&mut tape);
        let mut writer = Writer { tape: &mut tape, vocabulary, vars: Vec::new() };
        let text = writer.condition(4);
        let vocabulary = writer.vocabulary;
        let (expr, _) = compile(&text, false);
        let Some(in_cel) = text_of(&expr) else { continue };
        translated += 1;
        let program = env.compile(&in_cel).unwrap_or_else(|e| panic!("{in_cel}: {e}"));
        let world = World::of_rule(&text, vocabulary);
        let mut cases: Vec<CaseFacts> =
            (0..8).map(|_| world.case(&mut dice.tape(150), 10)).collect();
        cases.retain(|c| c.get(ANCHOR) != Value::Unknown);
        let request = ColumnRequest { channels: vec![Channel::Hold], ..ColumnRequest::default() };
        let every = world.library.policies().map(|(i, _)| i).collect();
        let plan = ColumnPlan::compile(&world.library, &Scope::Under(every), &request);
        let answers = plan.decide(&case_batch(&cases).unwrap(), &mut scratch).unwrap();
        for (row, facts) in cases.iter().enumerate() {
            let mut context = cel::Context::with_env(env.clone());
            for (name, value) in facts_of(facts) {
                context.add_variable(name, value).unwrap();
            }
            let wanted = match program.execute(&context) {
                Ok(cel::Value::Bool(b)) => b,
                other => panic!("{in_cel}\nis {other:?}\n{}", shown(facts)),
            };
            let answer = answers.at(&plan, Channel::Hold, row).unwrap().outcome().only();
            let found = answer == Some(Modality::May);
            assert!(answer.is_some() && found == wanted, "{text}\n{in_cel}\n{}", shown(facts));
            compared += 1;
            holds += usize::from(wanted);
        }
    }
    assert!(
        translated > 900 && holds * 10 > compared && holds * 10 < compared * 9,
        "{translated} conditions, {compared} rows, {holds} hold"
    );
}

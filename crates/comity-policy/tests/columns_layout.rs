//! Batches as other tools write them: other key types and orders of dictionaries, plain
//! texts, large lists, nulls at every level, slices, missing and foreign columns; and what is
//! wrong with a batch is said with its column and row.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, UInt8Type};
use arrow_array::*;
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, Field as ArrowField, Fields, Schema};
use comity_model::check::contradictions;
use comity_model::generate::{ArrowType, arrow_layout};
use comity_model::{CaseFacts, ListState};
use comity_policy::columns::*;
use comity_policy::{Channel, Scope};
use std::collections::BTreeSet;
use std::sync::Arc;
use support::equal::{compare_batch, request};
use support::filling::shown;
use support::random::{Dice, World, world};

fn tables(count: usize, rows: usize, check: impl Fn(&World, &Scope, Vec<CaseFacts>)) {
    let mut dice = Dice(0x1A_707);
    for _ in 0..count {
        let mut tape = dice.tape(2_000);
        let world = world(&mut tape);
        let scope = world.scope(&mut tape);
        let cases = (0..rows).map(|_| world.case(&mut dice.tape(120), 8)).collect();
        check(&world, &scope, cases);
    }
}

/// Rebuilds a batch column by column.
fn rebuilt(batch: &RecordBatch, change: impl Fn(&ArrayRef) -> ArrayRef) -> RecordBatch {
    let columns: Vec<ArrayRef> = batch.columns().iter().map(&change).collect();
    let schema = batch.schema();
    let fields = schema.fields().iter().zip(&columns);
    let fields: Vec<ArrowField> =
        fields.map(|(f, c)| ArrowField::new(f.name(), c.data_type().clone(), true)).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

/// The same for the fields inside lists, which become large lists.
fn deep(column: &ArrayRef, change: &impl Fn(&ArrayRef) -> ArrayRef) -> ArrayRef {
    let DataType::List(_) = column.data_type() else { return change(column) };
    let list = column.as_list::<i32>();
    let elements = list.values().as_struct();
    let columns: Vec<ArrayRef> = elements.columns().iter().map(change).collect();
    let fields: Fields = elements
        .fields()
        .iter()
        .zip(&columns)
        .map(|(f, c)| ArrowField::new(f.name(), c.data_type().clone(), true))
        .collect();
    let elements = StructArray::try_new(fields, columns, elements.nulls().cloned()).unwrap();
    let item = Arc::new(ArrowField::new("element", elements.data_type().clone(), true));
    let offsets: Vec<i64> = list.offsets().iter().map(|o| i64::from(*o)).collect();
    let offsets = OffsetBuffer::new(offsets.into());
    let nulls = list.nulls().cloned();
    Arc::new(LargeListArray::try_new(item, offsets, Arc::new(elements), nulls).unwrap())
}

/// Values in reverse order, one that no row uses among them, keys of 32 bits.
fn reversed(column: &ArrayRef) -> ArrayRef {
    let Some(d) = column.as_dictionary_opt::<UInt8Type>() else { return column.clone() };
    let values = d.values().as_string::<i32>();
    let n = values.len() as i32;
    let mut names: Vec<&str> = (0..values.len()).rev().map(|i| values.value(i)).collect();
    names.push("used by no row");
    let keys: Int32Array = d.keys().iter().map(|k| k.map(|k| n - 1 - i32::from(k))).collect();
    Arc::new(
        DictionaryArray::<Int32Type>::try_new(keys, Arc::new(StringArray::from(names))).unwrap(),
    )
}

/// Dictionaries as plain texts, numbers of 64 bits.
fn plain(column: &ArrayRef) -> ArrayRef {
    if let Some(d) = column.as_dictionary_opt::<UInt8Type>() {
        let typed = d.downcast_dict::<StringArray>().unwrap();
        return Arc::new(typed.into_iter().collect::<LargeStringArray>());
    }
    if let Some(n) = column.as_primitive_opt::<Int32Type>() {
        return Arc::new(n.iter().map(|v| v.map(i64::from)).collect::<Int64Array>());
    }
    if let Some(s) = column.as_string_opt::<i32>() {
        return Arc::new(s.iter().collect::<StringViewArray>());
    }
    column.clone()
}

#[test]
fn other_dictionaries_texts_and_widths_decide_alike() {
    tables(60, 70, |world, scope, cases| {
        let plan = ColumnPlan::compile(&world.library, scope, &request());
        let batch = case_batch(&cases).unwrap();
        for change in [reversed, plain] {
            let other = rebuilt(&batch, |c| deep(c, &change)).slice(3, 60);
            let cases = &cases[3..63];
            let scratch = &mut Scratch::default();
            let seen = compare_batch(&world.library, scope, &plan, cases, &other, scratch);
            seen.unwrap_or_else(|e| panic!("{e}\n{}", world.text));
            assert_eq!(plan.bind(&other.schema()).unwrap(), Binding::default());
        }
    });
}

#[test]
fn a_row_is_read_back_as_the_case_that_it_was() {
    tables(20, 30, |_, _, cases| {
        let batch = case_batch(&cases).unwrap();
        for batch in [batch.clone(), rebuilt(&batch, |c| deep(c, &plain))] {
            let reader = CaseReader::of(&batch.slice(7, 20), Unseen::Refuse).unwrap();
            for (row, facts) in cases[7..27].iter().enumerate() {
                assert_eq!(shown(&reader.case_of_row(row)), shown(facts));
            }
        }
    });
}

/// Lists and elements that are null, with values below the nulls that must not count.
#[test]
fn nulls_of_lists_and_elements_are_unknown_whatever_lies_below_them() {
    tables(60, 80, |world, scope, cases| {
        let batch = case_batch(&cases).unwrap();
        let nulled = rebuilt(&batch, |column| {
            let DataType::List(item) = column.data_type() else { return column.clone() };
            let list = column.as_list::<i32>();
            let elements = list.values().as_struct();
            let valid = (0..elements.len()).map(|i| i % 3 != 1).collect::<NullBuffer>();
            let elements = StructArray::new(
                elements.fields().clone(),
                elements.columns().to_vec(),
                Some(valid),
            );
            let rows = (0..list.len()).map(|i| i % 5 != 2).collect::<NullBuffer>();
            let offsets = list.offsets().clone();
            let out = ListArray::try_new(item.clone(), offsets, Arc::new(elements), Some(rows));
            Arc::new(out.unwrap())
        });
        let reader = CaseReader::of(&nulled, Unseen::Refuse).unwrap();
        let seen: Vec<CaseFacts> = (0..cases.len()).map(|i| reader.case_of_row(i)).collect();
        for (list, _) in &world.vocabulary.lists {
            assert!(seen[2].list(*list).is_empty());
            assert_eq!(seen[2].list(*list).state, ListState::Unknown);
        }
        let plan = ColumnPlan::compile(&world.library, scope, &request());
        let scratch = &mut Scratch::default();
        let one = compare_batch(&world.library, scope, &plan, &seen, &nulled, scratch);
        one.unwrap_or_else(|e| panic!("{e}\n{}", world.text));
    });
}

#[test]
fn facts_without_a_column_are_unknown_and_reported() {
    tables(60, 40, |world, scope, mut cases| {
        let plan = ColumnPlan::compile(&world.library, scope, &request());
        let batch = case_batch(&cases).unwrap();
        let kept: Vec<usize> = (0..batch.num_columns())
            .filter(|i| {
                !matches!(batch.schema().field(*i).name().as_str(), "place_county" | "charges")
            })
            .collect();
        let less = batch.project(&kept).unwrap();
        for facts in &mut cases {
            facts.set(comity_model::place::COUNTY, comity_model::Value::Unknown);
            facts.list_mut(comity_model::schema::list("charges")).clear();
        }
        let scratch = &mut Scratch::default();
        let seen = compare_batch(&world.library, scope, &plan, &cases, &less, scratch);
        seen.unwrap_or_else(|e| panic!("{e}\n{}", world.text));
        let missing = plan.bind(&less.schema()).unwrap().missing;
        for fact in plan.reads().iter().map(ToString::to_string) {
            let gone = fact == "place.county" || fact.starts_with("charges");
            assert_eq!(missing.contains(&fact), gone, "{fact}: {missing:?}");
        }
    });
}

#[test]
fn the_schema_is_the_layout() {
    let schema = case_schema();
    let layout = arrow_layout();
    assert_eq!(schema.fields().len(), layout.len());
    for (field, column) in schema.fields().iter().zip(&layout) {
        assert_eq!((field.name(), field.is_nullable()), (&column.name, column.is_nullable));
        assert_eq!(field.metadata().get("unit").map(String::as_str), column.unit);
        let shown = column.data_type.to_string();
        match &column.data_type {
            ArrowType::ListOfStruct(inner) => {
                let DataType::List(item) = field.data_type() else { panic!("{field:?}") };
                let DataType::Struct(fields) = item.data_type() else { panic!("{field:?}") };
                assert_eq!(fields.len(), inner.len());
            }
            ArrowType::TimestampSecondUtc => {
                assert!(matches!(field.data_type(), DataType::Timestamp(_, Some(_))));
            }
            _ => assert_eq!(field.data_type().to_string(), shown),
        }
    }
}

fn hold_plan(library: &comity_policy::Library) -> ColumnPlan {
    let request = ColumnRequest { channels: vec![Channel::Hold], ..ColumnRequest::default() };
    ColumnPlan::compile(library, &Scope::InForce, &request)
}

/// A batch of the cases with one column exchanged.
fn with(name: &str, column: ArrayRef) -> RecordBatch {
    let batch = case_batch(&vec![CaseFacts::default(); column.len()]).unwrap();
    let at = batch.schema().index_of(name).unwrap();
    let mut columns = batch.columns().to_vec();
    columns[at] = column;
    let schema = batch.schema();
    let fields = schema.fields().iter().zip(&columns);
    let fields: Vec<ArrowField> =
        fields.map(|(f, c)| ArrowField::new(f.name(), c.data_type().clone(), true)).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

#[test]
fn a_column_of_the_wrong_type_is_named() {
    let plan = hold_plan(support::library());
    let batch = with("decision_on", Arc::new(StringArray::from(vec!["2014-01-01"; 3])));
    let error = plan.decide(&batch, &mut Scratch::default()).unwrap_err();
    assert_eq!(error, plan.bind(&batch.schema()).unwrap_err());
    let text = error.to_string();
    assert_eq!(text, "column `decision_on` is Utf8; the layout of cases wants Date32");
}

#[test]
fn a_value_that_its_set_does_not_have_is_refused_or_counted() {
    let library = support::library();
    let values = vec![Some("I-247"), None, Some("I-247A"), Some("I-247a"), Some("I-247a")];
    let batch = with("request_form", Arc::new(StringArray::from(values)));
    let plan = hold_plan(library);
    let error = plan.decide(&batch, &mut Scratch::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "column `request_form`, row 3: its set has no value `I-247a`; did you mean `I-247A`?"
    );
    let request = ColumnRequest { unseen: Unseen::Unknown, ..ColumnRequest::default() };
    let plan = ColumnPlan::compile(library, &Scope::InForce, &request);
    let answers = plan.decide(&batch, &mut Scratch::default()).unwrap();
    let problem = &answers.problems[0];
    assert_eq!(
        (problem.column.as_str(), problem.value.as_str(), problem.count),
        ("request_form", "I-247a", 2)
    );
    let reader = CaseReader::of(&batch, Unseen::Unknown).unwrap();
    for row in 0..5 {
        let one = library.decide(&reader.case_of_row(row), &Scope::InForce);
        for channel in Channel::ALL {
            assert_eq!(answers.at(&plan, channel, row).unwrap(), *one.on(channel));
        }
    }
}

#[test]
fn the_answers_are_a_batch() {
    tables(10, 50, |world, scope, cases| {
        let request = ColumnRequest { needs: true, ..request() };
        let plan = ColumnPlan::compile(&world.library, scope, &request);
        let answers = plan.decide(&case_batch(&cases).unwrap(), &mut Scratch::default()).unwrap();
        let batch = answers.to_batch(&plan).unwrap();
        assert_eq!(batch.num_rows(), cases.len());
        let outcome = batch.column_by_name("hold_outcome").unwrap();
        let outcome = outcome.as_primitive::<UInt8Type>();
        let binding = batch.column_by_name("hold_binding").unwrap();
        for (row, facts) in cases.iter().enumerate() {
            let one = *world.library.decide(facts, scope).on(Channel::Hold);
            let mask: u8 = one.outcome().iter().map(|m| 1 << m as u8).sum();
            assert_eq!(outcome.value(row), mask);
            assert_eq!(binding.is_null(row), one.binding.is_none());
        }
    });
}

#[test]
fn contradictory_rows_are_those_of_contradictory_cases() {
    let mut dice = Dice(0xC0_11);
    let mut cases = Vec::new();
    for (_, case) in support::golden_cases() {
        for step in &case.steps {
            cases.push(step.facts.clone());
            for odds in [2, 6] {
                let mut facts = step.facts.clone();
                support::filling::forget(&mut facts, &mut dice.tape(400), 6);
                // Random values for what is unknown, whatever they contradict.
                for path in support::filling::slots(&facts) {
                    if !facts.at(path).is_known() && dice.next().is_multiple_of(odds) {
                        let mut tape = dice.tape(3);
                        let value =
                            support::filling::value(path.kind().unwrap(), &mut facts, &mut tape);
                        support::filling::put(&mut facts, path, value);
                    }
                }
                cases.push(facts);
            }
        }
    }
    let mut found = BTreeSet::new();
    let screen = Contradictory::new(Unseen::Refuse);
    let rows = screen.rows(&case_batch(&cases).unwrap(), &mut Scratch::default()).unwrap();
    for (row, facts) in cases.iter().enumerate() {
        let wanted = contradictions(facts);
        found.extend(wanted.iter().map(|c| c.says));
        assert_eq!(rows.value(row), !wanted.is_empty(), "{wanted:?}\n{}", shown(facts));
    }
    assert!(rows.count_set_bits() < cases.len() && found.len() > 30, "{found:?}");
}

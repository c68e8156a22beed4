//! The generator from end to end: the same bytes, rows that are cases, published counts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod generated;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_schema::DataType;
use comity_model::check::contradictions;
use comity_model::generate::arrow_layout;
use comity_model::schema::{list, scalar};
use comity_model::{ListState, Value};
use comity_replay::generate::calibrate::Calibration;
use comity_replay::generate::plan::{BLOCK_ROWS, Plan, ROWS_MAX};
use comity_replay::generate::rows::{BESIDE, Maker, schema};
use comity_replay::generate::run::run;
use comity_replay::generate::table::Month;
use comity_replay::generate::tables::Tables;
use comity_replay::generate::write::Format;
use generated::{Memory, cases, make, request};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::num::NonZeroUsize;

fn tables() -> Tables {
    Tables::embedded().unwrap()
}

fn read_parquet(bytes: Vec<u8>) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).unwrap();
    reader.build().unwrap().map(|b| b.unwrap()).collect()
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_any_number_of_threads() {
    let tables = tables();
    // Three blocks, the last one short, so that threads could come in another order.
    let mut request = request(&tables, BLOCK_ROWS * 2 + 1_000, Format::Parquet);
    request.threads = NonZeroUsize::MIN;
    let (one, first) = make(&tables, &request);
    for threads in [2, 3, 8] {
        request.threads = NonZeroUsize::new(threads).unwrap();
        let (made, files) = make(&tables, &request);
        assert!(files == first, "{threads} threads");
        assert_eq!(made.files, one.files);
        assert_eq!(made.tally, one.tally);
    }
    request.seed = 8;
    let (_, other) = make(&tables, &request);
    assert!(other != first, "another seed gives other rows");
}

#[test]
fn every_format_is_the_same_twice() {
    let tables = tables();
    for format in [Format::Parquet, Format::Arrow, Format::Csv] {
        let request = request(&tables, 3_000, format);
        let (made, first) = make(&tables, &request);
        let (_, second) = make(&tables, &request);
        assert!(first == second, "{format:?}");
        for file in &made.files {
            let bytes = &first[&file.name];
            assert_eq!(file.bytes, bytes.len() as u64);
            assert_eq!(file.sha256, comity_replay::receipt::sha256(bytes));
        }
    }
}

#[test]
fn no_row_contradicts_itself() {
    let tables = tables();
    let plan = Plan::new(&tables, Some(40_000), None, None).unwrap();
    let schema = schema(&tables.settings);
    let mut maker = Maker::new(&tables, &plan, schema, 4_000);
    maker.start_block(3, 0);
    let mut read = 0;
    for start in (0..40_000).step_by(4_000) {
        let batch = maker.batch(start..start + 4_000).unwrap();
        for (i, case) in cases(&batch).iter().enumerate() {
            let found = contradictions(case);
            assert!(found.is_empty(), "row {}: {found:?}", start + i as u64);
            read += 1;
        }
    }
    assert_eq!(read, 40_000);
}

#[test]
fn what_is_known_of_the_lists_holds() {
    let tables = tables();
    let plan = Plan::new(&tables, Some(20_000), None, None).unwrap();
    let mut maker = Maker::new(&tables, &plan, schema(&tables.settings), 20_000);
    maker.start_block(1, 0);
    let batch = maker.batch(0..20_000).unwrap();
    let prior = batch.column_by_name("prior_convictions").unwrap().as_primitive::<Int32Type>();
    let (charges, convictions) = (list("charges"), list("convictions"));
    let convicted_on = convictions.field("convicted_on").unwrap();
    let issued = scalar("request.issued_on");
    let mut seen = [0; 3];
    for (case, prior) in cases(&batch).iter().zip(prior.iter()) {
        for l in [charges, convictions] {
            if case.list(l).state == ListState::Unknown {
                assert!(case.list(l).is_empty(), "an unknown list lists nothing");
            }
        }
        let of = case.list(convictions);
        assert_eq!(prior.is_some(), of.state == ListState::Complete);
        seen[of.state as usize] += 1;
        let Some(prior) = prior else { continue };
        let Value::Date(issued) = case.get(issued) else { panic!("no day of issue") };
        for i in 0..of.len() {
            if let Value::Date(on) = of.get(i, convicted_on) {
                assert_eq!(on < issued, (i as i32) < prior, "earlier convictions come first");
            }
        }
    }
    assert!(seen.iter().all(|n| *n > 1_000), "{seen:?}");
}

#[test]
fn what_was_generated_is_what_was_published_but_for_chance() {
    let tables = tables();
    let request = request(&tables, 400_000, Format::Arrow);
    let (made, _) = make(&tables, &request);
    let calibration = Calibration::new(&tables, &request.plan, &made.tally);
    let ids: Vec<&str> = calibration.sections.iter().map(|s| s.id).collect();
    assert_eq!(
        ids,
        [
            "month",
            "form",
            "lift_reason",
            "facility_kind",
            "facility_kind_pa",
            "state",
            "county_pa",
            "declined",
            "prior",
            "age",
            "charges",
            "charge_category",
            "charge_level",
            "charge_disposition"
        ]
    );
    for s in &calibration.sections {
        let fit = &s.fit;
        match s.id {
            // Given, not drawn: off by the rounding of 94 months at most.
            "month" => assert!(fit.total_variation * fit.n as f64 <= 94.0, "{}: {fit:?}", s.id),
            // The declines that no county is known for are spread; the section says so.
            "declined" => assert!(fit.total_variation < 0.10, "{}: {fit:?}", s.id),
            // The ten forms of 2014 that did not exist then are published and not generated.
            _ => {
                let chi = fit.per_degree().unwrap();
                // Five standard deviations of a chi-square around its mean.
                let limit = 1.0 + 5.0 * (2.0 / fit.degrees as f64).sqrt();
                assert!(chi < limit, "{}: {chi} with {} degrees", s.id, fit.degrees);
                assert_eq!(fit.beyond, 0, "{}", s.id);
            }
        }
    }
}

#[test]
fn a_run_without_a_number_of_rows_is_the_published_volume() {
    let tables = tables();
    let plan = Plan::new(&tables, None, None, None).unwrap();
    assert_eq!(plan.rows(), 1_814_828);
    let mut start = 0;
    for (i, m) in tables.months.iter().enumerate() {
        let (at, end) = plan.month_of(start);
        assert_eq!((at, end - start), (i, m.weight), "{}", m.month);
        start = end;
    }
    let [from, to] = ["2012-01", "2012-12"].map(Month::parse);
    assert_eq!(Plan::new(&tables, None, from, to).unwrap().rows(), 272_878);
}

#[test]
fn a_folder_by_year_holds_the_rows_of_one_file() {
    let tables = tables();
    let mut request = request(&tables, 30_000, Format::Csv);
    let (_, whole) = make(&tables, &request);
    request.by_year = true;
    request.stem = "part-0".to_owned();
    let (made, parts) = make(&tables, &request);
    assert_eq!(made.files.len(), 27, "nine years of three files");
    for (file, middle) in [("cases.csv", ""), ("cases.charges.csv", ".charges")] {
        let text = String::from_utf8(whole[file].clone()).unwrap();
        let (header, rows) = text.split_once('\n').unwrap();
        let mut joined = String::new();
        for year in 2007..=2015 {
            let part = &parts[&format!("year={year}/part-0{middle}.csv")];
            let part = std::str::from_utf8(part).unwrap();
            let (head, rest) = part.split_once('\n').unwrap();
            assert_eq!(head, header);
            if middle.is_empty() {
                assert!(
                    rest.lines().all(|l| l
                        .split(',')
                        .nth(1)
                        .unwrap()
                        .starts_with(&year.to_string()))
                );
            }
            joined.push_str(rest);
        }
        assert!(joined == rows, "{file}");
    }
}

#[test]
fn parquet_and_arrow_read_back_as_the_same_rows() {
    let tables = tables();
    let (_, parquet) = make(&tables, &request(&tables, 5_000, Format::Parquet));
    let (_, arrow) = make(&tables, &request(&tables, 5_000, Format::Arrow));
    let of_parquet = read_parquet(parquet["cases.parquet"].clone());
    let file = std::io::Cursor::new(arrow["cases.arrow"].clone());
    let reader = arrow_ipc::reader::FileReader::try_new(file, None).unwrap();
    let of_arrow: Vec<RecordBatch> = reader.map(|b| b.unwrap()).collect();
    let all = |batches: &[RecordBatch]| -> Vec<String> {
        batches.iter().flat_map(cases).map(|c| format!("{c:?}")).collect()
    };
    let (a, b) = (all(&of_parquet), all(&of_arrow));
    assert_eq!(a.len(), 5_000);
    assert!(a == b);
}

#[test]
fn the_columns_are_those_of_the_layout() {
    let tables = tables();
    let schema = schema(&tables.settings);
    let layout = arrow_layout();
    let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
    assert_eq!(names[..BESIDE.len()], BESIDE);
    for field in schema.fields().iter().skip(BESIDE.len()) {
        let column = layout.iter().find(|c| c.name == *field.name());
        let column = column.unwrap_or_else(|| panic!("{} is not in the layout", field.name()));
        assert_eq!(field.is_nullable(), column.is_nullable, "{}", field.name());
        assert_eq!(field.metadata().get("unit").map(String::as_str), column.unit);
    }
    for name in BESIDE {
        assert!(layout.iter().all(|c| c.name != name), "{name} is a fact");
    }
    let (_, files) = make(&tables, &request(&tables, 10, Format::Parquet));
    let batch = &read_parquet(files["cases.parquet"].clone())[0];
    for (read, made) in batch.schema().fields().iter().zip(schema.fields()) {
        assert_eq!(read.data_type(), made.data_type(), "{}", made.name());
    }
    assert!(matches!(
        batch.column_by_name("request_form").unwrap().data_type(),
        DataType::Dictionary(_, _)
    ));
}

#[test]
fn no_rows_make_a_whole_file_without_rows() {
    let tables = tables();
    for format in [Format::Parquet, Format::Arrow, Format::Csv] {
        let (made, files) = make(&tables, &request(&tables, 0, format));
        assert_eq!(made.tally.rows, 0);
        assert!(files.values().all(|f| !f.is_empty()), "{format:?}");
        if format == Format::Parquet {
            assert_eq!(read_parquet(files["cases.parquet"].clone()).len(), 0);
        }
        let plan = Plan::new(&tables, Some(0), None, None).unwrap();
        assert!(Calibration::new(&tables, &plan, &made.tally).sections.is_empty());
    }
}

#[test]
fn absurd_numbers_and_months_are_refused_with_what_is_covered() {
    let tables = tables();
    for rows in [ROWS_MAX + 1, u64::MAX] {
        let refused = Plan::new(&tables, Some(rows), None, None).unwrap_err();
        assert!(refused.says.contains("more than"), "{}", refused.says);
    }
    assert!(Plan::new(&tables, Some(ROWS_MAX), None, None).is_ok());
    let [early, march, may] = ["1999-01", "2011-03", "2011-05"].map(Month::parse);
    let refused = Plan::new(&tables, None, early, None).unwrap_err();
    assert!(refused.help.contains("2007-10 to 2015-07"), "{}", refused.help);
    assert!(Plan::new(&tables, None, may, march).is_err());
    assert!(Plan::new(&tables, Some(1), march, may).is_ok());
}

#[test]
fn a_full_disk_ends_the_run_with_the_file_and_the_reason() {
    let tables = tables();
    for format in [Format::Parquet, Format::Arrow, Format::Csv] {
        // Room for nothing, for the beginning, and for all but the end.
        let (made, _) = make(&tables, &request(&tables, 20_000, format));
        let whole = made.files[0].bytes as usize;
        for room in [0, 1_000, whole / 2, whole - 1] {
            let store = Memory { room, ..Memory::new() };
            let request = request(&tables, 20_000, format);
            let failed = run(&tables, &request, &store, &mut |_, _| {}).unwrap_err();
            assert!(failed.file.starts_with("cases"), "{format:?} {room}: {}", failed.file);
            assert!(
                failed.reason.contains("no space left"),
                "{format:?} {room}: {}",
                failed.reason
            );
        }
    }
}

//! Every list column is what the general reader makes of the same file.

use super::*;
use arrow_array::builder::{BooleanBuilder, Int32Builder, UInt8Builder};
use arrow_array::{Array, Date32Array, DictionaryArray, Int64Array, RecordBatch, StringArray};
use arrow_schema::{Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::basic::Compression;
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::schema::types::ColumnPath;
use std::fs::File;

/// A small generator, so that a seed means the same everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % n
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// What may be null, in percent: the list, the element, the field; 0 makes it required.
#[derive(Debug, Clone, Copy)]
struct Nulls {
    list: u64,
    item: u64,
    field: u64,
}

fn field_of(dice: &mut Dice, kind: &DataType, len: usize, null: u64) -> ArrayRef {
    let nulls = |dice: &mut Dice| null > 0 && dice.chance(null);
    match kind {
        DataType::Boolean => {
            let mut out = BooleanBuilder::new();
            for _ in 0..len {
                let value = dice.chance(30);
                out.append_option((!nulls(dice)).then_some(value));
            }
            Arc::new(out.finish())
        }
        DataType::Dictionary(..) => {
            let texts: Vec<String> = (0..40).map(|i| format!("text {i}")).collect();
            let mut codes = UInt8Builder::new();
            for _ in 0..len {
                let code = dice.below(40) as u8;
                codes.append_option((!nulls(dice)).then_some(code));
            }
            let texts = Arc::new(StringArray::from(texts));
            Arc::new(DictionaryArray::try_new(codes.finish(), texts).unwrap())
        }
        _ => {
            let mut out = Int32Builder::new();
            for _ in 0..len {
                // Long runs, and numbers of every width.
                let value = if dice.chance(60) { 7 } else { dice.below(1 << 20) as i32 - 1000 };
                out.append_option((!nulls(dice)).then_some(value));
            }
            let out = out.finish();
            match kind {
                DataType::Date32 => {
                    let (_, values, nulls) = out.into_parts();
                    Arc::new(Date32Array::new(values, nulls))
                }
                _ => Arc::new(out),
            }
        }
    }
}

fn lists(dice: &mut Dice, rows: usize, nulls: Nulls) -> ListArray {
    let code = DataType::Dictionary(Box::new(DataType::UInt8), Box::new(DataType::Utf8));
    let kinds = [DataType::Boolean, code, DataType::Date32, DataType::Int32, DataType::Boolean];
    let fields: Fields = kinds
        .iter()
        .enumerate()
        .map(|(i, kind)| Field::new(format!("f{i}"), kind.clone(), nulls.field > 0))
        .collect();
    let mut offsets = vec![0_i32];
    let mut missing = Vec::new();
    for _ in 0..rows {
        let is_missing = nulls.list > 0 && dice.chance(nulls.list);
        let len = match dice.below(10) {
            _ if is_missing => 0,
            0..4 => 0,
            4..9 => dice.below(4) as i32,
            _ => dice.below(60) as i32,
        };
        missing.push(!is_missing);
        offsets.push(offsets[offsets.len() - 1] + len);
    }
    let len = offsets[rows] as usize;
    let items = (nulls.item > 0)
        .then(|| (0..len).map(|_| !dice.chance(nulls.item)).collect::<NullBuffer>());
    let columns = kinds.iter().map(|k| field_of(dice, k, len, nulls.field)).collect();
    let structs = StructArray::try_new(fields.clone(), columns, items).unwrap();
    let item = Arc::new(Field::new("item", DataType::Struct(fields), nulls.item > 0));
    let missing = (nulls.list > 0).then(|| NullBuffer::from(missing));
    ListArray::try_new(item, OffsetBuffer::new(offsets.into()), Arc::new(structs), missing).unwrap()
}

/// One column by this reader and by the general one, in batches of so many rows.
fn both(file: &File, batch_rows: usize) -> (Vec<ListArray>, Vec<ArrayRef>) {
    let metadata = ArrowReaderMetadata::load(file, ArrowReaderOptions::new()).unwrap();
    let (mut own, mut general) = (Vec::new(), Vec::new());
    let source = Arc::new(Source::Disk(Arc::new(file.try_clone().unwrap())));
    for group in 0..metadata.metadata().num_row_groups() {
        let leaves = leaves_of(&metadata, group, 1);
        assert_eq!(leaves, [1, 2, 3, 4, 5], "every field is one that is read here");
        let mut column = ListColumn::new(&source, &metadata, group, 1, &leaves).unwrap();
        let file = file.try_clone().unwrap();
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata.clone())
            .with_row_groups(vec![group])
            .with_batch_size(batch_rows)
            .build()
            .unwrap();
        for batch in reader {
            let batch = batch.unwrap();
            own.push(column.next(batch.num_rows()).unwrap());
            general.push(Arc::clone(batch.column(1)));
        }
        assert!(column.next(1).is_err(), "nothing is left");
    }
    (own, general)
}

/// Equal as values: a dictionary may hold its texts in another order.
fn assert_alike(own: &ListArray, general: &ArrayRef) {
    let general = general.as_any().downcast_ref::<ListArray>().unwrap();
    assert_eq!(own.data_type(), general.data_type());
    assert_eq!(own, general);
}

fn written(batch: &RecordBatch, properties: WriterProperties) -> File {
    let mut file = tempfile::tempfile().unwrap();
    let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    file
}

/// The path of a field of the structs.
fn field(name: &str) -> ColumnPath {
    ColumnPath::new(["lists", "list", "item", name].map(str::to_owned).to_vec())
}

fn table(lists: ListArray) -> RecordBatch {
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..lists.len() as i64));
    let fields = vec![
        Field::new("number", DataType::Int64, false),
        Field::new("lists", lists.data_type().clone(), lists.nulls().is_some()),
    ];
    RecordBatch::try_new(Arc::new(Schema::new(fields)), vec![numbers, Arc::new(lists)]).unwrap()
}

#[test]
fn columns_are_what_the_general_reader_makes_of_them() {
    let mut dice = Dice(20_261_122);
    for round in 0..60 {
        let some = |dice: &mut Dice| [0, 5, 60][dice.below(3) as usize];
        let nulls = Nulls { list: some(&mut dice), item: some(&mut dice), field: some(&mut dice) };
        let rows = 1 + dice.below(4_000) as usize;
        let batch = table(lists(&mut dice, rows, nulls));
        let version = [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0][round % 2];
        let mut properties = WriterProperties::builder()
            .set_writer_version(version)
            .set_compression([Compression::UNCOMPRESSED, Compression::SNAPPY][round / 2 % 2])
            .set_data_page_row_count_limit(1 + dice.below(900) as usize)
            .set_max_row_group_row_count(Some(1 + dice.below(3_000) as usize))
            .set_write_batch_size(1 + dice.below(300) as usize);
        if version == WriterVersion::PARQUET_1_0 {
            // Small enough that days leave their dictionary half way.
            properties = properties.set_column_dictionary_page_size_limit(field("f2"), 2_000);
        }
        let file = written(&batch, properties.build());
        let (own, general) = both(&file, 1 + dice.below(1_500) as usize);
        let total: usize = own.iter().map(Array::len).sum();
        assert_eq!(total, rows, "round {round}: {nulls:?}");
        own.iter().zip(&general).for_each(|(a, b)| assert_alike(a, b));
    }
}

/// Version 2 of the format writes numbers without a dictionary as differences.
#[test]
fn numbers_as_differences_are_left_to_the_general_reader() {
    let batch = table(lists(&mut Dice(2), 3_000, Nulls { list: 0, item: 0, field: 5 }));
    let differences = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_2_0)
        .set_column_dictionary_enabled(field("f3"), false);
    let file = written(&batch, differences.build());
    let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).unwrap();
    let mut pages = metadata.metadata().row_group(0).column(4).encodings();
    assert!(pages.any(|e| e == Encoding::DELTA_BINARY_PACKED));
    assert_eq!(leaves_of(&metadata, 0, 1), Vec::<usize>::new());
}

#[test]
fn texts_that_are_not_all_indexed_are_left_to_the_general_reader() {
    let batch = table(lists(&mut Dice(1), 3_000, Nulls { list: 0, item: 0, field: 0 }));
    let plain = WriterProperties::builder().set_dictionary_enabled(false).build();
    let file = written(&batch, plain);
    let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).unwrap();
    assert_eq!(leaves_of(&metadata, 0, 1), Vec::<usize>::new());
    assert_eq!(leaves_of(&metadata, 0, 0), Vec::<usize>::new(), "a number is no list");
}

#[test]
fn a_long_row_goes_over_many_pages() {
    let mut dice = Dice(3);
    let len = 50_000;
    let flags = field_of(&mut dice, &DataType::Boolean, len, 10);
    let fields = Fields::from(vec![Field::new("flag", DataType::Boolean, true)]);
    let structs = StructArray::try_new(fields.clone(), vec![flags], None).unwrap();
    let item = Arc::new(Field::new("item", DataType::Struct(fields), true));
    let offsets = OffsetBuffer::new(vec![0, 3, len as i32, len as i32].into());
    let lists = ListArray::try_new(item, offsets, Arc::new(structs), None).unwrap();
    let small = WriterProperties::builder().set_data_page_size_limit(64).set_write_batch_size(64);
    let file = written(&table(lists.clone()), small.build());
    let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).unwrap();
    let source = Arc::new(Source::Disk(Arc::new(file)));
    let leaves = leaves_of(&metadata, 0, 1);
    let mut column = ListColumn::new(&source, &metadata, 0, 1, &leaves).unwrap();
    assert_eq!(column.next(1).unwrap(), lists.slice(0, 1));
    assert_eq!(column.next(2).unwrap(), lists.slice(1, 2));
}

/// Fields of one struct that disagree about their lists are refused, by name.
#[test]
fn fields_of_another_shape_are_refused() {
    let levels = [STARTS | 2, 2, STARTS, STARTS | 2];
    let depths = Depths { list: 0, element: 1, item: 2 };
    let known = Lists::of(&levels, 3, depths).unwrap();
    assert_eq!((known.offsets.as_slice(), known.elements), (&[0, 2, 2, 3][..], 3));
    assert!(known.nulls.is_none() && known.items.is_none());
    let short = Lists::of(&levels, 4, depths).err().unwrap().to_string();
    assert!(short.contains("ends after 3 of 4 rows"), "{short}");
    let broken = Lists::of(&[STARTS, 2], 1, depths).err().unwrap().to_string();
    assert!(broken.contains("goes on after it was empty"), "{broken}");
}

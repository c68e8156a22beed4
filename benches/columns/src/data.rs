//! Synthetic cases of the twelve rules as record batches, from a seed; every fact known, or
//! a share of them unknown.

use arrow_array::builder::{BooleanBuilder, Date32Builder, Int32Builder, UInt8Builder};
use arrow_array::types::UInt8Type;
use arrow_array::{ArrayRef, DictionaryArray, ListArray, RecordBatch, StringArray, StructArray};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field, Fields, Schema};
use comity_model::schema::{EnumDef, enums};
use std::sync::Arc;

/// Rows of a batch.
pub const BATCH_ROWS: usize = 1 << 16;

/// Xorshift with a multiplied output (Vigna 2016): a seed means the same everywhere.
pub struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, n: u64) -> u64 {
        (self.next() >> 33) % n
    }

    fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1_000) < per_mille
    }
}

/// Makes batches one after another; unknown facts by `unknown_per_mille`.
pub struct Cases {
    dice: Dice,
    left: usize,
    unknown_per_mille: u64,
}

impl Cases {
    /// `rows` cases from a seed.
    pub fn new(seed: u64, rows: usize, unknown_per_mille: u64) -> Cases {
        Cases { dice: Dice(seed.max(1)), left: rows, unknown_per_mille }
    }
}

/// A column while it is written.
enum Builder {
    Yes(BooleanBuilder),
    Code(&'static EnumDef, UInt8Builder),
    Day(Date32Builder),
    Count(Int32Builder),
}

struct Columns {
    names: Vec<&'static str>,
    builders: Vec<Builder>,
    unknown_per_mille: u64,
}

#[derive(Clone, Copy)]
enum Given {
    Yes(bool),
    Word(&'static str),
    Code(u8),
    On(i32),
    Count(i32),
}

impl Columns {
    fn new(of: &[(&'static str, Builder0)], unknown_per_mille: u64) -> Columns {
        let builders = of.iter().map(|(_, b)| match b {
            Builder0::Yes => Builder::Yes(BooleanBuilder::new()),
            Builder0::Code(set) => Builder::Code(set, UInt8Builder::new()),
            Builder0::Day => Builder::Day(Date32Builder::new()),
            Builder0::Count => Builder::Count(Int32Builder::new()),
        });
        Columns {
            names: of.iter().map(|(n, _)| *n).collect(),
            builders: builders.collect(),
            unknown_per_mille,
        }
    }

    fn push(&mut self, dice: &mut Dice, values: &[Given]) {
        for (builder, value) in self.builders.iter_mut().zip(values) {
            let known = self.unknown_per_mille == 0 || !dice.chance(self.unknown_per_mille);
            match (builder, *value) {
                (Builder::Yes(b), Given::Yes(v)) => b.append_option(known.then_some(v)),
                (Builder::Day(b), Given::On(v)) => b.append_option(known.then_some(v)),
                (Builder::Count(b), Given::Count(v)) => b.append_option(known.then_some(v)),
                (Builder::Code(_, b), Given::Code(v)) => b.append_option(known.then_some(v)),
                (Builder::Code(set, b), Given::Word(w)) => {
                    b.append_option(set.code(w).filter(|_| known));
                }
                _ => unreachable!("a value of the column's type"),
            }
        }
    }

    fn finish(self) -> (Fields, Vec<ArrayRef>) {
        let arrays: Vec<ArrayRef> = self
            .builders
            .into_iter()
            .map(|b| -> ArrayRef {
                match b {
                    Builder::Yes(mut b) => Arc::new(b.finish()),
                    Builder::Day(mut b) => Arc::new(b.finish()),
                    Builder::Count(mut b) => Arc::new(b.finish()),
                    Builder::Code(set, mut b) => {
                        let names =
                            StringArray::from_iter_values(set.values.iter().map(|(n, _)| n));
                        Arc::new(DictionaryArray::<UInt8Type>::new(b.finish(), Arc::new(names)))
                    }
                }
            })
            .collect();
        let fields = self.names.iter().zip(&arrays);
        let fields = fields.map(|(n, a)| Field::new(*n, a.data_type().clone(), true)).collect();
        (fields, arrays)
    }
}

#[derive(Clone, Copy)]
enum Builder0 {
    Yes,
    Code(&'static EnumDef),
    Day,
    Count,
}

const SCALARS: [(&str, Builder0); 8] = [
    ("decision_on", Builder0::Day),
    ("custody_release_eligible_on", Builder0::Day),
    ("person_us_citizen", Builder0::Yes),
    ("person_citizenship_claim", Builder0::Code(&enums::CITIZENSHIP_CLAIM)),
    ("threat_sex_arson_registrant", Builder0::Yes),
    ("threat_warrant_federal_felony", Builder0::Yes),
    ("request_warrant", Builder0::Code(&enums::WARRANT)),
    ("request_warrant_signed_by", Builder0::Code(&enums::WARRANT_SIGNER)),
];

const CONVICTIONS: [(&str, Builder0); 10] = [
    ("category", Builder0::Code(&enums::OFFENSE_CATEGORY)),
    ("level", Builder0::Code(&enums::OFFENSE_LEVEL)),
    ("serious", Builder0::Yes),
    ("violent", Builder0::Yes),
    ("state_prison", Builder0::Yes),
    ("aggravated_felony", Builder0::Yes),
    ("listed", Builder0::Yes),
    ("minor_traffic", Builder0::Yes),
    ("convicted_on", Builder0::Day),
    ("sentence_days", Builder0::Count),
];

const CHARGES: [(&str, Builder0); 8] = [
    ("category", Builder0::Code(&enums::OFFENSE_CATEGORY)),
    ("level", Builder0::Code(&enums::OFFENSE_LEVEL)),
    ("serious", Builder0::Yes),
    ("violent", Builder0::Yes),
    ("state_prison", Builder0::Yes),
    ("listed", Builder0::Yes),
    ("held_to_answer", Builder0::Yes),
    ("disposition", Builder0::Code(&enums::DISPOSITION)),
];

impl Dice {
    fn scalars(&mut self) -> ([Given; 8], i32) {
        // 2014-01-01 to 2017-12-30.
        let decided = 16_071 + self.below(1_460) as i32;
        let warrants = [
            ("none", "nobody"),
            ("none", "nobody"),
            ("I-200", "immigration_officer"),
            ("I-205", "immigration_officer"),
        ];
        let (warrant, signer) = if self.chance(20) {
            ("judicial", "federal_magistrate")
        } else {
            warrants[self.below(4) as usize]
        };
        let claim = ["none", "none", "claimed", "proof_shown"];
        let row = [
            Given::On(decided),
            Given::On(decided + self.below(3) as i32),
            Given::Yes(self.chance(30)),
            Given::Word(claim[self.below(100).saturating_sub(96) as usize]),
            Given::Yes(self.chance(15)),
            Given::Yes(self.chance(20)),
            Given::Word(warrant),
            Given::Word(signer),
        ];
        (row, decided)
    }

    fn level(&mut self) -> &'static str {
        ["misdemeanor", "misdemeanor", "misdemeanor", "wobbler", "felony", "infraction"]
            [self.below(6) as usize]
    }

    fn category(&mut self) -> Given {
        Given::Code(self.below(enums::OFFENSE_CATEGORY.values.len() as u64) as u8)
    }

    fn conviction(&mut self, decided: i32) -> [Given; 10] {
        let level = self.level();
        let felony = level == "felony";
        [
            self.category(),
            Given::Word(level),
            Given::Yes(felony && self.chance(150)),
            Given::Yes(felony && self.chance(80)),
            Given::Yes(felony && self.chance(300)),
            Given::Yes(felony && self.chance(60)),
            Given::Yes(self.chance(200)),
            Given::Yes(self.chance(250)),
            Given::On(decided - 1 - self.below(5_500) as i32),
            Given::Count(self.below(900) as i32),
        ]
    }

    fn charge(&mut self) -> [Given; 8] {
        let level = self.level();
        let felony = level == "felony";
        let disposition =
            ["pending", "pending", "arrested", "dismissed"][self.below(4) as usize];
        [
            self.category(),
            Given::Word(level),
            Given::Yes(felony && self.chance(150)),
            Given::Yes(felony && self.chance(80)),
            Given::Yes(felony && self.chance(300)),
            Given::Yes(self.chance(200)),
            Given::Yes(self.chance(200)),
            Given::Word(disposition),
        ]
    }
}

impl Iterator for Cases {
    type Item = RecordBatch;

    fn next(&mut self) -> Option<RecordBatch> {
        if self.left == 0 {
            return None;
        }
        let rows = self.left.min(BATCH_ROWS);
        self.left -= rows;
        let unknown = self.unknown_per_mille;
        let dice = &mut self.dice;
        let mut scalars = Columns::new(&SCALARS, unknown);
        let mut convictions = Columns::new(&CONVICTIONS, unknown);
        let mut charges = Columns::new(&CHARGES, unknown);
        let (mut of_convictions, mut of_charges) = (Vec::new(), Vec::new());
        for _ in 0..rows {
            let (row, decided) = dice.scalars();
            scalars.push(dice, &row);
            let count = [0, 0, 0, 1, 1, 1, 2, 2, 3, 4][dice.below(10) as usize];
            for _ in 0..count {
                let one = dice.conviction(decided);
                convictions.push(dice, &one);
            }
            of_convictions.push(count);
            let count = 1 + dice.below(3) as usize;
            for _ in 0..count {
                let one = dice.charge();
                charges.push(dice, &one);
            }
            of_charges.push(count);
        }
        let (fields, mut columns) = scalars.finish();
        let mut fields: Vec<Arc<Field>> = fields.iter().cloned().collect();
        for (name, elements, lengths) in
            [("convictions", convictions, of_convictions), ("charges", charges, of_charges)]
        {
            let list = list(elements, lengths);
            fields.push(Arc::new(Field::new(name, list.data_type().clone(), false)));
            columns.push(list);
            let keys = (0..rows).map(|_| {
                Some(if unknown > 0 && dice.chance(unknown) { 1_u8 } else { 2 })
            });
            let names = StringArray::from(vec!["unknown", "at_least", "complete"]);
            let state: ArrayRef =
                Arc::new(DictionaryArray::<UInt8Type>::new(keys.collect(), Arc::new(names)));
            fields.push(Arc::new(Field::new(
                format!("{name}_state"),
                state.data_type().clone(),
                false,
            )));
            columns.push(state);
        }
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns);
        Some(batch.expect("columns of one length"))
    }
}

fn list(elements: Columns, lengths: Vec<usize>) -> ArrayRef {
    let (fields, columns) = elements.finish();
    let item = Arc::new(Field::new("item", DataType::Struct(fields.clone()), true));
    let elements = StructArray::new(fields, columns, None);
    let offsets = OffsetBuffer::from_lengths(lengths);
    Arc::new(ListArray::new(item, offsets, Arc::new(elements), None))
}

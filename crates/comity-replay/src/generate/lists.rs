//! Charges and convictions of a row.

use super::alias::{below, per_million};
use super::columns::{Codes, Ends, Flags, Numbers};
use super::rows::Dice;
use super::tables::{Offense, Tables};
use arrow_array::ArrayRef;
use arrow_schema::{ArrowError, DataType, Fields};
use comity_model::schema::{EnumDef, enums};
use comity_policy::columns::case_schema;

/// States of a list in the order of the column's codes.
const STATES: [&str; 3] = ["unknown", "at_least", "complete"];
const UNKNOWN: u8 = 0;
const COMPLETE: u8 = 2;
/// The age from which convictions are drawn, in years.
const CONVICTED_FROM_YEARS: i32 = 16;
/// How long before the request a conviction may lie, in days.
const CONVICTED_BEFORE_DAYS_MAX: i32 = 15 * 365;

fn names(set: &'static EnumDef) -> impl Iterator<Item = &'static str> {
    set.values.iter().map(|(name, _)| *name)
}

/// The fields of a list's element, those of `wanted`, in that order.
fn element_fields(list: &str, wanted: &[&str]) -> Fields {
    let layout = case_schema();
    let made = layout.field_with_name(list).map(|f| super::columns::field(f, wanted));
    match made.as_ref().map(arrow_schema::Field::data_type) {
        Ok(DataType::List(item)) => match item.data_type() {
            DataType::Struct(fields) => fields.clone(),
            _ => Fields::empty(),
        },
        _ => Fields::empty(),
    }
}

/// What both lists know of an offense.
struct OffenseColumns {
    category: Codes,
    level: Codes,
    grade: Codes,
    serious: Flags,
    violent: Flags,
}

impl OffenseColumns {
    fn new(room: usize) -> OffenseColumns {
        OffenseColumns {
            category: Codes::new(names(&enums::OFFENSE_CATEGORY), room),
            level: Codes::new(names(&enums::OFFENSE_LEVEL), room),
            grade: Codes::new(names(&enums::OFFENSE_GRADE), room),
            serious: Flags::new(room),
            violent: Flags::new(room),
        }
    }

    fn push(&mut self, o: &Offense) {
        self.category.push(o.category);
        self.level.push(o.level);
        self.grade.push(o.grade);
        self.serious.push(o.serious);
        self.violent.push(o.violent);
    }

    fn close(&mut self) -> Result<Vec<ArrayRef>, ArrowError> {
        Ok(vec![
            self.category.close()?,
            self.level.close()?,
            self.grade.close()?,
            self.serious.close(),
            self.violent.close(),
        ])
    }
}

/// The charges of a batch.
pub struct ChargeList {
    convicted_code: Option<u8>,
    fields: Fields,
    ends: Ends,
    states: Codes,
    offenses: OffenseColumns,
    disposition: Codes,
    /// Charges of the row that ended in a conviction, as entries of the offenses.
    convicted: Vec<u32>,
}

impl ChargeList {
    /// The element's facts that are filled, in order.
    pub const FIELDS: [&'static str; 6] =
        ["category", "level", "grade", "serious", "violent", "disposition"];

    /// An empty list.
    pub fn new(room: usize) -> ChargeList {
        ChargeList {
            convicted_code: enums::DISPOSITION.code("convicted"),
            fields: element_fields("charges", &ChargeList::FIELDS),
            ends: Ends::new(room),
            states: Codes::new(STATES, room),
            offenses: OffenseColumns::new(room * 2),
            disposition: Codes::new(names(&enums::DISPOSITION), room * 2),
            convicted: Vec::new(),
        }
    }

    /// Draws the charges of a row; gives those that ended in a conviction.
    pub fn draw(&mut self, tables: &Tables, dice: &mut Dice) -> &[u32] {
        let from = &tables.charges;
        let state = tables.charges_known.pick(dice.bits()) as u8;
        self.states.push(Some(state));
        self.convicted.clear();
        let drawn = from.numbers[from.number.pick(dice.bits())];
        let n = if state == UNKNOWN { 0 } else { drawn };
        for _ in 0..n {
            let at = from.offense.pick(dice.bits());
            let offense = &from.offenses[at];
            self.offenses.push(offense);
            self.disposition.push(offense.disposition);
            if offense.disposition.is_some() && offense.disposition == self.convicted_code {
                self.convicted.push(at as u32);
            }
        }
        self.ends.push(n as usize);
        &self.convicted
    }

    /// The list and its state.
    ///
    /// # Errors
    /// The columns do not fit: a fault of this program.
    pub fn close(&mut self) -> Result<(ArrayRef, ArrayRef), ArrowError> {
        let mut columns = self.offenses.close()?;
        columns.push(self.disposition.close()?);
        Ok((self.ends.close(&self.fields, columns)?, self.states.close()?))
    }
}

/// The convictions of a batch.
pub struct ConvictionList {
    none: u64,
    none_or_serious: u64,
    convicted_on_unknown: u64,
    sentence_unknown: u64,
    felony: Option<u8>,
    misdemeanor: Option<u8>,
    fields: Fields,
    ends: Ends,
    states: Codes,
    offenses: OffenseColumns,
    minor_traffic: Flags,
    convicted_on: Numbers,
    sentence_days: Numbers,
    prior: Numbers,
}

impl ConvictionList {
    /// The element's facts that are filled, in order.
    pub const FIELDS: [&'static str; 8] = [
        "category",
        "level",
        "grade",
        "serious",
        "violent",
        "minor_traffic",
        "convicted_on",
        "sentence_days",
    ];

    /// An empty list.
    pub fn new(tables: &Tables, room: usize) -> ConvictionList {
        let rate = |name| tables.settings.rate(name);
        ConvictionList {
            none: per_million(rate("prior_none")),
            none_or_serious: per_million(rate("prior_none") + rate("prior_serious")),
            convicted_on_unknown: per_million(rate("convicted_on_unknown")),
            sentence_unknown: per_million(rate("sentence_unknown")),
            felony: enums::OFFENSE_LEVEL.code("felony"),
            misdemeanor: enums::OFFENSE_LEVEL.code("misdemeanor"),
            fields: element_fields("convictions", &ConvictionList::FIELDS),
            ends: Ends::new(room),
            states: Codes::new(STATES, room),
            offenses: OffenseColumns::new(room * 2),
            minor_traffic: Flags::new(room * 2),
            convicted_on: Numbers::new(room * 2),
            sentence_days: Numbers::new(room * 2),
            prior: Numbers::new(room),
        }
    }

    /// Draws the convictions of a row: those before the request, and those of this booking.
    pub fn draw(
        &mut self,
        tables: &Tables,
        dice: &mut Dice,
        issued: i32,
        age: i32,
        convicted: &[u32],
        released: i32,
    ) {
        let state = tables.convictions_known.pick(dice.bits()) as u8;
        self.states.push(Some(state));
        let class = dice.bits();
        let from = &tables.convictions;
        let drawn = from.numbers[from.number.pick(dice.bits())];
        let prior = if state == UNKNOWN || class < self.none { 0 } else { drawn };
        self.prior.push((state == COMPLETE).then_some(prior as i32));
        let serious = class < self.none_or_serious;
        for i in 0..prior {
            // One serious conviction makes the record serious; the others are any.
            let at = match (serious, i) {
                (true, 0) => tables.serious.pick(dice.bits()),
                (true, _) => from.offense.pick(dice.bits()),
                (false, _) => tables.not_serious.pick(dice.bits()),
            };
            let offense = &from.offenses[at];
            let adult = (age - CONVICTED_FROM_YEARS).max(1) * 365;
            let before = 1 + below(adult.min(CONVICTED_BEFORE_DAYS_MAX) as u64, dice.bits());
            let sentence = self.sentence(offense, dice);
            self.add(offense, offense.minor_traffic, issued - before as i32, sentence, dice);
        }
        let now = if state == UNKNOWN { &[][..] } else { convicted };
        for at in now {
            let offense = &tables.charges.offenses[*at as usize];
            self.add(offense, None, released, None, dice);
        }
        self.ends.push(prior as usize + now.len());
    }

    /// Days of custody, where they are known: up to a year below felonies, half a year to
    /// five years for felonies. Assumed; no public table has sentences.
    fn sentence(&self, offense: &Offense, dice: &mut Dice) -> Option<i32> {
        let unknown = dice.bits() < self.sentence_unknown;
        let bits = dice.bits();
        let days = match offense.level {
            None => return None,
            level if level == self.felony => 180 + below(1_645, bits),
            level if level == self.misdemeanor => 1 + below(365, bits),
            Some(_) => 0,
        };
        (!unknown).then_some(days as i32)
    }

    fn add(
        &mut self,
        offense: &Offense,
        minor_traffic: Option<bool>,
        on: i32,
        sentence: Option<i32>,
        dice: &mut Dice,
    ) {
        let unknown = dice.bits() < self.convicted_on_unknown;
        self.offenses.push(offense);
        self.minor_traffic.push(minor_traffic);
        self.convicted_on.push((!unknown).then_some(on));
        self.sentence_days.push(sentence);
    }

    /// The list, its state, and the number of convictions before the request.
    ///
    /// # Errors
    /// The columns do not fit: a fault of this program.
    pub fn close(&mut self) -> Result<(ArrayRef, ArrayRef, ArrayRef), ArrowError> {
        let mut columns = self.offenses.close()?;
        columns.push(self.minor_traffic.close());
        columns.push(self.convicted_on.days());
        columns.push(self.sentence_days.numbers());
        let list = self.ends.close(&self.fields, columns)?;
        Ok((list, self.states.close()?, self.prior.numbers()))
    }
}

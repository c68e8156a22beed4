//! Draws rows into record batches. Each block of rows has random numbers of its own, so that
//! the rows do not depend on how many threads make them.

use super::alias::{below, per_million};
use super::columns::{Codes, Flags, Numbers, Texts, beside, dictionary_type, field};
use super::lists::{ChargeList, ConvictionList};
use super::plan::Plan;
use super::settings::Settings;
use super::tables::{CITIZEN, County, FacilityKind, Tables};
use arrow_array::{ArrayRef, RecordBatch, UInt64Array};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use comity_model::schema::{EnumDef, FieldId, Kind, enums, scalar};
use comity_policy::columns::case_schema;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// Columns that are no facts, in order: they come first.
pub const BESIDE: [&str; 5] =
    ["row_id", "month", "county_fips", "lift_reason", "prior_convictions"];
const WARRANT: FieldId = scalar("request.warrant");
/// Days before the request on which a person was booked, at most.
const BOOKED_BEFORE_DAYS_MAX: u64 = 7;

/// The random numbers of one block.
pub struct Dice(Xoshiro256PlusPlus);

impl Dice {
    /// Those of a block: the state is a hash of seed and block, so that neighbors have
    /// nothing in common.
    pub fn of_block(seed: u64, block: u64) -> Dice {
        let mut sha = Sha256::new();
        sha.update(b"comity generate 1");
        sha.update(seed.to_le_bytes());
        sha.update(block.to_le_bytes());
        let mut state = [0_u8; 32];
        state.copy_from_slice(&sha.finalize());
        Dice(Xoshiro256PlusPlus::from_seed(state))
    }

    /// 64 random bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }
}

/// The schema of generated rows, made once.
pub fn schema(settings: &Settings) -> SchemaRef {
    let mut fields: Vec<Field> = vec![
        beside("row_id", DataType::UInt64, false),
        beside("month", dictionary_type(), false),
        beside("county_fips", DataType::Utf8, true),
        beside("lift_reason", dictionary_type(), true),
        beside("prior_convictions", DataType::Int32, true),
    ];
    let assumed = settings.assumed.iter().map(|a| a.field);
    let filled: Vec<String> =
        super::settings::FILLED.into_iter().chain(assumed).map(column_name).collect();
    for of in case_schema().fields() {
        let elements: &[&str] = match of.name().as_str() {
            "charges" => &ChargeList::FIELDS,
            "convictions" => &ConvictionList::FIELDS,
            "charges_state" | "convictions_state" => &[],
            name if filled.iter().any(|f| f == name) => &[],
            _ => continue,
        };
        fields.push(field(of, elements));
    }
    Arc::new(Schema::new(fields))
}

/// The name of a fact's column.
fn column_name(field: FieldId) -> String {
    field.def().path.replace('.', "_")
}

/// An assumed fact's column.
struct AssumedColumn {
    name: String,
    unknown: usize,
    values: AssumedValues,
    is_warrant: bool,
}

enum AssumedValues {
    Flags(Flags),
    Codes(Codes),
}

/// Makes record batches out of the tables.
pub struct Maker<'a> {
    tables: &'a Tables,
    plan: &'a Plan,
    schema: SchemaRef,
    dice: Dice,
    rates: Rates,
    asks_hold: Vec<(u8, bool)>,
    citizen: Option<usize>,
    row_id: Vec<u64>,
    month: Codes,
    county_fips: Texts,
    lift_reason: Codes,
    decision_on: Numbers,
    age_years: Numbers,
    us_citizen: Flags,
    removable: Flags,
    form: Codes,
    form_version: Codes,
    issued_on: Numbers,
    asks_hold_column: Flags,
    asks_notice: Flags,
    warrant_signed_by: Codes,
    booked_on: Numbers,
    release_eligible_on: Numbers,
    facility_kind: Codes,
    state: Texts,
    county: Texts,
    city: Texts,
    circuit: Numbers,
    activated_on: Numbers,
    assumed: Vec<AssumedColumn>,
    charges: ChargeList,
    convictions: ConvictionList,
}

/// Rates as thresholds of 64 random bits.
struct Rates {
    age_unknown: u64,
    booked_same_day: u64,
}

fn names(set: &'static EnumDef) -> impl Iterator<Item = &'static str> {
    set.values.iter().map(|(name, _)| *name)
}

impl<'a> Maker<'a> {
    /// A maker of batches of up to `room` rows.
    pub fn new(tables: &'a Tables, plan: &'a Plan, schema: SchemaRef, room: usize) -> Maker<'a> {
        let months: Vec<String> = tables.months.iter().map(|m| m.month.to_string()).collect();
        let reasons = tables.reasons.iter().map(|r| r.as_deref().unwrap_or(""));
        let rate = |name| per_million(tables.settings.rate(name));
        let is = |name: &str| enums::FORM.code(name).unwrap_or(u8::MAX);
        Maker {
            plan,
            schema,
            dice: Dice::of_block(0, 0),
            rates: Rates {
                age_unknown: rate("age_unknown"),
                booked_same_day: rate("booked_same_day"),
            },
            asks_hold: vec![(is("I-247"), true), (is("I-247D"), true), (is("I-247N"), false)],
            citizen: tables.reasons.iter().position(|r| r.as_deref() == Some(CITIZEN)),
            row_id: Vec::with_capacity(room),
            month: Codes::new(months.iter().map(String::as_str), room),
            county_fips: Texts::new(room),
            lift_reason: Codes::new(reasons, room),
            decision_on: Numbers::new(room),
            age_years: Numbers::new(room),
            us_citizen: Flags::new(room),
            removable: Flags::new(room),
            form: Codes::new(names(&enums::FORM), room),
            form_version: Codes::new(names(&enums::FORM_VERSION), room),
            issued_on: Numbers::new(room),
            asks_hold_column: Flags::new(room),
            asks_notice: Flags::new(room),
            warrant_signed_by: Codes::new(names(&enums::WARRANT_SIGNER), room),
            booked_on: Numbers::new(room),
            release_eligible_on: Numbers::new(room),
            facility_kind: Codes::new(names(&enums::FACILITY_KIND), room),
            state: Texts::new(room),
            county: Texts::new(room),
            city: Texts::new(room),
            circuit: Numbers::new(room),
            activated_on: Numbers::new(room),
            assumed: assumed_columns(&tables.settings, room),
            charges: ChargeList::new(room),
            convictions: ConvictionList::new(tables, room),
            tables,
        }
    }

    /// Starts a block: its random numbers are its own.
    pub fn start_block(&mut self, seed: u64, block: u64) {
        self.dice = Dice::of_block(seed, block);
    }

    /// The next rows of the block as a batch.
    ///
    /// # Errors
    /// The columns do not make a batch: a fault of this program.
    pub fn batch(&mut self, rows: Range<u64>) -> Result<RecordBatch, ArrowError> {
        let mut at = rows.start;
        while at < rows.end {
            let (month, end) = self.plan.month_of(at);
            for row in at..end.min(rows.end) {
                self.row(row, month);
            }
            at = end.min(rows.end);
        }
        let mut made = self.close_all()?;
        let columns = self.schema.fields().iter().filter_map(|f| made.remove(f.name()));
        RecordBatch::try_new(Arc::clone(&self.schema), columns.collect())
    }

    fn row(&mut self, row: u64, month: usize) {
        let tables = self.tables;
        let m = &tables.months[month];
        self.row_id.push(row);
        self.month.push(Some(month as u8));
        let place = tables.county.pick(self.dice.bits());
        let county = &tables.counties[place];
        let (draw, kinds) = &tables.kinds[tables.states[county.state].kinds];
        let kind = kinds[draw.pick(self.dice.bits())];
        self.place(county, kind);
        let reason = self.lift_reason(m.year, place, kind);
        self.person(reason);
        let issued = m.first_day.0 + m.day.pick(self.dice.bits()) as i32;
        let form = tables.forms[m.form.pick(self.dice.bits())];
        self.form.push(Some(form.form));
        self.form_version.push(Some(form.version));
        let asks_hold = self.asks_hold.iter().find(|(f, _)| *f == form.form).map(|(_, asks)| *asks);
        self.asks_hold_column.push(asks_hold);
        // Forms that ask to hold speak of notice as well, but not all revisions do.
        self.asks_notice.push(if asks_hold == Some(false) { Some(true) } else { None });
        let released = self.days(issued);
        self.assume();
        let age = self.age();
        let convicted = self.charges.draw(tables, &mut self.dice);
        self.convictions.draw(tables, &mut self.dice, issued, age, convicted, released);
    }

    fn place(&mut self, county: &County, kind: FacilityKind) {
        let state = &self.tables.states[county.state];
        self.state.push(Some(&state.place));
        self.circuit.push(Some(state.circuit));
        self.facility_kind.push(kind.code);
        let known = kind.has_county;
        self.county.push(known.then_some(county.place.as_str()));
        self.county_fips.push(known.then_some(county.fips.as_str()));
        // A county's jail is the county's; of a city's facility the city is not drawn.
        let is_jail = kind.code.is_some_and(|c| enums::FACILITY_KIND.name_of(c) == "county_jail");
        let city = known && (is_jail || county.city != "none");
        self.city.push(city.then_some(county.city.as_str()));
        let day = county.activated_on.filter(|_| known).map(|d| d.0);
        self.activated_on.push(day);
    }

    /// Draws how the request ended; gives the entry of the tables.
    fn lift_reason(&mut self, year: usize, county: usize, kind: FacilityKind) -> usize {
        let year = &self.tables.years[year];
        let chance = if kind.has_county { year.declined_in[county] } else { 0 };
        let declined = self.dice.bits() < chance;
        let other = year.reason.pick(self.dice.bits());
        let reason = if declined { 0 } else { other };
        let recorded = self.tables.reasons[reason].is_some();
        self.lift_reason.push(recorded.then_some(reason as u8));
        reason
    }

    /// The request asserts that the person is removable; whom an interview then showed to be
    /// a citizen is one.
    fn person(&mut self, reason: usize) {
        let citizen = self.citizen == Some(reason);
        self.us_citizen.push(citizen.then_some(true));
        self.removable.push((!citizen).then_some(true));
    }

    /// Days of the stay; gives the day of release but for the request.
    fn days(&mut self, issued: i32) -> i32 {
        let same_day = self.dice.bits() < self.rates.booked_same_day;
        let before = 1 + below(BOOKED_BEFORE_DAYS_MAX, self.dice.bits()) as i32;
        let booked = if same_day { issued } else { issued - before };
        let stay = self.tables.stays_days[self.tables.stay.pick(self.dice.bits())] as i32;
        let released = (booked + stay).max(issued);
        self.issued_on.push(Some(issued));
        self.booked_on.push(Some(booked));
        self.release_eligible_on.push(Some(released));
        self.decision_on.push(Some(released));
        released
    }

    fn assume(&mut self) {
        let mut signer = None;
        for (column, draw) in self.assumed.iter_mut().zip(&self.tables.assumed) {
            let code = draw.pick(self.dice.bits());
            let known = (code != column.unknown).then_some(code as u8);
            if column.is_warrant {
                signer = known.and_then(signer_of);
            }
            match &mut column.values {
                AssumedValues::Flags(f) => f.push(known.map(|c| c == 1)),
                AssumedValues::Codes(c) => c.push(known),
            }
        }
        self.warrant_signed_by.push(signer);
    }

    /// Draws the age in years; convictions follow it even where it stays unknown.
    fn age(&mut self) -> i32 {
        let (from, to) = self.tables.age_bands[self.tables.age_band.pick(self.dice.bits())];
        let years = from + below(u64::from(to - from) + 1, self.dice.bits()) as u32;
        let unknown = self.dice.bits() < self.rates.age_unknown;
        self.age_years.push((!unknown).then_some(years as i32));
        years as i32
    }

    fn close_all(&mut self) -> Result<HashMap<String, ArrayRef>, ArrowError> {
        let row_id = UInt64Array::from(std::mem::take(&mut self.row_id));
        let (charges, charges_state) = self.charges.close()?;
        let (convictions, convictions_state, prior) = self.convictions.close()?;
        let mut out: Vec<(&str, ArrayRef)> = vec![
            ("row_id", Arc::new(row_id)),
            ("month", self.month.close()?),
            ("county_fips", self.county_fips.close()),
            ("lift_reason", self.lift_reason.close()?),
            ("prior_convictions", prior),
            ("decision_on", self.decision_on.days()),
            ("person_age_years", self.age_years.numbers()),
            ("person_us_citizen", self.us_citizen.close()),
            ("person_removable", self.removable.close()),
            ("request_form", self.form.close()?),
            ("request_form_version", self.form_version.close()?),
            ("request_issued_on", self.issued_on.days()),
            ("request_asks_hold", self.asks_hold_column.close()),
            ("request_asks_notice", self.asks_notice.close()),
            ("request_warrant_signed_by", self.warrant_signed_by.close()?),
            ("custody_booked_on", self.booked_on.days()),
            ("custody_release_eligible_on", self.release_eligible_on.days()),
            ("custody_facility_kind", self.facility_kind.close()?),
            ("place_state", self.state.close()),
            ("place_county", self.county.close()),
            ("place_city", self.city.close()),
            ("place_circuit", self.circuit.numbers()),
            ("place_program_activated_on", self.activated_on.days()),
            ("charges", charges),
            ("charges_state", charges_state),
            ("convictions", convictions),
            ("convictions_state", convictions_state),
        ];
        for column in &mut self.assumed {
            let values = match &mut column.values {
                AssumedValues::Flags(f) => f.close(),
                AssumedValues::Codes(c) => c.close()?,
            };
            out.push((&column.name, values));
        }
        Ok(out.into_iter().map(|(name, array)| (name.to_owned(), array)).collect())
    }
}

fn assumed_columns(settings: &Settings, room: usize) -> Vec<AssumedColumn> {
    let column = |a: &super::settings::Assumed| {
        let values = match &a.field.def().kind {
            Kind::Enum(set) => AssumedValues::Codes(Codes::new(names(set), room)),
            _ => AssumedValues::Flags(Flags::new(room)),
        };
        AssumedColumn {
            name: column_name(a.field),
            unknown: a.parts.len() - 1,
            values,
            is_warrant: a.field == WARRANT,
        }
    };
    settings.assumed.iter().map(column).collect()
}

/// Who signs a warrant: administrative ones an immigration officer (8 CFR 287.5(e)); which
/// judge signed a judicial one is not drawn.
fn signer_of(warrant: u8) -> Option<u8> {
    match enums::WARRANT.name_of(warrant) {
        "none" => enums::WARRANT_SIGNER.code("nobody"),
        "judicial" => None,
        _ => enums::WARRANT_SIGNER.code("immigration_officer"),
    }
}

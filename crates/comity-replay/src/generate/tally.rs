//! Counts of generated rows, taken from the columns as they are written.

use super::tables::Tables;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int32Type, UInt8Type};
use arrow_array::{Array, BooleanArray, DictionaryArray, RecordBatch, StructArray};
use comity_model::schema::enums;

/// Five digits.
const FIPS_CODES: usize = 100_000;
/// Two letters.
const STATE_CODES: usize = 26 * 26;
/// No age in the tables is higher.
const AGES: usize = 152;

/// Counts; a code that is unknown is counted at the end of its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// Rows.
    pub rows: u64,
    /// By month of the tables.
    pub months: Vec<u64>,
    /// By month, form and revision.
    pub forms: Vec<[[u64; 8]; 8]>,
    /// By year of the tables and lift reason.
    pub lifts: Vec<Vec<u64>>,
    /// By facility kind: in Pennsylvania, elsewhere.
    pub kinds: [Vec<u64>; 2],
    /// By state, two letters.
    states: Vec<u64>,
    /// By county, FIPS code.
    counties: Vec<u64>,
    /// Declines by year of the tables and county.
    declines: Vec<Vec<u64>>,
    /// By day of the week, Monday first.
    pub weekdays: [u64; 7],
    /// By age in years.
    pub ages: Vec<u64>,
    /// Charges by category.
    pub categories: Vec<u64>,
    /// Charges by level.
    pub levels: Vec<u64>,
    /// Charges by disposition.
    pub dispositions: Vec<u64>,
    /// Charges of a row whose charges are known, by number.
    pub charges: Vec<u64>,
    /// Rows whose convictions are known to be complete; of them those without one before the
    /// request, and those with a serious one.
    pub prior: [u64; 3],
    year_of_month: Vec<usize>,
}

/// Codes of a dictionary column; unknown is `end`.
fn codes(array: &DictionaryArray<UInt8Type>, end: usize) -> impl Iterator<Item = usize> + '_ {
    array.keys().iter().map(move |k| k.map_or(end, usize::from))
}

fn dictionary<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a DictionaryArray<UInt8Type>> {
    batch.column_by_name(name)?.as_dictionary_opt()
}

fn element<'a>(elements: &'a StructArray, name: &str) -> Option<&'a DictionaryArray<UInt8Type>> {
    elements.column_by_name(name)?.as_dictionary_opt()
}

fn bump(counts: &mut [u64], at: usize) {
    if let Some(n) = counts.get_mut(at) {
        *n += 1;
    }
}

impl Tally {
    /// No rows.
    pub fn new(tables: &Tables) -> Tally {
        let (months, years) = (tables.months.len(), tables.years.len());
        Tally {
            rows: 0,
            months: vec![0; months],
            forms: vec![[[0; 8]; 8]; months],
            lifts: vec![vec![0; tables.reasons.len() + 1]; years],
            kinds: [(); 2].map(|()| vec![0; enums::FACILITY_KIND.values.len() + 1]),
            states: vec![0; STATE_CODES],
            counties: vec![0; FIPS_CODES],
            declines: vec![vec![0; FIPS_CODES]; years],
            weekdays: [0; 7],
            ages: vec![0; AGES],
            categories: vec![0; enums::OFFENSE_CATEGORY.values.len() + 1],
            levels: vec![0; enums::OFFENSE_LEVEL.values.len() + 1],
            dispositions: vec![0; enums::DISPOSITION.values.len() + 1],
            charges: vec![0; 32],
            prior: [0; 3],
            year_of_month: tables.months.iter().map(|m| m.year).collect(),
        }
    }

    /// Rows of a state, `us-ca`.
    pub fn state(&self, place: &str) -> u64 {
        state_index(place).and_then(|i| self.states.get(i)).copied().unwrap_or(0)
    }

    /// Rows of a county by its FIPS code.
    pub fn county(&self, fips: &str) -> u64 {
        fips_index(fips).and_then(|i| self.counties.get(i)).copied().unwrap_or(0)
    }

    /// Declines of a year of the tables in a county.
    pub fn declined(&self, year: usize, fips: &str) -> u64 {
        let of = self.declines.get(year);
        fips_index(fips).and_then(|i| of?.get(i)).copied().unwrap_or(0)
    }

    /// Counts the rows of a batch.
    pub fn count(&mut self, batch: &RecordBatch) {
        self.rows += batch.num_rows() as u64;
        self.count_requests(batch);
        self.count_places(batch);
        self.count_persons(batch);
        self.count_charges(batch);
        self.count_prior(batch);
    }

    fn count_requests(&mut self, batch: &RecordBatch) {
        let columns = ["month", "request_form", "request_form_version", "lift_reason"];
        let [Some(months), Some(forms), Some(versions), Some(reasons)] =
            columns.map(|c| dictionary(batch, c))
        else {
            return;
        };
        let none = reasons.values().len();
        let rows = codes(months, usize::MAX).zip(codes(forms, 7)).zip(codes(versions, 7));
        for (((month, form), version), reason) in rows.zip(codes(reasons, none)) {
            bump(&mut self.months, month);
            if let Some(n) = self.forms.get_mut(month).and_then(|f| f.get_mut(form)) {
                bump(n, version);
            }
            let year = self.year_of_month.get(month).copied().unwrap_or(usize::MAX);
            if let Some(of) = self.lifts.get_mut(year) {
                bump(of, reason);
            }
        }
        let issued = batch.column_by_name("request_issued_on");
        if let Some(days) = issued.and_then(|a| a.as_primitive_opt::<Date32Type>()) {
            // 1970-01-01 was a Thursday.
            days.values().iter().for_each(|d| self.weekdays[(d + 3).rem_euclid(7) as usize] += 1);
        }
    }

    fn count_places(&mut self, batch: &RecordBatch) {
        let texts = |name: &str| batch.column_by_name(name).and_then(|a| a.as_string_opt::<i32>());
        let (Some(states), Some(fips)) = (texts("place_state"), texts("county_fips")) else {
            return;
        };
        let [Some(months), Some(kinds), Some(reasons)] =
            ["month", "custody_facility_kind", "lift_reason"].map(|c| dictionary(batch, c))
        else {
            return;
        };
        let none = kinds.values().len();
        let codes = codes(months, usize::MAX).zip(codes(kinds, none)).zip(codes(reasons, 255));
        for ((row, state), ((month, kind), reason)) in states.iter().enumerate().zip(codes) {
            let state = state.unwrap_or("");
            let elsewhere = usize::from(state != super::derive::PENNSYLVANIA);
            bump(&mut self.kinds[elsewhere], kind);
            bump(&mut self.states, state_index(state).unwrap_or(usize::MAX));
            if fips.is_null(row) {
                continue;
            }
            let county = fips_index(fips.value(row)).unwrap_or(usize::MAX);
            bump(&mut self.counties, county);
            // A decline is the first of the reasons.
            let year = self.year_of_month.get(month).filter(|_| reason == 0);
            if let Some(of) = year.and_then(|y| self.declines.get_mut(*y)) {
                bump(of, county);
            }
        }
    }

    fn count_persons(&mut self, batch: &RecordBatch) {
        let ages = batch.column_by_name("person_age_years");
        if let Some(ages) = ages.and_then(|a| a.as_primitive_opt::<Int32Type>()) {
            for age in ages {
                bump(&mut self.ages, age.map_or(AGES - 1, |a| a as usize));
            }
        }
    }

    fn count_charges(&mut self, batch: &RecordBatch) {
        let Some(list) = batch.column_by_name("charges").and_then(|a| a.as_list_opt::<i32>())
        else {
            return;
        };
        let Some(elements) = list.values().as_struct_opt() else { return };
        let counted = [
            ("category", &mut self.categories),
            ("level", &mut self.levels),
            ("disposition", &mut self.dispositions),
        ];
        for (name, counts) in counted {
            if let Some(array) = element(elements, name) {
                let none = counts.len() - 1;
                codes(array, none).for_each(|c| bump(counts, c));
            }
        }
        let Some(states) = dictionary(batch, "charges_state") else { return };
        let ends = list.value_offsets().windows(2);
        // Of an unknown list nothing is listed: it has no number.
        for (ends, state) in ends.zip(codes(states, 0)).filter(|(_, s)| *s > 0) {
            debug_assert!(state < 3);
            bump(&mut self.charges, (ends[1] - ends[0]) as usize);
        }
    }

    fn count_prior(&mut self, batch: &RecordBatch) {
        let prior = batch.column_by_name("prior_convictions");
        let prior = prior.and_then(|a| a.as_primitive_opt::<Int32Type>());
        let list = batch.column_by_name("convictions").and_then(|a| a.as_list_opt::<i32>());
        let (Some(prior), Some(list)) = (prior, list) else { return };
        let elements = list.values().as_struct_opt();
        let serious: Option<&BooleanArray> =
            elements.and_then(|e| e.column_by_name("serious")?.as_boolean_opt());
        let Some(serious) = serious else { return };
        for (ends, prior) in list.value_offsets().windows(2).zip(prior.iter()) {
            let Some(prior) = prior else { continue };
            let before = ends[0] as usize..(ends[0] + prior) as usize;
            let mut of = before.map(|i| serious.is_valid(i) && serious.value(i));
            self.prior[0] += 1;
            self.prior[1] += u64::from(prior == 0);
            self.prior[2] += u64::from(of.any(|s| s));
        }
    }

    /// Adds the counts of another thread.
    pub fn add(&mut self, other: &Tally) {
        fn all<'a>(
            to: impl IntoIterator<Item = &'a mut u64>,
            from: impl IntoIterator<Item = &'a u64>,
        ) {
            to.into_iter().zip(from).for_each(|(a, b)| *a += b);
        }
        self.rows += other.rows;
        all(&mut self.months, &other.months);
        all(self.forms.iter_mut().flatten().flatten(), other.forms.iter().flatten().flatten());
        all(self.lifts.iter_mut().flatten(), other.lifts.iter().flatten());
        all(self.kinds.iter_mut().flatten(), other.kinds.iter().flatten());
        all(&mut self.states, &other.states);
        all(&mut self.counties, &other.counties);
        all(self.declines.iter_mut().flatten(), other.declines.iter().flatten());
        all(&mut self.weekdays, &other.weekdays);
        all(&mut self.ages, &other.ages);
        all(&mut self.categories, &other.categories);
        all(&mut self.levels, &other.levels);
        all(&mut self.dispositions, &other.dispositions);
        all(&mut self.charges, &other.charges);
        all(&mut self.prior, &other.prior);
    }
}

fn state_index(place: &str) -> Option<usize> {
    let letters = place.strip_prefix("us-")?.as_bytes();
    let [a, b] = letters else { return None };
    let letter = |c: &u8| c.is_ascii_lowercase().then(|| usize::from(c - b'a'));
    Some(letter(a)? * 26 + letter(b)?)
}

fn fips_index(fips: &str) -> Option<usize> {
    fips.bytes().try_fold(0_usize, |n, c| {
        c.is_ascii_digit().then(|| n.saturating_mul(10) + usize::from(c - b'0'))
    })
}

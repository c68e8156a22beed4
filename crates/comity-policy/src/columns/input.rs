//! What tests read, lane by lane: values of a block, gathered where the lanes are not those
//! of the column.

use super::bits::{collect, copy, is_zero, tail};
use super::eval::Scratch;
use super::frame::{Elements, Frames, TooWide};
use super::node::Operand;
use super::source::{Column, Texts, Values};
use super::table::Table;
use crate::cond::Window;
use arrow_buffer::{ArrowNativeType, NullBuffer};
use comity_model::Day;
use std::borrow::Cow;
use std::ops::Range;

/// Where a fact is known.
#[derive(Debug)]
pub(super) enum Valid {
    All,
    None,
    Some(Vec<u64>),
}

/// The values; where the fact is unknown they mean nothing.
#[derive(Debug)]
pub(super) enum Data<'a> {
    Absent,
    Bits(Vec<u64>),
    /// Codes; and for each eight sets that tests ask for, a byte a lane once asked for.
    U8(Cow<'a, [u8]>, Vec<Vec<u8>>),
    I32(Cow<'a, [i32]>),
    I64(Cow<'a, [i64]>),
    /// Codes against the plan's constants, and where the texts stand.
    Text(Cow<'a, [u16]>, &'a Texts, Places),
}

/// By lane, the index in the column.
#[derive(Debug)]
pub(super) enum Places {
    From(usize),
    Each(Vec<u32>),
}

impl Places {
    pub(super) fn get(&self, lane: usize) -> usize {
        match self {
            Places::From(start) => start + lane,
            Places::Each(all) => all[lane] as usize,
        }
    }
}

/// One operand in a block.
#[derive(Debug)]
pub(super) struct Input<'a> {
    pub data: Data<'a>,
    pub valid: Valid,
}

/// Reads an operand; its frames are prepared.
pub(super) fn read<'a>(
    operand: &Operand,
    table: &'a Table,
    text_codes: Option<&'a [u16]>,
    frames: &Frames<'a>,
    scratch: &mut Scratch,
) -> Input<'a> {
    let lanes = frames.get(operand.at).len;
    let Some(column) = table.column(operand.field) else {
        return Input { data: Data::Absent, valid: Valid::None };
    };
    let own = frames.get(operand.from);
    let direct = match &own.elements {
        Elements::From(start) if operand.from == operand.at => Some(*start..*start + lanes),
        _ => None,
    };
    let valid = match (&column.nulls, &direct) {
        (None, _) => Valid::All,
        (Some(nulls), Some(range)) => known(nulls, range.clone(), scratch),
        (Some(nulls), None) => {
            let at = places(operand, frames);
            let mut words = scratch.spare_words();
            collect(lanes, &mut words, |lane| nulls.is_valid(at(lane)));
            narrowed(words, lanes)
        }
    };
    let data = match &direct {
        Some(range) => from_range(operand, column, range.clone(), text_codes, scratch),
        None => gathered(operand, column, frames, lanes, text_codes, scratch),
    };
    Input { data, valid }
}

/// By lane, the index in the column.
fn places<'f>(operand: &Operand, frames: &'f Frames<'_>) -> impl Fn(usize) -> usize + 'f {
    let own = frames.get(operand.from);
    let around = (operand.from != operand.at).then(|| frames.around(operand.at, operand.from));
    move |lane| {
        let lane = around.map_or(lane, |a| a[lane] as usize);
        match &own.elements {
            Elements::From(start) => start + lane,
            Elements::Picked(at) => at[lane] as usize,
        }
    }
}

fn known(nulls: &NullBuffer, range: Range<usize>, scratch: &mut Scratch) -> Valid {
    let lanes = range.len();
    let mut words = scratch.spare_words();
    copy(nulls.inner(), range, &mut words);
    narrowed(words, lanes)
}

fn narrowed(words: Vec<u64>, lanes: usize) -> Valid {
    let all = words.iter().enumerate().all(|(w, word)| word & tail(w, lanes) == tail(w, lanes));
    if all {
        Valid::All
    } else if is_zero(&words) {
        Valid::None
    } else {
        Valid::Some(words)
    }
}

fn slice<T: ArrowNativeType>(values: &[T], range: Range<usize>) -> Cow<'_, [T]> {
    Cow::Borrowed(&values[range])
}

fn from_range<'a>(
    operand: &Operand,
    column: &'a Column,
    range: Range<usize>,
    text_codes: Option<&'a [u16]>,
    scratch: &mut Scratch,
) -> Data<'a> {
    match &column.values {
        Values::Bits(bits) => {
            let mut words = scratch.spare_words();
            copy(bits, range, &mut words);
            Data::Bits(words)
        }
        Values::Codes(codes) => Data::U8(slice(codes, range), Vec::new()),
        Values::I32(days) => match operand.first_day {
            None => Data::I32(slice(days, range)),
            Some(window) => Data::I32(Cow::Owned(scratch.first_days(window, &days[range]))),
        },
        Values::I64(values) => Data::I64(slice(values, range)),
        Values::Text(texts) => {
            let codes = text_codes.map_or(&[][..], |c| &c[range.clone()]);
            Data::Text(Cow::Borrowed(codes), texts, Places::From(range.start))
        }
    }
}

fn gathered<'a>(
    operand: &Operand,
    column: &'a Column,
    frames: &Frames<'_>,
    lanes: usize,
    text_codes: Option<&'a [u16]>,
    scratch: &mut Scratch,
) -> Data<'a> {
    let at = places(operand, frames);
    match &column.values {
        Values::Bits(bits) => {
            let mut words = scratch.spare_words();
            collect(lanes, &mut words, |lane| bits.value(at(lane)));
            Data::Bits(words)
        }
        Values::Codes(codes) => Data::U8((0..lanes).map(|l| codes[at(l)]).collect(), Vec::new()),
        Values::I32(days) => {
            Data::I32(Cow::Owned(gather_days(operand, days, frames, lanes, scratch)))
        }
        Values::I64(values) => Data::I64((0..lanes).map(|l| values[at(l)]).collect()),
        Values::Text(texts) => {
            let codes: Vec<u16> =
                text_codes.map_or(Vec::new(), |c| (0..lanes).map(|l| c[at(l)]).collect());
            let places = (0..lanes).map(|l| at(l) as u32).collect();
            Data::Text(Cow::Owned(codes), texts, Places::Each(places))
        }
    }
}

/// First days are computed once a row (or element), then handed to the lanes inside it.
fn gather_days(
    operand: &Operand,
    days: &[i32],
    frames: &Frames<'_>,
    lanes: usize,
    scratch: &mut Scratch,
) -> Vec<i32> {
    let own = frames.get(operand.from);
    let mut of_own = scratch.spare_days();
    match &own.elements {
        Elements::From(start) => of_own.extend_from_slice(&days[*start..start + own.len]),
        Elements::Picked(at) => of_own.extend(at.iter().map(|i| days[*i as usize])),
    }
    if let Some(window) = operand.first_day {
        let first = scratch.first_days(window, &of_own);
        scratch.days.push(std::mem::replace(&mut of_own, first));
    }
    if operand.from == operand.at {
        return of_own;
    }
    let around = frames.around(operand.at, operand.from);
    let mut out = scratch.spare_days();
    out.extend(around[..lanes].iter().map(|lane| of_own[*lane as usize]));
    scratch.days.push(of_own);
    out
}

/// First days of windows, computed once for each day between 1950 and 2050.
#[derive(Debug, Default)]
pub(super) struct Windows {
    tables: Vec<(Window, Vec<i32>)>,
}

/// 1950-01-01 and the days of a hundred years.
const FIRST: i32 = -7_305;
const DAYS: usize = 36_525;

impl Windows {
    /// Appends the first days of the windows that end on some days.
    pub(super) fn first_days(&mut self, window: Window, days: &[i32], out: &mut Vec<i32>) {
        let at = self.tables.iter().position(|(w, _)| *w == window).unwrap_or_else(|| {
            let all = (0..DAYS as i32).map(|d| window.first_day(Day(FIRST + d)).0);
            self.tables.push((window, all.collect()));
            self.tables.len() - 1
        });
        let table = self.tables[at].1.as_slice();
        let first = |day: &i32| match table.get(day.wrapping_sub(FIRST) as u32 as usize) {
            Some(first) => *first,
            None => window.first_day(Day(*day)).0,
        };
        out.extend(days.iter().map(first));
    }
}

/// Prepares the frames of an operand.
pub(super) fn prepare(operand: &Operand, frames: &mut Frames<'_>) -> Result<(), TooWide> {
    frames.prepare(operand.at)?;
    if operand.from != operand.at {
        frames.prepare_around(operand.at, operand.from)?;
    }
    Ok(())
}

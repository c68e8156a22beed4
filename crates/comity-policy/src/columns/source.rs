//! Arrow arrays as typed values: one column of a batch, whatever types carry it.

use super::error::{ColumnError, ColumnProblem};
use super::plan::Unseen;
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef, LargeStringArray, StringArray, StringViewArray};
use arrow_buffer::{ArrowNativeType, BooleanBuffer, NullBuffer, ScalarBuffer};
use arrow_schema::{DataType, TimeUnit};
use comity_model::schema::{EnumDef, Kind, nearest};
use std::collections::HashMap;
use std::ops::Deref;

/// The code of a value that its set does not have.
const UNSEEN: u8 = u8::MAX;

/// A buffer of the batch or one of our own.
#[derive(Debug, Clone)]
pub(super) enum Buffer<T: ArrowNativeType> {
    Shared(ScalarBuffer<T>),
    Own(Vec<T>),
}

impl<T: ArrowNativeType> Deref for Buffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Buffer::Shared(b) => b,
            Buffer::Own(v) => v,
        }
    }
}

/// The values of a column.
#[derive(Debug, Clone)]
pub(super) enum Values {
    Bits(BooleanBuffer),
    Codes(Buffer<u8>),
    I32(Buffer<i32>),
    I64(Buffer<i64>),
    Text(Texts),
}

/// A column; where a null is, the value means nothing.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub values: Values,
    pub nulls: Option<NullBuffer>,
}

/// Texts of any of the Arrow types.
#[derive(Debug, Clone)]
pub(super) enum Texts {
    Small(StringArray),
    Large(LargeStringArray),
    View(StringViewArray),
    /// Keys, and the values they lead to.
    Keyed(Keys, Box<Texts>),
}

impl Texts {
    pub(super) fn of(array: &dyn Array) -> Option<Texts> {
        Some(match array.data_type() {
            DataType::Utf8 => Texts::Small(array.as_string().clone()),
            DataType::LargeUtf8 => Texts::Large(array.as_string().clone()),
            DataType::Utf8View => Texts::View(array.as_string_view().clone()),
            DataType::Dictionary(..) => {
                let (keys, values) = keys_of(array)?;
                Texts::Keyed(keys, Box::new(Texts::of(&values)?))
            }
            _ => return None,
        })
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Texts::Small(a) => a.len(),
            Texts::Large(a) => a.len(),
            Texts::View(a) => a.len(),
            Texts::Keyed(Keys::Bytes(keys), _) => keys.len(),
            Texts::Keyed(Keys::Numbers(keys), _) => keys.len(),
        }
    }

    /// The text at an index; empty where a key leads nowhere, which only a null's does.
    pub(super) fn get(&self, i: usize) -> &str {
        match self {
            Texts::Small(a) => a.value(i),
            Texts::Large(a) => a.value(i),
            Texts::View(a) => a.value(i),
            Texts::Keyed(keys, values) => {
                let key = match keys {
                    Keys::Bytes(keys) => keys[i] as usize,
                    Keys::Numbers(keys) => keys[i] as usize,
                };
                if key < values.len() { values.get(key) } else { "" }
            }
        }
    }

    /// What a function makes of each text; asked once a value of a dictionary, and once a
    /// run of equal texts. Where a key leads nowhere, what it makes of an empty text.
    pub(super) fn each<T: Copy>(&self, of: impl Fn(&str) -> T) -> Vec<T> {
        match self {
            Texts::Keyed(keys, values) => {
                let of_value: Vec<T> = (0..values.len()).map(|i| of(values.get(i))).collect();
                let nowhere = of("");
                let one = |k: usize| of_value.get(k).copied().unwrap_or(nowhere);
                match keys {
                    Keys::Bytes(keys) => {
                        let table: [T; 256] = std::array::from_fn(one);
                        keys.iter().map(|k| table[*k as usize]).collect()
                    }
                    Keys::Numbers(keys) => keys.iter().map(|k| one(*k as usize)).collect(),
                }
            }
            plain => {
                // Neighbors are often alike.
                let (mut last, mut made) = ("", of(""));
                let each = (0..plain.len()).map(|i| {
                    let text = plain.get(i);
                    if text != last {
                        (last, made) = (text, of(text));
                    }
                    made
                });
                each.collect()
            }
        }
    }

    /// A code per text: its number among the constants, or 0.
    pub(super) fn codes(&self, constants: &HashMap<Box<str>, u16>) -> Vec<u16> {
        self.each(|t| constants.get(t).copied().unwrap_or(0))
    }
}

/// Keys of a dictionary.
#[derive(Debug, Clone)]
pub(super) enum Keys {
    Bytes(ScalarBuffer<u8>),
    Numbers(Vec<u32>),
}

/// Keys of a dictionary array as numbers, and its values.
fn keys_of(array: &dyn Array) -> Option<(Keys, ArrayRef)> {
    if let Some(d) = array.as_dictionary_opt::<UInt8Type>() {
        return Some((Keys::Bytes(d.keys().values().clone()), d.values().clone()));
    }
    macro_rules! keys {
        ($($key:ident => $native:ident),*) => {
            match array.data_type() {
                $(DataType::Dictionary(k, _) if **k == DataType::$key => {
                    let d = array.as_dictionary::<$native>();
                    let number = |k: &<$native as ArrowPrimitiveType>::Native| {
                        // A null's key may be anything.
                        u32::try_from(*k).unwrap_or(u32::MAX)
                    };
                    let keys = d.keys().values().iter().map(number).collect();
                    Some((Keys::Numbers(keys), d.values().clone()))
                })*
                _ => None,
            }
        };
    }
    keys!(Int8 => Int8Type, Int16 => Int16Type, Int32 => Int32Type, Int64 => Int64Type,
          UInt16 => UInt16Type, UInt32 => UInt32Type, UInt64 => UInt64Type)
}

/// Where a column stands and how it is read.
pub(super) struct Reading<'a> {
    /// Its name in messages.
    pub column: &'a str,
    pub kind: &'a Kind,
    pub unseen: Unseen,
    /// The row of the batch that a value belongs to.
    pub row_of: &'a dyn Fn(usize) -> usize,
}

/// The Arrow types in which a fact of a kind may come, for messages.
pub(super) fn wanted(kind: &Kind) -> &'static str {
    match kind {
        Kind::Bool => "Boolean",
        Kind::Int(_) => "Int32 (or another whole number)",
        Kind::Enum(_) => "Dictionary(UInt8, Utf8) (or Utf8, or other keys)",
        Kind::Date => "Date32",
        Kind::Instant => "Timestamp(Second, UTC) (or another unit, with a zone)",
        Kind::Text => "Utf8 (or a dictionary of it)",
    }
}

/// True if a column of that type can carry a fact of that kind.
pub(super) fn fits(kind: &Kind, data_type: &DataType) -> bool {
    use DataType::*;
    let is_text = |t: &DataType| matches!(t, Utf8 | LargeUtf8 | Utf8View);
    match kind {
        Kind::Bool => *data_type == Boolean,
        Kind::Int(_) => {
            matches!(data_type, Int8 | Int16 | Int32 | Int64 | UInt8 | UInt16 | UInt32)
        }
        Kind::Date => *data_type == Date32,
        Kind::Instant => matches!(data_type, Timestamp(_, Some(_))),
        Kind::Enum(_) | Kind::Text => match data_type {
            Dictionary(_, values) => is_text(values),
            plain => is_text(plain),
        },
    }
}

/// Reads a column.
///
/// # Errors
/// The wrong type, or a value that its set does not have.
pub(super) fn read(
    array: &ArrayRef,
    reading: &Reading<'_>,
    problems: &mut Vec<ColumnProblem>,
) -> Result<Column, ColumnError> {
    let wrong = || ColumnError::WrongType {
        column: reading.column.to_owned(),
        found: array.data_type().to_string(),
        wanted: wanted(reading.kind).to_owned(),
    };
    if !fits(reading.kind, array.data_type()) {
        return Err(wrong());
    }
    let mut nulls = array.logical_nulls().filter(|n| n.null_count() > 0);
    let values = match reading.kind {
        Kind::Bool => Values::Bits(array.as_boolean().values().clone()),
        Kind::Int(_) => whole_numbers(array).ok_or_else(wrong)?,
        Kind::Date => {
            Values::I32(Buffer::Shared(array.as_primitive::<Date32Type>().values().clone()))
        }
        Kind::Instant => Values::I64(seconds(array).ok_or_else(wrong)?),
        Kind::Text => Values::Text(Texts::of(array).ok_or_else(wrong)?),
        Kind::Enum(set) => {
            let codes = codes(array, set, &mut nulls, reading, problems)?;
            Values::Codes(codes.ok_or_else(wrong)?)
        }
    };
    Ok(Column { values, nulls })
}

fn whole_numbers(array: &ArrayRef) -> Option<Values> {
    macro_rules! wide {
        ($t:ident) => {
            Values::I32(Buffer::Own(
                array.as_primitive::<$t>().values().iter().map(|v| i32::from(*v)).collect(),
            ))
        };
    }
    Some(match array.data_type() {
        DataType::Int32 => {
            Values::I32(Buffer::Shared(array.as_primitive::<Int32Type>().values().clone()))
        }
        DataType::Int64 => {
            Values::I64(Buffer::Shared(array.as_primitive::<Int64Type>().values().clone()))
        }
        DataType::Int8 => wide!(Int8Type),
        DataType::Int16 => wide!(Int16Type),
        DataType::UInt8 => wide!(UInt8Type),
        DataType::UInt16 => wide!(UInt16Type),
        DataType::UInt32 => Values::I64(Buffer::Own(
            array.as_primitive::<UInt32Type>().values().iter().map(|v| i64::from(*v)).collect(),
        )),
        _ => return None,
    })
}

fn seconds(array: &ArrayRef) -> Option<Buffer<i64>> {
    let DataType::Timestamp(unit, _) = array.data_type() else { return None };
    let scaled = |values: &ScalarBuffer<i64>, per_second: i64| {
        Buffer::Own(values.iter().map(|v| v.div_euclid(per_second)).collect())
    };
    Some(match unit {
        TimeUnit::Second => {
            Buffer::Shared(array.as_primitive::<TimestampSecondType>().values().clone())
        }
        TimeUnit::Millisecond => {
            scaled(array.as_primitive::<TimestampMillisecondType>().values(), 1_000)
        }
        TimeUnit::Microsecond => {
            scaled(array.as_primitive::<TimestampMicrosecondType>().values(), 1_000_000)
        }
        TimeUnit::Nanosecond => {
            scaled(array.as_primitive::<TimestampNanosecondType>().values(), 1_000_000_000)
        }
    })
}

/// The codes of an enum column, remapped where its dictionary has another order.
fn codes(
    array: &ArrayRef,
    set: &'static EnumDef,
    nulls: &mut Option<NullBuffer>,
    reading: &Reading<'_>,
    problems: &mut Vec<ColumnProblem>,
) -> Result<Option<Buffer<u8>>, ColumnError> {
    let code = |t: &str| set.code(t).unwrap_or(UNSEEN);
    if let DataType::Dictionary(k, _) = array.data_type()
        && **k == DataType::UInt8
    {
        let d = array.as_dictionary::<UInt8Type>();
        let Some(values) = Texts::of(d.values()) else { return Ok(None) };
        let keys = d.keys().values();
        let in_order =
            (0..values.len()).all(|i| set.values.get(i).is_some_and(|v| v.0 == values.get(i)));
        if in_order {
            return Ok(Some(Buffer::Shared(keys.clone())));
        }
    }
    let Some(texts) = Texts::of(array) else { return Ok(None) };
    let codes: Vec<u8> = texts.each(code);
    unseen(&codes, &texts, set, nulls, reading, problems)?;
    Ok(Some(Buffer::Own(codes)))
}

/// Refuses or counts values that the set does not have; where counted, they become null.
fn unseen(
    codes: &[u8],
    texts: &Texts,
    set: &'static EnumDef,
    nulls: &mut Option<NullBuffer>,
    reading: &Reading<'_>,
    problems: &mut Vec<ColumnProblem>,
) -> Result<(), ColumnError> {
    let is_null = |i: usize| nulls.as_ref().is_some_and(|n| n.is_null(i));
    let wrong = |i: &usize| codes[*i] == UNSEEN && !is_null(*i);
    let Some(first) = (0..codes.len()).find(wrong) else { return Ok(()) };
    if reading.unseen == Unseen::Refuse {
        let value = texts.get(first).to_owned();
        return Err(ColumnError::UnseenValue {
            column: reading.column.to_owned(),
            row: (reading.row_of)(first),
            nearest: nearest(&value, set.values.iter().map(|(n, _)| *n)),
            value,
        });
    }
    for i in (first..codes.len()).filter(wrong) {
        count(problems, reading.column, texts.get(i));
    }
    let valid = BooleanBuffer::collect_bool(codes.len(), |i| codes[i] != UNSEEN && !is_null(i));
    *nulls = Some(NullBuffer::new(valid));
    Ok(())
}

/// Different values that are counted one by one; a column of free text has millions.
const VALUES_MAX: usize = 100;
/// What the others are counted under.
const OTHERS: &str = "(other values)";

fn count(problems: &mut Vec<ColumnProblem>, column: &str, value: &str) {
    let at = |problems: &[ColumnProblem], value: &str| {
        problems.iter().position(|p| p.column == column && p.value == value)
    };
    let full = problems.len() >= VALUES_MAX;
    match at(problems, value).or_else(|| at(problems, OTHERS).filter(|_| full)) {
        Some(i) => problems[i].count += 1,
        None => {
            let value = if full { OTHERS } else { value };
            let (column, value) = (column.to_owned(), value.to_owned());
            problems.push(ColumnProblem { column, value, count: 1 });
        }
    }
}

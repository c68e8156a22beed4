//! One field of the structs in a list: its pages, and what was read of them.

use super::runs;
use super::{Read, damaged};
use arrow_array::{ArrayRef, BooleanArray, Date32Array, DictionaryArray, Int32Array};
use arrow_array::{StringArray, UInt8Array};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};
use arrow_schema::DataType;
use parquet::basic::{Encoding, Type as PhysicalType};
use parquet::column::page::{Page, PageReader};
use std::sync::Arc;

/// The bit of a level that says that a row starts here; the others are the definition level.
pub(super) const STARTS: u8 = 0x80;

/// Most values of a page: a few bytes may claim billions.
const PAGE_VALUES_MAX: usize = 1 << 26;

/// What the definition levels of a list column mean.
#[derive(Debug, Clone, Copy)]
pub(super) struct Depths {
    /// From here on the list is there, though it may be empty.
    pub list: u8,
    /// From here on there is an element, though it may be null.
    pub element: u8,
    /// From here on the element's struct is not null.
    pub item: u8,
}

impl Depths {
    /// A level without what it says of the field itself.
    pub fn of_struct(self, level: u8) -> u8 {
        level & STARTS | (level & !STARTS).min(self.item)
    }

    /// True where levels, without what they say of the field itself, are those of a shape.
    pub fn is_shape_of(self, shape: &[u8], levels: &[u8]) -> bool {
        // By short stretches without an early end, so that many are compared at once.
        let differ = |(a, b): (&[u8], &[u8])| {
            a.iter().zip(b).fold(0, |any, (a, b)| any | (a ^ self.of_struct(*b))) != 0
        };
        shape.len() == levels.len() && !shape.chunks(128).zip(levels.chunks(128)).any(differ)
    }
}

/// A field's kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Boolean,
    Int32,
    Date32,
    /// Codes of one byte into texts.
    Code,
}

impl Kind {
    pub fn of(arrow: &DataType) -> Option<Kind> {
        Some(match arrow {
            DataType::Boolean => Kind::Boolean,
            DataType::Int32 => Kind::Int32,
            DataType::Date32 => Kind::Date32,
            DataType::Dictionary(key, value)
                if **key == DataType::UInt8 && **value == DataType::Utf8 =>
            {
                Kind::Code
            }
            _ => return None,
        })
    }

    /// How Parquet holds it.
    pub fn physical(self) -> PhysicalType {
        match self {
            Kind::Boolean => PhysicalType::BOOLEAN,
            Kind::Int32 | Kind::Date32 => PhysicalType::INT32,
            Kind::Code => PhysicalType::BYTE_ARRAY,
        }
    }
}

/// The dictionary of a chunk.
enum Dictionary {
    None,
    Texts(Arc<StringArray>),
    Numbers(Vec<i32>),
}

/// A field with what was read of it and not yet given out.
pub(super) struct Leaf {
    pages: Box<dyn PageReader>,
    kind: Kind,
    depth_max: u8,
    dictionary: Dictionary,
    ended: bool,
    /// One for every element and every list without any.
    levels: Vec<u8>,
    levels_at: usize,
    /// Values that are not null: booleans and codes as bytes.
    bytes: Vec<u8>,
    words: Vec<i32>,
    values_at: usize,
    indices: Vec<u32>,
}

impl Leaf {
    pub fn new(pages: Box<dyn PageReader>, kind: Kind, depth_max: u8) -> Leaf {
        Leaf {
            pages,
            kind,
            depth_max,
            dictionary: Dictionary::None,
            ended: false,
            levels: Vec::new(),
            levels_at: 0,
            bytes: Vec::new(),
            words: Vec::new(),
            values_at: 0,
            indices: Vec::new(),
        }
    }

    /// The levels of the next `rows` rows, or of fewer where the chunk ends.
    pub fn rows(&mut self, rows: usize) -> Read<&[u8]> {
        // A row is whole only when the next one starts.
        while !self.ended && starts(&self.levels[self.levels_at..]) <= rows {
            self.page()?;
        }
        let levels = &self.levels[self.levels_at..];
        if levels.first().is_some_and(|l| l & STARTS == 0) {
            return Err(damaged("does not start with a row"));
        }
        let mut slots = 0;
        let mut left = rows + 1;
        // Whole stretches first, then the one in which the last row ends.
        for stretch in levels.chunks(256) {
            let here = starts(stretch);
            if here < left {
                left -= here;
                slots += stretch.len();
                continue;
            }
            let mut places = stretch.iter().enumerate().filter(|(_, l)| **l & STARTS != 0);
            slots += places.nth(left - 1).map_or(stretch.len(), |(i, _)| i);
            break;
        }
        Ok(&levels[..slots])
    }

    /// The values of the next `slots` levels, of which `elements` are elements of lists.
    pub fn values(&mut self, slots: usize, elements: usize, depths: Depths) -> Read<ArrayRef> {
        let levels = &self.levels[self.levels_at..self.levels_at + slots];
        let count = counted(levels, |l| l & !STARTS == self.depth_max);
        let nulls = (count < elements).then(|| {
            let elements = levels.iter().map(|l| l & !STARTS).filter(|d| *d >= depths.element);
            let valid: Vec<u8> = elements.map(|d| u8::from(d == self.depth_max)).collect();
            NullBuffer::new(bits(&valid))
        });
        let at = self.values_at;
        let held = if self.is_words() { self.words.len() } else { self.bytes.len() };
        if held < at + count {
            return Err(damaged("has fewer values than its levels say"));
        }
        self.levels_at += slots;
        self.values_at += count;
        let array: ArrayRef = match self.kind {
            Kind::Boolean => {
                let values = spread(&self.bytes[at..at + count], nulls.as_ref());
                Arc::new(BooleanArray::new(bits(&values), nulls))
            }
            Kind::Code => {
                let codes = spread(&self.bytes[at..at + count], nulls.as_ref());
                let texts = match &self.dictionary {
                    Dictionary::Texts(texts) => Arc::clone(texts),
                    _ => Arc::new(StringArray::new_null(0)),
                };
                let codes = UInt8Array::new(codes.into(), nulls);
                Arc::new(DictionaryArray::try_new(codes, texts)?)
            }
            Kind::Int32 | Kind::Date32 => {
                let words = spread(&self.words[at..at + count], nulls.as_ref()).into();
                if self.kind == Kind::Int32 {
                    Arc::new(Int32Array::new(words, nulls))
                } else {
                    Arc::new(Date32Array::new(words, nulls))
                }
            }
        };
        Ok(array)
    }

    /// True where nothing is left.
    pub fn is_at_end(&mut self) -> Read<bool> {
        while !self.ended && self.levels_at == self.levels.len() {
            self.page()?;
        }
        Ok(self.levels_at == self.levels.len())
    }

    fn is_words(&self) -> bool {
        matches!(self.kind, Kind::Int32 | Kind::Date32)
    }

    /// Reads the next page; what was given out before makes room.
    fn page(&mut self) -> Read<()> {
        self.levels.drain(..std::mem::take(&mut self.levels_at));
        let used = std::mem::take(&mut self.values_at);
        if self.is_words() {
            self.words.drain(..used);
        } else {
            self.bytes.drain(..used);
        }
        match self.pages.get_next_page()? {
            None => {
                self.ended = true;
                Ok(())
            }
            Some(Page::DictionaryPage { buf, num_values, .. }) => {
                self.dictionary(&buf, num_values as usize)
            }
            Some(Page::DataPage { buf, num_values, encoding, .. }) => {
                let (rep, rest) = prefixed(&buf)?;
                let (def, values) = prefixed(rest)?;
                self.data(num_values as usize, rep, def, values, encoding)
            }
            Some(Page::DataPageV2 {
                buf,
                num_values,
                encoding,
                def_levels_byte_len,
                rep_levels_byte_len,
                ..
            }) => {
                let (rep, rest) = split(&buf, rep_levels_byte_len as usize)?;
                let (def, values) = split(rest, def_levels_byte_len as usize)?;
                self.data(num_values as usize, rep, def, values, encoding)
            }
        }
    }

    fn dictionary(&mut self, page: &[u8], count: usize) -> Read<()> {
        self.dictionary = match self.kind {
            Kind::Boolean => return Err(damaged("has a dictionary of booleans")),
            Kind::Code => {
                let mut texts = Vec::new();
                let mut rest = page;
                for _ in 0..count {
                    let (text, after) = prefixed(rest)?;
                    texts.push(std::str::from_utf8(text).map_err(|_| damaged("is not UTF-8"))?);
                    rest = after;
                }
                Dictionary::Texts(Arc::new(StringArray::from(texts)))
            }
            Kind::Int32 | Kind::Date32 => Dictionary::Numbers(plain(page, count)?.collect()),
        };
        Ok(())
    }

    fn data(
        &mut self,
        slots: usize,
        rep: &[u8],
        def: &[u8],
        values: &[u8],
        encoding: Encoding,
    ) -> Read<()> {
        if slots > PAGE_VALUES_MAX {
            return Err(damaged("has a page of more than 67 million values"));
        }
        let first = self.levels.len();
        let width_bits = 8 - self.depth_max.leading_zeros() as u8;
        runs::bytes(def, width_bits, slots, &mut self.levels)?;
        let levels = &mut self.levels[first..];
        if counted(levels, |l| l > self.depth_max) > 0 {
            return Err(damaged("has a level that is too deep"));
        }
        let count = counted(levels, |l| l == self.depth_max);
        let mut repeats = Vec::new();
        runs::bytes(rep, 1, slots, &mut repeats)?;
        levels.iter_mut().zip(repeats).for_each(|(l, r)| *l |= STARTS * (1 - (r & 1)));
        match (self.kind, encoding) {
            (Kind::Boolean, Encoding::PLAIN) => {
                let (packed, _) = split(values, count.div_ceil(8))?;
                runs::unpack_bytes(packed, 1, count, &mut self.bytes);
                Ok(())
            }
            (Kind::Boolean, Encoding::RLE) => {
                let (packed, _) = prefixed(values)?;
                runs::bytes(packed, 1, count, &mut self.bytes)
            }
            (Kind::Int32 | Kind::Date32, Encoding::PLAIN) => {
                self.words.extend(plain(values, count)?);
                Ok(())
            }
            (_, Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY) => {
                self.indexed(values, count)
            }
            _ => Err(damaged(&format!("has a page in the encoding {encoding}"))),
        }
    }

    /// Values by their index in the dictionary; the first byte says how wide an index is.
    fn indexed(&mut self, values: &[u8], count: usize) -> Read<()> {
        if count == 0 {
            return Ok(());
        }
        let outside = || damaged("has an index outside of its dictionary");
        let (&width_bits, packed) = values.split_first().ok_or_else(outside)?;
        match &self.dictionary {
            // A dictionary of up to 256 texts; an index beyond them is refused with the array.
            Dictionary::Texts(_) if width_bits <= 8 => {
                runs::bytes(packed, width_bits, count, &mut self.bytes)
            }
            Dictionary::Numbers(numbers) => {
                self.indices.clear();
                runs::words(packed, width_bits, count, &mut self.indices)?;
                let last = self.indices.iter().max().copied().unwrap_or(0);
                if last as usize >= numbers.len() {
                    return Err(outside());
                }
                self.words.extend(self.indices.iter().map(|i| numbers[*i as usize]));
                Ok(())
            }
            _ => Err(outside()),
        }
    }
}

/// Rows that start among levels.
pub(super) fn starts(levels: &[u8]) -> usize {
    counted(levels, |l| l & STARTS != 0)
}

fn counted(levels: &[u8], is: impl Fn(u8) -> bool) -> usize {
    // By short stretches, so that their sums are bytes and many are made at once.
    let of = |stretch: &[u8]| usize::from(stretch.iter().map(|l| u8::from(is(*l))).sum::<u8>());
    levels.chunks(128).map(of).sum()
}

/// Bytes of 0 and 1 as bits.
pub(super) fn bits(bytes: &[u8]) -> BooleanBuffer {
    // Every byte's lowest bit moves to its own place in the highest byte.
    let pack = |eight: [u8; 8]| {
        (u64::from_le_bytes(eight).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8
    };
    let (whole, rest) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let mut packed: Vec<u8> = whole.iter().map(|eight| pack(*eight)).collect();
    packed.push(pack(last));
    BooleanBuffer::new(Buffer::from_vec(packed), 0, bytes.len())
}

/// The values with a default at every null.
fn spread<T: Copy + Default>(values: &[T], nulls: Option<&NullBuffer>) -> Vec<T> {
    let Some(nulls) = nulls else { return values.to_vec() };
    let mut out = vec![T::default(); nulls.len()];
    nulls.valid_indices().zip(values).for_each(|(at, value)| out[at] = *value);
    out
}

fn plain(values: &[u8], count: usize) -> Read<impl Iterator<Item = i32>> {
    let bytes = count.checked_mul(4).ok_or_else(|| damaged("has too many values"))?;
    let (values, _) = split(values, bytes)?;
    Ok(values.chunks_exact(4).map(|b| i32::from_le_bytes([b[0], b[1], b[2], b[3]])))
}

/// Bytes after their length in four.
fn prefixed(bytes: &[u8]) -> Read<(&[u8], &[u8])> {
    let (length, rest) = split(bytes, 4)?;
    split(rest, u32::from_le_bytes([length[0], length[1], length[2], length[3]]) as usize)
}

fn split(bytes: &[u8], at: usize) -> Read<(&[u8], &[u8])> {
    bytes.split_at_checked(at).ok_or_else(|| damaged("has a page that is cut off"))
}

//! Numbers in Parquet's hybrid of repeated and bit-packed runs.
//!
//! Source: Apache Parquet format, Encodings.md, "Run Length Encoding / Bit-Packing Hybrid".

use super::{Read, damaged};

/// Widest number of a level or of a dictionary's index.
const WIDTH_MAX: u8 = 32;

/// One run.
enum Run<'a> {
    /// One number, so many times.
    Repeated(u32, usize),
    /// So many numbers, packed from the lowest bit on.
    Packed(&'a [u8], usize),
}

/// The runs of some bytes.
struct Runs<'a> {
    bytes: &'a [u8],
    width_bits: u8,
    left: usize,
}

impl<'a> Runs<'a> {
    fn next(&mut self) -> Read<Option<Run<'a>>> {
        if self.left == 0 {
            return Ok(None);
        }
        let (mut header, mut shift) = (0_u64, 0);
        loop {
            let (byte, rest) = self.bytes.split_first().ok_or_else(cut)?;
            self.bytes = rest;
            header |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
            if shift > 56 {
                return Err(damaged("a run is too long"));
            }
        }
        let width = usize::from(self.width_bits);
        // A run may be longer than what is wanted of it: packed numbers come by eight.
        if header & 1 == 1 {
            let count = usize::try_from(header >> 1).map_err(|_| cut())?.saturating_mul(8);
            let count = count.min(self.left);
            let needed = (count * width).div_ceil(8);
            // The last run of a page may lack the padding of its last eight.
            let taken = (count.div_ceil(8) * width).min(self.bytes.len());
            if taken < needed {
                return Err(cut());
            }
            let (packed, rest) = self.bytes.split_at(taken);
            self.bytes = rest;
            self.left -= count;
            return Ok(Some(Run::Packed(packed, count)));
        }
        let size = width.div_ceil(8);
        if self.bytes.len() < size {
            return Err(cut());
        }
        let (number, rest) = self.bytes.split_at(size);
        self.bytes = rest;
        let number = number.iter().rev().fold(0, |n, b| n << 8 | u32::from(*b));
        let count = usize::try_from(header >> 1).map_err(|_| cut())?.min(self.left);
        if count == 0 {
            return Err(damaged("a run of nothing"));
        }
        self.left -= count;
        Ok(Some(Run::Repeated(number, count)))
    }
}

fn cut() -> parquet::errors::ParquetError {
    damaged("a page ends before its numbers do")
}

/// Appends `count` numbers that a byte holds, of which `width_bits` is at most 8.
pub(super) fn bytes(packed: &[u8], width_bits: u8, count: usize, out: &mut Vec<u8>) -> Read<()> {
    let end = out.len() + count;
    let mut runs = Runs { bytes: packed, width_bits, left: count };
    while let Some(run) = runs.next()? {
        match run {
            Run::Repeated(number, n) => {
                let number = u8::try_from(number).map_err(|_| damaged("a number is too large"))?;
                out.resize(out.len() + n, number);
            }
            Run::Packed(packed, n) => unpack_bytes(packed, width_bits, n, out),
        }
    }
    debug_assert_eq!(out.len(), end);
    Ok(())
}

/// Appends `count` numbers of up to 32 bits.
pub(super) fn words(packed: &[u8], width_bits: u8, count: usize, out: &mut Vec<u32>) -> Read<()> {
    if width_bits > WIDTH_MAX {
        return Err(damaged("an index is wider than 32 bits"));
    }
    let mut runs = Runs { bytes: packed, width_bits, left: count };
    while let Some(run) = runs.next()? {
        match run {
            Run::Repeated(number, n) => out.resize(out.len() + n, number),
            Run::Packed(packed, n) => unpack_words(packed, width_bits, n, out),
        }
    }
    Ok(())
}

/// Appends packed numbers of at most 8 bits.
pub(super) fn unpack_bytes(packed: &[u8], width_bits: u8, count: usize, out: &mut Vec<u8>) {
    let first = out.len();
    // The last eight may be padding; they are cut off again.
    out.resize(first + count.next_multiple_of(8), 0);
    let into = &mut out[first..];
    match width_bits {
        0 => {}
        1 => eights::<1>(packed, into),
        2 => eights::<2>(packed, into),
        3 => eights::<3>(packed, into),
        4 => eights::<4>(packed, into),
        5 => eights::<5>(packed, into),
        6 => eights::<6>(packed, into),
        7 => eights::<7>(packed, into),
        _ => eights::<8>(packed, into),
    }
    out.truncate(first + count);
}

/// Eight numbers at a time: eight of `WIDTH` bits are `WIDTH` bytes.
fn eights<const WIDTH: usize>(packed: &[u8], out: &mut [u8]) {
    let (whole, rest) = packed.as_chunks::<WIDTH>();
    let mut places = out.as_chunks_mut::<8>().0.iter_mut();
    whole.iter().zip(&mut places).for_each(|(bytes, eight)| *eight = spread(bytes));
    if let Some(last) = places.next() {
        let mut padded = [0; WIDTH];
        padded[..rest.len()].copy_from_slice(rest);
        *last = spread(&padded);
    }
}

/// Eight numbers of `WIDTH` bits as bytes: the halves of the word are moved apart, then the
/// halves of its halves, then those of its quarters.
fn spread<const WIDTH: usize>(bytes: &[u8; WIDTH]) -> [u8; 8] {
    let low = |bits: usize| u64::MAX >> (64 - bits);
    let mut word = [0; 8];
    word[..WIDTH].copy_from_slice(bytes);
    let mut word = u64::from_le_bytes(word);
    word = (word & low(4 * WIDTH)) | (word >> (4 * WIDTH) & low(4 * WIDTH)) << 32;
    let pairs = low(2 * WIDTH) * 0x0000_0001_0000_0001;
    word = (word & pairs) | (word >> (2 * WIDTH) & pairs) << 16;
    let ones = low(WIDTH) * 0x0001_0001_0001_0001;
    word = (word & ones) | (word >> WIDTH & ones) << 8;
    word.to_le_bytes()
}

fn unpack_words(packed: &[u8], width_bits: u8, count: usize, out: &mut Vec<u32>) {
    let (width, end) = (usize::from(width_bits), out.len() + count);
    if width == 0 {
        return out.resize(end, 0);
    }
    let mask = u64::MAX >> (64 - width);
    out.reserve(count.next_multiple_of(8));
    for eight in packed.chunks(width) {
        // As many bytes again, so that a load of eight never runs over.
        let mut padded = [0; 2 * WIDTH_MAX as usize];
        padded[..eight.len()].copy_from_slice(eight);
        for k in 0..8 {
            let at = k * width / 8;
            let mut word = [0; 8];
            word.copy_from_slice(&padded[at..at + 8]);
            let number = u64::from_le_bytes(word) >> (k * width % 8) & mask;
            out.push(number as u32);
        }
    }
    out.resize(end, 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_runs_in_both_widths() {
        // Five threes, then eight numbers of three bits: the standard's own example, 0 to 7.
        let packed = [5 << 1, 3, 1 << 1 | 1, 0b1000_1000, 0b1100_0110, 0b1111_1010];
        let expected = [3, 3, 3, 3, 3, 0, 1, 2, 3, 4, 5, 6, 7];
        for count in 0..=expected.len() {
            let (mut narrow, mut wide) = (Vec::new(), Vec::new());
            bytes(&packed, 3, count, &mut narrow).unwrap();
            words(&packed, 3, count, &mut wide).unwrap();
            assert_eq!(narrow, expected[..count]);
            assert_eq!(wide, narrow.iter().map(|b| u32::from(*b)).collect::<Vec<_>>());
        }
        assert!(bytes(&packed, 3, 14, &mut Vec::new()).is_err(), "one more than there are");
        assert!(bytes(&packed[..5], 3, 13, &mut Vec::new()).is_err(), "a byte less");
        assert!(bytes(&[0, 1], 3, 1, &mut Vec::new()).is_err(), "a run of nothing");
        assert!(bytes(&[0xff; 12], 3, 1, &mut Vec::new()).is_err(), "an endless header");
    }

    #[test]
    fn every_width_gives_back_what_was_packed() {
        for width in 1..=32_u8 {
            let mask = u32::MAX >> (32 - width);
            let numbers: Vec<u32> =
                (0..24_u32).map(|i| i.wrapping_mul(2_654_435_761) & mask).collect();
            let mut packed = vec![3 << 1 | 1];
            let mut bits = 0_u128;
            for eight in numbers.chunks(8) {
                let mut held = 0;
                for number in eight {
                    bits |= u128::from(*number) << held;
                    held += u32::from(width);
                    while held >= 8 {
                        packed.push(bits as u8);
                        bits >>= 8;
                        held -= 8;
                    }
                }
            }
            let mut out = Vec::new();
            words(&packed, width, 24, &mut out).unwrap();
            assert_eq!(out, numbers, "{width} bits");
            if width <= 8 {
                let mut out = Vec::new();
                bytes(&packed, width, 24, &mut out).unwrap();
                assert!(out.iter().zip(&numbers).all(|(a, b)| u32::from(*a) == *b));
            }
        }
    }
}

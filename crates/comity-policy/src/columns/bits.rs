//! Bitmaps of a block, 64 lanes a word, and the packing of tests into them.

use super::node::Order;
use arrow_buffer::BooleanBuffer;
use arrow_buffer::bit_chunk_iterator::BitChunks;
use std::ops::Range;
use wide::{i32x4, u8x16, u16x8};

/// Lanes of a word.
pub(super) const LANES: usize = 64;

/// Words for some lanes.
pub(super) fn words_for(lanes: usize) -> usize {
    lanes.div_ceil(LANES)
}

/// What a bitmap is, without its words where it is the same everywhere.
#[derive(Debug, Clone, Copy)]
pub(super) enum View<'a> {
    Zeros,
    Ones,
    /// Words, each to be flipped by the mask.
    Words(&'a [u64], u64),
}

impl View<'_> {
    #[inline]
    pub(super) fn word(self, w: usize) -> u64 {
        match self {
            View::Zeros => 0,
            View::Ones => u64::MAX,
            View::Words(words, flip) => words[w] ^ flip,
        }
    }

    pub(super) fn bit(self, lane: usize) -> bool {
        self.word(lane / LANES) >> (lane % LANES) & 1 == 1
    }

    #[must_use]
    pub(super) fn flipped(self) -> Self {
        match self {
            View::Zeros => View::Ones,
            View::Ones => View::Zeros,
            View::Words(words, flip) => View::Words(words, !flip),
        }
    }
}

/// Calls back with every set bit of the lanes.
#[inline]
pub(super) fn each_set(view: View<'_>, lanes: usize, mut visit: impl FnMut(usize)) {
    if matches!(view, View::Zeros) {
        return;
    }
    for w in 0..words_for(lanes) {
        let mut word = view.word(w) & tail(w, lanes);
        while word != 0 {
            visit(w * LANES + word.trailing_zeros() as usize);
            word &= word - 1;
        }
    }
}

/// The lanes of a word that exist.
#[inline]
pub(super) fn tail(w: usize, lanes: usize) -> u64 {
    let rest = lanes - (w * LANES).min(lanes);
    if rest >= LANES { u64::MAX } else { (1 << rest) - 1 }
}

/// True if no lane is set.
pub(super) fn is_zero(words: &[u64]) -> bool {
    words.iter().fold(0, |a, w| a | w) == 0
}

/// Copies bits of a buffer.
pub(super) fn copy(from: &BooleanBuffer, range: Range<usize>, out: &mut Vec<u64>) {
    let chunks = BitChunks::new(from.values(), from.offset() + range.start, range.len());
    out.clear();
    out.extend(chunks.iter());
    if chunks.remainder_len() > 0 {
        out.push(chunks.remainder_bits());
    }
}

/// A bit for every lane.
pub(super) fn collect(lanes: usize, out: &mut Vec<u64>, bit: impl Fn(usize) -> bool) {
    out.clear();
    for start in (0..lanes).step_by(LANES) {
        let mut word = 0;
        for lane in start..(start + LANES).min(lanes) {
            word |= u64::from(bit(lane)) << (lane - start);
        }
        out.push(word);
    }
}

/// Packs a test of chunks of values, the last chunk filled up with its first values' type's
/// default; the bits beyond the end mean nothing.
#[inline]
fn pack<T: Copy + Default>(values: &[T], out: &mut Vec<u64>, word: impl Fn(&[T; LANES]) -> u64) {
    out.clear();
    let (whole, rest) = values.as_chunks::<LANES>();
    out.extend(whole.iter().map(&word));
    if !rest.is_empty() {
        let mut last = [T::default(); LANES];
        last[..rest.len()].copy_from_slice(rest);
        out.push(word(&last));
    }
}

/// The same for two columns.
#[inline]
fn pack_two<T: Copy + Default>(
    a: &[T],
    b: &[T],
    out: &mut Vec<u64>,
    word: impl Fn(&[T; LANES], &[T; LANES]) -> u64,
) {
    out.clear();
    let ((whole_a, rest_a), (whole_b, rest_b)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    out.extend(whole_a.iter().zip(whole_b).map(|(a, b)| word(a, b)));
    if !rest_a.is_empty() {
        let (mut last_a, mut last_b) = ([T::default(); LANES], [T::default(); LANES]);
        last_a[..rest_a.len()].copy_from_slice(rest_a);
        last_b[..rest_b.len()].copy_from_slice(rest_b);
        out.push(word(&last_a, &last_b));
    }
}

#[inline]
fn mask_of(chunk: &[u8; LANES], test: impl Fn(u8x16) -> u8x16) -> u64 {
    let (parts, _) = chunk.as_chunks::<16>();
    let mut word = 0;
    for (i, part) in parts.iter().enumerate() {
        word |= u64::from(test(u8x16::new(*part)).to_bitmask()) << (16 * i);
    }
    word
}

/// Codes equal to one.
pub(super) fn code_is(codes: &[u8], wanted: u8, out: &mut Vec<u64>) {
    let wanted = u8x16::splat(wanted);
    pack(codes, out, |c| mask_of(c, |v| v.simd_eq(wanted)));
}

/// For every code, a byte that says in which of up to eight sets it is.
pub(super) fn classes(codes: &[u8], sets: &[u128], out: &mut Vec<u8>) {
    let mut table = [0_u8; 256];
    for (code, entry) in table.iter_mut().enumerate().take(128) {
        for (bit, set) in sets.iter().enumerate() {
            *entry |= ((set >> code & 1) as u8) << bit;
        }
    }
    out.clear();
    out.extend(codes.iter().map(|code| table[*code as usize]));
}

/// Bytes that have a bit.
pub(super) fn has_bit(bytes: &[u8], bit: usize, out: &mut Vec<u64>) {
    let bit = u8x16::splat(1 << bit);
    pack(bytes, out, |c| mask_of(c, |v| (v & bit).simd_eq(bit)));
}

/// Bytes that are 0 or 1.
#[inline]
fn pack_bytes(bytes: &[u8; LANES]) -> u64 {
    let zero = u8x16::splat(0);
    mask_of(bytes, |v| v.simd_gt(zero))
}

/// Codes that are the same in two columns.
pub(super) fn same_code(a: &[u8], b: &[u8], out: &mut Vec<u64>) {
    pack_two(a, b, out, |a, b| {
        let mut same = [0_u8; LANES];
        for i in 0..LANES {
            same[i] = u8::from(a[i] == b[i]);
        }
        pack_bytes(&same)
    });
}

/// Text codes equal to one.
pub(super) fn text_is(codes: &[u16], wanted: u16, out: &mut Vec<u64>) {
    let wanted = u16x8::splat(wanted);
    pack(codes, out, |c| {
        let (parts, _) = c.as_chunks::<8>();
        let mut word = 0;
        for (i, part) in parts.iter().enumerate() {
            let same = u16x8::new(*part).simd_eq(wanted);
            word |= u64::from(same.to_bitmask()) << (8 * i);
        }
        word
    });
}

/// Numbers against a constant.
pub(super) fn against(values: &[i32], order: Order, n: i64, out: &mut Vec<u64>) {
    let Ok(k) = i32::try_from(n) else {
        // Beyond every value of the column.
        let always = order != Order::Eq && n > 0;
        out.clear();
        out.resize(words_for(values.len()), if always { u64::MAX } else { 0 });
        return;
    };
    let k = i32x4::splat(k);
    match order {
        Order::Eq => pack(values, out, |c| four(c, |v| v.simd_eq(k))),
        Order::Lt => pack(values, out, |c| four(c, |v| v.simd_lt(k))),
        Order::Le => pack(values, out, |c| !four(c, |v| v.simd_gt(k))),
    }
}

/// Sixteen comparisons at a time, narrowed to bytes.
#[inline]
fn four(chunk: &[i32; LANES], test: impl Fn(i32x4) -> i32x4) -> u64 {
    let (parts, _) = chunk.as_chunks::<16>();
    let mut word = 0;
    for (i, part) in parts.iter().enumerate() {
        let (p, _) = part.as_chunks::<4>();
        let masks = [p[0], p[1], p[2], p[3]].map(|p| test(i32x4::new(p)));
        word |= narrow(masks) << (16 * i);
    }
    word
}

/// A bit for each of sixteen masks.
#[inline]
fn narrow([a, b, c, d]: [i32x4; 4]) -> u64 {
    u64::from(a.to_bitmask())
        | u64::from(b.to_bitmask()) << 4
        | u64::from(c.to_bitmask()) << 8
        | u64::from(d.to_bitmask()) << 12
}

/// Numbers of two columns.
pub(super) fn both(a: &[i32], order: Order, b: &[i32], out: &mut Vec<u64>) {
    #[inline]
    fn two(a: &[i32; LANES], b: &[i32; LANES], test: impl Fn(i32x4, i32x4) -> i32x4) -> u64 {
        let ((a, _), (b, _)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
        let mut word = 0;
        for (i, (a, b)) in a.iter().zip(b).enumerate() {
            word |= u64::from(test(i32x4::new(*a), i32x4::new(*b)).to_bitmask()) << (4 * i);
        }
        word
    }
    match order {
        Order::Eq => pack_two(a, b, out, |a, b| two(a, b, |a, b| a.simd_eq(b))),
        Order::Lt => pack_two(a, b, out, |a, b| two(a, b, |a, b| a.simd_lt(b))),
        Order::Le => pack_two(a, b, out, |a, b| !two(a, b, |a, b| a.simd_gt(b))),
    }
}

/// True if the order holds.
pub(super) fn holds(order: Order, a: i64, b: i64) -> bool {
    match order {
        Order::Eq => a == b,
        Order::Lt => a < b,
        Order::Le => a <= b,
    }
}

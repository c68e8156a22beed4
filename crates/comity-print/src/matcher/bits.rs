//! In how many bits codes differ, counted with the instructions that the processor has: vectors in
//! general have none.

use super::prepared::{LANES, Parts, Surroundings, Tables};
use pulp::Simd;

/// How far one code is apart from each of 32.
#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
pub(super) struct Row(pub [u8; LANES]);

impl Row {
    /// Measures one code against those of up to 32 minutiae.
    #[inline(always)]
    pub fn measured<S: Simd>(simd: S, own: &Tables, theirs: &Parts) -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if let Some(simd) = x86::narrow(&simd) {
                return x86::measured(simd, own, theirs);
            }
        }
        _ = simd;
        let mut row = Self([0; LANES]);
        for (table, theirs) in own.0.iter().zip(&theirs.0) {
            for (sum, other) in row.0.iter_mut().zip(theirs) {
                *sum = sum.wrapping_add(table[usize::from(other % 16)]);
            }
        }
        row
    }

    /// Which of the 32 are at most so far apart.
    #[inline(always)]
    pub fn within<S: Simd>(&self, simd: S, most: u8) -> u32 {
        #[cfg(target_arch = "x86_64")]
        {
            if let Some(simd) = x86::narrow(&simd) {
                return x86::within(simd, self, most);
            }
        }
        _ = simd;
        let bits = self.0.iter().zip(0..).map(|(row, bit)| u32::from(*row <= most) << bit);
        bits.fold(0, |all, bit| all | bit)
    }
}

/// How the surroundings of two minutiae agree, in numbers of bits of [`Counts::BITS`] each.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Counts(u64);

impl Counts {
    /// No number is above 320.
    const BITS: u64 = 12;

    /// Cells that have neighbors in both, in one of both; bits of directions that differ; cells
    /// inside both, points with a direction in both.
    #[inline(always)]
    pub fn all(self) -> [u32; 5] {
        let mask = (1 << Self::BITS) - 1;
        [0, 1, 2, 3, 4].map(|k| (self.0 >> (k * Self::BITS) & mask) as u32)
    }
}

/// Counts what the surroundings of two minutiae have in common, and what not.
#[inline(always)]
pub(super) fn compared<S: Simd>(simd: S, a: &Surroundings, b: &Surroundings) -> Counts {
    #[cfg(target_arch = "x86_64")]
    {
        let simd: &dyn std::any::Any = &simd;
        if let Some(wide) = simd.downcast_ref::<pulp::x86::V4>() {
            return Counts(x86::compared_512(*wide, a, b));
        }
    }
    _ = simd;
    let ([_, valid, known, ..], [_, other_valid, other_known, ..]) = (a.second, b.second);
    let (valid, known) = (valid & other_valid, known & other_known);
    let (mut shared, mut differ, mut off) = (0, 0, 0);
    for k in 0..4 {
        off += ((a.first[k] ^ b.first[k]) & known).count_ones();
        shared += (a.first[k + 4] & b.first[k + 4]).count_ones();
        differ += ((a.first[k + 4] ^ b.first[k + 4]) & valid).count_ones();
    }
    shared += (a.second[0] & b.second[0]).count_ones();
    differ += ((a.second[0] ^ b.second[0]) & valid).count_ones();
    let counts = [shared, differ, off, valid.count_ones(), known.count_ones()];
    Counts(counts.iter().rev().fold(0, |all, count| all << Counts::BITS | u64::from(*count)))
}

/// Four bits at a time by a table in a register, and their sums (Muła and others, 2018).
#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Counts, Parts, Row, Surroundings, Tables};
    use pulp::cast;
    use pulp::x86::{V3, V4};
    use std::arch::x86_64::{__m256i, __m512i};

    /// How many bits are set in 0 to 15, in each quarter of a vector.
    const ONES: [[u8; 16]; 4] = [[0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4]; 4];
    const LOW: [u8; 64] = [0x0f; 64];

    /// The instructions of AVX2, where these vectors have them: known when this is compiled for
    /// the vectors at hand.
    #[inline(always)]
    pub fn narrow(simd: &dyn std::any::Any) -> Option<V3> {
        let wide = simd.downcast_ref::<V4>().map(|simd| **simd);
        wide.or_else(|| simd.downcast_ref::<V3>().copied())
    }

    #[inline(always)]
    pub fn measured(simd: V3, own: &Tables, theirs: &Parts) -> Row {
        let (avx, wide) = (simd.avx, simd.avx2);
        let mut sums = avx._mm256_setzero_si256();
        for (table, theirs) in own.0.iter().zip(&theirs.0) {
            let table = wide._mm256_broadcastsi128_si256(cast(*table));
            sums = wide._mm256_add_epi8(sums, wide._mm256_shuffle_epi8(table, cast(*theirs)));
        }
        Row(cast(sums))
    }

    #[inline(always)]
    pub fn within(simd: V3, row: &Row, most: u8) -> u32 {
        let (avx, wide) = (simd.avx, simd.avx2);
        let (row, most): (__m256i, __m256i) = (cast(row.0), avx._mm256_set1_epi8(most as i8));
        let within = wide._mm256_cmpeq_epi8(wide._mm256_min_epu8(row, most), row);
        wide._mm256_movemask_epi8(within) as u32
    }

    /// How many bits are set in each byte.
    #[inline(always)]
    fn ones_512(simd: V4, x: __m512i) -> __m512i {
        let (wide, bytes) = (simd.avx512f, simd.avx512bw);
        let (table, low): (__m512i, __m512i) = (cast(ONES), cast(LOW));
        let lower = wide._mm512_and_si512(x, low);
        let upper = wide._mm512_and_si512(bytes._mm512_srli_epi16::<4>(x), low);
        let [lower, upper] = [lower, upper].map(|x| bytes._mm512_shuffle_epi8(table, x));
        bytes._mm512_add_epi8(lower, upper)
    }

    /// The words of `Surroundings` at once; the numbers of [`Counts`].
    #[inline(always)]
    pub fn compared_512(simd: V4, a: &Surroundings, b: &Surroundings) -> u64 {
        const NONE: u64 = 64;
        const B: u64 = Counts::BITS;
        let (wide, bytes) = (simd.avx512f, simd.avx512bw);
        let load = |words: &[u64; 8]| -> __m512i { cast(*words) };
        let both = |x, y| wide._mm512_and_si512(x, y);
        let one = |x, y| wide._mm512_xor_si512(x, y);
        let [first, other_first] = [load(&a.first), load(&b.first)];
        let [second, other_second] = [load(&a.second), load(&b.second)];
        let (common, common_second) = (both(first, other_first), both(second, other_second));
        // Where directions are known, which cells are inside; nothing where 7 stands.
        let spread = |from: [u64; 8]| wide._mm512_permutexvar_epi64(cast(from), common_second);
        let apart = both(one(first, other_first), spread([2, 2, 2, 2, 1, 1, 1, 1]));
        let apart_second = both(one(second, other_second), spread([7, 7, 7, 1, 7, 7, 7, 7]));
        let kept = [u64::MAX, u64::MAX, u64::MAX, 0, 0, 0, 0, 0];
        let rest = wide._mm512_or_si512(both(common_second, cast(kept)), apart_second);
        let counted = |x: __m512i, to: [u64; 8]| {
            let sums = bytes._mm512_sad_epu8(ones_512(simd, x), wide._mm512_setzero_si512());
            wide._mm512_sllv_epi64(sums, cast(to))
        };
        let common = counted(common, [NONE, NONE, NONE, NONE, 0, 0, 0, 0]);
        let apart = counted(apart, [2 * B, 2 * B, 2 * B, 2 * B, B, B, B, B]);
        let rest = counted(rest, [0, 3 * B, 4 * B, B, NONE, NONE, NONE, NONE]);
        let sum = wide._mm512_add_epi64(wide._mm512_add_epi64(common, apart), rest);
        let [low, high]: [__m256i; 2] = cast(sum);
        let [p, q, r, s]: [u64; 4] = cast(simd.avx2._mm256_add_epi64(low, high));
        (p + q) + (r + s)
    }
}

#[cfg(test)]
mod tests {
    use super::super::surroundings::PARTS;
    use super::*;

    struct Measured<'a>(&'a Tables, &'a Parts, u8);

    impl pulp::WithSimd for Measured<'_> {
        type Output = ([u8; LANES], u32);

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
            let row = Row::measured(simd, self.0, self.1);
            (row.0, row.within(simd, self.2))
        }
    }

    struct Compared<'a>(&'a Surroundings, &'a Surroundings);

    impl pulp::WithSimd for Compared<'_> {
        type Output = Counts;

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> Counts {
            compared(simd, self.0, self.1)
        }
    }

    #[test]
    fn surroundings_are_counted_the_same_on_every_processor() {
        let mut state = 7_u64;
        let mut drawn = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state ^ state >> 31
        };
        let full = Surroundings { first: [u64::MAX; 8], second: [u64::MAX; 8] };
        let mut all = vec![Surroundings::default(), full];
        for _ in 0..60 {
            let (fifth, valid, known) = (drawn(), drawn() | drawn(), drawn() | drawn());
            let first = std::array::from_fn(|k| if k < 4 { drawn() } else { drawn() & valid });
            let second = [fifth & valid, valid, known, fifth & valid, 0, 0, 0, 0];
            all.push(Surroundings { first, second });
        }
        all[1].second[4..].fill(0);
        for a in &all {
            for b in &all {
                let wanted = pulp::Arch::Scalar.dispatch(Compared(a, b));
                assert_eq!(pulp::Arch::new().dispatch(Compared(a, b)), wanted);
            }
        }
        let [full, none] = [&all[1], &all[0]];
        assert_eq!(pulp::Arch::Scalar.dispatch(Compared(full, full)).all(), [320, 0, 0, 64, 64]);
        assert_eq!(pulp::Arch::Scalar.dispatch(Compared(full, none)).all(), [0; 5]);
    }

    #[test]
    fn codes_are_as_far_apart_on_every_processor() {
        let mut state = 1_u64;
        let mut drawn = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 40) as u8
        };
        for most in [0, 1, 30, 62, 64, 66, 128, 255] {
            let (mut parts, mut own) = (Parts([[0; LANES]; PARTS]), Tables([[0; 16]; PARTS]));
            parts.0.as_flattened_mut().iter_mut().for_each(|part| *part = drawn() & 15);
            own.0.as_flattened_mut().iter_mut().for_each(|apart| *apart = drawn() & 15);
            let one = |lane: usize| -> u8 {
                own.0.iter().zip(&parts.0).map(|(table, p)| table[usize::from(p[lane])]).sum()
            };
            let row: [u8; LANES] = std::array::from_fn(one);
            let within = (0..LANES).filter(|lane| row[*lane] <= most);
            let wanted = (row, within.fold(0, |all, lane| all | 1_u32 << lane));
            let look = || Measured(&own, &parts, most);
            assert_eq!(pulp::Arch::Scalar.dispatch(look()), wanted);
            assert_eq!(pulp::Arch::new().dispatch(look()), wanted);
            #[cfg(target_arch = "x86_64")]
            if let Some(narrower) = pulp::x86::V3::try_new() {
                assert_eq!(pulp::Arch::V3(narrower).dispatch(look()), wanted);
            }
        }
    }
}

//! In how many bits codes differ, counted with the instructions that the processor has: vectors in
//! general have none.

use super::prepared::{LANES, Surroundings};
use super::surroundings::CODE_WORDS;
use pulp::Simd;

/// In how many bits of 128 each of eight codes differs from one; `theirs` are the eight first words
/// and the eight second ones.
#[inline(always)]
pub(super) fn differ<S: Simd>(
    simd: S,
    own: [u64; CODE_WORDS],
    theirs: [&[u64; LANES]; CODE_WORDS],
) -> [u8; LANES] {
    #[cfg(target_arch = "x86_64")]
    {
        // Known when this is compiled for the vectors at hand.
        let simd: &dyn std::any::Any = &simd;
        if let Some(wide) = simd.downcast_ref::<pulp::x86::V4>() {
            return x86::differ_512(*wide, own, theirs);
        }
        if let Some(narrow) = simd.downcast_ref::<pulp::x86::V3>() {
            return x86::differ_256(*narrow, own, theirs);
        }
    }
    _ = simd;
    std::array::from_fn(|k| {
        let ones = |word: usize| (own[word] ^ theirs[word][k]).count_ones();
        (ones(0) + ones(1)) as u8
    })
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
    use super::{CODE_WORDS, Counts, LANES, Surroundings};
    use pulp::cast;
    use pulp::x86::{V3, V4};
    use std::arch::x86_64::{__m256i, __m512i};

    /// How many bits are set in 0 to 15, in each quarter of a vector.
    const ONES: [[u8; 16]; 4] = [[0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4]; 4];
    const LOW: [u8; 64] = [0x0f; 64];

    #[inline(always)]
    pub fn differ_512(
        simd: V4,
        own: [u64; CODE_WORDS],
        theirs: [&[u64; LANES]; CODE_WORDS],
    ) -> [u8; LANES] {
        let (wide, bytes) = (simd.avx512f, simd.avx512bw);
        let off =
            |word: usize| wide._mm512_xor_si512(cast([own[word]; LANES]), cast(*theirs[word]));
        let sums = bytes._mm512_add_epi8(ones_512(simd, off(0)), ones_512(simd, off(1)));
        let sums = bytes._mm512_sad_epu8(sums, wide._mm512_setzero_si512());
        let [first, _]: [[u8; LANES]; 2] = cast(wide._mm512_cvtepi64_epi8(sums));
        first
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

    #[inline(always)]
    pub fn differ_256(
        simd: V3,
        own: [u64; CODE_WORDS],
        theirs: [&[u64; LANES]; CODE_WORDS],
    ) -> [u8; LANES] {
        const HALF: usize = LANES / 2;
        let (avx, wide) = (simd.avx, simd.avx2);
        let [table, _]: [__m256i; 2] = cast(ONES);
        let [low, _]: [__m256i; 2] = cast(LOW);
        let ones = |theirs: __m256i, own: u64| {
            let off = wide._mm256_xor_si256(cast([own; HALF]), theirs);
            let lower = wide._mm256_and_si256(off, low);
            let upper = wide._mm256_and_si256(wide._mm256_srli_epi16::<4>(off), low);
            let [lower, upper] = [lower, upper].map(|x| wide._mm256_shuffle_epi8(table, x));
            wide._mm256_add_epi8(lower, upper)
        };
        let [first, second] = theirs.map(|words| cast::<_, [__m256i; 2]>(*words));
        let half = |k: usize| -> [u64; HALF] {
            let sums = wide._mm256_add_epi8(ones(first[k], own[0]), ones(second[k], own[1]));
            cast(wide._mm256_sad_epu8(sums, avx._mm256_setzero_si256()))
        };
        let halves = [half(0), half(1)];
        std::array::from_fn(|k| halves[k / HALF][k % HALF] as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Differ<'a>([u64; CODE_WORDS], [&'a [u64; LANES]; CODE_WORDS]);

    impl pulp::WithSimd for Differ<'_> {
        type Output = [u8; LANES];

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
            differ(simd, self.0, self.1)
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
    fn bits_that_differ_are_as_many_on_every_processor() {
        let mut state = 1_u64;
        let mut drawn = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state ^ state >> 29
        };
        let mut codes = [[[0; LANES]; CODE_WORDS]; 50];
        codes.as_flattened_mut().as_flattened_mut().iter_mut().for_each(|word| *word = drawn());
        // All and none among them.
        (codes[0][0][0], codes[0][1][0]) = (u64::MAX, u64::MAX);
        (codes[0][0][1], codes[0][1][1]) = (0, 0);
        for [first, second] in &codes {
            for own in [[0, 0], [drawn(), drawn()]] {
                let one =
                    |k: usize| (first[k] ^ own[0]).count_ones() + (second[k] ^ own[1]).count_ones();
                let wanted: [u8; LANES] = std::array::from_fn(|k| one(k) as u8);
                let look = || Differ(own, [first, second]);
                assert_eq!(pulp::Arch::Scalar.dispatch(look()), wanted);
                assert_eq!(pulp::Arch::new().dispatch(look()), wanted);
                #[cfg(target_arch = "x86_64")]
                if let Some(narrower) = pulp::x86::V3::try_new() {
                    assert_eq!(pulp::Arch::V3(narrower).dispatch(look()), wanted);
                }
            }
        }
    }
}

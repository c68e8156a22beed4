//! The first pass: pairs of minutiae as codes of 16 bits.
//!
//! A code says how far two near minutiae are apart, how each is turned against the line
//! between them, and, coarsely, where that line points (prints are taken upright). A gallery
//! keeps the codes of a finger; a probe becomes a table with a weight for every code that its
//! own pairs could have become by distortion: the rarer the code in the gallery, the larger. A
//! finger's score is the sum of the weights of its codes: one look-up a pair.

use crate::Minutia;

/// Most codes kept of a finger.
pub const CODES_MAX: usize = 192;
/// Most minutiae of which pairs are made: the best.
const MINUTIAE_MAX: usize = 64;
/// Pairs nearer or farther than this, in pixels, are not used.
const NEAR_PX: f32 = 11.0;
const FAR_PX: f32 = 110.0;
/// Steps of distance (equal steps of its logarithm), of each relative angle, of the line.
const DISTANCES: i32 = 14;
const TURNS: i32 = 22;
const LINES: i32 = 8;
/// Codes that there are.
pub const CODE_COUNT: usize = (DISTANCES * TURNS * TURNS * LINES) as usize;
const _: () = assert!(CODE_COUNT <= 1 << 16, "a code has 16 bits");

/// What a code is made of, before it is rounded: distance, two relative angles, line.
type Pair = [f32; 4];

/// The pair of two minutiae seen from the first; `None` outside the distances.
fn pair(a: &Minutia, b: &Minutia) -> Option<Pair> {
    let dx = f32::from(b.x_px) - f32::from(a.x_px);
    let dy = f32::from(a.y_px) - f32::from(b.y_px);
    let far2 = dx * dx + dy * dy;
    if !(NEAR_PX * NEAR_PX..FAR_PX * FAR_PX).contains(&far2) {
        return None;
    }
    let span = (FAR_PX / NEAR_PX).ln();
    let distance = (far2.sqrt() / NEAR_PX).ln() / span * DISTANCES as f32;
    let line = dy.atan2(dx) / std::f32::consts::TAU;
    let turn = |angle: u8| (f32::from(angle) / 256.0 - line).rem_euclid(1.0) * TURNS as f32;
    let line = line.rem_euclid(1.0) * LINES as f32;
    Some([distance, turn(a.angle), turn(b.angle), line])
}

fn code(distance: i32, first: i32, second: i32, line: i32) -> u16 {
    let (first, second) = (first.rem_euclid(TURNS), second.rem_euclid(TURNS));
    (((distance * TURNS + first) * TURNS + second) * LINES + line.rem_euclid(LINES)) as u16
}

/// The codes of a finger, nearest pairs first, sorted by number at the end; each pair once.
pub fn of_minutiae(minutiae: &[Minutia]) -> Vec<u16> {
    let best = minutiae.get(..MINUTIAE_MAX.min(minutiae.len())).unwrap_or_default();
    let mut pairs: Vec<(f32, u16)> = Vec::with_capacity(512);
    for (i, a) in best.iter().enumerate() {
        for b in best.iter().skip(i + 1) {
            // Which is first depends on where they lie, not on their order.
            let (a, b) = if (a.x_px, a.y_px) <= (b.x_px, b.y_px) { (a, b) } else { (b, a) };
            if let Some([distance, first, second, line]) = pair(a, b) {
                let near = distance as i32;
                let number = code(near, first as i32, second as i32, line as i32);
                pairs.push((distance, number));
            }
        }
    }
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    pairs.truncate(CODES_MAX);
    let mut codes: Vec<u16> = pairs.into_iter().map(|(_, c)| c).collect();
    codes.sort_unstable();
    codes
}

/// How often each code is found on the fingers of a gallery.
#[derive(Debug, Clone)]
pub struct Prior(Vec<f32>);

/// A code that no finger has is taken as found so often.
const UNSEEN: f32 = 0.3;

impl Prior {
    /// Counts the codes of fingers, given as they stand in a gallery, and evens the counts out
    /// over neighboring codes.
    pub fn of_codes<'a>(fingers: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut counts = vec![0_u32; CODE_COUNT];
        for codes in fingers {
            for pair in codes.chunks_exact(2) {
                let number = usize::from(u16::from_le_bytes([pair[0], pair[1]]));
                if let Some(count) = counts.get_mut(number) {
                    *count += 1;
                }
            }
        }
        let total: u64 = counts.iter().map(|c| u64::from(*c)).sum();
        let total = total as f32 + UNSEEN * CODE_COUNT as f32;
        let mut out = Vec::with_capacity(CODE_COUNT);
        for d in 0..DISTANCES {
            for f in 0..TURNS {
                for s in 0..TURNS {
                    for l in 0..LINES {
                        out.push((evened(&counts, [d, f, s, l]) + UNSEEN) / total);
                    }
                }
            }
        }
        Self(out)
    }
}

/// The count of a code and of those a step away in every part, nearer ones weighing more.
fn evened(counts: &[u32], [d, f, s, l]: [i32; 4]) -> f32 {
    let (mut sum, mut weight) = (0.0, 0.0);
    for dd in [-1, 0, 1].into_iter().filter(|dd| (0..DISTANCES).contains(&(d + dd))) {
        for df in -1..=1 {
            for ds in -1..=1 {
                for dl in -1..=1 {
                    let near = 1.0 / (1 + dd * dd + df * df + ds * ds + dl * dl) as f32;
                    let number = usize::from(code(d + dd, f + df, s + ds, l + dl));
                    sum += near * counts.get(number).copied().unwrap_or_default() as f32;
                    weight += near;
                }
            }
        }
    }
    sum / weight
}

/// As many as a code of 16 bits could be.
const WEIGHTS: usize = 1 << 16;

/// What a probe looks for: a weight for every code.
#[derive(Debug, Clone)]
pub struct CodeTable {
    /// [`SCALE`]ths of the logarithm; [`WEIGHTS`], so that no code is beyond.
    weights: Vec<u8>,
}

/// Spread of each part of a pair between two impressions, in its steps.
const SPREAD: [f32; 4] = [0.40, 0.50, 0.50, 0.45];
/// The share of the right finger's codes that are taken to come from the probe's pairs.
const SHARED: f32 = 0.1;
/// A weight of 1, natural logarithm.
const SCALE: f32 = 32.0;
/// `-ln(1 - SHARED)` in 16ths of a [`SCALE`]th: what a code takes away that the probe does not
/// have.
const MISSING: i32 = 54;

impl CodeTable {
    /// The table of a probe: for every code how much likelier it is on the right finger than on
    /// any, `ln(1 + SHARED / (1 - SHARED) * q / p)`, where `p` is its share of the gallery's
    /// codes and `q` of the probe's. Both orders of every pair are entered, since turning a
    /// print can change which minutia is the first.
    pub fn new(minutiae: &[Minutia], prior: &Prior) -> Self {
        let best = minutiae.get(..MINUTIAE_MAX.min(minutiae.len())).unwrap_or_default();
        let (mut shares, mut pairs) = (vec![0.0_f32; CODE_COUNT], 0.0_f32);
        for (i, a) in best.iter().enumerate() {
            for (j, b) in best.iter().enumerate() {
                if i != j
                    && let Some(pair) = pair(a, b)
                {
                    spread(&mut shares, &pair);
                    pairs += 1.0;
                }
            }
        }
        let odds = SHARED / (1.0 - SHARED) / pairs.max(1.0);
        let mut weights = vec![0; WEIGHTS];
        for ((weight, q), p) in weights.iter_mut().zip(&shares).zip(&prior.0) {
            *weight = ((odds * q / p).ln_1p() * SCALE).min(255.0) as u8;
        }
        Self { weights }
    }

    /// How well a finger's codes fit, given as they stand in a gallery (little endian): the sum
    /// of weights over the root of how many codes there are.
    pub fn score(&self, codes: &[u8]) -> i32 {
        let Some(weights) = self.weights.first_chunk::<WEIGHTS>() else { return 0 };
        let mut sum = 0_u32;
        for code in codes.as_chunks::<2>().0 {
            sum += u32::from(weights[usize::from(u16::from_le_bytes(*code))]);
        }
        let count = (codes.len() / 2) as i32;
        // 24 more in the denominator: a finger of few codes is not found by luck.
        let above = 16 * sum as i32 - count * MISSING;
        above * 16 / ROOTS.get(count as usize + 24).copied().unwrap_or(i32::MAX)
    }
}

/// Sixteen times the square roots of the numbers up to 255 + 24.
static ROOTS: [i32; 280] = {
    let mut roots = [1; 280];
    let mut n = 1;
    while n < 280 {
        let mut root = 1;
        while (root + 1) * (root + 1) <= n * 256 {
            root += 1;
        }
        roots[n as usize] = root;
        n += 1;
    }
    roots
};

/// Adds a pair to the codes around it, less the farther they are; together 1.
fn spread(shares: &mut [f32], pair: &Pair) {
    let near = |part: usize, step: i32| -> f32 {
        // The middle of a step is half a step on.
        let off = (step as f32 + 0.5 - pair[part]) / SPREAD[part];
        (1.0 - off * off / 6.0).max(0.0)
    };
    let reach = |part: usize| {
        let wide = SPREAD[part] * 2.45;
        let from = (pair[part] - 0.5 - wide).ceil() as i32;
        let to = (pair[part] - 0.5 + wide).floor() as i32;
        from..=to
    };
    let sum = |part: usize| reach(part).map(|step| near(part, step)).sum::<f32>();
    let whole = sum(0) * sum(1) * sum(2) * sum(3);
    for d in reach(0).filter(|d| (0..DISTANCES).contains(d)) {
        let wd = near(0, d) / whole;
        for f in reach(1) {
            let wf = wd * near(1, f);
            for s in reach(2) {
                let ws = wf * near(2, s);
                for l in reach(3) {
                    if let Some(slot) = shares.get_mut(usize::from(code(d, f, s, l))) {
                        *slot += ws * near(3, l);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth::{Difficulty, DirectFinger};

    #[test]
    fn a_finger_fits_itself_better_than_others() {
        let fingers: Vec<_> = (0..40)
            .map(|f| DirectFinger::draw(11, f).impression(1, Difficulty::Easy))
            .map(|f| of_minutiae(&f.minutiae))
            .map(|codes| codes.iter().flat_map(|c| c.to_le_bytes()).collect::<Vec<u8>>())
            .collect();
        let prior = Prior::of_codes(fingers.iter().map(Vec::as_slice));
        for finger in 0..40_usize {
            let again = DirectFinger::draw(11, finger as u64).impression(2, Difficulty::Easy);
            let table = CodeTable::new(&again.minutiae, &prior);
            let own = table.score(&fingers[finger]);
            let better = fingers.iter().filter(|f| table.score(f) > own).count();
            assert!(better <= 1, "finger {finger}: {better} others fit better");
        }
    }

    #[test]
    fn few_or_no_minutiae_are_taken() {
        assert!(of_minutiae(&[]).is_empty());
        let prior = Prior::of_codes(std::iter::empty());
        assert_eq!(CodeTable::new(&[], &prior).score(&[]), 0);
        let many = DirectFinger::draw(1, 1).impression(1, Difficulty::Easy).minutiae.repeat(8);
        assert!(of_minutiae(&many).len() <= CODES_MAX);
    }
}

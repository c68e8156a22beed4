//! The first pass: pairs of minutiae as codes of 16 bits.
//!
//! A code says how far two near minutiae are apart, how each is turned against the line
//! between them, and, coarsely, where that line points (prints are taken upright). A gallery
//! keeps the codes of a finger; a probe becomes a table with a weight for every code that its
//! own pairs could have become by distortion. A finger's score is the sum of the weights of
//! its codes: one look-up a pair, the same on every machine.

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

/// What a probe looks for: a weight for every code.
#[derive(Debug, Clone)]
pub struct CodeTable {
    /// Hundredths, for every code.
    weights: Vec<u8>,
    /// What a code finds by chance, in 16ths of a hundredth.
    chance: i32,
}

/// Spread of each part of a pair between two impressions, in its steps.
const SPREAD: [f32; 4] = [0.55, 0.75, 0.75, 0.60];

impl CodeTable {
    /// The table of a probe. Both orders of every pair are entered, since turning a print can
    /// change which minutia is the first.
    pub fn of_minutiae(minutiae: &[Minutia]) -> Self {
        let best = minutiae.get(..MINUTIAE_MAX.min(minutiae.len())).unwrap_or_default();
        let mut weights = vec![0.0_f32; CODE_COUNT];
        for (i, a) in best.iter().enumerate() {
            for (j, b) in best.iter().enumerate() {
                if i != j
                    && let Some(pair) = pair(a, b)
                {
                    spread(&mut weights, &pair);
                }
            }
        }
        let weights: Vec<u8> = weights.iter().map(|w| (w.min(2.5) * 100.0) as u8).collect();
        let sum: u64 = weights.iter().map(|w| u64::from(*w)).sum();
        let chance = (sum * 16 / CODE_COUNT as u64) as i32;
        Self { weights, chance }
    }

    /// How well a finger's codes fit, given as they stand in a gallery (little endian).
    ///
    /// The sum of weights less what as many codes find by chance, over what chance varies by.
    pub fn score(&self, codes: &[u8]) -> i32 {
        let mut sum = 0_u32;
        for pair in codes.chunks_exact(2) {
            let number = usize::from(u16::from_le_bytes([pair[0], pair[1]]));
            sum += u32::from(self.weights.get(number).copied().unwrap_or_default());
        }
        let count = (codes.len() / 2) as i32;
        // 24 more in the denominator: a finger of few codes is not found by luck.
        let above = 16 * sum as i32 - count * self.chance;
        above * 4 / ROOTS.get(count as usize + 24).copied().unwrap_or(i32::MAX)
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

/// Adds a pair to every code around it, less the farther it is.
fn spread(weights: &mut [f32], pair: &Pair) {
    let near = |part: usize, step: i32| -> f32 {
        // The middle of a step is half a step on.
        let off = (step as f32 + 0.5 - pair[part]) / SPREAD[part];
        let weight = 1.0 - off * off / 6.0;
        weight.max(0.0)
    };
    let reach = |part: usize| {
        let wide = SPREAD[part] * 2.45;
        let from = (pair[part] - 0.5 - wide).ceil() as i32;
        let to = (pair[part] - 0.5 + wide).floor() as i32;
        from..=to
    };
    for d in reach(0).filter(|d| (0..DISTANCES).contains(d)) {
        let wd = near(0, d);
        for f in reach(1) {
            let wf = wd * near(1, f);
            for s in reach(2) {
                let ws = wf * near(2, s);
                for l in reach(3) {
                    let slot = weights.get_mut(usize::from(code(d, f, s, l)));
                    if let Some(slot) = slot {
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
        for finger in 0..40_usize {
            let again = DirectFinger::draw(11, finger as u64).impression(2, Difficulty::Easy);
            let table = CodeTable::of_minutiae(&again.minutiae);
            let own = table.score(&fingers[finger]);
            let better = fingers.iter().filter(|f| table.score(f) > own).count();
            assert!(better <= 1, "finger {finger}: {better} others fit better");
        }
    }

    #[test]
    fn few_or_no_minutiae_are_taken() {
        assert!(of_minutiae(&[]).is_empty());
        assert_eq!(CodeTable::of_minutiae(&[]).score(&[]), 0);
        let many = DirectFinger::draw(1, 1).impression(1, Difficulty::Easy).minutiae.repeat(8);
        assert!(of_minutiae(&many).len() <= CODES_MAX);
    }
}

//! From evidence to the false-match rate.

use crate::extract::math::exp;

/// Where the curve bends, how wide the bend is, and its slope beyond (docs/adr/0026).
const BEND_AT: f64 = -6.0;
const BEND_WIDTH: f64 = 5.0;
const SLOPE: f64 = 0.2194;

/// How rare evidence is between two fingers: minus the logarithm to base 10 of the share of
/// impostors that reach it. Rises strictly; 0 for what any two prints reach, a line far out,
/// where no set of comparisons is large enough to tell.
pub(super) fn rarity(evidence: f32) -> f32 {
    let z = (f64::from(evidence) - BEND_AT) / BEND_WIDTH;
    // ln(1 + e^z) without overflow; ln(1 + y) = 2 artanh(y / (2 + y)), y at most 1.
    let y = exp(-z.abs());
    let r = y / (2.0 + y);
    let mut series = 0.0;
    for n in (0..=9).rev() {
        series = series * r * r + 1.0 / f64::from(2 * n + 1);
    }
    (SLOPE * BEND_WIDTH * (z.max(0.0) + 2.0 * r * series)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rises_and_is_the_soft_bend() {
        let mut last = -1.0;
        for step in -800..800 {
            let evidence = step as f32 * 0.1;
            let wanted = 0.2194 * 5.0 * ((f64::from(evidence) + 6.0) / 5.0).exp().ln_1p();
            let found = rarity(evidence);
            assert!((f64::from(found) - wanted).abs() < 1e-6, "{evidence}: {found} {wanted}");
            assert!(found > last, "{evidence}");
            last = found;
        }
    }
}

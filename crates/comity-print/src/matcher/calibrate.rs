//! From support and evidence to the false-match rate.

use crate::extract::math::exp;
use std::sync::LazyLock;

/// A curve that is flat far below `at`, a line of `slope` far above, and bends between, about so
/// wide.
struct Bend {
    slope: f64,
    at: f64,
    wide: f64,
}

/// Of the support of prints that are not aligned, and of the evidence of an alignment beyond it
/// (docs/adr/0035).
const SUPPORT: Bend = Bend { slope: 153.0, at: 0.0060, wide: 0.001 };
const EVIDENCE: Bend = Bend { slope: 0.145, at: 3.9, wide: 3.0 };
/// What support counts in the evidence.
const SUPPORT_WEIGHT: f32 = 500.0;

impl Bend {
    fn of(&self, value: f32) -> f64 {
        let z = (f64::from(value) - self.at) / self.wide;
        // ln(1 + e^z) without overflow; ln(1 + y) = 2 artanh(y / (2 + y)), y at most 1.
        let y = exp(-z.abs());
        let r = y / (2.0 + y);
        let mut series = 0.0;
        for n in (0..=9).rev() {
            series = series * r * r + 1.0 / f64::from(2 * n + 1);
        }
        self.slope * self.wide * (z.max(0.0) + 2.0 * r * series)
    }
}

/// How rare support is between two fingers: minus the logarithm to base 10 of the share of
/// impostors that reach it.
pub(super) fn supported(support: f32) -> f32 {
    let at = support.clamp(0.0, STEPS_END) * STEPS_PER_1;
    let step = (at as usize).min(STEPS - 1);
    let (below, above) = (SUPPORTED[step], SUPPORTED[step + 1]);
    below + (above - below) * (at - step as f32)
}

/// Steps of support up to more than any print has that is not aligned.
const STEPS: usize = 1024;
const STEPS_END: f32 = 0.016;
const STEPS_PER_1: f32 = STEPS as f32 / STEPS_END;

/// The bend of support, drawn with straight lines: every comparison asks for it.
static SUPPORTED: LazyLock<[f32; STEPS + 1]> =
    LazyLock::new(|| std::array::from_fn(|step| SUPPORT.of(step as f32 / STEPS_PER_1) as f32));

/// The same of the evidence of an alignment that started from support; never below the least
/// support that is aligned. A line far out, where no set of comparisons is large enough to tell.
pub(super) fn aligned(evidence: f32, support: f32, support_min: f32) -> f32 {
    supported(support_min) + EVIDENCE.of(evidence + SUPPORT_WEIGHT * support) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bend_is_the_logarithm_of_an_exponential_and_rises() {
        let mut last = -1.0;
        for step in -800..800 {
            let value = step as f32 * 0.1;
            let wanted = 0.145 * 3.0 * ((f64::from(value) - 3.9) / 3.0).exp().ln_1p();
            let found = EVIDENCE.of(value);
            assert!((found - wanted).abs() < 1e-6, "{value}: {found} {wanted}");
            assert!(found > last, "{value}");
            last = found;
        }
    }

    #[test]
    fn aligned_prints_are_above_those_that_are_not() {
        let most = supported(0.013);
        for evidence in [f32::MIN, -100.0, 0.0, 100.0] {
            assert!(aligned(evidence, 0.013, 0.013) >= most);
        }
        assert!(supported(0.0) < 0.01 && (1.0..1.3).contains(&most));
    }
}

//! From scores to rates: how often a print of somebody else scores as high, and what several
//! fingers together say.

use serde::Serialize;

/// How the exact comparison's score relates to its false-match rate: a tail that falls
/// exponentially, `log10 rate = -(offset + slope * score)`, never above 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Calibration {
    /// `-log10` of the rate at score 0.
    pub offset: f64,
    /// `-log10` of the rate that one more of score is worth.
    pub slope: f64,
}

impl Calibration {
    /// Fitted to impostor scores: the line through the rates of 1 in 10 and 1 in 1,000 (or the
    /// rarest that at least ten scores support).
    ///
    /// `None` for fewer than 100 scores, or scores that are all alike.
    pub fn fitted(impostors: &[f32]) -> Option<Self> {
        let mut scores: Vec<f64> = impostors.iter().map(|s| f64::from(*s)).collect();
        scores.sort_by(|a, b| b.total_cmp(a));
        let count = scores.len();
        if count < 100 {
            return None;
        }
        let rare = (10.0 / count as f64).max(1e-3);
        let at = |rate: f64| scores.get((rate * count as f64) as usize).copied();
        let (often, seldom) = (at(0.1)?, at(rare)?);
        let slope = (rare.log10() - 0.1_f64.log10()) / (often - seldom);
        (slope.is_finite() && slope > 0.0).then_some(Self { offset: 1.0 - slope * often, slope })
    }

    /// How often two prints of different fingers score at least this.
    pub fn false_match_rate(&self, score: f64) -> f64 {
        10.0_f64.powf(-(self.offset + self.slope * score)).min(1.0)
    }

    /// The score that has this false-match rate.
    pub fn score_at(&self, rate: f64) -> f64 {
        (-rate.log10() - self.offset) / self.slope
    }
}

impl Default for Calibration {
    /// For [`crate::matcher::compare`], whose score is `-log10` of its false-match rate already.
    fn default() -> Self {
        Self { offset: 0.0, slope: 1.0 }
    }
}

/// What several fingers say together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Fused {
    /// The sum of the scores.
    pub score: f64,
    /// How often somebody else's fingers say as much.
    pub false_match_rate: f64,
}

/// Adds the evidence of fingers, as of independent witnesses. One that does not fit takes
/// nothing away: it may be bandaged, or swapped with its neighbor.
///
/// The rate is Fisher's: with rates `p` of `k` fingers, the probability that a sum of `k`
/// exponential variables is at least `-sum(ln p)`, `exp(-x) * sum(x^i / i!, i < k)`.
pub fn fuse(calibration: &Calibration, scores: &[f64]) -> Fused {
    let rates = scores.iter().map(|s| calibration.false_match_rate(*s));
    let x: f64 = rates.map(|p| -p.ln()).sum();
    let (mut term, mut sum) = (1.0, 0.0);
    for i in 0..scores.len() {
        sum += term;
        term *= x / (i + 1) as f64;
    }
    let score = scores.iter().map(|s| s.max(0.0)).sum();
    Fused { score, false_match_rate: ((-x).exp() * sum).min(1.0) }
}

/// The false-match rate of one comparison with which a search among `gallery` others names
/// anybody wrongly at this rate: `1 - (1 - fpir)^(1 / gallery)`.
pub fn rate_for(fpir: f64, gallery: usize) -> f64 {
    -((-fpir).ln_1p() / gallery.max(1) as f64).exp_m1()
}

/// How often a search among `gallery` others finds at least one of this false-match rate.
pub fn fpir_of(rate: f64, gallery: usize) -> f64 {
    -((-rate).ln_1p() * gallery as f64).exp_m1()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_of_one_and_of_a_gallery_belong_together() {
        for gallery in [1, 100, 1_000_000] {
            let rate = rate_for(0.01, gallery);
            assert!((fpir_of(rate, gallery) - 0.01).abs() < 1e-9, "{gallery}");
        }
        assert!((rate_for(0.01, 1_000_000) - 1.005e-8).abs() < 1e-10);
    }

    #[test]
    fn a_calibration_is_fitted_to_an_exponential_tail() {
        // Scores whose rate is 10^(-s): the quantiles of an exponential distribution.
        let scores: Vec<f32> = (1..=100_000).map(|i| -(i as f32 / 100_000.0).log10()).collect();
        let fitted = Calibration::fitted(&scores).expect("fitted");
        assert!((fitted.slope - 1.0).abs() < 0.01 && fitted.offset.abs() < 0.01, "{fitted:?}");
        assert!((fitted.score_at(1e-4) - 4.0).abs() < 0.05);
        assert_eq!(Calibration::fitted(&scores[..50]), None);
        assert_eq!(Calibration::fitted(&[3.0; 500]), None);
    }

    #[test]
    fn fingers_together_say_more_than_each() {
        let calibration = Calibration { offset: 0.0, slope: 1.0 };
        let one = fuse(&calibration, &[3.0]);
        assert!((one.false_match_rate - 1e-3).abs() < 1e-12);
        let two = fuse(&calibration, &[3.0, 3.0]);
        assert!(two.false_match_rate < 2e-5 && two.false_match_rate > 1e-6);
        let bandaged = fuse(&calibration, &[3.0, 3.0, -50.0]);
        assert!(bandaged.false_match_rate < 1.5e-4, "{bandaged:?}");
        assert!((bandaged.score - 6.0).abs() < 1e-12);
    }
}

//! Random numbers of the generator: the same seed gives the same prints everywhere.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// What numbers are drawn for. Each purpose has a stream of its own, so that drawing more for
/// one changes nothing of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub enum Purpose {
    /// The finger: class, orientation, ridges.
    Finger = 1,
    /// Creases and scars, which stay with the finger.
    Marks = 2,
    /// How one impression was taken.
    Impression = 3,
    /// The noise of one impression.
    Noise = 4,
    /// Minutiae drawn without an image.
    Template = 5,
}

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub struct Dice(Xoshiro256PlusPlus);

impl Dice {
    /// The stream for a seed, a finger, an impression of it (0 where it concerns all) and a
    /// purpose.
    pub fn new(seed: u64, finger: u64, impression: u64, purpose: Purpose) -> Self {
        let mut state = seed;
        for part in [finger, impression, purpose as u64] {
            state = mix(state ^ mix(part.wrapping_add(0x9E37_79B9_7F4A_7C15)));
        }
        Self(Xoshiro256PlusPlus::seed_from_u64(state))
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in 0 to 1, 1 left out.
    pub fn unit(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1_u32 << 24) as f32
    }

    /// Uniform between two numbers.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// Uniform in 0 to `count - 1`; 0 for a count of 0.
    pub fn below(&mut self, count: usize) -> usize {
        ((self.bits() >> 32) as usize * count) >> 32
    }

    /// Whether something of this probability happens.
    pub fn happens(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }

    /// About normal: mean 0, standard deviation 1, never beyond 3.5 (the sum of four uniform
    /// numbers; a long tail would make impressions that nobody takes).
    pub fn normal(&mut self) -> f32 {
        let sum: f32 = (0..4).map(|_| self.unit()).sum();
        (sum - 2.0) * 1.732_050_8
    }
}

/// The finalizer of SplitMix64 (Steele, Lea, Flood 2014).
fn mix(value: u64) -> u64 {
    let mut z = value;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_differ() {
        let draw = |seed, finger, purpose| Dice::new(seed, finger, 0, purpose).bits();
        assert_eq!(draw(1, 2, Purpose::Finger), draw(1, 2, Purpose::Finger));
        assert_ne!(draw(1, 2, Purpose::Finger), draw(1, 2, Purpose::Noise));
        assert_ne!(draw(1, 2, Purpose::Finger), draw(2, 1, Purpose::Finger));
    }

    #[test]
    fn normal_numbers_have_mean_0_and_deviation_1() {
        let mut dice = Dice::new(3, 0, 0, Purpose::Noise);
        let drawn: Vec<f32> = (0..20_000).map(|_| dice.normal()).collect();
        let mean = drawn.iter().sum::<f32>() / 20_000.0;
        let variance = drawn.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / 20_000.0;
        assert!(mean.abs() < 0.03, "{mean}");
        assert!((variance - 1.0).abs() < 0.05, "{variance}");
    }
}

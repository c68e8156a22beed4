//! Synthetic fingerprints from a seed: images with true minutiae, and minutiae alone for
//! galleries of millions. Nobody's: every ridge is drawn.

pub mod dice;
pub mod direct;
pub mod field;
pub mod impression;
pub mod noise;
pub mod ridges;
pub mod truth;

pub use dice::{Dice, Purpose};
pub use direct::DirectFinger;
pub use field::PrintClass;
pub use impression::{Difficulty, Impression, Sensor};
pub use ridges::Master;
pub use truth::TrueMinutia;

/// A finger that impressions are taken of.
#[derive(Debug, Clone)]
pub struct SyntheticFinger {
    seed: u64,
    finger: u64,
    master: Master,
    minutiae: Vec<TrueMinutia>,
}

impl SyntheticFinger {
    /// Grows finger `finger` of a seed.
    pub fn grow(seed: u64, finger: u64) -> Self {
        let master = Master::grow(&mut Dice::new(seed, finger, 0, Purpose::Finger));
        let minutiae = truth::minutiae(&master);
        Self { seed, finger, master, minutiae }
    }

    /// The class it was drawn for.
    pub fn class(&self) -> PrintClass {
        self.master.field.class
    }

    /// Its ridges.
    pub fn master(&self) -> &Master {
        &self.master
    }

    /// Its minutiae, in pixels of the master.
    pub fn minutiae(&self) -> &[TrueMinutia] {
        &self.minutiae
    }

    /// Takes impression `number` of it.
    ///
    /// # Errors
    /// As [`impression::take`].
    pub fn impression(
        &self,
        number: u64,
        difficulty: Difficulty,
        sensor: Sensor,
    ) -> Result<Impression, crate::ImageError> {
        let (master, minutiae) = (&self.master, &self.minutiae);
        impression::take(master, minutiae, self.seed, self.finger, number, difficulty, sensor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impressions_of_a_grown_finger_repeat_and_differ_by_number() {
        let finger = SyntheticFinger::grow(1, 1);
        let taken = finger.impression(1, Difficulty::Medium, Sensor::Optical).expect("taken");
        let again = finger.impression(1, Difficulty::Medium, Sensor::Optical).expect("taken");
        assert_eq!(taken.image, again.image);
        let dark = taken.image.pixels().iter().filter(|p| **p < 128).count();
        assert!((20_000..90_000).contains(&dark), "{dark} dark pixels");
        assert!((15..90).contains(&taken.truth.minutiae.len()), "{}", taken.truth.minutiae.len());
        let other = finger.impression(2, Difficulty::Medium, Sensor::Optical).expect("taken");
        assert_ne!(taken.image, other.image);
        assert!(other.truth.minutiae != taken.truth.minutiae);
    }

    #[test]
    fn a_placement_goes_there_and_back() {
        for n in 0..20 {
            let mut dice = Dice::new(5, n, 0, Purpose::Impression);
            let placement = impression::Placement::draw(&mut dice, Difficulty::Hard);
            for (x, y) in [(60.0, 60.0), (180.0, 240.0), (300.0, 420.0)] {
                let (u, v) = placement.from_master(x, y);
                let (bx, by) = placement.to_master(u, v);
                assert!((bx - x).hypot(by - y) < 0.2, "{n}: {bx} {by} for {x} {y}");
            }
        }
    }

    #[test]
    fn classes_are_as_frequent_as_in_nature() {
        let mut dice = Dice::new(9, 0, 0, Purpose::Finger);
        let drawn: Vec<_> = (0..10_000).map(|_| PrintClass::draw(&mut dice)).collect();
        let share = |c| drawn.iter().filter(|d| **d == c).count() as f32 / 10_000.0;
        for (class, expected) in [
            (PrintClass::Arch, 0.037),
            (PrintClass::TentedArch, 0.029),
            (PrintClass::LeftLoop, 0.338),
            (PrintClass::RightLoop, 0.317),
            (PrintClass::Whorl, 0.279),
        ] {
            assert!((share(class) - expected).abs() < 0.02, "{class:?}: {}", share(class));
        }
    }

    #[test]
    fn direct_impressions_of_one_finger_resemble_each_other() {
        for finger in 0..50 {
            let drawn = DirectFinger::draw(3, finger);
            let a = drawn.impression(1, Difficulty::Easy);
            let again = DirectFinger::draw(3, finger).impression(1, Difficulty::Easy);
            assert_eq!(a, again);
            assert!((12..=90).contains(&a.minutiae.len()), "{finger}: {}", a.minutiae.len());
            assert_ne!(a.minutiae, drawn.impression(2, Difficulty::Easy).minutiae);
        }
    }
}

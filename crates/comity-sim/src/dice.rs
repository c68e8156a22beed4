//! Chance, all of it from one seed.

use comity_node::Random;
use jiff::SignedDuration;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// A stream of chance.
#[derive(Debug, Clone)]
pub struct Dice(Xoshiro256PlusPlus);

impl Dice {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Dice {
        Dice(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// Any number.
    pub fn any(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below a bound; 0 for a bound of 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.any() % bound.max(1)
    }

    /// True so many times in a thousand.
    pub fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    /// One of a list that is not empty.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len() as u64) as usize)
    }

    /// A time of at most so many seconds.
    pub fn up_to_s(&mut self, most_s: u64) -> SignedDuration {
        SignedDuration::from_secs(self.below(most_s + 1) as i64)
    }

    /// 16 bytes: an id.
    pub fn id(&mut self) -> [u8; 16] {
        let mut id = [0; 16];
        self.0.fill_bytes(&mut id);
        id
    }

    /// Another stream, which does not move with this one.
    #[must_use]
    pub fn fork(&mut self) -> Dice {
        Dice::new(self.any())
    }

    /// Puts a list into another order.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for i in (1..list.len()).rev() {
            list.swap(i, self.below(i as u64 + 1) as usize);
        }
    }
}

impl Random for Dice {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }
}

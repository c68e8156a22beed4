//! A tape of choices: what a random test is made from, so that proptest can shrink it.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

/// Choices, read from the front; an empty tape always chooses the first.
pub struct Tape {
    choices: Vec<u32>,
    at: usize,
}

impl Tape {
    /// A tape that reads these.
    pub fn of(choices: Vec<u32>) -> Tape {
        Tape { choices, at: 0 }
    }

    /// A number below `n`.
    pub fn pick(&mut self, n: usize) -> usize {
        let choice = self.choices.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        choice as usize % n.max(1)
    }

    /// One of some things.
    pub fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.pick(of.len())]
    }

    /// True once in `n` times; never once the tape is empty.
    pub fn rarely(&mut self, n: usize) -> bool {
        n > 0 && self.pick(n) == n - 1
    }

    /// True once the tape is read to its end.
    pub fn is_over(&self) -> bool {
        self.at >= self.choices.len()
    }
}

/// Runs a property on `cases` tapes of at most `length` choices; the seed is fixed.
pub fn for_all(
    seed: u8,
    cases: u32,
    length: usize,
    property: impl Fn(&mut Tape) -> Result<(), String>,
) {
    let config =
        Config { cases, failure_persistence: None, max_shrink_time: 10_000, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let tapes = vec(any::<u32>(), length / 4..length);
    let result =
        runner.run(&tapes, |choices| property(&mut Tape::of(choices)).map_err(TestCaseError::fail));
    if let Err(e) = result {
        // The tape itself says nothing to people; the property's message does.
        let text = e.to_string();
        panic!("{}", text.split("minimal failing input").next().unwrap_or(&text));
    }
}

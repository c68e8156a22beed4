//! Many random libraries with many random cases each, decided both ways.

use super::equal::{Seen, compare};
use super::random::{Dice, world};
use comity_model::CaseFacts;
use comity_policy::columns::Scratch;

/// Cases of one library.
const CASES: usize = 250;

/// Compares until at least `cases` cases were decided; `progress` hears of every library.
///
/// # Errors
/// The first difference, with the library's number, its text and the case.
pub fn run(seed: u64, cases: u64, mut progress: impl FnMut(u64, &Seen)) -> Result<Seen, String> {
    let mut scratch = Scratch::default();
    let mut seen = Seen::default();
    let mut number = 0;
    while seen.cases < cases {
        number += 1;
        seen += one(seed, number, &mut scratch)?;
        progress(number, &seen);
    }
    Ok(seen)
}

/// One library of a seed, so that a difference can be looked at alone.
pub fn one(seed: u64, number: u64, scratch: &mut Scratch) -> Result<Seen, String> {
    let mut dice = Dice((seed ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15)).max(1));
    (0..8).for_each(|_| {
        dice.next();
    });
    let mut tape = dice.tape(2_000);
    let world = world(&mut tape);
    let scope = world.scope(&mut tape);
    let known = tape.one(&[3, 6, 9, 10]);
    let cases: Vec<CaseFacts> =
        (0..CASES).map(|_| world.case(&mut dice.tape(120), known)).collect();
    let seen = compare(&world.library, &scope, &cases, scratch);
    seen.map_err(|e| format!("seed {seed}, library {number}: {e}\n{}", world.text))
}

//! A part of the rows, chosen by chance and the same on every machine.

use super::cases::Cases;
use arrow_array::BooleanArray;
use arrow_schema::ArrowError;
use arrow_select::filter::filter_record_batch;
use serde::{Deserialize, Serialize};

/// Which rows are looked at: each with the same chance, by its file and number.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// The chance of a row, of 2^32.
    chance: u64,
    /// Chooses among samples.
    seed: u64,
}

impl Sample {
    /// A share of the rows, above 0 and at most 1; `None` for other numbers.
    pub fn new(share: f64, seed: u64) -> Option<Sample> {
        let fits = share > 0.0 && share <= 1.0;
        fits.then_some(Sample { chance: (share * f64::from(u32::MAX)).ceil() as u64 + 1, seed })
    }

    fn takes(&self, file: u64, row: u64) -> bool {
        // SplitMix64 (Steele, Lea and Flood 2014).
        let mut z = file ^ row.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(self.seed);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) >> 32 < self.chance
    }

    /// The rows of the sample; rejected ones stay.
    ///
    /// # Errors
    /// Arrow's; none that a correct program shows.
    pub fn of(&self, file: &str, cases: &Cases) -> Result<Cases, ArrowError> {
        let file = file.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |h, b| {
            (h ^ u64::from(b)).wrapping_mul(0x100_0000_01B3)
        });
        let taken: Vec<bool> = cases.numbers.iter().map(|n| self.takes(file, *n)).collect();
        let numbers = cases.numbers.iter().zip(&taken).filter(|(_, t)| **t).map(|(n, _)| *n);
        let numbers = numbers.collect();
        let mask = BooleanArray::from(taken);
        Ok(Cases {
            cases: filter_record_batch(&cases.cases, &mask)?,
            raw: filter_record_batch(&cases.raw, &mask)?,
            numbers,
            rejected: cases.rejected.clone(),
        })
    }
}

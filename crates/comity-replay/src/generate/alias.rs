//! Draws from a weighted table in two multiplications, with integers only: the same draw on
//! every machine.

/// Greatest weight of one entry; with at most [`ENTRIES_MAX`] entries every product below
/// stays inside 128 bits.
pub const WEIGHT_MAX: u64 = 1_000_000_000_000;
/// Most entries of one table.
pub const ENTRIES_MAX: usize = 1 << 17;

/// A weighted table after A. J. Walker (1977), built with whole weights.
#[derive(Debug, Clone)]
pub struct Alias {
    columns: Vec<Column>,
}

/// One column: below the threshold it is the entry of its own index, else the other one.
#[derive(Debug, Clone, Copy)]
struct Column {
    threshold: u64,
    other: u32,
}

impl Alias {
    /// A table of weights; `None` where they are all zero, too many or too large.
    pub fn new(weights: &[u64]) -> Option<Alias> {
        let total: u128 = weights.iter().map(|w| u128::from(*w)).sum();
        let fits = weights.len() <= ENTRIES_MAX && weights.iter().all(|w| *w <= WEIGHT_MAX);
        if total == 0 || !fits {
            return None;
        }
        let n = weights.len() as u128;
        let mut mass: Vec<u128> = weights.iter().map(|w| u128::from(*w) * n).collect();
        let (mut small, mut large): (Vec<usize>, Vec<usize>) =
            (0..mass.len()).partition(|i| mass[*i] < total);
        let whole = |i: usize| Column { threshold: u64::MAX, other: i as u32 };
        let mut columns: Vec<Column> = (0..mass.len()).map(whole).collect();
        while let (Some(s), Some(l)) = (small.pop(), large.pop()) {
            // mass < total <= 2^40 * 2^17, so the shift fits.
            let threshold = ((mass[s] << 64) / total) as u64;
            columns[s] = Column { threshold, other: l as u32 };
            mass[l] -= total - mass[s];
            if mass[l] < total { small.push(l) } else { large.push(l) }
        }
        Some(Alias { columns })
    }

    /// The index that 64 random bits choose. Off by less than 2^-40 from the weights.
    #[inline]
    pub fn pick(&self, bits: u64) -> usize {
        let wide = u128::from(bits) * self.columns.len() as u128;
        let (at, rest) = ((wide >> 64) as usize, wide as u64);
        let column = self.columns[at];
        if rest < column.threshold { at } else { column.other as usize }
    }
}

/// A whole number from 0 to below `n`, from 64 random bits.
#[inline]
pub fn below(n: u64, bits: u64) -> u64 {
    ((u128::from(bits) * u128::from(n)) >> 64) as u64
}

/// Parts of a million as a threshold for 64 random bits: true with that chance where
/// `bits < threshold`.
pub fn per_million(parts: u64) -> u64 {
    if parts >= 1_000_000 {
        return u64::MAX;
    }
    ((u128::from(parts) << 64) / 1_000_000) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The exact share of each index: every column has the same width.
    fn shares(weights: &[u64]) -> Vec<f64> {
        let alias = Alias::new(weights).unwrap();
        let mut out = vec![0.0; weights.len()];
        let n = alias.columns.len() as f64;
        for (i, c) in alias.columns.iter().enumerate() {
            let own = c.threshold as f64 / 18_446_744_073_709_551_616.0;
            out[i] += own / n;
            out[c.other as usize] += (1.0 - own) / n;
        }
        out
    }

    #[test]
    fn every_entry_gets_its_share() {
        for weights in [vec![1], vec![0, 3], vec![1, 2, 3, 4, 0, 90], vec![WEIGHT_MAX, 1, 7]] {
            let total: u64 = weights.iter().sum();
            for (share, w) in shares(&weights).iter().zip(&weights) {
                let wanted = *w as f64 / total as f64;
                assert!((share - wanted).abs() < 1e-12, "{weights:?}: {share} for {wanted}");
            }
        }
    }

    #[test]
    fn an_entry_of_no_weight_is_never_drawn() {
        let alias = Alias::new(&[0, 5, 0, 7, 0]).unwrap();
        for i in 0..100_000_u64 {
            let at = alias.pick(i.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            assert!(at == 1 || at == 3, "{at}");
        }
        assert!(matches!(alias.pick(u64::MAX), 1 | 3));
        assert!(matches!(alias.pick(0), 1 | 3));
    }

    #[test]
    fn tables_that_cannot_be_drawn_from_are_refused() {
        assert!(Alias::new(&[]).is_none());
        assert!(Alias::new(&[0, 0]).is_none());
        assert!(Alias::new(&[WEIGHT_MAX + 1]).is_none());
    }

    #[test]
    fn whole_numbers_stay_below_their_bound() {
        assert_eq!(below(10, 0), 0);
        assert_eq!(below(10, u64::MAX), 9);
        assert_eq!(below(0, u64::MAX), 0);
        assert_eq!(per_million(0), 0);
        assert_eq!(per_million(2_000_000), u64::MAX);
        assert_eq!(per_million(500_000), 1 << 63);
    }
}

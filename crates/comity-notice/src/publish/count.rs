//! Counts as they may be shown: small ones held back, and never to be had by subtracting.
//!
//! The same requests are counted in several groups, so a group's sum is known from its
//! neighbors. It is therefore shown, and of the counts that make it up the largest is blurred
//! together with the small ones (complementary suppression).

/// The largest count that is held back; zero is shown.
pub const SMALL_COUNT_MAX: u64 = 4;

/// A count, as the public sees it: somewhere from `min` to `max`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// It is not smaller than this.
    pub min: u64,
    /// It is not larger than this.
    pub max: u64,
}

impl Count {
    fn exact(count: u64) -> Count {
        Count { min: count, max: count }
    }

    /// True if the count itself is shown.
    pub fn is_exact(self) -> bool {
        self.min == self.max
    }

    /// A sum of shown counts, `None` if one of them was not made. Knowing it adds nothing to
    /// knowing them: a sum of the true counts would give a held-back one away.
    pub fn sum(counts: impl IntoIterator<Item = Option<Count>>) -> Option<Count> {
        counts.into_iter().try_fold(Count { min: 0, max: 0 }, |sum, count| {
            let count = count?;
            Some(Count {
                min: sum.min.saturating_add(count.min),
                max: sum.max.saturating_add(count.max),
            })
        })
    }
}

/// The counts of one group in one period, and their sum, as they are shown. Whatever the small
/// counts are, what is shown depends on their number and on the sum alone.
pub(super) fn shown(counts: &[Option<u64>]) -> (Vec<Option<Count>>, Option<Count>) {
    let is_small = |count: u64| (1..=SMALL_COUNT_MAX).contains(&count);
    let known = || counts.iter().copied().flatten();
    let sum = |counts: &mut dyn Iterator<Item = u64>| counts.fold(0, u64::saturating_add);
    let total = sum(&mut known());
    let small = known().filter(|count| is_small(*count)).count() as u64;
    let in_small = sum(&mut known().filter(|count| is_small(*count)));
    let largest = known().max().unwrap_or(0);
    let blurred = counts.iter().position(|count| *count == Some(largest));
    let cell = |(at, count): (usize, &Option<u64>)| {
        let count = (*count)?;
        let is_blurred = largest > SMALL_COUNT_MAX && blurred == Some(at);
        Some(if small == 0 || count == 0 {
            Count::exact(count)
        } else if is_blurred {
            let both = count.saturating_add(in_small);
            let min = both.saturating_sub(SMALL_COUNT_MAX * small).max(1);
            Count { min, max: both - small }
        } else if !is_small(count) {
            Count::exact(count)
        } else if largest > SMALL_COUNT_MAX || total <= SMALL_COUNT_MAX {
            Count { min: 1, max: SMALL_COUNT_MAX }
        } else {
            // All are small, and together they are not: each could be nearly all of them.
            Count { min: 1, max: total - small + 1 }
        })
    };
    let cells = counts.iter().enumerate().map(cell).collect();
    let is_whole = counts.iter().all(Option::is_some);
    let sum =
        if is_small(total) { Count { min: 1, max: SMALL_COUNT_MAX } } else { Count::exact(total) };
    (cells, is_whole.then_some(sum))
}

//! Counts as they may be shown: small ones held back, sums computed from what is shown alone.

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
    /// A count as it is shown.
    pub fn of(count: u64) -> Count {
        if (1..=SMALL_COUNT_MAX).contains(&count) {
            Count { min: 1, max: SMALL_COUNT_MAX }
        } else {
            Count { min: count, max: count }
        }
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

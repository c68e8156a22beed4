//! Error rates of a matcher on sets of prints, after the protocol of the FVC competitions.
//!
//! Genuine: all pairs of impressions of one finger. Impostor: all pairs of impressions of
//! different fingers of a set. All sets pooled stand under one threshold. Search: the first
//! impression of every finger of every set is enrolled, the others are looked for; a tie counts
//! against the mate.

/// One impression of one finger.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Impression {
    /// Its set.
    pub set: String,
    /// Which finger of the set.
    pub finger: u32,
    /// Which impression of the finger, from 1.
    pub impression: u32,
}

impl Impression {
    fn same_finger(&self, other: &Self) -> bool {
        self.set == other.set && self.finger == other.finger
    }
}

/// The score of two impressions, by their places in the list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trial {
    /// The first.
    pub a: usize,
    /// The second, later in the list.
    pub b: usize,
    /// Higher is more alike.
    pub score: f32,
}

/// Error rates in percent.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rates {
    /// Where as many genuine pairs are missed as impostors are taken.
    pub eer: f64,
    /// Genuine pairs missed when at most 1 % of impostors are taken.
    pub fnmr_at_fmr_1pct: f64,
    /// Genuine pairs missed when at most 0.1 % of impostors are taken.
    pub fnmr_at_fmr_0_1pct: f64,
    /// Searches whose mate came first.
    pub rank1: f64,
}

/// A line of the table: a set, or all of them pooled.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The set's name, or `pooled`.
    pub name: String,
    /// Genuine pairs.
    pub genuine: usize,
    /// Impostor pairs.
    pub impostor: usize,
    /// The rates.
    pub rates: Rates,
    /// 2.5th percentile over fingers drawn anew.
    pub low: Rates,
    /// 97.5th percentile.
    pub high: Rates,
}

/// The pairs to be compared: all of a set, and first impressions across sets for the search.
pub fn pairs(impressions: &[Impression]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for (a, x) in impressions.iter().enumerate() {
        for (b, y) in impressions.iter().enumerate().skip(a + 1) {
            if x.set == y.set || x.impression == 1 || y.impression == 1 {
                pairs.push((a, b));
            }
        }
    }
    pairs
}

/// How often fingers are drawn anew for the intervals.
const DRAWS: u64 = 400;

/// The lines of the sets in order of name, then the pooled one; `None` for a set without pairs of
/// both kinds.
pub fn table(impressions: &[Impression], trials: &[Trial]) -> Vec<Line> {
    let mut sets: Vec<&str> = impressions.iter().map(|i| i.set.as_str()).collect();
    sets.sort_unstable();
    sets.dedup();
    let study = Study::new(impressions, trials);
    let mut lines: Vec<Line> = sets.iter().filter_map(|set| study.line(set, Some(set))).collect();
    lines.extend(study.line("pooled", None));
    lines
}

struct Study<'a> {
    impressions: &'a [Impression],
    /// Pairs within sets, lowest score first.
    verification: Vec<Trial>,
    searches: Vec<Search>,
    /// The finger of each impression, counted over all sets.
    finger: Vec<usize>,
    fingers: usize,
}

struct Search {
    probe: usize,
    first: bool,
}

impl<'a> Study<'a> {
    fn new(impressions: &'a [Impression], trials: &[Trial]) -> Self {
        let mut names: Vec<(&str, u32)> =
            impressions.iter().map(|i| (i.set.as_str(), i.finger)).collect();
        names.sort_unstable();
        names.dedup();
        let place = |i: &Impression| names.binary_search(&(i.set.as_str(), i.finger));
        let finger = impressions.iter().map(|i| place(i).unwrap_or_default()).collect();
        let mut verification: Vec<Trial> = trials
            .iter()
            .filter(|t| impressions[t.a].set == impressions[t.b].set)
            .copied()
            .collect();
        verification.sort_by(|x, y| x.score.total_cmp(&y.score));
        let searches = searches(impressions, trials);
        Self { impressions, verification, searches, finger, fingers: names.len() }
    }

    fn line(&self, name: &str, set: Option<&str>) -> Option<Line> {
        let within: Vec<&Trial> = self
            .verification
            .iter()
            .filter(|t| set.is_none_or(|s| self.impressions[t.a].set == s))
            .collect();
        let genuine = within
            .iter()
            .filter(|t| self.impressions[t.a].same_finger(&self.impressions[t.b]))
            .count();
        let once = vec![1; self.fingers];
        let rates = self.rates(&within, set, &once)?;
        let mut drawn = Vec::new();
        for draw in 0..DRAWS {
            drawn.extend(self.rates(&within, set, &self.draw(draw)));
        }
        let (low, high) = interval(&drawn, rates);
        let impostor = within.len() - genuine;
        Some(Line { name: name.to_owned(), genuine, impostor, rates, low, high })
    }

    /// How often each finger is drawn: as many as there are, with replacement.
    fn draw(&self, seed: u64) -> Vec<u32> {
        let mut counts = vec![0; self.fingers];
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        for _ in 0..self.fingers {
            // SplitMix64 (Steele, Lea and Flood, 2014).
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^= z >> 31;
            counts[((u128::from(z) * self.fingers as u128) >> 64) as usize] += 1;
        }
        counts
    }

    /// Rates with each finger counted as often as it was drawn.
    fn rates(&self, within: &[&Trial], set: Option<&str>, drawn: &[u32]) -> Option<Rates> {
        let mut steps: Vec<Step> = Vec::with_capacity(within.len());
        for t in within {
            let (f, g) = (self.finger[t.a], self.finger[t.b]);
            let step = if f == g {
                Step { score: t.score, genuine: f64::from(drawn[f]), impostor: 0.0 }
            } else {
                Step { score: t.score, genuine: 0.0, impostor: f64::from(drawn[f] * drawn[g]) }
            };
            match steps.last_mut() {
                Some(last) if last.score.total_cmp(&step.score).is_eq() => {
                    last.genuine += step.genuine;
                    last.impostor += step.impostor;
                }
                _ => steps.push(step),
            }
        }
        let (mut tried, mut first) = (0.0, 0.0);
        for search in &self.searches {
            if set.is_none_or(|s| self.impressions[search.probe].set == s) {
                let weight = f64::from(drawn[self.finger[search.probe]]);
                tried += weight;
                first += if search.first { weight } else { 0.0 };
            }
        }
        let mut rates = verification(&steps)?;
        rates.rank1 = if tried > 0.0 { 100.0 * first / tried } else { 0.0 };
        Some(rates)
    }
}

/// The weights of all pairs with one score.
struct Step {
    score: f32,
    genuine: f64,
    impostor: f64,
}

/// Rates from the steps, lowest score first; a score at the threshold is taken.
fn verification(steps: &[Step]) -> Option<Rates> {
    let genuine: f64 = steps.iter().map(|s| s.genuine).sum();
    let impostor: f64 = steps.iter().map(|s| s.impostor).sum();
    if genuine <= 0.0 || impostor <= 0.0 {
        return None;
    }
    let (mut missed, mut taken) = (0.0, impostor);
    let mut before: Option<(f64, f64)> = None;
    let (mut eer, mut at_1, mut at_01) = (None, None, None);
    for k in 0..=steps.len() {
        let (fmr, fnmr) = (taken / impostor, missed / genuine);
        if eer.is_none() && fnmr >= fmr {
            eer = Some(before.map_or(f64::midpoint(fmr, fnmr), |(fmr0, fnmr0)| {
                let change = (fnmr - fmr) - (fnmr0 - fmr0);
                let way = if change == 0.0 { 0.5 } else { (fmr0 - fnmr0) / change };
                fmr0 + way * (fmr - fmr0)
            }));
        }
        before = Some((fmr, fnmr));
        if fmr <= 0.01 + 1e-12 {
            at_1 = at_1.or(Some(fnmr));
        }
        if fmr <= 0.001 + 1e-12 {
            at_01 = at_01.or(Some(fnmr));
        }
        if let Some(step) = steps.get(k) {
            missed += step.genuine;
            taken -= step.impostor;
        }
    }
    Some(Rates {
        eer: 100.0 * eer.unwrap_or(1.0),
        fnmr_at_fmr_1pct: 100.0 * at_1.unwrap_or(1.0),
        fnmr_at_fmr_0_1pct: 100.0 * at_01.unwrap_or(1.0),
        rank1: 0.0,
    })
}

fn searches(impressions: &[Impression], trials: &[Trial]) -> Vec<Search> {
    let mut mate = vec![f32::NEG_INFINITY; impressions.len()];
    let mut other = mate.clone();
    for t in trials {
        for (probe, enrolled) in [(t.a, t.b), (t.b, t.a)] {
            let (p, e) = (&impressions[probe], &impressions[enrolled]);
            if p.impression == 1 || e.impression != 1 {
                continue;
            }
            let best = if p.same_finger(e) { &mut mate[probe] } else { &mut other[probe] };
            *best = best.max(t.score);
        }
    }
    let enrolled =
        |p: &Impression| impressions.iter().any(|e| e.impression == 1 && e.same_finger(p));
    (0..impressions.len())
        .filter(|&p| impressions[p].impression != 1 && enrolled(&impressions[p]))
        .map(|probe| Search { probe, first: mate[probe] > other[probe] })
        .collect()
}

/// The middle 95 % of the drawn rates.
fn interval(drawn: &[Rates], rates: Rates) -> (Rates, Rates) {
    if drawn.is_empty() {
        return (rates, rates);
    }
    let ends = |of: fn(&Rates) -> f64| {
        let mut values: Vec<f64> = drawn.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        let at = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
        (at(0.025), at(0.975))
    };
    let (eer, one) = (ends(|r| r.eer), ends(|r| r.fnmr_at_fmr_1pct));
    let (tenth, rank) = (ends(|r| r.fnmr_at_fmr_0_1pct), ends(|r| r.rank1));
    let made = |eer, fnmr_at_fmr_1pct, fnmr_at_fmr_0_1pct, rank1| Rates {
        eer,
        fnmr_at_fmr_1pct,
        fnmr_at_fmr_0_1pct,
        rank1,
    };
    (made(eer.0, one.0, tenth.0, rank.0), made(eer.1, one.1, tenth.1, rank.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn impressions(fingers: u32, each: u32) -> Vec<Impression> {
        let mut all = Vec::new();
        for finger in 1..=fingers {
            for impression in 1..=each {
                all.push(Impression { set: "a".to_owned(), finger, impression });
            }
        }
        all
    }

    fn scored(all: &[Impression], score: impl Fn(&Impression, &Impression) -> f32) -> Vec<Trial> {
        let of = |(a, b): (usize, usize)| Trial { a, b, score: score(&all[a], &all[b]) };
        pairs(all).into_iter().map(of).collect()
    }

    #[test]
    fn a_perfect_matcher_errs_never_and_a_blind_one_always() {
        let all = impressions(10, 8);
        let lines = table(&all, &scored(&all, |x, y| f32::from(u8::from(x.same_finger(y)))));
        let pooled = &lines[1];
        assert_eq!((pooled.genuine, pooled.impostor), (280, 2880));
        assert_eq!((pooled.rates.eer, pooled.rates.rank1), (0.0, 100.0));
        let lines = table(&all, &scored(&all, |_, _| 1.0));
        assert_eq!((lines[1].rates.eer, lines[1].rates.rank1), (50.0, 0.0));
        assert!(lines[1].rates.fnmr_at_fmr_0_1pct > 99.9);
    }

    #[test]
    fn rates_are_counted_at_the_threshold() {
        // Two fingers of two: 2 genuine pairs at 3 and 1, 4 impostors at 2, 0, 0, 0.
        let all = impressions(2, 2);
        let lines = table(
            &all,
            &scored(&all, |x, y| match (x.finger, y.finger, x.impression, y.impression) {
                (1, 1, ..) => 3.0,
                (2, 2, ..) => 1.0,
                (1, 2, 1, 1) => 2.0,
                _ => 0.0,
            }),
        );
        let rates = lines[0].rates;
        assert_eq!((rates.fnmr_at_fmr_1pct, rates.rank1), (50.0, 100.0));
        assert!((rates.eer - 25.0).abs() < 1e-9, "{}", rates.eer);
        assert!(lines[0].low.eer <= rates.eer && rates.eer <= lines[0].high.eer);
    }
}

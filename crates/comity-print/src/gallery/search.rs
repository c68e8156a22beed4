//! The cascade: who among everybody could it be.

use super::codes::{CodeTable, Prior};
use super::file::{LiveFinger, Shard};
use super::fusion::{Calibration, fpir_of, fuse, rate_for};
use super::{FingerEntry, SubjectId};
use crate::FingerPosition;
use crate::candidate::{Candidate, Candidates, FingerPairs};
use crate::matcher::{Comparison, Kept, Prepared, Sketch, glance};
use crate::template::{MINUTIAE_MAX, best};
use std::collections::BTreeMap;
use std::ops::Range;

/// How much of the gallery each pass looks at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effort {
    /// Part of the gallery that goes to the second pass, 0 to 1.
    pub glance_share: f64,
    /// At least as many go there.
    pub glance_min: usize,
    /// How many go to the exact comparison.
    pub exact: usize,
}

impl Default for Effort {
    /// Ten percent, at least 300; thirty.
    fn default() -> Self {
        Self { glance_share: 0.1, glance_min: 300, exact: 30 }
    }
}

impl Effort {
    /// Everybody is compared exactly.
    pub const EXHAUSTIVE: Self = Self { glance_share: 1.0, glance_min: 0, exact: usize::MAX };
}

/// Fingers of which the codes are counted, about.
const COUNTED: usize = 20_000;

/// The fingers of all shards of a gallery, read once and searched many times.
#[derive(Debug)]
pub struct Gallery<'a> {
    fingers: Vec<LiveFinger<'a>>,
    prior: Prior,
}

/// A finger that is looked for in one gallery.
#[derive(Debug)]
pub struct Probe {
    finger: FingerPosition,
    table: CodeTable,
    prepared: Prepared,
}

impl Probe {
    /// Makes a finger ready to be looked for, by the best minutiae where it has too many.
    pub fn new(entry: &FingerEntry, gallery: &Gallery<'_>) -> Self {
        let mut template = entry.template.clone();
        template.minutiae = best(&template.minutiae, MINUTIAE_MAX);
        let table = CodeTable::new(&template.minutiae, &gallery.prior);
        let prepared = Prepared::of(&template);
        Self { finger: entry.finger, table, prepared }
    }

    /// The exact comparison with a print that was made ready.
    pub fn compare(&self, other: &Kept) -> Comparison {
        other.compared_with(&self.prepared)
    }

    /// A print of an unknown finger can be any; a plain thumb is that thumb.
    fn can_be(&self, other: FingerPosition) -> bool {
        match (self.finger.single(), other.single()) {
            (Some(a), Some(b)) => a == b,
            _ => true,
        }
    }
}

/// A finger that a pass let through, with its score there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Survivor {
    /// Its number in the gallery.
    pub number: usize,
    /// Larger is likelier.
    pub score: i32,
}

/// What support by codes counts beside the scores of the first pass, which stay in the sum: so
/// much that they hardly count.
const SUPPORT: f32 = 50_000.0;

/// Keeps the `count` best, in no order.
fn keep_best(list: &mut Vec<Survivor>, count: usize) {
    if count < list.len() {
        let order = |s: &Survivor| (std::cmp::Reverse(s.score), s.number);
        list.select_nth_unstable_by_key(count, order);
        list.truncate(count);
    }
}

impl<'a> Gallery<'a> {
    /// The fingers of shards.
    pub fn new(shards: Vec<Shard<'a>>) -> Self {
        let fingers: Vec<LiveFinger<'a>> = shards.into_iter().flat_map(|s| s.fingers).collect();
        // A part says what all of them do.
        let step = (fingers.len() / COUNTED).max(1);
        let prior = Prior::of_codes(fingers.iter().step_by(step).map(|f| f.finger.codes));
        Self { fingers, prior }
    }

    /// How many fingers there are.
    pub fn len(&self) -> usize {
        self.fingers.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.fingers.is_empty()
    }

    /// First and second pass over a part of the gallery, which a thread may take: those that
    /// are worth an exact comparison, at most `effort.exact`.
    pub fn survivors(&self, part: Range<usize>, probe: &Probe, effort: &Effort) -> Vec<Survivor> {
        let first = part.start;
        let fingers = self.fingers.get(part).unwrap_or_default();
        let mut list: Vec<Survivor> = fingers
            .iter()
            .enumerate()
            .filter(|(_, f)| probe.can_be(f.finger.finger))
            .map(|(i, f)| Survivor { number: first + i, score: probe.table.score(f.finger.codes) })
            .collect();
        if effort.exact >= list.len() {
            return list;
        }
        let wanted = (list.len() as f64 * effort.glance_share).ceil() as usize;
        keep_best(&mut list, wanted.max(effort.glance_min));
        // As they lie in memory.
        list.sort_unstable_by_key(|s| s.number);
        let mut sketch = Sketch::default();
        for survivor in &mut list {
            let Some(found) = self.fingers.get(survivor.number) else { continue };
            found.finger.sketch_into(&mut sketch);
            survivor.score += (SUPPORT * glance(&probe.prepared, &sketch)) as i32;
        }
        keep_best(&mut list, effort.exact);
        list
    }

    /// The survivors of all parts together, at most `effort.exact`, best first.
    pub fn best(&self, parts: Vec<Vec<Survivor>>, effort: &Effort) -> Vec<Survivor> {
        let mut all: Vec<Survivor> = parts.into_iter().flatten().collect();
        keep_best(&mut all, effort.exact);
        all.sort_by_key(|s| (std::cmp::Reverse(s.score), s.number));
        all
    }

    /// The exact comparison with a finger of the gallery; `None` where there is none of that
    /// number or its template cannot be read.
    pub fn compare(&self, probe: &Probe, number: usize) -> Option<(SubjectId, Comparison)> {
        let found = self.fingers.get(number)?;
        Some((found.subject, probe.compare(&self.ready(number)?)))
    }

    /// A finger of the gallery made ready for comparing; `None` as for [`Gallery::compare`].
    pub fn ready(&self, number: usize) -> Option<Kept> {
        let found = self.fingers.get(number)?;
        let mut sketch = Sketch::default();
        found.finger.sketch_into(&mut sketch);
        Some(sketch.completed(&found.finger.entry().ok()?.template))
    }

    /// Searches all fingers of one subject, on one thread, and gives the candidates.
    pub fn search(
        &self,
        probes: &[Probe],
        effort: &Effort,
        calibration: &Calibration,
        fpir: f64,
    ) -> Candidates {
        let survivors = probes.iter().map(|probe| {
            let found = self.survivors(0..self.len(), probe, effort);
            self.best(vec![found], effort)
        });
        let survivors: Vec<_> = survivors.collect();
        self.candidates(probes, &survivors, calibration, fpir)
    }

    /// Compares what survived exactly and adds up the fingers of each subject.
    ///
    /// `survivors` are those of each probe. A subject that one finger found is compared with
    /// every finger that was searched.
    pub fn candidates(
        &self,
        probes: &[Probe],
        survivors: &[Vec<Survivor>],
        calibration: &Calibration,
        fpir: f64,
    ) -> Candidates {
        let mut subjects: BTreeMap<SubjectId, Vec<usize>> = BTreeMap::new();
        for s in survivors.iter().flatten() {
            if let Some(found) = self.fingers.get(s.number) {
                subjects.entry(found.subject).or_default();
            }
        }
        if probes.len() > 1 {
            for (number, found) in self.fingers.iter().enumerate() {
                if let Some(list) = subjects.get_mut(&found.subject) {
                    list.push(number);
                }
            }
        } else {
            for s in survivors.iter().flatten() {
                let found = self.fingers.get(s.number);
                if let Some(list) = found.and_then(|f| subjects.get_mut(&f.subject)) {
                    list.push(s.number);
                }
            }
        }
        let size = self.len();
        let threshold_rate = rate_for(fpir, size);
        let mut list: Vec<Candidate> = subjects
            .into_iter()
            .map(|(subject, numbers)| self.candidate(probes, subject, &numbers, calibration))
            .collect();
        list.sort_by(|a, b| {
            let rates = a.false_match_rate().total_cmp(&b.false_match_rate());
            rates.then(b.score().total_cmp(&a.score())).then(a.subject().cmp(&b.subject()))
        });
        Candidates {
            gallery_fingers: size,
            fpir,
            false_match_rate_max: threshold_rate,
            score_min: calibration.score_at(threshold_rate),
            list,
        }
    }

    fn candidate(
        &self,
        probes: &[Probe],
        subject: SubjectId,
        numbers: &[usize],
        calibration: &Calibration,
    ) -> Candidate {
        let mut scores = Vec::new();
        let mut fingers = Vec::new();
        for (index, probe) in probes.iter().enumerate() {
            // The best of the subject's impressions of this finger.
            let best = numbers
                .iter()
                .filter_map(|n| self.fingers.get(*n).map(|f| (*n, f)))
                .filter(|(_, f)| probe.can_be(f.finger.finger))
                .filter_map(|(n, f)| Some((f.finger.finger, self.compare(probe, n)?.1)))
                .max_by(|a, b| a.1.score.total_cmp(&b.1.score));
            if let Some((finger, comparison)) = best {
                scores.push(f64::from(comparison.score));
                let pairs = comparison.pairs;
                fingers.push(FingerPairs { probe: index, finger, score: comparison.score, pairs });
            }
        }
        let fused = fuse(calibration, &scores);
        let at_gallery = fpir_of(fused.false_match_rate, self.len());
        Candidate::new(subject, fused, at_gallery, fingers)
    }
}

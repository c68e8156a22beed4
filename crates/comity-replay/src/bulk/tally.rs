//! What is counted, part by part; parts are added in any order and come to the same.

use crate::problem::Problems;
use comity_policy::Modality;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Possible outcomes of a channel: bit 0 must, bit 1 may, bit 2 must not.
pub type OutcomeMask = u8;

/// Number of outcome masks; 0 is not used.
pub const MASKS: usize = 8;

/// An outcome in words: `may`, `may|must_not`.
pub fn words(mask: OutcomeMask) -> String {
    let all = Modality::ALL.into_iter().filter(|m| mask >> *m as u8 & 1 == 1);
    all.map(Modality::name).collect::<Vec<_>>().join("|")
}

/// True for one possible outcome only.
pub fn is_settled(mask: OutcomeMask) -> bool {
    mask.is_power_of_two()
}

/// The counts of one group of rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Rows decided, undetermined ones among them.
    pub rows: u64,
    /// By side, then by outcome.
    pub outcomes: Vec<[u64; MASKS]>,
    /// Rows by their two outcomes, `from * 8 + to`; empty with one side.
    pub moved: Vec<u64>,
}

impl Group {
    /// Nothing counted yet.
    pub fn new(sides: usize) -> Group {
        let moved = if sides > 1 { vec![0; MASKS * MASKS] } else { Vec::new() };
        Group { rows: 0, outcomes: vec![[0; MASKS]; sides], moved }
    }

    /// Adds another group's counts.
    pub fn add(&mut self, other: &Group) {
        self.rows += other.rows;
        for (a, b) in self.outcomes.iter_mut().flatten().zip(other.outcomes.iter().flatten()) {
            *a += b;
        }
        self.moved.iter_mut().zip(&other.moved).for_each(|(a, b)| *a += b);
    }
}

/// Why rows moved: both outcomes and the rule behind each, empty where none is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cause {
    /// The first side's outcome and rule.
    pub from: (OutcomeMask, String),
    /// The second side's.
    pub to: (OutcomeMask, String),
}

/// A problem of the data: how often, where first, and some values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Rows or values concerned.
    pub count: u64,
    /// The first place: file, and line where it is known, else 0.
    pub first: (String, u64),
    /// Some of the values, with their counts.
    pub samples: BTreeMap<String, u64>,
}

const SAMPLES_MAX: usize = 8;

impl Trouble {
    fn add(&mut self, other: &Trouble) {
        if self.count == 0 || (other.count > 0 && other.first < self.first) {
            self.first.clone_from(&other.first);
        }
        self.count += other.count;
        for (value, n) in &other.samples {
            *self.samples.entry(value.clone()).or_insert(0) += n;
        }
        // The first by name, not the first to come: parts are added in any order.
        while self.samples.len() > SAMPLES_MAX {
            self.samples.pop_last();
        }
    }
}

/// All counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Rows read; every one is decided, undetermined or rejected, or left out by sampling.
    pub read: u64,
    /// Rows left out by sampling.
    pub left_out: u64,
    /// Rows that could not be read.
    pub rejected: u64,
    /// Rows with facts that contradict each other; decided as though those were unknown.
    pub contradictory: u64,
    /// By side, rows on which two laws say the opposite.
    pub conflicts: Vec<u64>,
    /// By the values of the keys.
    #[serde(with = "as_list")]
    pub groups: BTreeMap<Vec<String>, Group>,
    /// Rows that moved, by cause.
    #[serde(with = "as_list")]
    pub causes: BTreeMap<Cause, u64>,
    /// By side, undetermined rows by unknown fact that the answer may hang on.
    pub needs: Vec<BTreeMap<String, u64>>,
    /// Problems by kind and column.
    pub troubles: BTreeMap<String, Trouble>,
}

impl Tally {
    /// Nothing counted yet.
    pub fn new(sides: usize) -> Tally {
        Tally { conflicts: vec![0; sides], needs: vec![BTreeMap::new(); sides], ..Tally::default() }
    }

    /// Adds another part's counts.
    pub fn add(&mut self, other: &Tally) {
        self.read += other.read;
        self.left_out += other.left_out;
        self.rejected += other.rejected;
        self.contradictory += other.contradictory;
        self.conflicts.iter_mut().zip(&other.conflicts).for_each(|(a, b)| *a += b);
        for (key, group) in &other.groups {
            match self.groups.get_mut(key) {
                Some(g) => g.add(group),
                None => {
                    self.groups.insert(key.clone(), group.clone());
                }
            }
        }
        for (cause, n) in &other.causes {
            *self.causes.entry(cause.clone()).or_insert(0) += n;
        }
        for (mine, theirs) in self.needs.iter_mut().zip(&other.needs) {
            for (fact, n) in theirs {
                *mine.entry(fact.clone()).or_insert(0) += n;
            }
        }
        for (key, t) in &other.troubles {
            self.troubles.entry(key.clone()).or_default().add(t);
        }
    }

    /// Counts a row by its outcome and rule under the first law and under the second.
    pub fn compare(&mut self, from: (OutcomeMask, &str), to: (OutcomeMask, &str)) {
        self.read += 1;
        let group = self.groups.entry(Vec::new()).or_insert_with(|| Group::new(2));
        group.rows += 1;
        group.outcomes[0][from.0 as usize % MASKS] += 1;
        group.outcomes[1][to.0 as usize % MASKS] += 1;
        group.moved[(from.0 as usize % MASKS) * MASKS + to.0 as usize % MASKS] += 1;
        if from.0 != to.0 {
            let cause = Cause { from: (from.0, from.1.to_owned()), to: (to.0, to.1.to_owned()) };
            *self.causes.entry(cause).or_insert(0) += 1;
        }
    }

    /// Counts a problem.
    pub fn trouble(&mut self, what: String, count: u64, file: String, value: &str) {
        let mut t = Trouble { count, first: (file, 0), samples: BTreeMap::new() };
        if !value.is_empty() {
            t.samples.insert(comity_model::diagnostic::shorten(value, 60), count);
        }
        self.troubles.entry(what).or_default().add(&t);
    }

    /// Takes over the problems of rows of text.
    pub fn take(&mut self, problems: Problems, file: &str) {
        for p in problems.into_list() {
            let t = Trouble {
                count: p.rows,
                first: (file.to_owned(), p.first_line),
                samples: p.samples,
            };
            let of = if p.column.is_empty() { String::new() } else { format!(" `{}`", p.column) };
            let what = format!("{}{of}: {}", p.kind.name(), p.kind.says());
            self.troubles.entry(what).or_default().add(&t);
        }
    }

    /// All groups together.
    pub fn all(&self, sides: usize) -> Group {
        let mut out = Group::new(sides);
        self.groups.values().for_each(|g| out.add(g));
        out
    }
}

/// Maps whose keys are no strings, as lists of pairs.
mod as_list {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::collections::BTreeMap;

    pub fn serialize<S: Serializer, K: Serialize, V: Serialize>(
        map: &BTreeMap<K, V>,
        s: S,
    ) -> Result<S::Ok, S::Error> {
        s.collect_seq(map)
    }

    pub fn deserialize<'de, D, K, V>(d: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        D: Deserializer<'de>,
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(d)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_added_in_any_order() {
        let part = |values: &[&str]| {
            let mut t = Tally::new(1);
            for v in values {
                t.trouble("unknown-value".to_owned(), 1, format!("row {v}"), v);
            }
            t
        };
        let all: Vec<String> = (10..40).map(|i| i.to_string()).collect();
        let parts: Vec<Tally> = all
            .chunks(7)
            .map(|c| part(&c.iter().map(String::as_str).collect::<Vec<_>>()))
            .collect();
        let (mut there, mut back) = (Tally::new(1), Tally::new(1));
        parts.iter().for_each(|p| there.add(p));
        parts.iter().rev().for_each(|p| back.add(p));
        assert_eq!(there, back);
        let trouble = &there.troubles["unknown-value"];
        assert_eq!((trouble.count, trouble.samples.len()), (30, SAMPLES_MAX));
        assert_eq!(trouble.first, ("row 10".to_owned(), 0));
    }

    #[test]
    fn a_row_that_moves_is_counted_with_both_rules() {
        let mut t = Tally::new(2);
        t.compare((2, "a"), (2, "b"));
        t.compare((2, "a"), (4, "b"));
        let all = t.all(2);
        assert_eq!((all.rows, all.moved[2 * MASKS + 2], all.moved[2 * MASKS + 4]), (2, 1, 1));
        assert_eq!(t.causes.values().sum::<u64>(), 1);
    }
}

//! What a run reached, counted: a rare branch that no seed reaches is not tested.

use std::collections::BTreeMap;

/// How often each thing happened, by group and name.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct Cover {
    counts: BTreeMap<&'static str, BTreeMap<String, u64>>,
}

impl Cover {
    /// Counts one.
    pub fn count(&mut self, group: &'static str, name: &str) {
        let group = self.counts.entry(group).or_default();
        match group.get_mut(name) {
            Some(count) => *count += 1,
            None => drop(group.insert(name.to_owned(), 1)),
        }
    }

    /// How often it happened.
    pub fn of(&self, group: &str, name: &str) -> u64 {
        self.counts.get(group).and_then(|g| g.get(name)).copied().unwrap_or(0)
    }

    /// Adds the counts of another run.
    pub fn add(&mut self, other: &Cover) {
        for (group, counts) in &other.counts {
            let group = self.counts.entry(group).or_default();
            for (name, count) in counts {
                *group.entry(name.clone()).or_default() += count;
            }
        }
    }

    /// The groups, each with its counts.
    pub fn groups(&self) -> impl Iterator<Item = (&'static str, &BTreeMap<String, u64>)> {
        self.counts.iter().map(|(group, counts)| (*group, counts))
    }
}

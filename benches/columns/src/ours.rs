//! This engine on the twelve rules.

use crate::Counts;
use arrow_array::RecordBatch;
use comity_policy::columns::{ColumnPlan, ColumnRequest, Scratch};
use comity_policy::{Channel, Library, Modality, PolicyFile, StanceSet};

const TOML: &str = include_str!("../../policies/trust-12.toml");
const ID: &str = "us-ca.bench-trust-12.2014";
const PLACES: &str = include_str!("../../../policies/places.toml");

/// The twelve rules compiled.
pub struct Ours {
    /// The plan.
    pub plan: ColumnPlan,
    scratch: Scratch,
    by_outcome: [usize; 64],
}

impl Ours {
    /// Compiles the twelve rules as though in force, with needs or without.
    pub fn new(needs: bool) -> Ours {
        let file =
            |name: &str, text: &str| PolicyFile { name: name.to_owned(), bytes: text.into() };
        let files = [file("policies/places.toml", PLACES), file("trust-12.toml", TOML)];
        let library = Library::load(&files).expect("the twelve rules load");
        let scope = library.scope_under(&[ID]).expect("the twelve rules are there");
        let request =
            ColumnRequest { channels: vec![Channel::Hold], needs, ..ColumnRequest::default() };
        let plan = ColumnPlan::compile(&library, &scope, &request);
        let mut by_outcome = [2; 64];
        for (set, at) in by_outcome.iter_mut().enumerate() {
            *at = match StanceSet(set as u8).outcome().only() {
                Some(Modality::May | Modality::Must) => 0,
                Some(Modality::MustNot) => 1,
                None => 2,
            };
        }
        Ours { plan, scratch: Scratch::default(), by_outcome }
    }

    /// Decides a batch and counts outcomes.
    pub fn run(&mut self, batch: &RecordBatch, counts: &mut Counts) {
        let answers = self.plan.decide(batch, &mut self.scratch).expect("a batch of cases");
        let mut by_set = [0_u64; 256];
        let hold = &answers.channels[0];
        for set in &hold.stances {
            by_set[*set as usize] += 1;
        }
        for (set, n) in by_set.iter().enumerate().take(64) {
            counts.0[self.by_outcome[set]] += n;
        }
        std::hint::black_box(&hold.binding);
    }
}

//! One question: is there a case of which a formula is true?

use super::axioms::Axioms;
use super::domain::Domains;
use super::encode::Encoder;
use super::formula::Formula;
use super::place::{Spot, told_apart};
use super::sat::Solved;
use super::witness::demand;
use crate::cond::QUANTIFIERS_MAX;
use comity_model::CaseFacts;
use comity_model::check::contradictions;

/// Most contradictions learned for one question.
const ROUNDS_MAX: usize = 64;

/// What is known before any question, and learned with each.
pub(super) struct Space {
    pub(super) spots: Vec<Spot>,
    axioms: Axioms,
    /// How many more questions the solver may give up on before the rest is not asked: a hostile
    /// file costs seconds, not hours.
    patience: usize,
}

/// The answer.
pub(super) enum Outcome {
    /// Proved: no case.
    Impossible,
    /// A case, evaluated again, and the code of its place.
    Found(Box<CaseFacts>, String),
    /// Neither: a cap was reached.
    Unsettled,
}

impl Space {
    pub(super) fn new(spots: Vec<Spot>) -> Space {
        Space { spots, axioms: Axioms::default(), patience: usize::MAX }
    }

    /// For text of which nothing is known: after two questions that the solver gave up on, the
    /// others count as unsettled.
    pub(super) fn impatient(spots: Vec<Spot>) -> Space {
        Space { patience: 2, ..Space::new(spots) }
    }

    /// Looks for a case in one of the places `within`; `is_real` evaluates a candidate
    /// the way cases are decided, independent of the encoding.
    pub(super) fn search(
        &mut self,
        formula: &Formula<'_>,
        within: &[usize],
        is_real: &dyn Fn(&CaseFacts) -> bool,
    ) -> Outcome {
        if self.patience == 0 {
            return Outcome::Unsettled;
        }
        let demand = demand(formula);
        let within = within.iter().filter_map(|i| self.spots.get(*i));
        let (spots, places_exact) = told_apart(formula, within);
        let proved = |exact: bool| if exact { Outcome::Impossible } else { Outcome::Unsettled };
        if spots.is_empty() {
            return proved(places_exact);
        }
        let fields = Domains::fields(formula);
        for _ in 0..ROUNDS_MAX {
            let axioms = self.axioms.about(&fields);
            let domains = Domains::of(formula, &axioms, self.axioms.optional(), &demand);
            let mut encoder = Encoder::new(&domains, &spots, &demand.lists);
            let root = encoder.node(formula, formula.root, true);
            encoder.sat.clause(&[root]);
            for axiom in &axioms {
                let broken = encoder.cond(axiom, [0; QUANTIFIERS_MAX], false);
                encoder.sat.clause(&[!broken]);
            }
            match encoder.sat.solve() {
                Solved::GaveUp => {
                    self.patience -= 1;
                    return Outcome::Unsettled;
                }
                Solved::Impossible => {
                    return proved(domains.exact && encoder.exact && places_exact);
                }
                Solved::Model => {}
            }
            let (facts, code) = encoder.case();
            if !is_real(&facts) {
                return Outcome::Unsettled;
            }
            if contradictions(&facts).is_empty() {
                return Outcome::Found(Box::new(facts), code);
            }
            if !self.axioms.learn(&facts) {
                return Outcome::Unsettled;
            }
        }
        Outcome::Unsettled
    }
}

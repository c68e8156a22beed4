//! A thin layer over the solver: gates by Tseitin's transformation, and facts of a
//! finite ordered domain as ladders.

use batsat::{Callbacks, ClauseKind, Lit, Solver, SolverInterface, SolverOpts, lbool};
use std::collections::HashMap;

/// Most clauses the solver may learn for one question; a deterministic stop, so that a
/// hostile file costs seconds and is reported as not settled.
const LEARNT_MAX: u64 = 200_000;

#[derive(Default)]
struct Effort {
    learnt: u64,
}

impl Callbacks for Effort {
    fn on_new_clause(&mut self, _: &[Lit], kind: ClauseKind) {
        if matches!(kind, ClauseKind::Learnt) {
            self.learnt += 1;
        }
    }

    fn stop(&self) -> bool {
        self.learnt > LEARNT_MAX
    }
}

/// A question to the solver, under construction.
pub(super) struct Sat {
    solver: Solver<Effort>,
    yes: Lit,
    /// Gates that exist already: conjunctions by their sorted literals.
    gates: HashMap<Vec<Lit>, Lit>,
}

/// What the solver said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Solved {
    Model,
    Impossible,
    GaveUp,
}

impl Sat {
    pub(super) fn new() -> Sat {
        let mut solver = Solver::new(SolverOpts::default(), Effort::default());
        let yes = Lit::new(solver.new_var(lbool::TRUE, true), true);
        solver.add_clause_reuse(&mut vec![yes]);
        Sat { solver, yes, gates: HashMap::new() }
    }

    /// The literal that always holds.
    pub(super) fn yes(&self) -> Lit {
        self.yes
    }

    /// The literal that never holds.
    pub(super) fn no(&self) -> Lit {
        !self.yes
    }

    /// A constant.
    pub(super) fn constant(&self, b: bool) -> Lit {
        if b { self.yes } else { !self.yes }
    }

    /// A new variable and the value to try first.
    pub(super) fn var(&mut self, first: bool) -> Lit {
        Lit::new(self.solver.new_var(lbool::new(first), true), true)
    }

    /// Asserts a clause.
    pub(super) fn clause(&mut self, lits: &[Lit]) {
        self.solver.add_clause_reuse(&mut lits.to_vec());
    }

    /// The literal that all hold.
    pub(super) fn all(&mut self, mut lits: Vec<Lit>) -> Lit {
        let (yes, no) = (self.yes, !self.yes);
        lits.retain(|l| *l != yes);
        lits.sort_unstable();
        lits.dedup();
        // A literal and its negation have neighboring codes.
        if lits.contains(&no) || lits.windows(2).any(|w| w[0] == !w[1]) {
            return no;
        }
        match lits.as_slice() {
            [] => return yes,
            [one] => return *one,
            _ => {}
        }
        if let Some(gate) = self.gates.get(&lits) {
            return *gate;
        }
        let gate = self.var(false);
        let mut back = Vec::with_capacity(lits.len() + 1);
        for l in &lits {
            self.clause(&[!gate, *l]);
            back.push(!*l);
        }
        back.push(gate);
        self.clause(&back);
        self.gates.insert(lits, gate);
        gate
    }

    /// The literal that some holds.
    pub(super) fn any(&mut self, lits: Vec<Lit>) -> Lit {
        !self.all(lits.into_iter().map(|l| !l).collect())
    }

    /// The literal that at least `wanted` of `lits` hold, by counting from the left.
    pub(super) fn at_least(&mut self, wanted: usize, lits: &[Lit]) -> Lit {
        if wanted > lits.len() {
            return self.no();
        }
        let mut counted = vec![self.no(); wanted + 1];
        counted[0] = self.yes;
        for lit in lits {
            for n in (1..=wanted).rev() {
                let one_more = self.all(vec![counted[n - 1], *lit]);
                counted[n] = self.any(vec![counted[n], one_more]);
            }
        }
        counted[wanted]
    }

    /// Looks for a model.
    pub(super) fn solve(&mut self) -> Solved {
        if !self.solver.simplify() {
            return Solved::Impossible;
        }
        match self.solver.solve_limited(&[]) {
            l if l == lbool::TRUE => Solved::Model,
            l if l == lbool::FALSE => Solved::Impossible,
            _ => Solved::GaveUp,
        }
    }

    /// The value of a literal in the model found.
    pub(super) fn holds(&self, lit: Lit) -> bool {
        self.solver.value_lit(lit) == lbool::TRUE
    }
}

/// One fact over a finite domain, order-encoded: `upto[i]` says that its value is the
/// `i`-th or an earlier one. Exactly one value holds by construction.
pub(super) struct Ladder {
    upto: Vec<Lit>,
    size: usize,
}

impl Ladder {
    /// A fact of `size` values; `low_first` says which end to try first.
    pub(super) fn new(sat: &mut Sat, size: usize, low_first: bool) -> Ladder {
        let upto: Vec<Lit> = (1..size).map(|_| sat.var(low_first)).collect();
        for pair in upto.windows(2) {
            sat.clause(&[!pair[0], pair[1]]);
        }
        Ladder { upto, size }
    }

    fn between(&self, sat: &mut Sat, low: usize, high: usize) -> Lit {
        let from = if low == 0 { sat.yes() } else { !self.upto[low - 1] };
        let to = if high + 1 >= self.size { sat.yes() } else { self.upto[high] };
        sat.all(vec![from, to])
    }

    /// The literal that the value is one of a set, as a mask over indexes.
    pub(super) fn among(&self, sat: &mut Sat, mask: u128) -> Lit {
        let mut runs = Vec::new();
        let mut start = None;
        for i in 0..=self.size {
            let inside = i < self.size && mask >> i & 1 == 1;
            match (inside, start) {
                (true, None) => start = Some(i),
                (false, Some(s)) => {
                    runs.push(self.between(sat, s, i - 1));
                    start = None;
                }
                _ => {}
            }
        }
        sat.any(runs)
    }

    /// The index of the value in the model found.
    pub(super) fn value(&self, sat: &Sat) -> usize {
        self.upto.iter().position(|l| sat.holds(*l)).unwrap_or(self.size.saturating_sub(1))
    }
}

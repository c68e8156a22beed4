//! Which rules some case exercises, and which cases pass: of every policy, once, when it is
//! first asked for. The library of a node does not change while it runs.

use crate::app::App;
use crate::problem::Problem;
use axum::http::StatusCode;
use comity_policy::case::{CaseReport, Question, read_case};
use comity_policy::{ClauseRef, Library, PolicyFile, PolicyIndex};
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::Semaphore;

/// What counsel's pages keep.
pub struct Counsel {
    /// The golden cases, to choose samples from.
    pub cases: Vec<PolicyFile>,
    covered: OnceLock<Coverage>,
    /// Proofs cost seconds; one at a time, so that nobody's draft takes the node from the desk.
    turn: Arc<Semaphore>,
}

/// How long somebody waits for the turn of a proof.
const TURN: Duration = Duration::from_secs(20);

impl Counsel {
    /// With these golden cases.
    pub fn new(cases: Vec<PolicyFile>) -> Counsel {
        Counsel { cases, covered: OnceLock::new(), turn: Arc::new(Semaphore::new(1)) }
    }

    /// What the cases exercise.
    pub(super) fn coverage(&self, library: &Library) -> &Coverage {
        self.covered.get_or_init(|| Coverage::of(library, &self.cases))
    }
}

/// Does something slow on a thread of its own, one at a time.
///
/// # Errors
/// `busy`: others' proofs take too long.
pub(super) async fn in_turn<T: Send + 'static>(
    app: &Arc<App>,
    call: impl FnOnce(&App) -> T + Send + 'static,
) -> Result<T, Problem> {
    let busy = || {
        let detail = "the prover is busy with another draft; send this one again in a moment";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail)
    };
    let turn = tokio::time::timeout(TURN, app.counsel.turn.clone().acquire_owned()).await;
    let turn = turn.map_err(|_| busy())?.map_err(|_| busy())?;
    let app = app.clone();
    let done = tokio::task::spawn_blocking(move || {
        let out = call(&app);
        drop(turn);
        out
    });
    done.await.map_err(|_| {
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "fault",
            "the server made a mistake; it was noted",
        )
    })
}

/// What the cases exercise.
pub(super) struct Coverage {
    exercised: BTreeSet<ClauseRef>,
    golden: Vec<CaseReport>,
    own: Vec<Vec<CaseReport>>,
}

impl Coverage {
    fn of(library: &Library, cases: &[PolicyFile]) -> Coverage {
        let own: Vec<Vec<CaseReport>> =
            library.policies().map(|(index, _)| library.run_own_cases(index).0).collect();
        let read = |f: &PolicyFile| {
            let case = read_case(library, &f.name, &f.bytes, &Question::default()).ok()?;
            Some(library.run_case(&f.name, &case))
        };
        let golden: Vec<CaseReport> = cases.iter().filter_map(read).collect();
        let reports = own.iter().flatten().chain(&golden);
        let exercised = reports.flat_map(|r| r.exercised.iter().copied()).collect();
        Coverage { exercised, golden, own }
    }

    /// True if some case makes a clause take effect.
    pub(super) fn has(&self, policy: PolicyIndex, clause: usize) -> bool {
        self.exercised.contains(&ClauseRef { policy, clause: clause as u8 })
    }

    /// Clauses of a policy that a case exercises, and all of them.
    pub(super) fn counts(&self, library: &Library, policy: PolicyIndex) -> (usize, usize) {
        let all = library.policy(policy).clauses.len();
        ((0..all).filter(|i| self.has(policy, *i)).count(), all)
    }

    /// The reports of a policy's own cases.
    pub(super) fn own(&self, policy: PolicyIndex) -> &[CaseReport] {
        self.own.get(policy.0 as usize).map_or(&[], Vec::as_slice)
    }

    /// The golden cases in which a clause of the policy takes effect.
    pub(super) fn golden(&self, policy: PolicyIndex) -> impl Iterator<Item = &CaseReport> {
        let touches = move |r: &&CaseReport| r.exercised.iter().any(|c| c.policy == policy);
        self.golden.iter().filter(touches)
    }
}

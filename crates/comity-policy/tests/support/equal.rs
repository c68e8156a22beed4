//! Deciding cases both ways and comparing.

use super::filling::shown;
use arrow_array::RecordBatch;
use comity_model::CaseFacts;
use comity_policy::columns::{ColumnPlan, ColumnRequest, Scratch, case_batch};
use comity_policy::{Channel, ClauseRef, Library, Scope};

/// What one comparison saw.
#[derive(Debug, Default, Clone, Copy)]
pub struct Seen {
    pub cases: u64,
    pub answers: u64,
    pub settled: u64,
    pub open: u64,
    pub conflicts: u64,
}

impl std::ops::AddAssign for Seen {
    fn add_assign(&mut self, o: Seen) {
        self.cases += o.cases;
        self.answers += o.answers;
        self.settled += o.settled;
        self.open += o.open;
        self.conflicts += o.conflicts;
    }
}

/// Every channel, with caps.
pub fn request() -> ColumnRequest {
    ColumnRequest { hold_cap: true, ..ColumnRequest::default() }
}

/// Decides the cases one by one and as a batch; the first difference is the error.
pub fn compare(
    library: &Library,
    scope: &Scope,
    cases: &[CaseFacts],
    scratch: &mut Scratch,
) -> Result<Seen, String> {
    let plan = ColumnPlan::compile(library, scope, &request());
    // A row before and one after, cut off again: offsets that do not start at 0.
    let mut padded = vec![cases[cases.len() - 1].clone()];
    padded.extend(cases.iter().cloned());
    padded.push(cases[0].clone());
    let batch = case_batch(&padded).map_err(|e| e.to_string())?.slice(1, cases.len());
    compare_batch(library, scope, &plan, cases, &batch, scratch)
}

/// The same for a plan and a batch that are there.
pub fn compare_batch(
    library: &Library,
    scope: &Scope,
    plan: &ColumnPlan,
    cases: &[CaseFacts],
    batch: &RecordBatch,
    scratch: &mut Scratch,
) -> Result<Seen, String> {
    let answers = plan.decide(batch, scratch).map_err(|e| e.to_string())?;
    let mut seen = Seen::default();
    for (row, facts) in cases.iter().enumerate() {
        let one = library.decide(facts, scope);
        seen.cases += 1;
        for channel in Channel::ALL {
            let found = answers.at(plan, channel, row);
            let wanted = one.on(channel);
            if found.as_ref() != Some(wanted) {
                return Err(format!(
                    "{channel}, row {row}, {scope:?}\n  decide:  {}\n  columns: {}\n{}",
                    said(library, wanted.stances.iter(), wanted.binding, wanted.conflict),
                    found.map_or(String::new(), |f| {
                        said(library, f.stances.iter(), f.binding, f.conflict)
                    }),
                    shown(facts)
                ));
            }
            seen.answers += 1;
            seen.settled += u64::from(wanted.binding.is_some());
            seen.open += u64::from(wanted.outcome().only().is_none());
            seen.conflicts += u64::from(wanted.conflict.is_some());
        }
    }
    Ok(seen)
}

fn said(
    library: &Library,
    stances: impl Iterator<Item = comity_policy::Stance>,
    binding: Option<ClauseRef>,
    conflict: Option<(ClauseRef, ClauseRef)>,
) -> String {
    let name = |r: ClauseRef| {
        let p = library.policy(r.policy);
        format!("{} {}", p.id, p.clauses[r.clause as usize].id)
    };
    format!(
        "{:?} by {} conflict {:?}",
        stances.map(|s| s.name()).collect::<Vec<_>>(),
        binding.map_or("nobody".to_owned(), name),
        conflict.map(|(a, b)| (name(a), name(b)))
    )
}

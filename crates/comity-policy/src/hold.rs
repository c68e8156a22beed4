//! The custody clock of a decided case: its caps, and a change of law that bars the hold.

use crate::channel::{Channel, Modality};
use crate::decide::ClauseRef;
use crate::library::{Library, Scope};
use crate::policy::{Cap, CapKind, CapLimit};
use crate::trace::Derivation;
use comity_model::clock::{self, ClockError, ClockReading, DaySet, Fact, Limit, StartPoint, Stay};
use comity_model::facts::Value;
use comity_model::schema::{FieldId, scalar};
use comity_model::{CaseFacts, Day, Tri};
use jiff::Timestamp;

const RELEASE_AT: FieldId = scalar("custody.release_eligible_at");
const RELEASE_ON: FieldId = scalar("custody.release_eligible_on");
const RECEIVED_AT: FieldId = scalar("request.received_at");
const HOLD_AT: FieldId = scalar("custody.hold_started_at");
const RELEASED_AT: FieldId = scalar("custody.released_at");
const DECIDED_ON: FieldId = scalar("decision.on");

/// Days after release eligibility in which a change of law is looked for: the
/// longest cap, 48 hours without weekends and holidays, spans fewer.
const DAYS_AHEAD: i64 = 14;

/// Why no hold clock runs, or the clock.
#[derive(Debug, Clone)]
pub enum HoldClock {
    /// The answer is *must not hold*: nothing to count.
    NoHold,
    /// Nothing says how long: the case has no request that asks for a hold.
    NoCap,
    /// The clock's reading, and the source of each cap by its id.
    Reading(Box<ClockReading>, Vec<CapSource>),
    /// The clock refuses to guess.
    Refused(ClockError),
}

/// Where a cap comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CapSource {
    /// A clause of a policy.
    Clause(ClauseRef),
    /// A law that starts, or ends, on this day and bars the hold from its first hour.
    LawChange(Day, Option<ClauseRef>),
}

impl Library {
    /// Reads the custody clock of a derived case as of a moment (DESIGN section 5).
    pub fn hold_clock(
        &self,
        facts: &CaseFacts,
        scope: &Scope,
        d: &Derivation,
        as_of: Option<Timestamp>,
    ) -> HoldClock {
        let outcome = d.answer.outcome(Channel::Hold);
        if outcome.only() == Some(Modality::MustNot) {
            return HoldClock::NoHold;
        }
        let (mut caps, mut sources) = (Vec::new(), Vec::new());
        for (clause, truth) in self.effects(d) {
            let cap = &self.policy(clause.policy).clauses[clause.clause as usize].cap;
            if let (Some(cap), Tri::True) = (cap, truth) {
                caps.push(clock_cap(cap, sources.len() as u16));
                sources.push(CapSource::Clause(clause));
            }
        }
        if let Some((day, clause)) = self.barred_from(facts, scope) {
            let limit = Limit::Date(day.to_civil());
            caps.push(clock::Cap {
                id: sources.len() as u16,
                kind: clock::CapKind::LawChange,
                limit,
            });
            sources.push(CapSource::LawChange(day, clause));
        }
        if caps.is_empty() {
            return HoldClock::NoCap;
        }
        let stay = stay(facts);
        let as_of = as_of.or(stay.release_eligible_at.known()).unwrap_or(Timestamp::UNIX_EPOCH);
        match clock::read(&stay, &caps, as_of) {
            Ok(reading) => HoldClock::Reading(Box::new(reading), sources),
            Err(e) => HoldClock::Refused(e),
        }
    }

    /// The first day after release eligibility on which the law bars the hold:
    /// "continue to detain" reaches holds already running.
    fn barred_from(&self, facts: &CaseFacts, scope: &Scope) -> Option<(Day, Option<ClauseRef>)> {
        if scope.is_counterfactual() {
            return None;
        }
        let start = facts.get_date(RELEASE_ON).or_else(|| facts.get_date(DECIDED_ON))?;
        let mut later = facts.clone();
        for day in self.days_of_change(facts, scope) {
            if day <= start || day > start.plus_days(DAYS_AHEAD) {
                continue;
            }
            // Instruments anchored on release eligibility reach those released that day,
            // not a hold that runs; only the day of the decision moves.
            later.set(DECIDED_ON, Value::Date(day));
            let answer = self.decide(&later, scope);
            if answer.outcome(Channel::Hold).only() == Some(Modality::MustNot) {
                return Some((day, answer.on(Channel::Hold).binding));
            }
        }
        None
    }
}

fn stay(facts: &CaseFacts) -> Stay {
    let instant = |f| match facts.get(f) {
        Value::Instant(s) => Fact::from(Timestamp::from_second(s).ok()),
        _ => Fact::Unknown,
    };
    Stay {
        release_eligible_at: instant(RELEASE_AT),
        received_at: instant(RECEIVED_AT),
        hold_started_at: instant(HOLD_AT),
        released_at: instant(RELEASED_AT),
        time_zone: facts.get_text(comity_model::place::TIME_ZONE).map(str::to_owned),
    }
}

fn clock_cap(cap: &Cap, id: u16) -> clock::Cap {
    let kind = match cap.kind {
        CapKind::Requested => clock::CapKind::Requested,
        CapKind::Regulatory => clock::CapKind::Regulatory,
        CapKind::Local => clock::CapKind::Local,
    };
    let limit = match &cap.limit {
        CapLimit::EndOfDay => Limit::EndOfDay,
        CapLimit::Hours {
            hours_max,
            excludes_saturday,
            excludes_sunday,
            excludes_holiday,
            from_receipt,
        } => {
            let mut excludes = DaySet::NONE;
            for (yes, day) in [
                (*excludes_saturday, DaySet::SATURDAY),
                (*excludes_sunday, DaySet::SUNDAY),
                (*excludes_holiday, DaySet::HOLIDAY),
            ] {
                if yes {
                    excludes = excludes.with(day);
                }
            }
            let from = if *from_receipt { StartPoint::Receipt } else { StartPoint::Release };
            Limit::Hours { hours_max: *hours_max, excludes, from }
        }
    };
    clock::Cap { id, kind, limit }
}

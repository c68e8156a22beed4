//! What an agency publishes of its answers: counts from its own ledger, by quarter, and the law
//! in force. `comity-notice` lays them out and holds small counts back.

use crate::home::Settings;
use crate::pages::papers::{channel_of, choice_of, verified_of};
use crate::pages::policies::binds;
use comity_exchange::case::{self, HoldEnd, RequestId, Side, What};
use comity_ledger::StoreKey;
use comity_node::{CaseView, NodeFault, read_case};
use comity_notice::{Channel, Choice, Figures, HoldEnding, Measure, Period, PolicyInForce, Text};
use comity_policy::Library;
use comity_store::Reads;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use std::collections::BTreeMap;

/// Cases that are read at once.
const CASES_AT_ONCE: usize = 500;

/// The counts and the law of an agency up to a moment. People whose keys were destroyed are in
/// no count: what is left of them says nothing of an answer. Reports are on paper, and not
/// counted.
///
/// # Errors
/// The store; a case that does not open.
pub fn figures(
    reads: &mut dyn Reads,
    store_key: &StoreKey,
    library: &Library,
    settings: &Settings,
    now: Timestamp,
) -> Result<Figures, NodeFault> {
    let zone = TimeZone::get(&settings.time_zone).unwrap_or(TimeZone::UTC);
    let prepared_on = now.to_zoned(zone.clone()).date();
    let mut counted: BTreeMap<Date, BTreeMap<Measure, u64>> = BTreeMap::new();
    let mut after = None;
    loop {
        let page = reads.cases(false, after, CASES_AT_ONCE)?;
        for row in &page.rows {
            let view = read_case(reads, store_key, Side::Agency, row.case)?;
            for (at, measure) in of_case(&view) {
                let quarter = quarter_of(at.to_zoned(zone.clone()).date());
                *counted.entry(quarter).or_default().entry(measure).or_default() += 1;
            }
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let first = counted.keys().next().copied().unwrap_or_else(|| quarter_of(prepared_on));
    let mut periods = Vec::new();
    let mut from_on = first;
    while from_on <= prepared_on {
        let next = from_on.saturating_add(3.months());
        let until_on = next.saturating_sub(1.day()).min(prepared_on);
        let mut counts: BTreeMap<Measure, u64> = all().map(|measure| (measure, 0)).collect();
        counts.extend(counted.remove(&from_on).unwrap_or_default());
        periods.push(Period { from_on, until_on, counts });
        from_on = next;
    }
    let agency = settings.letterhead.as_ref().map_or(&settings.party, |head| &head.name).clone();
    let policies = in_force(library, settings, first, prepared_on);
    Ok(Figures { agency, prepared_on, periods, policies })
}

/// Everything that is counted, so that nothing is said where nothing happened but zero.
fn all() -> impl Iterator<Item = Measure> {
    let choices = [Choice::Comply, Choice::Decline, Choice::Open];
    let answers = Channel::ALL
        .into_iter()
        .flat_map(move |channel| choices.map(|choice| Measure::Answered(channel, choice)));
    let ends = [
        HoldEnding::Transferred,
        HoldEnding::ClockRanOut,
        HoldEnding::ClaimUpheld,
        HoldEnding::RequestWithdrawn,
        HoldEnding::Other,
    ];
    let claims =
        [Some(comity_notice::Resolution::Upheld), Some(comity_notice::Resolution::NotUpheld), None];
    answers.chain(ends.map(Measure::HoldEnded)).chain(claims.map(Measure::Claimed))
}

fn quarter_of(day: Date) -> Date {
    date(day.year(), (day.month() - 1) / 3 * 3 + 1, 1)
}

/// What one case adds, and when: of several answers to a request the last one counts.
fn of_case(view: &CaseView) -> Vec<(Timestamp, Measure)> {
    let mut out = Vec::new();
    let mut answers: BTreeMap<RequestId, (Timestamp, &case::Answer)> = BTreeMap::new();
    let mut claims = BTreeMap::new();
    for (event, _) in &view.events {
        match &event.what {
            What::RequestAnswered(answer) => {
                answers.insert(answer.request, (event.at, answer));
            }
            What::HoldEnded(end) => out.push((event.at, Measure::HoldEnded(ending(end)))),
            What::ClaimMade(claim) => {
                claims.insert(claim.claim, (event.at, None));
            }
            What::ClaimResolved { claim, resolution, .. } => {
                let resolution = match resolution {
                    case::Resolution::Upheld => comity_notice::Resolution::Upheld,
                    case::Resolution::NotUpheld => comity_notice::Resolution::NotUpheld,
                };
                claims.insert(*claim, (event.at, Some(resolution)));
            }
            _ => {}
        }
    }
    for (at, answer) in answers.into_values() {
        let choices = answer.choices.iter();
        let measures = choices.filter_map(|(channel, choice)| {
            Some(Measure::Answered(channel_of(*channel)?, choice_of(*choice)))
        });
        out.extend(measures.map(|measure| (at, measure)));
    }
    out.extend(claims.into_values().map(|(at, said)| (at, Measure::Claimed(said))));
    out
}

fn ending(end: &HoldEnd) -> HoldEnding {
    match end {
        HoldEnd::Expired => HoldEnding::ClockRanOut,
        HoldEnd::RequestEnded => HoldEnding::RequestWithdrawn,
        HoldEnd::Transferred => HoldEnding::Transferred,
        // A claim stops a hold before anybody knows whether it is true.
        HoldEnd::ClaimMade
        | HoldEnd::MatchTakenBack
        | HoldEnd::EligibilityCorrected
        | HoldEnd::AnswerChanged
        | HoldEnd::ByAgency(_)
        | HoldEnd::CustodyEnded => HoldEnding::Other,
    }
}

/// The instruments that bound the node's place in these days.
fn in_force(library: &Library, settings: &Settings, from: Date, until: Date) -> Vec<PolicyInForce> {
    let Some(place) = settings.place.as_ref().and_then(|code| library.places().get(code)) else {
        return Vec::new();
    };
    let one = |policy: &comity_policy::Policy| PolicyInForce {
        title: Text::english(policy.title.clone()),
        cite: policy.source.cite.clone(),
        from_on: policy.from.to_civil(),
        until_on: policy.until.map(comity_model::Day::to_civil),
        verified: verified_of(policy.source.verified),
    };
    let policies = library.policies().map(|(_, policy)| policy).filter(|p| binds(p, place));
    let mut out: Vec<PolicyInForce> = policies
        .map(one)
        .filter(|p| p.from_on <= until && p.until_on.is_none_or(|last| last >= from))
        .collect();
    out.sort_by(|a, b| (a.from_on, &a.cite).cmp(&(b.from_on, &b.cite)));
    out
}

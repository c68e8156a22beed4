//! The second clock, written from the text of the law and sharing no code with the first.
//!
//! It knows nothing of any date library: its calendar is walked day by day from a known Tuesday,
//! its zones are the rules of 15 U.S.C. 260a spelled out, and it finds every end by stepping
//! through the stay hour by hour, asking of each hour whether it counts.

mod calendar;
mod throw;
mod zones;

pub use calendar::{Calendar, FEDERAL_HOLIDAY, SATURDAY, SUNDAY};
pub use throw::{Anchors, Dice, every_rule, throw};
pub use zones::{ZONES, ZoneHours, ZoneRule};

const HOUR: i64 = 3600;

/// A cap as the second clock is told it. Days are bits of the calendar's flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Hours held after the start, except on days with one of the bits.
    After { hours: i64, except: u8, from_receipt: bool },
    /// To one minute before the midnight that ends the day of the start.
    SameDay,
    /// To the midnight with which that day of the calendar begins.
    Until { day: usize },
}

/// A stay in seconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    pub release: Option<i64>,
    pub received: Option<i64>,
    pub released: Option<i64>,
}

/// What the second clock answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Each cap's end.
    pub ends: Vec<Option<i64>>,
    /// Earliest end per rank of kind: no such cap, unknown, or an instant.
    pub by_kind: [Option<Option<i64>>; 4],
    /// Earliest end of all.
    pub first: Option<Option<i64>>,
    /// Rank of the kind that ends first.
    pub first_kind: Option<usize>,
    /// The word and the number of seconds that belong to the state.
    pub state: (&'static str, Option<i64>),
}

/// Reads the clock; each rule comes with the rank of its kind (0 to 3).
pub fn answer(zone: &ZoneHours, held: Held, rules: &[(usize, Rule)], now: i64) -> Answer {
    let ends: Vec<Option<i64>> = rules.iter().map(|(_, rule)| end(zone, held, *rule)).collect();
    let mut by_kind = [None; 4];
    for (rank, slot) in by_kind.iter_mut().enumerate() {
        let own =
            (0..rules.len()).filter(|i| rules[*i].0 == rank).map(|i| ends[i]).collect::<Vec<_>>();
        *slot = earliest(&own, held.release);
    }
    let first = earliest(&ends, held.release);
    let mut first_kind = None;
    if let Some(Some(at)) = first {
        first_kind =
            (0..4).find(|k| (0..rules.len()).any(|i| rules[i].0 == *k && ends[i] == Some(at)));
    }
    let state = state(held, &ends, first, now);
    Answer { ends, by_kind, first, first_kind, state }
}

fn end(zone: &ZoneHours, held: Held, rule: Rule) -> Option<i64> {
    let release = held.release?;
    let end = match rule {
        Rule::After { hours, except, from_receipt } => {
            let from = if from_receipt { held.received? } else { release };
            step(zone, from, hours * HOUR, except)
        }
        Rule::SameDay => {
            let today = zone.day(release);
            midnight_after(zone, release, |day| day != today) - 60
        }
        Rule::Until { day } => {
            if zone.day(release) >= day {
                release
            } else {
                midnight_after(zone, release, |d| d >= day)
            }
        }
    };
    // A hold that could not begin does not end before it.
    Some(if end < release { release } else { end })
}

/// Goes through the hours one at a time until `left` counted seconds have gone by.
fn step(zone: &ZoneHours, from: i64, mut left: i64, except: u8) -> i64 {
    let mut now = from;
    while left > 0 {
        let next = (now.div_euclid(HOUR) + 1) * HOUR;
        if zone.flags(now) & except != 0 {
            now = next;
        } else if next - now < left {
            left -= next - now;
            now = next;
        } else {
            now += left;
            left = 0;
        }
    }
    now
}

/// Goes through the hours one at a time until one lies on a day that `found` accepts.
fn midnight_after(zone: &ZoneHours, from: i64, found: impl Fn(usize) -> bool) -> i64 {
    let mut now = (from.div_euclid(HOUR) + 1) * HOUR;
    while !found(zone.day(now)) {
        now += HOUR;
    }
    now
}

fn earliest(ends: &[Option<i64>], release: Option<i64>) -> Option<Option<i64>> {
    if ends.is_empty() {
        return None;
    }
    if ends.iter().all(Option::is_some) {
        return Some(ends.iter().copied().flatten().min());
    }
    // One is unknown, but nothing ends before the start.
    let at_start = release.is_some() && ends.contains(&release);
    Some(if at_start { release } else { None })
}

fn state(
    held: Held,
    ends: &[Option<i64>],
    first: Option<Option<i64>>,
    now: i64,
) -> (&'static str, Option<i64>) {
    if let Some(out) = held.released
        && out <= now
    {
        let over = match first {
            None => Some(0),
            Some(end) => end.map(|end| if out > end { out - end } else { 0 }),
        };
        return ("released", over);
    }
    let Some(release) = held.release else {
        return (if ends.is_empty() { "no cap" } else { "unknown" }, None);
    };
    if ends.is_empty() {
        return ("no cap", None);
    }
    if release > now {
        return ("wait", Some(release - now));
    }
    let passed = ends.iter().copied().flatten().filter(|end| *end <= now).min();
    match (passed, first) {
        (Some(end), _) => ("release", Some(now - end)),
        (None, Some(Some(end))) => ("the clock runs", Some(end - now)),
        (None, _) => ("unknown", None),
    }
}

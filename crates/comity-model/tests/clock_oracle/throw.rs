//! The stays that both clocks are given: random, and thrown where clocks go wrong.

use super::{Calendar, FEDERAL_HOLIDAY, Held, Rule, SATURDAY, SUNDAY, ZoneHours, answer};

const HOURS: [i64; 8] = [48, 24, 0, 1, 12, 36, 72, 96];
const DAY: i64 = 86_400;

/// A small deterministic generator (splitmix64).
pub struct Dice(u64);

impl Dice {
    /// The generator of that seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn between(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next() % (high - low + 1) as u64) as i64
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// The days around which stays are thrown.
pub struct Anchors {
    holidays: Vec<usize>,
    leap_days: Vec<usize>,
    year_ends: Vec<usize>,
    weekends: Vec<usize>,
    all: Vec<usize>,
}

impl Anchors {
    /// The days of 2003 to 2035.
    pub fn of(calendar: &Calendar) -> Self {
        let pick = |wanted: &dyn Fn(usize) -> bool| {
            (0..calendar.days.len())
                .filter(|i| (2003..=2035).contains(&calendar.days[*i].year) && wanted(*i))
                .collect()
        };
        let on = |i: usize| (calendar.days[i].month, calendar.days[i].day);
        Self {
            holidays: pick(&|i| calendar.days[i].flags & FEDERAL_HOLIDAY != 0),
            leap_days: pick(&|i| on(i) == (2, 29)),
            year_ends: pick(&|i| matches!(on(i), (12, 31) | (1, 1))),
            weekends: pick(&|i| calendar.days[i].flags & (SATURDAY | SUNDAY) != 0),
            all: pick(&|_| true),
        }
    }

    /// A start: near a change of the clocks, a holiday, a leap day, a year's end, a weekend, or
    /// anywhere; to the second, to the minute, or on the hour (so midnights come up too).
    fn start(&self, dice: &mut Dice, zone: &ZoneHours) -> i64 {
        let near =
            |dice: &mut Dice, days: &[usize]| Calendar::utc_midnight(days[dice.below(days.len())]);
        let anchor = match dice.below(8) {
            0 | 1 if !zone.changes.is_empty() => {
                // The changes of 2002 and 2036 lie outside the years of the stays.
                zone.changes[dice.below(zone.changes.len() - 4) + 2]
            }
            2 => near(dice, &self.holidays),
            3 => near(dice, &self.leap_days),
            4 => near(dice, &self.year_ends),
            5 => near(dice, &self.weekends),
            _ => near(dice, &self.all),
        };
        let at = anchor + dice.between(-4 * DAY, 2 * DAY);
        match dice.below(4) {
            0 => at,
            1 => at - at.rem_euclid(3600),
            _ => at - at.rem_euclid(60),
        }
    }
}

/// Every form of rule: hours by days left out by start point, end of day, change of law.
pub fn every_rule() -> Vec<Rule> {
    let mut out = Vec::new();
    for hours in HOURS {
        for except in 0..8 {
            for from_receipt in [false, true] {
                out.push(Rule::After { hours, except, from_receipt });
            }
        }
    }
    for _ in 0..8 {
        out.push(Rule::SameDay);
        out.push(Rule::Until { day: 0 });
    }
    out
}

/// One random stay with one to four caps, the first of them `rule`.
pub fn throw(
    dice: &mut Dice,
    zone: &ZoneHours,
    anchors: &Anchors,
    all: &[Rule],
    rule: Rule,
) -> (i64, Held, Vec<(usize, Rule)>, i64) {
    let start = anchors.start(dice, zone);
    let held = Held {
        release: (!dice.one_in(64)).then_some(start),
        received: (!dice.one_in(32)).then(|| start + dice.between(-5 * DAY, DAY)),
        released: dice.one_in(8).then(|| start + dice.between(-DAY, 8 * DAY)),
    };
    let mut rules = Vec::new();
    if !dice.one_in(256) {
        rules.push((dice.below(4), rule));
        for _ in 0..dice.below(4) {
            rules.push((dice.below(4), all[dice.below(all.len())]));
        }
    }
    let today = zone.day(start);
    for (_, rule) in &mut rules {
        if let Rule::Until { day } = rule {
            *day = today - 2 + dice.below(7);
        }
    }
    // As of any moment, or one second before, at, and after the first end or the start.
    let mut now = start + dice.between(-DAY, 9 * DAY);
    if dice.one_in(2) {
        let ends = answer(zone, held, &rules, start).ends;
        now = ends.into_iter().flatten().min().unwrap_or(start) + dice.between(-1, 1);
    } else if dice.one_in(8) {
        now = start + dice.between(-1, 1);
    }
    (start, held, rules, now)
}

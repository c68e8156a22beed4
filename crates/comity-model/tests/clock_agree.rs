//! Two clocks, one law: a million random stays on which the library's clock and the one in
//! `clock_oracle` must give the same answer.

#![allow(
    clippy::unwrap_used,
    clippy::option_option,
    reason = "a test fails by panicking; no such cap, an unknown end and an instant are three things"
)]

mod clock_oracle;

use clock_oracle::{
    Anchors, Answer, Calendar, Dice, FEDERAL_HOLIDAY, Rule, SATURDAY, SUNDAY, ZONES, ZoneHours,
    ZoneRule, answer, every_rule, throw,
};
use comity_model::clock::{
    Cap, CapKind, ClockReading, ClockState, DaySet, Fact, Limit, StartPoint, Stay, Zone, read,
    read_in,
};
use jiff::Timestamp;
use jiff::civil::date;

const STAYS_PER_ZONE: u32 = 100_000;
const SEED: u64 = 0x0287_0007_000d_2003;

/// The rule as the library is told it.
fn limit(rule: Rule, calendar: &Calendar) -> Limit {
    match rule {
        Rule::After { hours, except, from_receipt } => {
            let mut excludes = DaySet::NONE;
            for (bit, day) in [
                (SATURDAY, DaySet::SATURDAY),
                (SUNDAY, DaySet::SUNDAY),
                (FEDERAL_HOLIDAY, DaySet::HOLIDAY),
            ] {
                if except & bit != 0 {
                    excludes = excludes.with(day);
                }
            }
            let from = if from_receipt { StartPoint::Receipt } else { StartPoint::Release };
            Limit::Hours { hours_max: hours as u32, excludes, from }
        }
        Rule::SameDay => Limit::EndOfDay,
        Rule::Until { day } => {
            let d = calendar.days[day];
            Limit::Date(date(d.year as i16, d.month as i8, d.day as i8))
        }
    }
}

fn stamp(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

/// The reading in the second clock's terms.
fn translate(r: &ClockReading) -> Answer {
    let end = |e: Fact<Timestamp>| e.known().map(Timestamp::as_second);
    let state = match &r.state {
        ClockState::NotStarted { starts_in_seconds: s }
        | ClockState::Running { remaining_seconds: s }
        | ClockState::Ended { overdue_seconds: s } => Some(*s),
        ClockState::Stopped { held_past_end_seconds, .. } => held_past_end_seconds.known(),
        ClockState::NoCap | ClockState::Unknown { .. } => None,
    };
    Answer {
        ends: r.caps.iter().map(|c| end(c.ends_at)).collect(),
        by_kind: CapKind::ALL.map(|kind| r.ends.of(kind).map(end)),
        first: r.ends_at.map(end),
        first_kind: r.ends_by.map(|kind| kind as usize),
        state: (r.state.says(), state),
    }
}

/// What came up, so that a quiet run is not taken for a thorough one.
#[derive(Default)]
struct Tally {
    stays: u64,
    caps: u64,
    over_a_change: u64,
    starts_on_excluded: u64,
    over_a_holiday: u64,
    over_a_leap_day: u64,
    over_a_year_end: u64,
    disagreements: u64,
    shown: Vec<String>,
}

impl Tally {
    fn add(&mut self, other: Tally) {
        self.stays += other.stays;
        self.caps += other.caps;
        self.over_a_change += other.over_a_change;
        self.starts_on_excluded += other.starts_on_excluded;
        self.over_a_holiday += other.over_a_holiday;
        self.over_a_leap_day += other.over_a_leap_day;
        self.over_a_year_end += other.over_a_year_end;
        self.disagreements += other.disagreements;
        self.shown.extend(other.shown);
    }

    fn look(&mut self, calendar: &Calendar, zone: &ZoneHours, start: i64, ends: &[Option<i64>]) {
        self.stays += 1;
        self.caps += ends.len() as u64;
        let end = ends.iter().copied().flatten().max().unwrap_or(start);
        let next = zone.changes.partition_point(|c| *c <= start);
        self.over_a_change += u64::from(zone.changes.get(next).is_some_and(|c| *c < end));
        self.starts_on_excluded += u64::from(zone.flags(start) != 0);
        let days = &calendar.days[zone.day(start)..=zone.day(end)];
        self.over_a_holiday += u64::from(days.iter().any(|d| d.flags & FEDERAL_HOLIDAY != 0));
        self.over_a_leap_day += u64::from(days.iter().any(|d| (d.month, d.day) == (2, 29)));
        self.over_a_year_end += u64::from(days[0].year != days[days.len() - 1].year);
    }
}

fn compare(rule: ZoneRule, number: u64, calendar: &Calendar, anchors: &Anchors) -> Tally {
    let hours = ZoneHours::lay_out(rule, calendar);
    let zone = Zone::named(rule.name).unwrap();
    let all = every_rule();
    let mut dice = Dice::new(SEED ^ (number << 56));
    let mut tally = Tally::default();
    for i in 0..STAYS_PER_ZONE {
        let first = all[i as usize % all.len()];
        let (start, held, rules, now) = throw(&mut dice, &hours, anchors, &all, first);
        let want = answer(&hours, held, &rules, now);
        let caps: Vec<Cap> = rules
            .iter()
            .zip(0..)
            .map(|((rank, rule), id)| Cap {
                id,
                kind: CapKind::ALL[*rank],
                limit: limit(*rule, calendar),
            })
            .collect();
        let mut stay = Stay {
            release_eligible_at: held.release.map(stamp).into(),
            received_at: held.received.map(stamp).into(),
            released_at: held.released.map(stamp).into(),
            ..Stay::default()
        };
        let reading = if i % 16 == 0 {
            stay.time_zone = Some(rule.name.to_owned());
            read(&stay, &caps, stamp(now))
        } else {
            read_in(&zone, &stay, &caps, stamp(now))
        };
        let got = translate(&reading.unwrap());
        tally.look(calendar, &hours, start, &want.ends);
        if got != want {
            tally.disagreements += 1;
            if tally.shown.len() < 3 {
                let start = zone.show_with_zone(stamp(start));
                tally.shown.push(format!(
                    "{} from {start} as of {now}: {held:?} {rules:?}\n  library {got:?}\n  second  {want:?}",
                    rule.name
                ));
            }
        }
    }
    tally
}

#[test]
fn a_million_stays_agree() {
    let calendar = Calendar::walk();
    let anchors = Anchors::of(&calendar);
    let mut total = Tally::default();
    std::thread::scope(|scope| {
        let runs: Vec<_> = ZONES
            .into_iter()
            .zip(0..)
            .map(|(rule, number)| {
                let (calendar, anchors) = (&calendar, &anchors);
                scope.spawn(move || compare(rule, number, calendar, anchors))
            })
            .collect();
        for run in runs {
            total.add(run.join().unwrap());
        }
    });
    println!(
        "{} stays, {} caps, {} zones: {} disagreements; over a clock change {}, start on an \
         excluded day {}, over a holiday {}, over February 29 {}, over a year's end {}",
        total.stays,
        total.caps,
        ZONES.len(),
        total.disagreements,
        total.over_a_change,
        total.starts_on_excluded,
        total.over_a_holiday,
        total.over_a_leap_day,
        total.over_a_year_end,
    );
    for shown in &total.shown {
        println!("{shown}");
    }
    assert_eq!(total.disagreements, 0);
    assert_eq!(total.stays, 1_000_000);
    for often in [
        total.over_a_change,
        total.starts_on_excluded,
        total.over_a_holiday,
        total.over_a_leap_day,
        total.over_a_year_end,
    ] {
        assert!(often > 50_000, "the throws are too tame: {often}");
    }
}

/// The two calendars name the same holidays on every day of the years.
#[test]
fn holidays_agree() {
    for d in &Calendar::walk().days {
        let day = date(d.year as i16, d.month as i8, d.day as i8);
        let known = d.flags & FEDERAL_HOLIDAY != 0;
        // January 1, 2037 is a Thursday, so the walk loses nothing at its end.
        assert_eq!(comity_model::clock::federal_holiday(day).is_some(), known, "{day}");
        assert_eq!(day.weekday().to_sunday_zero_offset() as usize, d.weekday, "{day}");
    }
}

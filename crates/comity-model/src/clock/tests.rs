//! What the clock must say at its edges. The researched scenarios are in `tests/clock_scenarios.rs`.

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::*;

mod alarms_and_forms;

const NEW_YORK: &str = "America/New_York";

/// A local time in New York.
fn ny(local: &str) -> Timestamp {
    let local: DateTime = local.parse().unwrap();
    Zone::named(NEW_YORK).unwrap().instant(local).unwrap()
}

fn stay(release: &str) -> Stay {
    Stay {
        release_eligible_at: Fact::Known(ny(release)),
        time_zone: Some(NEW_YORK.to_owned()),
        ..Stay::default()
    }
}

fn hours(id: u16, kind: CapKind, hours_max: u32, excludes: DaySet) -> Cap {
    Cap { id, kind, limit: Limit::Hours { hours_max, excludes, from: StartPoint::Release } }
}

fn plain(hours_max: u32) -> Cap {
    hours(1, CapKind::Requested, hours_max, DaySet::NONE)
}

fn receipt(hours_max: u32) -> Cap {
    let excludes = DaySet::NONE;
    let limit = Limit::Hours { hours_max, excludes, from: StartPoint::Receipt };
    Cap { id: 9, kind: CapKind::Local, limit }
}

fn regulatory() -> Cap {
    hours(2, CapKind::Regulatory, 48, DaySet::WEEKENDS_AND_HOLIDAYS)
}

fn end_of(release: &str, cap: Cap) -> String {
    let reading = read(&stay(release), &[cap], ny(release)).unwrap();
    reading.show(reading.ends_at.unwrap().known().unwrap())
}

#[test]
fn no_zone_no_answer() {
    let mut s = stay("2019-01-07T12:00");
    for missing in [None, Some(String::new()), Some("  ".to_owned())] {
        s.time_zone = missing;
        assert_eq!(read(&s, &[], ny("2019-01-07T12:00")), Err(ClockError::NoTimeZone));
    }
    for wrong in ["Eastern", "-05:00", "EST5EDT4,M3.2.0,M11.1.0", "Etc/Unknown", "America/Newark"] {
        s.time_zone = Some(wrong.to_owned());
        let got = read(&s, &[], ny("2019-01-07T12:00"));
        assert_eq!(got, Err(ClockError::UnknownTimeZone(wrong.to_owned())));
    }
}

#[test]
fn a_skipped_local_time_is_refused_and_a_repeated_one_is_the_earlier() {
    let zone = Zone::named(NEW_YORK).unwrap();
    let skipped: DateTime = "2019-03-10T02:30".parse().unwrap();
    assert!(matches!(zone.instant(skipped), Err(ClockError::NoSuchLocalTime { .. })));
    let at = zone.instant("2019-11-03T01:30".parse().unwrap()).unwrap();
    assert_eq!(zone.show_with_zone(at), "Sun 2019-11-03 01:30 EDT");
    assert_eq!(zone.rfc3339(at), "2019-11-03T01:30:00-04:00");
}

#[test]
fn without_the_release_time_it_names_what_is_missing() {
    let mut s = stay("2019-01-07T12:00");
    s.release_eligible_at = Fact::Unknown;
    let r = read(&s, &[plain(48), regulatory()], ny("2019-01-07T12:00")).unwrap();
    assert_eq!(r.state, ClockState::Unknown { missing: vec![MissingFact::ReleaseEligibleAt] });
    assert_eq!((r.starts_at, r.ends_at), (Fact::Unknown, Some(Fact::Unknown)));
    assert_eq!((r.ends_by, r.no_later_than), (None, None));
    assert!(alarms(&r, &[60]).is_empty());
}

#[test]
fn an_unknown_receipt_leaves_the_end_open_but_bounded() {
    let s = stay("2024-12-10T20:00");
    let caps = [plain(48), receipt(48)];
    let r = read(&s, &caps, ny("2024-12-11T08:00")).unwrap();
    assert_eq!(r.state, ClockState::Unknown { missing: vec![MissingFact::ReceivedAt] });
    assert_eq!(r.ends_at, Some(Fact::Unknown));
    assert_eq!(r.no_later_than, Some(ny("2024-12-12T20:00")));
    let r = read(&s, &caps, ny("2024-12-12T20:00")).unwrap();
    assert_eq!(r.state, ClockState::Ended { overdue_seconds: 0 }, "whatever the receipt was");
    let r = read(&s, &caps, ny("2024-12-10T19:00")).unwrap();
    assert_eq!(r.state, ClockState::NotStarted { starts_in_seconds: 3600 });
}

#[test]
fn a_bar_at_the_start_settles_the_end_even_with_an_unknown_cap() {
    let bar =
        Cap { id: 3, kind: CapKind::LawChange, limit: Limit::Date("2024-12-01".parse().unwrap()) };
    let r = read(&stay("2024-12-10T20:00"), &[receipt(48), bar], ny("2024-12-10T20:00")).unwrap();
    assert_eq!(r.ends_at, Some(Fact::Known(ny("2024-12-10T20:00"))));
    assert_eq!((r.ends_by, r.ends_by_caps.as_slice()), (Some(CapKind::LawChange), &[3][..]));
    assert_eq!(r.state, ClockState::Ended { overdue_seconds: 0 });
}

#[test]
fn a_receipt_clock_that_ran_out_before_release_ends_at_the_start() {
    let mut s = stay("2024-12-20T20:00");
    s.received_at = Fact::Known(ny("2024-12-09T08:00"));
    let r = read(&s, &[receipt(48)], ny("2024-12-20T20:00")).unwrap();
    assert_eq!(r.ends_at, Some(Fact::Known(ny("2024-12-20T20:00"))));
    assert_eq!(r.state.says(), "release");
}

#[test]
fn states_along_a_stay() {
    let mut s = stay("2019-01-07T12:00");
    let caps = [plain(48), regulatory()];
    let at = |s: &Stay, t: &str| read(s, &caps, ny(t)).unwrap().state;
    assert_eq!(at(&s, "2019-01-07T11:00"), ClockState::NotStarted { starts_in_seconds: 3600 });
    assert_eq!(at(&s, "2019-01-07T12:00"), ClockState::Running { remaining_seconds: 172_800 });
    assert_eq!(at(&s, "2019-01-09T11:59"), ClockState::Running { remaining_seconds: 60 });
    assert_eq!(at(&s, "2019-01-09T12:00"), ClockState::Ended { overdue_seconds: 0 });
    assert_eq!(at(&s, "2019-01-09T12:01").says(), "release");
    s.released_at = Fact::Known(ny("2019-01-09T13:00"));
    assert_eq!(at(&s, "2019-01-09T12:30").says(), "release", "not yet released as of then");
    let stopped = ClockState::Stopped {
        held_seconds: Fact::Known(176_400),
        held_past_end_seconds: Fact::Known(3600),
    };
    assert_eq!(at(&s, "2019-02-01T00:00"), stopped);
    assert_eq!(
        read(&stay("2019-01-07T12:00"), &[], ny("2019-01-08T12:00")).unwrap().state,
        ClockState::NoCap
    );
}

#[test]
fn ties_name_the_form_first_and_list_every_cap() {
    let r = read(&stay("2019-01-07T12:00"), &[regulatory(), plain(48)], ny("2019-01-07T12:00"))
        .unwrap();
    assert_eq!(r.ends_by, Some(CapKind::Requested));
    assert_eq!(r.ends_by_caps, [2, 1]);
}

#[test]
fn counted_hours_at_the_edges() {
    // Used up exactly at the midnight before a weekend: ends there, not on Monday.
    assert_eq!(
        end_of("2019-01-09T00:00", hours(1, CapKind::Local, 72, DaySet::WEEKENDS_AND_HOLIDAYS)),
        "Sat 2019-01-12 00:00"
    );
    // Starts on an excluded day: counts from the next counted midnight.
    assert_eq!(end_of("2019-01-12T15:00", regulatory()), "Wed 2019-01-16 00:00");
    // The Friday before a three-day weekend (January 21, 2019).
    assert_eq!(end_of("2019-01-18T17:00", regulatory()), "Wed 2019-01-23 17:00");
    // A short Sunday (23 h) that counts, and a long one (25 h).
    assert_eq!(end_of("2019-03-09T20:00", plain(48)), "Mon 2019-03-11 21:00");
    assert_eq!(end_of("2019-11-02T20:00", plain(48)), "Mon 2019-11-04 19:00");
    assert_eq!(
        end_of("2019-03-09T20:00", hours(1, CapKind::Local, 48, DaySet::SATURDAY)),
        "Tue 2019-03-12 01:00"
    );
    // Nothing to count.
    assert_eq!(
        end_of("2019-01-12T15:00", hours(1, CapKind::Local, 0, DaySet::WEEKENDS_AND_HOLIDAYS)),
        "Sat 2019-01-12 15:00"
    );
    // A leap day counts as any other.
    assert_eq!(end_of("2024-02-28T10:00", plain(48)), "Fri 2024-03-01 10:00");
}

#[test]
fn end_of_day_never_runs_backwards() {
    let cap = Cap { id: 1, kind: CapKind::Local, limit: Limit::EndOfDay };
    assert_eq!(end_of("2019-04-05T10:15", cap), "Fri 2019-04-05 23:59");
    let r = read(&stay("2019-04-05T23:59:30"), &[cap], ny("2019-04-05T23:59:30")).unwrap();
    assert_eq!(r.ends_at, Some(r.starts_at), "released after 23:59: no hold at all");
}

#[test]
fn a_cap_that_cannot_be_meant_is_refused() {
    let got = read(&stay("2019-01-07T12:00"), &[plain(u32::MAX)], ny("2019-01-07T12:00"));
    assert_eq!(got, Err(ClockError::TooManyHours { cap: 1, hours: u32::MAX }));
    let mut s = stay("2019-01-07T12:00");
    s.release_eligible_at = Fact::Known(Timestamp::MAX);
    assert_eq!(read(&s, &[plain(48)], Timestamp::MAX), Err(ClockError::OutOfRange));
    assert_eq!(read(&s, &[regulatory()], Timestamp::MAX), Err(ClockError::OutOfRange));
}

#[test]
fn notes_on_the_moments() {
    let mut s = stay("2019-01-07T12:00");
    s.hold_started_at = Fact::Known(ny("2019-01-10T12:00"));
    s.received_at = Fact::Known(ny("2019-01-07T13:00"));
    let r = read(&s, &[plain(48)], ny("2019-01-10T12:00")).unwrap();
    let all = [
        ClockNote::HoldStartedAfterRelease,
        ClockNote::HoldStartedAfterEnd,
        ClockNote::ReceivedAfterRelease,
    ];
    assert_eq!(r.notes, all);
}

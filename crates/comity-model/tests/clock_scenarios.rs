//! The researched scenarios with a clock, as one table: local start, caps, local ends.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use comity_model::clock::{
    Cap, CapKind, ClockReading, DaySet, Fact, Limit, StartPoint, Stay, Zone, read,
};

const EAST: &str = "America/New_York";
const MIDDLE: &str = "America/Chicago";
const WEST: &str = "America/Los_Angeles";

/// The caps of the instruments that the scenarios turn on.
#[derive(Clone, Copy)]
enum C {
    /// Form I-247 until 2015: 48 h without Saturdays, Sundays and holidays.
    OldForm,
    /// Forms I-247D and I-247A: plain 48 h.
    NewForm,
    /// 8 CFR 287.7(d).
    Reg,
    /// A local 24 h, weekends and holidays excluded (Santa Clara 3.54; D.C. Code 24-211.07).
    Local24,
    /// A local 48 h, weekends and holidays excluded (N.Y.C. LL 59/2014).
    Local48,
    /// N.J. Directive 2018-6.
    EndOfDay,
    /// N.C. HB 10: 48 h from receipt.
    FromReceipt,
    /// A plain local 48 h from release (N.C. SL 2025-85; O.C.G.A. 42-1-11.5).
    LocalPlain48,
    /// A law in force from that day that bars the hold.
    Bar(&'static str),
}

impl C {
    fn cap(self) -> Cap {
        let hours =
            |hours_max, excludes| Limit::Hours { hours_max, excludes, from: StartPoint::Release };
        let all = DaySet::WEEKENDS_AND_HOLIDAYS;
        let (kind, limit) = match self {
            C::OldForm => (CapKind::Requested, hours(48, all)),
            C::NewForm => (CapKind::Requested, hours(48, DaySet::NONE)),
            C::Reg => (CapKind::Regulatory, hours(48, all)),
            C::Local24 => (CapKind::Local, hours(24, all)),
            C::Local48 => (CapKind::Local, hours(48, all)),
            C::EndOfDay => (CapKind::Local, Limit::EndOfDay),
            C::LocalPlain48 => (CapKind::Local, hours(48, DaySet::NONE)),
            C::FromReceipt => {
                let (hours_max, excludes) = (48, DaySet::NONE);
                (CapKind::Local, Limit::Hours { hours_max, excludes, from: StartPoint::Receipt })
            }
            C::Bar(day) => (CapKind::LawChange, Limit::Date(day.parse().unwrap())),
        };
        Cap { id: 0, kind, limit }
    }
}

struct Row {
    id: &'static str,
    zone: &'static str,
    received: Option<&'static str>,
    start: &'static str,
    caps: &'static [C],
    /// The first end.
    ends: &'static str,
    by: CapKind,
    /// The ends of single kinds that the scenario also gives.
    also: &'static [(CapKind, &'static str)],
}

const REQ: CapKind = CapKind::Requested;
const REG: CapKind = CapKind::Regulatory;
const LOC: CapKind = CapKind::Local;
const LAW: CapKind = CapKind::LawChange;

/// A row without a receipt and without further ends.
const fn row(
    id: &'static str,
    zone: &'static str,
    start: &'static str,
    caps: &'static [C],
    (by, ends): (CapKind, &'static str),
) -> Row {
    Row { id, zone, received: None, start, caps, ends, by, also: &[] }
}

/// A row under a plain 48 h form, with the regulation's later end.
const fn new_form(
    id: &'static str,
    zone: &'static str,
    start: &'static str,
    ends: &'static str,
    also: &'static [(CapKind, &'static str)],
) -> Row {
    Row { id, zone, received: None, start, caps: &[C::NewForm, C::Reg], ends, by: REQ, also }
}

const OLD: &[C] = &[C::OldForm, C::Reg];

const TABLE: &[Row] = &[
    row("SC002", MIDDLE, "2008-10-31T18:00", OLD, (REQ, "Tue 2008-11-04 18:00")),
    row("SC007", WEST, "2012-03-29T12:00", OLD, (REQ, "Mon 2012-04-02 12:00")),
    new_form(
        "SC016",
        EAST,
        "2015-08-07T17:00",
        "Sun 2015-08-09 17:00",
        &[(REG, "Tue 2015-08-11 17:00")],
    ),
    row("SC029", EAST, "2014-12-19T17:00", OLD, (REQ, "Tue 2014-12-23 17:00")),
    new_form(
        "SC033",
        EAST,
        "2017-05-01T09:00",
        "Wed 2017-05-03 09:00",
        &[(REG, "Wed 2017-05-03 09:00")],
    ),
    new_form(
        "SC037",
        EAST,
        "2017-05-12T17:00",
        "Sun 2017-05-14 17:00",
        &[(REG, "Tue 2017-05-16 17:00")],
    ),
    row(
        "SC046",
        WEST,
        "2012-02-10T17:00",
        &[C::OldForm, C::Reg, C::Local24],
        (LOC, "Mon 2012-02-13 17:00"),
    ),
    row(
        "SC050",
        EAST,
        "2013-06-07T17:00",
        &[C::OldForm, C::Reg, C::Local24],
        (LOC, "Mon 2013-06-10 17:00"),
    ),
    row("SC055", WEST, "2014-03-03T12:00", OLD, (REQ, "Wed 2014-03-05 12:00")),
    Row {
        id: "SC057",
        zone: WEST,
        received: None,
        start: "2018-01-03T10:00",
        caps: &[C::NewForm, C::Reg, C::Bar("2018-01-04")],
        ends: "Thu 2018-01-04 00:00",
        by: LAW,
        also: &[(REQ, "Fri 2018-01-05 10:00")],
    },
    row("SC066", EAST, "2014-02-07T17:00", OLD, (REQ, "Tue 2014-02-11 17:00")),
    new_form(
        "SC069",
        EAST,
        "2019-11-04T10:00",
        "Wed 2019-11-06 10:00",
        &[(REG, "Wed 2019-11-06 10:00")],
    ),
    Row {
        id: "SC070",
        zone: MIDDLE,
        received: None,
        start: "2017-08-27T09:00",
        caps: &[C::NewForm, C::Reg, C::Bar("2017-08-28")],
        ends: "Mon 2017-08-28 00:00",
        by: LAW,
        also: &[(REQ, "Tue 2017-08-29 09:00")],
    },
    row(
        "SC073",
        EAST,
        "2015-02-06T18:00",
        &[C::OldForm, C::Reg, C::Local48],
        (REQ, "Tue 2015-02-10 18:00"),
    ),
    row(
        "SC074",
        EAST,
        "2019-04-05T10:15",
        &[C::NewForm, C::Reg, C::EndOfDay],
        (LOC, "Fri 2019-04-05 23:59"),
    ),
    // A Sunday on which the clocks have already gone forward: the regulation counts from Monday.
    new_form(
        "SC076",
        EAST,
        "2019-03-10T10:00",
        "Tue 2019-03-12 10:00",
        &[(REG, "Wed 2019-03-13 00:00")],
    ),
    new_form(
        "SC083",
        EAST,
        "2017-02-01T09:00",
        "Fri 2017-02-03 09:00",
        &[(REG, "Fri 2017-02-03 09:00")],
    ),
    new_form(
        "SC084",
        MIDDLE,
        "2018-06-08T17:00",
        "Sun 2018-06-10 17:00",
        &[(REG, "Tue 2018-06-12 17:00")],
    ),
    Row {
        id: "SC088",
        zone: EAST,
        received: Some("2024-12-09T08:00"),
        start: "2024-12-10T20:00",
        caps: &[C::NewForm, C::Reg, C::FromReceipt],
        ends: "Wed 2024-12-11 08:00",
        by: LOC,
        also: &[(REQ, "Thu 2024-12-12 20:00")],
    },
    Row {
        id: "SC089",
        zone: EAST,
        received: Some("2025-11-03T08:00"),
        start: "2025-11-05T20:00",
        caps: &[C::LocalPlain48],
        ends: "Fri 2025-11-07 20:00",
        by: LOC,
        also: &[],
    },
    new_form(
        "SC090",
        MIDDLE,
        "2019-01-07T12:00",
        "Wed 2019-01-09 12:00",
        &[(REG, "Wed 2019-01-09 12:00")],
    ),
    Row {
        id: "SC091",
        zone: EAST,
        received: None,
        start: "2024-08-01T12:00",
        caps: &[C::NewForm, C::Reg, C::LocalPlain48],
        ends: "Sat 2024-08-03 12:00",
        by: REQ,
        also: &[(REG, "Mon 2024-08-05 12:00"), (LOC, "Sat 2024-08-03 12:00")],
    },
    // Friday is July 4: the holiday and the weekend do not count.
    row("SC096", EAST, "2014-07-03T16:00", OLD, (REQ, "Tue 2014-07-08 16:00")),
    // 48 elapsed hours over the night in which the clocks go forward.
    row("SC099", EAST, "2019-03-09T20:00", &[C::NewForm, C::Reg], (REQ, "Mon 2019-03-11 21:00")),
];

/// The plain 48 h ends that the scenarios under the old form give for comparison.
///
/// SC002 stands one hour earlier than the wall-clock sum (18:00): the clocks went back on Sunday,
/// 2008-11-02, and hours are elapsed hours, as in SC099.
const PLAIN: &[(&str, &str, &str, &str)] = &[
    ("SC002", MIDDLE, "2008-10-31T18:00", "Sun 2008-11-02 17:00"),
    ("SC007", WEST, "2012-03-29T12:00", "Sat 2012-03-31 12:00"),
    ("SC029", EAST, "2014-12-19T17:00", "Sun 2014-12-21 17:00"),
    ("SC055", WEST, "2014-03-03T12:00", "Wed 2014-03-05 12:00"),
    ("SC066", EAST, "2014-02-07T17:00", "Sun 2014-02-09 17:00"),
    ("SC073", EAST, "2015-02-06T18:00", "Sun 2015-02-08 18:00"),
    ("SC096", EAST, "2014-07-03T16:00", "Sat 2014-07-05 16:00"),
];

fn reading(zone: &str, received: Option<&str>, start: &str, caps: &[C]) -> ClockReading {
    let z = Zone::named(zone).unwrap();
    let at = |local: &str| z.instant(local.parse().unwrap()).unwrap();
    let stay = Stay {
        release_eligible_at: Fact::Known(at(start)),
        received_at: received.map(at).into(),
        time_zone: Some(zone.to_owned()),
        ..Stay::default()
    };
    let caps: Vec<Cap> = caps.iter().map(|c| c.cap()).collect();
    read(&stay, &caps, at(start)).unwrap()
}

#[test]
fn the_scenarios_come_out() {
    for row in TABLE {
        let r = reading(row.zone, row.received, row.start, row.caps);
        let end = r.ends_at.and_then(Fact::known).unwrap();
        assert_eq!(r.show(end), row.ends, "{}", row.id);
        assert_eq!(r.ends_by, Some(row.by), "{}", row.id);
        for (kind, want) in row.also {
            let end = r.ends.of(*kind).and_then(Fact::known).unwrap();
            assert_eq!(r.show(end), *want, "{} {kind}", row.id);
        }
    }
}

#[test]
fn the_plain_hours_come_out() {
    for (id, zone, start, want) in PLAIN {
        let r = reading(zone, None, start, &[C::NewForm]);
        assert_eq!(r.show(r.no_later_than.unwrap()), *want, "{id}");
    }
}

#[test]
fn receipt_leaves_twelve_hours_after_the_bond() {
    let r = reading(EAST, Some("2024-12-09T08:00"), "2024-12-10T20:00", &[C::FromReceipt]);
    let (start, end) = (r.starts_at.known().unwrap(), r.no_later_than.unwrap());
    assert_eq!(end.duration_since(start).as_hours(), 12);
}

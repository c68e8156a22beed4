//! Alarms, day sets, and the reading as written out.

use super::*;

#[test]
fn alarms_before_and_at_the_end() {
    let r = read(&stay("2019-01-07T12:00"), &[plain(4)], ny("2019-01-07T12:00")).unwrap();
    let got = alarms(&r, &[60, 15, 720, 1440]);
    let before = |minutes| AlarmKind::BeforeEnd { minutes };
    let want = [
        Alarm { at: ny("2019-01-07T12:00"), kind: before(720) },
        Alarm { at: ny("2019-01-07T15:00"), kind: before(60) },
        Alarm { at: ny("2019-01-07T15:45"), kind: before(15) },
        Alarm { at: ny("2019-01-07T16:00"), kind: AlarmKind::AtEnd },
    ];
    assert_eq!(got, want);
    assert_eq!(want[3].kind.says(), "release");
    // A desk that was down from 15:00 to 16:30 still gives the two it missed, and no other.
    assert_eq!(due_between(&got, ny("2019-01-07T15:00"), ny("2019-01-07T16:30")), &want[2..]);
    assert!(due_between(&got, ny("2019-01-07T16:00"), ny("2019-01-08T16:30")).is_empty());
    assert!(due_between(&got, ny("2019-01-08T16:00"), ny("2019-01-07T16:30")).is_empty());
}

#[test]
fn no_alarm_for_a_person_already_released() {
    let mut s = stay("2019-01-07T12:00");
    s.released_at = Fact::Known(ny("2019-01-07T13:00"));
    let r = read(&s, &[plain(4)], ny("2019-01-07T14:00")).unwrap();
    assert!(alarms(&r, &[60]).is_empty());
}

#[test]
fn days_by_name() {
    let set = DaySet::of_names(["saturday", "sunday", "holiday"]);
    assert_eq!(set, Ok(DaySet::WEEKENDS_AND_HOLIDAYS));
    assert_eq!(DaySet::of_names(["sunday", "monday"]), Err("monday"));
    assert_eq!(
        DaySet::SUNDAY.with(DaySet::HOLIDAY).names().collect::<Vec<_>>(),
        ["sunday", "holiday"]
    );
}

#[test]
fn written_out() {
    let r = read(
        &stay("2015-08-07T17:00"),
        &[plain(48), regulatory(), receipt(48)],
        ny("2015-08-09T18:00"),
    )
    .unwrap();
    let json = serde_json::to_value(&r).unwrap();
    assert_eq!(json["time_zone"], "America/New_York");
    assert_eq!(json["starts_at"], "2015-08-07T17:00:00-04:00");
    assert_eq!(json["requested_ends_at"], "2015-08-09T17:00:00-04:00");
    assert_eq!(json["regulatory_ends_at"], "2015-08-11T17:00:00-04:00");
    assert_eq!(json["local_ends_at"], "unknown");
    assert_eq!(json["law_change_ends_at"], serde_json::Value::Null);
    assert_eq!(json["ends_at"], "unknown");
    assert_eq!(json["no_later_than"], "2015-08-09T17:00:00-04:00");
    assert_eq!(json["state"], serde_json::json!({"is": "ended", "overdue_seconds": 3600}));
    assert_eq!(json["says"], "release");
    assert_eq!(
        json["caps"][2],
        serde_json::json!({"id": 9, "kind": "local", "ends_at": "unknown"})
    );
    let lines = r.lines();
    assert_eq!(lines[0], "starts: Fri 2015-08-07 17:00 EDT");
    assert_eq!(lines[1], "requested ends: Sun 2015-08-09 17:00 EDT");
    assert_eq!(lines[5], "Sun 2015-08-09 18:00 EDT: release");
}

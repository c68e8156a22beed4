//! Moments and lengths of time as people say them.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A moment in a zone: `March 1, 2016, 8:05 a.m. EST`.
pub fn moment(at: Timestamp, zone: &TimeZone) -> String {
    let local = at.to_zoned(zone.clone());
    format!("{}, {}", day(local.date()), time(at, zone))
}

/// The time of day: `8:05 a.m. EST`.
pub fn time(at: Timestamp, zone: &TimeZone) -> String {
    let local = at.to_zoned(zone.clone());
    let half = if local.hour() < 12 { "a.m." } else { "p.m." };
    let hour = match local.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    let zone = local.strftime("%Z").to_string();
    format!("{hour}:{:02} {half} {zone}", local.minute())
}

/// A day: `March 1, 2016`.
pub fn day(date: jiff::civil::Date) -> String {
    date.strftime("%B %-d, %Y").to_string()
}

/// A length of time in two units at most: `1 day 4 hours`, `12 minutes`.
pub fn length(of: SignedDuration) -> String {
    let minutes = of.as_mins().abs();
    let (days, hours, rest) = (minutes / 1440, minutes % 1440 / 60, minutes % 60);
    let count = |n: i64, one: &str| format!("{n} {one}{}", if n == 1 { "" } else { "s" });
    match (days, hours, rest) {
        (0, 0, m) => count(m, "minute"),
        (0, h, 0) => count(h, "hour"),
        (0, h, m) => format!("{} {}", count(h, "hour"), count(m, "minute")),
        (d, 0, _) => count(d, "day"),
        (d, h, _) => format!("{} {}", count(d, "day"), count(h, "hour")),
    }
}

/// When something is due, seen from now: `in 3 hours`, `now`, `2 days late`.
pub fn due(due_at: Timestamp, now: Timestamp) -> String {
    let left = due_at.duration_since(now);
    match (left.as_mins(), length(left)) {
        (0, _) => "now".to_owned(),
        (1.., length) => format!("in {length}"),
        (_, length) => format!("{length} late"),
    }
}

/// A word of the schema for people: `bond_posted` is `bond posted`.
pub fn plain(word: &str) -> String {
    word.replace('_', " ")
}

/// A sentence: its first letter large.
pub fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

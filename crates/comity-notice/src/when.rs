//! Days and moments in words, as the facility reads them.

use crate::Language;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

const DAYS: [[&str; 7]; 2] = [
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"],
];
const MONTHS: [[&str; 12]; 2] = [
    [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ],
];

/// A day: `Friday, November 27, 2026`; `viernes 27 de noviembre de 2026`.
pub fn day_in_words(language: Language, day: Date) -> String {
    let weekday = DAYS[language as usize][day.weekday().to_monday_zero_offset() as usize % 7];
    let month = MONTHS[language as usize][(day.month() as usize + 11) % 12];
    let (number, year) = (day.day(), day.year());
    match language {
        Language::En => format!("{weekday}, {month} {number}, {year}"),
        Language::Es => format!("{weekday} {number} de {month} de {year}"),
    }
}

/// A moment as the facility's clocks show it, with the zone's abbreviation, which tells the two
/// passes of a repeated hour apart: `Friday, November 27, 2026, 2:05 PM (CST)`. Seconds are
/// given where there are any, and never rounded; noon and midnight are named.
pub fn moment_in_words(language: Language, at: Timestamp, zone: &TimeZone) -> String {
    let local = zone.to_datetime(at);
    let day = day_in_words(language, local.date());
    format!(
        "{day}, {} ({})",
        time_in_words(language, local.time()),
        zone.to_offset_info(at).abbreviation()
    )
}

fn time_in_words(language: Language, time: Time) -> String {
    let hour = match time.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    let seconds = if time.second() == 0 { String::new() } else { format!(":{:02}", time.second()) };
    let half = match (language, time.hour() < 12) {
        (Language::En, true) => "AM",
        (Language::En, false) => "PM",
        (Language::Es, true) => "a. m.",
        (Language::Es, false) => "p. m.",
    };
    let named = match (language, time.hour(), time.minute(), time.second()) {
        (Language::En, 0, 0, 0) => ", midnight",
        (Language::En, 12, 0, 0) => ", noon",
        (Language::Es, 0, 0, 0) => ", medianoche",
        (Language::Es, 12, 0, 0) => ", mediodía",
        _ => "",
    };
    format!("{hour}:{:02}{seconds} {half}{named}", time.minute())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(language: Language, at: &str) -> String {
        let zone = jiff::tz::db().get("America/Chicago").unwrap();
        moment_in_words(language, at.parse().unwrap(), &zone)
    }

    #[test]
    fn moments_are_said_in_the_facilitys_time() {
        assert_eq!(
            said(Language::En, "2026-11-27T20:05:00Z"),
            "Friday, November 27, 2026, 2:05 PM (CST)"
        );
        assert_eq!(
            said(Language::Es, "2026-11-27T20:05:09Z"),
            "viernes 27 de noviembre de 2026, 2:05:09 p. m. (CST)"
        );
    }

    #[test]
    fn the_two_passes_of_a_repeated_hour_differ() {
        assert_eq!(
            said(Language::En, "2026-11-01T06:30:00Z"),
            "Sunday, November 1, 2026, 1:30 AM (CDT)"
        );
        assert_eq!(
            said(Language::En, "2026-11-01T07:30:00Z"),
            "Sunday, November 1, 2026, 1:30 AM (CST)"
        );
    }

    #[test]
    fn noon_and_midnight_are_named() {
        assert_eq!(
            said(Language::En, "2026-07-04T05:00:00Z"),
            "Saturday, July 4, 2026, 12:00 AM, midnight (CDT)"
        );
        assert_eq!(
            said(Language::Es, "2026-07-04T17:00:00Z"),
            "sábado 4 de julio de 2026, 12:00 p. m., mediodía (CDT)"
        );
    }
}

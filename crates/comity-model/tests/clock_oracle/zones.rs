//! Ten zones as rules: an offset, and whether and since when clocks go forward in summer.
//!
//! 15 U.S.C. 260a: to 2006 from 2:00 on the first Sunday of April to 2:00 on the last Sunday of
//! October; since 2007 (Pub. L. 109-58, sec. 110) from the second Sunday of March to the first
//! Sunday of November. Standing rules, so they are taken to hold to 2036.

use super::calendar::Calendar;

/// One zone.
#[derive(Debug, Clone, Copy)]
pub struct ZoneRule {
    pub name: &'static str,
    /// Hours from UTC in winter.
    pub standard: i64,
    /// The first year in which clocks go forward; `None` for never.
    pub summer_since: Option<i32>,
}

const fn zone(name: &'static str, standard: i64, summer_since: Option<i32>) -> ZoneRule {
    ZoneRule { name, standard, summer_since }
}

/// The ten zones.
pub const ZONES: [ZoneRule; 10] = [
    zone("America/New_York", -5, Some(1967)),
    zone("America/Chicago", -6, Some(1967)),
    zone("America/Denver", -7, Some(1967)),
    zone("America/Los_Angeles", -8, Some(1967)),
    zone("America/Anchorage", -9, Some(1967)),
    zone("America/Indiana/Indianapolis", -5, Some(2006)),
    zone("America/Phoenix", -7, None),
    zone("America/Puerto_Rico", -4, None),
    zone("Pacific/Honolulu", -10, None),
    zone("Pacific/Guam", 10, None),
];

/// Every hour of a zone from 2002 to 2036 with the local day on which it falls.
pub struct ZoneHours {
    first_hour: i64,
    day_of_hour: Vec<u16>,
    flags: Vec<u8>,
    /// The instants at which the clocks change.
    pub changes: Vec<i64>,
}

impl ZoneHours {
    /// Goes through all hours of the calendar, changing the clocks where the law does.
    pub fn lay_out(rule: ZoneRule, calendar: &Calendar) -> Self {
        let changes = changes(rule, calendar);
        // Two days short at each end, so that every hour has a local day.
        let first_hour = Calendar::utc_midnight(2) / 3600;
        let last_hour = Calendar::utc_midnight(calendar.days.len() - 2) / 3600;
        let mut summer = false;
        let mut next = 0;
        let mut day_of_hour = Vec::new();
        for hour in first_hour..last_hour {
            if changes.get(next) == Some(&(hour * 3600)) {
                summer = !summer;
                next += 1;
            }
            let local = (hour + rule.standard + i64::from(summer)) * 3600;
            day_of_hour.push(Calendar::index(local) as u16);
        }
        let flags = calendar.days.iter().map(|d| d.flags).collect();
        Self { first_hour, day_of_hour, flags, changes }
    }

    /// Index in the calendar of the local day of an instant.
    pub fn day(&self, seconds: i64) -> usize {
        usize::from(self.day_of_hour[(seconds.div_euclid(3600) - self.first_hour) as usize])
    }

    /// The flags of the local day of an instant.
    pub fn flags(&self, seconds: i64) -> u8 {
        self.flags[self.day(seconds)]
    }
}

/// The instants of change: forward, back, forward, back.
fn changes(rule: ZoneRule, calendar: &Calendar) -> Vec<i64> {
    let mut out = Vec::new();
    let Some(since) = rule.summer_since else {
        return out;
    };
    for year in 2002..=2036 {
        if year < since {
            continue;
        }
        let (forward, back) = if year < 2007 {
            (calendar.nth(year, 4, 0, 1), calendar.nth(year, 10, 0, 0))
        } else {
            (calendar.nth(year, 3, 0, 2), calendar.nth(year, 11, 0, 1))
        };
        // 2:00 by the clock then in use: standard time going forward, summer time going back.
        out.push(Calendar::utc_midnight(forward) + (2 - rule.standard) * 3600);
        out.push(Calendar::utc_midnight(back) + (1 - rule.standard) * 3600);
    }
    out
}

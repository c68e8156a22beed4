//! A calendar walked day by day from Tuesday, January 1, 2002 to the end of 2036.

/// The day is a Saturday.
pub const SATURDAY: u8 = 1;
/// The day is a Sunday.
pub const SUNDAY: u8 = 2;
/// A federal holiday is observed on the day.
pub const FEDERAL_HOLIDAY: u8 = 4;

const FIRST_YEAR: i32 = 2002;
const LAST_YEAR: i32 = 2036;
/// Days from 1970-01-01 to 2002-01-01: 32 years, 8 of them leap years.
const FIRST_DAY: i64 = 32 * 365 + 8;
/// January 1, 2002 was a Tuesday; 0 is Sunday.
const FIRST_WEEKDAY: usize = 2;

/// One day.
#[derive(Debug, Clone, Copy)]
pub struct CalendarDay {
    pub year: i32,
    pub month: u32,
    pub day: u32,
    /// 0 is Sunday.
    pub weekday: usize,
    pub flags: u8,
}

/// All days, in order.
pub struct Calendar {
    pub days: Vec<CalendarDay>,
}

impl Calendar {
    /// Walks the days and marks weekends and holidays.
    pub fn walk() -> Self {
        let mut days = Vec::new();
        let mut weekday = FIRST_WEEKDAY;
        for year in FIRST_YEAR..=LAST_YEAR {
            for month in 1..=12 {
                for day in 1..=length(year, month) {
                    let flags = match weekday {
                        6 => SATURDAY,
                        0 => SUNDAY,
                        _ => 0,
                    };
                    days.push(CalendarDay { year, month, day, weekday, flags });
                    weekday = (weekday + 1) % 7;
                }
            }
        }
        let mut calendar = Self { days };
        calendar.mark_fixed();
        calendar.mark_counted();
        calendar
    }

    /// Seconds since 1970-01-01 of the day's midnight in UTC.
    pub fn utc_midnight(index: usize) -> i64 {
        (FIRST_DAY + index as i64) * 86_400
    }

    /// The index of the day on which that UTC instant falls, moved by an offset in hours.
    pub fn index(seconds: i64) -> usize {
        (seconds.div_euclid(86_400) - FIRST_DAY) as usize
    }

    /// The nth weekday of a month, by counting; n = 0 asks for the last.
    pub fn nth(&self, year: i32, month: u32, weekday: usize, n: usize) -> usize {
        let hits: Vec<usize> = (0..self.days.len())
            .filter(|i| {
                let d = self.days[*i];
                (d.year, d.month, d.weekday) == (year, month, weekday)
            })
            .collect();
        if n == 0 { hits[hits.len() - 1] } else { hits[n - 1] }
    }

    /// The days of the month named in 6103(a), each moved to its Friday or Monday.
    fn mark_fixed(&mut self) {
        for i in 0..self.days.len() {
            let d = self.days[i];
            let named = matches!((d.month, d.day), (1, 1) | (7, 4) | (11, 11) | (12, 25))
                || ((d.month, d.day) == (6, 19) && d.year > 2020);
            if named {
                let observed = match d.weekday {
                    6 => i - 1,
                    0 => i + 1,
                    _ => i,
                };
                self.days[observed].flags |= FEDERAL_HOLIDAY;
            }
        }
    }

    /// The holidays that are counted out: third Mondays, last Monday of May and so on.
    fn mark_counted(&mut self) {
        const RULES: [(u32, usize, usize); 6] = [
            (1, 1, 3),  // Martin Luther King, Jr.
            (2, 1, 3),  // Washington
            (5, 1, 0),  // Memorial Day
            (9, 1, 1),  // Labor Day
            (10, 1, 2), // Columbus Day
            (11, 4, 4), // Thanksgiving
        ];
        for year in FIRST_YEAR..=LAST_YEAR {
            for (month, weekday, n) in RULES {
                let at = self.nth(year, month, weekday, n);
                self.days[at].flags |= FEDERAL_HOLIDAY;
            }
        }
    }
}

fn length(year: i32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

//! What several papers are made of.

use crate::error::NoticeError;
use crate::sheet::{Line, Sheet, bold, in_language, plain};
use crate::when::moment_in_words;
use crate::words::fill;
use crate::{CapKind, Language, Verified, Words};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The agency that writes, as its letterhead gives it. Empty parts are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agency {
    /// Its name.
    pub name: String,
    /// The facility.
    pub facility: String,
    /// Lines of its address.
    pub address: Vec<String>,
    /// The telephone number for questions.
    pub phone: String,
}

/// The person in custody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The name, as it was booked.
    pub name: String,
    /// The booking's number.
    pub booking_number: String,
}

/// A text that may exist in both languages. Where the Spanish is missing the English is printed,
/// marked as English, rather than a translation that nobody made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// In English.
    pub en: String,
    /// In Spanish, if somebody translated it.
    pub es: Option<String>,
}

impl Text {
    /// A text in English alone.
    pub fn english(text: impl Into<String>) -> Text {
        Text { en: text.into(), es: None }
    }

    /// As runs of a line: with a mark where the paper is in Spanish and the text is not.
    pub(crate) fn line(&self, words: &Words) -> Line {
        match (words.language, &self.es) {
            (Language::En, _) => vec![plain(&self.en)],
            (Language::Es, Some(es)) => vec![plain(es)],
            (Language::Es, None) => {
                vec![in_language(&self.en, Language::En), plain(words.english_only)]
            }
        }
    }
}

/// A rule that led to an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Where it stands, as the law is cited.
    pub cite: String,
    /// What it says, in a sentence.
    pub says: Text,
    /// How well the text was read.
    pub verified: Verified,
}

impl Reason {
    /// As a line: citation, sentence, and the source mark where there is something to say.
    pub(crate) fn line(&self, words: &Words) -> Line {
        let mut line = Vec::new();
        if !self.cite.trim().is_empty() {
            line.push(bold(format!("{}:", self.cite.trim())));
        }
        line.extend(self.says.line(words));
        line.extend(mark(words, self.verified));
        line
    }
}

/// What the paper says of how well a rule was read; nothing where it was read itself.
pub(crate) fn mark(words: &Words, verified: Verified) -> Option<crate::sheet::Run> {
    (words.source_mark)(verified).map(bold)
}

/// Somebody to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Who: `Public Defender, Travis County`.
    pub name: String,
    /// How to reach them: a telephone number, hours, a place.
    pub reach: Text,
}

impl Contact {
    pub(crate) fn line(&self, words: &Words) -> Line {
        let mut line = vec![bold(&self.name)];
        line.extend(self.reach.line(words));
        line
    }
}

/// How the hours of a limit are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counting {
    /// The hours.
    pub hours: u32,
    /// The hours of Saturdays do not count.
    pub skips_saturdays: bool,
    /// The hours of Sundays do not count.
    pub skips_sundays: bool,
    /// The hours of observed federal holidays do not count.
    pub skips_holidays: bool,
}

impl Counting {
    /// Every hour counts.
    pub fn plain(hours: u32) -> Counting {
        Counting { hours, skips_saturdays: false, skips_sundays: false, skips_holidays: false }
    }

    /// Hours of Saturdays, Sundays and federal holidays do not count (8 CFR 287.7(d)).
    pub fn without_weekends_and_holidays(hours: u32) -> Counting {
        Counting { hours, skips_saturdays: true, skips_sundays: true, skips_holidays: true }
    }

    /// In words: `48 hours; Saturdays and Sundays do not count`.
    pub fn in_words(self, words: &Words) -> String {
        let days = [
            (self.skips_saturdays, words.saturdays),
            (self.skips_sundays, words.sundays),
            (self.skips_holidays, words.holidays),
        ];
        let left_out: Vec<&str> =
            days.into_iter().filter(|(is_skipped, _)| *is_skipped).map(|(_, w)| w).collect();
        let hours = self.hours.to_string();
        if left_out.is_empty() {
            return fill(words.every_hour_counts, &[("hours", &hours)]);
        }
        let days = listed(&left_out, words.and);
        fill(words.hours_without, &[("hours", &hours), ("days", &days)])
    }
}

/// `a`, `a and b`, `a, b and c`.
fn listed(items: &[&str], and: &str) -> String {
    match items {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} {and} {last}", first.join(", ")),
    }
}

/// One limit on a hold, as the custody clock reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// Whose limit.
    pub kind: CapKind,
    /// How it counts; `None` for a day from which a new law bars the hold.
    pub counting: Option<Counting>,
    /// Where it ends; `None` while the moment it runs from is not known.
    pub ends_at: Option<Timestamp>,
    /// Where the limit stands.
    pub cite: String,
    /// How well that text was read.
    pub verified: Verified,
}

/// The limit that ends first, among those whose end is known; of a tie the first given.
pub(crate) fn first_to_end(limits: &[Limit]) -> Option<(&Limit, Timestamp)> {
    limits.iter().filter_map(|l| l.ends_at.map(|at| (l, at))).min_by_key(|(_, at)| *at)
}

/// A table of limits, the one that ends first at the top and in bold.
pub(crate) fn limits(sheet: &mut Sheet, limits: &[Limit], zone: &TimeZone) {
    let words = sheet.words();
    let mut sorted: Vec<&Limit> = limits.iter().collect();
    sorted.sort_by_key(|l| (l.ends_at.is_none(), l.ends_at));
    let decides = first_to_end(limits).map(|(_, at)| at);
    let row = |limit: &&Limit| {
        let run = |text: String| {
            if limit.ends_at.is_some() && limit.ends_at == decides {
                bold(text)
            } else {
                plain(text)
            }
        };
        let mut whose = vec![vec![run((words.cap)(limit.kind).to_owned())]];
        let mut cited = vec![plain(limit.cite.as_str())];
        cited.extend(mark(words, limit.verified));
        whose.push(cited);
        let counted = limit.counting.map_or(words.from_that_day.to_owned(), |c| c.in_words(words));
        let ends = limit
            .ends_at
            .map_or(words.end_not_known.to_owned(), |at| moment_in_words(words.language, at, zone));
        vec![whose, vec![vec![run(counted)]], vec![vec![run(ends)]]]
    };
    let head = [words.limit, words.counted, words.ends].map(str::to_owned).to_vec();
    let rows = sorted.iter().map(row).collect();
    sheet.blocks.push(crate::sheet::Block::Table { widths: vec![5, 4, 4], head, rows });
}

/// The end of a hold that runs: where the first of its limits ends.
pub(crate) fn end_of_hold(limits: &[Limit], began_at: Timestamp) -> Result<Timestamp, NoticeError> {
    let (_, ends_at) = first_to_end(limits).ok_or(NoticeError::NoEnd)?;
    if ends_at < began_at {
        return Err(NoticeError::EndsBeforeStart { began_at, ends_at });
    }
    Ok(ends_at)
}

/// The text, or that it was not given.
pub(crate) fn or_not_given(words: &Words, text: &str) -> String {
    if text.trim().is_empty() { words.not_given.to_owned() } else { text.to_owned() }
}

/// The first rows of most papers: who, and when it was written.
pub(crate) fn about(sheet: &Sheet, person: &Person, zone: &TimeZone) -> Vec<(String, Vec<Line>)> {
    let words = sheet.words();
    let row = |name: &str, value: String| (name.to_owned(), vec![vec![plain(value)]]);
    vec![
        (words.name.to_owned(), vec![vec![bold(or_not_given(words, &person.name))]]),
        row(words.booking_number, or_not_given(words, &person.booking_number)),
        row(words.prepared, moment_in_words(sheet.language, sheet.prepared_at, zone)),
    ]
}

//! Questions, and the answers that fit them.

use super::Scene;
use std::borrow::Cow;

/// One question: one page.
pub struct Ask {
    /// The name of its field.
    pub id: Cow<'static, str>,
    /// The question.
    pub legend: String,
    /// What helps to answer it.
    pub hint: String,
    /// What an answer looks like.
    pub kind: Kind,
    /// True if it may be left empty.
    pub optional: bool,
    /// What the law says of it.
    pub law: Vec<LawSaid>,
    /// What stands in the field at first.
    pub first: String,
}

/// What the law says beside a question.
pub struct LawSaid {
    /// `must`, `may`, `must_not` or `undetermined`.
    pub name: &'static str,
    /// On what.
    pub on: String,
    /// The sentence.
    pub says: String,
    /// The citation.
    pub cite: String,
    /// True if nobody has read the text itself.
    pub unverified: bool,
}

impl LawSaid {
    /// The law's word for people: `must not`.
    pub fn word(&self) -> String {
        crate::pages::words::plain(self.name)
    }
}

/// What an answer looks like.
pub enum Kind {
    /// One line of so many characters at most.
    Line(usize),
    /// A text.
    Text,
    /// A whole number.
    Number,
    /// A day.
    Day,
    /// A moment in the facility's zone.
    Moment,
    /// One of these.
    One(Vec<Choice>),
    /// Any of these.
    Several(Vec<Choice>),
    /// Each of these: yes, no, or not known.
    Each(Vec<Choice>),
    /// Lines of a table, each with these cells.
    Rows(Vec<Cell>),
    /// A file.
    File,
}

impl Kind {
    /// The attributes of its input.
    pub fn attributes(&self) -> &'static str {
        match self {
            Kind::Number => "inputmode=\"numeric\" pattern=\"[0-9]*\"",
            Kind::Day => "type=\"date\"",
            Kind::Moment => "type=\"datetime-local\"",
            _ => "autocomplete=\"off\"",
        }
    }
}

/// Something to choose.
pub struct Choice {
    /// Its value.
    pub value: String,
    /// Its words.
    pub says: String,
    /// What it means, or what it would change.
    pub hint: String,
}

impl Choice {
    /// A choice without a hint.
    pub fn new(value: &str, says: &str) -> Choice {
        Choice { value: value.to_owned(), says: says.to_owned(), hint: String::new() }
    }

    /// With what it means.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Choice {
        self.hint = hint.into();
        self
    }

    /// Yes or no.
    pub fn yes_no() -> Vec<Choice> {
        vec![Choice::new("yes", "Yes"), Choice::new("no", "No")]
    }

    /// Yes, no, or that it is not known.
    pub fn yes_no_unknown() -> Vec<Choice> {
        let mut choices = Choice::yes_no();
        choices.push(Choice::new("unknown", "Not known"));
        choices
    }
}

/// A cell of a line.
pub struct Cell {
    /// The name of its field.
    pub name: &'static str,
    /// Its words.
    pub label: &'static str,
    /// What may be chosen; empty for a day or a line.
    pub choices: Vec<Choice>,
    /// True for a day.
    pub is_day: bool,
}

/// What is wrong with an answer.
#[derive(Debug, Clone)]
pub struct Wrong {
    /// The question; empty for the whole.
    pub id: String,
    /// What is wrong, and what is right.
    pub says: String,
}

impl Wrong {
    /// Something wrong with one answer.
    pub fn with(id: &str, says: impl Into<String>) -> Wrong {
        Wrong { id: id.to_owned(), says: says.into() }
    }
}

/// Most lines of a table of answers.
pub const ROWS_MAX: usize = 40;

impl Ask {
    /// A question.
    pub fn new(id: impl Into<Cow<'static, str>>, legend: impl Into<String>, kind: Kind) -> Ask {
        let (id, hint, first) = (id.into(), String::new(), String::new());
        Ask { id, legend: legend.into(), hint, kind, optional: false, law: Vec::new(), first }
    }

    /// With a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Ask {
        self.hint = hint.into();
        self
    }

    /// May be left empty.
    #[must_use]
    pub fn optional(mut self) -> Ask {
        self.optional = true;
        self
    }

    /// With what the law says.
    #[must_use]
    pub fn law(mut self, law: Vec<LawSaid>) -> Ask {
        self.law = law;
        self
    }

    /// With what stands in the field at first.
    #[must_use]
    pub fn first(mut self, text: impl Into<String>) -> Ask {
        self.first = text.into();
        self
    }

    /// True if it asks for a file.
    pub fn is_of_file(&self) -> bool {
        matches!(self.kind, Kind::File)
    }

    /// What is wrong with the answer that was sent.
    pub fn wrong(&self, scene: &Scene<'_>) -> Option<Wrong> {
        let text = scene.sent.get(&self.id);
        let wrong = |says: &str| Some(Wrong::with(&self.id, says));
        let is_empty = match &self.kind {
            Kind::File => scene.sent.file(&self.id).is_none(),
            Kind::Rows(cells) => scene.rows(&self.id, cells).is_empty(),
            // Nothing stated: nothing is known.
            Kind::Each(_) => false,
            _ => text.is_empty(),
        };
        if is_empty {
            return match (&self.kind, self.optional) {
                (_, true) | (Kind::Several(_), _) => None,
                (Kind::One(_), _) => wrong("Choose one."),
                (Kind::File, _) => wrong("Choose a file."),
                _ => wrong("This is needed."),
            };
        }
        match &self.kind {
            Kind::Line(max) if text.chars().count() > *max => {
                wrong(&format!("At most {max} characters fit here."))
            }
            Kind::Line(_) if text.chars().any(char::is_control) => wrong("This is one line."),
            Kind::Text if text.len() > comity_exchange::case::REMARK_BYTES_MAX => {
                wrong("This is too long: about 4,000 letters fit.")
            }
            Kind::Number if text.parse::<u32>().is_err() => wrong("Write a whole number."),
            Kind::Day if scene.day(&self.id).is_none() => {
                wrong("Write a day as year-month-day: 2016-03-01.")
            }
            Kind::Moment if scene.moment(&self.id).is_none() => {
                wrong("Write a day and a time of day that there is: 2016-03-01 14:30.")
            }
            Kind::Each(choices)
                if choices
                    .iter()
                    .any(|c| !["", "yes", "no"].contains(&scene.each(&self.id, c))) =>
            {
                wrong("Choose yes, no or not known for each.")
            }
            Kind::One(choices) if !choices.iter().any(|c| c.value == text) => {
                wrong("Choose one of these.")
            }
            _ => None,
        }
    }

    /// The answer as the page of all answers shows it.
    pub fn answer(&self, scene: &Scene<'_>) -> String {
        let text = scene.sent.get(&self.id);
        let says = |choices: &[Choice], value: &str| {
            let choice = choices.iter().find(|c| c.value == value);
            choice.map_or_else(|| value.to_owned(), |c| c.says.clone())
        };
        match &self.kind {
            Kind::One(choices) => says(choices, text),
            Kind::Several(choices) => {
                let chosen: Vec<String> =
                    scene.sent.every(&self.id).map(|v| says(choices, v)).collect();
                if chosen.is_empty() { "none".to_owned() } else { chosen.join(", ") }
            }
            Kind::Each(choices) => {
                let stated = choices.iter().filter_map(|c| match scene.each(&self.id, c) {
                    "" => None,
                    value => Some(format!("{} {}", c.says, crate::pages::words::sentence(value))),
                });
                let stated: Vec<String> = stated.collect();
                if stated.is_empty() { "nothing stated".to_owned() } else { stated.join("; ") }
            }
            Kind::Rows(cells) => {
                let rows = scene.rows(&self.id, cells);
                let one = |row: &Vec<String>| {
                    let words = cells.iter().zip(row).filter(|(_, value)| !value.is_empty());
                    words.map(|(c, v)| says(&c.choices, v)).collect::<Vec<_>>().join(", ")
                };
                let lines: Vec<String> = rows.iter().map(one).collect();
                if lines.is_empty() { "none".to_owned() } else { lines.join("; ") }
            }
            Kind::Moment => scene
                .moment(&self.id)
                .map_or_else(String::new, |at| crate::pages::words::moment(at, &scene.zone)),
            Kind::Day => scene.day(&self.id).map_or_else(String::new, crate::pages::words::day),
            Kind::File => match scene.sent.file(&self.id) {
                Some(bytes) => format!("{} kB", bytes.len().div_ceil(1000)),
                None => "no file".to_owned(),
            },
            _ if text.is_empty() => "nothing".to_owned(),
            _ => text.to_owned(),
        }
    }
}

//! The languages that papers are written in.

use std::fmt;

/// A language of a paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// English, as in the United States.
    En,
    /// Spanish, as in the United States.
    Es,
}

impl Language {
    /// Both.
    pub const ALL: [Language; 2] = [Language::En, Language::Es];

    /// Its code (ISO 639-1): `en`, `es`.
    pub fn code(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::Es => "es",
        }
    }

    /// The language of that code.
    pub fn from_code(code: &str) -> Option<Language> {
        Language::ALL.into_iter().find(|language| language.code() == code)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

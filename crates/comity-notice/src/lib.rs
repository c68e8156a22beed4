//! Papers: what a person in custody, an official and a court hold in their hands.
//!
//! A [`Notice`] tells a person what was asked of the agency about them, what it answered and
//! why, and when a hold must end. A [`Consent`] asks whether they will be interviewed. A
//! [`Release`] says why a hold ended. A [`Report`] records a hold that was too long, or a refusal
//! that the law did not allow. A [`Proof`] says in plain words what a ledger proves. Each becomes
//! a PDF that is tagged after PDF/UA-1 (ISO 14289-1), for people and for screen readers.
//!
//! [`publish`] makes the folder that a sheriff can put on the web: counts, method, policies.
//!
//! **The words** stand in one catalog per language, [`words`]; pages on a screen use the same
//! sentences.
//!
//! **Any text is data**: it is never read as markup. Runs of white space become one space. A
//! character that the fonts do not have (they have Latin, Greek and Cyrillic), and one that
//! cannot be seen, is printed as its code point, `[U+738B]`: nothing is left out silently, and
//! nobody guesses at a transliteration of a name. Long words are broken where the line ends.
//!
//! Pure: no file, no network, no "now". The moment of writing is a field, and the same value
//! gives the same bytes.

#[cfg(test)]
extern crate self as comity_notice;

mod consent;
mod error;
mod language;
mod notice;
mod parts;
mod pdf;
mod print;
mod proof;
mod publish;
mod release;
mod report;
mod sheet;
mod terms;
#[cfg(test)]
mod tests;
mod when;
pub mod words;
mod world;

pub use consent::Consent;
pub use error::{CHARS_MAX, NoticeError};
pub use language::Language;
pub use notice::{ChannelAnswer, HoldTime, Notice, Request, RequestCopy};
pub use parts::{Agency, Contact, Counting, Limit, Person, Reason, Text};
pub use proof::{Countersigner, Proof};
pub use publish::{
    Count, Figures, HoldEnding, Measure, Period, PolicyInForce, SMALL_COUNT_MAX, publish,
};
pub use release::{Release, ReleaseWhy};
pub use report::{Observation, Officer, ProofRef, Report, ReportKind};
pub use terms::{CapKind, Channel, Choice, ClaimKind, Modality, Resolution, Verified};
pub use when::{day_in_words, moment_in_words};
pub use words::{Words, words};

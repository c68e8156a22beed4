//! From prints to an identification that a person made, and to a status determination.
//!
//! A [`Match`] is made from a [`Candidate`] and an examiner, and from nothing else; a request
//! needs a determination, and a determination needs a match. A score leads nowhere by itself.

use super::facts::Facts;
use super::ids::GalleryRecord;
use super::person::{Official, OfficialRole};
use super::words::Basis;
use crate::envelope::Digest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A criminal ten-print submission that asks for an answer: EBTS type of transaction CAR.
/// The file itself travels beside the message and is checked by its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    /// Transaction control number, field 1.009 (ANSI/NIST-ITL 1-2011): 10 to 40 characters.
    pub tcn: Tcn,
    /// SHA-256 of the transaction's file.
    pub file: Digest,
}

/// A transaction control number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tcn(String);

impl Tcn {
    /// A number of 10 to 40 printable ASCII characters.
    pub fn new(text: &str) -> Option<Tcn> {
        let printable = text.bytes().all(|b| (b' '..=b'~').contains(&b));
        ((10..=40).contains(&text.len()) && printable).then(|| Tcn(text.to_owned()))
    }

    /// The number.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Tcn {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Tcn, Self::Error> {
        Tcn::new(&text).ok_or("a transaction control number has 10 to 40 printable characters")
    }
}

impl From<Tcn> for String {
    fn from(tcn: Tcn) -> String {
        tcn.0
    }
}

/// Somebody whom the search found and no examiner has verified. Never leaves the federal
/// node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// The record in the gallery.
    pub gallery_record: GalleryRecord,
    /// The score as the search printed it. Never an answer.
    pub score: String,
    /// False matches expected in a gallery of this size at this score, as printed.
    pub false_matches: String,
}

/// What a search came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchResult {
    /// Nobody was found.
    NoMatch,
    /// Candidates for the examiner, best first; at least one.
    Candidates(Vec<Candidate>),
    /// The transaction could not be searched (EBTS ERRT).
    Error(PrintsError),
}

/// Why a transaction could not be searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrintsError {
    /// The file cannot be read as a transaction.
    Unreadable,
    /// The prints are too poor; they must be taken again.
    PoorQuality,
    /// Fingers are missing or out of order.
    Sequence,
    /// The file is not the one whose hash was sent.
    OtherFile,
}

/// An identification: a candidate that an examiner verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawMatch")]
pub struct Match {
    gallery_record: GalleryRecord,
    verified_by: Official,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMatch {
    gallery_record: GalleryRecord,
    verified_by: Official,
}

impl TryFrom<RawMatch> for Match {
    type Error = &'static str;

    fn try_from(raw: RawMatch) -> Result<Match, Self::Error> {
        let RawMatch { gallery_record, verified_by } = raw;
        if verified_by.role == OfficialRole::Examiner {
            return Ok(Match { gallery_record, verified_by });
        }
        Err("a match is verified by an examiner")
    }
}

impl Match {
    /// The only way from a candidate to a match: an examiner says so. `None` for anybody else.
    pub fn verified(candidate: &Candidate, by: &Official) -> Option<Match> {
        let raw = RawMatch { gallery_record: candidate.gallery_record, verified_by: by.clone() };
        Match::try_from(raw).ok()
    }

    /// Whose record it is.
    pub fn gallery_record(&self) -> GalleryRecord {
        self.gallery_record
    }

    /// Who verified it.
    pub fn verified_by(&self) -> &Official {
        &self.verified_by
    }
}

/// What a federal officer determined of the person's status, and on what basis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Determination {
    /// The officer says that the person is removable.
    pub removable: bool,
    /// How that is known.
    pub basis: Basis,
    /// The officer found probable cause.
    pub probable_cause: bool,
    /// The records behind it.
    pub facts: Facts,
}

/// Where the identification stands, as one party knows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Identification {
    /// No prints were submitted.
    #[default]
    NotSubmitted,
    /// Submitted, and not answered.
    Submitted,
    /// Federal side: candidates wait for the examiner.
    Candidates(Vec<Candidate>),
    /// Nobody was found, or the examiner rejected every candidate.
    NoMatch,
    /// Federal side: an examiner verified a match.
    Matched(Match),
    /// Agency: the federal side says that an examiner verified a match.
    ReportedVerified,
    /// The prints could not be searched.
    Failed(PrintsError),
    /// An examiner's verification was wrong.
    TakenBack,
}

impl Identification {
    /// The word of `identification.result` in the schema.
    pub fn word(&self) -> &'static str {
        match self {
            Identification::NotSubmitted
            | Identification::Submitted
            | Identification::Failed(_) => "none",
            Identification::Candidates(_) => "candidate",
            Identification::NoMatch | Identification::TakenBack => "no_match",
            Identification::Matched(_) | Identification::ReportedVerified => "verified",
        }
    }
}

/// What the federal side tells the agency of a submission. Candidates have no word here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrintsAnswer {
    /// Nobody was found.
    NoMatch,
    /// An examiner verified a match.
    Verified,
    /// A verification was wrong and is taken back.
    TakenBack,
    /// The prints could not be searched.
    Failed(PrintsError),
}

/// A submission with the moment it was recorded here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    /// The submission.
    pub submission: Submission,
    /// When.
    pub at: Timestamp,
}

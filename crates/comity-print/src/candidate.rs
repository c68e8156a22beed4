//! Candidates, and what makes a match of one: an examiner's decision.
//!
//! A search ends with [`Candidates`]. Nothing in this crate makes a [`VerifiedMatch`] of a
//! candidate but [`Candidate::examined`], which asks who decided, when, and what.
//!
//! There is no other way. Its fields are private:
//! ```compile_fail,E0451
//! use comity_print::candidate::{Candidate, Decision, VerifiedMatch};
//! fn forged(candidate: Candidate, decision: Decision) -> VerifiedMatch {
//!     VerifiedMatch { candidate, decision }
//! }
//! ```
//! It does not come out of a candidate, however high its score:
//! ```compile_fail,E0277
//! use comity_print::candidate::{Candidate, VerifiedMatch};
//! fn promoted(candidate: Candidate) -> VerifiedMatch {
//!     candidate.into()
//! }
//! ```
//! Nor out of a file:
//! ```compile_fail,E0277
//! fn read<T: serde::de::DeserializeOwned>() {}
//! read::<comity_print::candidate::VerifiedMatch>();
//! ```
//! Nor out of nothing:
//! ```compile_fail,E0277
//! fn made<T: Default>() -> T { T::default() }
//! made::<comity_print::candidate::VerifiedMatch>();
//! ```

use crate::FingerPosition;
use crate::gallery::SubjectId;
use crate::gallery::fusion::Fused;
use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// What a search found: subjects to look at, likeliest first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Candidates {
    /// Fingers that were searched.
    pub gallery_fingers: usize,
    /// False-positive identification rate that was asked for: how often a search for somebody
    /// who is not in the gallery may name anybody.
    pub fpir: f64,
    /// The false-match rate of one comparison that keeps to it at this size.
    pub false_match_rate_max: f64,
    /// The score of one finger that has this rate.
    pub score_min: f64,
    /// The candidates, also those below the threshold.
    pub list: Vec<Candidate>,
}

impl Candidates {
    /// Those that keep to the rate that was asked for.
    pub fn above_threshold(&self) -> impl Iterator<Item = &Candidate> {
        self.list.iter().filter(|c| c.false_match_rate <= self.false_match_rate_max)
    }
}

/// How one finger of the probe fits.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FingerPairs {
    /// Which of the probe's fingers, from 0.
    pub probe: usize,
    /// Which finger of the subject.
    pub finger: FingerPosition,
    /// Score of the comparison.
    pub score: f32,
    /// Minutiae that are one: index in the probe's template, index in the subject's.
    pub pairs: Vec<(usize, usize)>,
}

/// A subject to look at. Not an answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Candidate {
    subject: SubjectId,
    score: f64,
    false_match_rate: f64,
    false_positive_rate: f64,
    fingers: Vec<FingerPairs>,
}

impl Candidate {
    pub(crate) fn new(
        subject: SubjectId,
        fused: Fused,
        false_positive_rate: f64,
        fingers: Vec<FingerPairs>,
    ) -> Self {
        let Fused { score, false_match_rate } = fused;
        Self { subject, score, false_match_rate, false_positive_rate, fingers }
    }

    /// Whose prints these may be.
    pub fn subject(&self) -> SubjectId {
        self.subject
    }

    /// The scores of all fingers together.
    pub fn score(&self) -> f64 {
        self.score
    }

    /// How often one other person's prints score as high.
    pub fn false_match_rate(&self) -> f64 {
        self.false_match_rate
    }

    /// How often anybody of a gallery of this size does who is somebody else.
    pub fn false_positive_rate(&self) -> f64 {
        self.false_positive_rate
    }

    /// The fingers that were compared, with the minutiae that fit.
    pub fn fingers(&self) -> &[FingerPairs] {
        &self.fingers
    }

    /// What an examiner's decision makes of it: a match only where the conclusion is
    /// [`Conclusion::Identification`]; else the candidate comes back with the decision.
    ///
    /// # Errors
    /// [`NotVerified`]: the examiner excluded the subject, or could not conclude.
    pub fn examined(self, decision: Decision) -> Result<VerifiedMatch, Box<NotVerified>> {
        match decision.conclusion {
            Conclusion::Identification => Ok(VerifiedMatch { candidate: self, decision }),
            Conclusion::Exclusion | Conclusion::Inconclusive => {
                Err(Box::new(NotVerified { candidate: self, decision }))
            }
        }
    }
}

/// Who decides: the examiner's number at the agency, never a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct ExaminerId(String);

impl ExaminerId {
    /// A number of 1 to 64 letters, digits, `-` and `_`; `None` for anything else.
    pub fn new(text: &str) -> Option<Self> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let fits = (1..=64).contains(&text.len()) && text.bytes().all(plain);
        fits.then(|| Self(text.to_owned()))
    }

    /// The number.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What an examiner concludes from two prints side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// One source.
    Identification,
    /// Two sources.
    Exclusion,
    /// The prints do not show which.
    Inconclusive,
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// Who decided.
    pub examiner: ExaminerId,
    /// When.
    #[serde(serialize_with = "as_text")]
    pub decided_at: Timestamp,
    /// What.
    pub conclusion: Conclusion,
}

/// An instant as RFC 3339 writes it.
fn as_text<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

/// A candidate that an examiner identified.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VerifiedMatch {
    candidate: Candidate,
    decision: Decision,
}

impl VerifiedMatch {
    /// Whose prints these are.
    pub fn subject(&self) -> SubjectId {
        self.candidate.subject
    }

    /// What the examiner was shown.
    pub fn candidate(&self) -> &Candidate {
        &self.candidate
    }

    /// Who decided, when.
    pub fn decision(&self) -> &Decision {
        &self.decision
    }
}

/// A candidate that an examiner did not identify.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NotVerified {
    /// What the examiner was shown.
    pub candidate: Candidate,
    /// Who decided, when, what.
    pub decision: Decision,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_identification_makes_a_match() {
        let fused = Fused { score: 90.0, false_match_rate: 1e-12 };
        let candidate = Candidate::new(SubjectId([3; 16]), fused, 1e-6, Vec::new());
        let decision = |conclusion| Decision {
            examiner: ExaminerId::new("ex-17").expect("a number"),
            decided_at: Timestamp::UNIX_EPOCH,
            conclusion,
        };
        let verified = candidate.clone().examined(decision(Conclusion::Identification));
        assert_eq!(verified.expect("a match").subject(), SubjectId([3; 16]));
        for other in [Conclusion::Exclusion, Conclusion::Inconclusive] {
            let not = candidate.clone().examined(decision(other)).expect_err("no match");
            assert_eq!((not.candidate, not.decision.conclusion), (candidate.clone(), other));
        }
    }

    #[test]
    fn an_examiner_is_a_number() {
        assert!(ExaminerId::new("ex-17").is_some());
        for wrong in ["", "two words", "é", &"x".repeat(65)] {
            assert!(ExaminerId::new(wrong).is_none(), "{wrong}");
        }
    }
}

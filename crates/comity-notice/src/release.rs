//! The notice that a hold has ended, and why.

use crate::parts::{about, limits};
use crate::sheet::{Block, Sheet, plain};
use crate::words::fill;
use crate::{Agency, ClaimKind, Language, Limit, NoticeError, Person, moment_in_words};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Why a hold ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseWhy {
    /// The custody clock ran out.
    ClockRanOut {
        /// The limits as they were read.
        limits: Vec<Limit>,
    },
    /// A claim was upheld.
    ClaimUpheld(ClaimKind),
    /// The federal side withdrew its request.
    RequestWithdrawn {
        /// When.
        at: Timestamp,
    },
}

/// The notice that a hold has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Who writes.
    pub agency: Agency,
    /// To whom.
    pub person: Person,
    /// The agency's reference, at the foot of every page.
    pub reference: String,
    /// The moment of writing.
    pub prepared_at: Timestamp,
    /// The facility's time zone.
    pub zone: TimeZone,
    /// When the hold began.
    pub began_at: Timestamp,
    /// Until when the person was held.
    pub held_until: Timestamp,
    /// Why it ended.
    pub why: ReleaseWhy,
}

impl Release {
    /// The notice as PDF/UA-1.
    ///
    /// # Errors
    /// [`NoticeError::EndsBeforeStart`], [`NoticeError::TooLong`].
    pub fn pdf(&self, language: Language) -> Result<Vec<u8>, NoticeError> {
        crate::pdf::pdf(&self.sheet(language)?)
    }

    pub(crate) fn sheet(&self, language: Language) -> Result<Sheet, NoticeError> {
        if self.held_until < self.began_at {
            let (began_at, ends_at) = (self.began_at, self.held_until);
            return Err(NoticeError::EndsBeforeStart { began_at, ends_at });
        }
        let title = crate::words(language).release_title;
        let mut sheet =
            Sheet::new(language, title, &self.agency, self.prepared_at, self.reference.clone());
        sheet.is_roomy = true;
        let words = sheet.words();
        let moment = |at| moment_in_words(language, at, &self.zone);
        sheet.says(words.release_intro);
        let about = about(&sheet, &self.person, &self.zone);
        sheet.blocks.push(Block::Named(about));
        let why = match &self.why {
            ReleaseWhy::ClockRanOut { .. } => words.release_clock.to_owned(),
            ReleaseWhy::ClaimUpheld(kind) => {
                fill(words.release_claim, &[("claim", (words.claim)(*kind))])
            }
            ReleaseWhy::RequestWithdrawn { at } => {
                fill(words.release_withdrawn, &[("at", &moment(*at))])
            }
        };
        sheet.blocks.push(Block::Notable(vec![
            (words.release_began.to_owned(), moment(self.began_at)),
            (words.release_until.to_owned(), moment(self.held_until)),
            (words.release_why.to_owned(), why),
        ]));
        if let ReleaseWhy::ClockRanOut { limits: known } = &self.why
            && !known.is_empty()
        {
            sheet.heading(words.release_limit_heading);
            limits(&mut sheet, known, &self.zone);
        }
        sheet.heading(words.release_means_heading);
        sheet.says(words.release_means);
        for says in [
            words.release_other_custody,
            words.release_federal,
            words.release_still_held,
            words.release_keep,
        ] {
            sheet.para(vec![plain(says)]);
        }
        Ok(sheet)
    }
}

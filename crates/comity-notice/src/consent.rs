//! The consent to an interview, to be completed by hand.
//!
//! California Gov. Code 7283.1(a): before an interview on civil immigration violations a written
//! form that explains the purpose, that it is voluntary, and that the person may decline or have
//! an attorney present. The statute asks for more languages than the two that are here.

use crate::parts::about;
use crate::sheet::{Block, Sheet, plain};
use crate::words::fill;
use crate::{Agency, Language, NoticeError, Person, Text, moment_in_words};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The consent to an interview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Who asks on behalf of the federal office.
    pub agency: Agency,
    /// Who is asked.
    pub person: Person,
    /// The agency's reference, at the foot of every page.
    pub reference: String,
    /// The moment of writing.
    pub prepared_at: Timestamp,
    /// The facility's time zone.
    pub zone: TimeZone,
    /// Which office wants the interview; empty if it is not said.
    pub from: String,
    /// The purpose in the office's own words, if it gave any.
    pub purpose: Option<Text>,
    /// When the interview is planned.
    pub planned_at: Option<Timestamp>,
}

impl Consent {
    /// The form as PDF/UA-1.
    ///
    /// # Errors
    /// [`NoticeError::TooLong`].
    pub fn pdf(&self, language: Language) -> Result<Vec<u8>, NoticeError> {
        crate::pdf::pdf(&self.sheet(language))
    }

    pub(crate) fn sheet(&self, language: Language) -> Sheet {
        let title = crate::words(language).consent_title;
        let mut sheet =
            Sheet::new(language, title, &self.agency, self.prepared_at, self.reference.clone());
        sheet.is_roomy = true;
        let words = sheet.words();
        let who =
            if self.from.trim().is_empty() { words.federal_officers } else { self.from.as_str() };
        let mut intro = vec![plain(fill(words.consent_intro, &[("who", who)]))];
        if let Some(at) = self.planned_at {
            let at = moment_in_words(language, at, &self.zone);
            intro.push(plain(fill(words.consent_planned, &[("at", &at)])));
        }
        sheet.para(intro);
        let about = about(&sheet, &self.person, &self.zone);
        sheet.blocks.push(Block::Named(about));

        sheet.heading(words.purpose_heading);
        sheet.says(words.purpose_says);
        if let Some(purpose) = &self.purpose {
            let mut line = vec![plain(words.purpose_given)];
            line.extend(purpose.line(words));
            sheet.para(line);
        }
        sheet.heading(words.rights_heading);
        let rights = [
            words.right_voluntary,
            words.right_decline,
            words.right_attorney,
            words.right_silent,
            words.right_stop,
            words.right_no_harm,
            words.right_language,
        ];
        sheet.blocks.push(Block::List(rights.map(|right| vec![plain(right)]).to_vec()));

        sheet.heading(words.choice_heading);
        sheet.says(words.choice_how);
        let boxes = [words.choice_no, words.choice_attorney, words.choice_yes];
        sheet.blocks.push(Block::Boxes(boxes.map(|choice| vec![plain(choice)]).to_vec()));
        sheet.says(words.choice_blank);
        let blanks = [
            [(words.sign_person, 5), (words.sign_at, 3)],
            [(words.sign_attorney, 5), (words.sign_interpreter, 3)],
            [(words.sign_official, 5), (words.sign_at, 3)],
        ];
        for row in blanks {
            let row = row.map(|(name, width)| (name.to_owned(), width));
            sheet.blocks.push(Block::Blanks(row.to_vec()));
        }
        sheet
    }
}

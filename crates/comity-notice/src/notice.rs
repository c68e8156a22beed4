//! The notice to a person in custody: what was asked, what was answered and why, how long.
//!
//! A copy of the form and a word on what the agency intends are owed by California Gov. Code
//! 7283.1(b), Connecticut Gen. Stat. 54-192h and others; the form I-247A itself takes effect
//! only once a copy is served. This paper is what goes with the copy.

use crate::parts::{about, end_of_hold, first_to_end, limits};
use crate::sheet::{Block, Line, Sheet, bold, plain};
use crate::words::fill;
use crate::{
    Agency, Channel, Choice, Contact, Language, Limit, Modality, NoticeError, Person, Reason,
    Words, day_in_words, moment_in_words,
};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Whether the person has a copy of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestCopy {
    /// It comes with the notice.
    Attached,
    /// It was given before.
    Given {
        /// When.
        at: Timestamp,
    },
    /// There is none yet.
    Missing,
}

/// What was asked of the agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The form's name, `I-247A`; `None` for a request without a form.
    pub form: Option<String>,
    /// The day it is dated.
    pub issued_on: Option<Date>,
    /// The office that it is from.
    pub from: String,
    /// When it reached the agency.
    pub received_at: Timestamp,
    /// What it asks for, in the order in which it is told.
    pub asks: Vec<Channel>,
    /// Whether the person has a copy.
    pub copy: RequestCopy,
}

/// The agency's answer on one channel, and what led to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelAnswer {
    /// The channel.
    pub channel: Channel,
    /// What the agency does.
    pub choice: Choice,
    /// What the law says.
    pub law: Modality,
    /// The rules that decided, the most important first.
    pub reasons: Vec<Reason>,
}

/// How long the person can be held for the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HoldTime {
    /// There is no hold.
    None {
        /// When the person will be released, as far as is known.
        release_at: Option<Timestamp>,
    },
    /// A hold may follow at the time of release.
    Ahead {
        /// That time, if it is known.
        begins_at: Option<Timestamp>,
        /// The limits on such a hold.
        limits: Vec<Limit>,
    },
    /// The person is held now.
    Running {
        /// Since when.
        began_at: Timestamp,
        /// The limits. The one that ends first says when the hold must end.
        limits: Vec<Limit>,
    },
}

/// The notice to a person in custody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
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
    /// What was asked.
    pub request: Request,
    /// The answers; empty while there is none.
    pub answers: Vec<ChannelAnswer>,
    /// How long the person can be held.
    pub hold: HoldTime,
    /// Lawyers to ask.
    pub lawyers: Vec<Contact>,
    /// The consulate, if it is known which.
    pub consulates: Vec<Contact>,
    /// Whom else to tell of a claim to citizenship or status.
    pub claims: Vec<Contact>,
}

impl Notice {
    /// The notice as PDF/UA-1.
    ///
    /// # Errors
    /// [`NoticeError::NoEnd`], [`NoticeError::EndsBeforeStart`],
    /// [`NoticeError::TooLong`].
    pub fn pdf(&self, language: Language) -> Result<Vec<u8>, NoticeError> {
        crate::pdf::pdf(&self.sheet(language)?)
    }

    pub(crate) fn sheet(&self, language: Language) -> Result<Sheet, NoticeError> {
        let title = crate::words(language).notice_title;
        let mut sheet =
            Sheet::new(language, title, &self.agency, self.prepared_at, self.reference.clone());
        let words = sheet.words();
        sheet.says(words.notice_intro);
        let about = about(&sheet, &self.person, &self.zone);
        sheet.blocks.push(Block::Named(about));
        self.request(&mut sheet);
        self.answers(&mut sheet);
        self.hold(&mut sheet)?;
        self.contacts(&mut sheet);
        sheet.blocks.push(Block::Blanks(vec![
            (words.handed_by.to_owned(), 5),
            (words.handed_at.to_owned(), 3),
            (words.handed_language.to_owned(), 4),
        ]));
        Ok(sheet)
    }

    fn request(&self, sheet: &mut Sheet) {
        let (words, language) = (sheet.words(), sheet.language);
        let request = &self.request;
        sheet.heading(words.request_heading);
        let mut line = vec![plain(request.received(words, &self.zone))];
        if let Some(issued_on) = request.issued_on {
            let issued = day_in_words(language, issued_on);
            line.push(plain(fill(words.request_dated, &[("issued", &issued)])));
        }
        line.push(plain(match request.copy {
            RequestCopy::Attached => words.copy_attached.to_owned(),
            RequestCopy::Missing => words.copy_missing.to_owned(),
            RequestCopy::Given { at } => {
                fill(words.copy_given, &[("at", &moment_in_words(language, at, &self.zone))])
            }
        }));
        let mut asks: Vec<Line> = Vec::new();
        for channel in &request.asks {
            // What was answered stands in the table of answers.
            if self.answers.iter().all(|answer| answer.channel != *channel) {
                asks.push(vec![plain((words.asked)(*channel))]);
            }
        }
        if asks.is_empty() {
            sheet.para(line);
        } else {
            line.push(plain(words.request_asks));
            sheet.para(line);
            sheet.blocks.push(Block::List(asks));
        }
    }

    fn answers(&self, sheet: &mut Sheet) {
        let words = sheet.words();
        sheet.heading(words.answer_heading);
        if self.answers.is_empty() {
            sheet.says(words.answer_none);
            return;
        }
        let row = |answer: &ChannelAnswer| {
            let mut why: Vec<Line> = vec![vec![plain((words.law)(answer.law))]];
            why.extend(answer.reasons.iter().map(|reason| reason.line(words)));
            let asked = vec![vec![plain((words.asked)(answer.channel))]];
            vec![asked, vec![vec![bold((words.choice)(answer.choice))]], why]
        };
        let rows = self.answers.iter().map(row).collect();
        let head = [words.column_asked, words.column_answer, words.column_why];
        let head = head.map(str::to_owned).to_vec();
        sheet.blocks.push(Block::Table { widths: vec![6, 4, 9], head, rows });
    }

    fn hold(&self, sheet: &mut Sheet) -> Result<(), NoticeError> {
        let (words, language) = (sheet.words(), sheet.language);
        let moment = |at| moment_in_words(language, at, &self.zone);
        sheet.heading(words.hold_heading);
        match &self.hold {
            HoldTime::None { release_at } => {
                let mut line = vec![bold(words.hold_none)];
                if let Some(at) = *release_at {
                    line.push(plain(fill(words.hold_none_release, &[("at", &moment(at))])));
                }
                line.push(plain(words.then_no_hold));
                sheet.para(line);
                sheet.says(words.then_only_this);
                return Ok(());
            }
            HoldTime::Ahead { begins_at, limits: known } => {
                if let Some(at) = *begins_at {
                    sheet.says(fill(words.hold_ahead_from, &[("at", &moment(at))]));
                    if let Some((_, ends_at)) = first_to_end(known) {
                        let row = (words.hold_would_end.to_owned(), moment(ends_at));
                        sheet.blocks.push(Block::Notable(vec![row]));
                    }
                } else {
                    sheet.says(words.hold_ahead);
                }
                counted(sheet, known, &self.zone);
            }
            HoldTime::Running { began_at, limits: known } => {
                let ends_at = end_of_hold(known, *began_at)?;
                sheet.blocks.push(Block::Notable(vec![
                    (words.hold_began.to_owned(), moment(*began_at)),
                    (words.hold_must_end.to_owned(), moment(ends_at)),
                ]));
                counted(sheet, known, &self.zone);
            }
        }
        sheet.heading(words.then_heading);
        sheet.para([words.then_release, words.then_too_long].map(plain).to_vec());
        sheet.says(words.then_only_this);
        Ok(())
    }

    fn contacts(&self, sheet: &mut Sheet) {
        let words = sheet.words();
        sheet.heading(words.ask_heading);
        let row = |name: &str, says: String, contacts: &[Contact]| {
            let mut lines = vec![vec![plain(says)]];
            lines.extend(contacts.iter().map(|contact| contact.line(words)));
            (name.to_owned(), lines)
        };
        let phone = crate::parts::or_not_given(words, &self.agency.phone);
        let facility = fill(words.ask_facility_says, &[("phone", &phone)]);
        sheet.blocks.push(Block::Named(vec![
            row(words.ask_facility, facility, &[]),
            row(words.ask_claim, words.ask_claim_says.to_owned(), &self.claims),
            row(words.ask_lawyer, words.ask_lawyer_says.to_owned(), &self.lawyers),
            row(words.ask_consulate, words.ask_consulate_says.to_owned(), &self.consulates),
        ]));
    }
}

impl Request {
    /// `Form I-247A from … reached this agency on …`.
    pub(crate) fn received(&self, words: &Words, zone: &TimeZone) -> String {
        let form = match self.form.as_deref() {
            Some(form) if !form.trim().is_empty() => fill(words.form, &[("form", form)]),
            _ => words.no_form.to_owned(),
        };
        let from = crate::parts::or_not_given(words, &self.from);
        let received = moment_in_words(words.language, self.received_at, zone);
        fill(words.request_received, &[("form", &form), ("from", &from), ("received", &received)])
    }
}

fn counted(sheet: &mut Sheet, known: &[Limit], zone: &TimeZone) {
    if !known.is_empty() {
        sheet.says(sheet.words().hold_limits);
        limits(sheet, known, zone);
    }
}

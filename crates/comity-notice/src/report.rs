//! Reports of a hold that was too long, and of a refusal that the law did not allow. English.
//!
//! Any claim of over-detention is logged with name, employee number, day and time, and looked
//! into at once (Los Angeles County Sheriff's Department, Custody Division Manual 5-14/050.00).

use crate::parts::{first_to_end, limits, or_not_given};
use crate::sheet::{Block, Line, Sheet, bold, plain};
use crate::{
    Agency, ChannelAnswer, Language, Limit, NoticeError, Person, Reason, Request, moment_in_words,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// An official of the agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Officer {
    /// The name.
    pub name: String,
    /// The employee number.
    pub employee_number: String,
}

/// What is reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportKind {
    /// A person is said to have been held too long.
    OverDetention {
        /// When the hold began; `None` where none was started.
        began_at: Option<Timestamp>,
        /// When the person would have been released otherwise: the limit where no hold was
        /// started.
        eligible_at: Option<Timestamp>,
        /// The limits on the hold.
        limits: Vec<Limit>,
        /// When custody ended; `None` if it had not when this was written.
        ended_at: Option<Timestamp>,
    },
    /// An agency is said to have refused what the law required.
    WrongRefusal {
        /// The request.
        request: Request,
        /// When it was answered.
        answered_at: Timestamp,
        /// The answers in question, one a channel.
        answers: Vec<ChannelAnswer>,
    },
}

/// One thing that the record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// When it happened.
    pub at: Timestamp,
    /// What.
    pub says: String,
    /// Where it stands: `event 7, leaf 1042`.
    pub source: String,
}

/// Where the proof of the record is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofRef {
    /// The ledger's name.
    pub origin: String,
    /// The leaf's place in it.
    pub index: u64,
    /// Leaves under the checkpoint.
    pub size: u64,
    /// The checkpoint's root hash, in base64.
    pub root: String,
    /// The file of the evidence that goes with this report.
    pub evidence_file: String,
}

/// A report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The agency.
    pub agency: Agency,
    /// About whom.
    pub person: Person,
    /// The report's number, at the foot of every page.
    pub reference: String,
    /// The moment of writing.
    pub prepared_at: Timestamp,
    /// The facility's time zone.
    pub zone: TimeZone,
    /// What is reported.
    pub kind: ReportKind,
    /// Who says so.
    pub claimed_by: String,
    /// When.
    pub claimed_at: Timestamp,
    /// Which official took the claim down.
    pub taken_by: Officer,
    /// The rules.
    pub rules: Vec<Reason>,
    /// What the record says, in order of time.
    pub facts: Vec<Observation>,
    /// The proof.
    pub proof: ProofRef,
}

impl Report {
    /// The report as PDF/UA-1, in English.
    ///
    /// # Errors
    /// [`NoticeError::NoEnd`], [`NoticeError::TooLong`].
    pub fn pdf(&self) -> Result<Vec<u8>, NoticeError> {
        crate::pdf::pdf(&self.sheet()?)
    }

    pub(crate) fn sheet(&self) -> Result<Sheet, NoticeError> {
        let title = match self.kind {
            ReportKind::OverDetention { .. } => "Report of a claim of over-detention",
            ReportKind::WrongRefusal { .. } => "Report of a claim of wrongful refusal",
        };
        let (agency, foot) = (&self.agency, self.reference.clone());
        let mut sheet = Sheet::new(Language::En, title, agency, self.prepared_at, foot);
        sheet.says(
            "A claim is written down when it is made and looked into at once, whoever makes it. \
             The facts below are the agency's own record, and the proof shows that the record has \
             not been changed since.",
        );
        let who = self.who();
        sheet.blocks.push(Block::Named(who));
        match &self.kind {
            ReportKind::OverDetention { began_at, eligible_at, limits, ended_at } => {
                let due_at = first_to_end(limits).map(|(_, at)| at);
                let due_at = due_at.or(*eligible_at).ok_or(NoticeError::NoEnd)?;
                self.over_detention(&mut sheet, (*began_at, due_at, *ended_at), limits);
            }
            ReportKind::WrongRefusal { request, answered_at, answers } => {
                self.refusal(&mut sheet, request, *answered_at, answers);
            }
        }
        if !self.rules.is_empty() {
            sheet.heading("The rules");
            let words = sheet.words();
            let rules = self.rules.iter().map(|rule| rule.line(words)).collect();
            sheet.blocks.push(Block::List(rules));
        }
        self.record(&mut sheet);
        self.proof(&mut sheet);
        findings(&mut sheet);
        Ok(sheet)
    }

    fn moment(&self, at: Timestamp) -> String {
        moment_in_words(Language::En, at, &self.zone)
    }

    fn who(&self) -> Vec<(String, Vec<Line>)> {
        let words = crate::words(Language::En);
        let row = |name: &str, value: &str| {
            (name.to_owned(), vec![vec![plain(or_not_given(words, value))]])
        };
        let person = vec![
            bold(or_not_given(words, &self.person.name)),
            plain(format!("(booking number {})", or_not_given(words, &self.person.booking_number))),
        ];
        let officer = vec![
            plain(or_not_given(words, &self.taken_by.name)),
            plain(format!(
                "(employee number {})",
                or_not_given(words, &self.taken_by.employee_number)
            )),
        ];
        vec![
            ("Person".to_owned(), vec![person]),
            row("Claim made by", &self.claimed_by),
            row("Claim made on", &self.moment(self.claimed_at)),
            ("Taken down by".to_owned(), vec![officer]),
            row("Report written", &self.moment(self.prepared_at)),
        ]
    }

    fn over_detention(
        &self,
        sheet: &mut Sheet,
        (began_at, due_at, ended_at): (Option<Timestamp>, Timestamp, Option<Timestamp>),
        known: &[Limit],
    ) {
        sheet.heading("The custody clock");
        let until = ended_at.unwrap_or(self.prepared_at);
        let ended = match ended_at {
            Some(at) => self.moment(at),
            None => "Not yet, when this report was written".to_owned(),
        };
        let result = if until > due_at {
            format!("{} past the limit", length(due_at, until))
        } else {
            "The record shows no time past the limit".to_owned()
        };
        let (began, due) = match began_at {
            Some(at) => (self.moment(at), "It had to end no later than"),
            None => ("No hold was started".to_owned(), "The person would have been released"),
        };
        sheet.blocks.push(Block::Notable(vec![
            ("The hold began".to_owned(), began),
            (due.to_owned(), self.moment(due_at)),
            ("Custody ended".to_owned(), ended),
            ("Result".to_owned(), result),
        ]));
        if !known.is_empty() {
            limits(sheet, known, &self.zone);
        }
    }

    fn refusal(
        &self,
        sheet: &mut Sheet,
        request: &Request,
        answered_at: Timestamp,
        answers: &[ChannelAnswer],
    ) {
        let words = sheet.words();
        sheet.heading("The request and the answer");
        sheet.says(request.received(words, &self.zone));
        for answer in answers {
            let mut why = vec![vec![plain((words.law)(answer.law))]];
            why.extend(answer.reasons.iter().map(|reason| reason.line(words)));
            sheet.blocks.push(Block::Named(vec![
                ("Asked".to_owned(), vec![vec![plain((words.channel)(answer.channel))]]),
                ("Answered".to_owned(), vec![vec![plain(self.moment(answered_at))]]),
                ("Answer".to_owned(), vec![vec![bold((words.choice)(answer.choice))]]),
                ("What the law said".to_owned(), why),
            ]));
        }
    }

    fn record(&self, sheet: &mut Sheet) {
        sheet.heading("What the record says");
        if self.facts.is_empty() {
            sheet.says("No event of the record bears on this claim.");
            return;
        }
        let cell = |text: String| vec![vec![plain(text)]];
        let row = |fact: &Observation| {
            vec![cell(self.moment(fact.at)), cell(fact.says.clone()), cell(fact.source.clone())]
        };
        let head = ["When", "What", "Where it stands"].map(str::to_owned).to_vec();
        let rows = self.facts.iter().map(row).collect();
        sheet.blocks.push(Block::Table { widths: vec![4, 6, 3], head, rows });
    }

    fn proof(&self, sheet: &mut Sheet) {
        let proof = &self.proof;
        sheet.heading("The proof");
        let row = |name: &str, value: String| (name.to_owned(), vec![vec![plain(value)]]);
        sheet.blocks.push(Block::Named(vec![
            row("Ledger", proof.origin.clone()),
            row("Place in it", format!("leaf {} of {}", proof.index, proof.size)),
            row("Root hash (SHA-256)", proof.root.clone()),
            row("Evidence file", proof.evidence_file.clone()),
            row(
                "To check it",
                "comity ledger verify FILE --trust TRUST-FILE, without a network".to_owned(),
            ),
        ]));
    }
}

fn findings(sheet: &mut Sheet) {
    sheet.heading("To be completed by the supervisor who looks into it");
    let boxes = ["The claim is right.", "The claim is not right.", "It cannot be said yet."];
    sheet.blocks.push(Block::Boxes(boxes.map(|says| vec![plain(says)]).to_vec()));
    let rows = [
        vec![("What was found, and what was done", 1)],
        vec![("Supervisor (name, employee number)", 5), ("Day and time", 3)],
        vec![("Signature", 5), ("Watch commander told (day and time)", 3)],
    ];
    for row in rows {
        let row = row.into_iter().map(|(name, width)| (name.to_owned(), width)).collect();
        sheet.blocks.push(Block::Blanks(row));
    }
}

/// A length of time: `2 hours 5 minutes`, with seconds where it is shorter than a minute.
fn length(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.duration_since(from).as_secs();
    let part = |count: i64, unit: &str| match count {
        0 => None,
        1 => Some(format!("1 {unit}")),
        _ => Some(format!("{count} {unit}s")),
    };
    let parts = [
        part(seconds / 3600, "hour"),
        part(seconds % 3600 / 60, "minute"),
        part(seconds % 60, "second"),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::length;

    #[test]
    fn lengths_are_said_to_the_second() {
        let said = |to: &str| length("2026-11-25T10:00:00Z".parse().unwrap(), to.parse().unwrap());
        assert_eq!(said("2026-11-25T12:05:00Z"), "2 hours 5 minutes");
        assert_eq!(said("2026-11-27T11:00:01Z"), "49 hours 1 second");
        assert_eq!(said("2026-11-25T10:01:00Z"), "1 minute");
    }
}

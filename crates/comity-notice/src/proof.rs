//! What was proved, in plain words, for an auditor or a court. English.

use crate::sheet::{Block, Line, Sheet, bold, plain};
use crate::{Agency, Language, NoticeError, moment_in_words};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// One countersignature that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Countersigner {
    /// The key's name.
    pub name: String,
    /// When.
    pub signed_at: Timestamp,
}

/// A page on evidence that was checked, filled from what checking it gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Who checked it.
    pub agency: Agency,
    /// A reference, at the foot of every page.
    pub reference: String,
    /// The moment of writing.
    pub prepared_at: Timestamp,
    /// The zone in which moments are given.
    pub zone: TimeZone,
    /// The ledger's name.
    pub origin: String,
    /// The leaf's place, from 0.
    pub index: u64,
    /// What happened, as the leaf names it: `request.answered`.
    pub kind: String,
    /// When the leaf was given its place.
    pub recorded_at: Timestamp,
    /// The leaf's commitment to the event, in base64.
    pub commitment: String,
    /// Leaves under the checkpoint.
    pub size: u64,
    /// The checkpoint's root hash, in base64.
    pub root: String,
    /// Names of the ledger's own keys whose signatures hold.
    pub signers: Vec<String>,
    /// Countersignatures that hold.
    pub countersigners: Vec<Countersigner>,
    /// Whether the keys are the reader's own.
    pub is_trusted: bool,
    /// Whether the event is in the evidence and is the one that was recorded.
    pub is_opened: bool,
    /// The event in words, if it is disclosed to the reader.
    pub event: Option<String>,
    /// The name of the evidence's file.
    pub evidence_file: String,
}

impl Proof {
    /// The page as PDF/UA-1, in English.
    ///
    /// # Errors
    /// [`NoticeError::TooLong`].
    pub fn pdf(&self) -> Result<Vec<u8>, NoticeError> {
        crate::pdf::pdf(&self.sheet())
    }

    fn moment(&self, at: Timestamp) -> String {
        moment_in_words(Language::En, at, &self.zone)
    }

    pub(crate) fn sheet(&self) -> Sheet {
        let (agency, foot) = (&self.agency, self.reference.clone());
        let mut sheet =
            Sheet::new(Language::En, "What this evidence proves", agency, self.prepared_at, foot);
        let recorded = self.moment(self.recorded_at);
        sheet.para(vec![
            plain(format!(
                "The ledger {} holds an entry of the kind {}, recorded on {recorded}.",
                self.origin, self.kind
            )),
            plain(
                "The entry has not been changed, moved or removed since the checkpoint below was \
                 signed: any such change would give another root hash.",
            ),
        ]);
        sheet.para(vec![if self.is_trusted {
            plain("The signatures were checked with keys that the reader already trusted.")
        } else {
            bold(
                "The signatures were checked only with the keys in the evidence itself. They show \
                 that the evidence agrees with itself, and not yet who signed it: get the keys \
                 from somebody you trust and check again.",
            )
        }]);
        self.entry(&mut sheet);
        self.checkpoint(&mut sheet);
        self.signatures(&mut sheet);
        self.limits(&mut sheet);
        sheet
    }

    fn entry(&self, sheet: &mut Sheet) {
        sheet.heading("The entry");
        let disclosed = match (&self.event, self.is_opened) {
            (Some(event), true) => event.clone(),
            (None, true) => {
                "In the evidence, and found to be what was recorded; not repeated here".to_owned()
            }
            (_, false) => {
                "Not disclosed. The evidence proves that the entry exists, not what it says"
                    .to_owned()
            }
        };
        let rows = vec![
            row("Kind", self.kind.clone()),
            row("Recorded", self.moment(self.recorded_at)),
            row("Place in the ledger", format!("leaf {} (the first is leaf 0)", self.index)),
            row("Commitment to the event", self.commitment.clone()),
            row("The event", disclosed),
        ];
        sheet.blocks.push(Block::Named(rows));
    }

    fn checkpoint(&self, sheet: &mut Sheet) {
        sheet.heading("The checkpoint");
        let rows = vec![
            row("Ledger", self.origin.clone()),
            row("Entries under it", self.size.to_string()),
            row("Root hash (SHA-256, base64)", self.root.clone()),
        ];
        sheet.blocks.push(Block::Named(rows));
    }

    fn signatures(&self, sheet: &mut Sheet) {
        sheet.heading("Who signed the checkpoint");
        let cell = |text: &str| vec![vec![plain(text)]];
        let owner = self.signers.iter().map(|name| {
            vec![cell(name), cell("the ledger's own key"), cell("with the checkpoint")]
        });
        let witness = self.countersigners.iter().map(|by| {
            vec![cell(&by.name), cell("countersignature"), cell(&self.moment(by.signed_at))]
        });
        let rows = owner.chain(witness).collect();
        let head = ["Name of the key", "As", "When"].map(str::to_owned).to_vec();
        sheet.blocks.push(Block::Table { widths: vec![4, 3, 5], head, rows });
        if self.countersigners.is_empty() {
            sheet.para(vec![bold(
                "Nobody but the ledger's owner signed. The owner could have shown another ledger to \
                 somebody else; a countersignature would rule that out.",
            )]);
        } else {
            sheet.says(
                "Each countersigner saw this checkpoint and found that it follows from those before \
                 it. The owner cannot show another past to anybody who asks for these names.",
            );
        }
    }

    fn limits(&self, sheet: &mut Sheet) {
        sheet.heading("What it does not prove");
        let says: [&str; 3] = [
            "That what was recorded is true: only that it was recorded, in these words, by then.",
            "That nothing else happened which nobody recorded.",
            "Who acted: the record names an official, and the ledger shows only that it does.",
        ];
        sheet.blocks.push(Block::List(says.map(|text| vec![plain(text)]).to_vec()));
        sheet.heading("How to check it yourself");
        sheet.para(vec![
            plain("Run this on any computer, without a network:"),
            bold(format!("comity ledger verify {} --trust TRUST-FILE", self.evidence_file)),
        ]);
    }
}

fn row(name: &str, value: String) -> (String, Vec<Line>) {
    (name.to_owned(), vec![vec![plain(value)]])
}

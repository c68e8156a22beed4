//! What stands in the log: a leaf says what kind of event, of which case by pseudonym, when,
//! and commits to the event's bytes with a salt. It holds no personal data and no guessable
//! trace of any.

use crate::crypto::sha256;
use crate::text::{Lines, base64};
use comity_model::Diagnostic;
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use std::fmt;

/// First line of a leaf. Together with RFC 6962's first byte it keeps a leaf from being read
/// as anything else that is hashed.
const LEAF_MARK: &str = "comity-leaf/v1";

/// First bytes of what a commitment hashes.
const COMMITMENT_MARK: &[u8] = b"comity-commitment/v1\n";

/// Most bytes of a leaf that is read; one of ours has below 300.
const LEAF_TEXT_MAX: usize = 1024;

/// The kind of an event, `request.issued`: lower-case words with `_` inside, joined by dots.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct EventKind(String);

impl EventKind {
    /// A kind, of 1 to 64 characters.
    ///
    /// # Errors
    /// `bad-kind`.
    pub fn new(kind: &str) -> Result<EventKind, Diagnostic> {
        let is_word = |word: &str| {
            word.starts_with(|c: char| c.is_ascii_lowercase())
                && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        };
        if kind.len() > 64 || !kind.split('.').all(is_word) {
            let message = format!("`{kind}` is no kind of event");
            return Err(Diagnostic::error("bad-kind", message)
                .path("kind")
                .help("a kind is lower-case words joined by dots, `request.issued`"));
        }
        Ok(EventKind(kind.to_owned()))
    }

    /// The kind.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A case by its pseudonym in one ledger
/// ([`PersonKey::case_ref`](crate::PersonKey::case_ref)): the same for every event of the
/// case, linked to it only by the person's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CaseRef(pub [u8; 32]);

/// A salted hash of an event: binds to the event, tells nothing without the salt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Commitment(pub [u8; 32]);

impl fmt::Display for CaseRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64(&self.0))
    }
}

impl fmt::Display for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64(&self.0))
    }
}

impl Serialize for CaseRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Commitment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The hash of an event as it is stored, sealed: whoever checks the log finds a changed byte
/// of it without any key, also when the key was destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SealedHash(pub [u8; 32]);

impl fmt::Display for SealedHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64(&self.0))
    }
}

impl Serialize for SealedHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What opens a commitment. Whoever has it can show the event, and only for this leaf.
#[derive(Clone, PartialEq, Eq)]
pub struct Opening {
    /// 32 random bytes of this leaf alone.
    pub salt: [u8; 32],
    /// The event's canonical bytes.
    pub event: Vec<u8>,
}

impl Opening {
    /// The commitment: SHA-256 over the mark, the kind and a newline, the case's pseudonym,
    /// the salt, and the event. Only the last part varies in length after the newline, so two
    /// different inputs never give the same bytes to hash.
    pub fn commitment(&self, kind: &EventKind, case: &CaseRef) -> Commitment {
        let kind = kind.as_str().as_bytes();
        Commitment(sha256(&[COMMITMENT_MARK, kind, b"\n", &case.0, &self.salt, &self.event]))
    }
}

impl fmt::Debug for Opening {
    // An event holds personal data, which belongs into no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opening({} bytes)", self.event.len())
    }
}

/// A leaf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Leaf {
    /// What happened.
    pub kind: EventKind,
    /// In which case.
    pub case: CaseRef,
    /// When it was given its place in the log.
    #[serde(serialize_with = "as_text")]
    pub sequenced_at: Timestamp,
    /// What exactly, and to whom: binds, and tells nothing.
    pub commitment: Commitment,
    /// The stored copy of what exactly, under the person's key.
    pub sealed: SealedHash,
}

impl Leaf {
    /// Reads the bytes of a leaf; [`Leaf::to_bytes`] gives the same bytes again.
    ///
    /// # Errors
    /// What is wrong, at which line, in which field.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Leaf, Diagnostic> {
        let mut lines = Lines::new(file, bytes, "the leaf", LEAF_TEXT_MAX)?;
        lines.expect("format", LEAF_MARK)?;
        let kind = value(&mut lines, "kind")?;
        let kind = EventKind::new(kind).map_err(|fault| {
            let Diagnostic { code, message, help, .. } = fault;
            lines.fault(code, "kind", message).help(help)
        })?;
        let case = value(&mut lines, "case")?;
        let case = CaseRef(lines.bytes("case", case)?);
        let at = value(&mut lines, "sequenced_at")?;
        let sequenced_at = at.parse::<Timestamp>().ok().filter(|t| t.to_string() == at);
        let Some(sequenced_at) = sequenced_at else {
            let message = format!("`{at}` is no instant in UTC as 2026-11-21T10:00:00.25Z");
            return Err(lines.fault("not-an-instant", "sequenced_at", message));
        };
        let commitment = value(&mut lines, "commitment")?;
        let commitment = Commitment(lines.bytes("commitment", commitment)?);
        let sealed = value(&mut lines, "sealed")?;
        let sealed = SealedHash(lines.bytes("sealed", sealed)?);
        if !lines.is_done() {
            lines.next("end")?;
            return Err(lines.fault("unexpected", "end", "a leaf has six lines"));
        }
        Ok(Leaf { kind, case, sequenced_at, commitment, sealed })
    }

    /// The bytes that are hashed and stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Leaf { kind, case, sequenced_at, commitment, sealed } = self;
        format!(
            "{LEAF_MARK}\nkind {kind}\ncase {case}\nsequenced_at {sequenced_at}\n\
             commitment {commitment}\nsealed {sealed}\n"
        )
        .into_bytes()
    }

    /// Checks that an opening is this leaf's: what is shown as evidence is hashed again.
    ///
    /// # Errors
    /// `not-this-event`.
    pub fn check(&self, opening: &Opening) -> Result<(), Diagnostic> {
        if opening.commitment(&self.kind, &self.case) == self.commitment {
            return Ok(());
        }
        let message = "salt and event do not give the commitment of the leaf";
        Err(Diagnostic::error("not-this-event", message)
            .path("event")
            .help("the event was changed after it was recorded, or belongs to another leaf"))
    }
}

fn as_text<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

fn value<'a>(lines: &mut Lines<'a>, field: &'static str) -> Result<&'a str, Diagnostic> {
    match lines.word(field) {
        Some(value) => Ok(value),
        None => {
            lines.next(field)?;
            Err(lines.fault("unexpected", field, format!("here stands `{field} ` and a value")))
        }
    }
}

//! One message from one party to another: canonical JSON as the text of a signed note.

use crate::canonical::{canonical, read_canonical};
use crate::keys::PartyKeys;
use comity_ledger::{Note, SecretKey, VerifierKey};
use comity_model::{Diagnostic, from_hex, hex};
use jiff::Timestamp;
use serde_json::{Map, Value};
use sha2::Digest as _;
use std::fmt;

/// The protocol's version. A message of another one is refused and stays with its sender.
pub const PROTOCOL: u64 = 1;

/// Most bytes of an envelope.
pub const ENVELOPE_BYTES_MAX: usize = 1 << 20;

/// First line of an envelope's text: keeps its signature from passing as one of anything else.
const MARK: &str = "comity-envelope/v1";

/// A party's name, which its keys carry: `jail.example/party`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Party(String);

impl Party {
    /// A name, as a key's: not empty, no spaces, no `+`.
    ///
    /// # Errors
    /// `bad-key-name`.
    pub fn new(name: &str) -> Result<Party, Diagnostic> {
        comity_ledger::KeyName::new(name).map(|name| Party(name.as_str().to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A message's id: 16 random bytes that its sender chose, shown as 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnvelopeId(pub [u8; 16]);

impl EnvelopeId {
    /// An id as it is shown.
    pub fn parse(text: &str) -> Option<EnvelopeId> {
        let bytes = from_hex(text)?;
        bytes.try_into().ok().map(EnvelopeId)
    }
}

impl fmt::Display for EnvelopeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

/// SHA-256 of an envelope's text: which message a receipt is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// A digest as it is shown.
    pub fn parse(text: &str) -> Option<Digest> {
        from_hex(text)?.try_into().ok().map(Digest)
    }

    pub(crate) fn of(text: &str) -> Digest {
        Digest::of_bytes(text.as_bytes())
    }

    /// SHA-256 of bytes: of a file that goes with a message.
    pub fn of_bytes(bytes: &[u8]) -> Digest {
        Digest(sha2::Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

/// The kind of a message, `request.issued`: the same words as an event's.
pub type MessageKind = comity_ledger::EventKind;

/// What a message says, by its kind.
pub type Body = Map<String, Value>;

/// One message.
#[derive(Clone, PartialEq)]
pub struct Envelope {
    /// Chosen by the sender; the same message has the same id however often it is sent.
    pub id: EnvelopeId,
    /// Who sends.
    pub from: Party,
    /// To whom.
    pub to: Party,
    /// Its place among all from this sender to this receiver, from 1.
    pub number: u64,
    /// What it is.
    pub kind: MessageKind,
    /// When the sender says that it was sent.
    pub sent_at: Timestamp,
    /// The message that it answers.
    pub reply_to: Option<EnvelopeId>,
    /// What it says.
    pub body: Body,
}

impl fmt::Debug for Envelope {
    // A body holds personal data, which belongs into no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Envelope { id, from, to, number, kind, .. } = self;
        write!(f, "Envelope({kind} {number} {id}, {from} to {to})")
    }
}

/// An envelope whose signature holds, with the bytes that were signed.
#[derive(Debug, Clone, PartialEq)]
pub struct Signed {
    /// The message.
    pub envelope: Envelope,
    /// The note as it came or goes.
    pub bytes: Vec<u8>,
    /// Of the note's text.
    pub digest: Digest,
    /// The key that signed.
    pub key: VerifierKey,
}

impl Envelope {
    /// The note's text.
    ///
    /// # Errors
    /// `not-whole`: the body holds a number that cannot travel.
    pub fn to_text(&self) -> Result<String, Diagnostic> {
        let mut members = Map::new();
        let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
        put("body", Value::Object(self.body.clone()));
        put("from", self.from.0.clone().into());
        put("id", self.id.to_string().into());
        put("kind", self.kind.as_str().into());
        put("number", self.number.into());
        put("protocol", PROTOCOL.into());
        if let Some(id) = self.reply_to {
            put("reply_to", id.to_string().into());
        }
        put("sent_at", self.sent_at.to_string().into());
        put("to", self.to.0.clone().into());
        Ok(format!("{MARK}\n{}\n", canonical(&Value::Object(members))?))
    }

    /// Signs with a key of the sender.
    ///
    /// # Errors
    /// `bad-key`: the key is not the sender's. `not-whole`, `too-large`.
    pub fn sign(self, key: &SecretKey) -> Result<Signed, Diagnostic> {
        if key.verifier().name().as_str() != self.from.0 {
            let message = format!("`{}` is no key of `{}`", key.verifier().name(), self.from);
            return Err(Diagnostic::error("bad-key", message).path("from"));
        }
        let text = self.to_text()?;
        let mut note = Note::new(&text)?;
        let Some(signature) = note.sign(key) else {
            return Err(Diagnostic::error("bad-key", "a witness's key signs no envelopes"));
        };
        note.add(signature);
        let bytes = note.to_bytes();
        if bytes.len() > ENVELOPE_BYTES_MAX {
            return Err(too_large(bytes.len()));
        }
        let key = key.verifier().clone();
        Ok(Signed { envelope: self, digest: Digest::of(&text), bytes, key })
    }

    /// Reads an envelope that came at an instant, and checks its signature by the keys of the
    /// party that it says it is from.
    ///
    /// # Errors
    /// What is wrong, at which line, in which field; `other-protocol`; `unknown-party`,
    /// `unsigned`, `bad-signature`, `key-not-valid`.
    pub fn read(
        file: &str,
        bytes: &[u8],
        keys: &PartyKeys,
        received_at: Timestamp,
    ) -> Result<Signed, Diagnostic> {
        if bytes.len() > ENVELOPE_BYTES_MAX {
            return Err(too_large(bytes.len()));
        }
        let note = Note::parse(file, bytes)?;
        let envelope = parse_text(file, note.text())?;
        let key = keys.check(&envelope.from, &note, received_at)?;
        let digest = Digest::of(note.text());
        Ok(Signed { envelope, bytes: bytes.to_vec(), digest, key })
    }
}

impl Signed {
    /// An envelope that this node signed and stored itself; its signature is not checked again.
    ///
    /// # Errors
    /// What is wrong, at which line, in which field.
    pub fn stored(file: &str, bytes: &[u8], key: VerifierKey) -> Result<Signed, Diagnostic> {
        let note = Note::parse(file, bytes)?;
        let envelope = parse_text(file, note.text())?;
        let digest = Digest::of(note.text());
        Ok(Signed { envelope, bytes: bytes.to_vec(), digest, key })
    }
}

fn too_large(length: usize) -> Diagnostic {
    let message = format!("an envelope has at most {ENVELOPE_BYTES_MAX} bytes, not {length}");
    Diagnostic::error("too-large", message)
}

/// The JSON of a note with a mark before it.
pub(crate) fn marked_json(file: &str, text: &str, mark: &str) -> Result<Body, Diagnostic> {
    let at = |line: usize, mut fault: Diagnostic| {
        file.clone_into(&mut fault.file);
        fault.line = line;
        fault
    };
    let Some(json) = text.strip_prefix(mark).and_then(|rest| rest.strip_prefix('\n')) else {
        let message = format!("the first line is not `{mark}`");
        return Err(at(1, Diagnostic::error("unexpected", message).path("format")));
    };
    let json = json.strip_suffix('\n').unwrap_or(json);
    match read_canonical(json).map_err(|fault| at(2, fault))? {
        Value::Object(members) => Ok(members),
        _ => Err(at(2, Diagnostic::error("unexpected", "the second line is no JSON object"))),
    }
}

/// Members of a JSON object, each of which must be taken.
pub(crate) struct Members<'a> {
    file: &'a str,
    members: Body,
}

impl<'a> Members<'a> {
    pub fn new(file: &'a str, members: Body) -> Members<'a> {
        Members { file, members }
    }

    pub fn fault(&self, code: &'static str, field: &str, message: String) -> Diagnostic {
        let mut fault = Diagnostic::error(code, message).path(field);
        self.file.clone_into(&mut fault.file);
        fault.line = 2;
        fault
    }

    /// The value of a member, read by `read`.
    pub fn take<T>(
        &mut self,
        field: &str,
        is: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<T, Diagnostic> {
        let Some(value) = self.members.remove(field) else {
            return Err(self.fault("missing", field, format!("`{field}` is missing")));
        };
        let wrong = || self.fault("bad-value", field, format!("`{field}` is not {is}"));
        read(&value).ok_or_else(wrong)
    }

    /// The same for a member that may be missing.
    pub fn maybe<T>(
        &mut self,
        field: &str,
        is: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Option<T>, Diagnostic> {
        if self.members.contains_key(field) {
            self.take(field, is, read).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Nothing may be left.
    pub fn end(self) -> Result<(), Diagnostic> {
        match self.members.keys().next() {
            None => Ok(()),
            Some(field) => {
                Err(self.fault("unknown-field", field, format!("`{field}` is no field here")))
            }
        }
    }
}

pub(crate) fn instant(value: &Value) -> Option<Timestamp> {
    let text = value.as_str()?;
    text.parse::<Timestamp>().ok().filter(|at| at.to_string() == text)
}

pub(crate) fn party(value: &Value) -> Option<Party> {
    Party::new(value.as_str()?).ok()
}

pub(crate) fn id(value: &Value) -> Option<EnvelopeId> {
    EnvelopeId::parse(value.as_str()?)
}

fn parse_text(file: &str, text: &str) -> Result<Envelope, Diagnostic> {
    let mut members = Members::new(file, marked_json(file, text, MARK)?);
    let protocol = members.take("protocol", "a whole number", Value::as_u64)?;
    if protocol != PROTOCOL {
        let message = format!("the message is of protocol {protocol}; this node speaks {PROTOCOL}");
        return Err(members
            .fault("other-protocol", "protocol", message)
            .help("one of the two nodes must be updated; the message stays with its sender"));
    }
    let envelope = Envelope {
        id: members.take("id", "32 hexadecimal digits", id)?,
        from: members.take("from", "a party's name", party)?,
        to: members.take("to", "a party's name", party)?,
        number: members.take("number", "a number from 1", |v| v.as_u64().filter(|n| *n > 0))?,
        kind: members.take("kind", "a kind of message", |v| MessageKind::new(v.as_str()?).ok())?,
        sent_at: members.take("sent_at", "an instant in UTC", instant)?,
        reply_to: members.maybe("reply_to", "32 hexadecimal digits", id)?,
        body: members.take("body", "an object", |v| v.as_object().cloned())?,
    };
    members.end()?;
    Ok(envelope)
}

//! What a receiver signs: that a message came, which one, when, and where it stands in the
//! receiver's ledger.

use crate::envelope::{
    Digest, EnvelopeId, Members, Party, Signed, id, instant, marked_json, party,
};
use crate::keys::PartyKeys;
use comity_ledger::{Note, SecretKey};
use comity_model::Diagnostic;
use jiff::Timestamp;
use serde_json::{Map, Value};

/// First line of a receipt's text.
const MARK: &str = "comity-receipt/v1";

/// A receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Who received.
    pub from: Party,
    /// Who had sent.
    pub to: Party,
    /// The message's number.
    pub number: u64,
    /// Its id.
    pub id: EnvelopeId,
    /// Of its text.
    pub digest: Digest,
    /// When it was received, by the receiver's clock.
    pub received_at: Timestamp,
    /// Its place in the receiver's ledger: what the sender may ask a proof for.
    pub leaf: u64,
}

impl Receipt {
    /// The receipt for a message.
    pub fn of(signed: &Signed, received_at: Timestamp, leaf: u64) -> Receipt {
        let envelope = &signed.envelope;
        Receipt {
            from: envelope.to.clone(),
            to: envelope.from.clone(),
            number: envelope.number,
            id: envelope.id,
            digest: signed.digest,
            received_at,
            leaf,
        }
    }

    /// Signs with a key of the receiver.
    ///
    /// # Errors
    /// `bad-key`: the key is not the receiver's.
    pub fn sign(&self, key: &SecretKey) -> Result<Vec<u8>, Diagnostic> {
        let mut members = Map::new();
        let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
        put("digest", self.digest.to_string().into());
        put("from", self.from.as_str().into());
        put("id", self.id.to_string().into());
        put("leaf", self.leaf.into());
        put("number", self.number.into());
        put("received_at", self.received_at.to_string().into());
        put("to", self.to.as_str().into());
        let json = crate::canonical(&Value::Object(members))?;
        let mut note = Note::new(&format!("{MARK}\n{json}\n"))?;
        let signature = note
            .sign(key)
            .filter(|signature| signature.name.as_str() == self.from.as_str())
            .ok_or_else(|| {
                let message = format!("`{}` is no key of `{}`", key.verifier().name(), self.from);
                Diagnostic::error("bad-key", message)
            })?;
        note.add(signature);
        Ok(note.to_bytes())
    }

    /// A receipt of ours as it was signed, or signed again if it was by another key: what it
    /// says stays the same.
    ///
    /// # Errors
    /// It is no signed note.
    pub fn signed_by(bytes: Vec<u8>, key: &SecretKey) -> Result<Vec<u8>, Diagnostic> {
        let note = Note::parse("receipt", &bytes)?;
        if note.check(key.verifier())?.is_some() {
            return Ok(bytes);
        }
        let mut again = Note::new(note.text())?;
        let Some(signature) = again.sign(key) else {
            return Err(Diagnostic::error("bad-key", "a witness's key signs no receipts"));
        };
        again.add(signature);
        Ok(again.to_bytes())
    }

    /// Reads a receipt that came at an instant, and checks its signature.
    ///
    /// # Errors
    /// As for an envelope.
    pub fn read(
        file: &str,
        bytes: &[u8],
        keys: &PartyKeys,
        received_at: Timestamp,
    ) -> Result<Receipt, Diagnostic> {
        let note = Note::parse(file, bytes)?;
        let mut members = Members::new(file, marked_json(file, note.text(), MARK)?);
        let digest =
            members.take("digest", "64 hexadecimal digits", |v| Digest::parse(v.as_str()?))?;
        let receipt = Receipt {
            from: members.take("from", "a party's name", party)?,
            to: members.take("to", "a party's name", party)?,
            number: members.take("number", "a whole number", Value::as_u64)?,
            id: members.take("id", "32 hexadecimal digits", id)?,
            digest,
            received_at: members.take("received_at", "an instant in UTC", instant)?,
            leaf: members.take("leaf", "a whole number", Value::as_u64)?,
        };
        members.end()?;
        keys.check(&receipt.from, &note, received_at)?;
        Ok(receipt)
    }
}

//! Letters: a request to a peer, and the reply to it, as a relay carries them: sealed from end
//! to end, so that the relay sees who sends to whom, when, and how many bytes.
//!
//! ```text
//! letter   "comity-letter/v1\n", id of the key that it is sealed to (4 bytes), and sealed:
//!          what it asks for (1 byte), the request's body
//! reply    sealed: the status (2 bytes, big end first), the reply's body
//! ```
//! Sealing is HPKE to the party's message key ([`VerifierKey::seal`]); replies are sealed with a
//! secret of the same sealing, so that no relay can give one request the reply to another.

use comity_ledger::{KeyId, ReplyKey, SecretKey, VerifierKey};
use comity_model::Diagnostic;

/// What a letter starts with, and what its sealing is for.
const MARK: &str = "comity-letter/v1\n";

/// Bytes of a letter beside the request's body: mark, key id, encapsulated key, kind, tag.
pub const LETTER_OVERHEAD_BYTES: usize = MARK.len() + 4 + 32 + 1 + 16;

/// What a letter asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LetterKind {
    /// Take a message with its files; the reply is receipts.
    Messages,
    /// Look at a checkpoint of the sender's ledger; the reply is a countersignature.
    Heads,
}

impl LetterKind {
    fn byte(self) -> u8 {
        match self {
            LetterKind::Messages => 1,
            LetterKind::Heads => 2,
        }
    }

    fn of(byte: u8) -> Option<LetterKind> {
        [LetterKind::Messages, LetterKind::Heads].into_iter().find(|kind| kind.byte() == byte)
    }
}

/// A letter that was opened.
#[derive(Debug)]
pub struct Opened {
    /// What it asks for.
    pub kind: LetterKind,
    /// The request's body.
    pub body: Vec<u8>,
    /// Seals the reply.
    pub reply_key: ReplyKey,
}

/// A reply that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status that the party gave.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// Seals a request to a party's key, with 32 random bytes that are used once.
///
/// # Errors
/// `not-sealed`.
pub fn seal_letter(
    to: &VerifierKey,
    kind: LetterKind,
    body: &[u8],
    random: [u8; 32],
) -> Result<(Vec<u8>, ReplyKey), Diagnostic> {
    let plain = [&[kind.byte()], body].concat();
    let (sealed, reply_key) = to.seal(MARK, &plain, random)?;
    Ok(([MARK.as_bytes(), &to.id().0, &sealed].concat(), reply_key))
}

/// Opens a letter with whichever of a party's own keys it was sealed to: the one in use, or one
/// that a peer may not have heard of yet, or not any more.
///
/// # Errors
/// `not-a-letter`, `other-key`, `not-opened`, `bad-value`: it asks for something unknown.
pub fn open_letter(own: &[SecretKey], letter: &[u8]) -> Result<Opened, Diagnostic> {
    let parts = letter.strip_prefix(MARK.as_bytes()).and_then(|rest| rest.split_first_chunk());
    let Some((id, sealed)) = parts else {
        let message = "the letter does not start with its mark and the id of a key";
        return Err(Diagnostic::error("not-a-letter", message).path("letter"));
    };
    let id = KeyId(*id);
    let Some(key) = own.iter().find(|key| key.verifier().id() == id) else {
        let message = format!("the letter is sealed to key `{id}`, which this party does not have");
        return Err(Diagnostic::error("other-key", message)
            .path("key id")
            .help("the sender learns of a new key from the party's own message; it tries again"));
    };
    let (plain, reply_key) = key.open(MARK, sealed).map_err(|d| d.path("letter"))?;
    let kind = plain.split_first().and_then(|(kind, body)| Some((LetterKind::of(*kind)?, body)));
    let Some((kind, body)) = kind else {
        let message = "the letter asks for something that this node does not know";
        return Err(Diagnostic::error("bad-value", message).path("kind"));
    };
    Ok(Opened { kind, body: body.to_vec(), reply_key })
}

/// Seals the reply to a letter, with 32 random bytes that are used once.
///
/// # Errors
/// `not-sealed`.
pub fn seal_reply(key: &ReplyKey, reply: &Reply, random: [u8; 32]) -> Result<Vec<u8>, Diagnostic> {
    key.seal(&[&reply.status.to_be_bytes(), reply.body.as_slice()].concat(), random)
}

/// Opens the reply to a letter.
///
/// # Errors
/// `not-opened`; `cut-off`: it has no status.
pub fn open_reply(key: &ReplyKey, sealed: &[u8]) -> Result<Reply, Diagnostic> {
    let plain = key.open(sealed).map_err(|d| d.path("reply"))?;
    let Some((status, body)) = plain.split_first_chunk() else {
        return Err(Diagnostic::error("cut-off", "the reply has no status").path("reply"));
    };
    Ok(Reply { status: u16::from_be_bytes(*status), body: body.to_vec() })
}

//! The protocol between parties that do not trust each other: the custody case that both of
//! them keep ([`case`]), and how what one sends reaches the other exactly once, in order, and
//! can be proved.
//!
//! - An [`Envelope`] is one message: canonical JSON ([`canonical`], RFC 8785) in a signed note.
//! - [`PartyKeys`] says which keys of a party are believed, and until when.
//! - An [`Outbox`] keeps what was sent until the receipt is there, and says when to try again.
//! - An [`Inbox`] takes what comes, however often and in whatever order, and gives each message
//!   out once. It answers with a [`Receipt`], signed.
//! - A letter ([`seal_letter`]) is a request as a relay carries it, which cannot read it.
//!
//! Pure: bytes, ids and instants come as arguments. Whoever stores the state does so in one
//! transaction with the effects of what was given out; then a crash at any point loses nothing
//! and does nothing twice.

pub mod bookings;
mod canonical;
pub mod case;
mod envelope;
pub mod iaq;
mod inbox;
mod keys;
mod letter;
mod outbox;
mod receipt;

pub use canonical::{canonical, read_canonical};
pub use envelope::{
    Body, Digest, ENVELOPE_BYTES_MAX, Envelope, EnvelopeId, MessageKind, PROTOCOL, Party, Signed,
};
pub use inbox::{Inbox, Refusal, Taken, WAITING_MAX};
pub use keys::{KeyNews, PartyKey, PartyKeys};
pub use letter::{
    LETTER_OVERHEAD_BYTES, LetterKind, Opened, Reply, open_letter, open_reply, seal_letter,
    seal_reply,
};
pub use outbox::{Outbox, Pending, Settled};
pub use receipt::Receipt;

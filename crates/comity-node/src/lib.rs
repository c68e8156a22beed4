//! One party's node: the place where what people enter, what the other parties send and what
//! the clock says become events, in the ledger and in the store, exactly once.
//!
//! [`Node::turn`] takes any number of [`Ask`]s and makes one durable batch of all that comes of
//! them: when it returns, everything that it reports is on disk; when it fails, nothing happened.
//! Time is an argument and random bytes come from [`Random`], so a simulator runs the same code
//! as the server. Nothing is sent from here: [`Node::parcels`] says what is to be sent, and what
//! came back is asked in again.

mod entry;
mod fault;
mod head;
mod identity;
mod keep;
mod log_key;
mod mail;
mod node;
mod peer;
mod view;

pub use comity_store::TileShelf;
pub use entry::{Card, Entry};
pub use fault::NodeFault;
pub use head::{Head, HeadReply};
pub use identity::{Identity, Random};
pub use log_key::{log_key_notes, log_keys};
pub use mail::Parcel;
pub use node::{Ask, Done, Happened, Node};
pub use peer::{BY_RELAY, Peer, PeerNews};
pub use view::{CaseView, read_card, read_case, read_event};

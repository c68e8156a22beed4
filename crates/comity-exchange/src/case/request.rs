//! Requests: what the federal side asks of the agency about one person, on which form.

use super::facts::Facts;
use super::ids::RequestId;
use super::person::Official;
use super::words::{Basis, Form, FormVersion, WarrantKind, WarrantSigner};
use comity_policy::Channel;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The channels that a request may ask about: those on which an agency answers.
pub const ASKED: [Channel; 5] =
    [Channel::Hold, Channel::Notify, Channel::Transfer, Channel::Interview, Channel::ShareStatus];

/// The fact of the schema that says that a request asks about a channel.
pub(super) fn asks_fact(channel: Channel) -> Option<&'static str> {
    match channel {
        Channel::Hold => Some("asks_hold"),
        Channel::Notify => Some("asks_notice"),
        Channel::Transfer => Some("asks_transfer"),
        Channel::Interview => Some("asks_interview"),
        Channel::ShareStatus => Some("asks_status"),
        _ => None,
    }
}

/// The channel of federal programs that says whether the federal side may ask; `None` where
/// no program speaks of it.
pub(super) fn program_channel(channel: Channel) -> Option<Channel> {
    match channel {
        Channel::Hold => Some(Channel::RequestHold),
        Channel::Notify => Some(Channel::RequestNotice),
        Channel::Transfer => Some(Channel::RequestTransfer),
        _ => None,
    }
}

/// A warrant that comes with a request, or stands alone on form `other`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Warrant {
    /// I-200, I-203, I-205 or judicial.
    pub kind: WarrantKind,
    /// Who signed it, where that can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<WarrantSigner>,
}

/// What a form says. It carries no text that an official wrote: it goes to the other party.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// Its id, new and random.
    pub request: RequestId,
    /// The form: I-247, I-247A, I-247D, I-247N, I-247X; `other` for a warrant alone.
    pub form: Form,
    /// The revision printed on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<FormVersion>,
    /// The day it is dated. Whether the form is valid is judged by it.
    pub issued_on: Date,
    /// What it asks for.
    pub asks: BTreeSet<Channel>,
    /// The basis that it states.
    pub basis: Basis,
    /// The warrant that is attached; `None` if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warrant: Option<Warrant>,
    /// Its boxes and what else it states, in the schema's words.
    pub states: Facts,
    /// The request that it takes the place of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<RequestId>,
}

/// Why a request no longer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestEnd {
    /// The federal side withdrew it.
    Withdrawn,
    /// Another one took its place.
    Superseded(RequestId),
    /// The person was not in the agency's custody when it came.
    NotInCustody,
}

/// A request as one party knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// What the form says.
    pub draft: Draft,
    /// Federal side: who issued it.
    pub issued_by: Option<Official>,
    /// When it was issued here, or came in here, to the second.
    pub received_at: Timestamp,
    /// When a copy was served on the person.
    pub served_at: Option<Timestamp>,
    /// Why it no longer stands, and since when.
    pub ended: Option<(RequestEnd, Timestamp)>,
}

impl Request {
    /// True while the request stands.
    pub fn stands(&self) -> bool {
        self.ended.is_none()
    }
}

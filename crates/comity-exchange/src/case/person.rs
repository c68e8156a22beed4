//! Who acts in a case: an official of a party, the other party, or the clock.

use super::ids::CommandId;
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// Whose node a case is folded in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Who has the person in custody.
    Agency,
    /// Who identifies, determines status and requests.
    Federal,
}

impl Side {
    /// The word shown to people.
    pub fn name(self) -> &'static str {
        match self {
            Side::Agency => "the agency",
            Side::Federal => "the federal side",
        }
    }
}

/// The account of an official inside a party: 1 to 64 characters of `a-z 0-9 . _ -`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct OfficialId(String);

impl OfficialId {
    /// An account's name.
    pub fn new(name: &str) -> Option<OfficialId> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-_".contains(&b);
        let fits = (1..=64).contains(&name.len()) && name.bytes().all(allowed);
        fits.then(|| OfficialId(name.to_owned()))
    }

    /// The account's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for OfficialId {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        let wrong = "an account has 1 to 64 characters of a-z 0-9 . _ -";
        OfficialId::new(&text).ok_or_else(|| serde::de::Error::custom(wrong))
    }
}

/// What an official may do in a case. A node's permission table may narrow it further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfficialRole {
    /// Agency: keeps records of custody.
    Clerk,
    /// Agency: answers for the clerks.
    Supervisor,
    /// Either party: its lawyer.
    Counsel,
    /// Federal side: verifies or rejects candidates.
    Examiner,
    /// Federal side: determines status and issues requests.
    DutyOfficer,
}

impl OfficialRole {
    /// All roles.
    pub const ALL: [OfficialRole; 5] = [
        OfficialRole::Clerk,
        OfficialRole::Supervisor,
        OfficialRole::Counsel,
        OfficialRole::Examiner,
        OfficialRole::DutyOfficer,
    ];

    /// The words shown to people.
    pub fn name(self) -> &'static str {
        match self {
            OfficialRole::Clerk => "records clerk",
            OfficialRole::Supervisor => "supervisor",
            OfficialRole::Counsel => "counsel",
            OfficialRole::Examiner => "examiner",
            OfficialRole::DutyOfficer => "duty officer",
        }
    }
}

/// A person who acts for a party, and answers for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Official {
    /// The account.
    pub id: OfficialId,
    /// In which role the person acted.
    pub role: OfficialRole,
}

impl fmt::Display for Official {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.role.name(), self.id.as_str())
    }
}

/// Who gave a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// A person of this party.
    Official(Official),
    /// The other party, by a message whose envelope has this id.
    Peer(CommandId),
    /// The scheduler. It ends holds and raises alarms; it starts nothing.
    Alarm,
    /// The search of the gallery. It records what it found; it verifies nothing.
    Search,
}

impl By {
    /// The person, if one acted.
    pub fn official(&self) -> Option<&Official> {
        match self {
            By::Official(official) => Some(official),
            By::Peer(_) | By::Alarm | By::Search => None,
        }
    }
}

//! What an account is for.

use comity_exchange::case::{OfficialRole, Side};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What an account is for. An account has one or more of them, all of its party's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Agency: keeps records of custody.
    Clerk,
    /// Agency: answers for the clerks.
    Supervisor,
    /// Federal side: verifies or rejects candidates.
    Examiner,
    /// Federal side: determines status and issues requests.
    DutyOfficer,
    /// The party's lawyer.
    Counsel,
    /// Looks at what was done, and changes nothing.
    Auditor,
    /// Runs the node: accounts, peers, keys, backups. Sees no case.
    Administrator,
    /// A program of the jail, by a token: books and releases, and decides nothing.
    Software,
}

impl Role {
    /// All roles.
    pub const ALL: [Role; 8] = [
        Role::Clerk,
        Role::Supervisor,
        Role::Examiner,
        Role::DutyOfficer,
        Role::Counsel,
        Role::Auditor,
        Role::Administrator,
        Role::Software,
    ];

    /// The words shown to people.
    pub fn name(self) -> &'static str {
        match self {
            Role::Clerk => "records clerk",
            Role::Supervisor => "supervisor",
            Role::Examiner => "examiner",
            Role::DutyOfficer => "duty officer",
            Role::Counsel => "counsel",
            Role::Auditor => "auditor",
            Role::Administrator => "administrator",
            Role::Software => "software",
        }
    }

    /// The side on which there are such accounts; `None` for both.
    pub fn side(self) -> Option<Side> {
        match self {
            Role::Clerk | Role::Supervisor | Role::Software => Some(Side::Agency),
            Role::Examiner | Role::DutyOfficer => Some(Side::Federal),
            Role::Counsel | Role::Auditor | Role::Administrator => None,
        }
    }

    /// True where a party of that side has such accounts.
    pub fn fits(self, side: Side) -> bool {
        self.side().is_none_or(|own| own == side)
    }

    /// As what it acts in a case; `None` for roles that do nothing in one. A jail's program
    /// keeps records as a clerk does, and fewer of them.
    pub fn official(self) -> Option<OfficialRole> {
        match self {
            Role::Clerk | Role::Software => Some(OfficialRole::Clerk),
            Role::Supervisor => Some(OfficialRole::Supervisor),
            Role::Examiner => Some(OfficialRole::Examiner),
            Role::DutyOfficer => Some(OfficialRole::DutyOfficer),
            Role::Counsel => Some(OfficialRole::Counsel),
            Role::Auditor | Role::Administrator => None,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

//! What each role may do. One table; the routes, the pages and the reference are made from it.

use super::role::Role;
use comity_exchange::case::{CommandName, OfficialRole, Side};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt::{self, Write as _};

use Role::{Administrator, Auditor, Clerk, Counsel, DutyOfficer, Examiner, Software, Supervisor};

macro_rules! permissions {
    ($($variant:ident $name:literal, [$($role:ident),*], $says:literal;)*) => {
        /// What a route may need.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Permission {
            $(#[doc = $says] $variant,)*
            /// Give a command in a case.
            Enter(CommandName),
        }

        /// Every permission but the commands, with its name, its words, and who has it.
        const TABLE: &[(Permission, &str, &str, &[Role])] =
            &[$((Permission::$variant, $name, $says, &[$($role),*]),)*];
    };
}

permissions! {
    SeeWorklist "see_worklist", [Clerk, Supervisor, Examiner, DutyOfficer, Counsel],
        "see what is to be done";
    SeeCases "see_cases", [Clerk, Supervisor, Examiner, DutyOfficer, Counsel, Auditor],
        "see cases and whom they are about";
    SeePrints "see_prints", [Clerk, Supervisor, Examiner, DutyOfficer],
        "see the prints of a case";
    Confirm "confirm", [Supervisor],
        "confirm as the second person what another asked for, and set standing choices";
    ImportBookings "import_bookings", [Supervisor, Software],
        "import bookings from another system";
    Erase "erase", [Counsel],
        "erase a person by destroying the key";
    Export "export", [Supervisor, Counsel, Auditor],
        "export cases and figures";
    SeeLedger "see_ledger", [Supervisor, DutyOfficer, Counsel, Auditor, Administrator],
        "see the ledger and its checkpoints";
    Prove "prove", [Clerk, Supervisor, DutyOfficer, Counsel, Auditor],
        "make a proof of what the ledger holds";
    SeeAudit "see_audit", [Auditor],
        "see who saw and did what";
    ReviewAudit "review_audit", [Auditor],
        "sign off the weekly review of the audit";
    ManageAccounts "manage_accounts", [Administrator],
        "make, change, release and disable accounts";
    ManagePeers "manage_peers", [Administrator],
        "make peers known and move them";
    ManageKeys "manage_keys", [Administrator],
        "rotate and revoke the node's keys";
    ManageBackups "manage_backups", [Administrator],
        "back up, and try a restore";
    ManageWebhooks "manage_webhooks", [Administrator],
        "set where the node tells of events";
    ManageSettings "manage_settings", [Administrator],
        "set the notice before sign-in and other settings";
    SeeHealth "see_health", [Auditor, Administrator, Software],
        "see how the node is doing";
    OwnAccount "own_account",
        [Clerk, Supervisor, Examiner, DutyOfficer, Counsel, Auditor, Administrator],
        "change one's own password and factors, see and end one's own sessions";
}

/// What a jail's program may enter: what its own system knows. It answers no request, starts no
/// hold, and decides nothing that the law leaves to a person.
pub const SOFTWARE_ENTERS: [CommandName; 5] = [
    CommandName::Book,
    CommandName::AmendBooking,
    CommandName::SubmitPrints,
    CommandName::SetEligible,
    CommandName::EndCustody,
];

impl Permission {
    /// All permissions, those of the table first.
    pub fn all() -> impl Iterator<Item = Permission> {
        let commands = CommandName::ALL.iter().copied().map(Permission::Enter);
        TABLE.iter().map(|row| row.0).chain(commands)
    }

    fn row(self) -> Option<&'static (Permission, &'static str, &'static str, &'static [Role])> {
        TABLE.iter().find(|row| row.0 == self)
    }

    /// A stable name: `see_cases`, `enter:answer_request`.
    pub fn name(self) -> String {
        match (self, self.row()) {
            (Permission::Enter(command), _) => format!("enter:{}", command_name(command)),
            (_, row) => row.map_or_else(String::new, |row| row.1.to_owned()),
        }
    }

    /// The permission of a name.
    pub fn parse(name: &str) -> Option<Permission> {
        Permission::all().find(|p| p.name() == name)
    }

    /// The words shown to people.
    pub fn says(self) -> &'static str {
        match (self, self.row()) {
            (Permission::Enter(command), _) => command.says(),
            (_, row) => row.map_or("", |row| row.2),
        }
    }

    /// Whether an account with one role has it, on one side. The commands' roles are the state
    /// machine's own ([`CommandName::roles`]).
    pub fn is_of(self, role: Role, side: Side) -> bool {
        if !role.fits(side) {
            return false;
        }
        let Permission::Enter(command) = self else {
            return self.row().is_some_and(|row| row.3.contains(&role));
        };
        let here = command.side().is_none_or(|own| own == side);
        let narrowed = role != Role::Software || SOFTWARE_ENTERS.contains(&command);
        let official = role.official().is_some_and(|o| command.roles().contains(&o));
        here && narrowed && official
    }
}

/// The name of a command: `answer_request`.
pub fn command_name(command: CommandName) -> String {
    let mut name = String::new();
    for c in format!("{command:?}").chars() {
        if c.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(c.to_ascii_lowercase());
    }
    name
}

/// As which official an account with these roles gives a command; the first that may.
pub fn official_for(
    roles: impl IntoIterator<Item = Role>,
    side: Side,
    command: CommandName,
) -> Option<OfficialRole> {
    let mut roles = roles.into_iter().filter(|r| Permission::Enter(command).is_of(*r, side));
    roles.next().and_then(Role::official)
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.says())
    }
}

impl Serialize for Permission {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.name())
    }
}

impl<'de> Deserialize<'de> for Permission {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        Permission::parse(&text).ok_or_else(|| D::Error::custom("no permission has this name"))
    }
}

/// The table as a page of the reference (`docs/reference/permissions.md`).
pub fn reference() -> String {
    let mut page = String::from(
        "# Permissions\n\n\
         *Generated from `crates/comity-server/src/account/permission.rs`. Change it there; the \
         test `account` says how to write this page again.*\n\n\
         What an account may do follows from its roles, and from nothing else. A role is had on \
         one side of the exchange or on both. A token of a program has the role software, less \
         what its scopes leave out. Nobody may do what has no mark here.\n\n\
         | role | side | acts in a case as |\n|---|---|---|\n",
    );
    for role in Role::ALL {
        let side = role.side().map_or("both", side_name);
        let acts = role.official().map_or("", OfficialRole::name);
        let _ = writeln!(page, "| {role} | {side} | {acts} |");
    }
    let everything: Vec<Permission> = TABLE.iter().map(|row| row.0).collect();
    let _ = write!(page, "\n## What is not a command\n\n");
    table(&mut page, &everything);
    let _ = write!(
        page,
        "\n## Commands in a case\n\nWho may give a command is said by the state machine \
         ([custody-case.md](custody-case.md)), which refuses everybody else whatever this table \
         says. A program may give fewer than the clerk as whom it acts. \
         `enter:receive` and `enter:tick` are the node's own.\n\n",
    );
    let commands: Vec<Permission> = Permission::all().skip(everything.len()).collect();
    table(&mut page, &commands);
    page
}

fn side_name(side: Side) -> &'static str {
    match side {
        Side::Agency => "agency",
        Side::Federal => "federal",
    }
}

fn table(page: &mut String, permissions: &[Permission]) {
    let heads: Vec<&str> = Role::ALL.iter().map(|role| role.name()).collect();
    let _ = writeln!(page, "| permission | name | {} |", heads.join(" | "));
    let _ = writeln!(page, "|---|---|{}", ":-:|".repeat(heads.len()));
    for permission in permissions {
        let marks: Vec<&str> = Role::ALL.iter().map(|role| mark(*permission, *role)).collect();
        let (says, name) = (permission.says(), permission.name());
        let _ = writeln!(page, "| {says} | `{name}` | {} |", marks.join(" | "));
    }
}

/// Yes on the sides where the role has it; the side is said where it has it on one of its two.
fn mark(permission: Permission, role: Role) -> &'static str {
    let has = |side| permission.is_of(role, side);
    match (has(Side::Agency), has(Side::Federal), role.side()) {
        (false, false, _) => "",
        (true, false, None) => "agency",
        (false, true, None) => "federal",
        _ => "yes",
    }
}

//! The permission table, and its page of the reference.

use crate::world::*;
use comity_exchange::case::*;
use comity_server::account::*;
use std::collections::BTreeSet;

const SIDES: [Side; 2] = [Side::Agency, Side::Federal];

#[test]
fn the_reference_is_the_table() {
    let here = std::path::PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap());
    let path = here.join("../../docs/reference/permissions.md");
    let table = permissions_reference();
    if std::env::var_os("COMITY_WRITE_REFERENCE").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    let page = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        page, table,
        "docs/reference/permissions.md is not the table; \
         COMITY_WRITE_REFERENCE=1 cargo test -p comity-server --test account writes it"
    );
}

#[test]
fn people_may_enter_exactly_what_the_state_machine_lets_their_role() {
    for side in SIDES {
        for role in Role::ALL.into_iter().filter(|r| r.fits(side) && *r != Role::Software) {
            for command in CommandName::ALL.iter().copied() {
                let may = Permission::Enter(command).is_of(role, side);
                let is_here = command.side().is_none_or(|own| own == side);
                let machine = role.official().is_some_and(|o| command.roles().contains(&o));
                assert_eq!(may, machine && is_here, "{role} {command} {side:?}");
                let official = official_for([role], side, command);
                assert_eq!(official, role.official().filter(|_| may));
            }
        }
    }
}

/// Commands that can be given without much of a case, of every group of roles.
fn acts(at: jiff::Timestamp) -> Vec<Act> {
    let (request, reason) = (RequestId([3; 16]), Remark::default());
    vec![
        Act::ServeRequest { request, served_at: at },
        Act::GiveNotice { request },
        Act::EndHold { reason: reason.clone() },
        Act::Transfer { request, at },
        Act::EndCustody(CustodyEnd { at, how: HowEnded::Released }),
        Act::RecordSearch(SearchResult::NoMatch),
        Act::VerifyMatch { gallery_record: GalleryRecord([4; 16]) },
        Act::RejectCandidates,
        Act::WithdrawRequest { request, reason: reason.clone() },
        Act::TakeCustody { at },
        Act::DoDuty { duty: 0, done_at: at },
        Act::Note(reason),
        Act::Tick,
    ]
}

#[test]
fn the_state_machine_itself_refuses_whom_the_table_refuses_and_nobody_else() {
    let at = "2026-03-02T08:00:00Z".parse().unwrap();
    for side in SIDES {
        for role in Role::ALL.into_iter().filter(|role| role.fits(side) && *role != Role::Software)
        {
            let Some(official) = role.official() else { continue };
            for act in acts(at) {
                let name = act.name();
                let by = By::Official(Official { id: id("somebody"), role: official });
                let command = Command { id: CommandId([2; 16]), by, expects: None, act };
                // Of a case that was not opened, the machine first says whether the person may.
                let refusal = decide(&Case::new(side, CaseId([1; 16])), &command, at);
                let code = refusal.expect_err("nothing was booked").why.code().to_owned();
                let is_of_person = matches!(code.as_str(), "wrong-actor" | "other-side");
                let may = Permission::Enter(name).is_of(role, side);
                assert_eq!(may, !is_of_person, "{role} {name} {side:?}: {code}");
            }
        }
    }
}

#[test]
fn a_program_may_enter_less_than_a_clerk_and_nothing_that_is_left_to_people() {
    let enters = |role| -> BTreeSet<CommandName> {
        let may = |c: &CommandName| Permission::Enter(*c).is_of(role, Side::Agency);
        CommandName::ALL.iter().copied().filter(may).collect()
    };
    let (software, clerk) = (enters(Role::Software), enters(Role::Clerk));
    assert_eq!(software, SOFTWARE_ENTERS.into_iter().collect());
    assert!(software.is_subset(&clerk));
    for command in [CommandName::AnswerRequest, CommandName::StartHold, CommandName::ResolveClaim] {
        assert!(!software.contains(&command));
    }
}

#[test]
fn no_role_of_the_other_side_may_do_anything() {
    for side in SIDES {
        for role in Role::ALL.into_iter().filter(|role| !role.fits(side)) {
            assert!(Permission::all().all(|p| !p.is_of(role, side)), "{role} {side:?}");
        }
    }
}

#[test]
fn duties_are_kept_apart() {
    for side in SIDES {
        let may = |role: Role, permission: Permission| permission.is_of(role, side);
        let enters = |role| CommandName::ALL.iter().any(|c| may(role, Permission::Enter(*c)));
        // Who runs the node sees no case, and who audits changes nothing.
        assert!(!enters(Role::Administrator) && !enters(Role::Auditor));
        for permission in [Permission::SeeCases, Permission::SeePrints, Permission::SeeAudit] {
            assert!(!may(Role::Administrator, permission));
        }
        for role in Role::ALL {
            let manages = [
                Permission::ManageAccounts,
                Permission::ManageKeys,
                Permission::ManagePeers,
                Permission::ManageBackups,
                Permission::ManageWebhooks,
                Permission::ManageSettings,
            ];
            let is_any = manages.into_iter().any(|p| may(role, p));
            assert!(!is_any || role == Role::Administrator, "{role}");
            assert!(!may(role, Permission::SeeAudit) || role == Role::Auditor, "{role}");
        }
    }
}

#[test]
fn every_permission_but_the_nodes_own_commands_is_somebodys() {
    let own = [CommandName::Receive, CommandName::Tick].map(Permission::Enter);
    for permission in Permission::all() {
        let has = |side: Side| Role::ALL.into_iter().any(|r| permission.is_of(r, side));
        assert_eq!(SIDES.into_iter().any(has), !own.contains(&permission), "{permission}");
        assert_eq!(Permission::parse(&permission.name()), Some(permission));
        assert!(!permission.says().is_empty());
        let json = serde_json::to_string(&permission).unwrap();
        assert_eq!(serde_json::from_str::<Permission>(&json).unwrap(), permission);
        if let Permission::Enter(command) = permission {
            let name = serde_json::to_value(command).unwrap();
            assert_eq!(name, command_name(command), "as in the ledger's own names");
        }
    }
    let names: BTreeSet<String> = Permission::all().map(|p| p.name()).collect();
    assert_eq!(names.len(), Permission::all().count());
    assert_eq!(Permission::parse("enter:no_such"), None);
}

#[test]
fn somebody_with_two_roles_may_what_either_may_and_acts_as_the_one_that_may() {
    let mut world = World::new();
    let member = world.member("both", &[Role::Clerk, Role::Auditor]);
    let person = world.person(&member.token);
    assert!(person.may(Permission::SeeAudit) && person.may(Permission::SeeWorklist));
    assert!(!person.may(Permission::ManageAccounts));
    let official = person.official(CommandName::Book).unwrap();
    assert_eq!((official.id, official.role), (id("both"), OfficialRole::Clerk));
    assert_eq!(person.official(CommandName::IssueRequest), None);
    let mut world = World::on(Side::Federal);
    let member = world.member("two", &[Role::Examiner, Role::DutyOfficer]);
    let person = world.person(&member.token);
    let role = |command| person.official(command).map(|o| o.role);
    assert_eq!(role(CommandName::VerifyMatch), Some(OfficialRole::Examiner));
    assert_eq!(role(CommandName::IssueRequest), Some(OfficialRole::DutyOfficer));
    assert_eq!(role(CommandName::Book), None);
}

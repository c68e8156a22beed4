//! Every line of the audit has its six parts, and no secret.

use crate::world::*;
use comity_exchange::Party;
use comity_exchange::case::{CaseId, CommandName};
use comity_node::Ask;
use comity_server::account::*;

/// One of each kind. The match has no arm for the rest, so that a new kind does not compile
/// before it stands here.
fn every_kind() -> Vec<What> {
    let next = |what: Option<&What>| match what {
        None => Some(What::SignIn),
        Some(What::SignIn) => Some(What::SecondFactor(FactorKind::App)),
        Some(What::SecondFactor(_)) => Some(What::SessionStarted),
        Some(What::SessionStarted) => Some(What::Confirmed),
        Some(What::Confirmed) => Some(What::SessionEnded),
        Some(What::SessionEnded) => Some(What::SessionsEnded),
        Some(What::SessionsEnded) => Some(What::Locked),
        Some(What::Locked) => Some(What::Released),
        Some(What::Released) => Some(What::PasswordChanged),
        Some(What::PasswordChanged) => Some(What::Invited),
        Some(What::Invited) => Some(What::FactorAdded(FactorKind::Passkey)),
        Some(What::FactorAdded(_)) => Some(What::FactorRemoved(FactorKind::Recovery)),
        Some(What::FactorRemoved(_)) => Some(What::AccountMade(vec![Role::Clerk])),
        Some(What::AccountMade(_)) => Some(What::AccountChanged(vec![Role::Counsel])),
        Some(What::AccountChanged(_)) => Some(What::AccountDisabled),
        Some(What::AccountDisabled) => Some(What::AccountEnabled),
        Some(What::AccountEnabled) => Some(What::TokenMade),
        Some(What::TokenMade) => {
            Some(What::PermissionUsed(Permission::Enter(CommandName::AnswerRequest)))
        }
        Some(What::PermissionUsed(_)) => Some(What::PersonRead),
        Some(What::PersonRead) => Some(What::Privileged("rotate-key")),
        Some(What::Privileged(_)) => None,
    };
    let mut all: Vec<What> = Vec::new();
    while let Some(what) = next(all.last()) {
        all.push(what);
    }
    all
}

#[test]
fn every_kind_of_line_fills_its_six_parts() {
    let at = "2026-03-02T08:00:00.123456789Z".parse().unwrap();
    let origins = [Origin::Address("2001:db8::1".parse().unwrap()), Origin::Console, Origin::Node];
    let people = [Who::Account(id("clerk")), Who::Stranger, Who::Console, Who::Node];
    let subjects = [
        Subject::Account(id("other")),
        Subject::NoAccount,
        Subject::Session(id("clerk"), SessionId::parse("00000000000000ff").unwrap()),
        Subject::Case(CaseId([3; 16])),
        Subject::Cases,
        Subject::Peer(Party::new("ice.example").unwrap()),
        Subject::Node,
    ];
    let outcomes = [AuditOutcome::Done, AuditOutcome::Refused("wrong-password")];
    let kinds = every_kind();
    let mut codes = std::collections::BTreeSet::new();
    for (n, what) in kinds.into_iter().enumerate() {
        assert!(codes.insert(what.code()), "{} stands for two kinds", what.code());
        for (m, outcome) in outcomes.into_iter().enumerate() {
            let event = AuditEvent {
                what: what.clone(),
                at,
                origin: origins[(n + m) % origins.len()],
                who: people[(n + m) % people.len()].clone(),
                outcome,
                subject: subjects[(n + m) % subjects.len()].clone(),
            };
            let line = event.to_json();
            for part in ["what", "at", "where", "who", "outcome", "subject"] {
                let said = line.get(part).and_then(|v| v.as_str()).unwrap_or_default();
                assert!(!said.is_empty(), "{part} of {line:?}");
            }
            assert_eq!(line["at"], "2026-03-02T08:00:00.123456789Z", "CJIS AU-8");
            assert_eq!(line["outcome"] == "refused", line.contains_key("why"));
        }
    }
}

#[test]
fn the_node_is_asked_with_account_and_case() {
    let at = "2026-03-02T08:00:00Z".parse().unwrap();
    let event = AuditEvent {
        what: What::PersonRead,
        at,
        origin: Origin::Console,
        who: Who::Account(id("clerk")),
        outcome: AuditOutcome::Done,
        subject: Subject::Case(CaseId([3; 16])),
    };
    let Ask::Audit { account, case, what } = event.to_ask() else { panic!("another ask") };
    assert_eq!((account, case), (Some(id("clerk")), Some(CaseId([3; 16]))));
    assert_eq!(what, event.to_json());
}

#[test]
fn a_permission_that_is_used_or_refused_says_so() {
    let mut world = World::new();
    let member = world.member("clerk", &[Role::Clerk]);
    let (now, origin) = (world.now, Origin::Console);
    let person = world.person(&member.token);
    let outcome = |person: &Person, permission| {
        person.audit_of(permission, Subject::Node, now, origin).outcome
    };
    assert_eq!(outcome(&person, Permission::SeeCases), AuditOutcome::Done);
    let refused = AuditOutcome::Refused("not-permitted");
    assert_eq!(outcome(&person, Permission::ManageKeys), refused);
    let (half, _) = world.signed_in("clerk", PASSWORD);
    let half = world.person(&half);
    assert_eq!(outcome(&half, Permission::SeeCases), AuditOutcome::Refused("not-signed-in"));
    world.later(3600);
    let Presence::Locked(locked) = world.presence(&member.token) else { panic!("not locked") };
    let refused = AuditOutcome::Refused("locked-session");
    assert_eq!(outcome(&locked, Permission::SeeCases), refused);
}

#[test]
fn no_secret_stands_in_audit_or_debug_print() {
    let mut world = World::new();
    let member = world.member("clerk", &[Role::Clerk]);
    let code = member.app.code(world.now);
    let (half, _) = world.signed_in("clerk", PASSWORD);
    let out = world.desk().second_factor(&half, Proof::App(&code)).unwrap();
    let printed = format!("{:?}", out.value);
    let token = started(world.try_keep(out).unwrap()).0;
    world.sign_in(PASSWORD, "the name and the password were swapped");
    let lines: Vec<String> =
        world.audit.iter().map(|e| serde_json::to_string(&e.to_json()).unwrap()).collect();
    let told = format!("{}{printed}{:?}", lines.join("\n"), world.key);
    for secret in [PASSWORD, "glacier", &token, &half, &member.token, &member.recovery[0]] {
        assert!(!told.contains(secret), "{secret}");
    }
    assert!(!lines.iter().any(|l| l.contains(&format!("\"{code}\""))));
}

//! What administrators do, what they cannot do, and programs' tokens.

use crate::world::*;
use comity_exchange::case::{CommandName, OfficialRole, Side};
use comity_server::account::*;
use std::collections::BTreeSet;

fn roles(all: &[Role]) -> BTreeSet<Role> {
    all.iter().copied().collect()
}

fn new(name: &str, list: &[Role]) -> NewAccount {
    NewAccount { name: name.to_owned(), roles: roles(list), external: None }
}

#[test]
fn accounts_are_made_by_administrators_and_by_the_console() {
    let mut world = World::new();
    let admin = world.member("admin", &[Role::Administrator]);
    let clerk = world.member("clerk", &[Role::Clerk]);
    let clerk = world.person(&clerk.token);
    let refused = world.desk().make_account(Actor::Person(&clerk), new("x", &[Role::Clerk]));
    assert_eq!(wrong(refused), "not-permitted");
    let admin_person = world.person(&admin.token);
    let by = Actor::Person(&admin_person);
    world.told();
    let out = world.desk().make_account(by, new("New.One", &[Role::Supervisor]));
    assert!(world.keep(out).is_some());
    assert_eq!(world.told(), ["account-made"]);
    assert_eq!(world.account("new.one").roles().collect::<Vec<_>>(), [Role::Supervisor]);
    for (bad, code) in [
        (new("new.one", &[Role::Clerk]), "account-taken"),
        (new("NEW.ONE", &[Role::Clerk]), "account-taken"),
        (new("with space", &[Role::Clerk]), "name"),
        (new("", &[Role::Clerk]), "name"),
        (new("y", &[]), "roles"),
        (new("y", &[Role::Examiner]), "roles"),
        (new("y", &[Role::Clerk, Role::Examiner]), "roles"),
        (new("y", &[Role::Software, Role::Clerk]), "roles"),
    ] {
        assert_eq!(wrong(world.desk().make_account(by, bad.clone())), code, "{bad:?}");
    }
    world.later(600);
    let stale = world.person(&admin.token);
    let by = Actor::Person(&stale);
    let refused = world.desk().make_account(by, new("y", &[Role::Clerk]));
    assert_eq!(wrong(refused), "unconfirmed", "ten minutes later they show again who they are");
}

#[test]
fn an_invitation_is_good_once_and_for_72_hours() {
    let mut world = World::new();
    let invitation = world.make("clerk", &[Role::Clerk]);
    // Not before a password is chosen: a browser that closes costs nothing.
    world.signed_in("clerk", &invitation);
    let (token, _) = world.signed_in("clerk", &invitation.to_lowercase().replace('-', ""));
    let out = world.desk().set_password(&token, "", PASSWORD);
    world.keep(out);
    assert_eq!(world.sign_in("clerk", &invitation), SignIn::Failed);
    let late = world.make("late", &[Role::Clerk]);
    world.later(72 * 3600);
    assert_eq!(world.sign_in("late", &late), SignIn::Failed);
    let out = world.desk().invite(Actor::Console, &id("late"));
    let again = world.keep(out);
    assert_ne!(world.sign_in("late", again.show()), SignIn::Failed);
}

#[test]
fn a_new_invitation_takes_the_password_and_leaves_the_second_factor() {
    let mut world = World::new();
    let member = world.member("clerk", &[Role::Clerk]);
    let out = world.desk().invite(Actor::Console, &id("clerk"));
    let invitation = world.keep(out);
    assert_eq!(world.presence(&member.token), Presence::Nobody);
    assert_eq!(world.sign_in("clerk", PASSWORD), SignIn::Failed);
    let (half, stage) = world.signed_in("clerk", invitation.show());
    assert_eq!(stage, Stage::SecondFactor);
    let code = member.app.code(world.now);
    let out = world.desk().second_factor(&half, Proof::App(&code));
    let (token, stage) = started(world.keep(out));
    assert_eq!(stage, Stage::Setup);
    assert!(!world.person(&token).may(Permission::SeeCases));
    let out = world.desk().set_password(&token, "", "mauve kettle drizzle 44");
    assert_eq!(started(world.keep(out)).1, Stage::Full);
}

#[test]
fn lost_factors_are_removed_by_an_administrator_and_set_up_anew() {
    let mut world = World::new();
    let member = world.member("clerk", &[Role::Clerk]);
    let out = world.desk().remove_factors(Actor::Console, &id("clerk"));
    world.keep(out);
    assert_eq!(world.presence(&member.token), Presence::Nobody);
    assert_eq!(world.signed_in("clerk", PASSWORD).1, Stage::Setup);
}

#[test]
fn a_change_of_roles_ends_what_was_begun_under_the_old_ones() {
    let mut world = World::new();
    let member = world.member("clerk", &[Role::Supervisor]);
    let out = world.desk().set_roles(Actor::Console, &id("clerk"), roles(&[Role::Clerk]));
    world.keep(out);
    assert_eq!(world.presence(&member.token), Presence::Nobody);
    let out = world.desk().set_roles(Actor::Console, &id("clerk"), roles(&[Role::Software]));
    assert_eq!(wrong(out), "roles");
}

#[test]
fn nobody_lifts_what_holds_themselves_back() {
    let mut world = World::new();
    let admin = world.member("admin", &[Role::Administrator]);
    let person = world.person(&admin.token);
    let (by, own) = (Actor::Person(&person), id("admin"));
    let all = roles(&[Role::Administrator, Role::Supervisor]);
    assert_eq!(wrong(world.desk().set_roles(by, &own, all)), "own-account");
    assert_eq!(wrong(world.desk().release(by, &own)), "own-account");
    assert_eq!(wrong(world.desk().invite(by, &own)), "own-account");
    assert_eq!(wrong(world.desk().remove_factors(by, &own)), "own-account");
    assert_eq!(wrong(world.desk().set_external(by, &own, None)), "own-account");
    assert_eq!(wrong(world.desk().disable(by, &own)), "own-account");
    assert_eq!(wrong(world.desk().release(by, &id("nobody"))), "no-account");
}

#[test]
fn the_kill_switch_asks_nobody_who_they_are_again() {
    let mut world = World::new();
    let admin = world.member("admin", &[Role::Administrator]);
    let clerk = world.member("clerk", &[Role::Clerk]);
    world.later(12 * 60);
    let person = world.person(&admin.token);
    world.told();
    let out = world.desk().end_sessions(Actor::Person(&person), &id("clerk"));
    world.keep(out);
    assert_eq!(world.presence(&clerk.token), Presence::Nobody);
    let out = world.desk().disable(Actor::Person(&person), &id("clerk"));
    world.keep(out);
    assert_eq!(world.told(), ["sessions-ended", "account-disabled"]);
    assert_eq!(world.sign_in("clerk", PASSWORD), SignIn::Failed);
    assert_eq!(world.told(), ["sign-in disabled"]);
}

fn token(world: &mut World, scopes: &[Permission], days: i64) -> Result<String, String> {
    let scopes: BTreeSet<Permission> = scopes.iter().copied().collect();
    let out = world.desk().make_token(Actor::Console, &id("jms"), ("jail system", scopes, days));
    let out = out.map_err(|fault| fault.code().to_owned())?;
    Ok(world.try_keep(out).unwrap().token.show().to_owned())
}

#[test]
fn a_program_may_what_its_token_is_for_until_it_ends() {
    let mut world = World::new();
    assert_eq!(world.make("jms", &[Role::Software]), "", "a program is invited to nothing");
    let book = Permission::Enter(CommandName::Book);
    assert_eq!(token(&mut world, &[], 30), Err("scopes".to_owned()));
    assert_eq!(token(&mut world, &[book, Permission::SeeCases], 30), Err("scopes".to_owned()));
    assert_eq!(token(&mut world, &[book], 0), Err("days".to_owned()));
    assert_eq!(token(&mut world, &[book], 367), Err("days".to_owned()));
    let one = token(&mut world, &[book], 30).unwrap();
    assert!(one.starts_with(TOKEN_PREFIX));
    let person = world.person(&one);
    assert!(person.may(book));
    assert!(!person.may(Permission::ImportBookings), "not in its scopes");
    assert!(person.csrf_fits(""), "no browser sends it");
    let official = person.official(CommandName::Book).unwrap();
    assert_eq!((official.id, official.role), (id("jms"), OfficialRole::Clerk));
    assert_eq!(person.official(CommandName::EndCustody), None);
    assert_eq!(world.presence(&one[TOKEN_PREFIX.len()..]), Presence::Nobody);
    // A program does not lock, and its token goes nowhere that a person's session goes.
    world.later(24 * 3600);
    assert!(matches!(world.presence(&one), Presence::Present(_)));
    assert_eq!(wrong(world.desk().begin_app(&one)), "no-session");
    assert_eq!(wrong(world.desk().set_password(&one, "", PASSWORD)), "no-session");
    let out = world.desk().confirm(&one, Proof::Password(""));
    assert_eq!(world.keep(out), SignIn::Failed);
    world.later(29 * 24 * 3600);
    assert_eq!(world.presence(&one), Presence::Nobody);
}

#[test]
fn programs_do_not_sign_in_and_people_get_no_tokens() {
    let mut world = World::new();
    world.make("jms", &[Role::Software]);
    assert_eq!(world.sign_in("jms", ""), SignIn::Failed);
    assert_eq!(world.told(), ["account-made", "sign-in software"]);
    assert_eq!(wrong(world.desk().invite(Actor::Console, &id("jms"))), "roles");
    world.make("clerk", &[Role::Clerk]);
    let scopes: BTreeSet<Permission> = [Permission::SeeHealth].into();
    let out = world.desk().make_token(Actor::Console, &id("clerk"), ("t", scopes, 30));
    assert_eq!(wrong(out), "roles");
}

#[test]
fn tokens_end_with_the_account_and_keep_it_from_looking_unused() {
    let mut world = World::new();
    world.make("jms", &[Role::Software]);
    let one = token(&mut world, &[Permission::SeeHealth], 366).unwrap();
    world.later(89 * 24 * 3600);
    world.person(&one);
    world.later(2 * 24 * 3600);
    let out = world.desk().disable_inactive();
    assert_eq!(world.keep(out), []);
    let out = world.desk().disable(Actor::Console, &id("jms"));
    world.keep(out);
    assert_eq!(world.presence(&one), Presence::Nobody);
    let out = world.desk().enable(Actor::Console, &id("jms"));
    world.keep(out);
    assert_eq!(world.presence(&one), Presence::Nobody);
}

#[test]
fn a_federal_node_has_no_clerks_and_no_jail_programs() {
    let mut world = World::on(Side::Federal);
    for role in [Role::Clerk, Role::Supervisor, Role::Software] {
        let out = world.desk().make_account(Actor::Console, new("x", &[role]));
        assert_eq!(wrong(out), "roles");
    }
    world.member("officer", &[Role::DutyOfficer, Role::Examiner]);
}

#[test]
fn an_account_that_cannot_be_read_lets_nobody_in() {
    let mut world = World::new();
    world.make("clerk", &[Role::Clerk]);
    let row = comity_store::AccountRow { id: id("clerk"), version: 2, body: b"{}".to_vec() };
    let changes = vec![comity_store::Change::PutAccount(row)];
    world.try_keep(Outcome { value: (), changes, audit: Vec::new() }).unwrap();
    assert_eq!(wrong(world.desk().sign_in("clerk", PASSWORD)), "account-damaged");
}

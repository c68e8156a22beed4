//! Five failures in a quarter of an hour lock an account; 90 days without use disable it.

use crate::world::*;
use comity_server::account::*;
use comity_store::Fault;

const DAY: i64 = 24 * 3600;

#[test]
fn five_failures_lock_until_an_administrator_releases() {
    let mut world = World::new();
    world.member("clerk", &[Role::Clerk]);
    world.told();
    for _ in 0..5 {
        assert_eq!(world.sign_in("clerk", "a wrong password"), SignIn::Failed);
        world.later(10);
    }
    let told = world.told();
    assert_eq!(told[..5], ["sign-in wrong-password"; 5]);
    assert_eq!(told[5..], ["locked"]);
    world.later(30 * DAY);
    // Time does not release, and the answer to the right password is that to a wrong one.
    assert_eq!(world.sign_in("clerk", PASSWORD), SignIn::Failed);
    assert_eq!(world.told(), ["sign-in locked"]);
    let out = world.desk().release(Actor::Console, &id("clerk"));
    world.keep(out);
    assert_ne!(world.sign_in("clerk", PASSWORD), SignIn::Failed);
    assert_eq!(world.told(), ["released", "sign-in"]);
}

#[test]
fn failures_further_apart_than_a_quarter_of_an_hour_do_not_add_up() {
    let mut world = World::new();
    world.member("clerk", &[Role::Clerk]);
    for _ in 0..20 {
        assert_eq!(world.sign_in("clerk", "a wrong password"), SignIn::Failed);
        world.later(226);
    }
    assert_eq!(world.account("clerk").locked_at(), None);
    // One second sooner and five fall into one quarter of an hour.
    for _ in 0..5 {
        assert_eq!(world.sign_in("clerk", "a wrong password"), SignIn::Failed);
        world.later(224);
    }
    assert!(world.account("clerk").locked_at().is_some());
}

#[test]
fn a_clock_that_goes_back_forgets_no_failure() {
    let mut world = World::new();
    world.member("clerk", &[Role::Clerk]);
    for _ in 0..5 {
        assert_eq!(world.sign_in("clerk", "a wrong password"), SignIn::Failed);
        world.later(-3600);
    }
    assert!(world.account("clerk").locked_at().is_some());
}

#[test]
fn a_right_password_gives_no_more_guesses_at_the_second_factor() {
    let mut world = World::new();
    world.member("clerk", &[Role::Clerk]);
    for _ in 0..5 {
        let (half, stage) = world.signed_in("clerk", PASSWORD);
        assert_eq!(stage, Stage::SecondFactor);
        let out = world.desk().second_factor(&half, Proof::App("000000"));
        assert_eq!(world.keep(out), SignIn::Failed);
    }
    assert!(world.account("clerk").locked_at().is_some());
    assert_eq!(world.sign_in("clerk", PASSWORD), SignIn::Failed);
}

#[test]
fn a_full_sign_in_forgives_failures() {
    let mut world = World::new();
    let member = world.member("clerk", &[Role::Clerk]);
    for _ in 0..3 {
        for _ in 0..4 {
            assert_eq!(world.sign_in("clerk", "a wrong password"), SignIn::Failed);
        }
        let (half, _) = world.signed_in("clerk", PASSWORD);
        let code = member.app.code(world.now);
        let out = world.desk().second_factor(&half, Proof::App(&code));
        started(world.keep(out));
        world.later(30);
    }
    assert_eq!(world.account("clerk").locked_at(), None);
}

#[test]
fn failures_at_once_are_all_counted() {
    let mut world = World::new();
    world.member("clerk", &[Role::Clerk]);
    for round in 1..=4 {
        // Two guesses read the same account; the store takes one, and the other is asked again.
        let first = world.desk().sign_in("clerk", "a wrong password").unwrap();
        let second = world.desk().sign_in("clerk", "another wrong one").unwrap();
        world.try_keep(first).unwrap();
        assert!(matches!(world.try_keep(second), Err(Fault::Misfit(_))), "round {round}");
        assert_eq!(world.account("clerk").locked_at(), None);
    }
    // The right password, read before the fifth failure and kept after it, is asked again too.
    let right = world.desk().sign_in("clerk", PASSWORD).unwrap();
    assert_ne!(right.value, SignIn::Failed);
    assert_eq!(world.sign_in("clerk", "a wrong password"), SignIn::Failed);
    assert!(matches!(world.try_keep(right), Err(Fault::Misfit(_))));
    assert_eq!(world.sign_in("clerk", PASSWORD), SignIn::Failed);
}

#[test]
fn names_of_no_account_fail_alike_and_lock_nothing() {
    let mut world = World::new();
    world.member("clerk", &[Role::Clerk]);
    world.told();
    for name in ["nobody", "", "Robert'); --", "clerk\0", "ĸlerk", &"x".repeat(70)] {
        let out = world.desk().sign_in(name, PASSWORD).unwrap();
        assert_eq!(out.value, SignIn::Failed, "{name}");
        assert_eq!(out.changes, []);
        world.try_keep(out).unwrap();
        let event = world.audit.pop().unwrap();
        let line = serde_json::to_string(&event.to_json()).unwrap();
        assert_eq!(event.subject, Subject::NoAccount);
        assert!(name.is_empty() || !line.contains(name), "a name may be a password: {line}");
    }
}

#[test]
fn a_name_is_the_same_in_other_case_and_no_other_letters() {
    let mut world = World::new();
    world.member("k.clerk", &[Role::Clerk]);
    assert_ne!(world.sign_in(" K.Clerk ", PASSWORD), SignIn::Failed);
    // The Kelvin sign becomes a k where all of Unicode is folded.
    assert_eq!(world.sign_in("\u{212a}.clerk", PASSWORD), SignIn::Failed);
}

#[test]
fn a_session_under_way_outlives_a_lock_that_somebody_else_caused() {
    let mut world = World::new();
    let member = world.member("clerk", &[Role::Clerk]);
    for _ in 0..5 {
        world.sign_in("clerk", "a wrong password");
    }
    assert!(world.person(&member.token).may(Permission::SeeCases));
    world.later(15 * 60);
    assert!(matches!(world.presence(&member.token), Presence::Locked(_)));
    let out = world.desk().confirm(&member.token, Proof::Password(PASSWORD));
    assert_eq!(world.keep(out), SignIn::Failed, "but it is not unlocked before the release");
}

#[test]
fn ninety_days_without_use_disable() {
    let mut world = World::new();
    let member = world.member("clerk", &[Role::Clerk]);
    world.make("idle", &[Role::Clerk]);
    world.later(89 * DAY);
    let (half, _) = world.signed_in("clerk", PASSWORD);
    let code = member.app.code(world.now);
    let out = world.desk().second_factor(&half, Proof::App(&code));
    started(world.keep(out));
    world.later(DAY);
    world.told();
    let out = world.desk().disable_inactive();
    assert_eq!(world.keep(out), [id("idle")]);
    assert_eq!(world.told(), ["account-disabled"]);
    assert!(world.account("idle").disabled_at().is_some());
    assert_eq!(world.account("clerk").disabled_at(), None);
    let out = world.desk().disable_inactive();
    assert_eq!(world.keep(out), [], "the second night finds nothing");

    // Should the nightly job not come by, the sign-in itself disables.
    world.later(90 * DAY);
    assert_eq!(world.sign_in("clerk", PASSWORD), SignIn::Failed);
    assert_eq!(world.told(), ["sign-in inactive", "account-disabled"]);
    let out = world.desk().enable(Actor::Console, &id("clerk"));
    world.keep(out);
    assert_ne!(world.sign_in("clerk", PASSWORD), SignIn::Failed);
}

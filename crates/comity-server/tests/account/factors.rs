//! Authenticator apps and recovery codes: each code once.

use crate::world::*;
use comity_server::account::*;
use comity_store::{Fault, Reads as _};

fn prove(world: &mut World, proof: Proof<'_>) -> bool {
    let (half, stage) = world.signed_in("clerk", PASSWORD);
    assert_eq!(stage, Stage::SecondFactor);
    let out = world.desk().second_factor(&half, proof);
    world.keep(out) != SignIn::Failed
}

#[test]
fn a_code_is_good_once() {
    let mut world = World::new();
    let member = world.member("clerk", &[Role::Clerk]);
    let code = member.app.code(world.now);
    assert!(prove(&mut world, Proof::App(&code)));
    assert!(!prove(&mut world, Proof::App(&code)));
    assert!(!prove(&mut world, Proof::App(&code)), "nor to unlock, nor ever");
    world.later(30);
    let code = member.app.code(world.now);
    assert!(prove(&mut world, Proof::App(&format!(" {} {} ", &code[..3], &code[3..]))));
}

#[test]
fn two_requests_with_one_code_are_one_sign_in() {
    let mut world = World::new();
    let member = world.member("clerk", &[Role::Clerk]);
    let (first, _) = world.signed_in("clerk", PASSWORD);
    let (second, _) = world.signed_in("clerk", PASSWORD);
    let code = member.app.code(world.now);
    let first = world.desk().second_factor(&first, Proof::App(&code)).unwrap();
    let other = world.desk().second_factor(&second, Proof::App(&code)).unwrap();
    assert_ne!(world.try_keep(first), Ok(SignIn::Failed));
    assert!(matches!(world.try_keep(other), Err(Fault::Misfit(_))));
    let again = world.desk().second_factor(&second, Proof::App(&code));
    assert_eq!(world.keep(again), SignIn::Failed);
}

#[test]
fn the_clock_of_the_app_may_be_one_step_off() {
    for (off, fits) in [(-60, false), (-30, true), (0, true), (30, true), (60, false)] {
        let mut world = World::new();
        let member = world.member("clerk", &[Role::Clerk]);
        // Beyond the code that the setup used up.
        world.later(300);
        let code = member.app.code(world.now + jiff::SignedDuration::from_secs(off));
        assert_eq!(prove(&mut world, Proof::App(&code)), fits, "{off} seconds");
    }
}

#[test]
fn after_the_clock_went_back_no_used_code_is_good_again() {
    let mut world = World::new();
    let member = world.member("clerk", &[Role::Clerk]);
    let code = member.app.code(world.now);
    assert!(prove(&mut world, Proof::App(&code)));
    world.later(-30);
    let before = member.app.code(world.now);
    assert!(!prove(&mut world, Proof::App(&code)));
    assert!(!prove(&mut world, Proof::App(&before)));
    world.later(60);
    let code = member.app.code(world.now);
    assert!(prove(&mut world, Proof::App(&code)));
}

#[test]
fn codes_of_the_wrong_length_or_kind_fail() {
    let mut world = World::new();
    let member = world.member("clerk", &[Role::Clerk]);
    let code = member.app.code(world.now);
    // Arabic-Indic digits: `char::is_numeric` would take them.
    for typed in [&code[..5], &format!("{code}0"), "", "abcdef", "١٢٣٤٥٦"] {
        let (half, _) = world.signed_in("clerk", PASSWORD);
        let out = world.desk().second_factor(&half, Proof::App(typed)).unwrap();
        assert_eq!(out.value, SignIn::Failed, "{typed}");
    }
}

#[test]
fn an_app_counts_once_its_first_code_came() {
    let mut world = World::new();
    let invitation = world.make("clerk", &[Role::Clerk]);
    let (token, _) = world.signed_in("clerk", &invitation);
    let out = world.desk().begin_app(&token);
    let setup = world.keep(out);
    let address = setup.address.show();
    assert!(address.starts_with("otpauth://totp/Example%20County%20Jail:clerk?secret="));
    assert!(address.contains(setup.secret.show()));
    assert_eq!(world.account("clerk").factors(), []);
    assert_eq!(wrong(world.desk().finish_app(&token, "000000")), "wrong-code");
    // Begun again, the first secret is gone.
    let out = world.desk().begin_app(&token);
    let second = world.keep(out);
    let old = App::read(setup.secret.show()).code(world.now);
    assert_eq!(wrong(world.desk().finish_app(&token, &old)), "wrong-code");
    let code = App::read(second.secret.show()).code(world.now);
    let out = world.desk().finish_app(&token, &code);
    let added = world.keep(out);
    assert_eq!(added.next, None, "invited, and the password is still to be chosen");
    assert_eq!(added.recovery.len(), RECOVERY_CODES);
    assert_eq!(world.account("clerk").factors(), [FactorKind::App, FactorKind::Recovery]);
    let out = world.desk().set_password(&token, "", PASSWORD);
    assert_eq!(started(world.keep(out)).1, Stage::Full);
}

#[test]
fn the_store_holds_no_secret_of_an_app_in_the_clear() {
    let mut world = World::new();
    let member = world.member("clerk", &[Role::Clerk]);
    world.later(60);
    let code = member.app.code(world.now);
    let row = world.store.account(&id("clerk")).unwrap().unwrap();
    let body: serde_json::Value = serde_json::from_slice(&row.body).unwrap();
    // 12 bytes of nonce, 20 of secret, 16 of tag.
    assert_eq!(body["app"]["sealed"].as_array().unwrap().len(), 48);
    // Under another key it is no factor, even where the password is right.
    let (half, _) = world.signed_in("clerk", PASSWORD);
    world.key = AccountKey::from_bytes([8; 32]);
    let out = world.desk().second_factor(&half, Proof::App(&code));
    assert_eq!(world.keep(out), SignIn::Failed);
}

#[test]
fn recovery_codes_are_good_once_and_as_people_type_them() {
    let mut world = World::new();
    let member = world.member("clerk", &[Role::Clerk]);
    assert_eq!(member.recovery.len(), RECOVERY_CODES);
    assert!(member.recovery.iter().all(|c| c.len() == 29 && c.matches('-').count() == 5));
    let typed = member.recovery[3].to_lowercase().replace('-', " ").replace('0', "o");
    assert!(prove(&mut world, Proof::Recovery(&typed)));
    assert!(!prove(&mut world, Proof::Recovery(&typed)));
    assert_eq!(world.account("clerk").recovery_codes_left(), RECOVERY_CODES - 1);
    assert!(prove(&mut world, Proof::Recovery(&member.recovery[4])));
    assert!(!prove(&mut world, Proof::Recovery("")));

    let (half, _) = world.signed_in("clerk", PASSWORD);
    let out = world.desk().second_factor(&half, Proof::Recovery(&member.recovery[5]));
    let (token, _) = started(world.keep(out));
    let out = world.desk().new_recovery_codes(&token);
    let new = world.keep(out);
    assert!(!prove(&mut world, Proof::Recovery(&member.recovery[6])), "the old list is void");
    assert!(prove(&mut world, Proof::Recovery(new[0].show())));
}

#[test]
fn factors_change_only_for_who_showed_who_it_is_a_short_while_ago() {
    let mut world = World::new();
    let member = world.member("clerk", &[Role::Clerk]);
    world.later(10 * 60);
    assert!(matches!(world.presence(&member.token), Presence::Present(_)));
    assert_eq!(wrong(world.desk().remove_factor(&member.token, None)), "unconfirmed");
    assert_eq!(wrong(world.desk().begin_passkey(&member.token)), "unconfirmed");
    assert_eq!(wrong(world.desk().new_recovery_codes(&member.token)), "unconfirmed");
    let out = world.desk().confirm(&member.token, Proof::Password(PASSWORD));
    let (token, _) = started(world.keep(out));
    assert_eq!(wrong(world.desk().remove_factor(&token, None)), "last-factor");
    assert_eq!(wrong(world.desk().remove_factor(&token, Some("none"))), "no-factor");
    assert_eq!(wrong(world.desk().begin_app(&token)), "app-known");
}

#[test]
fn a_demonstration_may_do_without_second_factors() {
    let mut world = World::new();
    world.rules = world.rules.clone().second_factor(SecondFactorRule::Optional);
    let invitation = world.make("clerk", &[Role::Clerk]);
    let (token, _) = world.signed_in("clerk", &invitation);
    let out = world.desk().set_password(&token, "", PASSWORD);
    assert_eq!(started(world.keep(out)).1, Stage::Full);
    assert_eq!(world.signed_in("clerk", PASSWORD).1, Stage::Full);
    // Where it is required again, the next sign-in sets one up first.
    world.rules = world.rules.clone().second_factor(SecondFactorRule::Required);
    let (token, stage) = world.signed_in("clerk", PASSWORD);
    assert_eq!(stage, Stage::Setup);
    assert!(Permission::all().all(|p| !world.person(&token).may(p)));
}

//! Passwords: what may be chosen, what is kept, what fits.

use crate::world::*;
use comity_server::account::*;
use comity_store::Reads as _;

fn choose(world: &mut World, name: &str, password: &str) -> Result<(), String> {
    let invitation = world.make(name, &[Role::Clerk]);
    let (token, _) = world.signed_in(name, &invitation);
    let out = world.desk().set_password(&token, "", password);
    match out {
        Ok(out) => {
            world.try_keep(out).unwrap();
            Ok(())
        }
        Err(fault) => Err(fault.code().to_owned()),
    }
}

#[test]
fn short_long_and_common_passwords_are_refused_and_nothing_else_is() {
    let mut world = World::new();
    let mut name = (0..).map(|n| format!("a{n}"));
    let mut try_one = |password: &str| choose(&mut world, &name.next().unwrap(), password);
    assert_eq!(try_one("kq7 vm2 tzp"), Err("password-short".to_owned()));
    assert_eq!(try_one("Password2026!"), Err("password-common".to_owned()));
    assert_eq!(try_one(&"q x".repeat(400)), Err("password-long".to_owned()));
    // No rule on kinds of characters: twelve small letters that nobody guesses are enough.
    assert_eq!(try_one("kqvmtzpwhbnj"), Ok(()));
    // Characters count and not bytes: eleven of three bytes are too few, twelve are enough.
    assert_eq!(try_one("漢字仮名交文夜空星月"), Err("password-short".to_owned()));
    assert_eq!(try_one("漢字仮名交文夜空星月海山"), Ok(()));
}

#[test]
fn a_password_is_not_cut() {
    let mut world = World::new();
    let long = format!("{}{}", "orchid tin glacier ".repeat(20), "x");
    choose(&mut world, "clerk", &long).unwrap();
    let cut = &long[..long.len() - 1];
    assert_eq!(world.sign_in("clerk", cut), SignIn::Failed);
    assert_eq!(world.sign_in("clerk", &format!("{long}x")), SignIn::Failed);
    assert_ne!(world.sign_in("clerk", &long), SignIn::Failed);
}

#[test]
fn the_same_letters_from_two_keyboards_are_one_password() {
    let mut world = World::new();
    // Precomposed, then with combining accents.
    choose(&mut world, "clerk", "caf\u{e9} na\u{ef}ve \u{fc}bung").unwrap();
    let combining = "cafe\u{301} nai\u{308}ve u\u{308}bung";
    assert_ne!(world.sign_in("clerk", combining), SignIn::Failed);
    // Letters that merely look alike stay apart, and so does the case.
    assert_eq!(world.sign_in("clerk", "cafe naive ubung"), SignIn::Failed);
    assert_eq!(world.sign_in("clerk", "CAF\u{c9} NA\u{cf}VE \u{dc}BUNG"), SignIn::Failed);
}

#[test]
fn spaces_around_a_password_belong_to_it() {
    let mut world = World::new();
    choose(&mut world, "clerk", PASSWORD).unwrap();
    assert_eq!(world.sign_in("clerk", &format!(" {PASSWORD}")), SignIn::Failed);
    assert_ne!(world.sign_in("clerk", PASSWORD), SignIn::Failed);
}

#[test]
fn the_store_holds_no_password_and_a_hash_that_another_key_does_not_open() {
    let mut world = World::new();
    choose(&mut world, "clerk", PASSWORD).unwrap();
    let row = world.store.account(&id("clerk")).unwrap().unwrap();
    let body = String::from_utf8(row.body).unwrap();
    assert!(body.contains("$argon2id$v=19$m=8,t=1,p=1$"), "{body}");
    assert!(!body.contains("orchid"));
    world.key = AccountKey::from_bytes([8; 32]);
    assert_eq!(world.sign_in("clerk", PASSWORD), SignIn::Failed);
}

#[test]
fn a_password_is_hashed_anew_when_the_cost_changed() {
    let mut world = World::new();
    choose(&mut world, "clerk", PASSWORD).unwrap();
    world.rules = Rules::new(site()).cost(Cost::OWASP);
    assert_eq!(world.sign_in("clerk", "something else entirely"), SignIn::Failed);
    let hash = |world: &mut World| {
        let row = world.store.account(&id("clerk")).unwrap().unwrap();
        let body: serde_json::Value = serde_json::from_slice(&row.body).unwrap();
        body["password"].as_str().unwrap().to_owned()
    };
    assert!(hash(&mut world).contains("m=8,t=1,"), "a wrong password changes no hash");
    assert_ne!(world.sign_in("clerk", PASSWORD), SignIn::Failed);
    assert!(hash(&mut world).contains("m=19456,t=2,"));
    assert_ne!(world.sign_in("clerk", PASSWORD), SignIn::Failed);
}

#[test]
fn no_cost_below_that_of_owasp_can_be_set() {
    assert_eq!(Cost::new(19_455, 2), None);
    assert_eq!(Cost::new(65_536, 1), None);
    assert_eq!(Cost::new(19_456, 2), Some(Cost::OWASP));
    assert!(Cost::new(65_536, 3).is_some());
}

#[test]
fn a_new_password_asks_for_the_present_one_and_ends_the_other_sessions() {
    let mut world = World::new();
    let member = world.member("clerk", &[Role::Clerk]);
    let (half, _) = world.signed_in("clerk", PASSWORD);
    let code = member.app.code(world.now);
    let out = world.desk().second_factor(&half, Proof::App(&code));
    let (second, _) = started(world.keep(out));
    world.told();

    let new = "mauve kettle drizzle 44";
    let out = world.desk().set_password(&member.token, "not it at all", new);
    assert_eq!(world.keep(out), SignIn::Failed);
    assert_eq!(world.told(), ["confirmed wrong-password"]);
    assert!(matches!(world.presence(&second), Presence::Present(_)));

    let out = world.desk().set_password(&member.token, PASSWORD, new);
    let (token, stage) = started(world.keep(out));
    assert_eq!(stage, Stage::Full);
    assert_eq!(world.told(), ["password-changed"]);
    assert_eq!(world.presence(&second), Presence::Nobody);
    assert_eq!(world.presence(&member.token), Presence::Nobody, "the token is another one");
    assert!(world.person(&token).may(Permission::SeeCases));
    assert_eq!(world.sign_in("clerk", PASSWORD), SignIn::Failed);
    assert_ne!(world.sign_in("clerk", new), SignIn::Failed);
}

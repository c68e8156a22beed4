//! Sessions: tokens, idle lock, absolute end, ending, and two requests at once.

use crate::world::*;
use comity_server::account::*;
use comity_store::{Change, Reads as _};
use proptest::prelude::*;

#[test]
fn a_session_locks_after_a_quarter_of_an_hour_and_unlocks_by_password() {
    let mut world = World::new();
    let member = world.member("clerk", &[Role::Clerk]);
    world.person(&member.token);
    world.later(15 * 60 - 1);
    assert!(world.person(&member.token).may(Permission::SeeCases));
    world.later(15 * 60);
    let Presence::Locked(person) = world.presence(&member.token) else { panic!("not locked") };
    assert!(!person.may(Permission::SeeCases));
    assert!(person.official(comity_exchange::case::CommandName::Book).is_none());
    // Asking again does not unlock it.
    assert!(matches!(world.presence(&member.token), Presence::Locked(_)));
    world.told();
    let out = world.desk().confirm(&member.token, Proof::Password("a wrong password"));
    assert_eq!(world.keep(out), SignIn::Failed);
    let out = world.desk().confirm(&member.token, Proof::Password(PASSWORD));
    let (token, _) = started(world.keep(out));
    assert_eq!(world.told(), ["confirmed wrong-password", "confirmed"]);
    assert!(world.person(&token).may(Permission::SeeCases));
    assert_eq!(world.presence(&member.token), Presence::Nobody, "the token was rotated");
}

#[test]
fn a_session_unlocks_by_the_second_factor_too() {
    let mut world = World::new();
    let member = world.member("clerk", &[Role::Clerk]);
    world.later(3600);
    let code = member.app.code(world.now);
    let out = world.desk().confirm(&member.token, Proof::App(&code));
    let (token, _) = started(world.keep(out));
    assert!(world.person(&token).may(Permission::SeeCases));
}

#[test]
fn what_a_page_asks_by_itself_keeps_no_session_awake() {
    let mut world = World::new();
    let member = world.member("clerk", &[Role::Clerk]);
    for _ in 0..15 {
        let out = world.desk().present(&member.token, false).unwrap();
        assert_eq!(out.changes, []);
        world.later(60);
    }
    assert!(matches!(world.presence(&member.token), Presence::Locked(_)));
}

#[test]
fn the_idle_time_is_one_minute_to_thirty() {
    let rules = Rules::new(site());
    assert_eq!(rules.clone().idle_minutes(0), None);
    assert_eq!(rules.clone().idle_minutes(31), None);
    let mut world = World::new();
    world.rules = rules.cost(Cost::for_tests()).idle_minutes(30).unwrap();
    let member = world.member("clerk", &[Role::Clerk]);
    world.later(29 * 60 - 1);
    assert!(matches!(world.presence(&member.token), Presence::Present(_)));
    world.later(30 * 60);
    assert!(matches!(world.presence(&member.token), Presence::Locked(_)));
}

#[test]
fn a_session_ends_after_twelve_hours_whatever_is_done_in_it() {
    let mut world = World::new();
    let mut member = world.member("clerk", &[Role::Clerk]);
    let start = world.person(&member.token).session().started_at();
    while world.now.duration_since(start).as_secs() < 12 * 3600 - 600 {
        world.later(600);
        assert!(matches!(world.presence(&member.token), Presence::Present(_)));
        if world.now.as_second() % 7 == 0 {
            // Showing again who one is gives another token and no more time.
            let out = world.desk().confirm(&member.token, Proof::Password(PASSWORD));
            member.token = started(world.keep(out)).0;
        }
    }
    world.later(600);
    assert_eq!(world.presence(&member.token), Presence::Nobody);
    let out = world.desk().confirm(&member.token, Proof::Password(PASSWORD));
    assert_eq!(world.keep(out), SignIn::Failed);
}

#[test]
fn a_clock_that_goes_back_locks() {
    let mut world = World::new();
    let member = world.member("clerk", &[Role::Clerk]);
    world.person(&member.token);
    // Seconds, as when a clock is set right, do no harm.
    world.later(-30);
    let seen = world.person(&member.token).session().seen_at();
    assert!(seen > world.now, "and do not make it look idle for longer");
    world.later(-3600);
    assert!(matches!(world.presence(&member.token), Presence::Locked(_)));
    let before = world.person_locked(&member.token).session().ends_at;
    let out = world.desk().confirm(&member.token, Proof::Password(PASSWORD));
    let (token, _) = started(world.keep(out));
    let person = world.person(&token);
    assert!(person.session().ends_at < before);
    assert_eq!(person.session().ends_at, world.now + SESSION_MAX);
}

impl World {
    fn person_locked(&mut self, token: &str) -> Person {
        match self.presence(token) {
            Presence::Locked(person) => person,
            other => panic!("not locked: {other:?}"),
        }
    }
}

#[test]
fn signing_out_ends_a_session_for_good() {
    let mut world = World::new();
    let member = world.member("clerk", &[Role::Clerk]);
    world.later(60);
    // A request under way, which read the session before it ended and writes it after.
    let late = world.desk().present(&member.token, true).unwrap();
    assert!(matches!(late.changes.as_slice(), [Change::PutSession(_)]));
    world.told();
    let out = world.desk().sign_out(&member.token);
    world.keep(out);
    assert_eq!(world.told(), ["session-ended"]);
    assert_eq!(world.presence(&member.token), Presence::Nobody);
    world.try_keep(late).unwrap();
    assert_eq!(world.store.sessions_of(&id("clerk")).unwrap().len(), 1, "the row is back");
    assert_eq!(world.presence(&member.token), Presence::Nobody, "and means nothing");
    assert_eq!(world.desk().sessions(&id("clerk")).unwrap(), []);
    let out = world.desk().sign_out(&member.token);
    world.keep(out);
    assert_eq!(world.told(), Vec::<String>::new(), "twice is once");
}

#[test]
fn the_kill_switch_ends_everything_that_is_under_way() {
    let mut world = World::new();
    let member = world.member("clerk", &[Role::Clerk]);
    world.later(60);
    let late = world.desk().present(&member.token, true).unwrap();
    // A sign-in that read the account before, and would be kept after.
    let sign_in = world.desk().sign_in("clerk", PASSWORD).unwrap();
    let out = world.desk().disable(Actor::Console, &id("clerk"));
    world.keep(out);
    world.try_keep(late).unwrap();
    assert_eq!(world.presence(&member.token), Presence::Nobody);
    assert!(world.try_keep(sign_in).is_err(), "it must be asked again");
    assert_eq!(world.sign_in("clerk", PASSWORD), SignIn::Failed);
    let out = world.desk().enable(Actor::Console, &id("clerk"));
    world.keep(out);
    assert_eq!(world.presence(&member.token), Presence::Nobody, "what ended stays ended");
}

#[test]
fn sessions_are_listed_and_ended_by_their_own_person() {
    let mut world = World::new();
    let member = world.member("clerk", &[Role::Clerk]);
    let other = world.member("other", &[Role::Clerk]);
    let (half, _) = world.signed_in("clerk", PASSWORD);
    let code = member.app.code(world.now);
    let out = world.desk().second_factor(&half, Proof::App(&code));
    let (second, _) = started(world.keep(out));
    let list = world.desk().sessions(&id("clerk")).unwrap();
    assert_eq!(list.len(), 2, "the half sign-in went into the whole one");
    assert!(list.iter().all(|s| s.origin() == "192.0.2.7" && s.stage() == Stage::Full));
    let second_id = world.person(&second).session().id();
    assert_eq!(wrong(world.desk().end_session(&other.token, second_id)), "no-session");
    let out = world.desk().end_session(&member.token, second_id);
    world.keep(out);
    assert_eq!(world.presence(&second), Presence::Nobody);
    assert!(matches!(world.presence(&member.token), Presence::Present(_)));
    let other_id = world.person(&other.token).session().id();
    assert_eq!(wrong(world.desk().end_session(&member.token, other_id)), "no-session");
    let (half, _) = world.signed_in("clerk", PASSWORD);
    let out = world.desk().end_others(&member.token);
    world.keep(out);
    assert_eq!(world.presence(&half), Presence::Nobody);
    assert!(matches!(world.presence(&other.token), Presence::Present(_)));
    assert_eq!(world.desk().sessions(&id("clerk")).unwrap().len(), 1);
    world.later(600);
    assert_eq!(wrong(world.desk().end_others(&member.token)), "unconfirmed");
    assert_eq!(SessionId::parse(&second_id.to_string()), Some(second_id));
    assert_eq!(SessionId::parse("+00000000000000a"), None);
}

#[test]
fn the_store_holds_hashes_of_tokens_and_no_token() {
    let mut world = World::new();
    let member = world.member("clerk", &[Role::Clerk]);
    let rows = world.store.sessions_of(&id("clerk")).unwrap();
    for row in rows {
        let text = format!("{row:?}{}", String::from_utf8_lossy(&row.body));
        assert!(!text.contains(&member.token));
    }
    assert_eq!(member.token.len(), 43, "256 bits");
    let out = world.desk().confirm(&member.token, Proof::Password(PASSWORD)).unwrap();
    assert!(!format!("{out:?}").contains(&started(out.value.clone()).0), "nor does a debug print");
}

#[test]
fn half_a_sign_in_may_do_nothing_and_ends_soon() {
    let mut world = World::new();
    world.member("clerk", &[Role::Clerk]);
    let (half, _) = world.signed_in("clerk", PASSWORD);
    let person = world.person(&half);
    assert!(Permission::all().all(|permission| !person.may(permission)));
    assert_eq!(wrong(world.desk().begin_app(&half)), "no-session");
    assert_eq!(wrong(world.desk().set_password(&half, "", "mauve kettle 44 x")), "no-session");
    let out = world.desk().confirm(&half, Proof::Password(PASSWORD));
    assert_eq!(world.keep(out), SignIn::Failed, "the password is no second factor");
    let out = world.desk().second_factor(&half, Proof::Password(PASSWORD));
    assert_eq!(world.keep(out), SignIn::Failed);
    world.later(600);
    assert_eq!(world.presence(&half), Presence::Nobody);
}

#[test]
fn each_session_has_its_own_csrf_token() {
    let mut world = World::new();
    let (a, b) = (world.member("a", &[Role::Clerk]), world.member("b", &[Role::Clerk]));
    let (a, b) = (world.person(&a.token), world.person(&b.token));
    assert_ne!(a.csrf(), b.csrf());
    assert!(a.csrf_fits(a.csrf()));
    for sent in ["", b.csrf(), &a.csrf()[1..], &format!("{}x", a.csrf())] {
        assert!(!a.csrf_fits(sent), "{sent}");
    }
}

#[test]
fn a_session_that_cannot_be_read_lets_nobody_in() {
    let mut world = World::new();
    let member = world.member("clerk", &[Role::Clerk]);
    let mut row = world.store.sessions_of(&id("clerk")).unwrap().remove(0);
    row.body = br#"{"stage":"full"}"#.to_vec();
    let out = Outcome { value: (), changes: vec![Change::PutSession(row)], audit: Vec::new() };
    world.try_keep(out).unwrap();
    assert_eq!(wrong(world.desk().present(&member.token, true)), "session-damaged");
}

proptest! {
    #[test]
    fn nothing_but_the_token_is_a_token(text in ".{0,60}", at in 0..43_usize, flip in 1..128_u8) {
        let mut world = World::new();
        let member = world.member("clerk", &[Role::Clerk]);
        prop_assert_eq!(world.presence(&text), Presence::Nobody);
        let mut bytes = member.token.clone().into_bytes();
        bytes[at] ^= flip;
        let other = String::from_utf8_lossy(&bytes).into_owned();
        prop_assert_eq!(world.presence(&other), Presence::Nobody);
        for wrong in [&member.token[..42], &member.token[1..], &format!("{}A", member.token),
            &format!("{}=", member.token), &format!(" {}", member.token),
            &format!("{TOKEN_PREFIX}{}", member.token)] {
            prop_assert_eq!(world.presence(wrong), Presence::Nobody);
        }
        prop_assert!(matches!(world.presence(&member.token), Presence::Present(_)));
    }

    #[test]
    fn no_order_of_waiting_and_asking_outlives_the_limits(
        steps in prop::collection::vec((0..2400_i64, any::<bool>()), 1..60),
    ) {
        let mut world = World::new();
        let member = world.member("clerk", &[Role::Clerk]);
        let session = world.person(&member.token);
        let start = session.session().started_at();
        // The reference: the last activity, kept to the second.
        let mut active_at = world.now;
        let mut is_locked = false;
        for (seconds, is_activity) in steps {
            world.later(seconds);
            let out = world.desk().present(&member.token, is_activity).unwrap();
            let presence = world.try_keep(out).unwrap();
            let idle = world.now.duration_since(active_at).as_secs();
            is_locked |= idle >= 15 * 60;
            if world.now.duration_since(start) >= SESSION_MAX {
                prop_assert_eq!(presence, Presence::Nobody);
            } else if is_locked {
                prop_assert!(matches!(presence, Presence::Locked(_)));
            } else if idle < 15 * 60 - 30 {
                prop_assert!(matches!(presence, Presence::Present(_)));
                if is_activity {
                    active_at = world.now;
                }
            } else {
                // Up to half a minute early, never late.
                match presence {
                    Presence::Locked(_) => is_locked = true,
                    Presence::Present(_) if is_activity => active_at = world.now,
                    other => prop_assert!(matches!(other, Presence::Present(_))),
                }
            }
        }
    }
}

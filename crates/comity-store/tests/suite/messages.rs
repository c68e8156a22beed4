//! Peers, outbox, inbox.

use crate::common::*;
use comity_exchange::EnvelopeId;
use comity_store::*;

pub fn the_outbox_counts_by_peer(store: &mut dyn Store) {
    assert_eq!(store.outbox_next(&peer("a")), Ok(1));
    commit(store, [Change::Post(to("a", 1)), Change::Post(to("a", 2)), Change::Post(to("b", 1))]);
    assert_eq!(store.outbox_next(&peer("a")), Ok(3));
    assert_eq!(store.outbox_next(&peer("b")), Ok(2));
    misfit(store, [Change::Post(to("a", 2))]);
    misfit(store, [Change::Post(to("a", 4))]);
    misfit(store, [Change::Post(OutboxRow { id: EnvelopeId([1; 16]), ..to("a", 3) })]);
    misfit(store, [Change::Post(OutboxRow { bytes: None, ..to("a", 3) })]);
    misfit(store, [Change::Post(OutboxRow { due_at: None, ..to("a", 3) })]);
    misfit(store, [Change::Post(OutboxRow { receipt: Some(vec![]), ..to("a", 3) })]);
    assert_eq!(store.outbox(&peer("a"), 2), Ok(Some(to("a", 2))));
    assert_eq!(store.outbox(&peer("a"), 3), Ok(None));
}

pub fn the_outbox_says_what_is_due(store: &mut dyn Store) {
    let due =
        |name: &str, number, second| OutboxRow { due_at: Some(at(second)), ..to(name, number) };
    let rows = [due("b", 1, 10), due("a", 1, 30), due("a", 2, 10), due("a", 3, 20)];
    commit(store, rows.clone().map(Change::Post));
    let [b1, a1, a2, a3] = rows;
    assert_eq!(store.outbox_next_at(), Ok(Some(at(10))));
    assert_eq!(store.outbox_due(at(9), 10), Ok(vec![]));
    assert_eq!(store.outbox_due(at(20), 10), Ok(vec![a2.clone(), a3.clone(), b1.clone()]));
    assert_eq!(store.outbox_due(at(99), 2), Ok(vec![a1.clone(), a2.clone()]));
    assert_eq!(store.outbox_pending(&peer("a"), 2), Ok(vec![a1, a2.clone()]));
    let later = Change::Attempt { peer: peer("b"), number: 1, attempts: 3, due_at: at(40) };
    let again = Change::SignAgain { peer: peer("a"), number: 2, bytes: b"signed again".to_vec() };
    commit(store, [later, again]);
    let later = OutboxRow { attempts: 3, due_at: Some(at(40)), ..b1 };
    assert_eq!(store.outbox(&peer("b"), 1), Ok(Some(later)));
    let again = OutboxRow { bytes: Some(b"signed again".to_vec()), ..a2 };
    assert_eq!(store.outbox(&peer("a"), 2), Ok(Some(again)));
}

pub fn a_settled_message_stays_as_it_is(store: &mut dyn Store) {
    commit(store, [Change::Post(to("a", 1)), Change::Post(to("a", 2))]);
    let settle = |number| Change::Settle { peer: peer("a"), number, receipt: b"got it".to_vec() };
    commit(store, [settle(1)]);
    let row = OutboxRow { due_at: None, receipt: Some(b"got it".to_vec()), ..to("a", 1) };
    assert_eq!(store.outbox(&peer("a"), 1), Ok(Some(row)));
    for number in [1, 3] {
        misfit(store, [settle(number)]);
        misfit(store, [Change::Attempt { peer: peer("a"), number, attempts: 1, due_at: at(1) }]);
        misfit(store, [Change::SignAgain { peer: peer("a"), number, bytes: vec![] }]);
    }
    misfit(store, [Change::Settle { peer: peer("b"), number: 2, receipt: vec![] }]);
    assert_eq!(store.outbox_pending(&peer("a"), 10), Ok(vec![to("a", 2)]));
    assert_eq!(store.outbox_next_at(), Ok(Some(at(2))));
    assert_eq!(store.outbox_next(&peer("a")), Ok(3), "numbers are not given twice");
}

pub fn the_inbox_applies_in_turn(store: &mut dyn Store) {
    assert_eq!(store.inbox_next(&peer("a")), Ok(1));
    commit(store, [Change::PutInbox(from("a", 1)), Change::PutInbox(waiting("a", 3))]);
    assert_eq!(store.inbox_next(&peer("a")), Ok(2));
    assert_eq!(store.inbox_next(&peer("b")), Ok(1));
    misfit(store, [Change::PutInbox(from("a", 1))]);
    misfit(store, [Change::PutInbox(waiting("a", 1))]);
    misfit(store, [Change::PutInbox(from("a", 3))]);
    misfit(store, [Change::PutInbox(InboxRow { id: EnvelopeId([1; 16]), ..from("a", 2) })]);
    misfit(store, [Change::PutInbox(InboxRow { receipt: None, ..from("a", 2) })]);
    misfit(store, [Change::PutInbox(InboxRow { waiting: Some(vec![]), ..from("a", 2) })]);
    misfit(store, [Change::PutInbox(from("b", 0))]);
    commit(store, [Change::PutInbox(from("a", 2)), Change::PutInbox(from("a", 3))]);
    assert_eq!(store.inbox_next(&peer("a")), Ok(4));
    assert_eq!(store.inbox(&peer("a"), 3), Ok(Some(from("a", 3))));
    assert_eq!(store.inbox_by_id(&peer("a"), EnvelopeId([2; 16])), Ok(Some(from("a", 2))));
    assert_eq!(store.inbox_by_id(&peer("b"), EnvelopeId([2; 16])), Ok(None));
}

pub fn messages_that_wait_can_change_and_go(store: &mut dyn Store) {
    let other =
        InboxRow { id: EnvelopeId([9; 16]), waiting: Some(b"other".to_vec()), ..waiting("a", 4) };
    commit(store, [Change::PutInbox(waiting("a", 4)), Change::PutInbox(waiting("a", 2))]);
    assert_eq!(store.inbox_waiting(&peer("a")), Ok(vec![waiting("a", 2), waiting("a", 4)]));
    assert_eq!(store.inbox_waiting(&peer("b")), Ok(vec![]));
    commit(store, [Change::PutInbox(other.clone())]);
    assert_eq!(store.inbox(&peer("a"), 4), Ok(Some(other)));
    let drop = |number| Change::DropWaiting { peer: peer("a"), number };
    commit(store, [drop(4)]);
    assert_eq!(store.inbox(&peer("a"), 4), Ok(None));
    misfit(store, [drop(4)]);
    commit(store, [Change::PutInbox(from("a", 1))]);
    misfit(store, [drop(1)]);
}

pub fn peers_are_kept_by_name(store: &mut dyn Store) {
    let row = |name: &str, body: &[u8]| PeerRow { party: peer(name), body: body.to_vec() };
    let rows = [row("b", b"1"), row("a", b"2"), row("B", b"3"), row("ä", b"4")];
    commit(store, rows.clone().map(Change::PutPeer));
    let [b, a, upper, umlaut] = rows;
    assert_eq!(store.peers(), Ok(vec![upper.clone(), a, b, umlaut.clone()]));
    commit(store, [Change::PutPeer(row("a", b"5"))]);
    assert_eq!(store.peers().unwrap()[1], row("a", b"5"));
}

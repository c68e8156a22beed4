//! What every store does: one list of behaviors, run against each.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;
mod suite;

/// Every behavior as a test of one store.
macro_rules! behaviors {
    ($($part:ident: $($name:ident)*;)*) => {
        behaviors!(@store memory $($($part $name)*)*);
        behaviors!(@store sqlite $($($part $name)*)*);
        behaviors!(@store postgres $($($part $name)*)*);
    };
    (@store $store:ident $($part:ident $name:ident)*) => {
        mod $store {
            $(#[test]
            fn $name() {
                let mut rig = crate::common::$store();
                crate::suite::$part::$name(&mut *rig.store);
            })*
        }
    };
}

behaviors! {
    ledger:
        a_new_store_is_empty
        leaves_come_back_in_order_and_in_parts
        a_leaf_follows_the_one_before_it
        an_event_of_a_case_is_recorded_once
        another_size_of_the_ledger_is_a_conflict
        a_failing_change_undoes_all
        tiles_grow_and_never_shrink
        checkpoints_gain_signatures
        of_two_writers_one_is_told_of_a_conflict
        large_rows_come_back;
    people:
        keys_are_added_once
        cases_need_a_key
        cases_are_listed_by_change
        cases_are_found_by_number
        cases_are_due
        tasks_are_replaced_together
        worklists_go_by_due_time
        files_belong_to_cases
        a_destroyed_key_takes_everything_along
        messages_of_a_forgotten_case_are_forgotten_when_settled;
    messages:
        the_outbox_counts_by_peer
        the_outbox_says_what_is_due
        a_settled_message_stays_as_it_is
        the_inbox_applies_in_turn
        messages_that_wait_can_change_and_go
        peers_are_kept_by_name;
    order:
        what_comes_too_early_in_a_batch_is_refused
        what_comes_last_in_a_batch_stays
        a_case_that_comes_after_its_message_was_settled_does_not_keep_it;
    rest:
        accounts_change_one_version_at_a_time
        sessions_end
        the_audit_has_no_gaps
        the_audit_is_read_by_case_and_account
        replies_are_kept_once
        values_are_replaced
        instants_are_kept_to_the_nanosecond
        what_no_database_keeps_is_refused
        a_dump_makes_an_equal_store
        a_dump_ends_where_it_is_told_to
        readers_see_what_is_committed;
}

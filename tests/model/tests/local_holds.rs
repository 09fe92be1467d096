//! The local tier as it is: no hit is older than the bound, nobody is served what their own process has invalidated, and
//! Redis holds no stale entry that is valid, in every state of these settings. Each search must also reach what it is
//! about.

use protocol_model::local::Mark::{self, *};
use protocol_model::local::{Budget, Mutation, Setting, settings};
use protocol_model::uphold;

/// One fault of each kind, and what it leads to in every setting.
const FAULTS: [(Budget, &[Mark]); 7] = [
    (Budget::BREAK, &[Lost, Connected]),
    (Budget::GIVEN_UP, &[Lost, Connected]),
    (Budget::TIMEOUT, &[]),
    (Budget::EVICTION, &[]),
    (Budget::OVERFLOW, &[]),
    (Budget::FLUSH, &[HeardOfAFlush]),
    (Budget::EXPIRY, &[Fenced]),
];

fn holds(setting: Setting, marks: &[Mark]) {
    uphold(&setting, 1, marks);
}

/// Holds without faults, and under each.
fn holds_under_faults(setting: fn() -> Setting, marks: &[Mark]) {
    holds(setting(), marks);
    for (fault, reached) in FAULTS {
        holds(setting().with(fault), &[marks, reached].concat());
    }
}

#[test]
fn a_key_that_another_process_deletes() {
    holds_under_faults(settings::exact_key, &[Kept, ServedWithinTheBound, Filled]);
    holds(
        settings::exact_key().readers(1),
        &[InvalidFromTheStart, Busy, Changed],
    );
}

#[test]
fn a_tag_that_another_process_invalidates() {
    let marks = [Kept, ServedWithinTheBound];
    holds_under_faults(settings::tag, &marks);
    holds_under_faults(|| settings::tag().listing(), &marks);
    holds(settings::tag_twice(), &marks);
}

#[test]
fn entries_that_are_read_alone() {
    let marks = [
        Confirmed,
        ConfirmedWithinTheBound,
        Unconfirmed,
        ServedWithinTheBound,
    ];
    holds_under_faults(|| settings::tag().with_numbers(), &marks);
    holds_under_faults(|| settings::tag().listing().with_numbers(), &marks);
    holds_under_faults(
        || settings::own_invalidation().with_numbers(),
        &[Confirmed, Unconfirmed],
    );
    holds(settings::tag_and_another_reader().with_numbers(), &marks);
    holds(settings::tag_twice().with_numbers(), &marks);
}

#[test]
fn what_this_process_invalidates_itself() {
    holds_under_faults(settings::own_deletion, &[Kept]);
    holds_under_faults(settings::own_invalidation, &[Kept]);
    holds(
        settings::own_deletion().readers(1),
        &[InvalidFromTheStart, Busy, Changed],
    );
    holds(
        settings::own_invalidation().with(Budget::TIMEOUT),
        &[Delivered],
    );
    holds(
        settings::both().with_numbers(),
        &[Confirmed, ServedWithinTheBound],
    );
}

#[test]
fn two_lines() {
    let marks = [Kept, InvalidFromTheStart];
    holds(settings::exact_key().on_two_lines(), &marks);
    let own = settings::own_deletion().on_two_lines();
    holds(own.with(Budget::TIMEOUT), &[Delivered, Kept]);
}

#[test]
fn what_this_process_writes_itself() {
    holds(settings::refresh(), &[Kept, Filled, Fenced]);
    holds(
        settings::refresh_and_own_deletion(),
        &[Kept, Filled, Fenced],
    );
    let faults = Budget::EXTENSION.and(Budget::EVICTION);
    holds(
        settings::tag().with_numbers().with(faults),
        &[Extended, Confirmed],
    );
}

/// Then two rules more are needed, for what a process fills and captures.
#[test]
fn connections_that_do_not_hear_of_what_they_change_themselves() {
    holds(settings::refresh().with_no_loop(), &[Kept, Filled]);
    let faults = Budget::EXTENSION.and(Budget::EVICTION);
    holds(
        settings::tag().with_numbers().with_no_loop().with(faults),
        &[Extended, Confirmed],
    );
    holds(settings::own_deletion().with_no_loop(), &[Kept]);
}

/// Those who come after it are other callers.
#[test]
fn a_process_that_dies_and_starts_anew() {
    holds(
        settings::exact_key().readers(1).with(Budget::CRASH),
        &[Connected, Kept],
    );
}

#[test]
fn an_entry_computed_from_another() {
    holds(settings::nested(), &[Kept, ServedWithinTheBound]);
}

/// As long as the answers to heartbeats do not overtake the pushes.
#[test]
fn pushes_need_not_stand_in_the_stream_of_replies() {
    for mutation in [
        Mutation::PushesBehindAChannel,
        Mutation::PushesAndBeatsElsewhere,
    ] {
        for setting in [
            settings::exact_key(),
            settings::tag().with_numbers(),
            settings::own_deletion().with(Budget::TIMEOUT),
            settings::own_invalidation().with(Budget::GIVEN_UP),
        ] {
            holds(setting.breaking(mutation), &[Kept]);
        }
    }
}

//! The protocol as it is: nobody reads a stale value, and everybody is answered, in every state of these settings.
//! Each search must also reach what it is about.

use protocol_model::Mark::{self, *};
use protocol_model::{Budget, Mutation, Setting, settings, uphold};

/// One fault of each kind, and what it leads to in every setting.
const FAULTS: [(Budget, &[Mark]); 8] = [
    (Budget::EVICTION, &[]),
    (Budget::EXPIRY, &[LeaseExpired, Renewed, Fenced]),
    (Budget::FLUSH, &[]),
    (Budget::CRASH, &[Abandoned]),
    (
        Budget::LOSS,
        &[ExecutedLate, Deferred, Delivered, Unstored, Abandoned],
    ),
    (Budget::DROP, &[ExecutedLate, Delivered, Abandoned]),
    (Budget::IMPATIENCE, &[]),
    (Budget::FAILOVER, &[ForeignSeal, Connected]),
];

/// The last fault needs the most states: where these are many, it is left to the large searches.
const NO_FAILOVER: usize = FAULTS.len() - 1;

fn holds(setting: Setting, marks: &[Mark]) {
    uphold(&setting, 1, marks);
}

/// Holds without faults, and under each of these.
fn holds_under(faults: &[(Budget, &[Mark])], setting: fn() -> Setting, marks: &[Mark]) {
    holds(setting(), marks);
    for (fault, reached) in faults {
        holds(setting().with(*fault), &[marks, reached].concat());
    }
}

#[test]
fn a_key_that_is_deleted_while_it_is_read() {
    let marks = [
        Hit,
        Miss,
        Joined,
        FollowerAnswered,
        WaitedForAFlight,
        Busy,
        Changed,
        Filled,
    ];
    holds_under(
        &FAULTS,
        settings::exact_key,
        &[&marks[..], &[Fenced]].concat(),
    );
}

#[test]
fn a_flight_that_had_begun_before_a_call() {
    holds(settings::exact_key(), &[Shared, NoLongerStands]);
    holds(settings::tag(), &[Shared, NoLongerStands, TookThePlace]);
}

#[test]
fn a_key_under_every_pair_of_faults() {
    for (nth, (first, _)) in FAULTS.iter().enumerate() {
        for (second, _) in &FAULTS[nth..] {
            holds(
                settings::exact_key().with(first.and(*second)),
                &[Hit, Joined, Fenced],
            );
        }
    }
}

#[test]
fn a_tag_that_is_invalidated_while_its_key_is_read() {
    let marks = [
        Hit,
        Miss,
        Joined,
        FollowerAnswered,
        WaitedForAFlight,
        Busy,
        Changed,
        SeenIsValid,
    ];
    holds_under(&FAULTS, settings::tag, &marks);
}

#[test]
fn a_tag_and_a_key_at_once() {
    holds(
        settings::tag_and_exact_key(),
        &[Hit, Joined, Busy, Changed, Fenced, SeenIsValid],
    );
}

#[test]
fn two_scopes() {
    holds_under(
        &FAULTS,
        settings::two_scopes,
        &[Hit, Busy, Changed, Filled, SeenIsValid],
    );
}

#[test]
fn two_places_of_which_one_declares_the_tag() {
    holds_under(
        &FAULTS,
        settings::two_places,
        &[Hit, LacksDeclaredTag, Joined, Busy],
    );
}

#[test]
fn a_caller_that_has_waited_for_the_longest_wait() {
    holds(
        settings::exact_key().with(Budget::IMPATIENCE),
        &[Busy, Unstored],
    );
    holds(
        settings::nested_by_key().with(Budget::IMPATIENCE),
        &[Busy, Unstored, OuterUnstored],
    );
}

#[test]
fn an_invalidation_whose_reply_is_lost_and_that_of_its_delivery_too() {
    let marks = [Deferred, Delivered, ExecutedLate];
    let twice = Budget::LOSS.and(Budget::LOSS);
    holds(settings::exact_key().with(twice), &marks);
    holds(settings::tag().with(twice), &marks);
    holds(
        settings::exact_key().with(twice.and(Budget::FAILOVER)),
        &marks,
    );
}

#[test]
fn tags_known_only_from_the_value() {
    let marks = [
        Hit,
        HitBeyondDeclared,
        Vouched,
        KnewBefore,
        Doubtful,
        Unstored,
        Filled,
    ];
    holds_under(&FAULTS, settings::tags_with, &marks);
}

/// Guards that were remembered spare the second computation its doubt.
#[test]
fn a_tag_known_from_the_value_before() {
    holds(
        settings::tags_with_again(),
        &[Doubtful, Remembered, Filled, Hit],
    );
}

#[test]
fn nested_reads_and_the_deletion_of_the_inner_key() {
    let marks = [NestedHit, TookKeyGeneration, HitBeyondDeclared, SeenIsValid];
    holds_under(&FAULTS[..NO_FAILOVER], settings::nested_by_key, &marks);
    holds(
        settings::nested_pair().with(Budget::FAILOVER),
        &[ForeignSeal, HitBeyondDeclared],
    );
}

#[test]
fn nested_reads_and_the_invalidation_of_an_inner_tag() {
    let marks = [NestedHit, TookKeyGeneration, HitBeyondDeclared];
    holds(settings::nested_by_tag(), &marks);
    holds(
        settings::nested_by_tag().with(Budget::LOSS),
        &[OuterUnstored, Deferred],
    );
}

#[test]
fn nested_reads_with_tags_known_only_from_the_inner_value() {
    let marks = [HitBeyondDeclared, Vouched, Doubtful, OuterUnstored];
    holds_under(&FAULTS[..NO_FAILOVER], settings::nested_tags_with, &marks);
}

#[test]
fn nested_reads_from_two_places_of_which_one_declares_the_tag() {
    let marks = [NestedHit, NestedJoined, LacksDeclaredTag];
    holds(settings::nested_from_two_places(), &marks);
    holds(
        settings::nested_from_two_places().with(Budget::LOSS),
        &marks,
    );
}

/// On a cluster, what a nested read has read may turn out valid only when it is looked at again. That is why the
/// generation of its key is captured before the lease is acquired; on one node that never happens.
#[test]
fn on_one_node_a_nested_read_may_capture_in_any_order() {
    let any_order = Mutation::CapturesKeyGenerationAfterAcquiring;
    let setting = settings::nested_by_key().on_one_node().breaking(any_order);
    let report = uphold(&setting, 1, &[NestedHit, TookKeyGeneration, Fenced]);
    assert_eq!(report.missing(&[SeenIsValid]), [SeenIsValid]);
}

#[test]
fn on_one_node() {
    holds(
        settings::tag_and_exact_key().on_one_node(),
        &[Hit, Joined, Busy, Changed, Fenced],
    );
    holds(settings::tags_with().on_one_node(), &[Vouched, Doubtful]);
    holds(
        settings::nested_by_tag().on_one_node(),
        &[NestedHit, HitBeyondDeclared],
    );
    holds(
        settings::record().on_one_node(),
        &[Copied, HitBeyondDeclared],
    );
}

#[test]
fn two_writers() {
    holds_under(
        &FAULTS,
        settings::two_writers,
        &[Hit, Committed, CommitRefused, Fenced],
    );
}

#[test]
fn a_writer_a_refresh_and_an_invalidation() {
    let marks = [Hit, Committed, CommitRefused, Fenced];
    holds_under(&FAULTS, settings::writer_refresh_invalidation, &marks);
}

#[test]
fn a_writer_and_a_deletion() {
    holds_under(
        &FAULTS,
        settings::writer_and_deletion,
        &[Hit, Committed, CommitRefused, Busy],
    );
}

#[test]
fn a_writer_whose_tag_is_known_only_from_the_value() {
    let marks = [Hit, Committed, Vouched, KnewBefore, Doubtful, Fenced];
    holds_under(&FAULTS, settings::writer_with_late_tag, &marks);
}

#[test]
fn a_writer_of_an_inner_key() {
    holds_under(
        &FAULTS,
        settings::writer_of_an_inner_key,
        &[HitBeyondDeclared, Committed],
    );
}

#[test]
fn a_record_under_two_keys() {
    let marks = [Hit, HitBeyondDeclared, Copied, Vouched, Doubtful];
    holds(settings::record(), &marks);
    holds(settings::record().with(Budget::EXPIRY), &marks);
    holds(settings::record().with(Budget::CRASH), &marks);
    holds(
        settings::record_written_and_deleted().with(Budget::LOSS),
        &[Committed, CommitRefused],
    );
}

#[test]
fn a_record_that_is_written() {
    holds(
        settings::writer_of_a_record(),
        &[Hit, HitBeyondDeclared, Copied, Committed],
    );
    holds_under(
        &FAULTS,
        settings::record_that_loses_a_key,
        &[Copied, Committed, Doubtful],
    );
}

#[test]
fn batches() {
    let marks = [Hit, BatchBusy, Filled];
    holds(settings::batches(), &marks);
    holds(settings::batches().with(Budget::CRASH), &marks);
    holds_under(&FAULTS[..1], settings::three_batches, &marks);
    holds(settings::three_batches().with(Budget::CRASH), &marks);
    holds(settings::three_batches().with(Budget::LOSS), &marks);
}

#[test]
fn without_faults_there_is_one_computation_an_invalidation_and_nobody_waits_for_more_than_two() {
    let settings = [
        settings::exact_key,
        settings::tag,
        settings::tag_and_exact_key,
        settings::two_scopes,
        settings::tags_with,
        settings::nested_by_key,
        settings::nested_by_tag,
        settings::nested_tags_with,
        settings::two_writers,
        settings::writer_and_deletion,
        settings::record,
        settings::batches,
        settings::three_batches,
    ];
    for setting in settings {
        holds(setting().counting(), &[Computed, Miss]);
    }
}

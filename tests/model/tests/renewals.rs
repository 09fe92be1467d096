//! What is past its time to live, and served while it is replaced; and what computations leave that fail. The promise is
//! the same: what is served so is as valid as any hit.

use protocol_model::Mark::{self, *};
use protocol_model::{Budget, Setting, settings, uphold};

/// One fault of each kind, and what it leads to in every setting. Where failovers make many states, they are left to the
/// large searches.
const FAULTS: [(Budget, &[Mark]); 7] = [
    (Budget::EVICTION, &[]),
    (Budget::EXPIRY, &[LeaseExpired, Renewed]),
    (Budget::FLUSH, &[]),
    (Budget::CRASH, &[Abandoned]),
    (Budget::LOSS, &[ExecutedLate, Deferred, Delivered]),
    (Budget::DROP, &[ExecutedLate, Delivered]),
    (Budget::FAILURE, &[Failed, Rested, RestEnded]),
];
const FAILOVER: &[Mark] = &[ForeignSeal, Connected];

fn holds(setting: Setting, marks: &[Mark]) {
    uphold(&setting, 1, marks);
}

/// Holds without faults, also when computations are counted, and under each of these.
fn holds_under(faults: &[(Budget, &[Mark])], setting: fn() -> Setting, marks: &[Mark]) {
    holds(setting().counting(), marks);
    for (fault, reached) in faults {
        holds(setting().with(*fault), &[marks, reached].concat());
    }
}

/// The same, with a computation that fails besides.
fn holds_with_failures(faults: &[(Budget, &[Mark])], setting: fn() -> Setting, marks: &[Mark]) {
    holds(setting(), &[Computed]);
    holds(setting().with(Budget::FAILURE).counting(), marks);
    for (fault, reached) in faults {
        let failing = fault.and(Budget::FAILURE);
        holds(setting().with(failing), &[marks, reached].concat());
    }
}

#[test]
fn two_renewals_of_a_key_that_is_deleted() {
    let marks = [Hit, Renews, RenewalStopped, NothingToRenew, Filled, Fenced];
    holds_under(&FAULTS, settings::renewals_by_key, &marks);
    holds(
        settings::renewals_by_key().with(Budget::FAILOVER),
        &[&marks, FAILOVER].concat(),
    );
}

#[test]
fn two_renewals_of_a_key_whose_tag_is_invalidated() {
    let marks = [Hit, Renews, RenewsWhatHasEnded, RenewalStopped, Filled];
    holds(settings::renewals().counting(), &marks);
    holds(settings::renewals().with(Budget::CRASH), &marks);
    holds(settings::renewals().with(Budget::FAILURE), &marks);
}

#[test]
fn a_renewal_that_others_join_share_and_take_the_place_of() {
    holds(
        settings::renewal_in_a_crowd(),
        &[Renews, Joined, FollowerAnswered, Shared, TookThePlace],
    );
}

#[test]
fn a_renewal_in_two_scopes() {
    let marks = [Hit, Renews, RenewsWhatHasEnded, Filled];
    holds_under(&FAULTS, settings::renewal_in_two_scopes, &marks);
    holds(
        settings::renewal_in_two_scopes().with(Budget::FAILOVER),
        &[&marks, FAILOVER].concat(),
    );
}

#[test]
fn a_renewal_and_a_writer() {
    let marks = [Hit, Renews, RenewalStopped, Committed, Fenced];
    holds_under(&FAULTS, settings::renewal_and_writer, &marks);
}

#[test]
fn a_renewal_of_what_has_a_tag_that_is_known_only_from_the_value() {
    // From the entry that it saw, the renewal knows the tag.
    let marks = [Hit, Renews, RenewsWhatHasEnded, Filled];
    holds_under(&FAULTS, settings::renewal_with_late_tag, &marks);
    holds(
        settings::renewal_with_late_tag().with(Budget::FAILOVER),
        &[&marks, FAILOVER].concat(),
    );
}

#[test]
fn a_renewal_of_an_inner_key_that_an_outer_computation_has_read() {
    let marks = [NestedHit, HitBeyondDeclared, Renews, Filled];
    holds_under(&FAULTS, settings::renewal_of_an_inner_key, &marks);
    holds(
        settings::renewal_of_an_inner_key_by_tag().counting(),
        &marks,
    );
}

#[test]
fn a_renewal_of_an_outer_key() {
    let marks = [NestedHit, HitBeyondDeclared, Renews, Filled];
    holds_under(&FAULTS, settings::renewal_of_an_outer_key, &marks);
}

#[test]
fn a_renewal_of_a_record() {
    let marks = [Hit, HitBeyondDeclared, Renews, Copied, Vouched, Doubtful];
    holds_under(&FAULTS[..2], settings::renewal_of_a_record, &marks);
}

#[test]
fn a_rest_and_who_can_answer_meanwhile() {
    let marks = [
        Failed,
        Rested,
        Resting,
        PassedOverARest,
        RestEnded,
        FellBack,
    ];
    holds_with_failures(&FAULTS[..4], settings::fallbacks_by_key, &marks);
    holds(settings::fallbacks().with(Budget::FAILURE), &marks);
    holds(settings::two_fallbacks(), &[Hit, Filled]);
    holds(settings::two_fallbacks().with(Budget::FAILURE), &marks);
}

/// The second leaves another rest, or none.
#[test]
fn two_computations_that_fail() {
    let twice = Budget::FAILURE.and(Budget::FAILURE);
    holds(
        settings::fallbacks_by_key().with(twice),
        &[Resting, PassedOverARest, FellBack],
    );
}

/// One has computed from what was deleted since, and comes to fill when another's computation has failed.
#[test]
fn a_rest_does_not_let_an_old_holder_fill() {
    holds(
        settings::old_holder_and_rest().with(Budget::FAILURE),
        &[Rested, PassedOverARest, FellBack, Fenced],
    );
}

#[test]
fn a_nested_read_that_falls_back_hands_on_what_its_value_depends_on() {
    let marks = [Failed, Rested, Resting, NestedFellBack, HitBeyondDeclared];
    holds_with_failures(&FAULTS[..6], settings::nested_fallback, &marks);
    holds_with_failures(&FAULTS[..6], settings::nested_fallback_by_key, &marks);
}

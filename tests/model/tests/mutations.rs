//! Each rule of the protocol, broken: the search finds the shortest run that goes wrong, and prints it. A run reads:
//! `r0@1` is caller 0, a reader, in process 1; `n` is a nested read, `b` a part of a batch, `u` a renewal, `w` a writer.

use protocol_model::{Budget, Mutation, Setting, refute, settings};

const STALE: &str = "no stale read";
const WASTE: &str = "one computation an invalidation";
const CROWD: &str = "one computes at a time";
const IDLE: &str = "nobody waits for a computation that has ended";
const STUCK: &str = "everybody is answered";

/// Every reader somewhere reads a stale value once the rule is broken.
fn goes_stale(setting: Setting, mutation: Mutation) {
    refute(&setting, Some(mutation), STALE);
}

#[test]
fn a_fill_that_does_not_look_at_its_lease() {
    goes_stale(settings::exact_key(), Mutation::FillsWithoutLease);
}

#[test]
fn stamps_taken_after_the_computation() {
    goes_stale(settings::tag(), Mutation::StampsAfterTheComputation);
}

#[test]
fn a_missing_generation_that_counts_as_valid() {
    goes_stale(settings::tag(), Mutation::MissingCountsAsValid);
}

#[test]
fn joining_a_flight_unconditionally() {
    goes_stale(settings::tag(), Mutation::JoinsAlways);
}

#[test]
fn joining_a_flight_on_its_token_alone() {
    goes_stale(settings::tag(), Mutation::JoinsOnTokenAlone);
}

#[test]
fn joining_a_flight_on_its_stamps_alone() {
    goes_stale(settings::exact_key(), Mutation::JoinsOnStampsAlone);
    goes_stale(settings::tag_and_exact_key(), Mutation::JoinsOnStampsAlone);
}

#[test]
fn sharing_a_flight_that_had_begun_before_because_its_lease_stands() {
    goes_stale(settings::tag(), Mutation::StandsByItsLeaseAlone);
}

#[test]
fn sharing_a_flight_that_had_begun_before_because_its_generations_stand() {
    goes_stale(
        settings::tag_and_exact_key(),
        Mutation::StandsByItsStampsAlone,
    );
}

#[test]
fn sharing_a_value_that_depends_on_more_than_was_seen_standing() {
    goes_stale(
        settings::tags_with_again(),
        Mutation::SharesWhatDependsOnMore,
    );
}

#[test]
fn sharing_a_flight_without_a_tag_that_the_caller_declares() {
    goes_stale(settings::two_places(), Mutation::SharesWithoutDeclaredTag);
}

#[test]
fn sharing_what_was_captured_on_another_server() {
    goes_stale(
        settings::tag().with(Budget::FAILOVER),
        Mutation::SharesAcrossServers,
    );
}

#[test]
fn an_entry_deleted_before_its_lease_in_two_commands() {
    goes_stale(settings::exact_key(), Mutation::DeletesEntryBeforeLease);
}

#[test]
fn a_deletion_that_keeps_the_generation_of_the_key() {
    goes_stale(
        settings::nested_pair(),
        Mutation::DeleteKeepsTheKeyGeneration,
    );
    goes_stale(
        settings::writer_and_deletion(),
        Mutation::DeleteKeepsTheKeyGeneration,
    );
}

#[test]
fn a_deletion_that_does_not_end_any_key() {
    goes_stale(settings::record(), Mutation::DeleteKeepsAnyKey);
}

#[test]
fn reads_from_a_replica() {
    goes_stale(
        settings::tag().with(Budget::REPLICA),
        Mutation::ReadsFromReplica,
    );
}

#[test]
fn a_capture_sent_again() {
    goes_stale(
        settings::tag().with(Budget::LOSS),
        Mutation::SendsCaptureAgain,
    );
}

#[test]
fn a_renewal_that_sets_the_lease() {
    goes_stale(
        settings::exact_key().with(Budget::EXPIRY),
        Mutation::RenewSetsTheLease,
    );
}

#[test]
fn a_seal_without_replication_id() {
    goes_stale(
        settings::tag().with(Budget::FAILOVER),
        Mutation::NoReplicationId,
    );
    goes_stale(
        settings::exact_key().with(Budget::FAILOVER),
        Mutation::NoReplicationId,
    );
}

#[test]
fn a_seal_with_the_replication_id_of_the_connection_that_fills() {
    goes_stale(
        settings::tag().with(Budget::FAILOVER),
        Mutation::SealedByTheFillingConnection,
    );
}

#[test]
fn an_entry_taken_although_it_lacks_a_tag_that_its_reader_declares() {
    goes_stale(
        settings::two_places(),
        Mutation::AcceptsEntryWithoutDeclaredTag,
    );
}

#[test]
fn a_nested_read_that_reads_the_generation_of_the_key_after_the_entry() {
    goes_stale(
        settings::nested_by_key(),
        Mutation::ReadsKeyGenerationAfterEntry,
    );
}

#[test]
fn a_nested_read_that_captures_the_generation_of_the_key_after_acquiring() {
    goes_stale(
        settings::nested_by_key(),
        Mutation::CapturesKeyGenerationAfterAcquiring,
    );
}

#[test]
fn a_nested_read_that_takes_a_generation_of_the_key_and_does_not_read_again() {
    goes_stale(
        settings::nested_by_key(),
        Mutation::TakesKeyGenerationWithoutReadingAgain,
    );
}

#[test]
fn an_outer_entry_that_does_not_depend_on_the_generation_of_the_inner_key() {
    goes_stale(settings::nested_by_key(), Mutation::InheritsNoKeyGeneration);
}

#[test]
fn a_nested_read_that_is_answered_by_what_it_had_seen_and_hands_no_guards_on() {
    goes_stale(
        settings::nested_by_tag(),
        Mutation::HandsSeenOnWithoutItsGuards,
    );
}

#[test]
fn inner_stamps_captured_anew() {
    goes_stale(settings::nested_by_tag(), Mutation::CapturesInnerStampsAnew);
}

#[test]
fn a_nested_read_that_joins_a_flight_without_generation_of_the_key() {
    goes_stale(
        settings::nested_by_key(),
        Mutation::NestedJoinsWithoutKeyGeneration,
    );
}

#[test]
fn a_nested_read_that_joins_a_flight_without_a_tag_that_it_declares() {
    goes_stale(
        settings::nested_from_two_places(),
        Mutation::NestedJoinsWithoutDeclaredTag,
    );
}

#[test]
fn an_outer_value_stored_although_the_inner_one_was_not() {
    goes_stale(
        settings::nested_tags_with(),
        Mutation::StoresWhatAnUnstoredValueIsPartOf,
    );
}

#[test]
fn any_that_ends_after_the_tag_in_two_commands() {
    goes_stale(settings::tags_with(), Mutation::EndsAnyAfterTag);
}

#[test]
fn any_read_before_the_late_guards_are_captured() {
    goes_stale(settings::tags_with(), Mutation::ReadsAnyBeforeCapturing);
}

#[test]
fn a_guard_known_since_the_computation_began() {
    goes_stale(settings::tags_with(), Mutation::KnowsWhatItHasSeenSince);
    goes_stale(
        settings::writer_with_late_tag(),
        Mutation::KnowsWhatItHasSeenSince,
    );
}

#[test]
fn a_permit_without_any() {
    goes_stale(settings::writer_with_late_tag(), Mutation::PermitWithoutAny);
}

#[test]
fn a_commit_that_does_not_compare_the_generation_of_the_key() {
    goes_stale(settings::two_writers(), Mutation::CommitsWithoutComparing);
    goes_stale(
        settings::writer_and_deletion(),
        Mutation::CommitsWithoutComparing,
    );
}

#[test]
fn a_commit_that_does_not_delete_the_lease() {
    goes_stale(settings::two_writers(), Mutation::CommitKeepsTheLease);
}

#[test]
fn a_commit_that_keeps_the_generation_of_the_key() {
    goes_stale(
        settings::two_writers(),
        Mutation::CommitKeepsTheKeyGeneration,
    );
    goes_stale(
        settings::writer_of_an_inner_key(),
        Mutation::CommitKeepsTheKeyGeneration,
    );
}

#[test]
fn a_commit_that_stores_the_copies_of_a_record_without_comparing() {
    goes_stale(
        settings::record_written_and_deleted(),
        Mutation::CommitsCopiesWithoutComparing,
    );
}

#[test]
fn a_commit_that_does_not_end_any_key() {
    goes_stale(
        settings::record_that_loses_a_key(),
        Mutation::CommitKeepsAnyKey,
    );
}

#[test]
fn a_copy_of_a_record_that_is_stored_without_comparing() {
    goes_stale(settings::record(), Mutation::CopiesWithoutComparing);
}

#[test]
fn serving_while_an_invalidation_is_pending() {
    goes_stale(
        settings::tag().with(Budget::LOSS),
        Mutation::ServesWhilePending,
    );
}

#[test]
fn batches_that_wait_for_leases_before_they_fill_their_own() {
    refute(
        &settings::batches(),
        Some(Mutation::BatchWaitsBeforeItFills),
        STUCK,
    );
    refute(
        &settings::three_batches(),
        Some(Mutation::BatchWaitsBeforeItFills),
        STUCK,
    );
}

#[test]
fn a_lease_acquired_without_looking_whether_the_entry_has_changed() {
    refute(
        &settings::tag().counting(),
        Some(Mutation::AcquiresWhateverTheEntry),
        WASTE,
    );
}

#[test]
fn a_computation_begun_without_looking_at_the_entry_again() {
    refute(
        &settings::tag().counting(),
        Some(Mutation::ComputesWithoutLookingAgain),
        WASTE,
    );
}

#[test]
fn an_entry_past_its_time_to_live_served_without_its_generations() {
    goes_stale(settings::renewals(), Mutation::ServesWithoutItsGenerations);
}

#[test]
fn a_renewal_that_captures_after_it_has_computed() {
    goes_stale(
        settings::renewals(),
        Mutation::RenewalCapturesAfterComputing,
    );
}

#[test]
fn a_renewal_that_does_not_look_at_its_lease() {
    goes_stale(
        settings::renewals_by_key(),
        Mutation::RenewalFillsWithoutLease,
    );
    goes_stale(
        settings::renewal_and_writer(),
        Mutation::RenewalFillsWithoutLease,
    );
}

/// What has ended never comes back, so nobody reads such an entry where the seal's generations have ended meanwhile.
#[test]
fn a_renewal_that_keeps_the_seal_of_what_it_saw() {
    refute(
        &settings::renewals().counting(),
        Some(Mutation::RenewalKeepsTheSeal),
        WASTE,
    );
}

#[test]
fn joining_a_renewal_that_had_begun_before() {
    goes_stale(settings::renewals(), Mutation::JoinsRenewals);
    goes_stale(settings::renewals_by_key(), Mutation::JoinsRenewals);
}

#[test]
fn a_held_lease_taken_for_a_rest() {
    refute(
        &settings::renewals().counting(),
        Some(Mutation::PassesOverHeldLeases),
        CROWD,
    );
}

/// Who has failed fills no more, so nothing old is stored; but nobody can tell a rest from a lease.
#[test]
fn a_rest_that_keeps_the_bare_token() {
    refute(
        &settings::fallbacks_by_key()
            .with(Budget::FAILURE)
            .counting(),
        Some(Mutation::RestKeepsTheBareToken),
        IDLE,
    );
}

#[test]
fn a_fill_that_takes_a_rest_for_its_lease() {
    goes_stale(
        settings::old_holder_and_rest().with(Budget::FAILURE),
        Mutation::FillsOverRests,
    );
}

#[test]
fn followers_that_take_what_the_other_fell_back_on() {
    let failing = |setting: Setting| setting.with(Budget::FAILURE);
    goes_stale(
        failing(settings::fallbacks()),
        Mutation::FollowersTakeWhatStandsIn,
    );
    goes_stale(
        failing(settings::fallbacks_by_key()),
        Mutation::FollowersTakeWhatStandsIn,
    );
}

#[test]
fn a_nested_read_that_falls_back_and_hands_no_guards_on() {
    let failing = |setting: Setting| setting.with(Budget::FAILURE);
    goes_stale(
        failing(settings::nested_fallback()),
        Mutation::FallsBackWithoutItsGuards,
    );
    goes_stale(
        failing(settings::nested_fallback_by_key()),
        Mutation::FallsBackWithoutItsGuards,
    );
}

/// What no rule prevents, and the documentation says.
mod limits {
    use super::*;

    #[test]
    fn a_plain_set_after_an_invalidation() {
        refute(&settings::plain_set(), None, STALE);
    }

    #[test]
    fn an_old_primary_that_goes_on_answering() {
        goes_stale(
            settings::tag().with(Budget::FAILOVER),
            Mutation::OldPrimaryAnswers,
        );
    }
}

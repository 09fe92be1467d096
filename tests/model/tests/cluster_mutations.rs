//! Each rule of the protocol that a cluster asks for, broken: the search finds the shortest run that goes wrong, and prints it.

use protocol_model::{Apart, Budget, Mutation, Setting, Slot, refute, settings};

fn goes_stale(setting: Setting, mutation: Mutation) {
    refute(&setting, Some(mutation), "no stale read");
}

fn failing_over(setting: Setting, apart: Apart) -> Setting {
    setting.on_a_cluster(apart).with(Budget::FAILOVER)
}

fn moving_to_copies(setting: Setting, slot: Slot) -> Setting {
    let setting = setting.on_a_cluster(Apart::Tags).moving(slot);
    setting.with(Budget::MOVE_TO_COPIES)
}

#[test]
fn a_seal_without_any_replication_id() {
    goes_stale(
        failing_over(settings::exact_key(), Apart::Tags),
        Mutation::NoReplicationId,
    );
}

#[test]
fn a_seal_without_the_marks_of_generations() {
    goes_stale(
        failing_over(settings::tag(), Apart::Tags),
        Mutation::SealedForTheEntrysShardAlone,
    );
}

#[test]
fn a_seal_without_the_replication_id_of_the_server_of_the_entry() {
    goes_stale(
        failing_over(settings::exact_key(), Apart::Tags),
        Mutation::SealedForTheGuardsShardAlone,
    );
}

#[test]
fn any_compared_without_the_mark_of_its_server() {
    goes_stale(
        failing_over(settings::tags_with(), Apart::Any),
        Mutation::ComparesAnyWithoutMark,
    );
}

/// A failover brings the lease back that a deletion has ended, and what the flight's scopes lie on has not failed. The
/// token of the lease is the same, and so are the stamps, which tell of their own servers alone.
#[test]
fn sharing_a_flight_whose_lease_was_taken_on_another_server() {
    goes_stale(
        failing_over(settings::key_in_a_scope(), Apart::Tags),
        Mutation::SharesAcrossServers,
    );
}

#[test]
fn any_and_a_tag_that_end_side_by_side() {
    goes_stale(
        settings::tags_with().on_a_cluster(Apart::Tags),
        Mutation::EndsAnyBesideTag,
    );
}

#[test]
fn any_read_beside_the_capture_of_late_guards() {
    goes_stale(
        settings::tags_with().on_a_cluster(Apart::Tags),
        Mutation::ReadsAnyBesideCapturing,
    );
}

#[test]
fn a_tag_that_ends_though_any_could_not_and_nothing_is_pending() {
    let setting = settings::tags_with().on_a_cluster(Apart::Tags);
    goes_stale(
        setting.with(Budget::LOSS),
        Mutation::ForgetsTheFirstThatFailed,
    );
}

#[test]
fn serving_while_an_invalidation_on_these_slots_is_pending() {
    let setting = settings::tag().on_a_cluster(Apart::Tags);
    goes_stale(setting.with(Budget::LOSS), Mutation::ServesWhilePending);
}

#[test]
fn a_move_that_keeps_the_mark() {
    let keeps = |setting, slot| {
        goes_stale(moving_to_copies(setting, slot), Mutation::MoveKeepsTheMark);
    };
    keeps(settings::exact_key(), Slot::Key);
    keeps(settings::tag(), Slot::Tag);
    keeps(settings::tags_with(), Slot::Any);
}

/// A command that captures or vouches, sent again after `MOVED`, with its reply marked by the map by which it was asked first. The
/// new server may have a copy of what has ended on the old one.
#[test]
fn a_reply_with_the_mark_of_the_server_that_was_asked_first() {
    let marks = |setting, slot| {
        goes_stale(
            moving_to_copies(setting, slot),
            Mutation::MarksByTheMapThatAsked,
        );
    };
    marks(settings::tag(), Slot::Tag);
    marks(settings::tags_with(), Slot::Any);
}

/// The slot stays in the end: what was filled under the lease that was still there is valid.
#[test]
fn the_names_of_a_key_whose_slot_is_on_its_way_deleted_only_once() {
    let setting = settings::exact_key().on_a_cluster(Apart::Tags);
    goes_stale(
        setting.moving(Slot::Key).with(Budget::MOVE),
        Mutation::DeletesMovingNamesOnce,
    );
    let setting = settings::nested_pair().on_a_cluster(Apart::OtherKey);
    goes_stale(
        setting.moving(Slot::OtherKey).with(Budget::MOVE),
        Mutation::DeletesMovingNamesOnce,
    );
}

//! Each rule of the local tier, broken: the search finds a short run that goes wrong, and prints it. A run reads: `r0` is
//! caller 0, a reader; `o` reads an entry that is computed from another, `f` computes anew, `w` writes and invalidates; `'`
//! is in another process; `[1]` is the line. That a value is kept is not said: it is, when the reply has been heard.

use protocol_model::local::{Budget, Mutation, Setting, settings};
use protocol_model::refute;

const STRICT: &str = "no strict read is stale";
const BOUND: &str = "no hit is older than the bound";
const OWN: &str = "nobody is served what their own process has invalidated";
const WASTE: &str = "no valid entry is computed anew";

/// A hit is older than the bound once the rule is broken.
fn passes_the_bound(setting: Setting, mutation: Mutation) {
    refute(&setting, Some(mutation), BOUND);
}

/// Somebody is served what their own process has invalidated, once the rule is broken.
fn forgets_its_own(setting: Setting, mutation: Mutation) {
    refute(&setting, Some(mutation), OWN);
}

#[test]
fn looking_and_keeping_in_two_steps() {
    passes_the_bound(settings::exact_key(), Mutation::ChecksBeforeItKeeps);
    forgets_its_own(settings::own_deletion(), Mutation::ChecksBeforeItKeeps);
}

/// Over one line that goes on, the order of the stream would do.
#[test]
fn local_generations_captured_after_the_read_was_sent() {
    passes_the_bound(
        settings::exact_key().with(Budget::GIVEN_UP),
        Mutation::CapturesAfterSending,
    );
    forgets_its_own(
        settings::own_deletion().on_two_lines(),
        Mutation::CapturesAfterSending,
    );
}

#[test]
fn a_lost_link_that_ends_nothing() {
    for fault in [Budget::BREAK, Budget::GIVEN_UP] {
        passes_the_bound(settings::exact_key().with(fault), Mutation::LossEndsNothing);
    }
}

#[test]
fn a_lost_link_that_leaves_the_reads_under_way() {
    passes_the_bound(
        settings::exact_key().with(Budget::GIVEN_UP),
        Mutation::LossLeavesReads,
    );
}

#[test]
fn a_heartbeat_aged_from_its_answer() {
    passes_the_bound(settings::exact_key(), Mutation::AgedFromTheAnswer);
}

#[test]
fn a_heartbeat_that_asks_one_of_two_lines() {
    passes_the_bound(
        settings::exact_key().on_two_lines(),
        Mutation::BeatsOnOneLine,
    );
}

#[test]
fn a_heartbeat_of_a_link_that_is_not_in_use() {
    passes_the_bound(settings::exact_key(), Mutation::CountsBeatsOfOtherLinks);
}

#[test]
fn serving_whatever_was_heard() {
    passes_the_bound(settings::exact_key(), Mutation::NoBound);
}

/// Neither can be served for longer, nor be promised sooner.
#[test]
fn the_bound_is_tight() {
    passes_the_bound(settings::exact_key(), Mutation::OneTickMore);
    refute(&settings::exact_key().asking_too_much(), None, BOUND);
    let alone = settings::tag().with_numbers();
    refute(&alone.asking_too_much(), None, BOUND);
}

/// Another line may read before the deletion what was captured after the end.
#[test]
fn an_own_invalidation_that_ends_what_is_kept_only_before_it_is_sent() {
    forgets_its_own(
        settings::own_deletion().on_two_lines(),
        Mutation::EndsBeforeTheAcknowledgement,
    );
}

#[test]
fn an_own_deletion_without_reply_that_is_pending_after_what_is_kept_has_ended() {
    forgets_its_own(
        settings::own_deletion()
            .on_two_lines()
            .with(Budget::TIMEOUT),
        Mutation::EndsBeforeItIsPending,
    );
}

#[test]
fn the_second_part_of_a_read_sent_while_a_deletion_is_pending() {
    let setting = settings::own_invalidation().listing().on_two_lines();
    forgets_its_own(
        setting.with(Budget::TIMEOUT),
        Mutation::ReadsMoreWhilePending,
    );
}

#[test]
fn an_own_fill_that_leaves_the_local_generation_of_its_key() {
    passes_the_bound(
        settings::refresh().with_no_loop(),
        Mutation::FillEndsNothing,
    );
}

/// With `NOLOOP` the server forgets a connection that changes what it has read, and says nothing. That is why it is not
/// asked for.
#[test]
fn an_own_capture_that_leaves_the_local_generation_of_what_it_has_extended() {
    let faults = Budget::EXTENSION.and(Budget::EVICTION);
    passes_the_bound(
        settings::tag().with_numbers().with_no_loop().with(faults),
        Mutation::CaptureEndsNothing,
    );
}

#[test]
fn keeping_what_was_stored() {
    passes_the_bound(settings::exact_key(), Mutation::KeepsWhatItFills);
    passes_the_bound(settings::tag(), Mutation::KeepsWhatItFills);
}

#[test]
fn numbers_that_condemn() {
    refute(
        &settings::tag_and_another_reader().with_numbers(),
        Some(Mutation::NumbersCondemn),
        WASTE,
    );
}

/// Here whoever captures has read the names before, and without `NOLOOP` is told of what it captures.
#[test]
fn numbers_learned_from_capture() {
    passes_the_bound(
        settings::tag().with_numbers().with_no_loop(),
        Mutation::LearnsFromCapture,
    );
}

#[test]
fn numbers_learned_from_a_lost_link() {
    passes_the_bound(
        settings::tag()
            .listing()
            .with_numbers()
            .with(Budget::GIVEN_UP),
        Mutation::LearnsFromALostLink,
    );
}

#[test]
fn a_nested_read_answered_by_what_is_kept() {
    refute(
        &settings::nested(),
        Some(Mutation::NestedReadsWhatIsKept),
        STRICT,
    );
}

#[test]
fn pushes_over_a_connection_that_the_heartbeat_does_not_ask() {
    passes_the_bound(settings::exact_key(), Mutation::PushesElsewhere);
}

#[test]
fn heartbeats_that_overtake_pushes_in_the_process() {
    passes_the_bound(settings::exact_key(), Mutation::BeatsOvertakePushes);
}

#[test]
fn a_new_link_that_does_not_track() {
    passes_the_bound(
        settings::exact_key().with(Budget::BREAK),
        Mutation::DoesNotTrackAgain,
    );
}

#[test]
fn a_flush_that_is_ignored() {
    passes_the_bound(
        settings::exact_key().with(Budget::FLUSH),
        Mutation::IgnoresFlush,
    );
}

#[test]
fn a_change_of_a_keys_generation_that_is_ignored() {
    passes_the_bound(settings::nested(), Mutation::IgnoresKeyGenerations);
}

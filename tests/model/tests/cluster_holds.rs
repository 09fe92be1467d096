//! The protocol on a cluster of two servers: what a step sends to both is executed in any order, one of them fails over while
//! the other goes on, a slot moves. Nobody reads a stale value, and everybody is answered.

use protocol_model::Mark::{self, *};
use protocol_model::{Apart, Budget, Mutation, Setting, Slot, settings, uphold};

fn holds(setting: Setting, marks: &[Mark]) {
    uphold(&setting, 1, marks);
}

/// One of the two fails over, at any moment, and has lost whatever was deleted last.
fn fails_over(setting: Setting, apart: Apart, marks: &[Mark]) {
    let setting = setting.on_a_cluster(apart).with(Budget::FAILOVER);
    holds(setting, &[marks, &[ForeignSeal, WentOnWithOne]].concat());
}

/// A slot begins to move at any moment, and comes to stay or to lie on the other server.
fn moves(setting: Setting, apart: Apart, slot: Slot, marks: &[Mark]) {
    let setting = setting.on_a_cluster(apart).moving(slot);
    holds(setting.with(Budget::MOVE), &[marks, &[Moved]].concat());
}

/// The same, and the other server may have older copies instead of what moves.
fn moves_to_copies(setting: Setting, apart: Apart, slot: Slot, marks: &[Mark]) {
    let setting = setting.on_a_cluster(apart).moving(slot);
    let marks = [marks, &[Moved]].concat();
    holds(setting.with(Budget::MOVE_TO_COPIES), &marks);
}

#[test]
fn a_server_fails_over_that_has_a_key_or_its_tag() {
    let marks = [Hit, Joined, Connected];
    fails_over(settings::exact_key(), Apart::Tags, &marks);
    fails_over(settings::key_in_a_scope(), Apart::Tags, &marks);
    fails_over(settings::tag(), Apart::Tags, &marks);
}

#[test]
fn a_server_fails_over_where_tags_are_known_only_from_the_value() {
    let marks = [Hit, Vouched, Doubtful, Connected];
    fails_over(settings::tags_with(), Apart::Tags, &marks);
    fails_over(settings::tags_with(), Apart::Any, &marks);
}

#[test]
fn a_server_fails_over_that_has_what_a_writer_is_vouched_by() {
    let marks = [Hit, Committed, Vouched, Doubtful];
    for apart in [Apart::Tags, Apart::TagsAndAny, Apart::Any] {
        fails_over(settings::writer_with_late_tag(), apart, &marks);
    }
}

#[test]
fn a_server_fails_over_that_has_an_inner_key() {
    let marks = [NestedHit, HitBeyondDeclared];
    fails_over(settings::nested_pair(), Apart::OtherKey, &marks);
}

#[test]
fn a_record_whose_keys_lie_apart() {
    let marks = [Hit, HitBeyondDeclared, Copied, Vouched, Doubtful];
    holds(
        settings::record().on_a_cluster(Apart::OtherKeyAndAny),
        &marks,
    );
}

#[test]
fn a_slot_moves_that_has_a_key() {
    let marks = [Hit, Joined, Refused, DeletedApart];
    moves(settings::exact_key(), Apart::Tags, Slot::Key, &marks);
    moves(settings::tag(), Apart::Tags, Slot::Key, &[Hit, Refused]);
    moves_to_copies(settings::exact_key(), Apart::Tags, Slot::Key, &marks);
}

#[test]
fn a_slot_moves_that_has_a_tag() {
    let marks = [Hit, Refused];
    moves(settings::tag(), Apart::Tags, Slot::Tag, &marks);
    moves_to_copies(settings::tags_with(), Apart::Tags, Slot::Tag, &marks);
}

#[test]
fn a_slot_moves_that_has_what_ends_with_any_tag() {
    let marks = [Hit, Vouched, Doubtful, Refused];
    moves_to_copies(settings::tags_with(), Apart::Tags, Slot::Any, &marks);
}

#[test]
fn a_slot_moves_that_has_a_key_which_is_written() {
    let marks = [Hit, Committed, Refused, DeletedApart];
    moves(settings::two_writers(), Apart::Tags, Slot::Key, &marks);
    moves(
        settings::writer_and_deletion(),
        Apart::Tags,
        Slot::Key,
        &marks,
    );
}

#[test]
fn a_slot_moves_that_has_an_inner_key() {
    let marks = [NestedHit, Refused, DeletedApart];
    moves(
        settings::nested_pair(),
        Apart::OtherKey,
        Slot::OtherKey,
        &marks,
    );
}

/// Other slots are read meanwhile.
#[test]
fn an_invalidation_whose_reply_is_lost() {
    let marks = [Deferred, Delivered, ExecutedLate, ReadBesidePending];
    let lost = |setting: Setting| setting.on_a_cluster(Apart::Tags).with(Budget::LOSS);
    holds(lost(settings::tag()), &marks);
    holds(lost(settings::tags_with()), &marks);
}

/// That nothing more is sent where the first deletion has failed spares a round trip. The promise does not hang on it: all is
/// pending, and is deleted once more, `any` first; until then nobody is told that it has ended.
#[test]
fn what_comes_second_may_be_sent_though_the_first_has_failed() {
    let broken = |setting: Setting, apart: Apart| {
        let setting = setting.on_a_cluster(apart).with(Budget::LOSS);
        setting.breaking(Mutation::SendsTheSecondAfterAFailedFirst)
    };
    for apart in [Apart::Tags, Apart::Any] {
        holds(
            broken(settings::tags_with(), apart),
            &[Vouched, Deferred, Delivered],
        );
    }
    holds(
        broken(settings::record_that_loses_a_key(), Apart::OtherKeyAndAny),
        &[Committed, Deferred, Delivered],
    );
}

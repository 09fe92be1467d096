//! Searches of tens of millions of states. They run with `MODEL=large` only, one after the other, on all cores.

use protocol_model::Mark::*;
use protocol_model::{Apart, Budget, Setting, Slot, refute, settings, uphold};
use std::sync::Mutex;
use std::thread::available_parallelism;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

const FAULTS: [Budget; 8] = [
    Budget::EVICTION,
    Budget::EXPIRY,
    Budget::FLUSH,
    Budget::CRASH,
    Budget::LOSS,
    Budget::DROP,
    Budget::IMPATIENCE,
    Budget::FAILOVER,
];

/// The last fault needs the most states.
const NO_FAILOVER: usize = FAULTS.len() - 1;

fn holds(settings: impl IntoIterator<Item = Setting>) {
    if is_asked_for() {
        let _turn = ONE_AT_A_TIME.lock();
        let threads = available_parallelism().map_or(1, usize::from);
        for setting in settings {
            uphold(&setting, threads, &[Miss, Computed]);
        }
    }
}

fn is_asked_for() -> bool {
    std::env::var("MODEL").is_ok_and(|model| model == "large")
}

#[test]
fn a_tag_and_a_key_at_once_under_each_fault() {
    holds(FAULTS.map(|fault| settings::tag_and_exact_key().with(fault)));
}

#[test]
fn a_tag_under_every_pair_of_faults() {
    let pairs = FAULTS.iter().enumerate().flat_map(|(nth, first)| {
        FAULTS[nth..]
            .iter()
            .map(|second| settings::tag().with(first.and(*second)))
    });
    holds(pairs);
}

#[test]
fn a_tag_with_four_callers_and_two_invalidations() {
    holds([settings::tag_twice().counting()]);
}

#[test]
fn two_scopes_with_three_callers() {
    let more = || settings::two_scopes().readers(0, 0, 1);
    holds(
        FAULTS[..NO_FAILOVER]
            .iter()
            .map(|fault| more().with(*fault)),
    );
    holds([more().counting()]);
}

#[test]
fn five_callers_in_one_process() {
    holds([settings::crowd(), settings::nested_crowd()]);
}

#[test]
fn tags_known_only_from_the_value() {
    let more = || settings::tags_with().readers(0, 0, 1);
    holds(FAULTS.map(|fault| more().with(fault)));
}

#[test]
fn nested_reads_and_failover() {
    let settings = [
        settings::nested_by_key(),
        settings::nested_by_tag(),
        settings::nested_tags_with(),
        settings::nested_from_two_places(),
    ];
    holds(settings.map(|setting| setting.with(Budget::FAILOVER)));
}

#[test]
fn nested_reads_with_two_outer_callers_in_a_process() {
    let more = || settings::nested_pair().readers(0, 0, 1);
    holds([
        more(),
        more().with(Budget::LOSS),
        more().with(Budget::EVICTION),
    ]);
}

#[test]
fn records_under_each_fault() {
    holds(FAULTS.map(|fault| settings::record().with(fault)));
}

#[test]
fn writers_of_records() {
    let faults = [
        Budget::EVICTION,
        Budget::EXPIRY,
        Budget::CRASH,
        Budget::LOSS,
        Budget::DROP,
    ];
    holds(faults.map(|fault| settings::writer_of_a_record().with(fault)));
    holds([
        settings::two_writers_of_a_record(),
        settings::two_writers_of_a_record().with(Budget::EXPIRY),
    ]);
}

#[test]
fn writers_under_pairs_of_faults() {
    let pairs = FAULTS.iter().enumerate().flat_map(|(nth, first)| {
        FAULTS[nth..]
            .iter()
            .map(|second| settings::two_writers().with(first.and(*second)))
    });
    holds(pairs);
}

#[test]
fn batches_under_each_fault() {
    holds(
        FAULTS[..NO_FAILOVER]
            .iter()
            .map(|fault| settings::batches().with(*fault)),
    );
}

#[test]
fn renewals_under_each_fault() {
    holds(FAULTS.map(|fault| settings::renewals().with(fault)));
    holds(FAULTS.map(|fault| settings::renewal_in_a_crowd().with(fault)));
}

#[test]
fn renewals_beside_others_and_failover() {
    let settings = [
        settings::renewal_and_writer(),
        settings::renewal_of_an_inner_key(),
        settings::renewal_of_an_inner_key_by_tag(),
        settings::renewal_of_an_outer_key(),
        settings::renewal_of_a_record(),
    ];
    holds(settings.map(|setting| setting.with(Budget::FAILOVER)));
}

#[test]
fn renewals_under_every_pair_of_faults() {
    let pairs = FAULTS.iter().enumerate().flat_map(|(nth, first)| {
        FAULTS[nth..]
            .iter()
            .map(|second| settings::renewals_by_key().with(first.and(*second)))
    });
    holds(pairs);
}

#[test]
fn rests_under_each_fault() {
    let failing = |fault: Budget| fault.and(Budget::FAILURE);
    let under_each = |setting: fn() -> Setting| {
        holds(FAULTS.map(|fault| setting().with(failing(fault))));
    };
    under_each(settings::fallbacks_by_key);
    under_each(settings::two_fallbacks);
    under_each(settings::old_holder_and_rest);
    under_each(settings::nested_fallback);
    under_each(settings::nested_fallback_by_key);
    holds(
        FAULTS[..NO_FAILOVER]
            .iter()
            .map(|fault| settings::fallbacks().with(failing(*fault))),
    );
}

#[test]
fn a_cluster_under_each_fault_and_a_failover() {
    let faults = [Budget::EVICTION, Budget::CRASH, Budget::LOSS, Budget::DROP];
    let under_each = |setting: fn() -> Setting, apart: Apart| {
        let setting = || setting().on_a_cluster(apart);
        holds(faults.map(|fault| setting().with(fault.and(Budget::FAILOVER))));
    };
    under_each(settings::exact_key, Apart::Tags);
    under_each(settings::tag, Apart::Tags);
    under_each(settings::tags_with, Apart::Tags);
    under_each(settings::tags_with, Apart::Any);
}

#[test]
fn both_servers_of_a_cluster_fail_over() {
    let twice = Budget::FAILOVER.and(Budget::FAILOVER);
    holds([
        settings::exact_key().on_a_cluster(Apart::Tags).with(twice),
        settings::tags_with().on_a_cluster(Apart::Any).with(twice),
    ]);
}

#[test]
fn records_and_inner_keys_that_lie_apart_and_failover() {
    let settings = [
        settings::record_written_and_deleted().on_a_cluster(Apart::OtherKeyAndAny),
        settings::record_that_loses_a_key().on_a_cluster(Apart::OtherKey),
        settings::record().on_a_cluster(Apart::OtherKeyAndAny),
        settings::nested_by_key().on_a_cluster(Apart::OtherKey),
        settings::nested_by_tag().on_a_cluster(Apart::Tags),
        settings::two_scopes().on_a_cluster(Apart::Tags),
        settings::tags_with().on_a_cluster(Apart::TagsAndAny),
    ];
    holds(settings.map(|setting| setting.with(Budget::FAILOVER)));
}

#[test]
fn slots_that_move_to_copies() {
    let settings = [
        settings::tag().on_a_cluster(Apart::Tags).moving(Slot::Tag),
        settings::tags_with()
            .on_a_cluster(Apart::Tags)
            .moving(Slot::Key),
        settings::two_scopes()
            .on_a_cluster(Apart::Tags)
            .moving(Slot::OtherTag),
        settings::writer_with_late_tag()
            .on_a_cluster(Apart::Any)
            .moving(Slot::Any),
        settings::record_written_and_deleted()
            .on_a_cluster(Apart::OtherKeyAndAny)
            .moving(Slot::OtherKey),
        settings::nested_by_key()
            .on_a_cluster(Apart::OtherKey)
            .moving(Slot::OtherKey),
    ];
    holds(settings.map(|setting| setting.with(Budget::MOVE_TO_COPIES)));
}

#[test]
fn slots_that_move_under_each_fault() {
    let faults = [
        Budget::EVICTION,
        Budget::EXPIRY,
        Budget::CRASH,
        Budget::LOSS,
    ];
    let under_each = |setting: fn() -> Setting, slot: Slot| {
        let setting = || setting().on_a_cluster(Apart::Tags).moving(slot);
        holds(faults.map(|fault| setting().with(fault.and(Budget::MOVE))));
    };
    under_each(settings::exact_key, Slot::Key);
    under_each(settings::tag, Slot::Key);
    under_each(settings::tags_with, Slot::Any);
    under_each(settings::two_writers, Slot::Key);
}

/// Others join the second computation. A nested read cannot, where that has not captured the generation of the key; nor
/// can a caller that has waited for one computation while another was about to take its place.
#[test]
fn somebody_may_wait_for_a_third_computation() {
    if is_asked_for() {
        for setting in [settings::nested_crowd().on_one_node(), settings::crowd()] {
            refute(
                &setting.counting(),
                None,
                "nobody waits for more than two computations",
            );
        }
    }
}

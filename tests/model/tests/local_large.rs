//! Larger searches of the local tier. They run with `MODEL=large` only, one after the other, on all cores.

use protocol_model::local::Mark::*;
use protocol_model::local::{Budget, Setting, settings};
use protocol_model::uphold;
use std::sync::Mutex;
use std::thread::available_parallelism;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

const FAULTS: [Budget; 9] = [
    Budget::BREAK,
    Budget::GIVEN_UP,
    Budget::TIMEOUT,
    Budget::EVICTION,
    Budget::OVERFLOW,
    Budget::FLUSH,
    Budget::EXPIRY,
    Budget::EXTENSION,
    Budget::CRASH,
];

fn holds(settings: impl IntoIterator<Item = Setting>) {
    if std::env::var("MODEL").is_ok_and(|model| model == "large") {
        let _turn = ONE_AT_A_TIME.lock();
        let threads = available_parallelism().map_or(1, usize::from);
        for setting in settings {
            uphold(&setting, threads, &[Kept]);
        }
    }
}

fn pairs() -> impl Iterator<Item = Budget> {
    let firsts = FAULTS.iter().enumerate();
    firsts.flat_map(|(nth, first)| FAULTS[nth..].iter().map(|second| first.and(*second)))
}

#[test]
fn a_tag_under_every_pair_of_faults() {
    holds(pairs().map(|faults| settings::tag().with_numbers().with(faults)));
    holds(pairs().map(|faults| settings::tag().listing().with_numbers().with(faults)));
}

#[test]
fn own_invalidations_under_every_pair_of_faults() {
    holds(pairs().map(|faults| settings::own_deletion().with(faults)));
    holds(pairs().map(|faults| settings::own_invalidation().with_numbers().with(faults)));
}

#[test]
fn two_callers_under_each_fault() {
    holds([settings::tag().with_numbers().readers(1)]);
    holds(FAULTS.map(|fault| settings::tag().with_numbers().readers(1).with(fault)));
    holds(FAULTS.map(|fault| settings::tag().readers(1).with(fault)));
    holds(FAULTS.map(|fault| settings::own_deletion().readers(1).with(fault)));
    holds([settings::own_invalidation().readers(1)]);
    holds(FAULTS.map(|fault| settings::own_invalidation().readers(1).with(fault)));
    holds(FAULTS.map(|fault| settings::refresh().with(fault)));
    holds([settings::refresh_by_tag().with_numbers()]);
}

#[test]
fn two_processes_that_read_under_each_fault() {
    holds(FAULTS.map(|fault| {
        settings::tag_and_another_reader()
            .with_numbers()
            .with(fault)
    }));
}

#[test]
fn two_writers_under_each_fault() {
    holds(FAULTS.map(|fault| settings::tag_twice().with_numbers().with(fault)));
    holds(FAULTS.map(|fault| settings::both().with_numbers().with(fault)));
}

#[test]
fn two_lines_under_each_fault() {
    holds(FAULTS.map(|fault| settings::exact_key().on_two_lines().with(fault)));
    holds(FAULTS.map(|fault| settings::own_deletion().on_two_lines().with(fault)));
    holds([
        settings::tag().on_two_lines(),
        settings::tag().on_two_lines().with_numbers(),
        settings::tag()
            .on_two_lines()
            .with_numbers()
            .with(Budget::EVICTION),
        settings::own_invalidation()
            .listing()
            .on_two_lines()
            .with(Budget::TIMEOUT),
        settings::refresh().on_two_lines(),
        settings::exact_key().readers(1).on_two_lines(),
    ]);
}

#[test]
fn nested_reads_under_each_fault() {
    holds([settings::nested_by_tag()]);
    holds(FAULTS.map(|fault| settings::nested().with(fault)));
}

#[test]
fn connections_that_do_not_hear_of_what_they_change_themselves() {
    let faults = Budget::EXTENSION.and(Budget::EVICTION);
    holds(FAULTS.map(|fault| settings::refresh().with_no_loop().with(fault)));
    holds([
        settings::tag().readers(1).with_no_loop().with(faults),
        settings::tag()
            .on_two_lines()
            .with_numbers()
            .with_no_loop()
            .with(faults),
        settings::own_deletion()
            .on_two_lines()
            .with_no_loop()
            .with(Budget::TIMEOUT),
        settings::nested().with_no_loop(),
    ]);
}

//! The wiring of this very program.

#![allow(dead_code, reason = "what is wired here is not called")]

use cache_runtime::{DomainCache, Problem, cache_invalidate, cached, wiring};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::time::Duration;

#[cached(ttl = "2h", key = "wired:{id}", tags = ["wired-tag:{id}"])]
async fn wired(id: u32) -> u32 {
    id
}

/// The same entries: not two functions that answer for each other by mistake.
#[cached(batch(id in ids), ttl = "2h", key = "wired:{id}", tags = ["wired-tag:{id}"])]
async fn wired_together(ids: &[u32]) -> HashMap<u32, u32> {
    ids.iter().map(|id| (*id, *id)).collect()
}

#[cached(ttl = forever)]
async fn unattended() -> u32 {
    1
}

#[cache_invalidate("wired:{user_id}", tags = ["wired-tag:{user_id}"])]
async fn fits(user_id: u32) {}

#[cache_invalidate("wierd:{id}", "wired:{id}:*", tags = ["wired:{id}"])]
async fn typos(id: u32) {}

#[cache_invalidate("behaviour.wiring.*")]
async fn by_path() {}

#[cached(skip(_db))]
async fn listed<T: Send + Sync>(page: u32, size: u32, _db: &T) -> u32 {
    page * size
}

#[cache_invalidate("behaviour.wiring.listed*:{page}:{size}", "behaviour.wiring.plain:*")]
async fn by_arguments(page: u32, size: u32) {}

#[cached]
async fn plain(page: u32) -> u32 {
    page
}

#[cache_invalidate("behaviour.wiring.plain", "looked-up:~email:*")]
async fn half_right() {}

#[derive(Clone, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "looked-up")]
struct LookedUp {
    #[cache(key)]
    id: u32,
    #[cache(lookup)]
    email: String,
}

fn problems_of(function: &str, problems: &[Problem]) -> Vec<String> {
    let problems = problems.iter().map(ToString::to_string);
    problems
        .filter(|problem| problem.starts_with(&format!("`behaviour::wiring::{function}`")))
        .collect()
}

#[tokio::test]
async fn an_invalidation_that_reaches_nothing_is_named() {
    let problems = wiring().check().problems();
    assert_eq!(problems_of("fits", &problems), [""; 0]);
    assert_eq!(problems_of("by_path", &problems), [""; 0]);
    assert_eq!(problems_of("by_arguments", &problems), [""; 0]);
    let half_right = problems_of("half_right", &problems);
    assert_eq!(half_right.len(), 1, "{half_right:#?}");
    assert!(
        half_right[0].contains("`behaviour.wiring.plain`"),
        "{half_right:#?}"
    );
    let typos = problems_of("typos", &problems);
    assert_eq!(typos.len(), 3, "{typos:#?}");
    assert!(typos[0].contains("the pattern `wierd:{id}`"), "{typos:#?}");
    assert!(
        typos[1].contains("the pattern `wired:{id}:*`"),
        "{typos:#?}"
    );
    assert!(typos[2].contains("the tag `wired:{id}`"), "{typos:#?}");
    assert!(
        typos[0].contains("tests/behaviour/wiring.rs:"),
        "{typos:#?}"
    );
}

#[tokio::test]
async fn what_nothing_invalidates_and_lives_long_is_named() {
    let wiring = wiring();
    let hour = Duration::from_secs(3600);
    let problems = wiring.check().unattended_longer_than(hour).problems();
    assert_eq!(problems_of("wired", &problems), [""; 0]);
    // `by_path` reaches it.
    assert_eq!(problems_of("unattended", &problems), [""; 0]);
    let problems = wiring
        .check()
        .unattended_longer_than(Duration::from_secs(60))
        .problems();
    let elsewhere = problems.iter().any(|problem| {
        matches!(problem, Problem::Unattended { function, .. } if function == "behaviour::expiry::minutes")
    });
    assert!(elsewhere, "{problems:#?}");
}

#[cached(key = "twin:{id}")]
async fn twin(id: u32) -> u32 {
    id
}

#[derive(Clone, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "twin-record")]
struct TwinRecord {
    #[cache(key)]
    id: u32,
}

mod other {
    use super::*;

    #[cached(key = "twin:{id}")]
    async fn twin(id: u32) -> u32 {
        id + 1
    }

    #[derive(Clone, Serialize, Deserialize, DomainCache)]
    #[cache(key = "twin-record:{number}")]
    struct TwinRecord {
        number: u64,
    }
}

#[test]
fn two_functions_of_one_key_are_named() {
    let problems = wiring().check().problems();
    let twins = problems_of("twin", &problems);
    assert_eq!(twins.len(), 1, "{twins:#?}");
    assert!(
        twins[0].contains("has the key `twin:{id}` of `behaviour::wiring::other::twin`"),
        "{twins:#?}"
    );
}

#[test]
fn two_records_of_one_key_are_named() {
    let problems = wiring().check().problems();
    let twins = problems_of("other::TwinRecord", &problems);
    assert_eq!(twins.len(), 1, "{problems:#?}");
    assert!(
        twins[0].contains("of `behaviour::wiring::TwinRecord`"),
        "{twins:#?}"
    );
}

#[test]
#[should_panic(expected = "the cache wiring has")]
fn a_test_of_two_lines_fails_on_a_typo() {
    wiring().check().assert_clean();
}

#[test]
fn what_is_known_is_left_out() {
    let wiring = wiring();
    let check = wiring
        .check()
        .allow("wiring::typos")
        .allow("half_right")
        .allow("twin")
        .allow("TwinRecord");
    check.assert_clean();
}

#[test]
fn the_map_shows_who_invalidates_what() {
    let map = wiring().to_string();
    let start = map.find("behaviour::wiring::wired (").expect("it is there");
    let lines: Vec<_> = map[start..].lines().take(4).collect();
    assert_eq!(
        lines[1],
        "    function wired:{id}   tags wired-tag:{id}   for 2h"
    );
    assert_eq!(lines[2], "    <- behaviour::wiring::fits: wired:{user_id}");
    assert_eq!(
        lines[3],
        "    <- behaviour::wiring::fits: tag wired-tag:{user_id}"
    );
}

//! Conformance with RFC 9111 and its neighbours, case by case; see `README.md` here.

mod case;
mod checks;
mod exceptions;
mod origin;
mod player;
mod status;
mod values;

use crate::IS_ON_A_SERVER;
use crate::backend::Backend;
use cache_runtime::Cache;
use cache_runtime::http::{CacheLayer, User};
use case::{Case, Importance};
use exceptions::{DIFFERENT, DIFFERENT_ON_A_SERVER, NOT_OFFERED};
use player::{Amiss, play};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// A layer with what a case requires; or what is not offered.
fn layer(cache: &Cache, case: &Case) -> Result<CacheLayer, String> {
    let mut layer = CacheLayer::new(cache, "http");
    for required in &case.requires {
        layer = match required.as_str() {
            "answer-conditional"
            | "cache-status"
            | "collapse"
            | "invalidate-location"
            | "max-body"
            | "must-understand"
            | "no-heuristics"
            | "no-targeted"
            | "request-directives"
            | "serve-range"
            | "unkeyed-guard"
            | "sie"
            | "swr"
            | "vary-normalise" => layer,
            "cookie-anonymous" => layer.ignore_cookies(),
            "revalidate" => layer.revalidate(Duration::from_secs(3600)),
            "no-cache-status" => layer.without_cache_status(),
            "no-request-directives" => layer.ignore_request_directives(),
            "serve-stale-on-error" => layer.stale_if_error(Duration::from_secs(3600)),
            "share-authorized" => layer.users(|_| User::Anonymous),
            "user-key" => layer.users(|request| match request.headers.get("case-user") {
                Some(user) => User::known(user.to_str().expect("text")),
                None => User::Anonymous,
            }),
            other => return Err(other.to_owned()),
        };
    }
    Ok(layer)
}

async fn outcome(cache: &Cache, case: &Arc<Case>) -> Result<Result<(), Amiss>, String> {
    let layer = layer(cache, case)?;
    Ok(play(case, &layer).await)
}

fn cases() -> Vec<Arc<Case>> {
    let all: Vec<Case> = serde_json::from_str(include_str!("cases.json")).expect("cases");
    all.into_iter().map(Arc::new).collect()
}

/// All cases, several at a time; one that fails once more, alone, since machines that run tests stand still at times.
async fn played(cache: &Cache) -> BTreeMap<String, Result<Result<(), Amiss>, String>> {
    let at_a_time = Arc::new(Semaphore::new(32));
    let mut playing = JoinSet::new();
    let cases = cases();
    for case in cases.iter().filter(|case| case.applies) {
        let (case, cache, at_a_time) = (Arc::clone(case), cache.clone(), Arc::clone(&at_a_time));
        playing.spawn(async move {
            let _permit = at_a_time.acquire().await;
            let outcome = outcome(&cache, &case).await;
            (case.id.clone(), outcome)
        });
    }
    let mut outcomes: BTreeMap<_, _> = playing.join_all().await.into_iter().collect();
    for case in cases.iter().filter(|case| case.kind != Importance::Check) {
        if let Some(Ok(Err(_))) = outcomes.get(&case.id)
            && !is_different(&case.id)
        {
            let _empty = cache.invalidate("*").await;
            let again = outcome(cache, case).await;
            outcomes.insert(case.id.clone(), again);
        }
    }
    outcomes
}

/// Whether the layer does something else in this case.
fn is_different(case: &str) -> bool {
    let on_a_server = if IS_ON_A_SERVER {
        DIFFERENT_ON_A_SERVER
    } else {
        &[]
    };
    let mut all = DIFFERENT.iter().chain(on_a_server);
    all.any(|(it, _)| *it == case)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_layer_does_what_the_standards_say() {
    let backend = Backend::new().await;
    let outcomes = played(&backend.cache()).await;
    let mut report = String::new();
    let mut counts: BTreeMap<(Importance, &str), usize> = BTreeMap::new();
    let not_offered: BTreeSet<&str> = NOT_OFFERED.iter().map(|(name, _)| *name).collect();
    let mut missing = BTreeSet::new();
    for case in cases().iter().filter(|case| case.applies) {
        let id = case.id.as_str();
        let is_different = is_different(id);
        let says_nothing =
            |outcome: &Result<Result<(), Amiss>, String>| !matches!(outcome, Ok(Ok(())));
        let hangs_on_others = case
            .depends_on
            .iter()
            .any(|it| outcomes.get(it).is_some_and(says_nothing));
        let word = match &outcomes[id] {
            Err(required) => {
                missing.insert(required.clone());
                "not offered"
            }
            Ok(Ok(())) => "passed",
            Ok(Err(_)) if hangs_on_others => "says nothing",
            Ok(Err(Amiss::Setup(_))) => "says nothing",
            Ok(Err(Amiss::Failed(_))) => "failed",
        };
        *counts.entry((case.kind, word)).or_default() += 1;
        let is_wrong = word == "failed" && !is_different && case.kind != Importance::Check;
        if is_wrong || (is_different && word == "passed") {
            let _ok = writeln!(
                report,
                "{:?} {id} ({}) {word}: {} {:?}",
                case.kind, case.section, case.summary, outcomes[id]
            );
        }
    }
    println!("{counts:#?}");
    assert!(report.is_empty(), "{report}");
    let missing: BTreeSet<&str> = missing.iter().map(String::as_str).collect();
    assert_eq!(missing, not_offered);
}

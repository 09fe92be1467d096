//! What happens to a record under its second keys.

use crate::backend::Backend;
use cache_domains::{UserProfile, UserProfileCache};
use cache_runtime::{Cache, DomainCache};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

type Profiles = UserProfileCache<u64>;

fn profile(id: &str, email: &str, version: u64) -> UserProfile<u64> {
    UserProfile {
        id: id.to_owned(),
        email: Some(email.to_owned()),
        profile: version,
    }
}

/// What ends the first user under her second key.
const ENDS: [&str; 3] = ["the key", "a scope", "a pattern"];

async fn end(cache: &Cache, how: &str) {
    match how {
        "the key" => drop(cache.delete("user:~email:x:profile").await),
        "a scope" => drop(cache.invalidate("user:~email:*").await),
        _ => drop(cache.invalidate("user:~e*:profile").await),
    }
}

/// For as long as it takes to meet in the middle, on other threads.
const WHILE: Duration = Duration::from_secs(1);

/// Runs `work` again and again beside others who run `beside`.
async fn beside<F, G>(work: impl Fn() -> F, beside: impl Fn() -> G + Clone + Send + 'static)
where
    F: Future<Output = ()>,
    G: Future<Output = ()> + Send,
{
    let until = Instant::now() + WHILE;
    let others: Vec<_> = (0..3)
        .map(|_| {
            let beside = beside.clone();
            tokio::spawn(async move {
                while Instant::now() < until {
                    beside().await;
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    while Instant::now() < until {
        work().await;
    }
    for other in others {
        other.await.expect("no panic");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_refresh_does_not_outlive_the_end_of_a_second_key() {
    for how in ENDS {
        let backend = Backend::new().await;
        let cache = backend.cache();
        let profiles = Profiles::new(&cache);
        let truth = Arc::new(AtomicU64::new(0));
        let refreshes = {
            let (profiles, truth) = (profiles.clone(), Arc::clone(&truth));
            move || {
                let (profiles, truth) = (profiles.clone(), Arc::clone(&truth));
                async move {
                    let load =
                        async || Ok::<_, Infallible>(Some(profile("1", "x", truth.load(SeqCst))));
                    profiles.refresh("1", load).await.expect("no error");
                }
            }
        };
        let ends = || async {
            let now = truth.fetch_add(1, SeqCst) + 1;
            end(&cache, how).await;
            for found in [profiles.by_email("x").await, profiles.get("1").await] {
                let version = found.map(|it| it.profile);
                assert!(version.is_none_or(|version| version >= now), "{how}");
            }
        };
        beside(ends, refreshes).await;
    }
}

/// An address passes from one user to another, while the first is refreshed.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_second_key_leads_to_nobody_who_had_it_before() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let profiles = Profiles::new(&cache);
    let owner = Arc::new(AtomicU64::new(1));
    let refreshes = {
        let (profiles, owner) = (profiles.clone(), Arc::clone(&owner));
        move || {
            let (profiles, owner) = (profiles.clone(), Arc::clone(&owner));
            async move {
                let load = async || {
                    let email = (owner.load(SeqCst) == 1).then(|| "x".to_owned());
                    let user = UserProfile {
                        email,
                        ..profile("1", "x", 1)
                    };
                    Ok::<_, Infallible>(Some(user))
                };
                profiles.refresh("1", load).await.expect("no error");
            }
        }
    };
    let passes = || async {
        owner.store(2, SeqCst);
        let stored = profiles.put(&profile("2", "x", 2)).await;
        for _ in 0..3 {
            let found = profiles.by_email("x").await.map(|it| it.id);
            assert_ne!(found.as_deref(), Some("1"), "stored: {stored}");
        }
        owner.store(1, SeqCst);
        profiles.invalidate("2").await;
    };
    beside(passes, refreshes).await;
}

/// Loads the first user by `by`, and while she is loaded, does `meanwhile`.
async fn loading(profiles: &Profiles, by: &str, meanwhile: impl Future<Output = ()>) {
    let (begun, begins) = oneshot::channel();
    let (go_on, goes_on) = oneshot::channel();
    let load = || async {
        begun.send(()).expect("somebody waits");
        goes_on.await.expect("it is told");
        Ok::<_, Infallible>(Some(profile("1", "x", 1)))
    };
    let other = async {
        begins.await.expect("it begins");
        meanwhile.await;
        go_on.send(()).expect("it waits");
    };
    let loads = async {
        match by {
            "key" => profiles.get_or_load("1", load).await,
            _ => profiles.by_email_or_load("x", load).await,
        }
    };
    let (loaded, ()) = tokio::join!(loads, other);
    assert_eq!(loaded, Ok(Some(profile("1", "x", 1))));
}

/// The other key is known only when the record is.
#[tokio::test]
async fn a_load_does_not_outlive_the_end_of_the_other_key() {
    for (by, how) in [
        ("key", ENDS[0]),
        ("key", ENDS[1]),
        ("key", ENDS[2]),
        ("email", "the first key"),
    ] {
        let backend = Backend::new().await;
        let cache = backend.cache();
        let profiles = Profiles::new(&cache);
        let ends = async {
            match how {
                "the first key" => drop(cache.delete("user:1:profile").await),
                how => end(&cache, how).await,
            }
        };
        loading(&profiles, by, ends).await;
        assert_eq!(
            profiles.by_email("x").await,
            None,
            "{how} during a load by {by}"
        );
        assert_eq!(profiles.get("1").await, None, "{how} during a load by {by}");
    }
}

/// What she was put with is younger than what is loaded.
#[tokio::test]
async fn a_load_by_a_second_key_does_not_outlive_a_put() {
    let backend = Backend::new().await;
    let profiles = Profiles::new(&backend.cache());
    let puts = async { assert!(profiles.put(&profile("1", "y", 2)).await) };
    loading(&profiles, "email", puts).await;
    assert_eq!(profiles.by_email("x").await, None);
    assert_eq!(profiles.get("1").await, Some(profile("1", "y", 2)));
}

#[tokio::test]
async fn the_end_of_a_record_is_its_end_under_every_key() {
    let backend = Backend::new().await;
    let profiles = Profiles::new(&backend.cache());
    let load = async || Ok::<_, Infallible>(Some(profile("1", "x", 1)));
    profiles.get_or_load("1", load).await.expect("no error");
    assert!(profiles.by_email("x").await.is_some());
    profiles.invalidate("1").await;
    assert_eq!(profiles.by_email("x").await, None);
}

/// Of which a part cannot be written for a server, if that is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "measured", ttl = "5m", codec = json)]
struct Measured {
    #[cache(key)]
    id: u32,
    #[cache(lookup)]
    place: String,
    value: f64,
    #[cache(tags)]
    tags: Vec<String>,
}

/// What could not be stored is younger than what stands under any of its keys.
#[tokio::test]
async fn a_put_that_stores_nothing_leaves_nothing() {
    let measured = |value: f64, tags: usize| Measured {
        id: 1,
        place: "here".to_owned(),
        value,
        tags: (0..tags).map(|tag| format!("tag:{tag}")).collect(),
    };
    let backend = Backend::new().await;
    let cache = MeasuredCache::new(&backend.cache());
    for new in [measured(f64::NAN, 0), measured(1.0, 5_000)] {
        assert!(cache.put(&measured(1.0, 1)).await);
        assert!(cache.by_place("here").await.is_some());
        // An embedded cache encodes nothing, and has no limit.
        let stored = cache.put(&new).await;
        let found = [cache.by_place("here").await, cache.get(&1).await];
        for found in found {
            assert_eq!(found.is_some(), stored, "{found:?}");
            assert!(found.is_none_or(|it| it.tags == new.tags));
        }
    }
}

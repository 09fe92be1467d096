//! What goes wrong beside the items: lists, whoever looks on, a cache that stores nothing. In virtual time.

use cache_runtime::warm::{Job, Outcome, Warmer};
use cache_runtime::{Cache, DomainCache, Invalidations, bypass, cached};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(start_paused = true)]
async fn a_list_that_panics_is_made_again_at_the_next_turn() {
    let made = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&made);
    let list = move || {
        let nth = counter.fetch_add(1, SeqCst);
        async move {
            assert!(nth > 0, "not yet");
            vec![1, 2]
        }
    };
    let job = Job::new("job", list, |_: u32| std::future::ready(()));
    let warming = Warmer::new(&Cache::in_memory())
        .job(job.every(MINUTE).at_start())
        .start();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let last = warming.last();
    assert!(matches!(last[0].outcome, Outcome::NoList(_)), "{}", last[0]);
    assert!(last[0].to_string().contains("panicked"), "{}", last[0]);
    tokio::time::sleep(MINUTE).await;
    assert_eq!(warming.last()[0].outcome, Outcome::Done);
}

#[tokio::test]
async fn who_looks_on_does_not_end_a_job() {
    let list = || std::future::ready(vec![1, 2, 3]);
    let job = Job::new("job", list, |_: u32| std::future::ready(()));
    let warming = Warmer::new(&Cache::in_memory())
        .job(job)
        .on_progress(|progress| assert!(progress.done != 2, "two"))
        .start();
    let summary = warming.run("job").await.expect("the job");
    assert_eq!(summary.outcome, Outcome::Done);
    assert_eq!(summary.report.warmed, 3);
}

#[cached(ttl = "1h", cache = cache, key = "counted:{id}", skip(cache, runs))]
async fn counted(cache: &Cache, runs: &AtomicUsize, id: u32) -> Result<u32, String> {
    runs.fetch_add(1, SeqCst);
    Ok(id)
}

/// Nobody is asked for what could not be stored.
pub(crate) async fn is_not_warmed(cache: &Cache, why: Outcome) {
    let runs = Arc::new(AtomicUsize::new(0));
    let each = {
        let (cache, runs) = (cache.clone(), Arc::clone(&runs));
        move |id| {
            let (cache, runs) = (cache.clone(), Arc::clone(&runs));
            async move { counted(&cache, &runs, id).await }
        }
    };
    let list = || std::future::ready(vec![1, 2]);
    let warming = Warmer::new(cache)
        .job(Job::new("job", list, each.clone()))
        .start();
    let summary = warming.run("job").await.expect("the job");
    assert_eq!(summary.outcome, why, "{summary}");
    let summary = warming.warm("by hand", [1, 2], each).await;
    assert_eq!(summary.outcome, why, "{summary}");
    let report = cache
        .warm(["a", "b"], |_| async { Ok::<_, String>(1) })
        .await;
    assert_eq!((report.warmed, report.failed), (0, 2));
    assert_eq!(runs.load(SeqCst), 0);
}

#[tokio::test]
async fn with_a_cache_that_is_switched_off_nothing_is_warmed() {
    is_not_warmed(&Cache::disabled(), Outcome::Off).await;
}

#[derive(Clone, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "warmed")]
struct Thing {
    #[cache(key)]
    id: u32,
}

/// Nor what is not committed, or what is to go past the cache.
#[tokio::test]
async fn inside_of_a_transaction_nothing_is_warmed() {
    let cache = crate::backend::Backend::new().await.cache();
    let all = async {
        is_not_warmed(&cache, Outcome::Off).await;
        let load = |id| async move { Ok::<_, String>(Some(Thing { id })) };
        let report = ThingCache::new(&cache).warm([1, 2], load).await;
        assert_eq!((report.warmed, report.failed), (0, 2));
    };
    let mut invalidations = Invalidations::of(&cache);
    invalidations.collect(all).await;
    assert!(!cache.contains("a").await && !cache.contains("warmed:1").await);
    bypass(is_not_warmed(&cache, Outcome::Off)).await;
    assert!(!cache.contains("a").await);
}

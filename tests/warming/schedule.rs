//! When jobs run. In virtual time, but for those that go by the time of day.

use cache_runtime::Cache;
use cache_runtime::warm::{Job, Warmer};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

/// A job that counts its runs.
fn counting() -> (Job, Arc<AtomicUsize>) {
    let runs = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&runs);
    let list = move || {
        counter.fetch_add(1, SeqCst);
        std::future::ready(Vec::<u32>::new())
    };
    (Job::new("job", list, |_| std::future::ready(())), runs)
}

async fn pass(seconds: u64) {
    // A moment more, for who wakes then.
    tokio::time::sleep(Duration::from_secs(seconds) + Duration::from_millis(1)).await;
}

#[tokio::test(start_paused = true)]
async fn at_intervals_and_when_it_starts() {
    for (at_start, expected) in [(false, [0, 1, 4]), (true, [1, 2, 5])] {
        let (job, runs) = counting();
        let job = job.every(Duration::from_secs(60));
        let job = if at_start { job.at_start() } else { job };
        let warming = Warmer::new(&Cache::in_memory()).job(job).start();
        pass(1).await;
        let mut seen = vec![runs.load(SeqCst)];
        for seconds in [60, 180] {
            pass(seconds).await;
            seen.push(runs.load(SeqCst));
        }
        assert_eq!(seen, expected);
        warming.stop().await;
        pass(600).await;
        assert_eq!(runs.load(SeqCst), expected[2], "stopped");
    }
}

#[tokio::test(start_paused = true)]
async fn only_when_it_is_asked_to() {
    let (job, runs) = counting();
    let warming = Warmer::new(&Cache::in_memory()).job(job).start();
    pass(3_600).await;
    assert_eq!(runs.load(SeqCst), 0);
    warming.run("job").await.expect("the job");
    assert_eq!(runs.load(SeqCst), 1);
    drop(warming);
}

/// A run that takes longer than its interval leaves out those that it misses.
#[tokio::test(start_paused = true)]
async fn a_long_run_is_not_run_beside_itself() {
    let list = || std::future::ready(vec![1]);
    let runs = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&runs);
    let job = Job::new("job", list, move |_| {
        counter.fetch_add(1, SeqCst);
        tokio::time::sleep(Duration::from_secs(90))
    });
    let job = job.every(Duration::from_secs(60));
    let _warming = Warmer::new(&Cache::in_memory()).job(job).start();
    // At 60 and, since 120 is missed, at 180.
    pass(299).await;
    assert_eq!(runs.load(SeqCst), 2);
}

#[cfg(feature = "cron")]
#[tokio::test]
async fn at_the_times_of_a_pattern() {
    let (job, runs) = counting();
    let job = job.cron("* * * * * *").expect("every second");
    let _warming = Warmer::new(&Cache::in_memory()).job(job).start();
    let twice = async {
        while runs.load(SeqCst) < 2 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let patience = Duration::from_secs(20);
    tokio::time::timeout(patience, twice)
        .await
        .expect("every second");
}

//! How much at a time, and how fast. In virtual time.

use cache_runtime::Cache;
use cache_runtime::warm::{Job, Warmer};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

/// A job of 20 items of a second each, and how many of them there were at once.
fn job(name: &str) -> (Job, Arc<AtomicUsize>) {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let highest = Arc::clone(&most);
    let list = || std::future::ready((0..20).collect::<Vec<u32>>());
    let job = Job::new(name, list, move |_| {
        let (now, most) = (Arc::clone(&now), Arc::clone(&most));
        async move {
            most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
            tokio::time::sleep(Duration::from_secs(1)).await;
            now.fetch_sub(1, SeqCst);
        }
    });
    (job, highest)
}

fn seconds(since: Instant) -> u64 {
    since.elapsed().as_secs()
}

#[tokio::test(start_paused = true)]
async fn so_many_at_a_time() {
    let (job, most) = job("job");
    let warming = Warmer::new(&Cache::in_memory())
        .job(job.concurrency(4))
        .start();
    let began = Instant::now();
    warming.run("job").await.expect("the job");
    assert_eq!((most.load(SeqCst), seconds(began)), (4, 5));
}

#[tokio::test(start_paused = true)]
async fn so_many_at_a_time_of_all_jobs() {
    let (one, most_of_one) = job("one");
    let (other, most_of_other) = job("other");
    let jobs = Warmer::new(&Cache::in_memory()).job(one).job(other);
    let warming = jobs.concurrency(5).start();
    let began = Instant::now();
    tokio::join!(warming.run("one"), warming.run("other"));
    assert_eq!(seconds(began), 8, "40 items, 5 at a time");
    assert!(most_of_one.load(SeqCst) + most_of_other.load(SeqCst) <= 10);
}

#[tokio::test(start_paused = true)]
async fn so_many_a_second() {
    let (job, _) = job("job");
    let warming = Warmer::new(&Cache::in_memory())
        .job(job.concurrency(20).per_second(2.0))
        .start();
    let began = Instant::now();
    warming.run("job").await.expect("the job");
    assert_eq!(seconds(began), 10, "the last begins after 9.5 seconds");
}

#[tokio::test(start_paused = true)]
async fn so_many_a_second_of_all_jobs() {
    let (one, _) = job("one");
    let (other, _) = job("other");
    let jobs = Warmer::new(&Cache::in_memory())
        .job(one.concurrency(20))
        .job(other.concurrency(20));
    let warming = jobs.concurrency(100).per_second(4.0).start();
    let began = Instant::now();
    tokio::join!(warming.run("one"), warming.run("other"));
    assert_eq!(
        seconds(began),
        10,
        "40 items, the last begins after 9.75 seconds"
    );
}

/// When each of the items begins, in milliseconds since the job did, beside a job that leaves no room for ten seconds.
#[tokio::test(start_paused = true)]
async fn who_had_to_wait_for_room_keeps_its_rate() {
    let begun: Arc<Mutex<Vec<Duration>>> = Arc::default();
    let began = Instant::now();
    let note = Arc::clone(&begun);
    let list = || std::future::ready((0..4).collect::<Vec<u32>>());
    let paced = Job::new("paced", list, move |_| {
        note.lock().expect("no panic").push(began.elapsed());
        std::future::ready(())
    });
    let long = Job::new(
        "long",
        || std::future::ready(vec![1]),
        |_: u32| async {
            tokio::time::sleep(Duration::from_secs(10)).await;
        },
    );
    let warming = Warmer::new(&Cache::in_memory())
        .job(paced.concurrency(20).per_second(2.0))
        .job(long)
        .concurrency(1)
        .start();
    let (long, paced) = (warming.run("long"), warming.run("paced"));
    tokio::join!(long, paced);
    let begun = begun.lock().expect("no panic");
    let gaps: Vec<_> = begun.windows(2).map(|it| it[1] - it[0]).collect();
    assert!(gaps.iter().all(|gap| gap.as_millis() >= 499), "{gaps:?}");
}

/// Whoever is given up has not begun.
#[tokio::test(start_paused = true)]
async fn who_gives_up_takes_nobodys_place() {
    let (job, _) = job("job");
    let warming = Warmer::new(&Cache::in_memory())
        .job(job)
        .per_second(1.0)
        .start();
    for _ in 0..100 {
        let login = warming.warm("a login", 0..8, |_: u32| std::future::ready(()));
        let given_up = tokio::time::timeout(Duration::from_millis(1), login).await;
        assert!(given_up.is_err());
    }
    let began = Instant::now();
    warming
        .warm("a login", [1], |_: u32| std::future::ready(()))
        .await;
    assert!(seconds(began) <= 1, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_rate_of_next_to_nothing_is_no_rate_without_limit() {
    for rate in [1e-12, 1e-19, 1e-30] {
        let (job, _) = job("job");
        let warming = Warmer::new(&Cache::in_memory())
            .job(job.per_second(rate))
            .start();
        let run = tokio::time::timeout(Duration::from_secs(3_600), warming.run("job")).await;
        assert!(run.is_err(), "{rate}");
    }
}

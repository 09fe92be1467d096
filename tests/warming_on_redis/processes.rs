//! One process among all runs a turn of a job.

use crate::backend::process;
use cache_runtime::warm::{Job, Outcome, Warmer, Warming};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use test_servers::{Deployment, Reply, wait_until};

const PATIENCE: Duration = Duration::from_secs(20);

/// A process with a job that runs every second.
async fn warmer(server: &Deployment, runs: &Arc<AtomicUsize>) -> Warming {
    let every_second = |job: Job| job.every(Duration::from_secs(1));
    with(server, runs, every_second).await
}

async fn with(server: &Deployment, runs: &Arc<AtomicUsize>, when: fn(Job) -> Job) -> Warming {
    let runs = Arc::clone(runs);
    let list = move || {
        runs.fetch_add(1, SeqCst);
        std::future::ready(Vec::<u32>::new())
    };
    let job = Job::new("job", list, |_| std::future::ready(()));
    Warmer::new(&process(server).await).job(when(job)).start()
}

#[tokio::test]
async fn of_several_processes_one_runs_each_turn() {
    one_of_four_runs(|job| job.every(Duration::from_secs(1))).await;
}

#[cfg(feature = "cron")]
#[tokio::test]
async fn of_several_processes_one_runs_at_each_time_of_a_pattern() {
    one_of_four_runs(|job| job.cron("* * * * * *").expect("every second")).await;
}

async fn one_of_four_runs(when: fn(Job) -> Job) {
    let server = Deployment::start().await;
    let runs = Arc::new(AtomicUsize::new(0));
    let mut processes = Vec::new();
    for _ in 0..4 {
        processes.push(with(&server, &runs, when).await);
    }
    let began = std::time::Instant::now();
    let enough = async || runs.load(SeqCst) >= 4;
    wait_until("four turns", PATIENCE, enough).await;
    let turns = began.elapsed().as_secs() as usize + 2;
    let ran = runs.load(SeqCst);
    assert!(ran <= turns, "{ran} runs in at most {turns} turns");
    let others = async || {
        let last = processes.iter().flat_map(Warming::last);
        last.filter(|it| it.outcome == Outcome::Elsewhere).count() >= 3
    };
    wait_until("the others know", PATIENCE, others).await;
}

/// A process that ends leaves the next turn to others.
#[tokio::test]
async fn who_ends_is_replaced() {
    let server = Deployment::start().await;
    let runs = Arc::new(AtomicUsize::new(0));
    let (one, _other) = (warmer(&server, &runs).await, warmer(&server, &runs).await);
    wait_until("a turn", PATIENCE, async || runs.load(SeqCst) >= 1).await;
    one.stop().await;
    let before = runs.load(SeqCst);
    wait_until("further turns", PATIENCE, async || {
        runs.load(SeqCst) >= before + 2
    })
    .await;
}

#[tokio::test]
async fn without_the_server_no_turn_is_run() {
    let server = Deployment::start().await;
    let runs = Arc::new(AtomicUsize::new(0));
    let process = warmer(&server, &runs).await;
    wait_until("a turn", PATIENCE, async || runs.load(SeqCst) >= 1).await;
    server.kill();
    let told = async || {
        process
            .last()
            .iter()
            .any(|it| it.outcome == Outcome::Unavailable)
    };
    wait_until("it is told", PATIENCE, told).await;
    let before = runs.load(SeqCst);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(runs.load(SeqCst), before);
    server.restart().await;
    wait_until("a turn", PATIENCE, async || runs.load(SeqCst) > before).await;
}

#[tokio::test]
async fn without_the_server_nothing_is_warmed_by_hand() {
    let server = Deployment::start().await;
    let cache = process(&server).await;
    server.kill();
    let gone = async || cache.health().await.redis.is_none_or(|it| !it.connected);
    wait_until("it is noticed", PATIENCE, gone).await;
    crate::amiss::is_not_warmed(&cache, Outcome::Unavailable).await;
}

/// Of two processes one begins a turn, and dies before it has ended. There is no further turn.
#[tokio::test]
async fn a_turn_whose_process_has_died_is_run_by_another() {
    let server = Deployment::start().await;
    let begun = Arc::new(AtomicUsize::new(0));
    let start = async |hangs: bool| {
        let begun = Arc::clone(&begun);
        let list = move || {
            begun.fetch_add(1, SeqCst);
            async move {
                if hangs {
                    std::future::pending::<()>().await;
                }
                vec![1]
            }
        };
        let job = Job::new("job", list, |_: u32| std::future::ready(()));
        Warmer::new(&process(&server).await)
            .job(job.at_start())
            .start()
    };
    // Who starts in one minute means the same turn.
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970");
    let left = 60 - now.as_secs() % 60;
    if left < 10 {
        tokio::time::sleep(Duration::from_secs(left)).await;
    }
    let one = start(true).await;
    wait_until("it begins", PATIENCE, async || begun.load(SeqCst) == 1).await;
    let other = start(false).await;
    let told = async || {
        other
            .last()
            .iter()
            .any(|it| it.outcome == Outcome::Elsewhere)
    };
    wait_until("the other knows", PATIENCE, told).await;
    // It is kept for as long as it takes.
    tokio::time::sleep(Duration::from_secs(12)).await;
    assert_eq!(begun.load(SeqCst), 1);
    one.stop().await;
    let run = async || other.last().iter().any(|it| it.outcome == Outcome::Done);
    wait_until("the other runs it", PATIENCE, run).await;
    let turns = server.command(&["KEYS", "~job:job:*"]).await;
    let Reply::Array(turns) = turns else {
        panic!("{turns:?}")
    };
    let [Reply::Bulk(turn)] = &turns[..] else {
        panic!("{turns:?}")
    };
    let turn = str::from_utf8(turn).expect("a name");
    let is_run = async || matches!(server.command(&["GET", turn]).await, Reply::Bulk(state) if state == b"run");
    wait_until("it is known to have been run", PATIENCE, is_run).await;
    assert_eq!(begun.load(SeqCst), 2);
}

/// What is to run at the start runs when the server is there.
#[tokio::test]
async fn without_the_server_the_start_is_put_off() {
    let server = Deployment::start().await;
    let runs = Arc::new(AtomicUsize::new(0));
    let cache = process(&server).await;
    server.kill();
    let gone = async || cache.health().await.redis.is_none_or(|it| !it.connected);
    wait_until("it is noticed", PATIENCE, gone).await;
    let counter = Arc::clone(&runs);
    let list = move || {
        counter.fetch_add(1, SeqCst);
        std::future::ready(vec![1])
    };
    let job = Job::new("job", list, |_: u32| std::future::ready(()));
    let warming = Warmer::new(&cache).job(job.at_start()).start();
    let told = async || {
        warming
            .last()
            .iter()
            .any(|it| it.outcome == Outcome::Unavailable)
    };
    wait_until("it is told", PATIENCE, told).await;
    assert_eq!(runs.load(SeqCst), 0);
    server.restart().await;
    wait_until("it runs", PATIENCE, async || runs.load(SeqCst) == 1).await;
}

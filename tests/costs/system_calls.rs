//! System calls of a hit, counted by strace over this very program: a hundred thousand hits make as many as none.

use cache_runtime::cached;
use std::process::Command;
use std::sync::Arc;

const HITS: &str = "COUNT_SYSTEM_CALLS_OF_HITS";

#[cached(ttl = "1h", key = "user:{id}", tags = ["user:{id}"])]
async fn user(id: u64) -> Arc<u64> {
    Arc::new(id)
}

/// Run by [`a_hit_makes_no_system_call`] under strace, with the number of hits in the environment.
#[test]
fn make_hits() {
    let hits = std::env::var(HITS).ok().and_then(|hits| hits.parse().ok());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.expect("a runtime").block_on(async {
        for _ in 0..=hits.unwrap_or(1u32) {
            assert_eq!(*user(1).await, 1);
        }
    });
}

fn system_calls(hits: u32) -> usize {
    let log =
        std::env::temp_dir().join(format!("cache-system-calls-{}-{hits}", std::process::id()));
    let status = Command::new("strace")
        .args(["--follow-forks", "--quiet=all", "--output"])
        .arg(&log)
        .arg(std::env::current_exe().expect("this program"))
        .args(["--exact", "system_calls::make_hits", "--test-threads=1"])
        .env(HITS, hits.to_string())
        .env("RUST_BACKTRACE", "0")
        .output()
        .expect("strace is installed (tests/run installs it)");
    assert!(
        status.status.success(),
        "{}",
        String::from_utf8_lossy(&status.stderr)
    );
    let calls = std::fs::read_to_string(&log)
        .expect("strace wrote its log")
        .lines()
        .count();
    let _ = std::fs::remove_file(&log);
    calls
}

#[test]
fn a_hit_makes_no_system_call() {
    let (few, many) = (system_calls(0), system_calls(100_000));
    // Threads of the test harness start in a different order each time: a handful of calls more or less.
    assert!(
        many < few + 1_000,
        "{few} system calls without hits, {many} with 100,000"
    );
}

//! A soak: several processes read, write and invalidate shared rows through one Redis server, while that is killed,
//! paused, cut off, emptied and put back to an older state, and while processes are cut off or stand still. With strict
//! consistency no read is older than the last invalidation that had been delivered before it began; with a bound, than
//! the last that had been delivered that long before, or by the same process.
//!
//! ```text
//! cargo test --test soak                         # the short form
//! SOAK_OPERATIONS=1000000 cargo test --test soak # the long one
//! ```
//!
//! This program is the parent, which owns the server and breaks it, and with `--worker` one of its children.
//! Everything happens on loopback, and ends when the operations are done, or the time is up.

mod faults;
mod functions;
mod promise;
mod random;
mod truth;
mod worker;

use faults::Faults;
use promise::Promise;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use test_servers::{Proxy, RedisServer};
use truth::Truth;

const WORKERS: usize = 4;
/// Of all workers together; `SOAK_OPERATIONS` in the environment makes it longer.
const OPERATIONS: u64 = 100_000;
/// No worker takes longer, whatever it has done by then.
const LONGEST: Duration = Duration::from_secs(90);
/// What is kept in a process is read so fast that there would be no time for faults.
const MORE_IF_BOUNDED: u64 = 8;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime");
    match arguments.first().map(String::as_str) {
        Some("--worker") => runtime.block_on(worker::run(&arguments[1..])),
        // What test runners ask every test program.
        Some("--list") => {
            println!("soak: test");
            ExitCode::SUCCESS
        }
        _ => runtime.block_on(parent()),
    }
}

async fn parent() -> ExitCode {
    let operations: u64 = match std::env::var("SOAK_OPERATIONS") {
        Ok(text) => text.parse().expect("SOAK_OPERATIONS is a number"),
        Err(_) => OPERATIONS,
    };
    let longest = LONGEST * u32::try_from(operations.div_ceil(OPERATIONS)).expect("not that many");
    let strict = soak(Promise::Strict, operations, longest).await;
    let bounded = soak(Promise::Bounded, MORE_IF_BOUNDED * operations, longest).await;
    if strict && bounded {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Whether all went well.
async fn soak(promise: Promise, operations: u64, longest: Duration) -> bool {
    println!(
        "soak, {promise}: {operations} operations by {WORKERS} processes, at most {longest:?}"
    );
    let server = RedisServer::builder()
        .arg("--maxmemory-policy", "allkeys-lru")
        .start()
        .await;
    let mut proxies = Vec::new();
    for _ in 0..WORKERS {
        proxies.push(Proxy::start(server.port()).await);
    }
    let truth = Truth::create();
    let began = Instant::now();
    let mut workers: Vec<Child> = Vec::new();
    for (number, proxy) in proxies.iter().enumerate() {
        workers.push(
            Command::new(std::env::current_exe().expect("this program"))
                .args(["--worker", promise.name()])
                .args([
                    number.to_string(),
                    (operations / WORKERS as u64).to_string(),
                    longest.as_secs().to_string(),
                ])
                .args([proxy.url(), truth.path()])
                .stdin(Stdio::null())
                .spawn()
                .expect("a child"),
        );
    }
    let done = Faults::new(&server, &proxies, &mut workers);
    let done = done.make_while_they_work().await;
    let codes: Vec<_> = workers
        .iter_mut()
        .map(|worker| worker.wait().expect("a child"))
        .collect();
    println!("soak, {promise}: {done} in {:.1?}", began.elapsed());
    let is_well = codes.iter().all(std::process::ExitStatus::success);
    if !is_well {
        eprintln!("soak, {promise}: a worker has failed: {codes:?}");
    }
    is_well
}

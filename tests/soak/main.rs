//! A soak: several processes read, write and invalidate shared rows through one Redis server, while that is killed,
//! paused, cut off, emptied and put back to an older state. No read is older than the last invalidation that had been
//! delivered before it began.
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
mod random;
mod truth;
mod worker;

use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use test_servers::{Proxy, RedisServer};
use truth::Truth;

const WORKERS: usize = 4;
/// Of all workers together; `SOAK_OPERATIONS` in the environment makes it longer.
const OPERATIONS: u64 = 100_000;
/// No worker takes longer, whatever it has done by then.
const LONGEST: Duration = Duration::from_secs(90);

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
    let share = operations / WORKERS as u64;
    let longest = LONGEST * u32::try_from(operations.div_ceil(OPERATIONS)).expect("not that many");
    println!("soak: {operations} operations by {WORKERS} processes, at most {longest:?}");
    let server = RedisServer::builder()
        .arg("--maxmemory-policy", "allkeys-lru")
        .start()
        .await;
    let proxy = Proxy::start(server.port()).await;
    let truth = Truth::create();
    let began = Instant::now();
    let mut workers: Vec<Child> = (0..WORKERS)
        .map(|number| start(number, share, longest, &proxy, &truth))
        .collect();
    let done = faults::make_until(&server, &proxy, || workers.iter_mut().all(has_ended)).await;
    let codes: Vec<_> = workers
        .iter_mut()
        .map(|worker| worker.wait().expect("a child"))
        .collect();
    println!("soak: {done} in {:.1?}", began.elapsed());
    if codes.iter().all(std::process::ExitStatus::success) {
        ExitCode::SUCCESS
    } else {
        eprintln!("soak: a worker has failed: {codes:?}");
        ExitCode::FAILURE
    }
}

fn start(number: usize, share: u64, longest: Duration, proxy: &Proxy, truth: &Truth) -> Child {
    Command::new(std::env::current_exe().expect("this program"))
        .arg("--worker")
        .args([
            number.to_string(),
            share.to_string(),
            longest.as_secs().to_string(),
        ])
        .args([proxy.url(), truth.path()])
        .stdin(Stdio::null())
        .spawn()
        .expect("a child")
}

fn has_ended(worker: &mut Child) -> bool {
    worker.try_wait().expect("a child").is_some()
}

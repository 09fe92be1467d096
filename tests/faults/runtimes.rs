//! The Tokio runtime in which a cache was made ends, and the cache does not.

use crate::world::{By, Call, Database, Process};
use std::sync::Arc;
use test_servers::RedisServer;
use tokio::runtime::{Builder, Runtime};

#[test]
fn a_cache_goes_on_in_another_runtime() {
    let database = Database::new();
    let servers = in_the_background();
    let server = servers.block_on(RedisServer::start());
    let first = alone();
    let process = first.block_on(Process::start(server.url(), &database));
    first.block_on(process.until_hit(7));
    drop(first);
    for _ in 0..2 {
        let next = alone();
        next.block_on(async {
            process.read(7).await;
            process.until_hit(7).await;
            process.write(7, By::Tag).await;
            process.until_hit(7).await;
        });
    }
}

#[test]
fn calls_of_other_runtimes_outlive_the_one_that_has_the_connections() {
    let database = Database::new();
    let others = in_the_background();
    let server = others.block_on(RedisServer::start());
    let first = in_the_background();
    let process = first.block_on(Process::start(server.url(), &database));
    let reading = Arc::clone(&process);
    let reader = others.spawn(async move {
        for round in 0..2_000 {
            reading.read(round % 8).await;
        }
    });
    first.block_on(process.until_hit(7));
    first.shutdown_background();
    others.block_on(async {
        reader.await.expect("no call fails or hangs");
        process.until_hit(7).await;
    });
}

/// Reads of several tasks travel together, and one of these tasks sends them. It can be gone before it does.
#[test]
fn a_read_does_not_wait_for_a_runtime_that_has_ended() {
    let (database, others) = (Database::new(), in_the_background());
    let server = others.block_on(RedisServer::start());
    let process = others.block_on(Process::start(server.url(), &database));
    others.block_on(process.until_hit(7));
    let ending = alone();
    begin_to_read(&ending, &process);
    drop(ending);
    for _ in 0..3 {
        let call = others.block_on(process.read(7));
        assert_eq!(call.value, 1);
    }
    others.block_on(process.until_hit(7));
}

/// Nor for one that nobody drives any more.
#[test]
fn a_read_does_not_wait_for_a_runtime_that_stands_still() {
    let (database, others) = (Database::new(), in_the_background());
    let server = others.block_on(RedisServer::start());
    let process = others.block_on(Process::start(server.url(), &database));
    others.block_on(process.until_hit(7));
    let standing_still = alone();
    begin_to_read(&standing_still, &process);
    for _ in 0..3 {
        let call: Call = others.block_on(process.read(7));
        assert_eq!(call.value, 1);
    }
    others.block_on(process.until_hit(7));
    drop(standing_still);
}

/// Lets a task take its first step, in which it offers others to read for them.
fn begin_to_read(runtime: &Runtime, process: &Arc<Process>) {
    let process = Arc::clone(process);
    let began = Arc::new(tokio::sync::Notify::new());
    let begins = Arc::clone(&began);
    runtime.spawn(async move {
        begins.notify_one();
        process.read(7).await;
    });
    runtime.block_on(began.notified());
}

/// A runtime that only runs while somebody waits for something in it.
fn alone() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// A runtime that runs by itself.
fn in_the_background() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
}

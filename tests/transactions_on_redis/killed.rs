//! A process that is killed between its commit and its invalidation.

use crate::database::{File, Session};
use crate::world::PATIENCE;
use cache_runtime::{Cache, Consistency, Delivery, Invalidations, Outbox};
use std::env;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use test_servers::{RedisServer, wait_until};

/// Name the server and the database to a process of this program that another test has started.
const SERVER: &str = "SERVER_OF_THE_PROCESS";
const DATABASE: &str = "DATABASE_OF_THE_PROCESS";

/// A cache that sees at once what others have invalidated.
async fn cache(url: String) -> Cache {
    let cache = Cache::builder()
        .redis(url)
        .consistency(Consistency::Strict)
        .operation_timeout(Duration::from_secs(5));
    cache.build().await.expect("a valid configuration")
}

/// A process of its own, which ends with the test.
struct Process(Child);

impl Process {
    fn start(role: &str, server: &RedisServer, file: &File) -> Self {
        let program = env::current_exe().expect("this test program");
        let child = Command::new(program)
            .args(["--exact", &format!("killed::{role}"), "--ignored"])
            .env(SERVER, server.url())
            .env(DATABASE, file.path())
            .stdout(Stdio::null())
            .spawn();
        Process(child.expect("it starts"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn what_it_has_committed_is_delivered_when_it_is_started_again() {
    let (server, file) = (RedisServer::start().await, File::create());
    let database = file.session();
    database.rename(1, "Ada");
    let reader = cache(server.url()).await;
    let read = || {
        let database = database.clone();
        reader.get_or_set("name:1", move || async move { database.name(1) })
    };
    assert_eq!(read().await, "Ada");
    assert_eq!(reader.get::<String>("name:1").await.as_deref(), Some("Ada"));

    let mut doomed = Process::start("commits_and_delivers_nothing", &server, &file);
    let has_committed = || async { database.name(1) == "Grace" };
    wait_until("it has committed", PATIENCE, has_committed).await;
    // `kill -9`.
    doomed.0.kill().expect("it lives");
    let status = doomed.0.wait().expect("it has ended");
    assert!(!status.success());
    assert_eq!(read().await, "Ada", "the old name is still in the cache");
    assert_eq!(database.left(), ["key name:1"]);

    let mut restarted = Process::start("delivers_before_it_serves", &server, &file);
    let ended = || {
        let status = restarted.0.try_wait().expect("it was started");
        async move { status.is_some() }
    };
    wait_until("it has delivered", PATIENCE, ended).await;
    assert_eq!(read().await, "Grace");
    assert!(database.left().is_empty());
}

#[tokio::test]
async fn another_process_that_runs_an_outbox_delivers_it_too() {
    let (server, file) = (RedisServer::start().await, File::create());
    let database = file.session();
    database.rename(1, "Ada");
    let reader = cache(server.url()).await;
    let outbox = Outbox::new(&reader, file.session());
    let running = tokio::spawn(outbox.run(Duration::from_millis(50)));
    assert!(reader.set("name:1", "Ada".to_owned()).await);
    let mut doomed = Process::start("commits_and_delivers_nothing", &server, &file);
    let has_committed = || async { database.name(1) == "Grace" };
    wait_until("it has committed", PATIENCE, has_committed).await;
    doomed.0.kill().expect("it lives");
    let is_gone = || async { !reader.contains("name:1").await };
    wait_until("it is delivered", PATIENCE, is_gone).await;
    running.abort();
}

/// What the environment names, in a process that a test has started.
fn told() -> Option<(String, Session)> {
    let (url, file) = (env::var(SERVER).ok()?, env::var_os(DATABASE)?);
    Some((url, Session::open(Path::new(&file))))
}

#[tokio::test]
#[ignore = "started by another test, in a process of its own"]
async fn commits_and_delivers_nothing() {
    let Some((url, database)) = told() else {
        return;
    };
    let cache = cache(url).await;
    let mut invalidations = Invalidations::of(&cache);
    database.run("BEGIN IMMEDIATE");
    invalidations
        .collect(async {
            database.rename(1, "Grace");
            cache.delete("name:1").await;
        })
        .await;
    database.leave(&invalidations.lines_of(&cache));
    let commit = async {
        database.run("COMMIT");
        // It is killed here.
        std::future::pending::<()>().await;
    };
    invalidations.commit(commit).await;
}

#[tokio::test]
#[ignore = "started by another test, in a process of its own"]
async fn delivers_before_it_serves() {
    let Some((url, database)) = told() else {
        return;
    };
    let outbox = Outbox::new(&cache(url).await, database);
    let report = outbox.deliver_pending().await.expect("a database");
    assert_eq!(
        (report.delivered, report.delivery),
        (1, Delivery::Delivered)
    );
}

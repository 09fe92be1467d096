//! A deploy as it is: processes of the old version are killed in the middle of what they do, one after the other, and
//! processes of the new one take their places; and back again. What is true stands on a server of its own.

use crate::world::{BOUND, By, Dice, PATIENCE, Promise, ROWS};
use cache_runtime::{Cache, Delivery, cached, key};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::env;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use test_servers::{Connection, RedisServer, Reply, wait_until};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

/// Processes at work at a time.
const PROCESSES: usize = 3;
/// Between two of them being replaced.
const STEP: Duration = Duration::from_millis(300);

/// What a child is, and where it works: version, promise, URL of the cache's server, port of the truth's.
const ROLE: &str = "DEPLOYED";

#[tokio::test]
async fn processes_are_killed_and_replaced_by_the_other_version_and_back_strict() {
    rolls_forth_and_back(Promise::Strict).await;
}

#[tokio::test]
async fn processes_are_killed_and_replaced_by_the_other_version_and_back_bounded() {
    rolls_forth_and_back(Promise::Bounded).await;
}

async fn rolls_forth_and_back(promise: Promise) {
    let (server, truth) = (RedisServer::start().await, RedisServer::start().await);
    let mut deployed = Vec::new();
    for _ in 0..PROCESSES {
        deployed.push(Deployed::start("old", promise, &server, &truth));
    }
    let calls = |version: &'static str| {
        let truth = &truth;
        async move { number(&truth.command(&["GET", version]).await) }
    };
    for version in ["new", "old"] {
        let others = if version == "new" { "old" } else { "new" };
        for deployed in &mut deployed {
            // As long as they are starting, nobody is at work.
            let before = calls(others).await;
            let at_work = || async { calls(others).await > before + 50 };
            wait_until("they are at work", PATIENCE, at_work).await;
            tokio::time::sleep(STEP).await;
            deployed.kill();
            *deployed = Deployed::start(version, promise, &server, &truth);
        }
    }
    tokio::time::sleep(STEP).await;
    for mut deployed in deployed {
        deployed.kill();
    }
    for version in ["old", "new"] {
        let calls = calls(version).await;
        assert!(
            calls > 100,
            "{calls} calls of the {version} version are no load"
        );
    }
}

fn number(reply: &Reply) -> u32 {
    match reply {
        Reply::Nil => 0,
        other => other.text().parse().expect("a number"),
    }
}

/// Ends with the test.
struct Deployed(Child);

impl Deployed {
    fn start(version: &str, promise: Promise, server: &RedisServer, truth: &RedisServer) -> Self {
        let role = format!("{version} {promise:?} {} {}", server.url(), truth.port());
        let child = Command::new(env::current_exe().expect("this test program"))
            .args([
                "--exact",
                "processes::is_deployed",
                "--ignored",
                "--nocapture",
            ])
            .env(ROLE, role)
            .stdout(Stdio::null())
            .spawn();
        Deployed(child.expect("it starts"))
    }

    /// # Panics
    ///
    /// If it has ended before: a call has failed, or returned what it must not.
    fn kill(&mut self) {
        let ended = self.0.try_wait().expect("a child");
        assert!(
            ended.is_none(),
            "it has ended by itself, and says above why"
        );
        self.0.kill().expect("it lives");
        self.0.wait().expect("a child");
    }
}

impl Drop for Deployed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// In a process of a version.
struct Process {
    cache: Cache,
    promise: Promise,
    truth: Mutex<Connection>,
    vouched: Mutex<Vouched>,
}

/// The states that nobody may fall behind, of each row.
#[derive(Default)]
struct Vouched {
    /// What they were when it was looked, the oldest first.
    seen: VecDeque<(Instant, Vec<u32>)>,
    /// Those that have been so for as long as what a process keeps may be old.
    due: Option<Vec<u32>>,
}

mod old {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub(super) struct Row {
        row: u32,
        state: u32,
    }

    #[cached(ttl = "1h", key = "row:{row}", tags = ["row-tag:{row}"], cache = process.cache, skip(process))]
    async fn load(process: &Process, row: u32) -> Row {
        let state = process.load(row).await;
        Row { row, state }
    }

    pub(super) async fn state(process: &Process, row: u32) -> u32 {
        let read = load(process, row).await;
        assert_eq!(read.row, row, "of another row: {read:?}");
        read.state
    }
}

/// The same bytes would decode.
mod new {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub(super) struct Row {
        state: u32,
        row: u32,
    }

    #[cached(ttl = "30m", swr = "1m", key = "row:{row}", tags = ["row-tag:{row}", "rows"], cache = process.cache, skip(process))]
    async fn load(process: Arc<Process>, row: u32) -> Row {
        let state = process.load(row).await;
        // Larger than any row, and than any state of the old version.
        let state = state + STATES;
        Row { state, row }
    }

    const STATES: u32 = 1_000_000;

    pub(super) async fn state(process: &Arc<Process>, row: u32) -> u32 {
        let read = load(Arc::clone(process), row).await;
        assert_eq!(read.row, row, "of another row: {read:?}");
        read.state.checked_sub(STATES).expect("of the old version")
    }
}

impl Process {
    async fn ask(&self, command: &[&str]) -> Reply {
        let mut truth = self.truth.lock().await;
        truth.command(command).await.expect("the truth is there")
    }

    async fn load(&self, row: u32) -> u32 {
        number(&self.ask(&["GET", &format!("state:{row}")]).await)
    }

    /// What a read of this row that begins now must not fall behind.
    async fn least(&self, row: u32) -> u32 {
        let names: Vec<String> = (0..ROWS).map(|row| format!("vouched:{row}")).collect();
        let mut command = vec!["MGET"];
        command.extend(names.iter().map(String::as_str));
        let Reply::Array(vouched) = self.ask(&command).await else {
            panic!("no array");
        };
        let vouched: Vec<u32> = vouched.iter().map(number).collect();
        if self.promise == Promise::Strict {
            return vouched[row as usize];
        }
        let Vouched { seen, due } = &mut *self.vouched.lock().await;
        let now = Instant::now();
        seen.push_back((now, vouched));
        while let Some((_, vouched)) = seen.pop_front_if(|(at, _)| now - *at >= BOUND) {
            *due = Some(vouched);
        }
        due.as_ref().map_or(0, |due| due[row as usize])
    }

    async fn write(&self, row: u32, by: By) {
        let written = self.ask(&["INCR", &format!("state:{row}")]).await;
        let invalidated = match by {
            By::Key => self.cache.invalidate(key!("row:{row}")).await,
            By::Tag => self.cache.invalidate_tag(key!("row-tag:{row}")).await,
            By::Scope => self.cache.invalidate("row:*").await,
            By::Glob => self.cache.invalidate("r?w:*").await,
        };
        assert_eq!(invalidated.delivery, Delivery::Delivered);
        let raise = "if tonumber(ARGV[1]) > tonumber(redis.call('GET', KEYS[1]) or '0') then \
                     redis.call('SET', KEYS[1], ARGV[1]) end return 1";
        let (name, state) = (format!("vouched:{row}"), written.integer().to_string());
        self.ask(&["EVAL", raise, "1", &name, &state]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by other tests, in processes of their own"]
async fn is_deployed() {
    let Ok(role) = env::var(ROLE) else { return };
    let [version, promise, url, truth] = role.split(' ').collect::<Vec<_>>()[..] else {
        panic!("`{role}` is no role");
    };
    let promise = match promise {
        "Strict" => Promise::Strict,
        _ => Promise::Bounded,
    };
    let cache = Cache::builder()
        .redis(url)
        .namespace("app")
        .consistency(promise.consistency())
        .operation_timeout(PATIENCE)
        .build();
    let truth = Connection::open(truth.parse().expect("a port")).await;
    let process = Arc::new(Process {
        cache: cache.await.expect("a valid configuration"),
        promise,
        truth: Mutex::new(truth.expect("the truth is there")),
        vouched: Mutex::default(),
    });
    let is_old = version == "old";
    let name: &'static str = if is_old { "old" } else { "new" };
    let mut tasks = JoinSet::new();
    for task in 0..3 {
        let process = Arc::clone(&process);
        let mut dice = Dice(u64::from(std::process::id()) * 10 + task);
        tasks.spawn(async move {
            // Until it is killed.
            loop {
                let row = dice.below(ROWS);
                let least = process.least(row).await;
                let read = async {
                    match is_old {
                        true => old::state(&process, row).await,
                        false => new::state(&process, row).await,
                    }
                };
                let read = tokio::time::timeout(PATIENCE, read).await;
                let read = read.expect("the call hangs");
                assert!(
                    read >= least,
                    "{name}: read {read} of row {row}, where {least} was vouched for"
                );
                process.ask(&["INCR", name]).await;
                if dice.below(20) == 0 {
                    process.write(row, By::ALL[dice.below(4) as usize]).await;
                }
            }
        });
    }
    let first: Result<(), _> = tasks.join_next().await.expect("there are three");
    first.expect("no call fails");
}

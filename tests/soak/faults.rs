//! What happens to the server meanwhile, in turn.

use std::collections::BTreeMap;
use std::fmt;
use std::process::Child;
use std::time::Duration;
use test_servers::{Proxy, RedisServer};

const FAULTS: [&str; 16] = [
    "cut connections",
    "flush all",
    "flush scripts",
    "pause",
    "kill clients",
    "restart empty",
    "drop replies",
    "evict generations",
    "restart from an old dump",
    "drop requests",
    "delay",
    "fill memory",
    "cut one off",
    "slow news",
    "evict entries",
    "stop a process",
];

/// How often each fault was made.
pub(crate) struct Done(BTreeMap<&'static str, u32>);

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults: Vec<String> = self
            .0
            .iter()
            .map(|(name, times)| format!("{name} {times}x"))
            .collect();
        f.write_str(&faults.join(", "))
    }
}

/// Who can be broken.
pub(crate) struct Faults<'f> {
    server: &'f RedisServer,
    /// One a process.
    proxies: &'f [Proxy],
    workers: &'f mut [Child],
    /// Whose turn it is, where a fault is of one process.
    next: usize,
}

impl<'f> Faults<'f> {
    pub(crate) fn new(
        server: &'f RedisServer,
        proxies: &'f [Proxy],
        workers: &'f mut [Child],
    ) -> Self {
        Faults {
            server,
            proxies,
            workers,
            next: 0,
        }
    }

    /// Breaks and mends, until all workers have ended.
    pub(crate) async fn make_while_they_work(mut self) -> Done {
        let mut done = Done(BTreeMap::new());
        for fault in FAULTS.into_iter().cycle() {
            // Between two faults there is time to recover, and to serve hits.
            for _ in 0..8 {
                if self.workers.iter_mut().all(has_ended) {
                    return done;
                }
                pause(100).await;
            }
            self.next = (self.next + 1) % self.proxies.len();
            self.make(fault).await;
            *done.0.entry(fault).or_default() += 1;
        }
        done
    }

    async fn make(&mut self, fault: &str) {
        let server = self.server;
        match fault {
            "cut connections" => self.proxies.iter().for_each(Proxy::cut),
            "flush all" => {
                server.command(&["FLUSHALL"]).await;
            }
            "flush scripts" => {
                server.command(&["SCRIPT", "FLUSH"]).await;
            }
            "pause" => {
                server.pause();
                pause(300).await;
                server.resume();
            }
            "kill clients" => {
                server.command(&["CLIENT", "KILL", "TYPE", "normal"]).await;
            }
            "restart empty" => {
                server.kill();
                pause(100).await;
                server.restart_empty().await;
            }
            "restart from an old dump" => {
                server.save().await;
                // What is invalidated from here on comes back with the dump.
                pause(500).await;
                server.kill();
                server.restart().await;
            }
            "drop replies" => self.on_all(200, Proxy::drop_replies).await,
            "drop requests" => self.on_all(200, Proxy::drop_requests).await,
            "delay" => {
                let slow = |proxy: &Proxy| proxy.delay(Duration::from_millis(20));
                self.on_all(300, slow).await;
            }
            "evict generations" => evict(server, "soak:~*").await,
            "evict entries" => evict(server, "soak:row:*").await,
            "cut one off" => self.on_one(Proxy::hang).await,
            "slow news" => {
                let slow = |proxy: &Proxy| proxy.delay_replies(Duration::from_millis(40));
                self.on_one(slow).await;
            }
            "stop a process" => {
                let worker = &mut self.workers[self.next];
                if !has_ended(worker) {
                    test_servers::signal(worker, "-STOP");
                    pause(700).await;
                    test_servers::signal(worker, "-CONT");
                }
            }
            _ => {
                let limit = |bytes| ["CONFIG", "SET", "maxmemory", bytes];
                server.command(&limit("1100000")).await;
                pause(300).await;
                server.command(&limit("0")).await;
            }
        }
    }

    async fn on_all(&self, millis: u64, fault: impl Fn(&Proxy)) {
        self.proxies.iter().for_each(fault);
        pause(millis).await;
        self.proxies.iter().for_each(Proxy::heal);
    }

    /// For longer than what is kept may be old.
    async fn on_one(&self, fault: impl Fn(&Proxy)) {
        let proxy = &self.proxies[self.next];
        fault(proxy);
        pause(700).await;
        proxy.heal();
    }
}

fn has_ended(worker: &mut Child) -> bool {
    worker.try_wait().expect("a child").is_some()
}

/// As a server that is short of memory does: generations only, so that their entries stay, or the other way round.
async fn evict(server: &RedisServer, names: &str) {
    let script = "for _, key in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', key) end";
    server.command(&["EVAL", script, "0", names]).await;
}

async fn pause(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

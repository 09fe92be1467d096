//! What happens to the server meanwhile, in turn.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;
use test_servers::{Proxy, RedisServer};

const FAULTS: [&str; 12] = [
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

/// Breaks the server and mends it again, until `ended`.
pub(crate) async fn make_until(
    server: &RedisServer,
    proxy: &Proxy,
    mut ended: impl FnMut() -> bool,
) -> Done {
    let mut done = Done(BTreeMap::new());
    for fault in FAULTS.into_iter().cycle() {
        // Between two faults there is time to recover, and to serve hits.
        for _ in 0..8 {
            if ended() {
                return done;
            }
            pause(100).await;
        }
        make(fault, server, proxy).await;
        *done.0.entry(fault).or_default() += 1;
    }
    done
}

async fn make(fault: &str, server: &RedisServer, proxy: &Proxy) {
    match fault {
        "cut connections" => proxy.cut(),
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
        "drop replies" => {
            proxy.drop_replies();
            pause(200).await;
            proxy.heal();
        }
        "drop requests" => {
            proxy.drop_requests();
            pause(200).await;
            proxy.heal();
        }
        "delay" => {
            proxy.delay(Duration::from_millis(20));
            pause(300).await;
            proxy.heal();
        }
        "evict generations" => evict(server).await,
        _ => {
            server
                .command(&["CONFIG", "SET", "maxmemory", "1100000"])
                .await;
            pause(300).await;
            server.command(&["CONFIG", "SET", "maxmemory", "0"]).await;
        }
    }
}

/// As a server that is short of memory does: generations only, so that their entries stay.
async fn evict(server: &RedisServer) {
    let script =
        "for _, key in ipairs(redis.call('KEYS', 'soak:~*')) do redis.call('DEL', key) end";
    server.command(&["EVAL", script, "0"]).await;
}

async fn pause(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

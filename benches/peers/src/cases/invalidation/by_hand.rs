//! Keys under `user:`, and two ways to delete them all.

use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;

/// Keys in one command.
const AT_ONCE: u64 = 1_000;
const INDEX: &str = "index";

/// With an index set, if it is wanted.
pub(super) async fn fill(redis: &MultiplexedConnection, entries: u64, index: bool) {
    for first in (0..entries).step_by(AT_ONCE as usize) {
        let some: Vec<u64> = (first..entries.min(first + AT_ONCE)).collect();
        let mut commands = redis::pipe();
        for n in &some {
            commands.set_ex(format!("user:{n}"), n, 3_600).ignore();
        }
        if index {
            let keys: Vec<String> = some.iter().map(|n| format!("user:{n}")).collect();
            commands.sadd(INDEX, keys).ignore();
        }
        let () = commands
            .query_async(&mut redis.clone())
            .await
            .expect("replies");
    }
}

pub(super) async fn scan(redis: &MultiplexedConnection) {
    let mut cursor = 0_u64;
    loop {
        let mut command = redis::cmd("SCAN");
        command
            .arg(cursor)
            .arg("MATCH")
            .arg("user:*")
            .arg("COUNT")
            .arg(AT_ONCE);
        let page = command.query_async(&mut redis.clone()).await;
        let (next, keys): (u64, Vec<String>) = page.expect("a reply");
        if !keys.is_empty() {
            let () = redis.clone().del(keys).await.expect("a reply");
        }
        if next == 0 {
            return;
        }
        cursor = next;
    }
}

pub(super) async fn index(redis: &MultiplexedConnection) {
    let keys: Vec<String> = redis.clone().smembers(INDEX).await.expect("a reply");
    for some in keys.chunks(AT_ONCE as usize) {
        let () = redis.clone().del(some).await.expect("a reply");
    }
    let () = redis.clone().del(INDEX).await.expect("a reply");
}
